package findings

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// subject is one item in terms that both sides share, so that a rule is said
// once. The names of fields that differ between the sides stand beside. It is
// made anew for each rule: a bundle's items stand in memory once.
type subject struct {
	list  schema.List
	index int
	item  schema.Item
	name  string

	oauth2 bool // a person authorises the connection
	secret *schema.Marker

	// of connections
	from, mode, encryption, username, host, credential string
	port                                               int
	debug                                              bool
	// of credentials
	authorization, token string
}

// text is one text field of an item.
type text struct {
	field, value string
	kind         schema.TextKind
}

// sideFields are the names of the fields that the two sides call differently.
type sideFields struct{ from, mode, port string }

// report says that a rule is met: at an item, or at the bundle where s is nil.
type report func(s *subject, field, detail string)

type check func(a *audit, met report)

// audit is one bundle as the rules see it.
type audit struct {
	in       Input
	rules    []Rule
	fields   sideFields
	onServer map[schema.List]map[string]int // name on Server → index, once asked for
	odd      []oddItem                      // once asked for
	met      []met

	credentialNames map[string]bool // once asked for
}

// met is a finding while the rules are applied: there may be several for every
// item, and most of what a Finding says can be looked up.
type met struct {
	field, detail string
	rule          int16 // in audit.rules
	list          int8  // in lists; -1: the bundle
	index         int32
}

// lists are a bundle's, in the order of findings.
var lists = [...]schema.List{schema.Credentials, schema.Connections}

func newAudit(in Input) *audit {
	a := &audit{in: in, rules: Rules(), fields: sideFields{"from_address", "connect_mode", "port"}}
	if in.Bundle.IsCloud() {
		a.fields = sideFields{"from_email_address", "service_provider", "smtp_port"}
	}
	for i := range a.rules {
		a.rules[i].Severity = in.Policy.severity(&a.rules[i])
	}
	return a
}

// note takes down that a rule is met.
func (a *audit) note(rule int, s *subject, field, detail string) {
	m := met{field, detail, int16(rule), -1, 0}
	if s != nil {
		m.list, m.index = int8(slices.Index(lists[:], s.list)), int32(s.index)
	}
	a.met = append(a.met, m)
}

// each goes through a list. The subject is the next item's once yield has
// returned.
func (a *audit) each(l schema.List) iter.Seq[*subject] {
	return func(yield func(*subject) bool) {
		var s subject
		for i, it := range a.in.Bundle.Items(l) {
			s.be(i, it)
			if !yield(&s) {
				return
			}
		}
	}
}

func (a *audit) subject(l schema.List, i int) *subject {
	s := new(subject)
	s.be(i, a.in.Bundle.Items(l)[i])
	return s
}

func (s *subject) be(i int, it schema.Item) {
	*s = subject{list: it.List(), index: i, item: it, name: it.ItemName()}
	switch it := it.(type) {
	case *schema.ServerConnection:
		s.from, s.mode, s.encryption, s.username, s.host = it.FromAddress, it.ConnectMode, it.Encryption, it.Username, it.Host
		s.credential, s.port, s.debug, s.secret = it.OAuth2Credentials, it.Port, it.Debug, it.Password
	case *schema.CloudConnection:
		s.from, s.mode, s.encryption, s.username, s.host = it.FromEmailAddress, it.ServiceProvider, it.Encryption, it.Username, it.Host
		s.credential, s.port, s.debug, s.secret = it.OAuth2Credentials, it.SMTPPort, it.Debug, it.Password
	case *schema.ServerCredential:
		s.authorization, s.token, s.secret = it.AuthorizationEndpoint, it.TokenEndpoint, it.ClientSecret
	case *schema.CloudCredential:
		s.authorization, s.token, s.secret = it.AuthorizationEndpoint, it.TokenEndpoint, it.ClientSecret
	}
	s.oauth2 = s.credential != "" || strings.Contains(strings.ToLower(s.mode), "oauth")
}

// oddItem is an item with texts that are not plain printable ASCII without edge
// blanks: few have any, and many rules ask about them.
type oddItem struct {
	list  schema.List
	index int
	texts []text
}

func (a *audit) oddItems() []oddItem {
	if a.odd != nil {
		return a.odd
	}
	a.odd = []oddItem{}
	for _, l := range lists {
		fields := schema.Fields(a.in.Bundle.Format, l)
		for i, it := range a.in.Bundle.Items(l) {
			if odd := oddTexts(it, fields); odd != nil {
				a.odd = append(a.odd, oddItem{l, i, odd})
			}
		}
	}
	return a.odd
}

// oddTexts picks the few texts that the rules about characters must look at.
func oddTexts(it schema.Item, fields []schema.Field) []text {
	var odd []text
	for _, f := range fields {
		if f.Type != schema.String {
			continue
		}
		if v, _ := schema.Get(it, f.Name); v != nil && !isPlain(v.(string)) {
			odd = append(odd, text{f.Name, v.(string), f.Text})
		}
	}
	for _, key := range schema.Extra(it) {
		v, _ := schema.Get(it, "extra."+key)
		if s, _ := v.(string); !isPlain(s) || !isPlain(key) {
			odd = append(odd, text{"extra." + key, s, schema.Prose})
		}
	}
	return odd
}

// usesOAuth2 reports whether the connection names a credential, or its mode says
// OAuth2 in the vendor's words.
func (s *subject) usesOAuth2() bool { return s.oauth2 }

// hasPassword reports whether a password belongs to the connection, whether or
// not the bundle holds it.
func (s *subject) hasPassword() bool { return s.secret != nil && !s.usesOAuth2() }

// connections makes a check of a question asked of every connection; field ""
// means that the rule is not met.
func connections(ask func(a *audit, c *subject) (field, detail string)) check {
	return each(schema.Connections, ask)
}

func credentials(ask func(a *audit, c *subject) (field, detail string)) check {
	return each(schema.Credentials, ask)
}

func each(l schema.List, ask func(a *audit, s *subject) (field, detail string)) check {
	return func(a *audit, met report) {
		for s := range a.each(l) {
			if field, detail := ask(a, s); field != "" {
				met(s, field, detail)
			}
		}
	}
}

// endpoints asks about the two addresses of every credential that Cloud will
// use; the callback URL stays on Server.
func endpoints(ask func(endpoint string) string) check {
	return func(a *audit, met report) {
		for c := range a.each(schema.Credentials) {
			for _, e := range []text{{field: "authorization_endpoint", value: c.authorization}, {field: "token_endpoint", value: c.token}} {
				if e.value == "" {
					continue
				}
				if detail := ask(e.value); detail != "" {
					met(c, e.field, detail)
				}
			}
		}
	}
}

// texts asks about every text of every item that is not plain.
func texts(ask func(t text) string) check {
	return func(a *audit, met report) {
		for _, odd := range a.oddItems() {
			for _, t := range odd.texts {
				if detail := ask(t); detail != "" {
					met(a.subject(odd.list, odd.index), t.field, detail)
				}
			}
		}
	}
}

// items asks about every item of both lists.
func items(ask func(a *audit, s *subject) (field, detail string)) check {
	return func(a *audit, met report) {
		credentials(ask)(a, met)
		connections(ask)(a, met)
	}
}

// noted makes a check of what a transform's report says of one kind; see listen.
func noted(kind NoteKind, wanted func(field string) bool) func(TransformNote) bool {
	return func(n TransformNote) bool { return n.Kind == kind && wanted(n.Field) }
}

// listen goes once through all that the transform tells.
func (a *audit) listen() {
	if a.in.Notes == nil {
		return
	}
	said := map[[2]string]string{} // thousands of connections have few values
	a.in.Notes(func(n TransformNote) {
		for i := range a.rules {
			r := &a.rules[i]
			if r.note == nil || !r.note(n) || r.Severity == Off {
				continue
			}
			detail, known := said[[2]string{n.What, n.Text}]
			if !known {
				detail = n.Text
				if n.What != "" {
					detail = schema.Quote(n.What)
					if n.Text != "" {
						detail += ": " + n.Text
					}
				}
				said[[2]string{n.What, n.Text}] = detail
			}
			a.note(i, a.named(n.List, n.Name), a.fieldHere(n), detail)
		}
	})
}

// named finds an item by its name on Server; both sides have the same order.
func (a *audit) named(l schema.List, server string) *subject {
	if a.onServer == nil {
		a.onServer = map[schema.List]map[string]int{}
		for _, l := range lists {
			a.onServer[l] = map[string]int{}
			for i, it := range a.in.Bundle.ServerItems(l) {
				a.onServer[l][it.ItemName()] = i
			}
		}
	}
	if i, ok := a.onServer[l][server]; ok && i < len(a.in.Bundle.Items(l)) {
		return a.subject(l, i)
	}
	return nil
}

// fieldHere is the name in this bundle of the field that a note is about;
// Server's where Cloud has none.
func (a *audit) fieldHere(n TransformNote) string {
	o := a.in.Bundle.Origin
	if o == nil || o.Rules == nil || n.Kind == Dropped {
		return n.Field
	}
	rules := o.Rules.Connections
	if n.List == schema.Credentials {
		rules = o.Rules.Credentials
	}
	for _, f := range rules.Fields {
		if f.From == n.Field {
			return f.To
		}
	}
	return n.Field
}

// isOrigins reports whether a field of a cloud bundle's item is one that only
// its origin has.
func isOrigins(b *schema.Bundle, l schema.List, field string) bool {
	if !b.IsCloud() {
		return false
	}
	_, ok := schema.FieldByName(schema.CloudFormat, l, field)
	return !ok
}

// few names up to three and says how many more there are.
func few(names []string, total int) string {
	const most = 3
	if len(names) > most {
		names = names[:most]
	}
	s := schema.Quotes(names)
	if more := total - len(names); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
