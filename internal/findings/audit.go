package findings

import (
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

// subject is one item in terms that both sides share, so that a rule is said
// once. The names of fields that differ between the sides stand beside.
type subject struct {
	list  schema.List
	index int
	item  schema.Item
	name  string

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

// add says what a rule found: at an item, or at the bundle where s is nil.
type add func(s *subject, field, detail string)

type check func(a *audit, found add)

// audit is one bundle as the rules see it.
type audit struct {
	in       Input
	rules    []Rule
	fields   sideFields
	subjects map[schema.List][]*subject
	here     map[schema.SecretKey]*subject // by list and name
	onServer map[schema.SecretKey]*subject // by list and name on Server
	odd      []oddText
	found    []Finding
}

// lists are a bundle's, in the order of findings.
var lists = schema.Lists()

func newAudit(in Input) *audit {
	b := in.Bundle
	a := &audit{in: in, rules: Rules(), fields: sideFields{"from_address", "connect_mode", "port"},
		subjects: map[schema.List][]*subject{}, here: map[schema.SecretKey]*subject{}, onServer: map[schema.SecretKey]*subject{}}
	if b.IsCloud() {
		a.fields = sideFields{"from_email_address", "service_provider", "smtp_port"}
	}
	for i := range a.rules {
		a.rules[i].Severity = in.Policy.severity(&a.rules[i])
	}
	for _, l := range lists {
		fields := schema.Fields(b.Format, l)
		for i, it := range b.Items(l) {
			s := newSubject(i, it)
			a.subjects[l] = append(a.subjects[l], s)
			a.here[schema.SecretKey{List: l, Name: s.name}] = s
			a.odd = append(a.odd, oddTexts(s, fields)...)
		}
		for i, it := range b.ServerItems(l) { // both sides have the same order
			if i < len(a.subjects[l]) {
				a.onServer[schema.SecretKey{List: l, Name: it.ItemName()}] = a.subjects[l][i]
			}
		}
	}
	return a
}

// add records what a rule found.
func (a *audit) add(rule *Rule, s *subject, field, detail string) {
	f := Finding{Rule: rule, Field: field, Detail: detail}
	if s != nil {
		f.List, f.Index, f.Item = s.list, s.index, s.name
		_, isHere := schema.FieldByName(schema.CloudFormat, s.list, field)
		f.Origin = a.in.Bundle.IsCloud() && !isHere
	}
	a.found = append(a.found, f)
}

func newSubject(i int, it schema.Item) *subject {
	s := &subject{list: it.List(), index: i, item: it, name: it.ItemName()}
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
	return s
}

// oddText is a text that is not plain printable ASCII without blanks at its ends:
// few items have any, and many rules ask about them.
type oddText struct {
	*subject
	text
}

func oddTexts(s *subject, fields []schema.Field) []oddText {
	var odd []oddText
	for _, f := range fields {
		if v, _ := schema.Get(s.item, f.Name); f.Type == schema.String && v != nil && !isPlain(v.(string)) {
			odd = append(odd, oddText{s, text{f.Name, v.(string), f.Text}})
		}
	}
	for _, key := range schema.Extra(s.item) {
		if v := schema.Text(s.item, "extra."+key); !isPlain(v) || !isPlain(key) {
			odd = append(odd, oddText{s, text{"extra." + key, v, schema.Prose}})
		}
	}
	return odd
}

func (s *subject) usesOAuth2() bool { return schema.UsesOAuth2(s.item) }

// hasPassword reports whether a password belongs to the connection, whether or
// not the bundle holds it.
func (s *subject) hasPassword() bool { return s.secret != nil && !s.usesOAuth2() }

// connections makes a check of a question asked of every connection; field ""
// means that there is nothing to say.
func connections(ask func(a *audit, c *subject) (field, detail string)) check {
	return each(ask, schema.Connections)
}

func credentials(ask func(a *audit, c *subject) (field, detail string)) check {
	return each(ask, schema.Credentials)
}

func each(ask func(a *audit, s *subject) (field, detail string), of ...schema.List) check {
	return func(a *audit, found add) {
		for _, l := range of {
			for _, s := range a.subjects[l] {
				if field, detail := ask(a, s); field != "" {
					found(s, field, detail)
				}
			}
		}
	}
}

// endpoints asks about the two addresses of every credential that Cloud will
// use; the callback URL stays on Server.
func endpoints(ask func(endpoint string) string) check {
	return func(a *audit, found add) {
		for _, c := range a.subjects[schema.Credentials] {
			for _, e := range []text{{field: "authorization_endpoint", value: c.authorization}, {field: "token_endpoint", value: c.token}} {
				if e.value == "" {
					continue
				}
				if detail := ask(e.value); detail != "" {
					found(c, e.field, detail)
				}
			}
		}
	}
}

// texts asks about every text of every item that is not plain.
func texts(ask func(t text) string) check {
	return func(a *audit, found add) {
		for _, odd := range a.odd {
			if detail := ask(odd.text); detail != "" {
				found(odd.subject, odd.field, detail)
			}
		}
	}
}

// notes makes a check of what the transform reports of some values.
func notes(wanted func(transform.Note) bool) check {
	return func(a *audit, found add) {
		for _, n := range a.in.Notes {
			if wanted(n) {
				found(a.onServer[schema.SecretKey{List: n.List, Name: n.Name}], a.fieldHere(n), noteText(n))
			}
		}
	}
}

func ofKind(kind transform.Kind) func(transform.Note) bool {
	return func(n transform.Note) bool { return n.Kind == kind }
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

// fieldHere is the name in this bundle of the field that a note is about;
// Server's where Cloud has none.
func (a *audit) fieldHere(n transform.Note) string {
	o := a.in.Bundle.Origin
	if o == nil || n.Kind == transform.Dropped {
		return n.Field
	}
	return transform.CloudField(o.Rules, n.List, n.Field)
}
