package findings

import (
	"fmt"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

// Terms are what an item says, in terms that both sides share, so that what is asked
// of it is said once.
type Terms struct {
	Item   schema.Item
	Name   string
	Secret *schema.Marker

	// Of connections.
	From, Mode, Encryption, Username, Host, Credential string
	Port                                               int
	Debug                                              bool
	// Of credentials.
	Authorization, Token string
}

// TermsOf reads an item.
func TermsOf(it schema.Item) Terms {
	t := Terms{Item: it, Name: it.ItemName(), Secret: schema.SecretMarker(it)}
	switch it := it.(type) {
	case *schema.ServerConnection:
		t.From, t.Mode, t.Encryption, t.Username = it.FromAddress, it.ConnectMode, it.Encryption, it.Username
		t.Host, t.Port, t.Debug, t.Credential = it.Host, it.Port, it.Debug, it.OAuth2Credentials
	case *schema.CloudConnection:
		t.From, t.Mode, t.Encryption, t.Username = it.FromEmailAddress, it.ServiceProvider, it.Encryption, it.Username
		t.Host, t.Port, t.Debug, t.Credential = it.Host, it.SMTPPort, it.Debug, it.OAuth2Credentials
	case *schema.ServerCredential:
		t.Authorization, t.Token = it.AuthorizationEndpoint, it.TokenEndpoint
	case *schema.CloudCredential:
		t.Authorization, t.Token = it.AuthorizationEndpoint, it.TokenEndpoint
	}
	return t
}

// UsesOAuth2 reports whether a connection signs in by OAuth2.
func (t *Terms) UsesOAuth2() bool { return schema.UsesOAuth2(t.Item) }

// hasPassword reports whether a password belongs to the connection, whether or
// not the bundle holds it.
func (t *Terms) hasPassword() bool { return t.Secret != nil && !t.UsesOAuth2() }

// subject is one item of the bundle and where it stands.
type subject struct {
	Terms
	list  schema.List
	index int
}

// value is one text of an item.
type value struct{ field, text string }

// endpoints are the two addresses of a credential that Cloud will use; the callback
// URL stays on Server.
func (s *subject) endpoints() []value {
	return []value{{"authorization_endpoint", s.Authorization}, {"token_endpoint", s.Token}}
}

// sideFields are the names of the fields that the two sides call differently.
type sideFields struct{ from, port string }

// audit is one bundle as the rules see it.
type audit struct {
	in       Input
	rules    map[string]*Rule
	order    map[string]int // of rules in the table
	fields   sideFields
	subjects map[schema.List][]*subject
	here     map[schema.SecretKey]*subject // by list and name
	names    transform.Names
	used     map[string]bool // credentials that a connection names
	found    []Finding
}

// lists are a bundle's, in the order of findings.
var lists = schema.Lists()

func newAudit(in Input) *audit {
	b := in.Bundle
	a := &audit{
		in: in, rules: map[string]*Rule{}, order: map[string]int{}, fields: sideFields{"from_address", "port"},
		subjects: map[schema.List][]*subject{}, used: map[string]bool{},
		here: map[schema.SecretKey]*subject{}, names: transform.NamesOf(b),
	}
	if b.IsCloud() {
		a.fields = sideFields{"from_email_address", "smtp_port"}
	}
	for i, r := range Rules() {
		r.Severity = in.Policy.severity(&r)
		a.rules[r.ID], a.order[r.ID] = &r, i
	}
	for _, l := range lists {
		for i, it := range b.Items(l) {
			s := &subject{TermsOf(it), l, i}
			a.subjects[l] = append(a.subjects[l], s)
			a.here[schema.KeyOf(it)] = s
			a.used[s.Credential] = true
		}
	}
	return a
}

// say records what the rule of that id found: at an item, or at the bundle where s
// is nil.
func (a *audit) say(id string, s *subject, field, detail string, args ...any) {
	f := Finding{Rule: a.rules[id], Field: field}
	if f.Severity == Off {
		return
	}
	f.Detail = fmt.Sprintf(detail, args...)
	if s != nil {
		f.List, f.Index, f.Item = s.list, s.index, s.Name
		_, isHere := schema.FieldByName(schema.CloudFormat, s.list, field)
		f.Origin = a.in.Bundle.IsCloud() && !isHere
	}
	a.found = append(a.found, f)
}

// note says what the transform reports of a value.
func (a *audit) note(n transform.Note) {
	name := n.Name
	if n.List == schema.Credentials {
		name = a.names.Cloud(name)
	}
	s, detail := a.here[schema.SecretKey{List: n.List, Name: name}], noteText(n)
	if n.Kind == transform.Dropped { // Cloud has no field for it
		id := "setting-dropped"
		if isExtra(n.Field) {
			id = "setting-no-place"
		}
		a.say(id, s, n.Field, "%s", detail)
		return
	}
	field := n.Field
	if o := a.in.Bundle.Origin; o != nil {
		field = transform.CloudField(o.Rules, n.List, n.Field)
	}
	switch n.Kind {
	case transform.Unmapped:
		a.say("value-unmapped", s, field, "%s", detail)
	case transform.Unverified:
		a.say("value-unverified", s, field, "%s", detail)
	}
	if n.Field == "encryption" && n.To != "" && n.From != n.To {
		a.say("encryption-remapped", s, field, "%s", detail)
	}
}

func noteText(n transform.Note) string {
	what := n.From
	if n.To != "" && n.To != n.From {
		what += " → " + n.To
	}
	switch {
	case what == "":
		return n.Text
	case n.Text == "":
		return schema.Quote(what)
	default:
		return schema.Quote(what) + ": " + n.Text
	}
}
