package page

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// Kind is what a person would call a control.
type Kind string

// The kinds of controls.
const (
	KindText      Kind = "text"
	KindMultiline Kind = "multi-line text"
	KindPassword  Kind = "password"
	KindCheckbox  Kind = "checkbox"
	KindSwitch    Kind = "switch"
	KindSelect    Kind = "select"          // a native drop-down list
	KindCombobox  Kind = "combobox"        // a drop-down list that the page draws itself
	KindRadio     Kind = "radio"           // a group of radio buttons
	KindList      Kind = "list of choices" // several of which may be chosen; it is read and not set
)

// field is a control as the accessibility tree shows it.
type field struct {
	label  string
	node   *node  // what is focused and typed into
	kind   Kind   // as far as the tree tells: a password looks like text
	own    string // what a drop-down shows, which some pages make part of its name
	group  string // that a checkbox stands alone in
	beside string // the text beside it, where that is not the label
	titled bool   // by a label of the page, although its name is another
	radio  []*node
	seen   *described // by [Look.Describe]
}

// matches compares with a folded label.
func (f *field) matches(want string) bool {
	if human.FoldLabel(f.label) == want || f.group != "" && human.FoldLabel(f.group) == want ||
		f.beside != "" && human.FoldLabel(f.beside) == want {
		return true
	}
	short, cut := f.short()
	return cut && human.FoldLabel(short) == want
}

// short is the label of a drop-down without what it shows as chosen.
func (f *field) short() (string, bool) {
	label, own := human.Squeeze(f.label), human.Squeeze(f.own)
	if own == "" {
		return label, false
	}
	short, cut := strings.CutSuffix(label, own)
	if !cut {
		short, cut = strings.CutPrefix(label, own)
	}
	short = strings.TrimSpace(short)
	return short, cut && short != ""
}

// fieldKinds are the kinds of controls by their roles, as far as those tell.
var fieldKinds = map[string]Kind{
	"textbox": KindText, "searchbox": KindText, "spinbutton": KindText, "slider": KindText,
	"Date": KindText, "DateTime": KindText, "InputTime": KindText, "ColorWell": KindText,
	"checkbox": KindCheckbox, "switch": KindSwitch, "radio": KindRadio, "combobox": KindCombobox, "listbox": KindList,
}

// entered reports whether something is entered or chosen in the node.
func (n *node) entered() bool { return fieldKinds[n.role] != "" || n.state["editable"] != "" }

// fields lists the controls below root in document order.
func fields(root *node) []*field {
	var found []*field
	near := &nearby{}
	root.each(func(n *node) bool {
		f := &field{label: n.name, node: n, kind: fieldKinds[n.role]}
		radios := radiosIn(n)
		if near.text(n) {
			return false
		}
		switch {
		case n.backend == 0:
			return true
		case n.name == "" && (f.kind == KindCombobox || len(radios) > 0) &&
			n.holds(func(at *node) bool { return at.name != "" && at.is("combobox", "radiogroup", "group") }):
			return true // the one inside is the field
		case f.kind == KindList && n.holds(func(at *node) bool { return at.is("combobox") }):
			return true // it is drawn round that one
		case n.closedList():
			f.kind = KindCombobox // a list is not named by what it shows
		case f.kind == KindList && (n.name == "" || !n.flag("focusable")):
			return false
		case f.kind == KindText && n.flag("multiline"):
			f.kind = KindMultiline
		case f.kind == KindText && n.state["hasPopup"] == "listbox":
			f.kind = KindCombobox
		case f.kind == KindCheckbox, f.kind == KindSwitch:
			if len(n.children) == 1 && n.children[0].is("checkbox", "switch") {
				return true // the one inside is pressed
			}
			f.group = alone(n)
		case f.kind == KindCombobox:
			f.typedInto()
		case n.is("button", "PopUpButton") && n.state["hasPopup"] == "listbox":
			if arrowOf(n, found) {
				return false
			}
			f.kind, f.own = KindCombobox, n.text()
		case n.is("radio") && near.joins(n, found):
			return false
		case len(radios) > 0:
			f.kind, f.radio = KindRadio, radios
		case f.kind == "" && n.name != "" && n.state["editable"] != "" && n.flag("focusable") &&
			n.role != "RootWebArea":
			f.kind = KindMultiline
		case f.kind == "":
			return true
		}
		near.field(f)
		if len(radios) > 0 && f.label+f.beside == "" && !radios[0].is("radio") {
			return true // buttons of an editor, say
		}
		found = append(found, f)
		return false
	})
	for _, f := range found {
		if f.beside != "" && slices.ContainsFunc(found, func(other *field) bool {
			return other != f && human.FoldLabel(other.label) == human.FoldLabel(f.beside)
		}) {
			f.beside = "" // it is the other's
		}
		if f.beside != "" && (f.label == "" || f.titled) {
			f.label, f.beside, f.own = f.beside, f.label, ""
		}
	}
	return found
}

// nearby are the texts beside fields, by which people know those that the page gives no name,
// or as a name what they hold.
type nearby struct {
	last  string // the text since the last field
	label bool   // it is a label
	tick  *field // a box to tick, right before which no text stood
	named string // the name of the field before, folded
}

// text takes notice of a text, and of what the label of a field never stands before. It reports
// whether there is nothing else in the node.
func (b *nearby) text(n *node) bool {
	switch {
	case n.is("heading", "row") || n.is(pressRoles...) && n.state["hasPopup"] != "listbox":
		*b = nearby{}
		return !n.is("row") && !n.holds((*node).entered)
	case !n.is("StaticText", "LabelText") || n.holds((*node).entered):
		return false
	}
	text, label := n.text(), n.is("LabelText")
	switch {
	case human.FoldLabel(text) == "":
	case b.tick != nil:
		b.tick.beside = text
		*b = nearby{}
	case b.named == human.FoldLabel(text): // it stands after its field
	case label || !b.label: // what follows a label may be what its field holds
		b.last, b.label = text, label
	}
	return true
}

// field gives a field the text before it.
func (b *nearby) field(f *field) {
	other := f.label == "" || b.label && human.FoldLabel(b.last) != human.FoldLabel(f.label)
	if (other || f.node.is("radio")) && !inRow(f.node) {
		f.beside, f.titled = b.last, b.label
	}
	*b = nearby{named: human.FoldLabel(f.label)}
	if f.label+f.beside == "" && (f.kind == KindCheckbox || f.kind == KindSwitch) && !inRow(f.node) {
		b.tick = f
	}
}

func inRow(n *node) bool { return n.above(func(at *node) bool { return at.is("row") }) != nil }

// joins adds a radio button without a group round it to the ones right before it, between which
// there is no other text than their names. What stood before the first is then their label.
func (b *nearby) joins(n *node, found []*field) bool {
	if len(found) == 0 || inRow(n) {
		return false
	}
	f := found[len(found)-1]
	if !f.node.is("radio") || b.last != "" && human.FoldLabel(b.last) != human.FoldLabel(n.name) {
		return false
	}
	f.radio, f.titled = append(f.radio, n), true
	*b = nearby{named: human.FoldLabel(n.name)}
	return true
}

// arrowOf reports whether a button opens the list of the input before it: the two are alone in a
// box, and only the input is labelled.
func arrowOf(n *node, before []*field) bool {
	before = slices.DeleteFunc(slices.Clone(before), func(f *field) bool { return f.label == "" || !f.node.within(n.parent) })
	return n.parent.is("generic") && len(n.refs["labelledby"]) == 0 && len(before) == 1 &&
		before[0].kind == KindCombobox && holdsTypedText(before[0].node)
}

// alone is the name of the group that a checkbox is the only one in: "Debug" round "Enabled".
func alone(n *node) string {
	group := n.above(func(at *node) bool { return at.is("group", "radiogroup") })
	if group == nil {
		return ""
	}
	if group.holds(func(other *node) bool { return other != n && other.entered() }) {
		return ""
	}
	return group.name
}

// typedInto finds the input inside the older pattern of a combobox, in which an element around
// it has the role.
func (f *field) typedInto() {
	n := f.node
	if holdsTypedText(n) {
		return
	}
	n.each(func(at *node) bool {
		if at != n && f.node == n && at.is("textbox", "searchbox") && at.backend != 0 {
			f.node, f.label = at, cmp.Or(f.label, at.name)
		}
		return true
	})
	if f.node == n {
		f.own = n.text()
	}
}

// radiosIn lists the radio buttons of a radio group, or of a group that holds no other field.
func radiosIn(n *node) (radios []*node) {
	if n.is("radio") {
		return []*node{n}
	}
	if !n.is("radiogroup", "group", "toolbar") {
		return nil
	}
	pure := true
	n.each(func(at *node) bool {
		on := at.is("radio") || at.state["pressed"] != "" // a button that stays pressed
		if on {
			radios = append(radios, at)
		}
		pure = pure && (on || fieldKinds[at.role] == "" && !(at.state["hasPopup"] == "listbox"))
		return !on && fieldKinds[at.role] == ""
	})
	if len(radios) == 1 && !radios[0].is("radio") {
		return nil
	}
	if !pure && n.is("group") {
		return nil
	}
	return radios
}

// Labels lists the labels of all fields as the page writes them, in the page's order.
func (l *Look) Labels() []string {
	labels := make([]string, len(l.form()))
	for i, field := range l.form() {
		labels[i], _ = field.short()
	}
	return labels
}

// Has reports whether there is at least one field with the label.
func (l *Look) Has(label string) bool {
	want := human.FoldLabel(label)
	return slices.ContainsFunc(l.form(), func(have *field) bool { return have.matches(want) })
}

// Field finds the one control with the label. Labels compare without regard to case, blanks, a
// required-mark and a colon. The error is [ErrAbsent] and lists the labels that there are, or
// [ErrAmbiguous].
func (l *Look) Field(ctx context.Context, label string) (*Control, error) {
	found, err := l.find(label)
	if err != nil {
		return nil, err
	}
	return l.control(ctx, found)
}

// named are the fields with the label.
func (l *Look) named(label string) []*field {
	want := human.FoldLabel(label)
	return slices.DeleteFunc(slices.Clone(l.form()), func(have *field) bool { return !have.matches(want) })
}

func (l *Look) find(label string) (*field, error) {
	found := prefer(l.named(label), func(f *field) *node { return f.node })
	if len(found) > 1 {
		// The open list of a combobox has the combobox's label.
		found = slices.DeleteFunc(found, func(f *field) bool { return f.kind == KindList })
	}
	switch len(found) {
	case 0:
		return nil, failure(ErrAbsent, "no field named %s; the page has: %s", Clean(label), listNames(l.Labels()))
	case 1:
		return found[0], nil
	}
	return nil, failure(ErrAmbiguous, "%s fields named %s", number(len(found)), Clean(label))
}

// Describe reads by one call what all fields are and what they hold, for the first look at each
// control, which then asks the page no more.
func (l *Look) Describe(ctx context.Context) error {
	l.acts = l.scope.page.acts
	in := make(map[*document][]*field)
	for _, field := range l.form() {
		in[field.node.doc] = append(in[field.node.doc], field)
	}
	for doc, fields := range in {
		seen, err := describe(ctx, doc.root, fields...)
		if err != nil && !stale(err) {
			return err
		}
		for i := range seen {
			fields[i].seen = seen[i]
		}
	}
	return nil
}

// Fields gives every control of the form, also those that share a label or have none. Reading
// it changes nothing on the page.
func (l *Look) Fields(ctx context.Context) ([]*Control, error) {
	if err := l.Describe(ctx); err != nil {
		return nil, err
	}
	var controls []*Control
	for _, field := range l.form() {
		c, err := l.control(ctx, field)
		if err != nil {
			return nil, err
		}
		controls = append(controls, c)
	}
	return controls, nil
}

func (l *Look) control(ctx context.Context, found *field) (*Control, error) {
	c := &Control{Label: human.Squeeze(found.label), scope: l.scope}
	c.take(found)
	alike := l.named(c.Label)
	c.nth, c.alike = slices.Index(alike, found), len(alike)
	if found.seen != nil && !found.seen.Coming && l.acts == l.scope.page.acts {
		c.is(found.seen)
		return c, nil
	}
	return c, c.refresh(ctx)
}

// Control is one field. When the page draws its fields anew, as React does, the control finds
// its place again by its label, and by its order where several have that; when the page itself
// moves on, everything fails with [ErrGone].
type Control struct {
	// Label is the label as the page writes it, blanks collapsed.
	Label string
	// Kind is what the control is.
	Kind Kind
	// Required, Disabled and ReadOnly are what the page says of the control.
	Required, Disabled, ReadOnly bool
	// Reach, if set, brings the control up where another tab of the form may hide it.
	Reach func(context.Context) error

	field *field
	scope *Scope
	seen  *described
	acts  int  // of the page, when it was seen
	fresh bool // nothing has asked what it holds since it was seen
	drawn int  // how often the page has drawn the control anew

	nth, alike int // which of how many fields with its label it is
}

// Named reports whether the control has the label, compared as [Look.Field] does.
func (c *Control) Named(label string) bool { return c.field.matches(human.FoldLabel(label)) }

// described is what describe in page.js returns.
type described struct {
	Tag      string   `json:"tag"`
	Type     string   `json:"type"`
	Suggest  bool     `json:"suggest"`
	Rich     bool     `json:"rich"`
	Drops    bool     `json:"drops"` // an input that says nothing of its list: one to press, or with its value drawn over it
	Multiple bool     `json:"multiple"`
	Coming   bool     `json:"coming"` // the choices of a native list may be yet to come
	Disabled bool     `json:"disabled"`
	ReadOnly bool     `json:"readonly"`
	Required bool     `json:"required"`
	Checked  string   `json:"checked"`
	Holds    held     `json:"holds"`   // as text, for [Control.Get]
	Options  []option `json:"options"` // of a native list or a group of radio buttons
}

// held is what a field holds. It may be a secret, and is not printed.
type held string

func (held) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, schema.Redacted) }

// take binds the control to where the tree shows it.
func (c *Control) take(found *field) {
	c.field, c.Kind = found, found.kind
	if short, cut := found.short(); cut {
		c.Label = short
	}
}

// describe reads what the tree does not tell of fields of one document, by one call on a node of
// it. One that is no longer on the page has none.
func describe(ctx context.Context, on *node, fields ...*field) ([]*described, error) {
	args := []any{nil}
	about := make([][2]any, len(fields)) // the kind, and how many radio buttons follow the element
	for i, f := range fields {
		about[i] = [2]any{f.kind, len(f.radio)}
		args = append(args, f.node)
		for _, n := range f.radio {
			args = append(args, n)
		}
	}
	args[0] = about
	seen := make([]*described, len(fields))
	if err := on.run(ctx, "describe", &seen, args...); err != nil {
		return nil, err
	}
	for i, f := range fields {
		if seen[i] == nil {
			continue
		}
		for j, n := range f.radio {
			o := &seen[i].Options[j]
			if o.Full = human.Squeeze(n.name); o.Text == "" || !strings.HasPrefix(o.Full, o.Text) {
				o.Text = o.Full
			}
		}
	}
	return seen, nil
}

func (c *Control) describe(ctx context.Context) error {
	seen, err := describe(ctx, c.field.node, c.field)
	if err == nil && seen[0] == nil {
		err = errDetached
	}
	if err == nil {
		c.is(seen[0])
	}
	return err
}

func (c *Control) is(seen *described) {
	c.seen, c.acts, c.fresh = seen, c.scope.page.acts, true
	c.Required, c.Disabled, c.ReadOnly = seen.Required, seen.Disabled, seen.ReadOnly
	switch {
	case seen.Tag == "select" && seen.Multiple:
		c.Kind = KindList
	case seen.Tag == "select":
		c.Kind = KindSelect
	case seen.Suggest:
		c.Kind = KindText // suggestions to a field that takes any text
	case c.Kind == KindText && seen.Drops:
		c.Kind = KindCombobox
	case c.Kind == KindText && seen.Type == "password":
		c.Kind = KindPassword
	case c.Kind == KindText && (seen.Tag == "textarea" || seen.Rich):
		c.Kind = KindMultiline
	}
}
