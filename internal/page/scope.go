package page

import (
	"context"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
)

// Scope is a part of a page in which names are looked for: all of it, one frame, or one region,
// dialog or row. While a modal dialog is open inside a scope, fields and buttons are looked for
// in the dialog only, as a person cannot reach the rest.
type Scope struct {
	page  *Page
	frame frame
	part  *node  // where it was seen; nil is the whole frame
	what  string // the part is
}

// frame is a frame and the site whose documents it is worked for. The zero frame is the whole page.
type frame struct {
	id     cdp.FrameID
	origin string
}

// Look is a scope at one moment: what it shows and says, and its fields, from which every
// control is taken. When choosing in one field makes others appear, take a new Look.
type Look struct {
	scope  *Scope
	snap   *snapshot
	full   *node    // the scope
	root   *node    // where a person can act: the modal dialog on top, if one is open
	said   []string // what the browser's own dialogs said
	fields []*field // in root, see [Look.form]
	acts   int      // of the page, when the fields were described
}

// form are the fields where a person can act.
func (l *Look) form() []*field {
	if l.fields == nil {
		l.fields = fields(l.root)
	}
	return l.fields
}

// Look looks at the scope as it is now. The tab must be at the site of the address given, and the
// frame at the site that it was found at.
func (s *Scope) Look(ctx context.Context) (*Look, error) {
	snap, err := s.page.capture(ctx, s.frame)
	if err != nil {
		return nil, err
	}
	if err := s.page.checkTop(snap.top); err != nil {
		return nil, err
	}
	if len(snap.docs) == 0 {
		return nil, failure(ErrGone, "the frame that was worked in is gone from the page")
	}
	full := snap.docs[0].root
	if s.part != nil {
		doc := snap.find(s.part.doc.key)
		if doc == nil {
			return nil, failure(ErrGone, "the page moved on while %s was worked in", s.what)
		}
		if full = doc.byID[s.part.backend]; full == nil {
			return nil, failure(ErrAbsent, "%s is no longer on the page", s.what)
		}
	}
	return s.view(snap, full), nil
}

func (s *Scope) view(snap *snapshot, full *node) *Look {
	v := &Look{scope: s, snap: snap, full: full, root: full, said: s.page.heard()}
	v.full.each(func(n *node) bool {
		shows := func(at *node) bool { return at != n && !at.is("generic") } // a list in a dialog of its own may close late
		if n.is("dialog", "alertdialog") && n.flag("modal") && n.holds(shows) {
			v.root = n
		}
		return true
	})
	return v
}

// Dialog is a dialog that keeps a person from all else in a scope, at one moment.
type Dialog struct {
	Text    string   // its name and all that it says, as the page writes it
	Buttons []string // the names of what can be pressed in it
	Fields  *Look    // in it
	node    *node
}

// Dialog is the one that lies over all else: a modal one, or one that hides whatever else could
// be pressed. It is nil where there is none.
func (l *Look) Dialog() *Dialog {
	over, all := l.root, len(pressables(l.full))
	l.full.each(func(n *node) bool {
		if l.root == l.full && n.is("dialog", "alertdialog") && len(pressables(n)) == all {
			over = n
		}
		return true
	})
	if !over.is("dialog", "alertdialog") {
		return nil
	}
	text := over.text()
	if !strings.HasPrefix(text, over.name) {
		text = over.name + " " + text
	}
	return &Dialog{text, namesOf(pressables(over)), &Look{scope: l.scope, snap: l.snap, full: l.full, root: over}, over}
}

// Is reports whether the same dialog was there at both moments.
func (d *Dialog) Is(other *Dialog) bool {
	return d != nil && other != nil && d.node.doc.key == other.node.doc.key && d.node.backend == other.node.backend
}

// Within waits until exactly one frame shows all that is asked for, and narrows the scope to
// it: to the innermost one, because a host page shows whatever its frames show. A host page's
// own field of the same name then no longer matters. The frame stays the scope when it moves on
// to other pages of its site; once it is gone, everything fails with [ErrGone], and once it
// shows another site, with an [*ElsewhereError]. What frames of other sites inside it show is
// no part of it.
func (s *Scope) Within(ctx context.Context, shows ...Cond) (*Scope, error) {
	found, err := s.innermost(ctx, shows)
	if err == nil && found.parent == nil {
		// A host page may have a word of the app's before the app's frame has drawn anything.
		if err := s.Settle(ctx); err != nil {
			return nil, err
		}
		found, err = s.innermost(ctx, shows)
	}
	if err != nil {
		return nil, err
	}
	return &Scope{page: s.page, frame: frame{found.key.frame, found.origin}}, nil
}

// innermost waits until one document shows all that is asked for, other than by those inside it.
func (s *Scope) innermost(ctx context.Context, shows []Cond) (*document, error) {
	var inner []*document
	all := allOf(shows)
	err := s.wait(ctx, Cond{"a frame with " + all.text, func(v *Look) bool {
		inner = inner[:0]
		for _, doc := range v.snap.docs {
			if !doc.root.within(v.full) {
				continue
			}
			sub := &Look{snap: v.snap, full: doc.root, root: doc.root}
			if all.test(sub) {
				inner = slices.DeleteFunc(inner, func(outer *document) bool { return doc.root.within(outer.root) })
				inner = append(inner, doc)
			}
		}
		return len(inner) == 1
	}})
	switch {
	case err != nil && len(inner) > 1:
		return nil, failure(ErrAmbiguous, "%d frames show %s", len(inner), all.text)
	case err != nil:
		return nil, err
	}
	return inner[0], nil
}

// Origin is the origin of the frame that [Scope.Within] found: scheme, host and port.
func (s *Scope) Origin() string { return s.frame.origin }

// CheckOrigin gives an [*ElsewhereError] where the frame is not of the origin that it was of in
// an earlier scope.
func (s *Scope) CheckOrigin(was string) error {
	if s.frame.origin != was {
		return s.page.replaced(was, s.frame.origin)
	}
	return nil
}

// pressRoles are what a person presses.
var pressRoles = []string{"button", "link", "menuitem", "menuitemcheckbox", "menuitemradio", "tab", "treeitem",
	"DisclosureTriangle", "ToggleButton", "PopUpButton"}

// pressables lists what can be pressed below root, in document order. Of two of one name, one
// inside the other, it is the inner one, unless the outer opens something.
func pressables(root *node) []*node {
	var found []*node
	root.each(func(n *node) bool {
		if (n.is(pressRoles...) || n.closedList()) && n.backend != 0 {
			last := len(found) - 1
			switch {
			case last < 0 || n.name == "" || n.name != found[last].name || !n.within(found[last]):
				found = append(found, n)
			case !unfolds(found[last]):
				found[last] = n
			}
		}
		return !n.is("MenuListPopup") && !holdsTypedText(n)
	})
	return found
}

// closedList reports whether a list shows nothing to choose: some drop-downs are their own
// button and have the role of the list.
func (n *node) closedList() bool {
	return n.is("listbox") && n.flag("focusable") && !n.holds(func(at *node) bool { return at.is("option") })
}

func namesOf(nodes []*node) []string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.name
	}
	return names
}

// headings lists the texts by which a person would say what page this is.
func headings(root *node) []string {
	var found []string
	root.each(func(n *node) bool {
		switch {
		case n.is("heading") && n.cellText() != "":
			found = append(found, n.cellText())
		case n.is("dialog", "alertdialog") && n.name != "":
			found = append(found, n.name)
		}
		return true
	})
	return found
}

// outline says in one line what is there, for errors: headings, messages, fields and buttons,
// and never what a field holds.
func (l *Look) outline() string {
	text := "the page shows: " + listNames(headings(l.full))
	if messages := l.Messages(); len(messages) > 0 {
		var texts []string
		for _, m := range messages {
			texts = append(texts, m.String())
		}
		text += "; it says: " + listNames(texts)
	}
	if labels := l.Labels(); len(labels) > 0 {
		text += "; fields: " + listNames(labels)
	}
	if buttons := pressables(l.root); len(buttons) > 0 {
		text += "; buttons and links: " + listNames(namesOf(buttons))
	}
	return text
}

// prefer decides between several matches: the ones in the dialog that lies on top, when the
// page has one that is not marked as modal, are those that a person would mean.
func prefer[T any](matches []T, nodeOf func(T) *node) []T {
	inDialog := slices.DeleteFunc(slices.Clone(matches), func(m T) bool {
		return nodeOf(m).above(func(at *node) bool { return at.is("dialog", "alertdialog") }) == nil
	})
	if len(matches) > 1 && len(inDialog) > 0 {
		return inDialog
	}
	return matches
}
