package page

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mailferry/mailferry/internal/human"
)

// choice is a look at a control that has choices. A native list and a radio group are always
// open and hold all that they offer; for what the page draws itself see choice in page.js.
type choice struct {
	Value    string   `json:"value"` // that it shows as chosen
	Open     bool     `json:"open"`
	Expanded bool     `json:"expanded"` // the control itself says that its list is open
	Behind   bool     `json:"behind"`   // the open list hides the control
	Options  []option `json:"options"`
	Bare     bool     `json:"bare"` // its options come without marks
	Moved    bool     `json:"moved"`
	End      bool     `json:"end"`
}

type option struct {
	Number   int    `json:"number"`
	Key      string `json:"key"`  // the same where the page draws the option anew
	Text     string `json:"text"` // without its description
	Full     string `json:"full"`
	Off      bool   `json:"off"`
	Drawn    bool   `json:"drawn"`
	Bare     bool   `json:"bare"` // without a mark that it can be chosen
	Active   bool   `json:"active"`
	Selected bool   `json:"selected"`
}

func (o option) is(want string) bool { return o.Text == want || o.Full == want }

// choices are the options that can be chosen or that the page disables, and no notices.
func (l *choice) choices() []option {
	bare := l.Bare && !slices.ContainsFunc(l.Options, func(o option) bool { return !o.Bare && !o.Selected })
	return slices.DeleteFunc(slices.Clone(l.Options), func(o option) bool { return o.Bare && !bare })
}

func (l *choice) filled() bool { return len(l.choices()) > 0 }

// texts are those of the options that can be chosen.
func (l *choice) texts() (texts []string) {
	for _, o := range l.choices() {
		if !o.Off {
			texts = append(texts, o.Text)
		}
	}
	return texts
}

// mirror reports whether what can be chosen is not what is drawn, so that only keys choose.
func (l *choice) mirror() bool {
	return len(l.Options) > 0 && !slices.ContainsFunc(l.Options, func(o option) bool { return o.Drawn })
}

// find returns the option with exactly the text.
func (l *choice) find(c *Control, want string) (found *option, err error) {
	for _, o := range l.choices() {
		if !o.is(want) {
			continue
		}
		if found != nil {
			return nil, c.fail(ErrAmbiguous, "offers %q more than once", Clean(want))
		}
		found = &o
	}
	return found, nil
}

// native is the look at a native list or radio group.
func (c *Control) native() *choice {
	return &choice{Open: true, Options: c.seen.Options}
}

var (
	arrowDown = []any{"ArrowDown", 40}
	showList  = []any{"ArrowDown", 40, true} // with Alt, as the pattern of a combobox has it
	enter     = []any{"Enter", 13}
	escape    = []any{"Escape", 27}
)

// work does one step of choice in page.js and looks.
func (c *Control) work(ctx context.Context, step string, which any) (*choice, error) {
	var got choice
	err := c.on(ctx, "choice", &got, step, which)
	return &got, err
}

func (c *Control) look(ctx context.Context) (*choice, error) { return c.work(ctx, "look", nil) }

// stepped is work for a step that the page may answer by drawing.
func (c *Control) stepped(ctx context.Context, step string, which any) (*choice, error) {
	if _, err := c.work(ctx, step, which); err != nil {
		return nil, err
	}
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	return c.look(ctx)
}

// until looks at the open list until it shows what is looked for, or has not for so long.
func (c *Control) until(ctx context.Context, now *choice, limit time.Duration,
	shows func(*choice) bool) (*choice, error) {
	if now.Open && shows(now) {
		return now, nil
	}
	err := poll(ctx, min(limit, c.scope.page.browser.options.Timeout), func() (bool, error) {
		err := c.settle(ctx)
		if err == nil {
			now, err = c.look(ctx)
		}
		return err == nil && (!now.Open || shows(now)), err
	})
	if errors.Is(err, ErrTimeout) {
		err = nil
	}
	return now, err
}

// Options lists what the control offers, in the page's order: a native list's and a radio
// group's options, and a combobox's, which is opened, read to its end and closed again for it.
// Nothing is chosen. Disabled options and notices, such as that there is nothing, are left out.
func (c *Control) Options(ctx context.Context) ([]string, error) {
	if err := c.usable(ctx); err != nil {
		return nil, err
	}
	if c.Kind != KindCombobox {
		return c.native().texts(), nil
	}
	before, err := c.Get(ctx)
	if err != nil {
		return nil, err
	}
	now, err := c.openList(ctx)
	if err == nil {
		now, err = c.until(ctx, now, listWait, (*choice).filled)
	}
	if err != nil {
		return nil, err
	}
	choices, _, err := c.all(ctx, now, func(option) bool { return false })
	if err != nil {
		return nil, err
	}
	if err := c.closeList(ctx); err != nil {
		return nil, err
	}
	return choices, c.putBack(ctx, before)
}

// putBack gives a control the value that it had before a look at its choices, if any: some take what
// is highlighted when their list closes.
func (c *Control) putBack(ctx context.Context, before string) error {
	now := ""
	err := poll(ctx, takeWait, func() (same bool, err error) {
		if now, err = c.Get(ctx); err == nil && now != before {
			_, err = c.work(ctx, "blur", nil) // with the cursor in it a prompt may look as a value does
		}
		return now == before, err
	})
	switch {
	case !errors.Is(err, ErrTimeout):
		return err
	case before == "":
		return nil // a page may have no way back to nothing: who looks at choices leaves the form
	}
	if err = c.choose(ctx, before); err != nil {
		err = c.fail(ErrRefused, "shows %q once its list was opened and closed, and %q before", Clean(now),
			Clean(before))
	}
	return err
}

// openList opens the list. The keyboard opens what follows the pattern; a press opens the rest.
func (c *Control) openList(ctx context.Context) (*choice, error) {
	steps := [][]any{{"focus", nil}, {"key", arrowDown}, {"key", showList}, {"press", nil}, {"key", enter}}
	if c.seen.Tag != "input" {
		steps[1], steps[3] = steps[3], steps[1]
	}
	now, err := c.work(ctx, "mark", nil)
	for _, step := range steps {
		if err == nil && !now.Open {
			now, err = c.stepped(ctx, step[0].(string), step[1])
		}
	}
	if err == nil && !now.Open {
		err = failure(ErrRefused, "the list of %s does not open", quoteLabel(c.Label))
	}
	return now, err
}

// closeList closes an open list without choosing. A press on the control closes that of most.
// Then the form or dialog around is pressed before the focus goes, since that may take what is
// highlighted, and once more after it, as some lists stay for as long as it is there; Escape,
// which the dialog might take for its own, comes last, save where the list hides the dialog too.
// A list is waited for, as it may fade away, but not where its control still says that it is open
// after the press around.
func (c *Control) closeList(ctx context.Context) error {
	if c.Kind != KindCombobox {
		return nil
	}
	now, err := c.look(ctx)
	steps := [][]any{{"beside", nil}, {"blur", nil}, {"beside", nil}, {"key", escape}}
	if now.Behind {
		slices.Reverse(steps)
	} else if err == nil && now.Open {
		now, err = c.stepped(ctx, "press", nil)
	}
	for _, step := range steps {
		if err == nil && now.Open {
			now, err = c.stepped(ctx, step[0].(string), step[1])
		}
		if err == nil && now.Open && (step[0] != "beside" || !now.Expanded) {
			now, err = c.until(ctx, now, takeWait, func(*choice) bool { return false })
		}
	}
	return err
}

// choose takes the option with exactly the text.
func (c *Control) choose(ctx context.Context, text string) error {
	want := human.Squeeze(text)
	if now, err := c.Get(ctx); err != nil || now == want {
		return err
	}
	found, choices, err := c.search(ctx, want)
	switch {
	case err != nil:
		return err
	case found == nil:
		err = &NotOfferedError{Label: c.Label, Want: text, Choices: choices}
	case found.Off:
		err = c.fail(ErrDisabled, "does not allow %q to be chosen", Clean(text))
	default:
		return c.takeOption(ctx, found, want)
	}
	if closeErr := c.closeList(ctx); closeErr != nil {
		return closeErr
	}
	return err
}

// takeOption chooses an option: of what the page draws by a press on what is drawn, and by keys
// where nothing is, or where a press is not heard.
func (c *Control) takeOption(ctx context.Context, o *option, want string) error {
	limit, shows := c.scope.page.browser.options.Timeout, ""
	took := func() (bool, error) {
		if c.Kind != KindCombobox {
			var err error
			shows, err = c.Get(ctx)
			return shows == want || o.is(shows), err
		}
		now, err := c.look(ctx)
		shows = now.Value
		return !now.Open && (shows == want || o.is(shows)), err
	}
	type way struct {
		take  func() error
		limit time.Duration
	}
	ways := []way{{func() error { return c.takeByKeys(ctx, want) }, limit}}
	switch {
	case c.Kind == KindSelect:
		// Twice: some that draw their own list make the choices anew on a first change, and lose it.
		native := func() error { return c.on(ctx, "choose", nil, want) }
		ways = []way{{native, min(limit, takeWait)}, {native, limit}}
	case c.Kind == KindRadio:
		ways[0].take = func() error { return c.pressRadio(ctx, want) }
	case o.Drawn:
		press := func() error { _, err := c.work(ctx, "take", o.Number); return err }
		ways = slices.Insert(ways, 0, way{press, min(limit, takeWait)})
	}
	for _, way := range ways {
		err := way.take()
		if err == nil {
			err = poll(ctx, way.limit, took)
		}
		switch {
		case !errors.Is(err, ErrTimeout):
			return err
		case shows == want || shows == o.Text:
			return c.closeList(ctx)
		}
	}
	if err := c.closeList(ctx); err != nil {
		return err
	}
	return c.fail(ErrRefused, "shows %q after %q was chosen", Clean(shows), Clean(want))
}

// takeByKeys chooses an option of the list, where that is open, by the keyboard.
func (c *Control) takeByKeys(ctx context.Context, want string) error {
	now, err := c.look(ctx)
	if err != nil || !now.Open {
		return err
	}
	_, at, err := c.walk(ctx, now, func(at option) bool { return at.is(want) })
	if err == nil && at {
		_, err = c.work(ctx, "key", enter)
	}
	return err
}

// search finds an option: among those that the list shows, by typing, which filters most lists,
// and else by going through the whole list. When that is in vain, choices is all that it holds.
func (c *Control) search(ctx context.Context, want string) (found *option, choices []string, err error) {
	shows := func(l *choice) bool {
		found, err = l.find(c, want)
		return found != nil || err != nil
	}
	if c.Kind != KindCombobox {
		shows(c.native())
		return found, c.native().texts(), err
	}
	now, lookErr := c.openList(ctx)
	types := c.seen.Tag == "input" && !c.ReadOnly
	switch {
	case lookErr != nil || shows(now):
	case !types:
		now, lookErr = c.until(ctx, now, listWait, func(l *choice) bool { return shows(l) || l.filled() })
	default:
		if _, lookErr = c.typeOver(ctx, want); lookErr == nil {
			_, lookErr = c.until(ctx, &choice{}, listWait, shows)
		}
		if lookErr != nil || err != nil || found != nil {
			break
		}
		if _, lookErr = c.typeOver(ctx, ""); lookErr == nil {
			lookErr = c.settle(ctx)
		}
		if lookErr == nil {
			now, lookErr = c.openList(ctx)
		}
		if lookErr == nil {
			now, lookErr = c.until(ctx, now, listWait, (*choice).filled)
		}
	}
	if err = errors.Join(lookErr, err); err != nil || found != nil {
		return found, nil, err
	}
	choices, _, err = c.all(ctx, now, func(o option) bool {
		if o.is(want) {
			found = &o
		}
		return found != nil
	})
	if err == nil && found == nil && len(choices) == 0 {
		// One option without any mark may be a notice; one that was asked for is none.
		if now, err = c.look(ctx); err == nil {
			now.Bare = true
			found, err = now.find(c, want)
		}
	}
	return found, choices, err
}

// all goes through the open list until visit returns true, and returns the texts that it passed.
func (c *Control) all(ctx context.Context, now *choice, visit func(option) bool) (texts []string, done bool,
	err error) {
	if now.mirror() {
		return c.walk(ctx, now, visit)
	}
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
		moved, err := c.work(ctx, "scroll", how)
		if err != nil || !moved.Moved {
			return moved, err
		}
		if err := c.settle(ctx); err != nil {
			return nil, err
		}
		got, err := c.look(ctx)
		got.End, got.Moved = moved.End, true
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
func (c *Control) walk(ctx context.Context, now *choice, visit func(option) bool) (texts []string, done bool,
	err error) {
	first, last, idle, seen := 0, "", 0, make(map[string]bool)
	for range maxOptions {
		at := slices.IndexFunc(now.Options, func(o option) bool { return o.Active })
		step := c.work
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
		} else {
			step = c.stepped
		}
		if now, err = step(ctx, "key", arrowDown); err != nil || !now.Open {
			break
		}
	}
	return append(slices.Clone(texts[first:]), texts[:first]...), false, err
}

// pressRadio presses the radio button of the name.
func (c *Control) pressRadio(ctx context.Context, name string) error {
	return c.live(ctx, func() error {
		i := slices.IndexFunc(c.native().Options, func(o option) bool { return o.is(name) })
		if i < 0 {
			return c.fail(ErrAbsent, "has no %q any more", Clean(name))
		}
		_, err := c.field.radio[i].press(ctx, false)
		return err
	})
}
