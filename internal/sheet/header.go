package sheet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/schema"
)

// extraPrefix heads the label of a column for a setting that the panel's
// documented fields do not name. The key behind it is kept in its own case.
const extraPrefix = "extra:"

// begin settles the delimiter: the one under which the header has the most
// known labels, or, where it has none, the most cells. Excel's own first line
// "sep=;" settles it too, and is no row, as Excel shows none.
func begin(text string, layouts []Layout) (*splitter, error) {
	if end := strings.IndexAny(text, "\r\n"); end >= 0 {
		if d, isSep := separator(text[:end]); isSep {
			rest := strings.TrimPrefix(text[end:], "\r")
			rest = strings.TrimPrefix(rest, "\n")
			switch d {
			case ",", ";", "\t":
				return &splitter{rest: rest, delimiter: d[0]}, nil
			case "": // a program that saved it anew has eaten its own delimiter
				text = rest
			default:
				return nil, schema.Invalid("the sep= line",
					"names a delimiter that is neither comma nor semicolon nor tab")
			}
		}
	}
	best, bestLabels, bestCells := byte(','), -1, 0
	var broken error
	for _, d := range []byte{',', ';', '\t'} {
		header, err := firstRow(&splitter{rest: text, delimiter: d})
		if err != nil {
			if broken == nil {
				broken = err
			}
			continue
		}
		_, labels := choose(header.cells, layouts)
		if labels > bestLabels || labels == bestLabels && len(header.cells) > bestCells {
			best, bestLabels, bestCells = d, labels, len(header.cells)
		}
	}
	if bestLabels < 1 && broken != nil {
		return nil, broken
	}
	return &splitter{rest: text, delimiter: best}, nil
}

// separator reads a line "sep=;" as Excel writes it, and as it comes back from
// programs that save it as a row: in quotes, with empty cells behind it.
func separator(line string) (delimiter string, ok bool) {
	const key = "sep="
	line = strings.ReplaceAll(line, `"`, "")
	if len(line) < len(key) || !strings.EqualFold(line[:len(key)], key) {
		return "", false
	}
	rest := strings.ReplaceAll(line[len(key):], `\t`, "\t")
	if rest == "" {
		return "", true
	}
	return rest[:1], strings.Trim(rest[1:], ",;\t ") == ""
}

// readHeader finds the layout that a header fits. places maps each of the
// header's cells to the table's column, or to -1 for a cell without a label.
func readHeader(header record, layouts []Layout) (t *Table, places []int, err error) {
	at, known := choose(header.cells, layouts)
	filled := 0
	for _, c := range header.cells {
		if strings.TrimSpace(c) != "" {
			filled++
		}
	}
	if known == 0 || known*2 < filled {
		// Perhaps the header is missing and this is a row of values: none is quoted.
		var choices []string
		for _, l := range layouts {
			choices = append(choices, labels(l.Columns))
		}
		return nil, nil, &errTable{error: schema.Hint(schema.Invalid(rowPlace(header.row),
			"is not a header: %d of its %d cells are known labels", known, filled),
			"the first row holds the labels: %s", strings.Join(choices, "; or "))}
	}
	if at < 0 {
		var names []string
		for _, l := range layouts {
			names = append(names, l.Name)
		}
		return nil, nil, schema.Invalid(rowPlace(header.row), "the labels do not tell whether these are %s",
			strings.Join(names, " or "))
	}
	layout := layouts[at]
	t = &Table{Layout: at}
	var errs schema.Errors
	taken := map[string]int{}
	for i, cell := range header.cells {
		if strings.TrimSpace(cell) == "" {
			places = append(places, -1)
			continue
		}
		c, known := layout.column(cell)
		if !known {
			errs.Add(schema.Hint(schema.Invalid(rowPlace(header.row), "unknown column %s", schema.Quote(cell)),
				"%s", whatInstead(cell, layout)))
			places = append(places, -1)
			continue
		}
		if strings.HasPrefix(c.Name, "extra.") && namesSecret(cell) {
			errs.Add(schema.Hint(schema.Invalid(rowPlace(header.row),
				"%s looks like a column of secrets, and settings are shown to reviewers", schema.Quote(c.Label)),
				"label it %s, or leave it out; if it holds no secret, label it otherwise", secretLabel(layout)))
		}
		if first, twice := taken[c.Name]; twice {
			errs.Add(schema.Invalid(rowPlace(header.row), "%s stands twice (%s and %s)", schema.Quote(c.Label),
				columnName(first), columnName(i)))
		}
		taken[c.Name] = i
		places = append(places, len(t.Columns))
		t.Columns = append(t.Columns, c)
	}
	for _, c := range layout.Columns {
		if _, there := taken[c.Name]; needed(c) && !there {
			err := schema.Invalid(rowPlace(header.row), "the column %s is missing", schema.Quote(c.Label))
			if errs.Count() == 0 {
				err = schema.Hint(err, "%s", labelsOf(layout))
			}
			errs.Add(err)
		}
	}
	// Trailing cells without a label are not part of the table's width.
	for len(places) > 0 && places[len(places)-1] < 0 {
		places = places[:len(places)-1]
	}
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}
	return t, places, nil
}

// choose returns the layout with the most labels in the header and how many
// they are; -1 where two fit equally well.
func choose(cells []string, layouts []Layout) (at, known int) {
	at = -1
	for i, l := range layouts {
		n := 0
		for _, cell := range cells {
			if _, known := l.column(cell); known {
				n++
			}
		}
		switch {
		case n > known:
			at, known = i, n
		case n == known:
			at = -1
		}
	}
	return at, known
}

// whatInstead says what to do about a column that the layout does not know.
func whatInstead(cell string, layout Layout) string {
	hint := labelsOf(layout)
	if near := human.Nearest(human.FoldLabel(cell), labelList(layout.Columns)); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	switch {
	case namesSecret(cell):
		hint += fmt.Sprintf(" A secret stands in the column %s alone; else leave it out", secretLabel(layout))
	case layout.Extra:
		hint += fmt.Sprintf(" To keep the column as it is, label it %s; else leave it out",
			schema.Quote("Extra: "+strings.TrimSpace(cell)))
	}
	return hint
}

// namesSecret reports whether a label has a word of secrets in it, which people put
// anywhere: "Password (SMTP)".
func namesSecret(label string) bool {
	words := strings.FieldsFunc(human.FoldLabel(label), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	return slices.ContainsFunc(words, look.NamesSecret)
}

// secretLabel is the label of a layout's secret.
func secretLabel(layout Layout) string {
	i := slices.IndexFunc(layout.Columns, func(c schema.Field) bool { return c.Secret })
	return schema.Quote(layout.Columns[i].Label)
}

func labelsOf(layout Layout) string {
	return fmt.Sprintf("the labels of %s are: %s.", layout.Name, labels(layout.Columns))
}

// column is the column that a cell of a header labels.
func (l Layout) column(cell string) (schema.Field, bool) {
	folded := human.FoldLabel(cell)
	for _, c := range l.Columns {
		labelled := func(label string) bool { return human.FoldLabel(label) == folded }
		if labelled(c.Label) || slices.ContainsFunc(c.Aliases, labelled) {
			return c, true
		}
	}
	label := strings.Join(strings.Fields(cell), " ")
	if !l.Extra || len(label) <= len(extraPrefix) || !strings.EqualFold(label[:len(extraPrefix)], extraPrefix) {
		return schema.Field{}, false
	}
	key := strings.TrimSpace(label[len(extraPrefix):])
	return schema.Field{Name: "extra." + key, Label: "Extra: " + key}, key != ""
}

func labels(columns []schema.Field) string { return strings.Join(labelList(columns), ", ") }

func labelList(columns []schema.Field) []string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Label)
	}
	return all
}
