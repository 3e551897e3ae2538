package page

import (
	"strings"
)

// MessageKind tells where a page says something.
type MessageKind string

// The kinds of messages.
const (
	MessageAlert  MessageKind = "alert"  // what the page itself calls an alert
	MessageStatus MessageKind = "status" // a toast or status line; may be good news
	MessageField  MessageKind = "field"  // a validation message of one field
	MessageDialog MessageKind = "dialog" // a question or notice of the browser's own, which was answered with "no"
)

// Message is something that the page tells the person in front of it. Its text is cleaned and
// bounded, see [Clean].
type Message struct {
	Kind  MessageKind
	Field string // the label, for MessageField
	Text  string
}

// String is the message as one line.
func (m Message) String() string {
	if m.Field != "" {
		return m.Field + ": " + m.Text
	}
	return m.Text
}

// Messages lists what the scope's frame says: alerts, toasts, validation messages, and the
// browser dialogs that came up since something was last pressed.
func (l *Look) Messages() []Message {
	var found []Message
	seen := make(map[string]bool)
	add := func(m Message) {
		if m.Text != "" && !seen[m.String()] && len(found) < maxMessages {
			seen[m.String()], seen[m.Text] = true, true
			found = append(found, m)
		}
	}
	for _, text := range l.said {
		add(Message{Kind: MessageDialog, Text: text})
	}
	root := l.full.doc.root
	// A field's own message comes first: the same text often stands in an alert as well,
	// without the name of the field.
	for _, f := range fields(root) {
		if invalid := f.node.state["invalid"]; invalid != "" && invalid != "false" {
			add(Message{Kind: MessageField, Field: Clean(f.label), Text: problemText(f.node)})
		}
	}
	list := false // the rows are of a table that is no form
	root.each(func(n *node) bool {
		switch {
		case n.is("table", "grid", "treegrid"):
			list = len(fields(n)) == 0
		case fieldKinds[n.role] != "", n.is(pressRoles...), n.is("row") && list && len(cellsOf(n)) > 1:
			return false // what a control or row shows as its own
		case n.is("alert", "alertdialog") || n.state["live"] == "assertive":
			add(Message{Kind: MessageAlert, Text: Clean(n.text())})
			return false
		case n.is("log"):
			return false // what a control tells a screen reader about itself
		case n.is("status") || n.state["live"] == "polite":
			add(Message{Kind: MessageStatus, Text: Clean(n.text())})
			return false
		}
		return true
	})
	return found
}

// problemText is what stands in the elements that an invalid field refers to.
func problemText(n *node) string {
	var parts []string
	for _, property := range []string{"errormessage", "describedby"} {
		for _, id := range n.refs[property] {
			if at := n.doc.byID[id]; at != nil {
				if text := at.text(); text != "" {
					parts = append(parts, text)
				}
			}
		}
		if len(parts) > 0 {
			return Clean(strings.Join(parts, " "))
		}
	}
	return ""
}
