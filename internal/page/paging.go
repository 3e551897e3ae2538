package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// NoNext in place of the name of a list's next button is a person's word that the list has no
// further parts.
const NoNext = "none"

// reading is a list as far as it was read.
type reading struct {
	*Scope
	next, columns []string
	visited       map[string]int // rows, by what they show: pages draw the same ones anew when more are added
	shown         []*Row         // on the part that is shown
	rows, parts   int
	turned        int    // to which part
	start         []*Row // of the first part
	round         bool   // the first part came again after the last
}

// EachRow visits every row of a table or list that the site gives out in parts, from the part
// that it shows now: a long list that loads more when its end comes into view, or that holds
// only the rows in view, is scrolled, and where next has names the button with one of them is
// pressed until it is disabled or gone: the first that is there, or, of several names, where
// none is there, what says the same in other words. Each row is visited once, while the page
// shows it. Visit returns false to stop; pressing things that change the list is for after
// that. A list that then seems to go on, or of which the page tells another number of rows than
// were visited, is [ErrIncomplete]; with [NoNext] alone neither is looked at.
func (s *Scope) EachRow(ctx context.Context, next []string, columns []string, visit func(*Row) (bool, error)) error {
	r := &reading{Scope: s, next: next, columns: columns, visited: make(map[string]int)}
	for r.turned = 1; ; r.turned++ {
		rows, err := r.first(ctx)
		switch {
		case err != nil:
			return err
		case r.turned == 1:
			r.start = rows
		case len(rows) > 1 && slices.EqualFunc(rows, r.start, sameRow): // one row may be like another
			r.round, r.shown = true, rows
			a, err := r.around(ctx)
			if err != nil {
				return err
			}
			return r.ending(ctx, a)
		}
		if len(rows) < len(r.shown) || !slices.EqualFunc(rows[:len(r.shown)], r.shown, sameRow) {
			clear(r.visited) // they stand in place of those before, not after them
		}
		for ; ; rows, err = r.reveal(ctx) {
			if err != nil {
				return err
			}
			unseen := r.unseen(rows)
			if r.shown = rows; len(unseen) == 0 {
				break
			}
			if err := r.another(); err != nil {
				return err
			}
			for _, row := range unseen {
				if r.rows++; r.rows > maxRows {
					return errTooManyRows()
				}
				r.visited[row.key()]++
				if more, err := visit(row); err != nil || !more {
					return err
				}
			}
		}
		if slices.Equal(next, []string{NoNext}) {
			return nil
		}
		a, err := r.around(ctx)
		if err != nil {
			return err
		}
		button, err := a.button(next, r.turned)
		if err != nil {
			return err
		}
		if button == nil {
			return r.ending(ctx, a)
		}
		if err := r.turn(ctx, button); err != nil {
			return err
		}
	}
}

// another counts a part, or a screen that may bring one.
func (r *reading) another() error {
	if r.parts++; r.parts > r.page.browser.parts {
		return schema.Hint(fmt.Errorf("the list goes on after %d parts and %d rows", r.parts-1, r.rows),
			"does it end, or do its rows change while it is read? where it ends, show more rows on one page")
	}
	return nil
}

// unseen are the rows that were not visited yet.
func (r *reading) unseen(rows []*Row) (unseen []*Row) {
	shown := make(map[string]int)
	for _, row := range rows {
		if shown[row.key()]++; shown[row.key()] > r.visited[row.key()] {
			unseen = append(unseen, row)
		}
	}
	return unseen
}

func sameRow(a, b *Row) bool { return a.key() == b.key() }

// first are the rows of a list that was just opened or turned: one that shows none may still be
// loading.
func (r *reading) first(ctx context.Context) ([]*Row, error) {
	list, rows, err := r.read(ctx, r.columns)
	if err == nil && len(rows) == 0 {
		if err = r.page.settleWithin(ctx, list.root.doc.session, r.page.browser.options.Timeout); err == nil {
			_, rows, err = r.read(ctx, r.columns)
		}
	}
	return rows, err
}

// reveal brings the last row into view, then what comes after it, waits for what the page loads
// because of it, and returns the rows then shown.
func (r *reading) reveal(ctx context.Context) (rows []*Row, err error) {
	last := r.shown[len(r.shown)-1].part
	for further := false; ; further = true {
		moved := false
		err := last.run(ctx, "reveal", &moved, further)
		if err != nil && !stale(err) {
			return nil, err
		}
		wait := time.Duration(0)
		if moved {
			wait = lazyWait
		}
		err = poll(ctx, wait, func() (bool, error) {
			err := r.page.settleWithin(ctx, last.doc.session, r.page.browser.options.Timeout)
			if err == nil {
				_, rows, err = r.read(ctx, r.columns)
			}
			return len(r.unseen(rows)) > 0, err
		})
		switch {
		case !errors.Is(err, ErrTimeout):
			return rows, err
		case !moved:
			return rows, nil
		}
		if err := r.another(); err != nil {
			return nil, err
		}
	}
}

// button is what leads to the next part of the list, nil where nothing can be pressed. One of
// that name which belongs to something else on the page does not count.
// By several names, the number of the next part says the same too.
func (a *around) button(next []string, part int) (*node, error) {
	several := len(next) > 1
	var ways []func(*spot) bool
	for i := range next {
		ways = append(ways, func(sp *spot) bool { return sp.named == i })
	}
	if several {
		numbers, current := a.numbers()
		ways = append(ways, func(sp *spot) bool { return sp.layout.Next || sp.means == meansNext }, (*spot).leadsOn,
			func(sp *spot) bool { return sp.number == cmp.Or(current, part)+1 && slices.Contains(numbers, sp) })
	}
	for _, fits := range ways {
		var found []*spot
		for _, sp := range a.spots {
			// What leads to the last part stands after what leads to the next, under another name.
			if sp.kind == spotControl && fits(sp) && !(several && (sp.off() || sp.named < 0 && unfolds(sp.node))) &&
				(len(found) == 0 || sp.text == found[0].text) {
				found = append(found, sp)
			}
		}
		switch {
		case len(found) == 0:
			continue
		case found[0].off():
			return nil, nil
		case len(found) > 1 && !several:
			return nil, failure(ErrAmbiguous, "%s of the kind: button named %s", number(len(found)),
				Clean(found[0].text))
		}
		return found[len(found)-1].node, nil // the one below the list, where there are two
	}
	return nil, nil
}

// turn goes to the next part of the list and waits until it shows other rows.
func (r *reading) turn(ctx context.Context, button *node) error {
	r.page.forget()
	if err := r.page.activate(ctx, button, false); err != nil && !stale(err) {
		return err
	}
	same := false
	err := r.wait(ctx, Cond{"the next part of the list", func(v *Look) bool {
		_, rows, err := r.rowsIn(v, r.columns)
		same = err == nil && slices.EqualFunc(rows, r.shown, sameRow)
		return err == nil && len(rows) > 0 && !same
	}})
	if errors.Is(err, ErrTimeout) && same {
		return failure(ErrIncomplete, "the list shows the same %d rows after %q was pressed", len(r.shown),
			Clean(button.name))
	}
	return err
}

// ending is an error unless the list, of which nothing is left to press, is known to end here:
// the page must neither show signs near the list that it goes on, nor tell of another number of
// rows than were read.
func (r *reading) ending(ctx context.Context, a *around) error {
	var goesOn, differs []string
	err := poll(ctx, totalWait, func() (bool, error) {
		if goesOn, differs = nil, a.differs(r); !r.round {
			goesOn = a.goesOn(r)
		}
		if len(goesOn)+len(differs) == 0 {
			return true, nil
		}
		again, err := r.around(ctx)
		if err == nil {
			a = again
		}
		return false, ignoreTransient(err)
	})
	if !errors.Is(err, ErrTimeout) {
		return err
	}
	rows := human.Count(r.rows, "row")
	if len(differs) > 0 {
		return failure(ErrIncomplete, "the list was read to %s, and the page tells of another number: %s", rows,
			listNames(append(differs, goesOn...)))
	}
	text := fmt.Sprintf("the list seems to go on after %s: %s", rows, listNames(goesOn))
	if len(r.next) > 0 {
		text += "; there is no " + human.Few(r.next, len(r.next)) + " to press"
	}
	return failure(ErrIncomplete, "%s", text)
}
