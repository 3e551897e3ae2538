// Package transform rewrites a server bundle into Cloud's terms by rules. It is
// pure: no I/O, no clock, no secret; the same bundle and rules always give the
// same content. That is what lets anybody who opens a cloud bundle transform
// its origin again and refuse a difference.
package transform

import (
	"fmt"
	"slices"

	"github.com/mailferry/mailferry/schema"
)

// Kind of a Note.
type Kind string

// What a transform did with a value.
const (
	Mapped     Kind = "mapped"     // a value map gave it another text, which was verified
	Unverified Kind = "unverified" // mapped by an entry that nobody has verified
	Unmapped   Kind = "unmapped"   // a value map does not list it: carried as it is
	Dropped    Kind = "dropped"    // left behind by a rule, Text says why
	Renamed    Kind = "renamed"    // a credential's name
)

// Note is one line of the report. Values of secrets are not in it.
type Note struct {
	Kind  Kind        `json:"kind"`
	List  schema.List `json:"list"`
	Name  string      `json:"name"`  // the item
	Field string      `json:"field"` // Server's field
	From  string      `json:"from,omitzero"`
	To    string      `json:"to,omitzero"`
	Text  string      `json:"text,omitzero"`
}

// Apply transforms a server bundle. The result has its lists, its id, its source
// and its origin; manifest claims (created, tool, history) are the caller's,
// sealed parts pass through untouched. statements are those that stood beside
// the server bundle.
func Apply(b *schema.Bundle, rules *schema.Rules, statements []schema.Statement) (*schema.Bundle, []Note, error) {
	if b.IsCloud() {
		return nil, nil, schema.Hint(fmt.Errorf("it is a cloud bundle already"), "import takes it as it is")
	}
	o := &schema.Origin{Format: b.Format, Manifest: schema.OriginManifest{ID: b.Manifest.ID, Source: b.Manifest.Source},
		Credentials: slices.Clone(b.Credentials), Connections: slices.Clone(b.Connections), Rules: rules,
		Statements: statements}
	out, notes, err := apply(o)
	if err != nil {
		return nil, nil, err
	}
	out.Manifest.Source.Name, out.Sealed = b.Manifest.Source.Name, slices.Clone(b.Sealed)
	return out, notes, nil
}

// Rerun transforms an origin by its own rules, as the opener of a cloud bundle
// does. The rules are held to the same limits as a file's.
func Rerun(o *schema.Origin) (*schema.Bundle, error) {
	b, _, err := apply(o)
	return b, err
}

// Notes returns the report of the transform that gave a cloud bundle, or what
// the default rules would say of a server bundle. Names and fields are Server's.
func Notes(b *schema.Bundle) ([]Note, error) {
	rules := DefaultRules()
	if b.IsCloud() {
		rules = b.Origin.Rules
	}
	t := newTranslation(rules)
	for _, l := range schema.Lists() {
		if _, err := t.items(b.ServerItems(l)); err != nil {
			return nil, err
		}
	}
	return t.notes, nil
}

func apply(o *schema.Origin) (*schema.Bundle, []Note, error) {
	if o.Rules == nil {
		return nil, nil, fmt.Errorf("rules: missing")
	}
	if err := check(o.Rules); err != nil {
		return nil, nil, fmt.Errorf("rules: %w", err)
	}
	originDigest, err := o.Digest()
	if err != nil {
		return nil, nil, err
	}
	rulesDigest, err := schema.DigestOf(o.Rules)
	if err != nil {
		return nil, nil, err
	}
	id, err := schema.DigestOf([]string{schema.CloudFormat, originDigest, rulesDigest})
	if err != nil {
		return nil, nil, err
	}
	b := &schema.Bundle{Format: schema.CloudFormat, Origin: o}
	b.Manifest.ID = id[:32]
	b.Manifest.Source = schema.Source{Kind: "server-bundle", Name: o.Manifest.Source.Name,
		SHA256: originDigest, AppVersion: o.Manifest.Source.AppVersion}
	t := newTranslation(o.Rules)
	if b.Credentials, err = t.items(o.Items(schema.Credentials)); err != nil {
		return nil, nil, err
	}
	if b.Connections, err = t.items(o.Items(schema.Connections)); err != nil {
		return nil, nil, err
	}
	return b, t.notes, noTwins(b)
}

func noTwins(b *schema.Bundle) error {
	seen := map[string]bool{}
	for _, it := range b.Credentials {
		if seen[it.ItemName()] {
			return fmt.Errorf("rename_credentials: two credentials would be named %s", schema.Quote(it.ItemName()))
		}
		seen[it.ItemName()] = true
	}
	return nil
}

// translation is one run of the rules.
type translation struct {
	rules   *schema.Rules
	renames map[string]string // of credentials
	notes   []Note
}

func newTranslation(rules *schema.Rules) *translation {
	return &translation{rules: rules, renames: renames(rules)}
}

func (t *translation) note(n Note) { t.notes = append(t.notes, n) }

func (t *translation) items(from []schema.Item) ([]schema.Item, error) {
	out := make([]schema.Item, len(from))
	for i, it := range from {
		to, err := t.item(it)
		if err != nil {
			return nil, err
		}
		out[i] = to
	}
	return out, nil
}

func (t *translation) item(from schema.Item) (schema.Item, error) {
	l := from.List()
	to, rules := schema.NewItem(schema.CloudFormat, l), listRules(t.rules, l)
	fields := []string{}
	for _, f := range schema.FieldsOf(from) {
		fields = append(fields, f.Name)
	}
	for _, k := range schema.Extra(from) {
		fields = append(fields, "extra."+k)
	}
	for _, field := range fields {
		v, there := schema.Get(from, field)
		if !there && !t.mapsEmpty(rules, from, field) {
			continue
		}
		if !there {
			v = ""
		}
		note := Note{List: l, Name: from.ItemName(), Field: field}
		if d, ok := dropRule(rules, from, field); ok {
			if field == "encryption" && carriesPassword(rules, from) {
				return nil, fmt.Errorf("connection %s: a rule drops encryption and not the password",
					schema.Quote(from.ItemName()))
			}
			note.Kind, note.Text = Dropped, d.Reason
			if s, isText := v.(string); isText {
				note.From = s
			}
			t.note(note)
			continue
		}
		f, ok := fieldRule(rules, field)
		if !ok {
			return nil, schema.Hint(fmt.Errorf("%s %s: no rule carries or drops %s", l.One(),
				schema.Quote(from.ItemName()), field),
				"a value that is there is carried unless a rule drops it and says why: add one to %s.fields or %s.drops", l, l)
		}
		if err := schema.Set(to, f.To, t.value(f, v, note)); err != nil {
			return nil, fmt.Errorf("%s %s: %w", l.One(), schema.Quote(from.ItemName()), err)
		}
	}
	return to, nil
}

// mapsEmpty reports whether a rule gives a field a value that the item leaves empty.
func (t *translation) mapsEmpty(rules *schema.ListRules, it schema.Item, field string) bool {
	f, ok := fieldRule(rules, field)
	if !ok || f.Values == "" {
		return false
	}
	rule, listed := schema.ValueMap(t.rules.Values, f.Values, "")
	_, dropped := dropRule(rules, it, field)
	return listed && rule.To != "" && !dropped
}

// value maps one value and notes what it did.
func (t *translation) value(f schema.FieldRule, v any, note Note) any {
	s, isText := v.(string)
	if !isText {
		return v
	}
	mapped := s
	switch {
	case f.Values != "":
		rule, listed := schema.ValueMap(t.rules.Values, f.Values, s)
		mapped, note.From, note.To, note.Text = rule.To, s, rule.To, rule.Note
		switch {
		case !listed:
			note.Kind, note.Text = Unmapped, "value map "+f.Values+" does not list it: carried as it is"
		case rule.Verified:
			note.Kind = Mapped
		default:
			note.Kind = Unverified
		}
		t.note(note)
	case f.To == "oauth2_credentials" || note.List == schema.Credentials && f.To == "name":
		mapped = renamed(t.renames, s)
		if mapped != s {
			note.Kind, note.From, note.To = Renamed, s, mapped
			t.note(note)
		}
	}
	return mapped
}

func dropRule(rules *schema.ListRules, it schema.Item, field string) (schema.DropRule, bool) {
	for _, d := range rules.Drops {
		if d.Field != field && !(d.Field == "extra.*" && len(field) > 6 && field[:6] == "extra.") {
			continue
		}
		// A rule that carries this very extra value wins over the catch-all.
		if d.Field != field {
			if _, carried := fieldRule(rules, field); carried {
				continue
			}
		}
		if holds(d.When, it) {
			return d, true
		}
	}
	return schema.DropRule{}, false
}

// carriesPassword reports whether a connection's password goes to Cloud.
func carriesPassword(rules *schema.ListRules, it schema.Item) bool {
	if schema.SecretMarker(it) == nil {
		return false
	}
	_, dropped := dropRule(rules, it, "password")
	return !dropped
}

func holds(when map[string][]string, it schema.Item) bool {
	for f, values := range when {
		if !slices.Contains(values, schema.Text(it, f)) {
			return false
		}
	}
	return true
}

func fieldRule(rules *schema.ListRules, field string) (schema.FieldRule, bool) {
	for _, f := range rules.Fields {
		if f.From == field {
			return f, true
		}
	}
	return schema.FieldRule{}, false
}
