package page

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mailferry/mailferry/internal/human"
)

const (
	// maxOptions bounds how long a list may be that is read to its end.
	maxOptions = 5_000
	// maxScrolls bounds how often a list is scrolled.
	maxScrolls = 1_000
	// listWait is how long an open list may take to show what is looked for: pages wait for a
	// pause in typing, ask their server, and say meanwhile that they load.
	listWait = 4 * time.Second
	// takeWait is how long a press on an option may take to be taken, and a list to close.
	takeWait = 1500 * time.Millisecond
)

// choice is a look at a control that the page draws itself, see jsChoice.
type choice struct {
	Gone    bool     `json:"gone"`
	Value   string   `json:"value"` // that it shows as chosen
	Open    bool     `json:"open"`
	Behind  bool     `json:"behind"` // the open list hides the control
	Options []option `json:"options"`
	Bare    bool     `json:"bare"` // its options come without marks
	Moved   bool     `json:"moved"`
	End     bool     `json:"end"`
}

type option struct {
	Number int    `json:"number"`
	Key    string `json:"key"`  // the same where the page draws the option anew
	Text   string `json:"text"` // without its description
	Full   string `json:"full"`
	Off    bool   `json:"off"`
	Drawn  bool   `json:"drawn"`
	Bare   bool   `json:"bare"` // without a mark that it can be chosen
	Active bool   `json:"active"`
}

// choices are the options that can be chosen or that the page disables, and no notices.
func (l *choice) choices() []option {
	bare := l.Bare && !slices.ContainsFunc(l.Options, func(o option) bool { return !o.Bare })
	return slices.DeleteFunc(slices.Clone(l.Options), func(o option) bool { return o.Bare && !bare })
}

// mirror reports whether what can be chosen is not what is drawn, so that only keys choose.
func (l *choice) mirror() bool {
	return len(l.Options) > 0 && !slices.ContainsFunc(l.Options, func(o option) bool { return o.Drawn })
}

// find returns the option with exactly the text.
func (l *choice) find(c *Control, want string) (found *option, err error) {
	for _, o := range l.choices() {
		switch {
		case o.Text != want && o.Full != want:
		case found != nil:
			return nil, failure(ErrAmbiguous, "%s offers %q more than once", quoteLabel(c.Label), Clean(want))
		default:
			found = &o
		}
	}
	return found, nil
}

// work does one step of jsChoice and looks.
func (c *Control) work(ctx context.Context, step string, which any) (*choice, error) {
	for range 3 {
		var got choice
		if err := c.on(ctx, jsChoice, &got, step, which); err != nil {
			return nil, err
		}
		if !got.Gone {
			return &got, nil
		}
		if err := c.again(ctx); err != nil {
			return nil, err
		}
	}
	return nil, failure(ErrGone, "%s keeps being taken off the page", quoteLabel(c.Label))
}

func (c *Control) settle(ctx context.Context) error {
	return c.scope.page.settle(ctx, c.place.session)
}

// stepped is work for a step that the page may answer by drawing.
func (c *Control) stepped(ctx context.Context, step string, which any) (*choice, error) {
	if _, err := c.work(ctx, step, which); err != nil {
		return nil, err
	}
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	return c.work(ctx, "look", nil)
}

var (
	arrowDown = []any{"ArrowDown", 40}
	enter     = []any{"Enter", 13}
	escape    = []any{"Escape", 27}
)

// Options lists what the control offers, in the page's order: a native list's and a radio
// group's options, and a combobox's, which is opened, read to its end and closed again for it.
// Nothing is chosen. Disabled options and notices, such as that there is nothing, are left out.
func (c *Control) Options(ctx context.Context) ([]string, error) {
	if err := c.usable(ctx); err != nil {
		return nil, err
	}
	switch c.Kind {
	case KindSelect, KindRadio:
		return c.offered(), nil
	case KindCombobox:
		now, err := c.openList(ctx)
		if err != nil {
			return nil, err
		}
		if now, err = c.until(ctx, now, func(l *choice) bool { return len(l.choices()) > 0 }); err != nil {
			return nil, err
		}
		choices, _, err := c.all(ctx, now, func(option) bool { return false })
		if err != nil {
			return nil, err
		}
		return choices, c.closeList(ctx)
	}
	return nil, nil
}

// openList opens the list. The keyboard opens what follows the pattern; a press opens the rest.
func (c *Control) openList(ctx context.Context) (*choice, error) {
	now, err := c.work(ctx, "mark", nil)
	if err != nil || now.Open {
		return now, err
	}
	ways := []func() error{
		func() error { _, err := c.work(ctx, "key", arrowDown); return err },
		func() error { return c.press(ctx) },
		func() error { _, err := c.work(ctx, "key", enter); return err },
	}
	if c.seen.Tag != "input" {
		ways[0], ways[1] = ways[1], ways[0]
	}
	if now, err = c.stepped(ctx, "focus", nil); err != nil {
		return nil, err
	}
	for _, way := range ways {
		if now.Open {
			return now, nil
		}
		if err := way(); err != nil {
			return nil, err
		}
		if err := c.settle(ctx); err != nil {
			return nil, err
		}
		if now, err = c.work(ctx, "look", nil); err != nil {
			return nil, err
		}
	}
	if !now.Open {
		return nil, failure(ErrRefused, "the list of %s does not open", quoteLabel(c.Label))
	}
	return now, nil
}

// until looks at the open list until it shows what is looked for, or has not for long.
func (c *Control) until(ctx context.Context, now *choice, shows func(*choice) bool) (*choice, error) {
	if now.Open && shows(now) {
		return now, nil
	}
	err := poll(ctx, min(listWait, c.scope.page.browser.options.Timeout), func() (bool, error) {
		if err := c.settle(ctx); err != nil {
			return false, err
		}
		var err error
		now, err = c.work(ctx, "look", nil)
		return err == nil && (!now.Open || shows(now)), err
	})
	if errors.Is(err, ErrTimeout) {
		err = nil
	}
	return now, err
}

// closeList closes an open list without choosing: what was typed to filter goes, then the
// focus. Escape comes last, because a dialog around the field might take it for its own, save
// where the list hides the dialog too.
func (c *Control) closeList(ctx context.Context) error {
	now, err := c.work(ctx, "look", nil)
	if err != nil {
		return err
	}
	ways := [][]any{{"blur", nil}, {"key", escape}}
	if c.seen.Tag != "input" || now.Behind {
		slices.Reverse(ways)
	}
	closed := func() (bool, error) {
		now, err = c.work(ctx, "look", nil)
		return err == nil && !now.Open, err
	}
	for _, way := range ways {
		if !now.Open {
			return nil
		}
		if _, err := c.stepped(ctx, way[0].(string), way[1]); err != nil {
			return err
		}
		if err := poll(ctx, takeWait, closed); err != nil && !errors.Is(err, ErrTimeout) {
			return err
		}
	}
	return nil
}

// choose opens a combobox, finds the option with exactly the text and takes it.
func (c *Control) choose(ctx context.Context, text string) error {
	want := human.Squeeze(text)
	now, err := c.work(ctx, "look", nil)
	if err != nil || now.Value == want {
		return err
	}
	if now, err = c.openList(ctx); err != nil {
		return err
	}
	found, choices, err := c.search(ctx, now, want)
	if err != nil {
		return err
	}
	switch {
	case found == nil:
		err = &NotOfferedError{Label: c.Label, Want: text, Choices: choices}
	case found.Off:
		err = failure(ErrDisabled, "%s does not allow %q to be chosen", quoteLabel(c.Label), Clean(text))
	}
	if err != nil {
		if closeErr := c.closeList(ctx); closeErr != nil {
			return closeErr
		}
		return err
	}
	return c.takeOption(ctx, found, want)
}

// takeOption chooses an option of the open list: by a press on what is drawn, and by keys where
// nothing is, or where a press is not heard.
func (c *Control) takeOption(ctx context.Context, o *option, want string) error {
	took := func(limit time.Duration) (string, error) {
		shows := ""
		err := poll(ctx, limit, func() (bool, error) {
			now, err := c.work(ctx, "look", nil)
			if err != nil {
				return false, err
			}
			shows = now.Value
			return !now.Open && slices.Contains([]string{want, o.Text, o.Full}, shows), nil
		})
		return shows, err
	}
	limit := c.scope.page.browser.options.Timeout
	if o.Drawn {
		if _, err := c.work(ctx, "take", o.Number); err != nil {
			return err
		}
		shows, err := took(min(limit, takeWait))
		if err == nil || !errors.Is(err, ErrTimeout) {
			return err
		}
		if shows == want || shows == o.Text {
			return c.closeList(ctx)
		}
	}
	now, err := c.work(ctx, "look", nil)
	if err != nil {
		return err
	}
	if now.Open {
		_, at, err := c.walk(ctx, now, func(at option) bool { return at.Text == want || at.Full == want })
		if err == nil && at {
			_, err = c.work(ctx, "key", enter)
		}
		if err != nil {
			return err
		}
	}
	shows, err := took(limit)
	switch {
	case !errors.Is(err, ErrTimeout):
		return err
	case shows == want || shows == o.Text:
		return c.closeList(ctx)
	}
	if err := c.closeList(ctx); err != nil {
		return err
	}
	return failure(ErrRefused, "%s shows %q after %q was chosen", quoteLabel(c.Label), Clean(shows), Clean(want))
}

// search finds an option of the open list: among those that it shows, by typing, which filters
// most lists, and else by going through the whole list. When that is in vain, choices is all
// that the list holds.
func (c *Control) search(ctx context.Context, now *choice, want string) (found *option, choices []string, err error) {
	shows := func(l *choice) bool {
		found, err = l.find(c, want)
		return found != nil || err != nil
	}
	types := c.seen.Tag == "input" && !c.ReadOnly
	if !shows(now) && !types || len(now.choices()) == 0 && !types {
		now, err = c.until(ctx, now, func(l *choice) bool { return shows(l) || len(l.choices()) > 0 })
	}
	if err != nil || found != nil {
		return found, nil, err
	}
	if types {
		if _, err := c.typeOver(ctx, want); err != nil {
			return nil, nil, err
		}
		if _, lookErr := c.until(ctx, &choice{Open: true}, shows); lookErr != nil || err != nil || found != nil {
			return found, nil, errors.Join(lookErr, err)
		}
		if _, err := c.typeOver(ctx, ""); err != nil {
			return nil, nil, err
		}
		if err := c.settle(ctx); err != nil {
			return nil, nil, err
		}
		if now, err = c.work(ctx, "look", nil); err == nil && !now.Open {
			now, err = c.openList(ctx)
		}
		if err == nil {
			now, err = c.until(ctx, now, func(l *choice) bool { return len(l.choices()) > 0 })
		}
		if err != nil {
			return nil, nil, err
		}
	}
	choices, _, err = c.all(ctx, now, func(o option) bool {
		if o.Text == want || o.Full == want {
			found = &o
		}
		return found != nil
	})
	if err == nil && found == nil && len(choices) == 0 {
		// One option without any mark may be a notice; one that was asked for is none.
		if now, err = c.work(ctx, "look", nil); err == nil {
			now.Bare = true
			found, err = now.find(c, want)
		}
	}
	return found, choices, err
}

// all goes through the open list until visit returns true, and returns the texts that it passed.
func (c *Control) all(ctx context.Context, now *choice, visit func(option) bool) ([]string, bool, error) {
	if now.mirror() {
		return c.walk(ctx, now, visit)
	}
	var texts []string
	seen := make(map[string]bool)
	keep := func(l *choice) bool {
		for _, o := range l.choices() {
			if !o.Off && !seen[o.Text] && len(texts) < maxOptions {
				seen[o.Text] = true
				texts = append(texts, o.Text)
			}
			if visit(o) {
				return true
			}
		}
		return false
	}
	same := func(a, b *choice) bool {
		return slices.EqualFunc(a.Options, b.Options, func(x, y option) bool { return x.Number == y.Number && x.Text == y.Text })
	}
	scroll := func(how string) (*choice, error) {
		got, err := c.work(ctx, "scroll", how)
		if err != nil || !got.Moved {
			return got, err
		}
		end := got.End
		if err := c.settle(ctx); err != nil {
			return nil, err
		}
		if got, err = c.work(ctx, "look", nil); err == nil {
			got.End, got.Moved = end, true
		}
		return got, err
	}
	top, err := scroll("top")
	if err != nil || keep(top) {
		return texts, err == nil, err
	}
	// Where the end shows the same options as the beginning, they are all there.
	bottom, err := scroll("bottom")
	if err != nil || !bottom.Moved || same(top, bottom) {
		return texts, false, err
	}
	if _, err = scroll("top"); err != nil {
		return nil, false, err
	}
	last := top
	for range maxScrolls {
		got, err := scroll("down")
		if err != nil || keep(got) {
			return texts, err == nil, err
		}
		if got.End && (!got.Moved || same(got, last)) {
			break
		}
		last = got
	}
	return texts, false, nil
}

// walk goes through the open list by the arrow key, over the option that is active, until visit
// returns true, and returns the texts that it passed, in the page's order.
func (c *Control) walk(ctx context.Context, now *choice, visit func(option) bool) (texts []string, done bool, err error) {
	first, seen, idle := 0, make(map[string]bool), 0
	var last string
	for range maxOptions {
		at := slices.IndexFunc(now.Options, func(o option) bool { return o.Active })
		if at >= 0 && now.Options[at].Key != last {
			o := now.Options[at]
			if seen[o.Key] {
				break // it begins again
			}
			idle, last, seen[o.Key] = 0, o.Key, true
			if at == 0 {
				first = len(texts)
			}
			if !o.Off {
				texts = append(texts, o.Text)
			}
			if visit(o) {
				return texts, true, nil
			}
		} else if idle++; idle > 2 {
			break
		}
		if idle > 0 {
			now, err = c.stepped(ctx, "key", arrowDown)
		} else {
			now, err = c.work(ctx, "key", arrowDown)
		}
		if err != nil || !now.Open {
			break
		}
	}
	return append(slices.Clone(texts[first:]), texts[:first]...), false, err
}
