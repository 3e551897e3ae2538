package transform

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

//go:embed rules.json
var shipped []byte

// Shipped returns the shipped rules as the file that --print-rules prints.
func Shipped() []byte { return slices.Clone(shipped) }

// Rules reads a rules file: strictly, against its schema, and refusing what no
// rule may do. A connection's name, host, port and username reach Cloud as they
// are on Server or not at all: a rules file is reviewed less closely than a
// bundle, and must not be a way to send a password elsewhere.
func Rules(file []byte) (*schema.Rules, error) {
	r := &schema.Rules{}
	if err := schema.DecodeFile("rules", file, r); err != nil {
		return nil, err
	}
	return r, check(r)
}

// fixed are connection fields that rules cannot change, with Cloud's names.
var fixed = map[string]string{"name": "name", "host": "host", "port": "smtp_port", "username": "username"}

// undroppable are fields without which a connection or credential is another.
var undroppable = []string{"name", "username", "connect_mode", "client_id", "oauth2_credentials"}

func check(r *schema.Rules) error {
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		if err := checkList(r, l); err != nil {
			return err
		}
	}
	from, to := map[string]bool{}, map[string]bool{}
	for i, n := range r.RenameCredentials {
		if from[n.From] || to[n.To] {
			return fmt.Errorf("rename_credentials[%d]: a name stands twice", i)
		}
		from[n.From], to[n.To] = true, true
	}
	for _, name := range slices.Sorted(maps.Keys(r.Values)) {
		seen := map[string]bool{}
		for i, v := range r.Values[name] {
			if seen[v.From] {
				return fmt.Errorf("values.%s[%d].from: %s stands twice", name, i, schema.Quote(v.From))
			}
			seen[v.From] = true
		}
	}
	return nil
}

func checkList(r *schema.Rules, l schema.List) error {
	rules, seenFrom, seenTo := listRules(r, l), map[string]bool{}, map[string]bool{}
	for i, f := range rules.Fields {
		at := fmt.Sprintf("%s.fields[%d]", l, i)
		src, okFrom := schema.FieldByName(schema.ServerFormat, l, f.From)
		dst, okTo := schema.FieldByName(schema.CloudFormat, l, f.To)
		if strings.HasPrefix(f.From, "extra.") {
			src, okFrom = schema.Field{Name: f.From, Type: schema.String}, true
		}
		switch {
		case !okFrom:
			return schema.Hint(fmt.Errorf("%s.from: %s is no field of a %s on Server", at, schema.Quote(f.From), l.One()), "fields: %s", names(schema.ServerFormat, l))
		case !okTo:
			return schema.Hint(fmt.Errorf("%s.to: %s is no field of a %s on Cloud", at, schema.Quote(f.To), l.One()), "fields: %s", names(schema.CloudFormat, l))
		case l == schema.Connections && (fixed[f.From] != "" && fixed[f.From] != f.To || isFixedTarget(f.To) && fixed[f.From] != f.To):
			return fixedError(at, f)
		case l == schema.Connections && fixed[f.From] != "" && f.Values != "":
			return fixedError(at, f)
		case l == schema.Credentials && (f.From == "name") != (f.To == "name"), l == schema.Credentials && f.From == "name" && f.Values != "":
			return schema.Hint(fmt.Errorf("%s: a credential's name is changed by rename_credentials alone", at), `"rename_credentials": [{"from": …, "to": …}]`)
		case src.Type != dst.Type:
			return fmt.Errorf("%s: %s is of type %s, %s of type %s", at, f.From, src.Type, f.To, dst.Type)
		case src.Secret && f.Values != "":
			return fmt.Errorf("%s.values: a secret has no value map", at)
		case f.Values != "" && r.Values[f.Values] == nil:
			return fmt.Errorf("%s.values: there is no value map named %s", at, schema.Quote(f.Values))
		case seenFrom[f.From] || seenTo[f.To]:
			return fmt.Errorf("%s: %s → %s: one of them is mapped twice", at, f.From, f.To)
		}
		seenFrom[f.From], seenTo[f.To] = true, true
	}
	for i, d := range rules.Drops {
		at := fmt.Sprintf("%s.drops[%d]", l, i)
		_, known := schema.FieldByName(schema.ServerFormat, l, d.Field)
		switch {
		case !known && !strings.HasPrefix(d.Field, "extra."):
			return schema.Hint(fmt.Errorf("%s.field: %s is no field of a %s on Server", at, schema.Quote(d.Field), l.One()), "fields: %s", names(schema.ServerFormat, l))
		case slices.Contains(undroppable, d.Field):
			return fmt.Errorf("%s.field: %s cannot be dropped", at, d.Field)
		}
		for _, f := range slices.Sorted(maps.Keys(d.When)) {
			if _, known := schema.FieldByName(schema.ServerFormat, l, f); !known {
				return fmt.Errorf("%s.when: %s is no field of a %s on Server", at, schema.Quote(f), l.One())
			}
		}
	}
	for _, f := range schema.Fields(schema.CloudFormat, l) {
		if f.Required && !seenTo[f.Name] {
			return fmt.Errorf("%s.fields: nothing is mapped to %s, which Cloud requires", l, f.Name)
		}
	}
	return nil
}

func isFixedTarget(to string) bool {
	for _, t := range fixed {
		if t == to {
			return true
		}
	}
	return false
}

func fixedError(at string, f schema.FieldRule) error {
	return schema.Hint(fmt.Errorf("%s: %s → %s: rules cannot change a connection's name, host, port or username", at, f.From, f.To),
		"change it on Server and export again, so that the password stays bound to where it belongs")
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
