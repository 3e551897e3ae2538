package formprofile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Survey is what the form of a new item has, over the choices of the deciding
// field. It holds no value of any item.
type Survey struct {
	Fields  []Seen    `json:"fields"`           // in the form's order
	Missing []Missing `json:"missing,omitzero"` // that the profile expects
	// Unoffered are values of the deciding field that the profile names and the
	// form does not offer.
	Unoffered []string `json:"unoffered,omitzero"`

	tried []string // choices of the deciding field; "" where there are none
}

// Seen is one field of the form.
type Seen struct {
	Label    string    `json:"label"`
	Kind     page.Kind `json:"kind"`
	Required bool      `json:"required,omitzero"`
	Field    string    `json:"field,omitzero"`   // of the profile; "" where it names none
	With     []string  `json:"with,omitzero"`    // choices of the deciding field with which it is there; none: all
	Choices  []string  `json:"choices,omitzero"` // of a drop-down; credentials, which are the site's own data, are left out
	Problem  string    `json:"problem,omitzero"` // why its choices could not be read

	untouched map[string]Untouched // by choice of the deciding field
	pressed   map[string]string    // by choice: what was pressed for the field; "" where it stood there
	silent    bool                 // a list whose choices were waited for in vain
}

// Untouched is what becomes of a field that a new item leaves as it is.
type Untouched struct {
	Default string // what a list holds then
	Refused bool   // the page says that the field is required
	Absent  bool   // it is not on the form, or lets nothing be entered
}

// Missing is a field that the profile expects and the form does not have.
type Missing struct {
	Field string   `json:"field"`
	Label string   `json:"label"`
	With  []string `json:"with,omitzero"` // choices of the deciding field with which it is missing; none: all
}

// Survey opens a form, tries the choices of the deciding field, notes what
// fields and choices there are, and cancels. On Cloud it is the form of a new
// item, which is what an import fills; on Server that of the first item, which
// is what an export reads. It is one step of [Site.Do].
func (s *Site) Survey(ctx context.Context, l schema.List) (*Survey, error) {
	f, err := s.sample(ctx, l)
	if err != nil {
		return nil, err
	}
	out := &Survey{Fields: []Seen{}}
	offered, err := f.eachChoice(ctx, func(choice string) error { return f.note(ctx, choice, out) })
	if err != nil {
		return nil, err
	}
	for _, field := range f.Profile.Fields {
		for _, with := range field.With {
			if !slices.Contains(offered, with) && !slices.Contains(out.Unoffered, with) {
				out.Unoffered = append(out.Unoffered, with)
			}
		}
	}
	for i := range out.Fields {
		out.some(&out.Fields[i].With)
	}
	for i := range out.Missing {
		out.some(&out.Missing[i].With)
	}
	return out, s.Cancel(ctx, f)
}

func (s *Site) sample(ctx context.Context, l schema.List) (*Form, error) {
	if s.options.Profile.Side == schema.ServerSide {
		if err := s.show(ctx, l); err != nil {
			return nil, err
		}
		fl := s.options.Profile.List(l)
		shown, err := s.app.Rows(ctx, fl.Column)
		if err != nil && !errors.Is(err, page.ErrAbsent) {
			return nil, err
		}
		if len(shown) > 0 {
			return s.Edit(ctx, l, rowOf(shown[0], fl.Column))
		}
	}
	return s.Add(ctx, l)
}

// some leaves choices out that are all that were tried.
func (s *Survey) some(with *[]string) {
	if len(*with) == len(s.tried) || slices.Equal(*with, []string{""}) {
		*with = nil
	}
}

// see notes that a field is there with a choice of the deciding field, once pressed was.
func (s *Survey) see(f *Form, c *page.Control, choice, pressed string) *Seen {
	label := page.Clean(c.Label)
	i := slices.IndexFunc(s.Fields, func(have Seen) bool { return have.Label == label && have.Kind == c.Kind })
	if i < 0 {
		i = len(s.Fields)
		s.Fields = append(s.Fields, Seen{Label: label, Kind: c.Kind, Required: required(c), Field: f.fieldOf(c),
			untouched: map[string]Untouched{}, pressed: map[string]string{}})
	}
	if !slices.Contains(s.tried, choice) {
		s.tried = append(s.tried, choice)
	}
	seen := &s.Fields[i]
	if _, had := seen.pressed[choice]; !had {
		seen.pressed[choice], seen.With = pressed, append(seen.With, choice)
	}
	return seen
}

// own are the form's fields; those of the list's page, which may stand there still, are not.
func (f *Form) own(ctx context.Context, form *page.Look) ([]*page.Control, error) {
	all, err := form.Fields(ctx)
	return slices.DeleteFunc(all, func(c *page.Control) bool { return c.Label == "" || f.around[c.Label] }), err
}

// eachChoice chooses the values of the deciding field in turn and visits the form with each, or
// with "" as it is where there is nothing to choose. It returns all that the field offers.
func (f *Form) eachChoice(ctx context.Context, visit func(choice string) error) (offered []string, err error) {
	form, err := f.App.Look(ctx)
	if err != nil {
		return nil, err
	}
	var decider *page.Control
	there := false
	if f.Profile.Decides != "" {
		_, there = f.Label(form, f.Profile.Decides)
	}
	if there {
		if decider, err = f.field(ctx, form, f.Profile.Decides); err != nil {
			return nil, err
		}
		if offered, err = choicesOf(ctx, decider); err != nil {
			return nil, err
		}
		f.offered = offered
		offered = slices.DeleteFunc(slices.Clone(offered), func(c string) bool { return c == "" })
	}
	if len(offered) == 0 {
		return nil, visit("")
	}
	for _, choice := range offered[:min(len(offered), maxChoices)] {
		if err := decider.Set(ctx, choice); errors.Is(err, page.ErrDisabled) {
			continue
		} else if err != nil {
			return nil, err
		}
		if err := visit(choice); err != nil {
			return nil, err
		}
	}
	return offered, nil
}

// note notes the fields that are there with a choice of the deciding field.
func (f *Form) note(ctx context.Context, choice string, out *Survey) error {
	form, err := f.await(ctx, choice)
	if err != nil {
		return err
	}
	var looks []*page.Look
	for _, field := range f.expected(choice) {
		if _, there := f.Label(form, field); there {
			continue
		}
		if form.HasTab(f.Profile.Field(field).Press) {
			if err := f.noteShown(ctx, form, choice, out); err != nil {
				return err
			}
			looks = append(looks, form)
		}
		f.seen = form
		if err := f.Unfold(ctx, field); err != nil && !errors.Is(err, page.ErrTimeout) {
			return err
		}
		if form, err = f.App.Look(ctx); err != nil {
			return err
		}
	}
	if err := f.noteShown(ctx, form, choice, out); err != nil {
		return err
	}
	looks = append(looks, form)
	for _, field := range f.Profile.Fields {
		has := func(form *page.Look) bool { _, there := f.Label(form, field.Field); return there }
		if slices.ContainsFunc(looks, has) || !slices.Contains(f.expected(choice), field.Field) {
			continue
		}
		i := slices.IndexFunc(out.Missing, func(m Missing) bool { return m.Field == field.Field })
		if i < 0 {
			i = len(out.Missing)
			out.Missing = append(out.Missing, Missing{Field: field.Field, Label: field.Label})
		}
		out.Missing[i].With = append(out.Missing[i].With, choice)
	}
	return nil
}

// noteShown notes the fields that a look at the form has.
func (f *Form) noteShown(ctx context.Context, form *page.Look, choice string, out *Survey) error {
	controls, err := f.own(ctx, form)
	if err != nil {
		return err
	}
	for _, c := range controls {
		seen := out.see(f, c, choice, "")
		if seen.Field == "oauth2_credentials" {
			seen.untouched[choice] = Untouched{Refused: required(c)}
			continue
		}
		held := ""
		if IsList(c) && f.New {
			if held, err = c.Get(ctx); err != nil {
				return err
			}
		}
		var choices []string
		switch {
		case f.offered != nil && seen.Field == f.Profile.Decides:
			choices = f.offered // read already
		case !seen.silent:
			choices, err = choicesOf(ctx, c)
			seen.silent = IsList(c) && !c.Disabled && len(choices) == 0
		}
		switch {
		case errors.Is(err, page.ErrRefused), errors.Is(err, page.ErrTimeout), errors.Is(err, page.ErrAmbiguous):
			seen.Problem = page.Clean(err.Error())
		case err != nil:
			return err
		}
		u := untouched(c, held, choices)
		if u.Absent, err = c.Fixed(ctx); err != nil {
			return err
		}
		seen.untouched[choice] = u
		for _, choice := range choices {
			if choice = page.Clean(choice); choice != "" && !slices.Contains(seen.Choices, choice) {
				seen.Choices = append(seen.Choices, choice)
			}
		}
	}
	return nil
}

// await gives the form time to become what the profile expects with a choice,
// and takes it as it is then. With a choice that the profile does not know it
// can only wait a moment.
func (f *Form) await(ctx context.Context, choice string) (form *page.Look, err error) {
	known := false
	for _, field := range f.Profile.Fields {
		known = known || slices.Contains(field.With, choice)
	}
	limit := drawn
	if !known {
		limit = moment
	}
	_, err = page.Until(ctx, limit, func() (bool, error) {
		form, err = f.App.Look(ctx)
		if err != nil {
			return false, err
		}
		fits := known
		for _, field := range f.Profile.Fields {
			if _, has := f.Label(form, field.Field); expected(field, choice) && field.Press == "" && !has ||
				len(field.With) > 0 && !slices.Contains(field.With, choice) && has {
				fits = false
			}
		}
		return fits, nil
	})
	return form, err
}

// untouched tells what becomes of a field that holds that now and offers those choices. What is
// held and cannot be chosen is a "Choose…", which stands for nothing.
func untouched(c *page.Control, held string, choices []string) Untouched {
	if IsList(c) && held != "" && (len(choices) == 0 || slices.Contains(choices, held)) {
		return Untouched{Default: held}
	}
	return Untouched{Refused: required(c)}
}

func required(c *page.Control) bool { return c.Required || human.MarkedRequired(c.Label) }

func (f *Form) fieldOf(c *page.Control) string {
	for _, field := range f.Profile.Fields {
		if slices.ContainsFunc(field.Labels(), c.Named) {
			return field.Field
		}
	}
	return ""
}

// choicesOf lists what a drop-down or radio group offers; none for other fields, and where nothing
// can be chosen.
func choicesOf(ctx context.Context, c *page.Control) ([]string, error) {
	if !IsList(c) || c.Disabled {
		return nil, nil
	}
	choices, err := c.Options(ctx)
	if errors.Is(err, page.ErrDisabled) {
		return nil, nil
	}
	return choices, err
}

// IsList reports whether one of several choices is made in a control.
func IsList(c *page.Control) bool {
	return slices.Contains([]page.Kind{page.KindSelect, page.KindCombobox, page.KindRadio}, c.Kind)
}

// Choices is [Site.Survey] for who is to write: it is an error when the form lacks what the
// profile expects, or a list of it could not be read. It is one step of [Site.Do].
func (s *Site) Choices(ctx context.Context, l schema.List) (*Survey, error) {
	seen, err := s.Survey(ctx, l)
	if err != nil {
		return nil, err
	}
	if len(seen.Missing) > 0 {
		var missing, have []string
		for _, m := range seen.Missing {
			label := m.Label
			if len(m.With) > 0 {
				label += " with " + strings.Join(m.With, " or ")
			}
			missing = append(missing, label)
		}
		for _, f := range seen.Fields {
			have = append(have, f.Label)
		}
		return nil, s.form(l).lacks(fmt.Errorf("it has no field named %s; it has: %s",
			strings.Join(missing, ", "), strings.Join(have, ", ")))
	}
	for _, f := range seen.Fields {
		if f.Field != "" && f.Problem != "" {
			return nil, errors.New(f.Problem)
		}
	}
	return seen, nil
}

// Of are the choices of a field of the bundle, nil where anything may be typed, and what becomes of it
// untouched with a choice of the deciding field.
func (s *Survey) Of(field, decider string) (choices []string, then Untouched) {
	tried, there := false, false
	for _, f := range s.Fields {
		u, has := f.untouched[decider]
		tried = tried || has
		if f.Field != field {
			continue
		}
		choices = append(choices, f.Choices...)
		if !has {
			u, has = f.untouched[""]
		}
		if has {
			then, there = u, true
		}
	}
	then.Absent = then.Absent || tried && !there
	return choices, then
}
