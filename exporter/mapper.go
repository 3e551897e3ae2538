package exporter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mailferry/mailferry/schema"
)

// Mapper turns rows of the tables that a profile names into records. It is what
// a Jira backup and a live database share.
type Mapper struct {
	profile *schema.Profile
	tables  map[string]*table // by upper-case name
	order   []string
	warned  map[schema.Warning]bool
	warn    func(schema.Warning)
	errs    schema.Errors
	kept    int // bytes of text in all rows
}

type table struct {
	list    schema.List
	profile *schema.TableProfile
	rows    []row
	keys    map[string]string // of credentials: value of the lookup column → name
	cipher  map[string]int    // plain secret column → values that look like ciphertext
	secrets map[string]int    // plain secret column → values
}

type row struct {
	record    Record
	reference string // oauth2_credentials as the column has it, where a lookup is wanted
}

// CheckProfile says what NewMapper would refuse, by the places in the profile, for
// [schema.Locate].
func CheckProfile(p *schema.Profile) error {
	return newMapper(p, func(schema.Warning) {}).errs.Err()
}

// NewMapper checks the profile: known fields, each mapped once, the required
// ones mapped, secret columns marked plain or opaque and no others.
func NewMapper(p *schema.Profile, warn func(schema.Warning)) (*Mapper, error) {
	m := newMapper(p, warn)
	if err := m.errs.Err(); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if !p.Verified {
		m.warn(schema.Warning{What: "the profile is unverified: compare what was read with Server's panel"})
	}
	return m, nil
}

// newMapper keeps what is wrong with the profile in errs.
func newMapper(p *schema.Profile, warn func(schema.Warning)) *Mapper {
	m := &Mapper{profile: p, tables: map[string]*table{}, warned: map[schema.Warning]bool{}, warn: warn}
	if p.Credentials != nil {
		m.add(schema.Credentials, p.Credentials)
	}
	m.add(schema.Connections, &p.Connections)
	return m
}

func (m *Mapper) add(l schema.List, tp *schema.TableProfile) {
	name := FoldName(tp.Table)
	if _, twice := m.tables[name]; twice {
		m.errs.Add(schema.Invalid(string(l)+".table", "%s is already the other list's table", schema.Quote(tp.Table)))
		return
	}
	seen := map[string]bool{}
	for i, c := range tp.Columns {
		if err := m.column(l, c, fmt.Sprintf("%s.columns[%d]", l, i), seen); err != nil {
			m.errs.Add(err)
		} else if c.Column == "" {
			m.say("field", c.Field+" of "+string(l), "left unmapped by the profile")
			continue
		}
		seen[c.Field] = true
	}
	for _, f := range schema.Fields(schema.ServerFormat, l) {
		if f.Required && f.Type != schema.Boolean && !seen[f.Name] {
			m.errs.Add(schema.Hint(schema.Invalid(string(l), "no column is mapped to %s", f.Name),
				"give its entry a \"column\" from the choices that are listed there"))
		}
	}
	m.tables[name] = &table{list: l, profile: tp, keys: map[string]string{}, cipher: map[string]int{},
		secrets: map[string]int{}}
	m.order = append(m.order, name)
}

// column says what is wrong with a column of the profile, whose place is at.
func (m *Mapper) column(l schema.List, c schema.ColumnProfile, at string, seen map[string]bool) error {
	f, known := schema.FieldByName(schema.ServerFormat, l, c.Field)
	key, extra := strings.CutPrefix(c.Field, "extra.")
	extra = extra && key != ""
	switch {
	case !known && !extra:
		return schema.Invalid(at+".field", "%s is no field of a %s", schema.Quote(c.Field), l.One())
	case seen[c.Field]:
		return schema.Invalid(at+".field", "%s is mapped twice", c.Field)
	case f.Secret && c.Secret == "" && c.Column != "":
		return schema.Hint(schema.Invalid(at, "%s is a secret: say \"secret\": \"plain\" or \"opaque\"", c.Field),
			"opaque is the safe choice while you do not know whether the column holds ciphertext")
	case !f.Secret && c.Secret != "":
		return schema.Invalid(at+".secret", "%s is no secret field", c.Field)
	case !f.Secret && c.Column != "" && namesSecret(l, c.Column):
		return schema.Hint(schema.Invalid(at,
			"column %s looks like one of secrets, and %s is shown to reviewers", schema.Quote(c.Column),
			schema.Quote(c.Field)),
			"map it to %s, as plain or opaque", schema.SecretField(l))
	case c.Lookup != "" && (c.Field != "oauth2_credentials" || m.profile.Credentials == nil):
		return schema.Invalid(at+".lookup", "only oauth2_credentials looks up, in a credentials table")
	case c.Values != "" && m.profile.Values[c.Values] == nil:
		return schema.Invalid(at+".values", "the profile has no value map named %s", schema.Quote(c.Values))
	case c.Values != "" && f.Secret:
		return schema.Invalid(at+".values", "a secret has no value map")
	}
	return nil
}

// Wanted returns what the profile reads.
func (m *Mapper) Wanted() []Wanted {
	var out []Wanted
	for _, name := range m.order {
		t, w := m.tables[name], Wanted{Table: name}
		add := func(c string) {
			if c = FoldName(c); c != "" && !slices.Contains(w.Columns, c) {
				w.Columns = append(w.Columns, c)
			}
		}
		for _, c := range t.profile.Columns {
			add(c.Column)
		}
		if t.list == schema.Credentials {
			add(m.lookup())
		}
		out = append(out, w)
	}
	return out
}

// lookup returns the key column of the credentials table, or "".
func (m *Mapper) lookup() string {
	for _, c := range m.profile.Connections.Columns {
		if c.Field == "oauth2_credentials" && c.Column != "" {
			return c.Lookup
		}
	}
	return ""
}

// Row takes one row. get returns the value of a column named in upper case. What
// is wrong with the row is kept for Records; an error ends the reading.
func (m *Mapper) Row(tableName string, number int, get func(column string) Cell) error {
	name := FoldName(tableName)
	t := m.tables[name]
	r := row{record: Record{Item: schema.NewItem(schema.ServerFormat, t.list),
		Where: fmt.Sprintf("%s row %d", name, number)}}
	at := func(column string, err error) error {
		return fmt.Errorf("%s, column %s: %w", r.record.Where, column, err)
	}
	unread := false // a value, which is said and may be the name
	for _, c := range t.profile.Columns {
		if c.Column == "" {
			continue
		}
		cell := get(FoldName(c.Column))
		if cell.Err != nil {
			m.errs.Add(at(c.Column, cell.Err))
			unread = true
			continue
		}
		if cell.Null || cell.Text == "" {
			continue
		}
		if m.kept += len(cell.Text); m.kept > schema.MaxDocument {
			return at(c.Column, fmt.Errorf("more than %d bytes of text in all", schema.MaxDocument))
		}
		if err := m.cell(t, &r, c, cell.Text); err != nil {
			m.errs.Add(at(c.Column, err))
		}
	}
	if r.record.Item.ItemName() == "" && !unread {
		m.errs.Add(fmt.Errorf("%s: has no name", r.record.Where))
	}
	if c, ok := r.record.Item.(*schema.ServerConnection); ok && c.ConnectMode == "" && !unread {
		m.errs.Add(fmt.Errorf("%s: has no connect mode", r.record.Where))
	}
	if key := m.lookup(); key != "" && t.list == schema.Credentials {
		cell := get(FoldName(key))
		_, twice := t.keys[cell.Text]
		switch {
		case cell.Err != nil:
			m.errs.Add(at(key, cell.Err))
		case twice:
			m.errs.Add(at(key, errors.New("the same key stands in another row, so that no connection can refer to it")))
		}
		t.keys[cell.Text] = r.record.Item.ItemName()
	}
	t.rows = append(t.rows, r)
	if len(t.rows) > schema.MaxItems {
		return fmt.Errorf("%s: more than %d rows", name, schema.MaxItems)
	}
	return nil
}

func (m *Mapper) cell(t *table, r *row, c schema.ColumnProfile, text string) error {
	f, known := schema.FieldByName(schema.ServerFormat, t.list, c.Field)
	if known && f.Secret {
		if c.Secret == schema.Opaque {
			r.record.Reason = fmt.Sprintf("column %s holds ciphertext that only Server can open", c.Column)
			return nil
		}
		t.secrets[c.Column]++
		if LooksEncrypted(text) {
			t.cipher[c.Column]++
		}
		r.record.Secret = schema.NewSecret(text)
		return nil
	}
	if c.Values != "" {
		rule, listed := schema.ValueMap(m.profile.Values, c.Values, text)
		value := c.Values + " " + schema.Quote(text)
		switch {
		case !listed:
			m.say("value", value, "not in the profile's value map: carried as it is")
		case !rule.Verified:
			m.say("value", value+" → "+schema.Quote(rule.To), "mapped by an unverified rule of the profile")
		}
		text = rule.To
	}
	if c.Lookup != "" {
		r.reference = text
		return nil
	}
	if !known {
		return schema.Set(r.record.Item, c.Field, text)
	}
	v, err := f.Parse(text)
	if err != nil && f.Type == schema.Boolean {
		return schema.Hint(err, "%s", howToMap(c, text))
	}
	if err != nil {
		return err
	}
	return schema.Set(r.record.Item, c.Field, v)
}

// howToMap gives the lines of a profile that map a word to true or false. What is
// no short word may be a value of another column, and is not shown.
func howToMap(c schema.ColumnProfile, word string) string {
	if utf8.RuneCountInString(word) > 10 ||
		strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }) {
		word = "…"
	}
	name := cmp.Or(c.Values, "switches")
	line := fmt.Sprintf(`{"from": %q, "to": "true", "verified": true}`, word)
	if c.Values != "" {
		return fmt.Sprintf("add to %q under \"values\" of the profile what it means: %s", name, line)
	}
	return fmt.Sprintf(`let the profile say what it means: "values": %q in the column's entry, and under "values" of the profile: %q: [%s]`, name, name, line)
}

// Records returns what all rows gave, references to credentials resolved, or
// everything that is wrong with them.
func (m *Mapper) Records() ([]Record, error) {
	var out []Record
	for _, name := range m.order {
		t := m.tables[name]
		for _, r := range t.rows {
			if r.reference != "" {
				target, ok := m.tables[FoldName(m.profile.Credentials.Table)].keys[r.reference]
				if !ok {
					m.errs.Add(fmt.Errorf("%s: refers to credential %s, which table %s does not have",
						r.record.Where, schema.Quote(r.reference), m.profile.Credentials.Table))
					continue
				}
				m.errs.Add(schema.Set(r.record.Item, "oauth2_credentials", target))
			}
			out = append(out, r.record)
		}
		for column, n := range t.cipher {
			m.warn(schema.Warning{Doubt: true, What: fmt.Sprintf("%d of %d values in %s.%s look like ciphertext although the profile says plain: mark the column opaque, or a wrong password is carried", n, t.secrets[column], name, column)})
		}
	}
	return out, m.errs.Err()
}

// doubts says which table gave nothing.
func (m *Mapper) doubts() []schema.Warning {
	var out []schema.Warning
	for _, name := range m.order {
		if t := m.tables[name]; len(t.rows) == 0 {
			out = append(out, schema.Warning{What: fmt.Sprintf("table %s has no rows: is it the one that holds the %s?", schema.Quote(name), t.list)})
		}
	}
	return out
}

// say warns once of something of a kind.
func (m *Mapper) say(noun, name, what string) {
	w := schema.Warning{Noun: noun, Name: noun + " " + name, What: what}
	if !m.warned[w] {
		m.warned[w] = true
		m.warn(w)
	}
}
