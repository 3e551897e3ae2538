package page

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
)

// Row is one row of a table or one item of a list, as it was when it was read. Its Scope is the
// row, so that its own buttons can be pressed: row.Menu(ctx, "More actions", "Edit"). It holds
// as long as the page shows the same row.
type Row struct {
	*Scope
	columns []cell
	cells   []cell
	text    string
}

// cell is what one cell shows: its text, and the texts that it is made of, such as a name and
// a badge beside it.
type cell struct {
	text  string
	parts []string
}

func readCell(n *node) cell {
	c := cell{text: n.cellText()}
	n.each(func(at *node) bool {
		if at.name != "" && (at.is("StaticText", "heading") || at.is(pressRoles...)) {
			c.parts = append(c.parts, human.Squeeze(at.name))
		}
		return !holdsTypedText(at)
	})
	return c
}

// says reports whether the cell's text, or one that it is made of, is the label.
func (c cell) says(label string) bool {
	want := human.FoldLabel(label)
	return human.FoldLabel(c.text) == want ||
		slices.ContainsFunc(c.parts, func(part string) bool { return human.FoldLabel(part) == want })
}

// cell is the one under the column, or of an item in a list of cards what stands first in it.
func (r *Row) cell(column string) (cell, bool) {
	for i, have := range r.columns {
		if have.says(column) && i < len(r.cells) {
			return r.cells[i], true
		}
	}
	if len(r.columns) == 0 && len(r.cells) == 1 {
		return r.cells[0], true
	}
	return cell{}, false
}

// Cell returns the text under the column with the header, compared as labels are, or of a list
// of cards the heading, link or text that stands first in the card; found is false when the
// table has no such column.
func (r *Row) Cell(column string) (text string, found bool) {
	c, found := r.cell(column)
	return c.text, found
}

// Parts lists the texts that the cell under the column is made of, such as the name and a
// badge beside it.
func (r *Row) Parts(column string) []string {
	c, _ := r.cell(column)
	return c.parts
}

// Columns lists the table's column headers; empty for a list.
func (r *Row) Columns() []string {
	var names []string
	for _, c := range r.columns {
		names = append(names, c.text)
	}
	return names
}

// key is all that a row shows.
func (r *Row) key() string {
	var key strings.Builder
	for _, c := range r.cells {
		key.WriteString(c.text + "\x00")
	}
	return key.String() + r.text
}

// Text is everything that the row shows.
func (r *Row) Text() string { return r.text }

func errTooManyRows() error { return fmt.Errorf("the list has more than %d rows", maxRows) }

// Rows reads the rows that the scope's table or list shows now. With columns named, it is the
// table that has all of them, or where none has, the only list of cards; without, it is the
// only table, or, when there is no table, the only list. Header rows and rows with one cell for
// all columns are left out.
func (s *Scope) Rows(ctx context.Context, columns ...string) ([]*Row, error) {
	_, rows, err := s.read(ctx, columns)
	return rows, err
}

func (s *Scope) read(ctx context.Context, columns []string) (*table, []*Row, error) {
	v, err := s.Look(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s.rowsIn(v, columns)
}

func (s *Scope) rowsIn(v *Look, columns []string) (found *table, rows []*Row, err error) {
	if found, err = v.table(columns); err != nil {
		return nil, nil, err
	}
	for _, n := range found.rows {
		row := &Row{columns: found.columns, text: n.text()}
		if row.cells = readCells(n); found.cards {
			row.cells = []cell{title(n)}
		}
		row.Scope = &Scope{page: s.page, frame: s.frame, part: n, what: fmt.Sprintf("the row %q", Clean(row.text))}
		rows = append(rows, row)
	}
	return found, rows, nil
}

// title is what names a card.
func title(card *node) cell {
	for _, roles := range [][]string{{"heading"}, {"link"}, {"StaticText"}} {
		var first *node
		card.each(func(n *node) bool {
			if first == nil && n.is(roles...) && n.cellText() != "" {
				first = n
			}
			return first == nil
		})
		if first != nil {
			return readCell(first)
		}
	}
	return readCell(card)
}

// table is a table or list as the tree shows it.
type table struct {
	root    *node
	columns []cell
	rows    []*node
	cards   bool
}

// table chooses the one that has the columns.
func (l *Look) table(columns []string) (*table, error) {
	var tables, lists []*table
	var seen []string
	var head *table // a header that stands in a table of its own
	l.root.each(func(n *node) bool {
		switch n.role {
		case "table", "grid", "treegrid":
			t := readTable(n)
			if head != nil && len(t.columns) == 0 && len(t.rows) > 0 && len(cellsOf(t.rows[0])) == len(head.columns) {
				head.rows, head.root, head = t.rows, t.root, nil
				return true
			}
			head = nil
			if len(t.rows) == 0 && len(t.columns) > 0 {
				head = t
			}
			t.takeHeader(columns)
			seen = append(seen, "a table with "+listNames((&Row{columns: t.columns}).Columns()))
			if t.has(columns) {
				tables = append(tables, t)
			}
		case "navigation", "listbox", "menu":
			return n.role == "navigation" && len(columns) == 0
		default:
			if t := readList(n); len(t.rows) > 0 && (len(columns) == 0 || t.cards) {
				lists = append(lists, t)
			}
		}
		return true
	})
	found := tables
	if len(found) == 0 && (len(columns) > 0 || len(seen) == 0) {
		found = lists
	}
	switch len(found) {
	case 0:
		if len(columns) == 0 {
			return nil, failure(ErrAbsent, "no table or list; %s", l.outline())
		}
		return nil, failure(ErrAbsent, "no table with the columns %s; the page has: %s", listNames(columns),
			listNames(seen))
	case 1:
		if len(found[0].rows) > maxRows {
			return nil, errTooManyRows()
		}
		return found[0], nil
	}
	return nil, failure(ErrAmbiguous, "%s tables or lists fit", number(len(found)))
}

func (t *table) has(columns []string) bool {
	return !slices.ContainsFunc(columns, func(column string) bool {
		return !slices.ContainsFunc(t.columns, func(have cell) bool { return have.says(column) })
	})
}

// takeHeader takes the first row of a table that marks no header for one where it says so.
func (t *table) takeHeader(columns []string) {
	if len(t.columns) > 0 || len(t.rows) == 0 || len(columns) == 0 {
		return
	}
	first := &table{columns: readCells(t.rows[0])}
	if len(first.columns) > 1 && first.has(columns) {
		t.columns, t.rows = first.columns, t.rows[1:]
	}
}

func readCells(row *node) []cell {
	var cells []cell
	for _, n := range cellsOf(row) {
		cells = append(cells, readCell(n))
	}
	return cells
}

func readTable(root *node) *table {
	t := &table{root: root}
	root.each(func(n *node) bool {
		if n != root && n.is("table", "grid", "treegrid") {
			return false // a table inside a cell is that cell's own
		}
		if n.role != "row" || n.backend == 0 {
			return true
		}
		cells := cellsOf(n)
		named := slices.ContainsFunc(cells, func(c *node) bool { return c.role == "columnheader" })
		// A header cell without content may be a data cell.
		header := named && !slices.ContainsFunc(cells, func(c *node) bool { return c.role != "columnheader" && c.cellText() != "" })
		switch {
		case header && len(t.rows) == 0:
			t.columns = readCells(n)
		case header, len(cells) == 0, len(cells) == 1 && len(t.columns) > 1: // one cell for all columns is a notice
		case !slices.ContainsFunc(cells, func(c *node) bool { return c.cellText() != "" }) &&
			len(pressables(n)) == 0 && len(fields(n)) == 0:
			// where a row is drawn once it came
		case len(t.rows) <= maxRows:
			t.rows = append(t.rows, n)
		}
		return false
	})
	return t
}

// readList reads the items right below a node. Those that hold more than one link or text, and
// something to press, are cards.
func readList(root *node) *table {
	t := &table{root: root, cards: true}
	for _, n := range root.children {
		if (n.role == "listitem" && root.role == "list" || n.role == "article") && n.backend != 0 &&
			len(t.rows) <= maxRows { // one more tells that there are too many
			t.rows = append(t.rows, n)
			parts := 0
			n.each(func(at *node) bool {
				if at.is("StaticText") {
					parts++
				}
				return true
			})
			t.cards = t.cards && len(pressables(n)) > 0 && parts+len(pressables(n)) > 2
		}
	}
	return t
}

func cellsOf(row *node) []*node {
	var cells []*node
	row.each(func(n *node) bool {
		if n.is("cell", "gridcell", "rowheader", "columnheader") {
			cells = append(cells, n)
			return false
		}
		return true
	})
	return cells
}
