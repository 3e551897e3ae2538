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
	Prefixes   []string                  `json:"prefixes"`   // may stand before a name: smtp in SMTP_HOST
	Suffixes   []string                  `json:"suffixes"`   // may stand behind one: enabled in DEBUG_ENABLED
	Secrets    []string                  `json:"secrets"`    // last words of columns that hold secrets
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
	With   []string `json:"with"`   // so does one of these,
	Beside []string `json:"beside"` // or one of these in another word of the column
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
		err := fmt.Errorf("no %s table looks like one of connections", AppPrefix+"*")
		if len(names) > 0 {
			err = fmt.Errorf("no table looks like one of connections; there are: %s", schema.Quotes(names))
		}
		return nil, nil, schema.Hint(err, "look at their columns with mailferry inspect, and write a profile by hand after samples/profile.json")
	}
	p = &schema.Profile{
		Format: schema.ProfileFormat,
		Note:   "Suggested from the names of tables and columns; of values only the words listed under values were looked at. Choose a column where none is given, say plain for a secret only if the column holds the secret itself, and set verified to true once what is read equals Server's panel.",
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
		syn.refer(conn, cred)
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
	own := strings.Split(strings.ToLower(t.Name[len(AppPrefix):]), "_") // may stand before a name too
	for _, f := range schema.Fields(schema.ServerFormat, l) {
		for _, c := range t.Columns {
			rank := s.rank(g.names.Fields[f.Name].Names, c.Name, own)
			if f.Secret && rank < 0 {
				rank = s.rankSecret(l, c.Name)
			}
			if rank >= 0 && fits(f, g.names.Fields[f.Name].Codes, c.Type) {
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
// or -1. A name comes after all names that had fewer prefixes and suffixes.
func (s *synonyms) rank(names []string, column string, prefixes []string) int {
	short := map[string]bool{normal(column): true}
	for base := 0; len(short) > 0; base += len(names) {
		best, shorter := -1, map[string]bool{}
		for n := range short {
			if i := slices.Index(names, n); i >= 0 && (best < 0 || i < best) {
				best = i
			}
			for _, p := range slices.Concat(s.Prefixes, prefixes) {
				if rest, cut := strings.CutPrefix(n, p); cut && p != "" {
					shorter[rest] = true
				}
			}
			for _, p := range s.Suffixes {
				if rest, cut := strings.CutSuffix(n, p); cut {
					shorter[rest] = true
				}
			}
		}
		if best >= 0 {
			return base + best
		}
		short = shorter
	}
	return -1
}

// rankSecret ranks a column for a secret field: behind all others, one whose
// last word is one of secrets, whatever stands before it.
func (s *synonyms) rankSecret(l schema.List, column string) int {
	names := s.Lists[l].Fields[schema.SecretField(l)].Names
	if r := s.rank(names, column, nil); r >= 0 {
		return r
	}
	words := strings.FieldsFunc(strings.ToLower(column), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) > 0 && slices.Contains(s.Secrets, words[len(words)-1]) {
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
		case g.names.Fields[f.Name].Codes && kindOf(column.Type) == numberKind && f.Name != oauth2:
			c.Column, c.Note = column.Name, "holds numbers: name a value map in \"values\" that turns them into the panel's words"
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

// refer finds the column that refers to the credentials' table where none of
// the names that are known is there: one that ends as a key does, behind the
// table's name or a word for credentials.
func (s *synonyms) refer(conn, cred *guess) {
	if _, has := conn.columns[oauth2]; has {
		return
	}
	target := strings.TrimSuffix(normal(cred.table.Name[len(AppPrefix):]), "s")
	for _, c := range conn.table.Columns {
		n := normal(c.Name)
		key := slices.IndexFunc(s.Keys, func(k string) bool { return strings.HasSuffix(n, k) })
		about := strings.Contains(n, target) || slices.ContainsFunc(s.References, func(w string) bool { return strings.Contains(n, w) })
		taken := false
		for _, other := range conn.columns {
			taken = taken || other.Name == c.Name
		}
		if key >= 0 && about && !taken && !namesSecret(schema.Connections, c.Name) && kindOf(c.Type) != timeKind {
			conn.columns[oauth2] = c
			return
		}
	}
}

// oauth2 is the field that refers to a credential.
const oauth2 = "oauth2_credentials"

// reference finds out how connections refer to credentials: by a key, which
// needs a lookup, or by name.
func (s *synonyms) reference(p *schema.Profile, conn, cred *guess, notes *[]string) {
	i := slices.IndexFunc(p.Connections.Columns, func(c schema.ColumnProfile) bool { return c.Field == oauth2 })
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
