package exporter

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-json-experiment/json"

	"github.com/mailferry/mailferry/schema"
)

// synonymsFile lists what columns may be called that hold a field, most likely
// first, and what speaks for and against a table. Names are lower case without
// anything but letters and digits.
//
//go:embed synonyms.json
var synonymsFile []byte

type synonyms struct {
	Prefixes []string                  `json:"prefixes"` // may stand before a name: smtp in SMTP_HOST
	Keys     []string                  `json:"keys"`     // columns that others refer to
	Margin   int                       `json:"margin"`   // tables whose scores differ by less are as likely
	Lists    map[schema.List]listNames `json:"lists"`
}

type listNames struct {
	Minimum int                   `json:"minimum"` // score below which a table is not the one
	Empty   int                   `json:"empty"`   // added for a table without rows
	Words   map[string]int        `json:"words"`   // added where the table's name has the word
	Fields  map[string]fieldNames `json:"fields"`
}

type fieldNames struct {
	Weight int      `json:"weight"`
	Codes  bool     `json:"codes"` // the column may hold numbers that stand for texts
	Names  []string `json:"names"`
}

var loadSynonyms = sync.OnceValues(func() (*synonyms, error) {
	var s synonyms
	return &s, json.Unmarshal(synonymsFile, &s, json.RejectUnknownMembers(true))
})

// AmbiguousError says that several tables are as likely to be a list's.
type AmbiguousError struct {
	List   schema.List
	Tables []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("these tables are as likely to hold the %s: %s", e.List, schema.Quotes(e.Tables))
}

// SuggestProfile guesses from names, types and row counts alone which of the
// app's tables hold connections and credentials, and in which columns. The
// profile is unverified, secret columns are opaque in it, and what could not be
// guessed is an entry without a column that lists those to choose from. notes
// say what a person should look at.
//
// Without a likely connections table, or with two as likely, there is no
// profile: see [AmbiguousError]. Without a credentials table there is a profile
// for connections.
func SuggestProfile(tables []Table) (p *schema.Profile, notes []string, err error) {
	syn, err := loadSynonyms()
	if err != nil {
		return nil, nil, fmt.Errorf("embedded synonyms: %w", err)
	}
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
		err := fmt.Errorf("no %s table looks like one of connections", AppPrefix+"*")
		if len(names) > 0 {
			err = fmt.Errorf("no table looks like one of connections; there are: %s", schema.Quotes(names))
		}
		return nil, nil, schema.Hint(err, "look at their columns with mailferry inspect, and write a profile by hand after samples/profile.json")
	}
	p = &schema.Profile{
		Format: schema.ProfileFormat,
		Note:   "Suggested from the names of tables and columns; no value was looked at. Choose a column where none is given, say plain for a secret only if the column holds the secret itself, and set verified to true once what is read equals Server's panel.",
	}
	rest := slices.DeleteFunc(tables, func(t Table) bool { return t.Name == conn.table.Name })
	cred, err := syn.likeliest(schema.Credentials, rest)
	var several *AmbiguousError
	switch {
	case errors.As(err, &several):
		notes = append(notes, fmt.Sprintf("%v: none is picked; say which one with --table", several))
	case cred == nil:
		notes = append(notes, "no table looks like one of OAuth2 credentials")
	default:
		cp := cred.profile(&notes)
		p.Credentials = &cp
	}
	p.Connections = conn.profile(&notes)
	syn.reference(p, conn, cred, &notes)
	return p, notes, nil
}

// guess is a table with what its columns seem to be.
type guess struct {
	list    schema.List
	table   Table
	score   int
	columns map[string]Column // by field
	names   listNames
}

// likeliest returns the table that scores highest, or nil where none scores
// enough.
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
	alike := &AmbiguousError{List: l}
	for _, g := range all {
		if all[0].score-g.score < s.Margin {
			alike.Tables = append(alike.Tables, g.table.Name)
		}
	}
	if len(alike.Tables) > 1 {
		return nil, alike
	}
	return all[0], nil
}

// guess gives each field the column with the likeliest name, each column once.
func (s *synonyms) guess(l schema.List, t Table) *guess {
	g := &guess{list: l, table: t, columns: map[string]Column{}, names: s.Lists[l]}
	type match struct {
		field  string
		column Column
		rank   int
	}
	var matches []match
	for _, f := range schema.Fields(schema.ServerFormat, l) {
		for _, c := range t.Columns {
			if rank := s.rank(g.names.Fields[f.Name].Names, c.Name); rank >= 0 && fits(f, g.names.Fields[f.Name].Codes, c.Type) {
				matches = append(matches, match{f.Name, c, rank})
			}
		}
	}
	slices.SortStableFunc(matches, func(x, y match) int { return cmp.Compare(x.rank, y.rank) })
	used := map[string]bool{}
	for _, m := range matches {
		if _, has := g.columns[m.field]; has || used[m.column.Name] {
			continue
		}
		g.columns[m.field], used[m.column.Name] = m.column, true
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
// or -1. A name with a prefix comes after all names without.
func (s *synonyms) rank(names []string, column string) int {
	n := normal(column)
	if i := slices.Index(names, n); i >= 0 {
		return i
	}
	for _, p := range s.Prefixes {
		if rest, ok := strings.CutPrefix(n, p); ok {
			if i := slices.Index(names, rest); i >= 0 {
				return len(names) + i
			}
		}
	}
	return -1
}

// namesSecret reports whether a column's name is one of a list's secret field.
func namesSecret(l schema.List, column string) bool {
	s, err := loadSynonyms()
	if err != nil {
		return false
	}
	return s.rank(s.Lists[l].Fields[schema.SecretField(l)].Names, column) >= 0
}

func normal(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// profile maps what was guessed and leaves the rest to choose.
func (g *guess) profile(notes *[]string) schema.TableProfile {
	tp := schema.TableProfile{Table: g.table.Name}
	taken := map[string]bool{}
	for _, c := range g.columns {
		taken[c.Name] = true
	}
	var free []string
	for _, c := range g.table.Columns {
		if !taken[c.Name] && kindOf(c.Type) != binaryKind {
			free = append(free, c.Name)
		}
	}
	for _, f := range schema.Fields(schema.ServerFormat, g.list) {
		c := schema.ColumnProfile{Field: f.Name}
		if f.Secret {
			c.Secret = schema.Opaque
		}
		column, ok := g.columns[f.Name]
		switch {
		case !ok:
			c.Choices, c.Note = free, "no column looks like it: choose one, or take this entry out"
			*notes = append(*notes, fmt.Sprintf("no column of %s looks like %s", g.table.Name, f.Label))
		case f.Secret:
			c.Column, c.Note = column.Name, "opaque is never exported; plain only if the column holds the secret itself"
		case g.names.Fields[f.Name].Codes && kindOf(column.Type) == numberKind && f.Name != "oauth2_credentials":
			c.Column, c.Note = column.Name, "holds numbers: name a value map in \"values\" that turns them into the panel's words"
			*notes = append(*notes, fmt.Sprintf("column %s of %s holds numbers: it needs a value map", column.Name, g.table.Name))
		default:
			c.Column = column.Name
		}
		tp.Columns = append(tp.Columns, c)
	}
	if len(free) > 0 {
		*notes = append(*notes, fmt.Sprintf("columns of %s that nothing is mapped to: %s (a setting among them can be carried as extra.KEY)", g.table.Name, strings.Join(free, ", ")))
	}
	return tp
}

// reference finds out how connections refer to credentials: by a key, which
// needs a lookup, or by name.
func (s *synonyms) reference(p *schema.Profile, conn, cred *guess, notes *[]string) {
	i := slices.IndexFunc(p.Connections.Columns, func(c schema.ColumnProfile) bool { return c.Field == "oauth2_credentials" })
	c := &p.Connections.Columns[i]
	if c.Column == "" {
		return
	}
	byKey := kindOf(conn.columns[c.Field].Type) == numberKind
	for _, k := range s.Keys {
		byKey = byKey || strings.HasSuffix(normal(c.Column), k)
	}
	if !byKey {
		c.Note = "taken as the credential's name; add \"lookup\" if it is a key"
		return
	}
	if cred != nil && p.Credentials != nil {
		for _, k := range s.Keys {
			for _, column := range cred.table.Columns {
				if normal(column.Name) == k {
					c.Lookup = column.Name
					return
				}
			}
		}
	}
	c.Choices, c.Column = []string{c.Column}, ""
	c.Note = "refers to a credential by a key, but in which table and column is not known: give \"column\", \"lookup\" and \"credentials\""
	*notes = append(*notes, fmt.Sprintf("%s of %s refers to a credential by a key, but nothing looks like the key's column", c.Choices[0], p.Connections.Table))
}

// kind is what matters of a column's type.
type kind int

const (
	otherKind kind = iota // unknown to us, or not known: it may be anything
	textKind
	numberKind
	switchKind
	timeKind
	binaryKind
)

// kindOf understands the types of PostgreSQL, MySQL and java.sql.Types.
func kindOf(typ string) kind {
	t := strings.ToLower(typ)
	base, _, _ := strings.Cut(t, "(")
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(base, w) })
	}
	switch {
	case has("bool") || base == "bit" || strings.HasPrefix(t, "tinyint(1)"):
		return switchKind
	case has("blob", "binary", "bytea"):
		return binaryKind
	case has("char", "text", "clob"):
		return textKind
	case has("int", "serial", "num", "decimal", "float", "double", "real"):
		return numberKind
	case has("date", "time"):
		return timeKind
	default:
		return otherKind
	}
}

// fits reports whether a column of that type can hold the field.
func fits(f schema.Field, codes bool, typ string) bool {
	switch k := kindOf(typ); k {
	case otherKind:
		return true
	case timeKind, binaryKind:
		return false
	case switchKind:
		return f.Type == schema.Boolean
	case numberKind:
		return f.Type == schema.Integer || f.Type == schema.Boolean || codes
	default:
		return true
	}
}
