package findings

import (
	"fmt"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// subject is one item in terms that both sides share, so that a rule is said
// once. The names of fields that differ between the sides stand beside.
type subject struct {
	list  schema.List
	index int
	item  schema.Item
	name  string
	near  string // equal for names that are hardly told apart: see nearKey

	oauth2 bool // a person authorises the connection
	secret *schema.Marker
	odd    []text // the texts that are not plain printable ASCII without edge blanks

	// of connections
	from, mode, encryption, username, host, credential string
	port                                               int
	debug                                              bool
	// of credentials
	authorization, token string
}

// text is one text field of an item.
type text struct{ field, value string }

// sideFields are the names of the fields that the two sides call differently.
type sideFields struct{ from, mode, port string }

// report says that a rule is met: at an item, or at the bundle where s is nil.
type report func(s *subject, field, detail string)

type check func(a *audit, met report)

// audit is one bundle as the rules see it.
type audit struct {
	in          Input
	rules       []Rule
	fields      sideFields
	credentials []subject
	connections []subject
	byName      map[string]int                 // credential name → index
	onServer    map[schema.List]map[string]int // name on Server → index, once asked for
	notes       map[NoteKind][]placedNote
	met         []met
}

// met is a finding while the rules are applied: there may be several for every
// item, and most of what a Finding says can be looked up.
type met struct {
	rule          *Rule
	at            *subject // nil: the bundle
	field, detail string
}

// placedNote is a transform's remark as a finding would tell it.
type placedNote struct {
	at                    *subject
	server, field, detail string // server is what Server calls the field
}

func newAudit(in Input) *audit {
	a := &audit{in: in, rules: Rules(), fields: sideFields{"from_address", "connect_mode", "port"}}
	if in.Bundle.IsCloud() {
		a.fields = sideFields{"from_email_address", "service_provider", "smtp_port"}
	}
	a.credentials = subjects(in.Bundle, schema.Credentials)
	a.connections = subjects(in.Bundle, schema.Connections)
	a.byName = make(map[string]int, len(a.credentials))
	for i := range a.credentials {
		a.byName[a.credentials[i].name] = i
	}
	return a
}

func subjects(b *schema.Bundle, l schema.List) []subject {
	list := b.Items(l)
	out := make([]subject, len(list))
	fields := schema.Fields(b.Format, l)
	for i, it := range list {
		s := &out[i]
		s.list, s.index, s.item, s.name = l, i, it, it.ItemName()
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
		s.near = nearKey(s.name)
		s.oauth2 = s.credential != "" || strings.Contains(strings.ToLower(s.mode), "oauth")
		s.odd = oddTexts(it, fields)
	}
	return out
}

// oddTexts picks the few texts that the rules about characters must look at.
func oddTexts(it schema.Item, fields []schema.Field) []text {
	var odd []text
	for _, f := range fields {
		if f.Type != schema.String {
			continue
		}
		if v, _ := schema.Get(it, f.Name); v != nil && !isPlain(v.(string)) {
			odd = append(odd, text{f.Name, v.(string)})
		}
	}
	for _, key := range schema.Extra(it) {
		v, _ := schema.Get(it, "extra."+key)
		if s, _ := v.(string); !isPlain(s) || !isPlain(key) {
			odd = append(odd, text{"extra." + key, s})
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
	return func(a *audit, met report) {
		for i := range a.connections {
			if field, detail := ask(a, &a.connections[i]); field != "" {
				met(&a.connections[i], field, detail)
			}
		}
	}
}

func credentials(ask func(a *audit, c *subject) (field, detail string)) check {
	return func(a *audit, met report) {
		for i := range a.credentials {
			if field, detail := ask(a, &a.credentials[i]); field != "" {
				met(&a.credentials[i], field, detail)
			}
		}
	}
}

// endpoints asks about the two addresses of every credential that Cloud will
// use; the callback URL stays on Server.
func endpoints(ask func(endpoint string) string) check {
	return func(a *audit, met report) {
		for i := range a.credentials {
			c := &a.credentials[i]
			for _, e := range []text{{"authorization_endpoint", c.authorization}, {"token_endpoint", c.token}} {
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
		for _, list := range [][]subject{a.credentials, a.connections} {
			for i := range list {
				for _, t := range list[i].odd {
					if detail := ask(t); detail != "" {
						met(&list[i], t.field, detail)
					}
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

// notes makes findings of what a transform's report says of one kind.
func notes(kind NoteKind, wanted func(field string) bool) check {
	return func(a *audit, met report) {
		for _, n := range a.placedNotes()[kind] {
			if wanted(n.server) {
				met(n.at, n.field, n.detail)
			}
		}
	}
}

// placedNotes listens once to all that the transform tells.
func (a *audit) placedNotes() map[NoteKind][]placedNote {
	if a.notes != nil {
		return a.notes
	}
	a.notes = map[NoteKind][]placedNote{}
	if a.in.Notes == nil {
		return a.notes
	}
	said := map[[2]string]string{} // thousands of connections have few values
	a.in.Notes(func(n TransformNote) {
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
		a.notes[n.Kind] = append(a.notes[n.Kind], placedNote{a.named(n.List, n.Name), n.Field, a.fieldHere(n), detail})
	})
	return a.notes
}

// named finds an item by its name on Server; both sides have the same order.
func (a *audit) named(l schema.List, server string) *subject {
	list := a.connections
	if l == schema.Credentials {
		list = a.credentials
	}
	if a.onServer == nil {
		a.onServer = map[schema.List]map[string]int{}
		for _, l := range []schema.List{schema.Credentials, schema.Connections} {
			a.onServer[l] = map[string]int{}
			for i, it := range a.in.Bundle.ServerItems(l) {
				a.onServer[l][it.ItemName()] = i
			}
		}
	}
	if i, ok := a.onServer[l][server]; ok && i < len(list) {
		return &list[i]
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
func (a *audit) isOrigins(l schema.List, field string) bool {
	if !a.in.Bundle.IsCloud() {
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
