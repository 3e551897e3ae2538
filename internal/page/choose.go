package page

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"github.com/mailferry/mailferry/internal/human"
)

const (
	// maxOptions bounds how long a list may be that is read to its end.
	maxOptions = 5_000
	// maxScrolls bounds how often a list is scrolled.
	maxScrolls = 1_000
	// filterWait is how long a list may take to show what was typed to filter it: pages wait
	// for a pause in typing and then may ask their server.
	filterWait = 3 * time.Second
)

// Options lists what the control offers, in the page's order: a native list's and a radio
// group's options, and a combobox's, which is opened, scrolled to its end and closed again for
// it. Nothing is chosen. Disabled options are left out.
func (c *Control) Options(ctx context.Context) ([]string, error) {
	if err := c.usable(ctx); err != nil {
		return nil, err
	}
	switch c.Kind {
	case KindSelect, KindRadio:
		return c.offered(), nil
	case KindCombobox:
		if err := c.openList(ctx); err != nil {
			return nil, err
		}
		choices, err := c.readList(ctx, func([]*node) bool { return false })
		if err != nil {
			return nil, err
		}
		return choices, c.closeList(ctx)
	}
	return nil, nil
}

// shown is what a combobox shows as chosen.
func (c *Control) shown(ctx context.Context) (string, error) {
	text, err := c.live(ctx, jsShown)
	return human.Squeeze(text), err
}

// choose opens a combobox, finds the option with exactly the text and presses it.
func (c *Control) choose(ctx context.Context, text string) error {
	want := human.Squeeze(text)
	if now, err := c.shown(ctx); err != nil || now == want {
		return err
	}
	if err := c.openList(ctx); err != nil {
		return err
	}
	option, err := c.option(ctx, want)
	if err != nil {
		return err
	}
	var choices []string
	if option == nil {
		option, choices, err = c.search(ctx, want)
		if err != nil {
			return err
		}
	}
	if option == nil {
		if err := c.closeList(ctx); err != nil {
			return err
		}
		return &NotOfferedError{Label: c.Label, Want: text, Choices: choices}
	}
	if option.flag("disabled") {
		if err := c.closeList(ctx); err != nil {
			return err
		}
		return failure(ErrDisabled, "%s does not allow %q to be chosen", quoteLabel(c.Label), Clean(text))
	}
	if err := c.scope.page.activate(ctx, option, false); err != nil && !stale(err) {
		return err
	}
	return c.chosen(ctx, want)
}

// chosen waits until the list is closed and the control shows the text. Text that was only
// typed to filter does not count.
func (c *Control) chosen(ctx context.Context, want string) error {
	shows := ""
	err := poll(ctx, c.scope.page.browser.options.Timeout, func() (bool, error) {
		got, err := c.shown(ctx)
		if err != nil {
			return false, err
		}
		if shows = got; got != want {
			return false, nil
		}
		n, _, err := c.list(ctx)
		return err == nil && n == nil, err
	})
	if errors.Is(err, ErrTimeout) {
		if shows == want {
			return c.closeList(ctx)
		}
		return failure(ErrRefused, "%s shows %q after %q was chosen", quoteLabel(c.Label), Clean(shows), Clean(want))
	}
	return err
}

// list finds the list that belongs to the combobox and is open now, anywhere in the same
// document, because pages draw it at the end of the body. When the page does not say which list
// it is, it is the one that was not there before.
func (c *Control) list(ctx context.Context) (*node, *node, error) {
	v, err := (&Scope{page: c.scope.page, frame: c.scope.frame}).look(ctx)
	if err != nil {
		return nil, nil, err
	}
	doc := v.snap.find(c.place.key)
	if doc == nil {
		return nil, nil, failure(ErrGone, "the page moved on while %s was worked in", quoteLabel(c.Label))
	}
	own := doc.byID[c.place.backend]
	if own == nil {
		if err := c.again(ctx); err != nil {
			return nil, nil, err
		}
		if own = doc.byID[c.place.backend]; own == nil {
			return nil, nil, nil
		}
	}
	for at := own; at != nil && (at == own || at.is("combobox", "generic")); at = at.parent {
		if at.state["expanded"] == "false" {
			return nil, own, nil
		}
		for _, id := range append(slices.Clone(at.refs["controls"]), at.refs["owns"]...) {
			if n := doc.byID[id]; n != nil && n != own && holdsOptions(n) {
				return n, own, nil
			}
		}
	}
	var open []*node
	doc.root.each(func(n *node) bool {
		if n.doc == doc && n.is("listbox", "menu", "tree", "grid") && n.backend != 0 && !c.before(n.backend) && !n.within(own) {
			open = append(open, n)
		}
		return true
	})
	if len(open) > 0 {
		return open[len(open)-1], own, nil
	}
	return nil, own, nil
}

func (c *Control) before(id cdp.BackendNodeID) bool { return slices.Contains(c.lists, id) }

func holdsOptions(n *node) bool {
	return n.is("listbox", "menu", "tree", "grid") || len(optionsIn(n)) > 0
}

// optionsIn lists what can be chosen in an open list. A disabled "option" that says "Loading…" is none.
func optionsIn(list *node) []*node {
	var found []*node
	list.each(func(n *node) bool {
		if n.is("option", "menuitemradio", "menuitem", "treeitem") && n.backend != 0 {
			found = append(found, n)
			return false
		}
		return true
	})
	return found
}

// openList opens the combobox's list and waits until it holds something, or nothing more is coming.
func (c *Control) openList(ctx context.Context) error {
	list, own, err := c.list(ctx)
	if err != nil {
		return err
	}
	if list == nil {
		if c.lists, err = c.otherLists(ctx); err != nil {
			return err
		}
	} else if own != nil && own.state["expanded"] != "true" {
		// A list that is always there, of a page that says nothing about it.
		return nil
	}
	// The keyboard opens what follows the pattern; a press opens the rest.
	ways := []func() error{
		func() error { return c.key(ctx, "ArrowDown", 40) },
		func() error { return c.press(ctx) },
		func() error { return c.key(ctx, "Enter", 13) },
	}
	if c.seen.Tag != "input" {
		ways[0], ways[1] = ways[1], ways[0]
	}
	if err := c.on(ctx, jsFocus, nil); err != nil {
		return err
	}
	for i := 0; list == nil && i <= len(ways); i++ {
		if i > 0 {
			if err := ways[i-1](); err != nil {
				return err
			}
			if err := c.scope.page.settle(ctx, c.place.session); err != nil {
				return err
			}
		}
		if list, _, err = c.list(ctx); err != nil {
			return err
		}
	}
	if list == nil {
		return failure(ErrRefused, "the list of %s does not open", quoteLabel(c.Label))
	}
	return c.awaitOptions(ctx)
}

// awaitOptions waits until an open list holds something, or the page says or does nothing more
// that would fill it.
func (c *Control) awaitOptions(ctx context.Context) error {
	quiet := 0
	return poll(ctx, c.scope.page.browser.options.Timeout, func() (bool, error) {
		list, _, err := c.list(ctx)
		if err != nil || list == nil || slices.ContainsFunc(optionsIn(list), func(n *node) bool { return !n.flag("disabled") }) {
			return true, err
		}
		if list.flag("busy") {
			quiet = 0
		}
		quiet++
		return quiet > 10, c.scope.page.settle(ctx, c.place.session)
	})
}

// otherLists remembers which lists the document shows before this one opens.
func (c *Control) otherLists(ctx context.Context) ([]cdp.BackendNodeID, error) {
	v, err := (&Scope{page: c.scope.page, frame: c.scope.frame}).look(ctx)
	if err != nil {
		return nil, err
	}
	var ids []cdp.BackendNodeID
	if doc := v.snap.find(c.place.key); doc != nil {
		doc.root.each(func(n *node) bool {
			if n.is("listbox", "menu", "tree", "grid") {
				ids = append(ids, n.backend)
			}
			return true
		})
	}
	return ids, nil
}

// key strikes a key in the control.
func (c *Control) key(ctx context.Context, key string, code int) error {
	return c.on(ctx, jsKey, nil, key, code)
}

// closeList closes an open list without choosing: what was typed to filter goes, then the
// focus. Escape comes last, because a dialog around the field might take it for its own.
func (c *Control) closeList(ctx context.Context) error {
	c.filtered = false
	ways := []func() error{
		func() error { return c.on(ctx, jsBlur, nil) },
		func() error { return c.key(ctx, "Escape", 27) },
	}
	if c.seen.Tag != "input" {
		slices.Reverse(ways)
	}
	for i := 0; ; i++ {
		list, _, err := c.list(ctx)
		if err != nil || list == nil || i == len(ways) {
			return err
		}
		if err := ways[i](); err != nil {
			return err
		}
		if err := c.scope.page.settle(ctx, c.place.session); err != nil {
			return err
		}
	}
}

// option looks for the text among the options that the open list shows now.
func (c *Control) option(ctx context.Context, want string) (*node, error) {
	list, _, err := c.list(ctx)
	if err != nil || list == nil {
		return nil, err
	}
	var found *node
	for _, n := range optionsIn(list) {
		if n.cellText() != want {
			continue
		}
		if found != nil {
			return nil, failure(ErrAmbiguous, "%s offers %q more than once", quoteLabel(c.Label), Clean(want))
		}
		found = n
	}
	return found, nil
}

// search brings an option into view that the open list does not show yet: by typing, which
// filters most lists, and else by going through the whole list. When that is in vain, choices
// is all that the list holds.
func (c *Control) search(ctx context.Context, want string) (found *node, choices []string, err error) {
	if c.seen.Tag == "input" && !c.ReadOnly {
		if _, err := c.typeOver(ctx, want); err != nil {
			return nil, nil, err
		}
		c.filtered = true
		err := poll(ctx, filterWait, func() (bool, error) {
			found, err = c.option(ctx, want)
			return found != nil, err
		})
		if err != nil && !errors.Is(err, ErrTimeout) || found != nil {
			return found, nil, err
		}
	}
	choices, err = c.readList(ctx, func(shown []*node) bool {
		for _, n := range shown {
			if n.cellText() == want {
				found = n
			}
		}
		return found != nil
	})
	return found, choices, err
}

// readList lists the options of the open list from its beginning until visit, which is shown
// each part, returns true.
func (c *Control) readList(ctx context.Context, visit func(shown []*node) bool) ([]string, error) {
	if c.filtered {
		if _, err := c.typeOver(ctx, ""); err != nil {
			return nil, err
		}
		c.filtered = false
		if err := c.scope.page.settle(ctx, c.place.session); err != nil {
			return nil, err
		}
		if list, _, err := c.list(ctx); err != nil {
			return nil, err
		} else if list == nil {
			if err := c.openList(ctx); err != nil {
				return nil, err
			}
		}
		if err := c.awaitOptions(ctx); err != nil {
			return nil, err
		}
	}
	return c.scroll(ctx, visit)
}

// scroll goes through the open list, which may hold only the options in view, and shows each
// part to visit until that returns true. It returns the texts that it passed.
func (c *Control) scroll(ctx context.Context, visit func(shown []*node) bool) ([]string, error) {
	var texts []string
	seen := make(map[string]bool)
	var last []cdp.BackendNodeID
	var list *node
	// pass reads what the list shows; same says that it shows what it did before.
	pass := func() (same bool, err error) {
		if list, _, err = c.list(ctx); err != nil || list == nil {
			return true, err
		}
		ids := []cdp.BackendNodeID{}
		for _, n := range optionsIn(list) {
			ids = append(ids, n.backend)
		}
		same = slices.Equal(ids, last)
		last = ids
		return same, nil
	}
	// keep takes what the list shows into the result.
	keep := func() (done bool) {
		if list == nil {
			return true
		}
		shown := optionsIn(list)
		for _, n := range shown {
			if text := n.cellText(); !n.flag("disabled") && !seen[text] && len(texts) < maxOptions {
				seen[text] = true
				texts = append(texts, text)
			}
		}
		return visit(shown)
	}
	to := func(how string) (end, same bool, err error) {
		if end, err = c.scrollTo(ctx, list, how); err == nil {
			same, err = pass()
		}
		return end, same, err
	}
	if _, err := pass(); err != nil || list == nil {
		return texts, err
	}
	if _, _, err := to("top"); err != nil || keep() {
		return texts, err
	}
	// When the end shows the same options as the beginning, they are all there and nothing need
	// be scrolled through.
	if _, same, err := to("bottom"); err != nil || same {
		return texts, err
	}
	if _, _, err := to("top"); err != nil {
		return nil, err
	}
	for range maxScrolls {
		end, same, err := to("down")
		if err != nil || keep() || (end && same) {
			return texts, err
		}
	}
	return texts, nil
}

// scrollTo moves the open list and waits until the page has drawn it.
func (c *Control) scrollTo(ctx context.Context, list *node, how string) (end bool, err error) {
	if list == nil {
		return true, nil
	}
	object, err := list.doc.resolve(ctx, list.backend)
	if err != nil {
		return true, ignoreStale(err)
	}
	var moved struct {
		Moved bool `json:"moved"`
		End   bool `json:"end"`
	}
	if err := list.doc.functionOn(ctx, object, jsScroll, &moved, how); err != nil {
		return true, ignoreStale(err)
	}
	if moved.Moved {
		if err := c.scope.page.settle(ctx, c.place.session); err != nil {
			return true, err
		}
	}
	return moved.End, nil
}

func ignoreStale(err error) error {
	if stale(err) {
		return nil
	}
	return err
}
