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

// NoNext in place of the name of a list's next button is a person's word that the list has no
// further parts.
const NoNext = "none"

// EachRow visits every row of a table or list that the site gives out in parts, from the part
// that it shows now: a long list that loads more when its end comes into view, or that holds
// only the rows in view, is scrolled, and where next has names the button with one of them is
// pressed until it is disabled or gone: the first that is there, or, of several names, where
// none is there, what says the same in other words. Each row is visited once, while the page
// shows it. Visit returns false to stop; pressing things that change the list is for after
// that. A list that then seems to go on, or of which the page tells another number of rows than
// were visited, is [ErrIncomplete]; with [NoNext] alone neither is looked at.
func (s *Scope) EachRow(ctx context.Context, next []string, columns []string, visit func(*Row) (bool, error)) error {
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
		if slices.Equal(next, []string{NoNext}) {
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
func (s *Scope) turn(ctx context.Context, next []string, columns []string, last []*Row) (bool, error) {
	if len(next) == 0 {
		return false, nil
	}
	named := func(sp *spot) int {
		return slices.IndexFunc(next, func(name string) bool { return human.FoldLabel(sp.node.name) == human.FoldLabel(name) })
	}
	a, err := s.around(ctx, columns, func(_ *around, sp *spot) bool {
		if sp.kind != spotControl || named(sp) < 0 && (len(next) == 1 || unfolds(sp.node) || !sp.leadsOn() && !sp.node.is("link")) {
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
	if len(next) > 1 {
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
	if len(spots) > 1 && len(next) == 1 {
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
