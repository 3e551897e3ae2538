package formprofile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Form is the open form of an item.
type Form struct {
	App      *page.Scope
	Profile  *schema.FormList
	List     schema.List
	Timeout  time.Duration // of a wait
	New      bool          // of an item that is not there yet
	bundle   string
	seen     *page.Look      // a look at the form that nothing was done since
	unfolded []string        // fields that were asked for and may be behind a press
	around   map[string]bool // labels of fields that the list's page has as well
	offered  []string        // by the deciding field, once that was looked at
}

func (s *Site) form(l schema.List) *Form {
	return &Form{App: s.app, Profile: s.options.Profile.List(l), List: l, Timeout: s.options.Browser.Timeout,
		bundle: s.options.Profile.Bundle(), around: s.around}
}

func (f *Form) appear(ctx context.Context) error {
	return f.App.WaitFor(ctx, page.HasButton(f.Profile.Save), f.has("name"))
}

// has is that the form has the field, under any of its labels.
func (f *Form) has(field string) page.Cond {
	return page.HasField(f.Profile.Field(field).Labels()...)
}

// Label is the field's label on the form: of those that it may have the first that is there,
// or else the likeliest.
func (f *Form) Label(form *page.Look, field string) (label string, there bool) {
	labels := f.Profile.Field(field).Labels()
	for _, label := range labels {
		if form.Has(label) {
			return label, true
		}
	}
	return labels[0], false
}

func (f *Form) field(ctx context.Context, form *page.Look, field string) (*page.Control, error) {
	label, _ := f.Label(form, field)
	c, err := form.Field(ctx, label)
	if press := f.Profile.Field(field).Press; err == nil && press != "" && form.HasTab(press) {
		c.Reach = func(ctx context.Context) error {
			f.Changed()
			defer f.Changed()
			return f.Unfold(ctx, field)
		}
	}
	return c, err
}

// Unfold presses what brings a field onto the form, where it is not there.
func (f *Form) Unfold(ctx context.Context, field string) error {
	press := f.Profile.Field(field).Press
	if press == "" {
		return nil
	}
	f.unfolded = append(f.unfolded, field)
	form, err := f.Look(ctx)
	if err != nil {
		return err
	}
	if _, there := f.Label(form, field); there {
		return nil
	}
	if !form.Shows(page.HasButton(press)) {
		return nil
	}
	f.seen = nil
	if err := form.Press(ctx, press); err != nil {
		return err
	}
	return f.App.WaitFor(ctx, f.has(field))
}

// Reading is what the form of an item holds.
type Reading struct {
	Item   schema.Item
	Secret schema.Secret // only where it was asked for; only a mask where Hidden says so
	Hidden string        // why Secret is not there, in the page's terms; "" where the form has no place for one
	Others []Other       // of fields that the profile does not name, in the form's order
}

// Other is a field that the profile does not name, with what it holds as text.
// What a password field holds is never read.
type Other struct {
	Label string
	Kind  page.Kind
	Value string
}

// Read reads every field by its label. A field that the profile expects and the
// form does not have is an error: it may have another label now, and what it
// holds would be taken for empty. secrets reads the secret as well.
func (f *Form) Read(ctx context.Context, secrets bool) (*Reading, error) {
	if secrets {
		if err := f.Unfold(ctx, schema.SecretField(f.List)); err != nil {
			return nil, err
		}
	}
	controls, err := f.Controls(ctx)
	if err != nil {
		return nil, err
	}
	r := &Reading{Item: schema.NewItem(f.bundle, f.List)}
	for _, field := range schema.Fields(f.bundle, f.List) {
		c := controls.Named[field.Name]
		switch {
		case c == nil:
		case field.Secret:
			if !secrets {
				continue
			}
			r.Secret, err = c.Secret(ctx)
			if errors.Is(err, page.ErrMasked) {
				r.Hidden, err = err.Error(), nil
			}
		default:
			err = read(ctx, c, field, r.Item)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, c := range controls.Others {
		o := Other{Label: page.Clean(c.Label), Kind: c.Kind}
		if c.Kind != page.KindPassword {
			if o.Value, err = c.Get(ctx); err != nil {
				return nil, err
			}
		}
		r.Others = append(r.Others, o)
	}
	return r, nil
}

func read(ctx context.Context, c *page.Control, field schema.Field, it schema.Item) error {
	if c.Kind == page.KindPassword {
		return fmt.Errorf("%s is a password field, but the bundle's %s is no secret", schema.Quote(c.Label), field.Name)
	}
	text, err := c.Get(ctx)
	if err != nil {
		return err
	}
	value, err := field.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", schema.Quote(c.Label), err)
	}
	return schema.Set(it, field.Name, value)
}

// Controls are a form's fields.
type Controls struct {
	Named  map[string]*page.Control // by field of the bundle; those that are on the form now
	Others []*page.Control          // that the profile does not name
}

// Controls finds the form's fields, once those are there that the value of the
// deciding field brings with it.
func (f *Form) Controls(ctx context.Context) (*Controls, error) {
	decider := ""
	if f.Profile.Decides != "" {
		if err := f.Unfold(ctx, f.Profile.Decides); err != nil {
			return nil, err
		}
		form, err := f.Look(ctx)
		if err != nil {
			return nil, err
		}
		c, err := f.field(ctx, form, f.Profile.Decides)
		if err != nil {
			return nil, f.lacks(err)
		}
		if decider, err = c.Get(ctx); err != nil {
			return nil, err
		}
	}
	expected := f.expected(decider)
	if f.bundle == schema.CloudFormat { // where no secret is read, and one that is written is waited for by itself
		expected = slices.DeleteFunc(expected, func(field string) bool { return field == schema.SecretField(f.List) })
	}
	if _, err := f.Await(ctx, expected); err != nil {
		return nil, f.lacks(err)
	}
	form, err := f.Look(ctx)
	if err != nil {
		return nil, err
	}
	if err := form.Describe(ctx); err != nil {
		return nil, err
	}
	out := &Controls{Named: map[string]*page.Control{}}
	claimed := map[string]bool{}
	for _, field := range f.Profile.Fields {
		if slices.Contains(expected, field.Field) || slices.Contains(f.unfolded, field.Field) {
			if err := f.Unfold(ctx, field.Field); err != nil { // again, where a tab hid it since
				return nil, err
			}
		}
		if form, err = f.Look(ctx); err != nil {
			return nil, err
		}
		if _, there := f.Label(form, field.Field); !there {
			continue
		}
		c, err := f.field(ctx, form, field.Field)
		if err != nil {
			return nil, err
		}
		out.Named[field.Field], claimed[c.Label] = c, true
	}
	f.seen = nil
	if !slices.ContainsFunc(form.Labels(), func(l string) bool { return !claimed[l] && !f.around[l] }) {
		return out, nil
	}
	out.Others, err = f.own(ctx, form)
	out.Others = slices.DeleteFunc(out.Others, func(c *page.Control) bool { return claimed[c.Label] })
	return out, err
}

// Look looks at the form, or takes the look that is still true.
func (f *Form) Look(ctx context.Context) (*page.Look, error) {
	if f.seen == nil {
		var err error
		if f.seen, err = f.App.Look(ctx); err != nil {
			return nil, err
		}
	}
	return f.seen, nil
}

// Changed says that the last look is no longer true.
func (f *Form) Changed() { f.seen = nil }

// Decide chooses a value in the deciding field, if there is one.
func (f *Form) Decide(ctx context.Context, value string) error {
	if f.Profile.Decides == "" || value == "" {
		return nil
	}
	form, err := f.Look(ctx)
	if err != nil {
		return err
	}
	c, err := f.field(ctx, form, f.Profile.Decides)
	if err != nil {
		return f.lacks(err)
	}
	if have, err := c.Get(ctx); err != nil || have == value {
		return err
	}
	f.seen = nil
	return c.Set(ctx, value)
}

// Await waits until the form has every one of the fields, and presses what unfolds them. It
// returns the labels of those that were not there at first.
func (f *Form) Await(ctx context.Context, fields []string) (labels []string, err error) {
	var missing []page.Cond
	for _, field := range fields {
		if err := f.Unfold(ctx, field); err != nil {
			return nil, err
		}
		form, err := f.Look(ctx)
		if err != nil {
			return nil, err
		}
		if label, there := f.Label(form, field); !there {
			labels, missing = append(labels, label), append(missing, f.has(field))
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	f.seen = nil
	return labels, f.App.WaitFor(ctx, missing...)
}

func (f *Form) lacks(err error) error {
	return schema.Hint(fmt.Errorf("the form of a %s is not as the form profile says: %w", f.List.One(), err),
		"mailferry inspect page+URL shows the labels that it has; --form-profile takes an edited profile")
}

// expected are the fields that have to be there with a value of the deciding field. A secret
// behind a press of its own is asked for where it is read or written alone.
func (f *Form) expected(decider string) []string {
	var out []string
	for _, field := range f.Profile.Fields {
		if expected(field, decider) && (field.Press == "" || field.Field != schema.SecretField(f.List)) {
			out = append(out, field.Field)
		}
	}
	return out
}
