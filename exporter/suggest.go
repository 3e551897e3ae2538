package exporter

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-json-experiment/json"

	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/schema"
)

// synonymsFile lists what columns may be called that hold a field, most likely
// first, and what speaks for and against a table. Names are lower case without
// anything but letters and digits.
//
//go:embed synonyms.json
var synonymsFile []byte

type synonyms struct {
	Prefixes   []string                  `json:"prefixes"`   // may stand before a name: smtp in SMTP_HOST
	Suffixes   []string                  `json:"suffixes"`   // may stand behind one: enc in PASSWORD_ENC
	Keys       []string                  `json:"keys"`       // columns that others refer to, and the last word of those
	References []string                  `json:"references"` // stand in the names of columns that refer to credentials
	Margin     int                       `json:"margin"`     // tables whose scores differ by less are as likely
	Lists      map[schema.List]listNames `json:"lists"`
	Labels     map[string][]labelRule    `json:"labels"` // by field, or "boolean"
}

type listNames struct {
	Minimum int                   `json:"minimum"` // score below which a table is not the one
	Empty   int                   `json:"empty"`   // added for a table without rows
	Words   map[string]int        `json:"words"`   // added where the table's name has the word
	Fields  map[string]fieldNames `json:"fields"`
}

// labelRule gives the panel's label for stored words. The first that fits
// decides; one without a label says that a word is ambiguous.
type labelRule struct {
	To     string   `json:"to"`
	Any    []string `json:"any"`    // one of these stands in the word,
	Equals []string `json:"equals"` // or is the word; and
	With   []string `json:"with"`   // so does one of these
}

type fieldNames struct {
	Weight int      `json:"weight"`
	Codes  bool     `json:"codes"` // the column may hold numbers that stand for texts
	Names  []string `json:"names"`
}

var loadSynonyms = sync.OnceValue(func() *synonyms {
	var s synonyms
	if err := json.Unmarshal(synonymsFile, &s, json.RejectUnknownMembers(true)); err != nil {
		panic(fmt.Sprintf("embedded synonyms: %v", err)) // the binary itself is broken
	}
	return &s
})

// SuggestProfile guesses from names and row counts alone which of the app's tables
// hold connections and credentials, and in which columns. The profile is unverified,
// secret columns are opaque in it, and what could not be guessed is an entry without
// a column that lists those to choose from. notes say what a person should look at.
//
// Without a likely connections table, or with two as likely, there is no profile.
// Without a credentials table there is a profile for connections.
func SuggestProfile(tables []Table) (p *schema.Profile, notes []string, err error) {
	syn := loadSynonyms()
	tables = slices.DeleteFunc(slices.Clone(tables), func(t Table) bool { return !IsAppTable(t.Name) })
	conn, err := syn.likeliest(schema.Connections, tables)
	if err != nil {
		return nil, nil, schema.Hint(err, "say which one with --table")
	}
	if conn == nil {
		var names []string
		for _, t := range tables {
			names = append(names, t.Name)
		}
		err := fmt.Errorf("no table looks like one of connections; of the app there are: %s",
			cmp.Or(schema.Quotes(names), "none"))
		return nil, nil, schema.Hint(err,
			"look at their columns with mailferry inspect, and write a profile by hand after samples/profile.json")
	}
	p = &schema.Profile{
		Format: schema.ProfileFormat,
		Note:   "Suggested from the names of tables and columns; of values only the words listed under values were looked at. Choose a column where none is given, say plain for a secret only if the column holds the secret itself, and set verified to true once what is read equals Server's panel.",
	}
	rest := slices.DeleteFunc(tables, func(t Table) bool { return t.Name == conn.table.Name })
	cred, err := syn.likeliest(schema.Credentials, rest)
	switch {
	case err != nil:
		notes = append(notes, fmt.Sprintf("%v: none is picked; say which one with --table", err))
	case cred == nil:
		notes = append(notes, "no table looks like one of OAuth2 credentials")
	default:
		cp := cred.profile(&notes)
		p.Credentials = &cp
		syn.refer(conn, cred)
	}
	p.Connections = conn.profile(&notes)
	syn.reference(p, cred, &notes)
	return p, notes, nil
}

// guess is a table with what its columns seem to be.
type guess struct {
	list    schema.List
	table   Table
	score   int
	columns map[string]string // by field
	names   listNames
}

// likeliest returns the table that scores highest, or nil where none scores
// enough. That several are as likely is an error.
func (s *synonyms) likeliest(l schema.List, tables []Table) (*guess, error) {
	var all []*guess
	for _, t := range tables {
		if g := s.guess(l, t); g.score >= s.Lists[l].Minimum {
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(x, y *guess) int { return cmp.Compare(y.score, x.score) })
	if len(all) == 0 {
		return nil, nil
	}
	var alike []string
	for _, g := range all {
		if all[0].score-g.score < s.Margin {
			alike = append(alike, g.table.Name)
		}
	}
	if len(alike) > 1 {
		return nil, fmt.Errorf("these tables are as likely to hold the %s: %s", l, schema.Quotes(alike))
	}
	return all[0], nil
}

// guess gives each field the column with the likeliest name, each column once.
func (s *synonyms) guess(l schema.List, t Table) *guess {
	g := &guess{list: l, table: t, columns: map[string]string{}, names: s.Lists[l]}
	type match struct {
		field, column string
		rank          int
	}
	var matches []match
	for _, f := range schema.Fields(schema.ServerFormat, l) {
		for _, c := range t.Columns {
			rank := s.rank(g.names.Fields[f.Name].Names, normal(c.Name), maxAffixes)
			if f.Secret && rank < 0 {
				rank = s.rankSecret(l, c.Name)
			}
			if rank >= 0 {
				matches = append(matches, match{f.Name, c.Name, rank})
			}
		}
	}
	slices.SortStableFunc(matches, func(x, y match) int { return cmp.Compare(x.rank, y.rank) })
	used := map[string]bool{}
	for _, m := range matches {
		if g.columns[m.field] != "" || used[m.column] {
			continue
		}
		g.columns[m.field], used[m.column] = m.column, true
		g.score += g.names.Fields[m.field].Weight
	}
	for word, weight := range g.names.Words {
		if strings.Contains(normal(t.Name), word) {
			g.score += weight
		}
	}
	if t.Rows == 0 {
		g.score += g.names.Empty
	}
	return g
}

// rank is the place of a column's name among the synonyms, lower is likelier,
// or -1. Up to so many prefixes and suffixes are taken off: a name comes after all
// that have fewer of them.
func (s *synonyms) rank(names []string, name string, affixes int) int {
	if i := slices.Index(names, name); i >= 0 || affixes == 0 {
		return i
	}
	best := -1
	shorter := func(rest string, cut bool) {
		if !cut {
			return
		}
		if r := s.rank(names, rest, affixes-1); r >= 0 && (best < 0 || r < best) {
			best = r
		}
	}
	for _, p := range s.Prefixes {
		shorter(strings.CutPrefix(name, p))
	}
	for _, p := range s.Suffixes {
		shorter(strings.CutSuffix(name, p))
	}
	if best < 0 {
		return -1
	}
	return best + len(names)
}

// rankSecret ranks a column for a secret field: behind all others, one whose
// last word is one of secrets, whatever stands before it.
func (s *synonyms) rankSecret(l schema.List, column string) int {
	names := s.Lists[l].Fields[schema.SecretField(l)].Names
	if r := s.rank(names, normal(column), maxAffixes); r >= 0 {
		return r
	}
	if look.NamesSecret(column) {
		return 1 << 20
	}
	return -1
}

// namesSecret reports whether a column's name is one of a list's secret field.
func namesSecret(l schema.List, column string) bool {
	return loadSynonyms().rankSecret(l, column) >= 0
}

func normal(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// free are the columns that no field has.
func (g *guess) free() []string {
	taken := slices.Collect(maps.Values(g.columns))
	var out []string
	for _, c := range g.table.Columns {
		if !slices.Contains(taken, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// profile maps what was guessed and leaves the rest to choose.
func (g *guess) profile(notes *[]string) schema.TableProfile {
	tp := schema.TableProfile{Table: g.table.Name}
	free := g.free()
	for _, f := range schema.Fields(schema.ServerFormat, g.list) {
		c := schema.ColumnProfile{Field: f.Name, Column: g.columns[f.Name]}
		if f.Secret {
			c.Secret, c.Note = schema.Opaque,
				"opaque is never exported; plain only if the column holds the secret itself"
		}
		if c.Column == "" {
			c.Choices, c.Note = free, "no column looks like it: choose one, or take this entry out"
			*notes = append(*notes, fmt.Sprintf("no column of %s looks like %s", g.table.Name, f.Label))
		}
		tp.Columns = append(tp.Columns, c)
	}
	if len(free) > 0 {
		*notes = append(*notes, fmt.Sprintf("columns of %s that nothing is mapped to: %s (a setting among them can be carried as extra.KEY)", g.table.Name, strings.Join(free, ", ")))
	}
	return tp
}

// refer finds the column that refers to the credentials' table where none of
// the names that are known is there: one that ends as a key does, behind the
// table's name or a word for credentials.
func (s *synonyms) refer(conn, cred *guess) {
	if conn.columns[oauth2] != "" {
		return
	}
	words := append(slices.Clone(s.References), strings.TrimSuffix(normal(cred.table.Name[len(AppPrefix):]), "s"))
	for _, c := range conn.free() {
		about := slices.ContainsFunc(words, func(w string) bool { return strings.Contains(normal(c), w) })
		if about && s.isKey(c) && !namesSecret(schema.Connections, c) {
			conn.columns[oauth2] = c
			return
		}
	}
}

// isKey reports whether a column's name ends as those do that refer to others.
func (s *synonyms) isKey(column string) bool {
	n := normal(column)
	return slices.ContainsFunc(s.Keys, func(k string) bool { return strings.HasSuffix(n, k) })
}

// oauth2 is the field that refers to a credential.
const oauth2 = "oauth2_credentials"

// reference finds out how connections refer to credentials: by a key, which
// needs a lookup, or by name.
func (s *synonyms) reference(p *schema.Profile, cred *guess, notes *[]string) {
	i := slices.IndexFunc(p.Connections.Columns, func(c schema.ColumnProfile) bool { return c.Field == oauth2 })
	c := &p.Connections.Columns[i]
	if c.Column == "" {
		return
	}
	if !s.isKey(c.Column) {
		c.Note = "taken as the credential's name; add \"lookup\" if it is a key"
		return
	}
	if cred != nil {
		if c.Lookup = s.key(cred.table, c.Column); c.Lookup != "" {
			return
		}
	}
	c.Choices, c.Column = []string{c.Column}, ""
	c.Note = "refers to a credential by a key, but in which table and column is not known: give \"column\", \"lookup\" and \"credentials\""
	*notes = append(*notes, fmt.Sprintf("%s of %s refers to a credential by a key, but nothing looks like the key's column", c.Choices[0], p.Connections.Table))
}

// key returns the column of a table that others refer to, or "": its id, or the
// one that is called as the column that refers to it.
func (s *synonyms) key(t Table, reference string) string {
	for _, k := range append(slices.Clone(s.Keys), normal(reference), normal(t.Name[len(AppPrefix):])+"id") {
		for _, column := range t.Columns {
			if normal(column.Name) == k {
				return column.Name
			}
		}
	}
	return ""
}
