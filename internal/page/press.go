package page

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"github.com/mailferry/mailferry/internal/human"
)

// Press presses the one button, link, tab or menu item with the name. The press goes to the
// control itself, so that a toast lying over it does not matter. A control that the page
// disables gives [ErrDisabled]; a missing name gives [ErrAbsent] with the names that there are.
// A form that the browser itself does not send, because a required field is empty, say, gives
// [ErrRefused] with the browser's words. What the press leads to is for [Scope.WaitFor] to wait
// for.
func (s *Scope) Press(ctx context.Context, name string) error {
	what, fits := pressedAs(name)
	return s.pressOne(ctx, nil, what, fits, false)
}

// Press is [Scope.Press] for a scope that nothing was done to since the look.
func (l *Look) Press(ctx context.Context, name string) error {
	what, fits := pressedAs(name)
	return l.scope.pressOne(ctx, l, what, fits, false)
}

// Send is Press for the button that sends what was entered. It gives an [*ElsewhereError], and
// does not press, where the form that the button is in, or the button itself, names another
// site or another window than those it stands in, whether or not the browser would send the
// form because of it. What the site has sent on to another from then on is stopped, and the next
// look, or else the next page that is opened, gives an [*ElsewhereError]. It leaves the field with
// the cursor first, because some tell the form what they hold only then, and presses once the page
// has digested that.
func (l *Look) Send(ctx context.Context, name string) error {
	what, fits := pressedAs(name)
	n, err := l.pressable(what, fits)
	if err == nil {
		err = n.run(ctx, "leave", nil)
	}
	if err == nil {
		err = l.scope.page.settle(ctx, n.doc.session)
	}
	if err != nil && !stale(err) {
		return err
	}
	for _, s := range l.scope.page.sessions() {
		if err := s.watchRequests(ctx); err != nil && s.gone.Err() == nil {
			return err
		}
	}
	return l.scope.pressOne(ctx, nil, what, fits, true)
}

func pressedAs(name string) (what string, fits func(*node) bool) {
	return "button or link named " + Clean(name), called(name)
}

// called fits what has the name, compared as labels are.
func called(name string) func(*node) bool {
	want := human.FoldLabel(name)
	return func(n *node) bool { return human.FoldLabel(n.name) == want }
}

// pressOne presses the one control that fits, of the view or else of what is there now. It looks
// again when the page replaces the control in between, or enables it only once it has digested
// what came before.
func (s *Scope) pressOne(ctx context.Context, v *Look, what string, fits func(*node) bool, sends bool) (err error) {
	s.page.forget()
	for left := 2; ; left-- {
		if v == nil {
			if v, err = s.Look(ctx); err != nil {
				return err
			}
		}
		n, err := v.pressable(what, fits)
		if err != nil {
			return err
		}
		if !n.flag("disabled") {
			if err = s.page.activate(ctx, n, sends); !stale(err) || left == 0 {
				return err
			}
		} else if left == 0 {
			return failure(ErrDisabled, "the %s is disabled; %s", what, v.outline())
		} else if err := s.page.settle(ctx, n.doc.session); err != nil {
			return err
		}
		v = nil
	}
}

func (l *Look) pressable(what string, fits func(*node) bool) (*node, error) {
	all := pressables(l.root)
	found := prefer(slices.DeleteFunc(slices.Clone(all), func(n *node) bool { return !fits(n) }),
		func(n *node) *node { return n })
	switch len(found) {
	case 0:
		return nil, failure(ErrAbsent, "no %s; the page has: %s", what, listNames(namesOf(all)))
	case 1:
		return found[0], nil
	}
	return nil, failure(ErrAmbiguous, "%s of the kind: %s", number(len(found)), what)
}

// pressed is what activate in page.js returns.
type pressed struct {
	Sends   string   `json:"sends"` // where the form would have been sent, had it been pressed
	Stopped []string `json:"stopped"`
}

// activate presses the element behind a node. A page that goes away because of it has been
// pressed all the same.
func (p *Page) activate(ctx context.Context, n *node, sends bool) error {
	if _, err := n.resolve(ctx, false); err != nil {
		return err
	}
	stopped, err := n.press(ctx, sends)
	switch {
	case len(stopped) > 0:
		return failure(ErrRefused, "the form was not sent: %s", listNames(stopped))
	case err != nil && p.left(ctx, n.doc, err):
		return nil
	}
	return err
}

// press presses an element, unless that would send a form to another site, or into a window
// where the answer would not be seen. That holds for what sends a form by itself, and, where it
// sends what was entered by whatever means, for the form that it is in.
func (n *node) press(ctx context.Context, sends bool) (stopped []string, err error) {
	var got pressed
	n.doc.session.page.acts++
	err = n.run(ctx, "activate", &got, sends)
	switch {
	case err != nil:
		return nil, err
	case got.Sends != "":
		return nil, &ElsewhereError{Given: n.doc.session.page.given, Reached: Clean(got.Sends), form: true}
	}
	return got.Stopped, nil
}

// left reports whether a press failed only because it made its own document go away.
func (p *Page) left(ctx context.Context, doc *document, err error) bool {
	if errors.As(err, new(*ElsewhereError)) || p.tab.gone.Err() != nil || p.browser.ctx.Err() != nil ||
		ctx.Err() != nil {
		return false
	}
	if errors.Is(err, ErrGone) || errors.Is(err, errFrameGone) {
		return true // a frame's target, while the tab itself lives
	}
	docs, walkErr := p.listDocuments(ctx)
	return walkErr == nil && !slices.ContainsFunc(docs, func(now *document) bool { return now.key == doc.key })
}

// Menu presses what has the name of the item in the scope, or begins with it, or else a button
// of the scope that opens a menu, and in that menu, wherever the page draws it, the item.
// Opener is the button's name; "" means every button that says of itself that it has a menu, one
// after the other. It is meant for a row: its "Edit", or its "⋯".
func (s *Scope) Menu(ctx context.Context, opener, item string) error {
	v, err := s.Look(ctx)
	if err != nil {
		return err
	}
	direct := namedAs(pressables(v.root), item)
	if len(direct) > 0 {
		return s.pressOne(ctx, v, "button or link named "+Clean(item), func(n *node) bool {
			return slices.ContainsFunc(direct, func(d *node) bool { return d.backend == n.backend })
		}, false)
	}
	what, menus, wanted := "button with a menu", openers(v.root), func(*node) bool { return false }
	if opener != "" {
		what, wanted = "button named "+Clean(opener), called(opener)
	}
	if opener != "" || len(menus) == 0 {
		n, err := v.pressable(what, wanted)
		if err != nil {
			return err
		}
		menus = []*node{n}
	}
	for _, n := range menus {
		var found *node
		if found, err = s.openMenu(ctx, v, n, what, item); err == nil {
			return s.page.activate(ctx, found, false)
		}
		if !errors.Is(err, ErrAbsent) || n == menus[len(menus)-1] {
			break
		}
		if err := n.run(ctx, "escape", nil); err != nil && !stale(err) {
			return err
		}
		if err := s.page.settle(ctx, n.doc.session); err != nil {
			return err
		}
		if v, err = s.Look(ctx); err != nil {
			return err
		}
	}
	return err
}

// namedAs are the nodes with the name, or that the page explains so: a picture of a pencil with
// the title "Edit". Where there are none, it is those whose name or title begins with it: "Edit
// Support Desk". Of several, those that open a menu instead are left out.
func namedAs(all []*node, name string) []*node {
	want := human.FoldLabel(name)
	for _, fits := range []func(n *node) bool{
		func(n *node) bool { return human.FoldLabel(n.name) == want },
		func(n *node) bool { return human.FoldLabel(n.title) == want },
		func(n *node) bool { return !destroys(n) && strings.HasPrefix(human.FoldLabel(n.name), want+" ") },
		func(n *node) bool { return !destroys(n) && strings.HasPrefix(human.FoldLabel(n.title), want+" ") },
	} {
		found := slices.DeleteFunc(slices.Clone(all), func(n *node) bool { return !fits(n) })
		if direct := slices.DeleteFunc(slices.Clone(found),
			func(n *node) bool { return n.state["hasPopup"] != "" }); len(direct) > 0 {
			return direct
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

var (
	// Of signs only those that stand for "more" everywhere: a row's other signs, and the glyphs of
	// icon fonts, may as well delete it.
	menuNames  = regexp.MustCompile(`(?i)\b(?:actions?|more|options|menu|ellipsis|aktionen|optionen|mehr|weitere)\b|menü|^(?:[⋯⋮…⁝︙≡☰▾▼⌄]|\.{3}|[·•]{3})$`)
	destroying = regexp.MustCompile(`(?i)\b(?:delete|remove|trash|bin|erase|clear|reset|archive|disable|deactivate|revoke|lösche[nr]?|entfernen)\b`)
)

// destroys reports whether the page says of a control that it takes something away. Such a one
// is pressed by its exact name alone, never to see what it does.
func destroys(n *node) bool { return destroying.MatchString(n.name + "\n" + n.title) }

// openers are what opens a menu, those first that say so.
func openers(root *node) []*node {
	var says, perhaps []*node
	for _, n := range pressables(root) {
		switch {
		case destroys(n) || n.is("tab", "treeitem", "DisclosureTriangle"):
		case slices.Contains([]string{"menu", "true", "listbox"}, n.state["hasPopup"]), n.is("PopUpButton", "listbox"):
			says = append(says, n)
		case menuNames.MatchString(n.name):
			perhaps = append(perhaps, n)
		}
	}
	return append(says, perhaps...)
}

// unseen lists what can be pressed and was not there before. A menu's items are some pages'
// items of a list.
func unseen(root *node, before map[cdp.BackendNodeID]bool) []*node {
	fresh := pressables(root)
	root.each(func(n *node) bool {
		if n.is("listitem", "option") && n.backend != 0 && len(pressables(n)) == 0 {
			n.name = n.cellText()
			fresh = append(fresh, n)
		}
		return true
	})
	return slices.DeleteFunc(fresh, func(n *node) bool { return before[n.backend] })
}

// opened are those of the items that stand in what an opener names. They are all where it names
// nothing, or is no longer there.
func (n *node) opened(ctx context.Context, items []*node) (found []*node) {
	var args []any
	for _, item := range items {
		args = append(args, item)
	}
	var own []int
	if err := n.run(ctx, "opened", &own, args...); err != nil {
		return items
	}
	for _, i := range own {
		if i >= 0 && i < len(items) {
			found = append(found, items[i])
		}
	}
	return found
}

// openMenu opens one menu of what v shows and finds the item in it.
func (s *Scope) openMenu(ctx context.Context, v *Look, opener *node, what, item string) (*node, error) {
	whole := &Scope{page: s.page, frame: s.frame}
	here := make(map[cdp.BackendNodeID]bool)
	if !opener.flag("expanded") { // a menu that already stands open would be closed by the press
		v.snap.docs[0].root.each(func(n *node) bool { here[n.backend] = true; return true })
		err := s.pressOne(ctx, v, what, func(n *node) bool { return n.backend == opener.backend && n.doc.key == opener.doc.key }, false)
		if err != nil {
			return nil, err
		}
	}
	var found, fresh []*node
	pressed := time.Now()
	shown := pressed // the menu as it is, since
	err := whole.wait(ctx, Cond{fmt.Sprintf("a menu with %q", Clean(item)), func(v *Look) bool {
		before := len(fresh)
		fresh = unseen(v.full, here)
		if len(fresh) != before {
			shown = time.Now()
		}
		found = namedAs(fresh, item)
		if len(found) > 0 && time.Since(pressed) < takeWait { // another row's menu may go late, or come up again
			found = opener.opened(ctx, found)
		}
		return len(found) > 0 || len(fresh) > 0 && time.Since(shown) > takeWait
	}})
	switch {
	case len(found) == 0 && len(fresh) > 0 && (err == nil || errors.Is(err, ErrTimeout)):
		return nil, failure(ErrAbsent, "the menu of %s has no %q; it has: %s", what, Clean(item),
			listNames(namesOf(fresh)))
	case err != nil:
		return nil, err
	case len(found) > 1:
		return nil, failure(ErrAmbiguous, "%s menu items named %s", number(len(found)), Clean(item))
	case found[0].flag("disabled"):
		return nil, failure(ErrDisabled, "the menu item %q is disabled", Clean(item))
	}
	return found[0], nil
}

// Open opens the row's form: by [Scope.Menu], or where the row has nothing of that name, by the
// link that its name in the column is, or by that cell where it looks as though it could be
// pressed.
func (r *Row) Open(ctx context.Context, opener, item, column string) error {
	err := r.Menu(ctx, opener, item)
	if !errors.Is(err, ErrAbsent) {
		return err
	}
	v, lookErr := r.Look(ctx)
	if lookErr != nil {
		return err
	}
	c, _ := r.cell(column)
	for _, n := range pressables(v.root) {
		if n.is("link", "button") && n.state["hasPopup"] == "" && n.name != "" &&
			(human.Squeeze(n.name) == c.text || slices.Contains(c.parts, human.Squeeze(n.name))) {
			return r.page.activate(ctx, n, false)
		}
	}
	for _, n := range cellsOf(v.root) {
		clicks := false
		if lookErr := n.run(ctx, "clicks", &clicks); lookErr == nil && clicks && n.cellText() == c.text {
			return r.page.activate(ctx, n, false)
		}
	}
	return err
}
