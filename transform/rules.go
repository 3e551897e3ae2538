package transform

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/mailferry/mailferry/schema"
)

//go:embed rules.json
var defaultRules []byte

// DefaultRulesFile returns the default rules as a file to edit.
func DefaultRulesFile() []byte { return slices.Clone(defaultRules) }

// DefaultRules returns the rules that are used where nobody gives others.
func DefaultRules() *schema.Rules {
	r, err := ParseRules(defaultRules)
	if err != nil {
		panic(fmt.Sprintf("embedded rules: %v", err)) // the binary itself is broken
	}
	return r
}

// ParseRules reads a rules file: strictly, against its schema, and refusing what no
// rule may do. Where a secret goes (a connection's host, port and username, a
// credential's client id and endpoints) reaches Cloud as it is on Server or not
// at all: a rules file is reviewed less closely than a bundle, and must not be a
// way to send a password elsewhere.
func ParseRules(file []byte) (*schema.Rules, error) {
	r := &schema.Rules{}
	if err := schema.DecodeFile("rules", file, r); err != nil {
		return nil, err
	}
	return r, schema.Locate(file, check(r))
}

// fixed are fields that rules cannot change, with Cloud's names: who an item is
// and where its secret goes. A credential's name is changed by renames alone.
var fixed = map[schema.List]map[string]string{
	schema.Connections: {"name": "name", "host": "host", "port": "smtp_port", "username": "username",
		"oauth2_credentials": "oauth2_credentials"},
	schema.Credentials: {"name": "name", "client_id": "client_id",
		"authorization_endpoint": "authorization_endpoint", "token_endpoint": "token_endpoint"},
}

// undroppable are fields without which a connection or credential is another, or
// sends its secret elsewhere. Host and port are not on the forms of the OAuth2
// modes, encryption is not either.
var undroppable = map[schema.List][]string{
	schema.Connections: {"name", "username", "connect_mode", "oauth2_credentials"},
	schema.Credentials: {"name", "client_id", "authorization_endpoint", "token_endpoint"},
}

// check says all that is wrong with rules.
func check(r *schema.Rules) error {
	var errs schema.Errors
	for _, l := range schema.Lists() {
		checkFields(r, l, &errs)
		for i, d := range listRules(r, l).Drops {
			errs.Add(checkDrop(l, d, fmt.Sprintf("%s.drops[%d]", l, i)))
		}
	}
	from, to := map[string]bool{}, map[string]bool{}
	for i, n := range r.RenameCredentials {
		if from[n.From] || to[n.To] {
			errs.Add(schema.Invalid(fmt.Sprintf("rename_credentials[%d]", i), "a name stands twice"))
		}
		from[n.From], to[n.To] = true, true
	}
	for _, name := range slices.Sorted(maps.Keys(r.Values)) {
		seen := map[string]bool{}
		for i, v := range r.Values[name] {
			if seen[v.From] {
				errs.Add(schema.Invalid(fmt.Sprintf("values.%s[%d].from", name, i), "%s stands twice",
					schema.Quote(v.From)))
			}
			seen[v.From] = true
		}
	}
	return errs.Err()
}

func checkFields(r *schema.Rules, l schema.List, errs *schema.Errors) {
	seenFrom, seenTo := map[string]bool{}, map[string]bool{}
	for i, f := range listRules(r, l).Fields {
		at := fmt.Sprintf("%s.fields[%d]", l, i)
		err := checkField(r, l, f, at)
		if err == nil && (seenFrom[f.From] || seenTo[f.To]) {
			err = schema.Invalid(at, "%s → %s: one of them is mapped twice", f.From, f.To)
		}
		errs.Add(err)
		seenFrom[f.From], seenTo[f.To] = true, true
	}
	for _, f := range schema.Fields(schema.CloudFormat, l) {
		if f.Required && !seenTo[f.Name] {
			errs.Add(schema.Invalid(string(l)+".fields", "nothing is mapped to %s, which Cloud requires", f.Name))
		}
	}
}

func checkField(r *schema.Rules, l schema.List, f schema.FieldRule, at string) error {
	src, okFrom := schema.FieldByName(schema.ServerFormat, l, f.From)
	dst, okTo := schema.FieldByName(schema.CloudFormat, l, f.To)
	if strings.HasPrefix(f.From, "extra.") {
		src, okFrom = schema.Field{Name: f.From, Type: schema.String}, true
	}
	switch {
	case !okFrom:
		return schema.Hint(schema.Invalid(at+".from", "%s is no field of a %s on Server", schema.Quote(f.From),
			l.One()), "fields: %s", names(schema.ServerFormat, l))
	case !okTo:
		return schema.Hint(schema.Invalid(at+".to", "%s is no field of a %s on Cloud", schema.Quote(f.To),
			l.One()), "fields: %s", names(schema.CloudFormat, l))
	case l == schema.Credentials && (f.From == "name") != (f.To == "name"), l == schema.Credentials &&
		f.From == "name" && f.Values != "":
		return schema.Hint(schema.Invalid(at, "a credential's name is changed by rename_credentials alone"),
			`"rename_credentials": [{"from": …, "to": …}]`)
	case changesFixed(l, f):
		return fixedError(at, l, f)
	case (f.From == "encryption") != (f.To == "encryption"):
		return schema.Invalid(at, "%s → %s: encryption is carried to encryption alone", f.From, f.To)
	case src.Type != dst.Type:
		return schema.Invalid(at, "%s is of type %s, %s of type %s", f.From, src.Type, f.To, dst.Type)
	case src.Secret && f.Values != "":
		return schema.Invalid(at+".values", "a secret has no value map")
	case f.Values != "" && r.Values[f.Values] == nil:
		return schema.Invalid(at+".values", "there is no value map named %s", schema.Quote(f.Values))
	}
	return checkEncryption(r, at, f)
}

func checkDrop(l schema.List, d schema.DropRule, at string) error {
	_, known := schema.FieldByName(schema.ServerFormat, l, d.Field)
	switch {
	case !known && !strings.HasPrefix(d.Field, "extra."):
		return schema.Hint(schema.Invalid(at+".field", "%s is no field of a %s on Server",
			schema.Quote(d.Field), l.One()), "fields: %s", names(schema.ServerFormat, l))
	case slices.Contains(undroppable[l], d.Field):
		return schema.Invalid(at+".field", "%s cannot be dropped", d.Field)
	}
	for _, f := range slices.Sorted(maps.Keys(d.When)) {
		if _, known := schema.FieldByName(schema.ServerFormat, l, f); !known {
			return schema.Invalid(at+".when", "%s is no field of a %s on Server", schema.Quote(f), l.One())
		}
	}
	return nil
}

// changesFixed reports whether a rule would change a fixed field, or give it
// another field's value.
func changesFixed(l schema.List, f schema.FieldRule) bool {
	to, isFixed := fixed[l][f.From]
	for _, t := range fixed[l] {
		isFixed = isFixed || t == f.To
	}
	return isFixed && (to != f.To || f.Values != "")
}

func fixedError(at string, l schema.List, f schema.FieldRule) error {
	what := "a connection's name, host, port or username, nor its credential"
	if l == schema.Credentials {
		what = "a credential's client id or endpoints"
	}
	return schema.Hint(schema.Invalid(at, "%s → %s: rules cannot change %s", f.From, f.To, what),
		"change it on Server and export again, so that the secret stays bound to where it belongs")
}

// unencrypted are words for no encryption, as CompactWord leaves them.
var unencrypted = []string{"", "none", "no", "off", "false", "disabled", "plain", "plaintext", "cleartext",
	"clear", "unencrypted",
	"noencryption", "notencrypted", "without", "nossl", "notls", "nossl/tls", "insecure", "keine", "aucun"}

// Unencrypted reports whether a word of Encryption stands for none. Its values are not
// documented, so only words that leave no doubt do.
func Unencrypted(word string) bool { return slices.Contains(unencrypted, CompactWord(word)) }

// CompactWord is a word of Encryption in lower case, without blanks, - and _.
func CompactWord(word string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, word)
}

// checkEncryption refuses a value map that takes encryption away: a password that
// Server sent encrypted would cross the Internet readable. Words are all that
// there is to go by, so an audit reports every word that changes.
func checkEncryption(r *schema.Rules, at string, f schema.FieldRule) error {
	if f.To != "encryption" || f.Values == "" {
		return nil
	}
	for i, v := range r.Values[f.Values] {
		if Unencrypted(v.To) && !Unencrypted(v.From) {
			return schema.Invalid(at, "values.%s[%d]: %s → %s takes the encryption away", f.Values, i,
				schema.Quote(v.From), schema.Quote(v.To))
		}
	}
	return nil
}

// CloudField is where rules carry a field of Server's to, or its own name where
// they carry it nowhere.
func CloudField(r *schema.Rules, l schema.List, field string) string {
	if f, ok := fieldRule(listRules(r, l), field); ok {
		return f.To
	}
	return field
}

func names(format string, l schema.List) string {
	var out []string
	for _, f := range schema.Fields(format, l) {
		out = append(out, f.Name)
	}
	return strings.Join(out, ", ")
}

func listRules(r *schema.Rules, l schema.List) *schema.ListRules {
	if l == schema.Credentials {
		return &r.Credentials
	}
	return &r.Connections
}
