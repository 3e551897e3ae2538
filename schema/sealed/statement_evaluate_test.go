package sealed

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// cast is some signers, and the allowed_signers file that names them.
type cast struct {
	t       *testing.T
	signers map[string]*Signer
	allowed *AllowedSigners
	subject StatementSubject
	site    string
}

// newCast makes a key for each word in capitals of the allowed_signers text and
// puts the key in its place. MALLORY is always there, and in no line.
func newCast(t *testing.T, allowed string) *cast {
	t.Helper()
	c := &cast{t: t, signers: map[string]*Signer{}, subject: testSubject()}
	var text []string
	c.signers["MALLORY"] = loadSigner(t, sshKey(t, ""))
	for line := range strings.Lines(allowed) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		who := fields[len(fields)-1]
		if c.signers[who] == nil {
			c.signers[who] = loadSigner(t, sshKey(t, ""))
		}
		fields[len(fields)-1] = keyText(t, c.signers[who])
		text = append(text, strings.Join(fields, " "))
	}
	var err error
	if c.allowed, err = ParseAllowedSigners("allowed_signers", []byte(strings.Join(text, "\n"))); err != nil {
		t.Fatal(err)
	}
	return c
}

// says signs an approval of the subject at hour 0, edited.
func (c *cast) says(who string, edit func(*schema.StatementBody)) Evidence {
	c.t.Helper()
	body := c.subject.Body(schema.RoleReviewer, schema.DecisionApprove, testTime(0))
	if edit != nil {
		edit(&body)
	}
	s := rig.Get(SignStatement(body, c.signers[who])).Or(c.t)
	return Evidence{File: who, Statement: s}
}

// judge evaluates at hour 48.
func (c *cast) judge(evidence []Evidence, require ...string) *Verdict {
	c.t.Helper()
	j := Judgement{Subject: c.subject, Collected: Collected{Evidence: evidence}, Allowed: c.allowed, Site: c.site, Now: testTime(48).Time}
	for _, r := range require {
		q := rig.Get(ParseRequirement(r)).Or(c.t)
		j.Require = append(j.Require, q)
	}
	return Evaluate(j)
}

func TestEachAttackAndEachDisagreementIsToldAndCaught(t *testing.T) {
	type edit = func(*schema.StatementBody)
	at := func(hour int) edit { return func(b *schema.StatementBody) { b.Time = testTime(hour) } }
	reject := func(hour int) edit {
		return func(b *schema.StatementBody) { b.Decision, b.Time = schema.DecisionReject, testTime(hour) }
	}
	made := func(role string, e ...edit) edit {
		return func(b *schema.StatementBody) {
			b.Role, b.Decision = role, schema.DecisionMade
			for _, e := range e {
				e(b)
			}
		}
	}
	origin := func(b *schema.StatementBody) {
		b.Bundle, b.Digest = testSubject().Origin.Bundle, testSubject().Origin.Digest
	}
	older := func(b *schema.StatementBody) { b.Digest = hexOf("e", 64) }
	another := func(b *schema.StatementBody) { b.Bundle, b.Digest = hexOf("f", 32), hexOf("e", 64) }
	forSite := func(site string, e ...edit) edit {
		return func(b *schema.StatementBody) {
			b.For = site
			for _, e := range e {
				e(b)
			}
		}
	}
	type said struct {
		who   string
		edit  edit
		takes []int // indices of those said before that this one takes back
	}
	one := func(who string, e ...edit) said {
		return said{who, func(b *schema.StatementBody) {
			for _, e := range e {
				e(b)
			}
		}, nil}
	}
	takes := func(s said, index ...int) said { s.takes = index; return s }
	const plain = "anna ANNA\nben BEN\n"
	for name, c := range map[string]struct {
		allowed string
		said    []said
		site    string
		require string
		states  string
		why     string // of the first statement
		outcome string // ok, invalid, shut
	}{
		"two people approve":           {plain, []said{one("ANNA"), one("BEN")}, "", "reviewer=2", "counts counts", "", "ok"},
		"replayed from another bundle": {plain, []said{one("ANNA", another)}, "", "reviewer=1", "other-content", "about another bundle: " + hexOf("f", 32), "invalid shut"},
		"of an older content":          {plain, []said{one("ANNA", older)}, "", "reviewer=1", "other-content", "about another content of this bundle: digest " + hexOf("e", 64), "invalid shut"},
		"the same digest, another id":  {plain, []said{one("ANNA", func(b *schema.StatementBody) { b.Bundle = hexOf("f", 32) })}, "", "reviewer=1", "other-content", "about another bundle", "invalid shut"},
		"replayed, nothing required":   {plain, []said{one("ANNA", another)}, "", "", "other-content", "about another bundle", "invalid"},
		"older, then signed anew":      {plain, []said{one("ANNA", older), one("ANNA", at(1))}, "", "reviewer=1", "superseded counts", "signed the content at hand later", "ok"},
		"anew, by somebody else":       {plain, []said{one("ANNA", older), one("BEN", at(1))}, "", "reviewer=1", "other-content counts", "", "invalid"},
		"older is dated later":         {plain, []said{one("ANNA", older, at(2)), one("ANNA", at(1))}, "", "reviewer=1", "other-content counts", "", "invalid"},
		"two names with one key":       {"anna KEY\nben KEY", []said{one("KEY")}, "", "reviewer=2", "counts", "", "shut"},
		"two cases of one name":        {"anna ANNA\nANNA KEY", []said{one("ANNA"), one("KEY")}, "", "reviewer=2", "counts counts", "", "shut"},
		"two looks of one name":        {"anna ANNA\n\u0430nna KEY", []said{one("ANNA"), one("KEY")}, "", "reviewer=2", "counts counts", "", "shut"},
		"two looks, one required":      {"anna ANNA\n\u0430nna KEY", []said{one("KEY")}, "", "reviewer=anna", "counts", "", "shut"},
		"two keys of one name":         {"anna ANNA\nanna KEY", []said{one("ANNA"), one("KEY")}, "", "reviewer=2", "counts counts", "", "shut"},
		"a wildcard principal":         {"*@corp KEY\n" + plain, []said{one("KEY")}, "", "reviewer=1", "unlisted", "wildcard principals only", "shut"},
		"a wildcard beside names":      {"anna,* ANNA\nben,* BEN", []said{one("ANNA"), one("BEN")}, "", "reviewer=2", "counts counts", "", "ok"},
		"a certificate authority":      {"anna cert-authority KEY\n" + plain, []said{one("KEY")}, "", "reviewer=1", "unlisted", "not among", "shut"},
		"nobody's key":                 {plain, []said{one("MALLORY")}, "", "reviewer=1", "unlisted", "not among the allowed signers", "shut"},
		"nobody's rejection":           {plain, []said{one("MALLORY", reject(9)), one("ANNA")}, "", "reviewer=1", "unlisted counts", "", "ok"},
		"nobody's, of another content": {plain, []said{one("MALLORY", another), one("ANNA")}, "", "reviewer=1", "unlisted counts", "", "ok"},
		"another namespace's key":      {`anna namespaces="git" ANNA`, []said{one("ANNA")}, "", "reviewer=1", "unlisted", "other namespaces", "shut"},

		"valid-before passed":             {`anna valid-before="20260311Z" ANNA`, []said{one("ANNA")}, "", "reviewer=1", "expired", "valid until 2026-03-11T00:00:00Z", "shut"},
		"dated back before valid-after":   {`anna valid-after="20260311Z" ANNA`, []said{one("ANNA")}, "", "reviewer=1", "early", "valid from 2026-03-11", "shut"},
		"valid-after to come":             {`anna valid-after="20270101Z" ANNA`, []said{one("ANNA")}, "", "reviewer=1", "early", "valid from 2027-01-01", "shut"},
		"within the key's dates":          {`anna valid-after="20260310Z",valid-before="20260401Z" ANNA`, []said{one("ANNA")}, "", "reviewer=1", "counts", "", "ok"},
		"at the key's last moment":        {`anna valid-before="20260310120000Z" ANNA` + "\n" + `anna valid-after="20260312120000Z" ANNA`, []said{one("ANNA")}, "", "reviewer=1", "counts", "", "ok"},
		"the key's dates were renewed":    {`anna valid-before="20260311Z" ANNA` + "\n" + `anna valid-after="20260311Z" ANNA`, []said{one("ANNA")}, "", "reviewer=1", "counts", "", "ok"},
		"an ended key's rejection":        {`anna valid-before="20260311Z" ANNA`, []said{one("ANNA", reject(0))}, "", "", "counts", "a rejection stands nonetheless", "shut"},
		"an ended key does not lift":      {`anna valid-before="20260311Z" ANNA`, []said{one("ANNA", reject(0)), takes(one("ANNA", at(1)), 0)}, "", "", "counts expired", "", "shut"},
		"a statement that has ended":      {plain, []said{one("ANNA", func(b *schema.StatementBody) { b.Expires = testTime(24) })}, "", "reviewer=1", "expired", "good until 2026-03-11T12:00:00Z", "shut"},
		"a statement that ends later":     {plain, []said{one("ANNA", func(b *schema.StatementBody) { b.Expires = testTime(48) })}, "", "reviewer=1", "counts", "", "ok"},
		"a rejection that has ended":      {plain, []said{one("ANNA", reject(0), func(b *schema.StatementBody) { b.Expires = testTime(24) })}, "", "", "expired", "", "ok"},
		"dated ahead":                     {plain, []said{one("ANNA", at(49))}, "", "reviewer=1", "early", "ahead of this computer's clock", "shut"},
		"an approval ahead lifts nothing": {plain, []said{one("ANNA", reject(1)), takes(one("ANNA", at(999)), 0)}, "", "", "counts early", "", "shut"},

		"the exporter's own review":        {plain, []said{one("ANNA"), one("ANNA", made(schema.RoleExporter, origin))}, "", "reviewer=1", "self-review counts", "exported or transformed", "shut"},
		"the transformer's own review":     {plain, []said{one("ANNA"), one("ANNA", made(schema.RoleTransformer))}, "", "reviewer=1", "self-review counts", "", "shut"},
		"own review with another key":      {"anna ANNA\nanna,ann KEY", []said{one("KEY"), one("ANNA", made(schema.RoleTransformer))}, "", "reviewer=1", "self-review counts", "", "shut"},
		"own review under a look-alike":    {"anna ANNA\n\u0430nna KEY", []said{one("KEY"), one("ANNA", made(schema.RoleTransformer))}, "", "reviewer=1", "self-review counts", "", "shut"},
		"own review, other-tool key":       {"anna ANNA\nanna namespaces=\"git\" KEY", []said{one("ANNA"), one("KEY", made(schema.RoleTransformer))}, "", "reviewer=1", "self-review unlisted", "", "shut"},
		"own review after secrets came in": {plain, []said{one("ANNA"), one("ANNA", made(schema.RoleExporter, origin, older))}, "", "reviewer=1", "self-review other-content", "", "invalid shut"},
		"the exporter's own rejection":     {plain, []said{one("ANNA", reject(1)), one("ANNA", made(schema.RoleExporter, origin))}, "", "", "counts counts", "", "shut"},
		"the exporter takes it back":       {plain, []said{one("ANNA", reject(1)), one("ANNA", made(schema.RoleExporter, origin)), takes(one("ANNA", at(2)), 0), one("BEN")}, "", "reviewer=1", "superseded counts self-review counts", "", "ok"},

		"a rejection shuts":             {plain, []said{one("ANNA"), one("BEN", reject(1))}, "", "reviewer=1", "counts counts", "", "shut"},
		"a rejection after approving":   {plain, []said{one("ANNA"), one("ANNA", reject(1)), one("BEN")}, "", "reviewer=1", "superseded counts counts", "rejection stands", "shut"},
		"an approval after rejecting":   {plain, []said{one("ANNA", reject(0)), one("ANNA", at(1))}, "", "reviewer=1", "counts superseded", "", "shut"},
		"it names the rejection":        {plain, []said{one("ANNA", reject(0)), takes(one("ANNA", at(1)), 0)}, "", "reviewer=1", "superseded counts", "took it back", "ok"},
		"it is dated before it":         {plain, []said{one("ANNA", reject(9)), takes(one("ANNA", at(1)), 0)}, "", "reviewer=1", "superseded counts", "", "ok"},
		"it names another rejection":    {plain, []said{one("ANNA", reject(0)), one("ANNA", reject(1)), takes(one("ANNA", at(2)), 0)}, "", "", "superseded counts superseded", "", "shut"},
		"it names both":                 {plain, []said{one("ANNA", reject(0)), one("ANNA", reject(1)), takes(one("ANNA", at(2)), 0, 1)}, "", "reviewer=1", "superseded superseded counts", "", "ok"},
		"signed ahead, then rejected":   {plain, []said{one("ANNA", at(40)), one("ANNA", reject(1)), one("BEN")}, "", "reviewer=1", "superseded counts counts", "", "shut"},
		"somebody else does not lift":   {plain, []said{one("ANNA", reject(0)), takes(one("BEN", at(1)), 0)}, "", "reviewer=1", "counts counts", "", "shut"},
		"the same words, another's":     {plain, []said{one("ANNA", reject(0)), one("BEN", reject(0)), takes(one("BEN", at(1)), 0)}, "", "", "counts counts superseded", "", "shut"},
		"lifted with another key":       {"anna ANNA\nanna KEY", []said{one("ANNA", reject(0)), takes(one("KEY", at(1)), 0)}, "", "reviewer=1", "superseded counts", "", "ok"},
		"a look-alike does not lift":    {"anna ANNA\n\u0430nna KEY", []said{one("ANNA", reject(0)), takes(one("KEY", at(1)), 0)}, "", "reviewer=1", "counts superseded", "", "shut"},
		"another case does not lift":    {"anna ANNA\nAnna KEY", []said{one("ANNA", reject(0)), takes(one("KEY", at(1)), 0)}, "", "reviewer=1", "counts superseded", "", "shut"},
		"lifted by another content's":   {plain, []said{one("ANNA", reject(0)), takes(one("ANNA", older), 0), one("ANNA", at(1))}, "", "", "counts other-content superseded", "", "invalid shut"},
		"rejected again":                {plain, []said{one("ANNA", reject(0)), takes(one("ANNA", at(1)), 0), one("ANNA", reject(2))}, "", "", "superseded superseded counts", "", "shut"},
		"another content's rejection":   {plain, []said{one("ANNA", older, reject(0)), one("ANNA", at(1))}, "", "reviewer=1", "superseded counts", "", "ok"},
		"the server bundle's rejection": {plain, []said{one("ANNA", reject(0), origin), one("BEN")}, "", "reviewer=1", "origin counts", "it does not count here", "ok"},

		"for this site":                        {plain, []said{one("ANNA", forSite("https://Corp.example/"))}, "https://corp.example/jira", "reviewer=1", "counts", "", "ok"},
		"for another site":                     {plain, []said{one("ANNA", forSite("https://test.example"))}, "https://corp.example", "reviewer=1", "other-site", "another site", "shut"},
		"for a site, none known":               {plain, []said{one("ANNA", forSite("https://test.example"))}, "", "reviewer=1", "counts", "", "ok"},
		"a rejection for another site":         {plain, []said{one("ANNA", forSite("https://test.example", reject(1))), one("BEN")}, "https://corp.example", "reviewer=1", "other-site counts", "", "ok"},
		"one site approved, another rejected":  {plain, []said{one("ANNA", forSite("https://a.example", reject(1))), takes(one("ANNA", forSite("https://b.example", at(2))), 0)}, "", "", "counts superseded", "", "shut"},
		"the same, at the approved site":       {plain, []said{one("ANNA", forSite("https://a.example", reject(1))), one("ANNA", forSite("https://b.example", at(2)))}, "https://b.example", "reviewer=1", "other-site counts", "", "ok"},
		"approved at this site after a reject": {plain, []said{one("ANNA", reject(1)), takes(one("ANNA", forSite("https://b.example", at(2))), 0)}, "https://b.example", "reviewer=1", "counts superseded", "", "shut"},
		"approved for the site rejected":       {plain, []said{one("ANNA", forSite("https://b.example/jira", reject(1))), takes(one("ANNA", forSite("https://b.example", at(2))), 0)}, "https://b.example/jira", "reviewer=1", "superseded counts", "", "ok"},
		"approved for all after one rejected":  {plain, []said{one("ANNA", forSite("https://b.example", reject(1))), takes(one("ANNA", at(2)), 0)}, "", "reviewer=1", "superseded counts", "", "ok"},

		"a review of the origin":      {plain, []said{one("ANNA", origin)}, "", "reviewer=1", "origin", "it does not count here", "shut"},
		"the exporter signs here":     {plain, []said{one("ANNA", made(schema.RoleExporter))}, "", "exporter=1", "other-role", "an exporter signs the server bundle", "shut"},
		"the transformer signs there": {plain, []said{one("ANNA", made(schema.RoleTransformer, origin))}, "", "transformer=1", "other-role", "", "shut"},
		"both makers":                 {plain, []said{one("ANNA", made(schema.RoleExporter, origin)), one("BEN", made(schema.RoleTransformer))}, "", "exporter=anna transformer=ben", "counts counts", "", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCast(t, c.allowed)
			k.site = c.site
			var evidence []Evidence
			for _, s := range c.said {
				evidence = append(evidence, k.says(s.who, func(b *schema.StatementBody) {
					s.edit(b)
					for _, i := range s.takes {
						taken, err := CheckStatement(evidence[i].Statement)
						if err != nil {
							t.Fatal(err)
						}
						b.Supersedes = append(b.Supersedes, taken.ID)
					}
				}))
			}
			v := k.judge(evidence, strings.Fields(c.require)...)
			var states, outcome []string
			for _, s := range v.Statements {
				states = append(states, string(s.State))
			}
			if v.Invalid() {
				outcome = append(outcome, "invalid")
			}
			if v.Shut() {
				outcome = append(outcome, "shut")
			}
			if outcome == nil {
				outcome = []string{"ok"}
			}
			if got := strings.Join(states, " "); got != c.states {
				t.Errorf("states %s, want %s (%+v)", got, c.states, v.Statements[0])
			}
			if !strings.Contains(v.Statements[0].Why, c.why) {
				t.Errorf("because %q, want %q", v.Statements[0].Why, c.why)
			}
			if got := strings.Join(outcome, " "); got != c.outcome {
				t.Errorf("%s, want %s; missing %q, rejected %v", got, c.outcome, v.Missing(), v.Rejections)
			}
		})
	}
}

func TestABrokenSignatureMakesTheVerdictInvalidAndSaysNothingElse(t *testing.T) {
	c := newCast(t, "anna ANNA")
	e := c.says("ANNA", nil)
	e.File = "bundle.\x1b[2J.statement"
	e.Statement.Statement = strings.Replace(e.Statement.Statement, "approve", "reject", 1)
	v := c.judge([]Evidence{e, c.says("ANNA", nil)}, "reviewer=1")
	s := v.Statements[0]
	if !v.Invalid() || v.Shut() || s.State != StateInvalid || s.Why == "" || s.Key != "" || s.Decision != "" || len(s.Signer) > 0 {
		t.Fatalf("told as %+v", s)
	}
	if strings.ContainsRune(s.File, 0x1b) {
		t.Fatal("the file's name may write to the terminal")
	}
}

func TestWithoutAllowedSignersNobodyCounts(t *testing.T) {
	c := newCast(t, "anna ANNA")
	c.allowed = nil
	v := c.judge([]Evidence{c.says("ANNA", nil)}, "reviewer=anna", "reviewer=1")
	if v.Statements[0].State != StateUnlisted || v.Statements[0].Key != c.signers["ANNA"].Fingerprint() || len(v.Missing()) != 2 {
		t.Fatalf("%+v %v", v.Statements[0], v.Missing())
	}
}

// Who rejects is told though nobody was listed, until the same key takes it back.
func TestARejectionIsToldThoughNobodyListedItsKey(t *testing.T) {
	c := newCast(t, "anna ANNA")
	reject := c.says("MALLORY", func(b *schema.StatementBody) { b.Decision, b.Comment = schema.DecisionReject, "no\x1b" })
	lift := func(who string, site string) Evidence {
		return c.says(who, func(b *schema.StatementBody) {
			b.For = site
			if _, err := Supersede(b, c.signers[who], nil, []Evidence{reject}); err != nil && site == "" {
				t.Fatal(err)
			}
		})
	}
	older := c.says("MALLORY", func(b *schema.StatementBody) { b.Decision, b.Digest = schema.DecisionReject, hexOf("e", 64) })
	empty, err := ParseAllowedSigners("signers", []byte("# nobody"))
	if err != nil {
		t.Fatal(err)
	}
	for name, allowed := range map[string]*AllowedSigners{"somebody else is listed": c.allowed, "nobody is listed": nil, "an empty list": empty} {
		c.allowed = allowed
		for what, told := range map[string]struct {
			evidence []Evidence
			want     int
		}{
			"rejected":                      {[]Evidence{reject}, 1},
			"approved without a word of it": {[]Evidence{reject, c.says("MALLORY", func(b *schema.StatementBody) { b.Time = testTime(9) })}, 1},
			"taken back":                    {[]Evidence{reject, lift("MALLORY", "")}, 0},
			"taken back by another":         {[]Evidence{reject, lift("ANNA", "")}, 1},
			"taken back for one site":       {[]Evidence{reject, lift("MALLORY", "https://corp.example")}, 1},
			"of another content":            {[]Evidence{older}, 0},
		} {
			v := c.judge(told.evidence)
			if len(v.Unheeded) != told.want || len(v.Rejections) > 0 || v.Shut() || v.ListsNobody() == (name == "somebody else is listed") {
				t.Errorf("%s, %s: unheeded %+v, rejections %+v", name, what, v.Unheeded, v.Rejections)
			}
			if told.want == 1 && (v.Unheeded[0].Key != c.signers["MALLORY"].Fingerprint() || v.Unheeded[0].Comment != `no‹U+001B›`) {
				t.Errorf("%s, %s: told as %+v", name, what, v.Unheeded[0])
			}
		}
	}
}

// The server bundle's rejection is told of until it is taken back, whenever the
// approval was signed.
func TestARejectionOfTheOriginIsToldOf(t *testing.T) {
	c := newCast(t, "anna ANNA")
	origin := func(e func(*schema.StatementBody)) func(*schema.StatementBody) {
		return func(b *schema.StatementBody) {
			b.Bundle, b.Digest = c.subject.Origin.Bundle, c.subject.Origin.Digest
			e(b)
		}
	}
	reject := c.says("ANNA", origin(func(b *schema.StatementBody) { b.Decision, b.Time = schema.DecisionReject, testTime(2) }))
	later := c.says("ANNA", origin(func(b *schema.StatementBody) { b.Time = testTime(9) }))
	back := c.says("ANNA", origin(func(b *schema.StatementBody) {
		if _, err := Supersede(b, c.signers["ANNA"], []Evidence{reject}, nil); err != nil {
			t.Fatal(err)
		}
	}))
	for _, allowed := range []*AllowedSigners{c.allowed, nil} {
		c.allowed = allowed
		who := "anna"
		if allowed == nil {
			who = "the key " + c.signers["ANNA"].Fingerprint()
		}
		want := "the server bundle that this was transformed from was rejected by " + who
		if v := c.judge([]Evidence{reject, later}); strings.Join(v.Warnings, "") != want {
			t.Errorf("an approval that does not name it: %q", v.Warnings)
		}
		if v := c.judge([]Evidence{reject, back}); len(v.Warnings) > 0 {
			t.Errorf("taken back: %q", v.Warnings)
		}
	}
}

func TestReadersAddedSinceAreTold(t *testing.T) {
	c := newCast(t, "anna ANNA")
	e := c.says("ANNA", nil)
	c.subject.Recipients = append(c.subject.Recipients, schema.KeyHolder{Label: "new\u202e", Key: "age1new"}, schema.KeyHolder{Key: "age1audit"})
	c.subject.Reviewers = append(c.subject.Reviewers, schema.KeyHolder{Label: "more", Key: "age1more"}, schema.KeyHolder{Key: "age1ops"})
	got := fmt.Sprint(c.judge([]Evidence{e}).Statements[0].ReadersAdded)
	if want := `[{recipient new‹U+202E› age1new} {recipient  age1audit} {reviewer more age1more}]`; got != want {
		t.Fatalf("added %s, want %s", got, want)
	}
}

func TestTextsOfAStatementCannotReachTheTerminal(t *testing.T) {
	c := newCast(t, "anna ANNA")
	v := c.judge([]Evidence{c.says("ANNA", func(b *schema.StatementBody) {
		b.Decision, b.Comment = schema.DecisionReject, "bad\x1b[2J\u202e\u200bé ok\n"
	})})
	want := `bad‹U+001B›[2J‹U+202E›‹U+200B›é ok⏎`
	if v.Statements[0].Comment != want || v.Rejections[0].Comment != want {
		t.Fatalf("shown as %q", v.Statements[0].Comment)
	}
}

func TestTheVerdictIsJSONWithListsNeverNull(t *testing.T) {
	c := newCast(t, "anna ANNA")
	out, err := schema.Marshal(c.judge(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"bundle":"` + hexOf("c", 32) + `","digest":"` + hexOf("d", 64) + `","statements":[],"persons":[],"requirements":[],"rejections":[],"warnings":[]}`
	if string(out) != want {
		t.Fatalf("%s", out)
	}
	out, err = schema.Marshal(c.judge([]Evidence{c.says("ANNA", nil)}).Statements[0])
	if err != nil || !strings.HasPrefix(string(out), `{"file":"ANNA","state":"counts","signer":["anna"],"key":"SHA256:`) ||
		!strings.HasSuffix(string(out), `"role":"reviewer","decision":"approve","time":"2026-03-10T12:00:00Z","readers_added":[]}`) {
		t.Fatalf("%s %v", out, err)
	}
}
