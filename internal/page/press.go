package page

import (
	"context"
	"errors"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"

	"github.com/mailferry/mailferry/internal/human"
)

// Press presses the one button, link, tab or menu item with the name. The press goes to the
// control itself, so that a toast lying over it does not matter. A control that the page
// disables gives [ErrDisabled]; a missing name gives [ErrAbsent] with the names that there are.
// A form that the browser itself does not send, because a required field is empty, say, gives
// [ErrRefused] with the browser's words. What the press leads to is for [Scope.WaitFor] to wait
// for.
func (s *Scope) Press(ctx context.Context, name string) error { return s.pressNamed(ctx, name, false) }

// Send is Press for the button that sends what was entered. It gives an [*ElsewhereError], and
// does not press, where the form that the button is in, or the button itself, names another
// site or another window than those it stands in, whether or not the browser would send the
// form because of it.
func (s *Scope) Send(ctx context.Context, name string) error { return s.pressNamed(ctx, name, true) }

func (s *Scope) pressNamed(ctx context.Context, name string, sends bool) error {
	fits := func(n *node) bool { return human.FoldLabel(n.name) == human.FoldLabel(name) }
	return s.pressOne(ctx, "button or link named "+Clean(name), fits, sends)
}

// pressOne presses the one control that fits. It looks again when the page replaces the control
// in between, or enables it only once it has digested what came before.
func (s *Scope) pressOne(ctx context.Context, what string, fits func(*node) bool, sends bool) error {
	const attempts = 3
	s.page.forget()
	for attempt := 1; ; attempt++ {
		v, err := s.look(ctx)
		if err != nil {
			return err
		}
		n, err := v.pressable(what, fits)
		if err != nil {
			return err
		}
		if n.flag("disabled") {
			if attempt == attempts {
				return failure(ErrDisabled, "the %s is disabled; %s", what, v.outline())
			}
			if err := s.page.settle(ctx, n.doc.session); err != nil {
				return err
			}
			continue
		}
		if err = s.page.activate(ctx, n, sends); err == nil || !stale(err) || attempt == attempts {
			return err
		}
	}
}

func (v *view) pressable(what string, fits func(*node) bool) (*node, error) {
	var found []*node
	var names []string
	for _, n := range pressables(v.root) {
		names = append(names, n.name)
		if fits(n) {
			found = append(found, n)
		}
	}
	found = prefer(found)
	switch len(found) {
	case 0:
		return nil, failure(ErrAbsent, "no %s; the page has: %s", what, listNames(names))
	case 1:
		return found[0], nil
	}
	return nil, failure(ErrAmbiguous, "%s of the kind: %s", number(len(found)), what)
}

// pressed is what jsActivate returns.
type pressed struct {
	Gone    bool     `json:"gone"`
	Sends   string   `json:"sends"` // where the form would have been sent, had it been pressed
	Stopped []string `json:"stopped"`
}

// activate presses the element behind a node. A page that goes away because of it has been
// pressed all the same.
func (p *Page) activate(ctx context.Context, n *node, sends bool) error {
	object, err := n.doc.resolve(ctx, n.backend)
	if err != nil {
		return err
	}
	stopped, err := n.doc.press(ctx, object, sends)
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
func (d *docRef) press(ctx context.Context, object runtime.RemoteObjectID, sends bool) (stopped []string, err error) {
	var got pressed
	err = d.functionOn(ctx, object, jsActivate, &got, sends)
	switch {
	case err != nil:
		return nil, err
	case got.Gone:
		return nil, errDetached
	case got.Sends != "":
		return nil, &ElsewhereError{Given: d.session.page.given, Reached: Clean(got.Sends), form: true}
	}
	return got.Stopped, nil
}

// left reports whether a press failed only because it made its own document go away.
func (p *Page) left(ctx context.Context, doc *document, err error) bool {
	if errors.As(err, new(*ElsewhereError)) || p.tab.gone.Err() != nil || p.browser.ctx.Err() != nil || ctx.Err() != nil {
		return false
	}
	if errors.Is(err, ErrGone) || errors.Is(err, errFrameGone) {
		return true // a frame's target, while the tab itself lives
	}
	docs, walkErr := p.listDocuments(ctx)
	if walkErr != nil {
		return false
	}
	for _, now := range docs {
		if now.key == doc.key {
			return false
		}
	}
	return true
}

// Menu presses a button of the scope that opens a menu, and in that menu, wherever the page
// draws it, the item with the name. Opener is the button's name; "" means the one button that
// says of itself that it has a menu. It is meant for the "⋯" of a row.
func (s *Scope) Menu(ctx context.Context, opener, item string) error {
	what, fits := fmt.Sprintf("button named %s", Clean(opener)), func(n *node) bool { return human.FoldLabel(n.name) == human.FoldLabel(opener) }
	if opener == "" {
		what, fits = "button with a menu", func(n *node) bool {
			popup := n.state["hasPopup"]
			return n.is("button", "PopUpButton") && (popup == "menu" || popup == "true" || popup == "listbox")
		}
	}
	whole := &Scope{page: s.page, frame: s.frame}
	v, err := whole.look(ctx)
	if err != nil {
		return err
	}
	here := make(map[cdp.BackendNodeID]bool)
	for _, n := range pressables(v.full) {
		here[n.backend] = true
	}
	// A menu that already stands open would be closed by the press.
	if own, err := s.look(ctx); err != nil {
		return err
	} else if n, err := own.pressable(what, fits); err != nil || !n.flag("expanded") {
		if err := s.pressOne(ctx, what, fits, false); err != nil {
			return err
		}
	} else {
		clear(here)
	}
	want := human.FoldLabel(item)
	var found []*node
	var names []string
	err = whole.wait(ctx, fmt.Sprintf("a menu with %q", Clean(item)), func(v *view) bool {
		found, names = nil, nil
		for _, n := range pressables(v.full) {
			if here[n.backend] {
				continue
			}
			names = append(names, n.name)
			if human.FoldLabel(n.name) == want {
				found = append(found, n)
			}
		}
		return len(found) > 0
	})
	switch {
	case errors.Is(err, ErrTimeout) && len(names) > 0:
		return failure(ErrAbsent, "the menu of %s has no %q; it has: %s", what, Clean(item), listNames(names))
	case err != nil:
		return err
	case len(found) > 1:
		return failure(ErrAmbiguous, "%s menu items named %s", number(len(found)), Clean(item))
	case found[0].flag("disabled"):
		return failure(ErrDisabled, "the menu item %q is disabled", Clean(item))
	}
	return s.page.activate(ctx, found[0], false)
}
