package page

import (
	"context"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/runtime"

	"github.com/mailferry/mailferry/internal/human"
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
	label string
	node  *node  // what is focused and typed into
	kind  Kind   // as far as the tree tells: a password looks like text
	own   string // what a drop-down shows, which some pages make part of its name
	group string // that a checkbox stands alone in
	radio []*node
}

// matches compares with a folded label.
func (f *field) matches(want string) bool {
	if human.FoldLabel(f.label) == want || f.group != "" && human.FoldLabel(f.group) == want {
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

// fields lists the controls below root in document order.
func fields(root *node) []*field {
	var found []*field
	root.each(func(n *node) bool {
		if n.backend == 0 {
			return true
		}
		switch n.role {
		case "textbox", "searchbox", "spinbutton":
			kind := KindText
			if n.flag("multiline") {
				kind = KindMultiline
			}
			found = append(found, &field{label: n.name, node: n, kind: kind})
			return false
		case "slider", "Date", "DateTime", "InputTime", "ColorWell":
			found = append(found, &field{label: n.name, node: n, kind: KindText})
			return false
		case "listbox":
			if n.name != "" && n.flag("focusable") {
				found = append(found, &field{label: n.name, node: n, kind: KindList})
			}
			return false
		case "checkbox":
			found = append(found, &field{label: n.name, node: n, kind: KindCheckbox, group: alone(n)})
			return false
		case "switch":
			found = append(found, &field{label: n.name, node: n, kind: KindSwitch, group: alone(n)})
			return false
		case "combobox":
			found = append(found, combobox(n))
			return false
		case "button", "PopUpButton":
			if n.state["hasPopup"] == "listbox" {
				found = append(found, &field{label: n.name, node: n, kind: KindCombobox, own: n.text()})
				return false
			}
		case "radiogroup", "group":
			if radios, pure := radiosIn(n); len(radios) > 0 && (pure || n.role == "radiogroup") {
				found = append(found, &field{label: n.name, node: n, kind: KindRadio, radio: radios})
				return false
			}
		case "radio":
			found = append(found, &field{label: n.name, node: n, kind: KindRadio, radio: []*node{n}})
			return false
		case "RootWebArea":
			return true
		}
		if n.name != "" && n.state["editable"] != "" && n.flag("focusable") {
			found = append(found, &field{label: n.name, node: n, kind: KindMultiline})
			return false
		}
		return true
	})
	return found
}

// alone is the name of the group that a checkbox is the only one in: "Debug" round "Enabled".
func alone(n *node) string {
	for at := n.parent; at != nil; at = at.parent {
		if !at.is("group", "radiogroup") {
			continue
		}
		others := false
		at.each(func(other *node) bool {
			others = others || other != n && other.is(fieldRoles...)
			return !others
		})
		if !others {
			return at.name
		}
		return ""
	}
	return ""
}

var fieldRoles = []string{"textbox", "searchbox", "spinbutton", "checkbox", "switch", "radio", "combobox", "listbox", "slider", "Date", "DateTime", "InputTime", "ColorWell"}

// combobox finds the input inside the older pattern, in which an element around it has the role.
func combobox(n *node) *field {
	f := &field{label: n.name, node: n, kind: KindCombobox}
	if holdsTypedText(n) {
		return f
	}
	n.each(func(at *node) bool {
		if at != n && f.node == n && at.is("textbox", "searchbox") && at.backend != 0 {
			f.node = at
			if f.label == "" {
				f.label = at.name
			}
		}
		return true
	})
	if f.node == n {
		f.own = n.text()
	}
	return f
}

// radiosIn lists the radio buttons of a group and tells whether it holds no other field.
func radiosIn(group *node) (radios []*node, pure bool) {
	pure = true
	group.each(func(n *node) bool {
		if n.is("radio") {
			radios = append(radios, n)
		}
		pure = pure && (n.is("radio") || !n.is(fieldRoles...))
		return !n.is(fieldRoles...)
	})
	return radios, pure
}

// Form is the fields of a scope at one moment: one look at the page, from which every control
// is taken. When choosing in one field makes others appear, take a new Form.
type Form struct {
	scope  *Scope
	view   *view
	fields []*field
}

// Form reads which fields the scope has now.
func (s *Scope) Form(ctx context.Context) (*Form, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	return &Form{scope: s, view: v, fields: fields(v.root)}, nil
}

// Labels lists the labels of all fields as the page writes them, in the page's order.
func (f *Form) Labels() []string {
	labels := make([]string, len(f.fields))
	for i, field := range f.fields {
		labels[i], _ = field.short()
	}
	return labels
}

// Has reports whether there is at least one field with the label.
func (f *Form) Has(label string) bool {
	want := human.FoldLabel(label)
	for _, field := range f.fields {
		if field.matches(want) {
			return true
		}
	}
	return false
}

// Field finds the one control with the label. Labels compare without regard to case, blanks, a
// required-mark and a colon. The error is [ErrAbsent] and lists the labels that there are, or
// [ErrAmbiguous].
func (f *Form) Field(ctx context.Context, label string) (*Control, error) {
	found, err := f.find(label)
	if err != nil {
		return nil, err
	}
	return f.control(ctx, found)
}

func (f *Form) find(label string) (*field, error) {
	want := human.FoldLabel(label)
	byNode := make(map[*node]*field)
	var nodes []*node
	for _, field := range f.fields {
		if field.matches(want) {
			byNode[field.node] = field
			nodes = append(nodes, field.node)
		}
	}
	nodes = prefer(nodes)
	if len(nodes) > 1 {
		// The open list of a combobox has the combobox's label.
		nodes = slices.DeleteFunc(nodes, func(n *node) bool { return byNode[n].kind == KindList })
	}
	switch len(nodes) {
	case 0:
		return nil, failure(ErrAbsent, "no field named %s; the page has: %s", Clean(label), listNames(f.Labels()))
	case 1:
		return byNode[nodes[0]], nil
	}
	return nil, failure(ErrAmbiguous, "%s fields named %s", number(len(nodes)), Clean(label))
}

// Fields gives every control of the form, also those that share a label or have none. Reading
// it changes nothing on the page.
func (f *Form) Fields(ctx context.Context) ([]*Control, error) {
	var controls []*Control
	for _, field := range f.fields {
		c, err := f.control(ctx, field)
		if err != nil {
			return nil, err
		}
		controls = append(controls, c)
	}
	return controls, nil
}

func (f *Form) control(ctx context.Context, found *field) (*Control, error) {
	c := &Control{Label: human.Squeeze(found.label), scope: f.scope}
	c.take(found)
	if err := c.refresh(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Field is [Scope.Form] and [Form.Field] in one, for a single field.
func (s *Scope) Field(ctx context.Context, label string) (*Control, error) {
	form, err := s.Form(ctx)
	if err != nil {
		return nil, err
	}
	return form.Field(ctx, label)
}

// Control is one field. When the page draws its fields anew, as React does, the control finds
// its place again by its label; when the page itself moves on, everything fails with [ErrGone].
type Control struct {
	// Label is the label as the page writes it, blanks collapsed.
	Label string
	// Kind is what the control is.
	Kind Kind
	// Required, Disabled and ReadOnly are what the page says of the control.
	Required, Disabled, ReadOnly bool
	// Problem is the validation message that the page shows for the control, or "".
	Problem string

	field  *field
	scope  *Scope
	place  *place
	object runtime.RemoteObjectID
	seen   described
	drawn  int // how often the page has drawn the control anew
}

// Named reports whether the control has the label, compared as [Form.Field] does.
func (c *Control) Named(label string) bool { return c.field.matches(human.FoldLabel(label)) }

// described is what jsDescribe returns.
type described struct {
	Tag      string   `json:"tag"`
	Type     string   `json:"type"`
	Suggest  bool     `json:"suggest"`
	Rich     bool     `json:"rich"`
	Multiple bool     `json:"multiple"`
	Disabled bool     `json:"disabled"`
	ReadOnly bool     `json:"readonly"`
	Required bool     `json:"required"`
	Checked  string   `json:"checked"`
	Problem  string   `json:"problem"`
	Options  []option `json:"options"` // of a native list
}

// take binds the control to where the tree shows it.
func (c *Control) take(found *field) {
	c.place = placeOf(found.node, quoteLabel(found.label))
	c.field, c.Kind, c.object = found, found.kind, ""
	if short, cut := found.short(); cut {
		c.Label = short
	}
	c.Problem = ""
	if n := found.node; n.state["invalid"] != "" && n.state["invalid"] != "false" {
		c.Problem = problemText(n)
	}
}

// describe reads what the tree does not tell.
func (c *Control) describe(ctx context.Context) error {
	if c.object == "" {
		object, err := c.place.resolve(ctx, c.place.backend)
		if err != nil {
			return err
		}
		c.object = object
	}
	var seen described
	if err := c.place.functionOn(ctx, c.object, jsDescribe, &seen); err != nil {
		return err
	}
	c.seen = seen
	c.Required, c.Disabled, c.ReadOnly = seen.Required, seen.Disabled, seen.ReadOnly
	if c.Problem == "" {
		c.Problem = Clean(seen.Problem)
	}
	switch {
	case seen.Tag == "select" && seen.Multiple:
		c.Kind = KindList
	case seen.Tag == "select":
		c.Kind = KindSelect
	case seen.Suggest:
		c.Kind = KindText // suggestions to a field that takes any text
	case c.Kind == KindText && seen.Type == "password":
		c.Kind = KindPassword
	case c.Kind == KindText && (seen.Tag == "textarea" || seen.Rich):
		c.Kind = KindMultiline
	}
	return nil
}
