package sheet

import (
	"fmt"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// extraPrefix heads the label of a column for a setting that the panel's
// documented fields do not name. The key behind it is kept in its own case.
const extraPrefix = "extra:"

// begin settles the delimiter: the one under which the header has the most
// known labels, or, where it has none, the most cells. Excel's own first line
// "sep=;" settles it too, and is no row, as Excel shows none.
func begin(text string, layouts []Layout) (*splitter, error) {
	if first, rest, found := strings.Cut(text, "\n"); found {
		first = strings.TrimSuffix(first, "\r")
		if d, isSep := strings.CutPrefix(strings.ToLower(first), "sep="); isSep {
			switch d {
			case ",", ";", "\t":
				return &splitter{rest: rest, delimiter: d[0]}, nil
			}
			return nil, invalid("the sep= line", "names a delimiter that is neither comma nor semicolon nor tab")
		}
	}
	known := map[string]bool{}
	for _, l := range layouts {
		for _, c := range l.Columns {
			known[human.FoldLabel(c.Label)] = true
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
		labels := 0
		for _, c := range header.cells {
			if known[human.FoldLabel(c)] {
				labels++
			}
		}
		if labels > bestLabels || labels == bestLabels && len(header.cells) > bestCells {
			best, bestLabels, bestCells = d, labels, len(header.cells)
		}
	}
	if bestLabels < 1 && broken != nil {
		return nil, broken
	}
	return &splitter{rest: text, delimiter: best}, nil
}

// readHeader finds the layout that a header fits. places maps each of the
// header's cells to the table's column, or to -1 for a cell without a label.
func readHeader(header record, layouts []Layout) (t *Table, places []int, err error) {
	at, known := choose(header.cells, layouts)
	if filled := count(header.cells); known == 0 || known*2 < filled {
		// Perhaps the header is missing and this is a row of values: none is quoted.
		var choices []string
		for _, l := range layouts {
			choices = append(choices, labels(l.Columns))
		}
		return nil, nil, schema.Hint(invalid(rowPlace(header.row), "is not a header: %d of its %d cells are known labels", known, filled),
			"the first row holds the labels: %s", strings.Join(choices, "; or "))
	}
	if at < 0 {
		var names []string
		for _, l := range layouts {
			names = append(names, l.Name)
		}
		return nil, nil, invalid(rowPlace(header.row), "the labels do not tell whether these are %s", strings.Join(names, " or "))
	}
	layout := layouts[at]
	t = &Table{Layout: at}
	byLabel := map[string]Column{}
	for _, c := range layout.Columns {
		byLabel[human.FoldLabel(c.Label)] = c
	}
	var problems Problems
	taken := map[string]int{}
	for i, cell := range header.cells {
		if strings.TrimSpace(cell) == "" {
			places = append(places, -1)
			continue
		}
		c, ok := byLabel[human.FoldLabel(cell)]
		if !ok && layout.Extra {
			c, ok = extraColumn(cell)
		}
		if !ok {
			problems.Add(rowPlace(header.row), "unknown column %s", schema.Quote(cell))
			if near := human.Nearest(human.FoldLabel(cell), labelList(layout.Columns)); near != "" && problems.hint == "" {
				problems.hint = fmt.Sprintf("did you mean %q?", near)
			}
			places = append(places, -1)
			continue
		}
		if first, twice := taken[c.Name]; twice {
			problems.Add(rowPlace(header.row), "%s stands twice (%s and %s)", schema.Quote(c.Label), columnName(first), columnName(i))
		}
		taken[c.Name] = i
		places = append(places, len(t.Columns))
		t.Columns = append(t.Columns, c)
	}
	for _, c := range layout.Columns {
		if _, there := taken[c.Name]; c.Required && !there {
			problems.Add(rowPlace(header.row), "the column %s is missing", schema.Quote(c.Label))
		}
	}
	if len(problems.list) > 0 && problems.hint == "" {
		problems.hint = fmt.Sprintf("the labels of %s are: %s", layout.Name, labels(layout.Columns))
	}
	// Trailing cells without a label are not part of the table's width.
	for len(places) > 0 && places[len(places)-1] < 0 {
		places = places[:len(places)-1]
	}
	return t, places, problems.Err()
}

// choose returns the layout with the most labels in the header and how many
// they are; -1 where two fit equally well.
func choose(cells []string, layouts []Layout) (at, known int) {
	at = -1
	for i, l := range layouts {
		n := 0
		for _, cell := range cells {
			_, extra := extraColumn(cell)
			hit := extra && l.Extra
			for _, c := range l.Columns {
				hit = hit || human.FoldLabel(c.Label) == human.FoldLabel(cell)
			}
			if hit {
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

func extraColumn(cell string) (Column, bool) {
	label := strings.Join(strings.Fields(cell), " ")
	if len(label) <= len(extraPrefix) || !strings.EqualFold(label[:len(extraPrefix)], extraPrefix) {
		return Column{}, false
	}
	key := strings.TrimSpace(label[len(extraPrefix):])
	return Column{Name: "extra." + key, Label: "Extra: " + key}, key != ""
}

func count(cells []string) int {
	n := 0
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

func labels(columns []Column) string { return strings.Join(labelList(columns), ", ") }

func labelList(columns []Column) []string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Label)
	}
	return all
}
