package importer

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestPlanSaysWhatAnImportWouldDo(t *testing.T) {
	with := func(c *schema.CloudConnection, change func(*schema.CloudConnection)) *schema.CloudConnection {
		d := *c
		change(&d)
		return &d
	}
	missing := with(smtp("A"), func(c *schema.CloudConnection) { c.Password = &schema.Marker{State: schema.Missing, Reason: "unknown"} })
	encrypted := func(how string) *schema.CloudConnection {
		return with(smtp("A"), func(c *schema.CloudConnection) { c.Encryption = how })
	}
	bare, none := encrypted(""), map[string]Offer{"encryption": {Values: []string{"None", "TLS"}, Default: "None"}}
	hostless := with(smtp("A"), func(c *schema.CloudConnection) { c.Host = "" })
	open := with(smtp("A"), func(c *schema.CloudConnection) { c.Username, c.Password = "", nil })
	other := credential("C")
	other.ClientID = "another"
	for _, tt := range []struct {
		name   string
		bundle []schema.Item
		cloud  []schema.Item
		offers map[string]Offer
		opts   func(*Options)
		want   string // of the last item: action, then what tells more
	}{
		{"an empty Cloud", []schema.Item{smtp("A")}, nil, nil, nil, "create"},
		{"the same on Cloud", []schema.Item{smtp("A")}, []schema.Item{smtp("A")}, nil, nil, "unchanged"},
		{"another port", []schema.Item{smtp("A")}, []schema.Item{with(smtp("A"), func(c *schema.CloudConnection) { c.SMTPPort = 25 })}, nil, nil, "conflict SMTP Port 25→587"},
		{"another port, to be overwritten", []schema.Item{smtp("A")}, []schema.Item{with(smtp("A"), func(c *schema.CloudConnection) { c.SMTPPort = 25 })}, nil,
			func(o *Options) { o.Conflicts.Policy = Overwrite }, "change SMTP Port 25→587"},
		{"a name in another case", []schema.Item{smtp("Support")}, []schema.Item{smtp("support")}, nil, nil, "conflict near-conflict"},
		{"a name with other blanks", []schema.Item{smtp("My Support")}, []schema.Item{smtp("My  Support ")}, nil, nil, "conflict near-conflict"},
		{"a name in another Unicode form", []schema.Item{smtp("Büro")}, []schema.Item{smtp("Bu\u0308ro")}, nil, nil, "conflict near-conflict"},
		{"a name with a blank that shows nothing", []schema.Item{smtp("Support")}, []schema.Item{smtp("Sup\u200bport")}, nil, nil, "conflict near-conflict"},
		{"two near names that are both the bundle's", []schema.Item{smtp("support"), smtp("Support")}, []schema.Item{smtp("support")}, nil, nil, "create"},
		{"two of the name on Cloud", []schema.Item{smtp("A")}, []schema.Item{smtp("A"), smtp("A")}, nil, nil, "conflict double-conflict"},
		{"a secret that nobody has", []schema.Item{missing}, nil, nil, nil, "blocked secret-missing"},
		{"a secret that is supplied", []schema.Item{missing}, nil, nil, func(o *Options) { o.Secrets.Supplied = secretsOf }, "create"},
		{"a reviewer's key and a sealed secret", []schema.Item{smtp("A")}, nil, nil, func(o *Options) { o.Secrets.Sealed = nil }, "create"},
		{"an encryption that Cloud does not offer", []schema.Item{smtp("A")}, nil, map[string]Offer{"encryption": {Values: []string{"TLS"}}}, nil, "blocked value-not-offered"},
		{"a field that Cloud does not offer but has already", []schema.Item{smtp("A")}, []schema.Item{smtp("A")}, map[string]Offer{"encryption": {Values: []string{"TLS"}}}, nil, "unchanged"},
		{"no encryption where the form has a default", []schema.Item{bare}, nil, none, nil, "create, Encryption: the page's own default stays: None"},
		{"no encryption beside the form's default", []schema.Item{bare}, []schema.Item{encrypted("None")}, none, nil, "unchanged"},
		{"no encryption beside another", []schema.Item{bare}, []schema.Item{encrypted("TLS")}, none,
			func(o *Options) { o.Conflicts.Policy = Overwrite }, "change Encryption TLS→None, Encryption: the page's own default stays: None"},
		{"an encryption that the form has as default", []schema.Item{encrypted("None")}, nil, none, nil, "create"},
		{"no encryption beside one of that word that is no default", []schema.Item{bare}, []schema.Item{encrypted("None")},
			map[string]Offer{"encryption": {Values: []string{"None", "TLS"}}}, nil, "conflict Encryption None→"},
		{"no encryption where the form needs one", []schema.Item{bare}, nil, map[string]Offer{"encryption": {Values: []string{"TLS"}, Needed: true}}, nil, "blocked value-not-offered"},
		{"no host where the form needs one", []schema.Item{hostless}, nil, map[string]Offer{"host": {Needed: true}}, nil, "blocked value-not-offered"},
		{"no host on either side where the form needs one", []schema.Item{hostless}, []schema.Item{with(hostless, func(c *schema.CloudConnection) { c.SMTPPort = 25 })},
			map[string]Offer{"host": {Needed: true}}, func(o *Options) { o.Conflicts.Policy = Overwrite }, "blocked value-not-offered SMTP Port 25→587"},
		{"no password where a new item needs one", []schema.Item{open}, nil, map[string]Offer{"password": {Needed: true}}, nil, "blocked value-not-offered"},
		{"a credential that the plan creates", []schema.Item{credential("C"), oauth("A", "C")}, nil, nil, nil, "create after C"},
		{"a credential that is there", []schema.Item{credential("C"), oauth("A", "C")}, []schema.Item{credential("C")}, nil, nil, "create"},
		{"another credential of that name", []schema.Item{credential("C"), oauth("A", "C")}, []schema.Item{other}, nil, nil, "blocked credential-differs"},
		{"another credential, to be overwritten", []schema.Item{credential("C"), oauth("A", "C")}, []schema.Item{other}, nil,
			func(o *Options) { o.Conflicts.Policy = Overwrite }, "create after C"},
		{"a credential that is nowhere", []schema.Item{oauth("A", "C")}, nil, nil, nil, "blocked credential-missing"},
		{"a credential that is excluded", []schema.Item{credential("C"), oauth("A", "C")}, nil, nil, func(o *Options) { o.Select.Exclude = []string{"C"} }, "blocked credential-missing"},
		{"a connection that brings its credential along", []schema.Item{credential("C"), oauth("A", "C")}, nil, nil, func(o *Options) { o.Select.Include = []string{"A"} }, "create after C"},
		{"an unasked rewrite of secrets", []schema.Item{smtp("A")}, []schema.Item{smtp("A")}, nil, func(o *Options) { o.Conflicts.Policy = Overwrite }, "unchanged"},
		{"a rewrite of secrets", []schema.Item{smtp("A")}, []schema.Item{smtp("A")}, nil,
			func(o *Options) { o.Conflicts.Policy, o.Conflicts.RewriteSecrets = Overwrite, true }, "change Password as Cloud has it→the bundle's, again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			m.offers = tt.offers
			for _, it := range tt.cloud {
				m.put(it)
			}
			o := optionsFor(t, m, bundleOf(tt.bundle...), schema.Connections)
			if tt.opts != nil {
				tt.opts(&o)
			}
			p := rig.Get(MakePlan(t.Context(), o)).Or(t)
			it := p.Items[len(p.Items)-1]
			got := string(it.Action)
			if it.After != "" {
				got += " after " + it.After
			}
			for _, r := range it.Reasons {
				if r.Code != Conflict {
					got += " " + r.Code
				}
			}
			for _, c := range it.Changes {
				got += " " + c.Label + " " + c.From + "→" + c.To
			}
			for _, note := range it.Notes {
				if strings.Contains(note, "own default") {
					got += ", " + note
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if m.writes != 0 {
				t.Errorf("a plan wrote %d times", m.writes)
			}
		})
	}
}

func TestConnectionsWaitForTheirCredentials(t *testing.T) {
	b := bundleOf(credential("C"), oauth("A", "C"), oauth("B", "C"), smtp("S"))
	m := newMemory()
	o := optionsFor(t, m, b, schema.Connections)
	rep, err := Run(t.Context(), o)
	var gate *GateError
	if !errors.As(err, &gate) {
		t.Fatalf("got %v, want a gate that is shut", err)
	}
	if r := gate.Reasons[0]; len(gate.Reasons) != 1 || r.Code != CredentialMissing || r.Name != "C" || !reflect.DeepEqual(r.Waiting, []string{"A", "B"}) {
		t.Errorf("reasons are %+v", gate.Reasons)
	}
	if m.writes != 0 || rep.Counts[Written] != 0 {
		t.Errorf("%d writes through a gate that is shut", m.writes)
	}

	o.Select.ReadyOnly = true
	rep, err = Run(t.Context(), o)
	var part *PartialError
	if !errors.As(err, &part) || part.Left != 2 || rep.Counts[Written] != 1 || rep.Counts[Waits] != 2 {
		t.Errorf("ready only: %v, %v", err, rep.Counts)
	}

	o.Select.ReadyOnly = false
	o.List = schema.Credentials
	if rep, err = Run(t.Context(), o); err != nil || rep.Counts[Written] != 1 {
		t.Fatalf("credentials: %v, %v", err, rep.Counts)
	}
	o.List = schema.Connections
	if rep, err = Run(t.Context(), o); err != nil || rep.Counts[Written] != 3 {
		t.Fatalf("connections: %v, %v", err, rep.Counts)
	}
	if len(m.lists[schema.Connections]) != 3 || m.secretOf("S") != "secret of connection S" {
		t.Errorf("Cloud has %v", m.lists[schema.Connections])
	}
}

func TestConflictsUnderEachPolicy(t *testing.T) {
	changed := smtp("A")
	changed.Host = "other.example"
	for _, tt := range []struct {
		policy Policy
		gate   bool
		want   map[Result]int
		host   string
	}{
		{Fail, true, map[Result]int{Skipped: 1, NotTried: 1}, "other.example"},
		{Skip, false, map[Result]int{Skipped: 1, Written: 1}, "other.example"},
		{Overwrite, false, map[Result]int{Written: 2}, "smtp.corp.example"},
	} {
		t.Run(string(tt.policy), func(t *testing.T) {
			m := newMemory()
			m.put(changed)
			m.secrets["old-1"] = "Cloud's own"
			o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
			o.Conflicts.Policy = tt.policy
			rep, err := Run(t.Context(), o)
			if gate := (*GateError)(nil); errors.As(err, &gate) != tt.gate || (err != nil && !tt.gate) {
				t.Fatalf("got %v", err)
			}
			if !reflect.DeepEqual(rep.Counts, tt.want) {
				t.Errorf("counts are %v, want %v", rep.Counts, tt.want)
			}
			if got := m.lists[schema.Connections][0].Item.(*schema.CloudConnection).Host; got != tt.host {
				t.Errorf("host is %s", got)
			}
			if m.secrets["old-1"] != "Cloud's own" {
				t.Error("a secret was rewritten without evidence or being asked")
			}
		})
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(credential("C"), smtp("A")), schema.Connections)
	rep, err := DryRun(t.Context(), o)
	if err != nil || !rep.DryRun || rep.Counts[Written] != 1 {
		t.Fatalf("%v, %+v", err, rep)
	}
	if m.writes != 0 {
		t.Error("Cloud was written to")
	}
	if _, err := (disk{}).Read(o.Ledger.Path); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("the ledger: %v", err)
	}
}
