package page

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
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
	return human.FoldLabel(c.text) == want || slices.ContainsFunc(c.parts, func(part string) bool { return human.FoldLabel(part) == want })
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

// Text is everything that the row shows.
func (r *Row) Text() string { return r.text }

// maxRows bounds how many rows one page or one list may have.
const maxRows = 20_000

// maxParts bounds how often a list may be scrolled or turned to its next part, so that one that
// never ends is left in minutes.
const maxParts = 500

func errTooManyRows() error { return fmt.Errorf("the list has more than %d rows", maxRows) }

// Rows reads the rows that the scope's table or list shows now. With columns named, it is the
// table that has all of them, or where none has, the only list of cards; without, it is the
// only table, or, when there is no table, the only list. Header rows and rows with one cell for
// all columns are left out.
func (s *Scope) Rows(ctx context.Context, columns ...string) ([]*Row, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	return s.rows(v, columns)
}

func (s *Scope) rows(v *view, columns []string) ([]*Row, error) {
	found, err := v.table(columns)
	if err != nil {
		return nil, err
	}
	var rows []*Row
	for _, n := range found.rows {
		row := &Row{columns: found.columns, text: n.text()}
		if row.cells = readCells(n); found.cards {
			row.cells = []cell{title(n)}
		}
		row.Scope = &Scope{page: s.page, frame: s.frame, part: placeOf(n, fmt.Sprintf("the row %q", Clean(row.text)))}
		rows = append(rows, row)
	}
	return rows, nil
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
func (v *view) table(columns []string) (*table, error) {
	var tables, lists []*table
	var seen []string
	var head *table // a header that stands in a table of its own
	v.root.each(func(n *node) bool {
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
			return nil, failure(ErrAbsent, "no table or list; %s", v.outline())
		}
		return nil, failure(ErrAbsent, "no table with the columns %s; the page has: %s", listNames(columns), listNames(seen))
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
		if (n.role == "listitem" && root.role == "list" || n.role == "article") && n.backend != 0 && len(t.rows) <= maxRows { // one more tells that there are too many
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

// NoNext in place of the name of a list's next button is a person's word that the list has no
// further parts.
const NoNext = "none"

// EachRow visits every row of a table or list that the site gives out in parts, from the part
// that it shows now: a long list that loads more when its end comes into view, or that holds
// only the rows in view, is scrolled, and when next is not "" the button with that name is
// pressed until it is disabled or gone. Next may be several names, one a line: the first that
// is there is pressed, or where none is, what says the same in other words. Each row is visited once, while the page shows it.
// Visit returns false to stop; pressing things that change the list is for after that. A list
// that then seems to go on, or of which the page tells another number of rows than were
// visited, is [ErrIncomplete]; with [NoNext] neither is looked at.
func (s *Scope) EachRow(ctx context.Context, next string, columns []string, visit func(*Row) (bool, error)) error {
	total, parts := 0, 0
	// Rows are told apart by what they show, because pages draw the same rows anew when more are added.
	visited := make(map[string]int)
	var last []*Row
	for turned := 1; ; turned++ {
		fresh := func(rows []*Row) []*Row {
			var unseen []*Row
			shown := make(map[string]int)
			for _, row := range rows {
				if shown[row.key()]++; shown[row.key()] > visited[row.key()] {
					unseen = append(unseen, row)
				}
			}
			return unseen
		}
		rows, err := s.firstRows(ctx, columns)
		if len(rows) < len(last) || !slices.EqualFunc(rows[:len(last)], last, sameRow) {
			clear(visited) // they stand in place of those before, not after them
		}
		for {
			if err != nil {
				return err
			}
			unseen := fresh(rows)
			if len(unseen) > 0 {
				parts++
			}
			if parts > s.page.browser.parts {
				return schema.Hint(fmt.Errorf("the list goes on after %d parts and %d rows", parts-1, total), "does it end, or do its rows change while it is read? where it ends, show more rows on one page")
			}
			for _, row := range unseen {
				if total++; total > maxRows {
					return errTooManyRows()
				}
				visited[row.key()]++
				more, err := visit(row)
				if err != nil || !more {
					return err
				}
			}
			last = rows
			if len(unseen) == 0 {
				break
			}
			rows, err = s.reveal(ctx, rows[len(rows)-1], columns, func(rows []*Row) bool { return len(fresh(rows)) > 0 })
		}
		if next == NoNext {
			return nil
		}
		more, err := s.turn(ctx, next, columns, last)
		if err != nil {
			return err
		}
		if !more {
			return s.ending(ctx, next, columns, part{rows: total, parts: turned, shown: last})
		}
	}
}

// FindRow looks through the parts of a list for the row whose cell in the column is exactly the
// text, and stays on the part that shows it. Of a list without columns (column "") the whole
// row is compared. Two such rows on one part are [ErrAmbiguous].
func (s *Scope) FindRow(ctx context.Context, next, column, text string) (*Row, error) {
	want := human.Squeeze(text)
	fits := func(row *Row) bool {
		if column == "" {
			return row.text == want
		}
		cell, _ := row.Cell(column)
		return cell == want
	}
	var columns []string
	if column != "" {
		columns = []string{column}
	}
	var found *Row
	count := 0
	err := s.EachRow(ctx, next, columns, func(row *Row) (bool, error) {
		count++
		if fits(row) {
			found = row
		}
		return found == nil, nil
	})
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, failure(ErrAbsent, "none of %d rows is named %q", count, Clean(text))
	}
	rows, err := s.Rows(ctx, columns...)
	if err != nil {
		return nil, err
	}
	same := 0
	for _, row := range rows {
		if fits(row) {
			same++
		}
	}
	if same > 1 {
		return nil, failure(ErrAmbiguous, "%s rows named %q", number(same), Clean(text))
	}
	return found, nil
}

// key is all that a row shows.
func (r *Row) key() string {
	var key strings.Builder
	for _, c := range r.cells {
		key.WriteString(c.text + "\x00")
	}
	return key.String() + r.text
}

func sameRow(a, b *Row) bool { return a.key() == b.key() }

// firstRows are the rows of a list that was just opened or turned: one that shows none may
// still be loading.
func (s *Scope) firstRows(ctx context.Context, columns []string) ([]*Row, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	list, err := v.table(columns)
	if err != nil {
		return nil, err
	}
	if len(list.rows) > 0 {
		return s.rows(v, columns)
	}
	if err := s.page.settleWithin(ctx, list.root.doc.session, s.page.browser.options.Timeout); err != nil {
		return nil, err
	}
	return s.Rows(ctx, columns...)
}

// lazyWait is how long a list that was scrolled may take to begin loading more: many wait for a
// pause in scrolling.
const lazyWait = 600 * time.Millisecond

// reveal brings the last row into view, then what comes after it, waits for what the page loads
// because of it, and returns the rows then shown.
func (s *Scope) reveal(ctx context.Context, last *Row, columns []string, grown func([]*Row) bool) (rows []*Row, err error) {
	for further := false; ; further = true {
		moved := false
		object, err := last.part.resolve(ctx, last.part.backend)
		if err == nil {
			err = last.part.functionOn(ctx, object, jsReveal, &moved, further)
		}
		if err != nil && !stale(err) {
			return nil, err
		}
		wait := time.Duration(0)
		if moved {
			wait = lazyWait
		}
		err = poll(ctx, wait, func() (bool, error) {
			if err := s.page.settleWithin(ctx, last.part.session, s.page.browser.options.Timeout); err != nil {
				return false, err
			}
			rows, err = s.Rows(ctx, columns...)
			return err == nil && grown(rows), err
		})
		switch {
		case !errors.Is(err, ErrTimeout):
			return rows, err
		case !moved:
			return rows, nil
		}
	}
}

// turn goes to the next part of the list and waits until it shows other rows. False means that
// there is nothing to press: a button of that name which belongs to something else on the page
// does not count.
func (s *Scope) turn(ctx context.Context, next string, columns []string, last []*Row) (bool, error) {
	if next == "" {
		return false, nil
	}
	names := strings.Split(next, "\n")
	named := func(sp *spot) int {
		return slices.IndexFunc(names, func(name string) bool { return human.FoldLabel(sp.node.name) == human.FoldLabel(name) })
	}
	a, err := s.around(ctx, columns, func(_ *around, sp *spot) bool {
		if sp.kind != spotControl || named(sp) < 0 && (len(names) == 1 || unfolds(sp.node) || !sp.leadsOn() && !sp.node.is("link")) {
			return false
		}
		if named(sp) >= 0 {
			sp.means = meansNext // whatever its name may mean elsewhere
		}
		return true
	})
	if err != nil {
		return false, err
	}
	spots := slices.DeleteFunc(a.spots, func(sp *spot) bool { return named(sp) < 0 && !sp.leadsOn() })
	if len(names) > 1 {
		spots = slices.DeleteFunc(spots, (*spot).off)
	}
	for _, fits := range []func(*spot) bool{
		func(sp *spot) bool { return named(sp) >= 0 }, func(sp *spot) bool { return sp.layout.Next || sp.means == meansNext }, (*spot).leadsOn} {
		if some := slices.DeleteFunc(slices.Clone(spots), func(sp *spot) bool { return !fits(sp) }); len(some) > 0 {
			spots = some
			break
		}
	}
	if len(spots) == 0 || spots[0].off() {
		return false, nil
	}
	what := "button named " + Clean(spots[0].text)
	if len(spots) > 1 && len(names) == 1 {
		return false, failure(ErrAmbiguous, "%s of the kind: %s", number(len(spots)), what)
	}
	button := spots[len(spots)-1].node // the one below the list, where there are two
	s.page.forget()
	if err := s.page.activate(ctx, button, false); err != nil && !stale(err) {
		return false, err
	}
	err = s.wait(ctx, "the next part of the list", func(v *view) bool {
		rows, err := s.rows(v, columns)
		return err == nil && len(rows) > 0 && !slices.EqualFunc(rows, last, sameRow)
	})
	if errors.Is(err, ErrTimeout) {
		if rows, lookErr := s.Rows(ctx, columns...); lookErr == nil && slices.EqualFunc(rows, last, sameRow) {
			return false, failure(ErrIncomplete, "the list shows the same %d rows after %q was pressed", len(last), Clean(button.name))
		}
	}
	return err == nil, err
}
