package exporter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mailferry/mailferry/schema"
)

// CipherCount says how many values of a column look like ciphertext, of how
// many that are not empty.
type CipherCount struct {
	Table     string `json:"table"`
	Column    string `json:"column"`
	Encrypted int    `json:"encrypted"`
	Values    int    `json:"values"`
}

// CountCiphertext reads the secret columns that a profile names, and nothing
// else, to count the values that look like ciphertext. It shows none and keeps
// none.
func CountCiphertext(ctx context.Context, t Tables, p *schema.Profile) ([]CipherCount, error) {
	_, counts, err := survey(ctx, t, p, func(schema.List, *schema.ColumnProfile) bool { return false })
	return counts, err
}

// SuggestValues gives the columns of a suggested profile that hold the connect
// mode, the encryption, the service provider, the grant or a switch a value map each: the
// distinct words that are really there, at most a dozen, and the panel's label
// for each where the documents have one and the word leaves no doubt; else the
// word itself, to be edited. It reads these columns and, in the same pass, those
// of secrets, which it counts as [CountCiphertext] does. Values of a column that
// is named like one of secrets, or that do not read as settings, are not shown.
func SuggestValues(ctx context.Context, t Tables, p *schema.Profile) (counts []CipherCount, notes []string, err error) {
	syn := loadSynonyms()
	columns, counts, err := survey(ctx, t, p, syn.isChoice)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range columns {
		if c.profile.Secret == "" {
			notes = append(notes, syn.valueMap(p, c)...)
		}
	}
	return counts, notes, nil
}

// isChoice reports whether a column holds one of a few words of the panel's, and
// nothing that could be a secret.
func (s *synonyms) isChoice(l schema.List, c *schema.ColumnProfile) bool {
	f, _ := schema.FieldByName(schema.ServerFormat, l, c.Field)
	choice := f.Type == schema.Boolean || s.Lists[l].Fields[c.Field].Codes && c.Field != oauth2
	return choice && !namesSecret(schema.Connections, c.Column) && !namesSecret(schema.Credentials, c.Column)
}

// surveyed is a column with what was counted in it, or the words of a setting.
type surveyed struct {
	CipherCount // names in upper case
	profile     *schema.ColumnProfile
	words       []string // as they are found
	doubtful    bool     // the values do not read as those of a menu: words is empty
}

// survey reads the secret columns that a profile names, to count, and the words of
// those that are choices.
func survey(ctx context.Context, t Tables, p *schema.Profile, isChoice func(schema.List, *schema.ColumnProfile) bool,
) (columns []*surveyed, counts []CipherCount, err error) {
	var wanted []Wanted
	add := func(l schema.List, tp *schema.TableProfile) {
		w := Wanted{Table: FoldName(tp.Table)}
		for i := range tp.Columns {
			if c := &tp.Columns[i]; c.Column != "" && (c.Secret != "" || isChoice(l, c)) {
				w.Columns = append(w.Columns, FoldName(c.Column))
				count := CipherCount{Table: w.Table, Column: FoldName(c.Column)}
				columns = append(columns, &surveyed{CipherCount: count, profile: c})
			}
		}
		if len(w.Columns) > 0 {
			wanted = append(wanted, w)
		}
	}
	add(schema.Connections, &p.Connections)
	if p.Credentials != nil {
		add(schema.Credentials, p.Credentials)
	}
	if len(wanted) == 0 {
		return nil, nil, nil
	}
	_, err = t.ReadTables(ctx, wanted, func(table string, _ int, get func(string) Cell) error {
		for _, c := range columns {
			if c.Table == table {
				c.take(get(c.Column).Text)
			}
		}
		return nil
	}, func(schema.Warning) {})
	for _, c := range columns {
		if c.profile.Secret != "" {
			counts = append(counts, c.CipherCount)
		}
	}
	return columns, counts, err
}

func (c *surveyed) take(text string) {
	switch {
	case text == "":
	case c.profile.Secret != "":
		c.Values++
		if LooksEncrypted(text) {
			c.Encrypted++
		}
	default:
		c.word(text)
	}
}

func (c *surveyed) word(text string) {
	if c.doubtful || slices.Contains(c.words, text) {
		return
	}
	c.words = append(c.words, text)
	if len(c.words) > maxWords || !isSetting(text) {
		c.doubtful, c.words = true, nil
	}
}

// isSetting reports whether a value reads as a word of a menu, or a code: short,
// without what only passwords have, letters and digits not mixed at random.
func isSetting(text string) bool {
	changes, last := 0, rune(0)
	for _, r := range text {
		switch letter, digit := unicode.IsLetter(r), unicode.IsDigit(r); {
		case !letter && !digit && !strings.ContainsRune(" _-./()+:,&", r):
			return false
		case !letter && !digit:
			changes = 0
		case digit && unicode.IsLetter(last) || letter && unicode.IsDigit(last):
			if changes++; changes > 2 {
				return false
			}
		}
		last = r
	}
	return utf8.RuneCountInString(text) <= maxWord && !LooksEncrypted(text)
}

// valueMap gives the column a value map of its words.
func (s *synonyms) valueMap(p *schema.Profile, c *surveyed) []string {
	at := fmt.Sprintf("column %s of %s", c.profile.Column, c.Table)
	if c.doubtful {
		return []string{at + " does not read as one of settings (more than a dozen values, or some that are no words): none is shown"}
	}
	if len(c.words) == 0 {
		return nil
	}
	slices.Sort(c.words)
	field := c.profile.Field
	var open []string
	var rules []schema.ValueRule
	for _, w := range c.words {
		r := schema.ValueRule{From: w, To: w}
		if label, sure := s.label(field, w); sure {
			r.To = label
		} else {
			r.Note, open = s.question(field), append(open, w)
		}
		rules = append(rules, r)
	}
	if p.Values == nil {
		p.Values = map[string][]schema.ValueRule{}
	}
	p.Values[field] = rules
	c.profile.Values, c.profile.Note = field, ""
	if len(open) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: say under values.%s what %s means on the panel", at, field, schema.Quotes(open))}
}

// label returns the panel's label for a stored word, and whether the word leaves no
// doubt. The labels of encryption and grant are not documented: their words are
// carried as they are.
func (s *synonyms) label(field, word string) (string, bool) {
	n := normal(word)
	in := func(words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(n, w) })
	}
	for _, r := range s.labels(field) {
		if (in(r.Any) || slices.Contains(r.Equals, n)) && (len(r.With) == 0 || in(r.With)) {
			return r.To, r.To != ""
		}
	}
	return word, (field == "encryption" || field == "grant") && strings.ContainsFunc(word, unicode.IsLetter)
}

func (s *synonyms) labels(field string) []labelRule {
	if f, _ := schema.FieldByName(schema.ServerFormat, schema.Connections, field); f.Type == schema.Boolean {
		return s.Labels["boolean"]
	}
	return s.Labels[field]
}

// question is the note beside a word that a person must give a label.
func (s *synonyms) question(field string) string {
	var choices []string
	for _, r := range s.labels(field) {
		if r.To != "" && !slices.Contains(choices, r.To) {
			choices = append(choices, r.To)
		}
	}
	if len(choices) == 0 {
		return "write what the panel shows for it"
	}
	return "write what the panel shows for it, such as " + strings.Join(choices, " | ")
}
