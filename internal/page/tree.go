package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"

	"github.com/mailferry/mailferry/internal/human"
)

// The accessibility tree as it comes over the wire, cut down to what is used. Values of text
// fields are left out on purpose: they may be secrets, and nothing here needs them.
type wireTree struct {
	Nodes []wireNode `json:"nodes"`
}

type wireNode struct {
	ID         string            `json:"nodeId"`
	Ignored    bool              `json:"ignored"`
	Role       wireValue         `json:"role"`
	Name       wireValue         `json:"name"`
	Describes  wireValue         `json:"description"`
	Properties []wireProperty    `json:"properties"`
	Children   []string          `json:"childIds"`
	Backend    cdp.BackendNodeID `json:"backendDOMNodeId"`
}

type wireProperty struct {
	Name  string    `json:"name"`
	Value wireValue `json:"value"`
}

type wireValue struct {
	Value   any `json:"value"`
	Related []struct {
		Backend cdp.BackendNodeID `json:"backendDOMNodeId"`
	} `json:"relatedNodes"`
}

func (v wireValue) text() string {
	switch value := v.Value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	return fmt.Sprint(v.Value)
}

// node is one thing on the page as a screen reader meets it. Nodes that the browser ignores for
// accessibility (hidden, or without meaning) are dissolved into their parent.
type node struct {
	doc      *document
	backend  cdp.BackendNodeID      // 0 for text that no element stands for
	object   runtime.RemoteObjectID // of it, once it was resolved
	role     string
	name     string
	title    string            // what the page says of it beside its name
	state    map[string]string // the browser's property names: disabled, required, invalid, checked, expanded, hasPopup, modal, live …
	refs     map[string][]cdp.BackendNodeID
	parent   *node
	children []*node
}

// document is one frame's tree.
type document struct {
	session *session // that reaches it
	key     docKey
	origin  string
	around  cdp.FrameID // the frame that this one is in
	url     string
	failed  bool // the browser shows an error in place of the page
	root    *node
	parent  *document
	byID    map[cdp.BackendNodeID]*node
	labels  []*node // of fields
}

// docKey tells whether a later look sees the same document or one that was loaded in its place.
type docKey struct {
	frame  cdp.FrameID
	loader cdp.LoaderID
}

// snapshot is what the page showed at one moment: documents in the order of nesting, the
// outermost first.
type snapshot struct {
	top  *document // the tab's own, also where it was not read
	docs []*document
}

func (s *snapshot) find(key docKey) *document {
	for _, doc := range s.docs {
		if doc.key == key {
			return doc
		}
	}
	return nil
}

// build turns a wire tree into nodes. It skips what repeats a field's content as text, because
// that content may be a secret.
func (d *document) build(wire *wireTree) error {
	if len(wire.Nodes) == 0 {
		return fmt.Errorf("the frame %s has no content", Clean(d.url))
	}
	if len(wire.Nodes) > maxNodes {
		return fmt.Errorf("the frame %s is too large to read: %d elements", Clean(d.url), len(wire.Nodes))
	}
	index := make(map[string]*wireNode, len(wire.Nodes))
	for i := range wire.Nodes {
		index[wire.Nodes[i].ID] = &wire.Nodes[i]
	}
	d.byID = make(map[cdp.BackendNodeID]*node, len(wire.Nodes))
	var add func(parent *node, id string, depth int)
	add = func(parent *node, id string, depth int) {
		wire := index[id]
		if wire == nil || depth > maxDepth {
			return
		}
		delete(index, id) // each once
		role := wire.Role.text()
		if role == "InlineTextBox" {
			return
		}
		if wire.Ignored {
			for _, child := range wire.Children {
				add(parent, child, depth+1)
			}
			return
		}
		n := &node{doc: d, backend: wire.Backend, role: role, name: wire.Name.text(),
			title: wire.Describes.text(), parent: parent}
		for _, property := range wire.Properties {
			if text := property.Value.text(); text != "" {
				if n.state == nil {
					n.state = make(map[string]string, len(wire.Properties))
				}
				n.state[property.Name] = text
			}
			for _, related := range property.Value.Related {
				if n.refs == nil {
					n.refs = make(map[string][]cdp.BackendNodeID)
				}
				n.refs[property.Name] = append(n.refs[property.Name], related.Backend)
			}
		}
		if n.backend != 0 {
			d.byID[n.backend] = n
		}
		if parent != nil {
			parent.children = append(parent.children, n)
		} else {
			d.root = n
		}
		if holdsTypedText(n) {
			return
		}
		if role == "LabelText" {
			d.labels = append(d.labels, n)
		}
		for _, child := range wire.Children {
			add(n, child, depth+1)
		}
		if n.is(pressRoles...) {
			n.name = n.worded()
		}
		if n.is("button") && n.state["expanded"]+n.state["hasPopup"] != "" && d.labelled(n) {
			n.state["hasPopup"] = "listbox" // only a field has a label
		}
	}
	add(nil, wire.Nodes[0].ID, 0)
	if d.root == nil {
		// The document itself is ignored while it loads.
		d.root = &node{doc: d, role: "RootWebArea"}
	}
	return nil
}

// labelled reports whether the label of a field before the node is its name, alone or with what
// the node shows, and what it shows is not.
func (d *document) labelled(n *node) bool {
	if len(d.labels) == 0 {
		return false
	}
	label, text, name := d.labels[len(d.labels)-1].text(), n.text(), human.FoldLabel(n.name)
	return human.FoldLabel(text) != name && (human.FoldLabel(label) == name || human.FoldLabel(label+" "+text) == name)
}

// holdsTypedText reports whether the node's content is what a person typed. A combobox on an
// element other than an input has parts of its own and is no such node.
func holdsTypedText(n *node) bool {
	switch n.role {
	case "textbox", "searchbox", "spinbutton":
		return true
	case "combobox":
		return n.state["editable"] != ""
	}
	return false
}

// each walks the subtree in document order, frames included, until visit returns false for a
// node, whose children are then left out.
func (n *node) each(visit func(*node) bool) {
	if !visit(n) {
		return
	}
	for _, child := range n.children {
		child.each(visit)
	}
}

// holds reports whether the subtree has a node that is meant.
func (n *node) holds(is func(*node) bool) bool {
	found := false
	n.each(func(at *node) bool {
		found = found || is(at)
		return !found
	})
	return found
}

// within reports whether n is root or lies below it, through frames.
func (n *node) within(root *node) bool {
	return n == root || n.above(func(at *node) bool { return at == root }) != nil
}

// above is the nearest node round n that is meant.
func (n *node) above(is func(*node) bool) *node {
	at := n.parent
	for at != nil && !is(at) {
		at = at.parent
	}
	return at
}

func (n *node) is(roles ...string) bool { return slices.Contains(roles, n.role) }

func (n *node) flag(name string) bool { return n.state[name] == "true" }

// text is what the subtree shows, without the content of fields.
func (n *node) text() string {
	var parts []string
	n.each(func(at *node) bool {
		switch {
		case at.is("StaticText", "image", "img"):
			parts = append(parts, at.name)
			return false
		case at.is("Iframe", "ListMarker", "MenuListPopup"), holdsTypedText(at):
			return at == n
		}
		return true
	})
	return human.Squeeze(strings.Join(parts, " "))
}

// worded is the node's name, of one that has words without its pictures: an icon's own name is
// nothing that people read.
func (n *node) worded() string {
	var words []string
	pictures := false
	n.each(func(at *node) bool {
		pictures = pictures || at.is("image", "img")
		if at.is("StaticText") {
			words = append(words, at.name)
		}
		return true
	})
	if text := human.Squeeze(strings.Join(words, " ")); pictures && text != "" && human.Squeeze(n.name) == n.text() {
		return text
	}
	return n.name
}

// cellText is text for a cell or a list item. The browser's own name for such a node joins
// words as the page lays them out, which joining the pieces cannot know.
func (n *node) cellText() string {
	if n.name != "" {
		return human.Squeeze(n.name)
	}
	return n.text()
}
