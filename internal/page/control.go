package page

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto"

	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/schema"
)

var errDetached = errors.New("the element was taken off the page")

// errFrameGone is errDetached where the frame of another site went with the element.
var errFrameGone = fmt.Errorf("%w with its frame", errDetached)

// stale tells that an element is no longer where it was seen, from a browser that fails.
func stale(err error) bool {
	var refused *cdproto.Error
	return errors.Is(err, errDetached) || errors.As(err, &refused)
}

// live does work on the control's element, and once more on its successor when the page has
// replaced it meanwhile.
func (c *Control) live(ctx context.Context, work func() error) error {
	for range 4 {
		if err := work(); !stale(err) {
			return err
		}
		if err := c.again(ctx); err != nil && !stale(err) {
			return err
		}
	}
	return c.fail(ErrGone, "keeps being taken off the page")
}

// again finds the control anew after the page has drawn its fields afresh.
func (c *Control) again(ctx context.Context) error {
	form, err := c.scope.Look(ctx)
	if err != nil {
		return err
	}
	if form.snap.find(c.field.node.doc.key) == nil {
		return failure(ErrGone, "the page moved on while %s was worked in; %s", quoteLabel(c.Label),
			form.outline())
	}
	found, err := form.find(c.Label)
	if alike := form.named(c.Label); errors.Is(err, ErrAmbiguous) && len(alike) == c.alike {
		found, err = alike[c.nth], nil
	}
	if err != nil {
		return err
	}
	c.take(found)
	c.drawn++
	return c.describe(ctx)
}

// on calls a fixed function with the control's element.
func (c *Control) on(ctx context.Context, function string, result any, args ...any) error {
	return c.live(ctx, func() error { return c.field.node.run(ctx, function, result, args...) })
}

// refresh reads the control's state as it is now, or once the choices of a native list are there,
// which a form may ask for only when it stands.
func (c *Control) refresh(ctx context.Context) error {
	c.fresh = false // where it cannot be read, what it held before counts no more
	if c.Reach != nil {
		if err := c.Reach(ctx); err != nil {
			return err
		}
	}
	read := func() error { return c.live(ctx, func() error { return c.describe(ctx) }) }
	err := read()
	if err == nil && c.seen.Coming {
		_, err = Until(ctx, min(takeWait, c.scope.page.browser.options.Timeout), func() (bool, error) {
			if err := c.settle(ctx); err != nil {
				return false, err
			}
			err := read()
			return !c.seen.Coming, err
		})
	}
	return err
}

// settle waits until the page has drawn what it draws because of the control.
func (c *Control) settle(ctx context.Context) error {
	return c.scope.page.settle(ctx, c.field.node.doc.session)
}

// poll is [poll] for as long as the page is waited for.
func (c *Control) poll(ctx context.Context, test func() (bool, error)) error {
	return poll(ctx, c.scope.page.browser.options.Timeout, test)
}

// fail is an error about the control.
func (c *Control) fail(kind error, format string, args ...any) error {
	return failure(kind, "%s %s", quoteLabel(c.Label), fmt.Sprintf(format, args...))
}

// Get returns what the control holds: a text field's value to the character, the text of the
// chosen option of a list ("" when none is, and all of them, with commas, where several may
// be), "true" or "false" for a checkbox or switch. A password is refused: see [Control.Secret].
func (c *Control) Get(ctx context.Context) (text string, err error) {
	text, err = c.get(ctx)
	if s := c.field.node.doc.session; err == nil && (c.Kind == KindSelect || c.Kind == KindCombobox) &&
		s.busy(listWait) {
		// What is chosen may be drawn only once the choices are there, and a prompt until then.
		if err = c.scope.page.settleWithin(ctx, s, listWait); err == nil {
			text, err = c.get(ctx)
		}
	}
	return text, err
}

func (c *Control) get(ctx context.Context) (text string, err error) {
	if !c.fresh || c.acts != c.scope.page.acts || c.Reach != nil {
		err = c.refresh(ctx)
	}
	if c.fresh = false; err != nil {
		return "", err
	}
	switch c.Kind {
	case KindPassword:
		return "", c.fail(nil, "is a password and is not read as text")
	case KindSelect, KindRadio:
		for _, option := range c.seen.Options {
			if option.Selected {
				return option.Text, nil
			}
		}
		return "", nil
	case KindCheckbox, KindSwitch:
		return strconv.FormatBool(c.seen.Checked == "true"), nil
	}
	return string(c.seen.Holds), nil
}

// ErrMasked says that the page shows that there is a secret, or room for one, but does not hold
// its value.
var ErrMasked = errors.New("the page does not show the secret")

// typed reports whether text is typed into the control.
func (c *Control) typed() bool {
	return c.Kind == KindPassword || c.Kind == KindText || c.Kind == KindMultiline
}

// Secret returns what a password field, or a text field that holds a secret, really holds. When
// that is nothing, or only a mask, the error is [ErrMasked]; the mask comes with it.
func (c *Control) Secret(ctx context.Context) (schema.Secret, error) {
	if err := c.refresh(ctx); err != nil {
		return schema.Secret{}, err
	}
	if !c.typed() {
		return schema.Secret{}, c.fail(nil, "is a %s, which holds no secret", c.Kind)
	}
	value := ""
	if err := c.on(ctx, "value", &value); err != nil {
		return schema.Secret{}, err
	}
	secret := schema.NewSecret(value)
	switch {
	case secret.IsZero():
		return secret, c.fail(ErrMasked, "is empty on the page")
	case look.IsMask(secret):
		return secret, c.fail(ErrMasked, "shows a mask in place of the secret")
	}
	return secret, nil
}

// Set types text into a field, or chooses the option of a list or radio group whose text is
// exactly that, and then looks whether the page took it. A list that does not hold the text
// gives a [*NotOfferedError]. Errors never contain the text of a text field.
func (c *Control) Set(ctx context.Context, text string) error {
	if err := c.usable(ctx); err != nil {
		return err
	}
	switch c.Kind {
	case KindText, KindMultiline:
		return c.enter(ctx, text)
	case KindSelect, KindRadio, KindCombobox:
		return c.choose(ctx, text)
	}
	return c.fail(nil, "is a %s and takes no text", c.Kind)
}

// SetSecret enters a secret into a password or text field. The secret travels to the browser as
// an argument of the call that enters it, which first looks at which site the field is: it is
// in no script, no address, no log and not on the clipboard.
func (c *Control) SetSecret(ctx context.Context, secret interface{ Reveal() string }) error {
	if err := c.usable(ctx); err != nil {
		return err
	}
	if !c.typed() {
		return c.fail(nil, "is a %s, which takes no secret", c.Kind)
	}
	return c.enter(ctx, secret.Reveal())
}

// SetOn turns a checkbox or switch on or off. It is pressed only when it stands otherwise.
func (c *Control) SetOn(ctx context.Context, on bool) error {
	if err := c.usable(ctx); err != nil {
		return err
	}
	if c.Kind != KindCheckbox && c.Kind != KindSwitch {
		return c.fail(nil, "is a %s, not a checkbox or switch", c.Kind)
	}
	stands := func() bool { return c.seen.Checked == strconv.FormatBool(on) || !on && c.seen.Checked == "" }
	if stands() {
		return nil
	}
	err := c.live(ctx, func() error {
		_, err := c.field.node.press(ctx, false)
		return err
	})
	if err != nil {
		return err
	}
	err = c.poll(ctx, func() (bool, error) {
		err := c.refresh(ctx)
		return stands(), err
	})
	if errors.Is(err, ErrTimeout) {
		return c.fail(ErrRefused, "did not turn %s", map[bool]string{true: "on", false: "off"}[on])
	}
	return err
}

// Fixed reports whether the page says that the control is read-only, also with the cursor in it.
func (c *Control) Fixed(ctx context.Context) (bool, error) {
	if !c.ReadOnly {
		return false, nil
	}
	err := c.usable(ctx)
	if errors.Is(err, ErrDisabled) {
		return true, nil
	}
	return false, err
}

func (c *Control) usable(ctx context.Context) error {
	if err := c.refresh(ctx); err != nil {
		return err
	}
	if c.Disabled || c.ReadOnly && c.Kind != KindCombobox {
		// A page may enable a field only once it has digested the one before, or, against browsers that
		// fill in passwords, once the cursor is in it.
		if _, err := c.stepped(ctx, "focus", nil); err != nil {
			return err
		}
		if err := c.refresh(ctx); err != nil {
			return err
		}
	}
	c.scope.page.acts++ // what follows may change what fields hold
	switch {
	case c.Disabled:
		return c.fail(ErrDisabled, "is disabled on the page")
	case c.ReadOnly && c.Kind != KindCombobox:
		return c.fail(ErrDisabled, "is read-only on the page")
	}
	return nil
}

// enter replaces the content of a text field as typing does, so that the page's own listeners
// hear of it. When the page draws the field anew in that very moment, the text goes nowhere and
// is entered again.
func (c *Control) enter(ctx context.Context, text string) error {
	want := strings.ReplaceAll(text, "\r\n", "\n")
	same := func() (bool, error) {
		value := ""
		err := c.on(ctx, "value", &value)
		return err == nil && strings.ReplaceAll(value, "\r\n", "\n") == want, err
	}
	typed := -1
	err := c.poll(ctx, func() (bool, error) {
		if done, err := same(); done || err != nil || typed == c.drawn {
			return done, err
		}
		drawn := c.drawn
		focused, err := c.typeOver(ctx, text)
		if err != nil || !focused {
			return false, err
		}
		typed = drawn
		return same()
	})
	switch {
	case errors.Is(err, ErrTimeout) && typed < 0:
		return c.fail(ErrRefused, "does not take the cursor: the page keeps it elsewhere")
	case errors.Is(err, ErrTimeout):
		return c.fail(ErrRefused, "does not hold what was typed into it: the page shortened or changed it")
	}
	return err
}

// typeOver enters text without looking what became of it. focused is false where the page did
// not let the field have the cursor, and nothing was entered.
func (c *Control) typeOver(ctx context.Context, text string) (focused bool, err error) {
	for n := 0; n < 2 && err == nil && !focused; n++ {
		err = c.on(ctx, "type", &focused, text)
	}
	return focused, err
}

// number writes small counts as people do.
func number(n int) string {
	if words := []string{"no", "one", "two", "three", "four", "five"}; n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}
