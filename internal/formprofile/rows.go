package formprofile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Row names an item as the list shows it: blanks collapsed. Of several that look
// the same, Nth counts from 0. The list only locates an item: beside its name may
// stand a badge, and the form's Name decides what it is called.
type Row struct {
	Name    string
	Nth     int
	alike   bool     // there are several
	parts   []string // of which the list's cell is made
	columns []string // of the list
}

// RowOf is the row of the only item of a name.
func RowOf(name string) Row { return Row{Name: human.Squeeze(name)} }

// is reports whether the form of the row may have that name.
func (r Row) is(name string) bool {
	name = human.Squeeze(name)
	short, cut := strings.CutSuffix(strings.ReplaceAll(r.Name, "...", "…"), "…")
	return name == r.Name || slices.Contains(r.parts, name) || cut && short != "" && strings.HasPrefix(name, short)
}

func rowOf(r *page.Row, column string) Row {
	text, _ := r.Cell(column)
	row := Row{Name: human.Squeeze(text), parts: r.Parts(column)}
	for _, c := range r.Columns() {
		row.columns = append(row.columns, page.Clean(c))
	}
	return row
}

// Rows loads a list anew and reads it to its end, through all its parts.
func (s *Site) Rows(ctx context.Context, l schema.List) ([]Row, error) {
	var rows []Row
	s.Forget()
	err := s.Do(ctx, func() error {
		rows = nil
		err := s.show(ctx, l)
		if err == nil {
			rows, err = s.readRows(ctx, l)
		}
		if err != nil {
			return err
		}
		look, err := s.app.Look(ctx)
		if err == nil {
			err = complaint(look, nil)
		}
		return err
	})
	return rows, err
}

func (s *Site) readRows(ctx context.Context, l schema.List) (rows []Row, err error) {
	fl := s.options.Profile.List(l)
	s.waitFor("the rows of %s", s.quoted(l))
	seen := map[string]int{}
	var incomplete error
	_, err = page.Until(ctx, believe, func() (bool, error) {
		if empty, err := s.saysEmpty(ctx, fl); err != nil || empty {
			return empty, err
		}
		err := s.app.EachRow(ctx, fl.Next, []string{fl.Column}, func(r *page.Row) (bool, error) {
			row := rowOf(r, fl.Column)
			row.Nth = seen[row.Name]
			seen[row.Name]++
			rows = append(rows, row)
			return true, nil
		})
		if incomplete = nil; errors.Is(err, page.ErrIncomplete) {
			incomplete, err = s.incomplete(l, err), nil
		}
		return len(rows) > 0, err // its rows may come yet
	})
	for i := range rows {
		rows[i].alike = seen[rows[i].Name] > 1
	}
	return rows, cmp.Or(err, incomplete)
}

// saysEmpty reports whether the page says what it says of a list without rows.
// Such a page may have no table at all, or the words in a row of their own; beside
// other rows they are not about this list, and while the page waits for an answer they
// may stand there until its rows come.
func (s *Site) saysEmpty(ctx context.Context, fl *schema.FormList) (bool, error) {
	if fl.Empty == "" {
		return false, nil
	}
	if look, err := s.app.Look(ctx); err != nil || !look.Shows(page.Text(fl.Empty)) {
		return false, err
	}
	if err := s.app.Answered(ctx); err != nil {
		return false, err
	}
	rows, err := s.app.Rows(ctx, fl.Column)
	if err != nil && !errors.Is(err, page.ErrAbsent) {
		return false, err
	}
	words := strings.ToLower(human.Squeeze(fl.Empty))
	return !slices.ContainsFunc(rows, func(r *page.Row) bool { return !strings.Contains(strings.ToLower(r.Text()), words) }), nil
}

// incomplete says what to do about a list that was not read to its end.
func (s *Site) incomplete(l schema.List, err error) error {
	p := s.options.Profile
	return schema.Hint(fmt.Errorf("%s: %w", schema.Quote(p.List(l).Heading), err),
		"name what leads to the further rows as next of %s in a form profile (mailferry inspect --print-form-profile %s); "+
			"%q there says that there are none", l, p.Side, page.NoNext)
}

// find looks for a row first where the list stands, unless that may show another like it, then
// from its start to its end. A row whose cell is the name goes before one in whose cell it is one
// text of several.
func (s *Site) find(ctx context.Context, l schema.List, want Row) (*page.Row, error) {
	fl := s.options.Profile.List(l)
	whole := func(r *page.Row) bool { return rowOf(r, fl.Column).Name == want.Name }
	part := func(r *page.Row) bool { return rowOf(r, fl.Column).is(want.Name) }
	if !want.alike {
		rows, err := s.app.Rows(ctx, fl.Column)
		if err != nil {
			return nil, err
		}
		for _, fits := range []func(*page.Row) bool{whole, part} {
			if i := slices.IndexFunc(rows, fits); i >= 0 {
				return rows[i], nil
			}
		}
	}
	for _, fits := range []func(*page.Row) bool{whole, part} {
		s.Forget()
		if err := s.open(ctx); err != nil {
			return nil, err
		}
		if err := s.show(ctx, l); err != nil {
			return nil, err
		}
		left, perhaps := want.Nth, false
		var found *page.Row
		err := s.app.EachRow(ctx, fl.Next, []string{fl.Column}, func(r *page.Row) (bool, error) {
			perhaps = perhaps || part(r)
			if fits(r) {
				if left == 0 {
					found = r
				}
				left--
			}
			return found == nil, nil
		})
		switch {
		case errors.Is(err, page.ErrIncomplete):
			return nil, s.incomplete(l, err)
		case err != nil || found != nil:
			return found, err
		case !perhaps:
			return nil, &MissingError{List: l, Name: want.Name}
		}
	}
	return nil, &MissingError{List: l, Name: want.Name}
}

// MissingError says that a list has no row of that name.
type MissingError struct {
	List schema.List
	Name string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("the list has no %s %s", e.List.One(), schema.Quote(e.Name))
}

// Edit opens the form of a row and waits until it holds that item. It is one
// step of [Site.Do].
func (s *Site) Edit(ctx context.Context, l schema.List, row Row) (*Form, error) {
	if err := s.show(ctx, l); err != nil {
		return nil, err
	}
	r, err := s.find(ctx, l, row)
	if err != nil {
		return nil, err
	}
	fl := s.options.Profile.List(l)
	s.waitFor("the form of a row of %s", s.quoted(l))
	if err := r.Open(ctx, fl.More, fl.Edit, fl.Column); err != nil {
		return nil, fmt.Errorf("the row %s of %s: %w", schema.Quote(row.Name), schema.Quote(fl.Heading), err)
	}
	s.listed = ""
	f := s.form(l)
	return f, s.holds(ctx, f, row)
}

// Lists gives a [*MissingError] unless the list shows the row. It is one step of [Site.Do].
func (s *Site) Lists(ctx context.Context, l schema.List, row Row) error {
	err := s.show(ctx, l)
	if err == nil {
		_, err = s.find(ctx, l, row)
	}
	return err
}

// Left says that the form was left and its list stands there again.
func (s *Site) Left(f *Form) { s.listed = f.List }

// holds waits until the form shows the item: pages draw a form first and fill
// it once the item came, and one that did not come leaves it empty.
func (s *Site) holds(ctx context.Context, f *Form, row Row) error {
	label := ""
	holds, err := page.Until(ctx, f.Timeout, func() (bool, error) {
		form, err := f.App.Look(ctx)
		if err != nil {
			return false, err
		}
		var there bool
		if label, there = f.Label(form, "name"); there {
			name, err := form.Field(ctx, label)
			if err != nil {
				return false, err
			}
			if text, err := name.Get(ctx); err != nil || text != "" && row.is(text) {
				f.seen = form
				return true, err
			}
		}
		if !there {
			return false, nil
		}
		return false, complaint(form, nil)
	})
	if !holds && err == nil {
		return f.lacks(fmt.Errorf("%w: no form that has %s in a field named %s", page.ErrTimeout,
			schema.Quote(row.Name), schema.Quote(label)))
	}
	return err
}

// Add opens the form of a new item. It is one step of [Site.Do].
func (s *Site) Add(ctx context.Context, l schema.List) (*Form, error) {
	if err := s.show(ctx, l); err != nil {
		return nil, err
	}
	s.listed = ""
	f := s.form(l)
	f.New = true
	s.waitFor("the form of a new item of %s", s.quoted(l))
	before, err := f.App.Look(ctx)
	if err == nil && !before.Shows(page.HasButton(f.Profile.Add)) { // it may be drawn after the table's head
		if err = f.App.WaitFor(ctx, page.HasButton(f.Profile.Add)); err == nil {
			before, err = f.App.Look(ctx)
		}
	}
	if err == nil {
		err = before.Press(ctx, f.Profile.Add)
	}
	if err == nil {
		err = f.appear(ctx)
	}
	if err != nil {
		return nil, err
	}
	form, err := f.Look(ctx)
	if err == nil {
		err = complaint(form, before)
	}
	return f, err
}

// Cancel leaves a form. One that does not let go is left by opening the site
// anew at the next step.
func (s *Site) Cancel(ctx context.Context, f *Form) error {
	s.waitFor("the list %s after Cancel", schema.Quote(f.Profile.Heading))
	err := f.App.Press(ctx, f.Profile.Cancel)
	if err == nil {
		err = f.App.WaitFor(ctx, Listed(f.Profile)...)
	}
	if err != nil {
		s.Forget()
	} else {
		s.Left(f)
	}
	if errors.Is(err, page.ErrTimeout) {
		return nil // the form asks, perhaps, whether to drop what was entered
	}
	return err
}
