package formprofile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Words that buttons of one meaning have, where the profile's own is not there.
var (
	addWords    = []string{"add", "new", "create", "add new", "+"}
	saveWords   = []string{"save", "create", "add", "submit", "update", "apply", "ok", "store", "confirm"}
	cancelWords = []string{"cancel", "close", "discard", "back", "dismiss"}
	editWords   = []string{"edit", "modify", "configure", "open", "view"} // that change nothing, whatever they open
)

// Suggest works out the profile that fits the pages, from the one that the site is worked by:
// where it finds a list, it opens the forms of a new item and of the first, chooses each value
// of the deciding field in turn, notes which fields are there and what has to be pressed for
// them, and cancels. It saves nothing and reads no value of an item but the first one's name.
// Notes say what is left to a person.
// Where the profile's side is a guess, it is that of whose words more stand there at the first
// look; where as many of either do, both are tried.
func (s *Site) Suggest(ctx context.Context) (best *schema.FormProfile, notes []string, err error) {
	sides := []*schema.FormProfile{s.options.Profile}
	if s.options.Guessed {
		if sides, err = s.guess(ctx); err != nil {
			return nil, nil, err
		}
	}
	fewest := 0
	for _, side := range sides {
		s.options.Profile = side
		p, said, missing, err := s.suggestBoth(ctx)
		if err != nil && best == nil {
			return nil, nil, err
		}
		if err == nil && (best == nil || missing < fewest) {
			best, notes, fewest = p, said, missing
		}
		if err != nil || fewest == 0 {
			break
		}
	}
	return best, notes, nil
}

// guess returns the shipped profiles of whose words most stand on the pages.
func (s *Site) guess(ctx context.Context) ([]*schema.FormProfile, error) {
	side := schema.CloudSide
	if s.options.Profile.Side == side {
		side = schema.ServerSide
	}
	other, err := Shipped(side)
	if err != nil {
		return nil, err
	}
	s.other = other
	defer func() { s.other = nil }()
	there := map[string]bool{}
	err = s.Do(ctx, func() error {
		if err := s.app.Settle(ctx); err != nil {
			return err
		}
		look, err := s.app.Look(ctx)
		if err == nil {
			sight := look.Sight()
			for _, name := range slices.Concat(sight.Headings, sight.Buttons) {
				there[human.FoldLabel(name)] = true
			}
		}
		return err
	})
	shown := func(p *schema.FormProfile) int {
		known := map[string]bool{}
		for _, name := range landmarks(p) {
			if name = human.FoldLabel(name); there[name] {
				known[name] = true
			}
		}
		return len(known)
	}
	switch by, others := shown(s.options.Profile), shown(other); {
	case err != nil:
		return nil, err
	case by > others:
		return []*schema.FormProfile{s.options.Profile}, nil
	case by < others:
		return []*schema.FormProfile{other}, nil
	}
	return []*schema.FormProfile{s.options.Profile, other}, nil
}

// suggestBoth works out both lists, and counts those that were not found out.
func (s *Site) suggestBoth(ctx context.Context) (_ *schema.FormProfile, notes []string, missing int, err error) {
	p := *s.options.Profile
	p.Verified, p.Note = false, "Suggested by a look at the pages; nobody has verified it."
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		fl := p.List(l)
		fl.Fields = slices.Clone(fl.Fields)
	}
	s.options.Profile = &p
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		var said []string
		err := s.Do(ctx, func() (err error) {
			said, err = s.suggest(ctx, l)
			return err
		})
		if err != nil {
			if errors.Is(err, ErrSignedOut) || ctx.Err() != nil {
				return nil, nil, 0, err
			}
			missing++
			said = append(said, fmt.Sprintf("not found out: %s", page.Clean(err.Error())))
			s.Forget()
		}
		for _, text := range said {
			notes = append(notes, fmt.Sprintf("%s: %s", l, text))
		}
	}
	return &p, notes, missing, nil
}

func (s *Site) suggest(ctx context.Context, l schema.List) (notes []string, err error) {
	fl := s.options.Profile.List(l)
	s.waitFor("the list %s", s.quoted(l))
	if err := s.reach(ctx, fl); err != nil {
		return nil, err
	}
	list, rows, err := s.filled(ctx, fl)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(list.Headings, same(fl.Heading)) {
		if near := human.Nearest(fl.Heading, list.Headings); near != "" {
			fl.Heading = near
		} else if len(list.Headings) > 0 {
			fl.Heading = list.Headings[len(list.Headings)-1]
		}
	}
	fl.Add = button(list.Buttons, fl.Add, addWords)
	if list.Notice != "" && len(rows) == 0 {
		fl.Empty = list.Notice
	}
	if err := s.noteAround(ctx); err != nil {
		return nil, err
	}
	seen := &Survey{}
	if s.options.Profile.Side == schema.CloudSide || len(rows) == 0 {
		if err := s.explore(ctx, l, list, seen, func() error { return s.app.Press(ctx, fl.Add) }); err != nil {
			return nil, err
		}
	}
	if len(rows) > 0 {
		// A form that did not let go has left the site, and a list that stands there again may have
		// its rows later than its head.
		if err := s.open(ctx); err != nil {
			return nil, err
		}
		if err := s.reach(ctx, fl); err != nil {
			return nil, err
		}
		if _, rows, err = s.filled(ctx, fl); err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, fmt.Errorf("%w: its rows, after the form of a new item", page.ErrAbsent)
		}
		if err := s.explore(ctx, l, list, seen, func() error { return s.openRow(ctx, fl, rows[0]) }); err != nil {
			return nil, err
		}
	} else {
		notes = append(notes, "it has no row, so how one is opened is not found out")
	}
	return append(notes, seen.adopt(fl)...), nil
}

// reach comes to a list as far as the menu leads.
func (s *Site) reach(ctx context.Context, fl *schema.FormList) error {
	there := []page.Cond{page.Heading(fl.Heading), page.AnyOf(page.HasTable(fl.Column), page.HasButton(fl.Add))}
	if look, err := s.app.Look(ctx); err != nil || look.Shows(there...) {
		return err
	}
	if err := s.walk(ctx, fl); err != nil {
		return err
	}
	return s.app.WaitFor(ctx, page.AnyOf(page.Heading(fl.Heading), page.HasTable(fl.Column), page.HasButton(fl.Add)))
}

// filled looks at a list once it has rows, or has had none for so long that it counts as empty:
// what stands there before is drawn in the place of rows that come yet.
func (s *Site) filled(ctx context.Context, fl *schema.FormList) (list *page.Sight, rows []*page.Row, err error) {
	column := fl.Column
	_, err = page.Until(ctx, believe, func() (bool, error) {
		err := s.app.Settle(ctx)
		if err != nil {
			return false, err
		}
		look, err := s.app.Look(ctx)
		if err != nil {
			return false, err
		}
		list = look.Sight()
		fl.Column = columnOf(list.Tables, column)
		if rows, err = s.app.Rows(ctx, fl.Column); errors.Is(err, page.ErrAbsent) {
			err = nil
		}
		return len(rows) > 0, err
	})
	return list, rows, err
}

// openRow opens a row by the first word for it that the row has.
func (s *Site) openRow(ctx context.Context, fl *schema.FormList, row *page.Row) error {
	var first error
	for _, word := range append([]string{fl.Edit}, editWords...) {
		err := row.Open(ctx, fl.More, word, fl.Column)
		if err == nil && word != strings.ToLower(fl.Edit) && word != fl.Edit {
			fl.Edit = strings.ToUpper(word[:1]) + word[1:]
		}
		if !errors.Is(err, page.ErrAbsent) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// explore opens a form, chooses each value of the deciding field and cancels.
func (s *Site) explore(ctx context.Context, l schema.List, before *page.Sight, seen *Survey, open func() error) error {
	fl := s.options.Profile.List(l)
	if err := open(); err != nil {
		return err
	}
	s.listed = ""
	f := s.form(l)
	if err := f.App.WaitFor(ctx, f.has("name")); err != nil {
		return err
	}
	if err := f.drawn(ctx); err != nil {
		return err
	}
	look, err := f.App.Look(ctx)
	if err != nil {
		return err
	}
	sight := look.Sight()
	fresh := slices.DeleteFunc(slices.Clone(sight.Buttons), func(name string) bool { return name == fl.Add && slices.Contains(before.Buttons, name) })
	fl.Save, fl.Cancel = button(fresh, fl.Save, saveWords), button(fresh, fl.Cancel, cancelWords)
	if fl.Decides != "" {
		if err := f.App.WaitFor(ctx, f.has(fl.Decides)); err != nil {
			return err
		}
	}
	if _, err := f.eachChoice(ctx, func(choice string) error { return f.noteChoice(ctx, choice, seen, before.Buttons) }); err != nil {
		return err
	}
	return s.Cancel(ctx, f)
}

// noteChoice notes the fields that are there with a choice, and those that presses bring, of
// buttons that were not on the list's page before. Of tabs the first is pressed for its fields too.
func (f *Form) noteChoice(ctx context.Context, choice string, seen *Survey, before []string) error {
	pressed := ""
	done := slices.Concat(before, []string{f.Profile.Save, f.Profile.Cancel, f.Profile.Add})
	listed := len(done)
	fresh := func(name string) bool { return !slices.Contains(done, name) }
	for {
		if err := f.drawn(ctx); err != nil {
			return err
		}
		form, err := f.App.Look(ctx)
		if err != nil {
			return err
		}
		controls, err := f.own(ctx, form)
		if err != nil {
			return err
		}
		sight := form.Sight()
		if i := slices.IndexFunc(sight.Tabs, fresh); i >= 0 && len(done) == listed {
			pressed = sight.Tabs[i]
			done = append(done, pressed)
		}
		for _, c := range controls {
			seen.see(f, c, choice, pressed)
		}
		i := slices.IndexFunc(sight.Folds, fresh)
		if i < 0 {
			return f.fold(ctx, done[listed:])
		}
		pressed = sight.Folds[i]
		done = append(done, pressed)
		if err := f.App.Press(ctx, pressed); err != nil && !errors.Is(err, page.ErrAmbiguous) {
			return err
		}
	}
}

// fold presses again what was pressed, the last first, where it still is there: what stays
// unfolded would have the next choice's fields seem to need no press.
func (f *Form) fold(ctx context.Context, done []string) error {
	for _, name := range slices.Backward(done) {
		look, err := f.App.Look(ctx)
		if err == nil && look.Shows(page.HasButton(name)) {
			err = look.Press(ctx, name)
		}
		if err != nil && !errors.Is(err, page.ErrAmbiguous) {
			return err
		}
	}
	return nil
}

// adopt puts what was seen into the profile and says what was not.
func (s *Survey) adopt(fl *schema.FormList) (notes []string) {
	var unknown []string
	for _, seen := range s.Fields {
		if seen.Field == "" {
			unknown = append(unknown, seen.Label)
		}
	}
	for i := range fl.Fields {
		field := &fl.Fields[i]
		those := slices.DeleteFunc(slices.Clone(s.Fields), func(seen Seen) bool { return seen.Field != field.Field })
		if near := human.Nearest(field.Label, unknown); len(those) == 0 && near != "" {
			those = slices.DeleteFunc(slices.Clone(s.Fields), func(seen Seen) bool { return seen.Field != "" || seen.Label != near })
		}
		field.With, field.Optional = nil, len(those) == 0
		if len(those) == 0 {
			notes = append(notes, fmt.Sprintf("no field named %s was seen; it is taken as optional",
				schema.Quotes(field.Labels())))
			continue
		}
		if label := those[0].Label; !same(label)(field.Label) {
			field.Label = label
		}
		for _, choice := range s.tried {
			for _, seen := range those {
				if press, there := seen.pressed[choice]; there {
					field.With = append(field.With, choice)
					field.Press = cmp.Or(press, field.Press)
					break
				}
			}
		}
		if len(field.With) == len(s.tried) {
			field.With = nil
		}
		field.Also = slices.DeleteFunc(slices.Clone(field.Also), same(field.Label))
	}
	return notes
}

// drawn waits until the form's fields stay as they are.
func (f *Form) drawn(ctx context.Context) error {
	f.seen = nil
	var last []string
	since := time.Now()
	_, err := page.Until(ctx, f.Timeout, func() (bool, error) {
		if err := f.App.Settle(ctx); err != nil {
			return false, err
		}
		form, err := f.App.Look(ctx)
		if err != nil {
			return false, err
		}
		if labels := form.Labels(); !slices.Equal(labels, last) {
			last, since = labels, time.Now()
		}
		return time.Since(since) > still, nil
	})
	return err
}

func same(a string) func(string) bool {
	return func(b string) bool { return human.FoldLabel(a) == human.FoldLabel(b) }
}

// button is the name of the button of a meaning: the profile's own where it is there, or one
// that is, or begins with, one of the words.
func button(names []string, own string, words []string) string {
	if slices.ContainsFunc(names, same(own)) {
		return own
	}
	for _, begins := range []bool{false, true} {
		for _, word := range words {
			for _, name := range names {
				if have := human.FoldLabel(name); have == word || begins && strings.HasPrefix(have, word+" ") {
					return name
				}
			}
		}
	}
	return own
}

// columnOf is the column that holds the names.
func columnOf(tables [][]string, own string) string {
	for _, columns := range tables {
		if slices.ContainsFunc(columns, same(own)) {
			return own
		}
	}
	for _, columns := range tables {
		for _, name := range columns {
			if strings.Contains(human.FoldLabel(name), human.FoldLabel(own)) {
				return name
			}
		}
	}
	if len(tables) == 1 && len(tables[0]) > 0 {
		return tables[0][0]
	}
	return own
}
