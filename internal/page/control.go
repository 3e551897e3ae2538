package page

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto"

	"github.com/mailferry/mailferry/internal/human"
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

// again finds the control anew after the page has drawn its fields afresh.
func (c *Control) again(ctx context.Context) error {
	form, err := c.scope.Form(ctx)
	if err != nil {
		return err
	}
	if form.view.snap.find(c.place.key) == nil {
		return failure(ErrGone, "the page moved on while %s was worked in; %s", quoteLabel(c.Label), form.view.outline())
	}
	found, err := form.find(c.Label)
	if err != nil {
		return err
	}
	c.take(found)
	c.drawn++
	if err := c.describe(ctx); err != nil {
		if stale(err) {
			return failure(ErrGone, "%s keeps being taken off the page", quoteLabel(c.Label))
		}
		return err
	}
	return nil
}

// on calls a fixed function with the control's element, which it finds anew once when the page
// has replaced it.
func (c *Control) on(ctx context.Context, function string, result any, args ...any) error {
	err := c.place.functionOn(ctx, c.object, function, result, args...)
	if err == nil || !stale(err) {
		return err
	}
	if err := c.again(ctx); err != nil {
		return err
	}
	return c.place.functionOn(ctx, c.object, function, result, args...)
}

// refresh reads the control's state as it is now.
func (c *Control) refresh(ctx context.Context) error {
	err := c.describe(ctx)
	if err != nil && stale(err) {
		return c.again(ctx)
	}
	return err
}

// Get returns what the control holds: a text field's value to the character, the text of the
// chosen option of a list ("" when none is, and all of them, with commas, where several may
// be), "true" or "false" for a checkbox or switch. A password is refused: see [Control.Secret].
func (c *Control) Get(ctx context.Context) (string, error) {
	if err := c.refresh(ctx); err != nil {
		return "", err
	}
	switch c.Kind {
	case KindPassword:
		return "", fmt.Errorf("%s is a password and is not read as text", quoteLabel(c.Label))
	case KindText, KindMultiline:
		return c.value(ctx)
	case KindSelect:
		for _, option := range c.seen.Options {
			if option.Selected {
				return human.Squeeze(option.Text), nil
			}
		}
		return "", nil
	case KindCombobox:
		return c.live(ctx, jsShown)
	case KindList:
		return c.live(ctx, jsChosen)
	case KindRadio:
		i, err := c.checkedRadio(ctx)
		if err != nil || i < 0 {
			return "", err
		}
		return c.names[i], nil
	}
	return strconv.FormatBool(c.seen.Checked == "true"), nil
}

// value reads a text field, and reads its successor when the page has drawn it anew: a field
// taken off the page still has a value.
func (c *Control) value(ctx context.Context) (string, error) {
	return c.live(ctx, jsValue)
}

// live calls a function that returns text, or null for an element that is no longer on the page.
func (c *Control) live(ctx context.Context, function string) (string, error) {
	for range 3 {
		var text *string
		if err := c.on(ctx, function, &text); err != nil {
			return "", err
		}
		if text != nil {
			return *text, nil
		}
		if err := c.again(ctx); err != nil {
			return "", err
		}
	}
	return "", failure(ErrGone, "%s keeps being taken off the page", quoteLabel(c.Label))
}

// ErrMasked says that the page shows that there is a secret, or room for one, but does not hold
// its value.
var ErrMasked = errors.New("the page does not show the secret")

// Secret returns what a password field, or a text field that holds a secret, really holds. When
// that is nothing, or only a mask, the error is [ErrMasked]; the mask comes with it.
func (c *Control) Secret(ctx context.Context) (schema.Secret, error) {
	if err := c.refresh(ctx); err != nil {
		return schema.Secret{}, err
	}
	if c.Kind != KindPassword && c.Kind != KindText && c.Kind != KindMultiline {
		return schema.Secret{}, fmt.Errorf("%s is a %s, which holds no secret", quoteLabel(c.Label), c.Kind)
	}
	value, err := c.value(ctx)
	if err != nil {
		return schema.Secret{}, err
	}
	secret := schema.NewSecret(value)
	switch {
	case secret.IsZero():
		return secret, failure(ErrMasked, "%s is empty on the page", quoteLabel(c.Label))
	case look.IsMask(secret):
		return secret, failure(ErrMasked, "%s shows a mask in place of the secret", quoteLabel(c.Label))
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
	case KindSelect:
		return c.selectOption(ctx, text)
	case KindCombobox:
		return c.choose(ctx, text)
	case KindRadio:
		return c.setRadio(ctx, text)
	}
	return fmt.Errorf("%s is a %s and takes no text", quoteLabel(c.Label), c.Kind)
}

// SetSecret enters a secret into a password or text field. The secret travels to the browser as
// an argument of the call that enters it, which first looks at which site the field is: it is
// in no script, no address, no log and not on the clipboard.
func (c *Control) SetSecret(ctx context.Context, secret interface{ Reveal() string }) error {
	if err := c.usable(ctx); err != nil {
		return err
	}
	if c.Kind != KindPassword && c.Kind != KindText && c.Kind != KindMultiline {
		return fmt.Errorf("%s is a %s, which takes no secret", quoteLabel(c.Label), c.Kind)
	}
	return c.enter(ctx, secret.Reveal())
}

// SetOn turns a checkbox or switch on or off. It is pressed only when it stands otherwise.
func (c *Control) SetOn(ctx context.Context, on bool) error {
	if err := c.usable(ctx); err != nil {
		return err
	}
	if c.Kind != KindCheckbox && c.Kind != KindSwitch {
		return fmt.Errorf("%s is a %s, not a checkbox or switch", quoteLabel(c.Label), c.Kind)
	}
	want := strconv.FormatBool(on)
	if c.seen.Checked == want || (!on && c.seen.Checked == "") {
		return nil
	}
	if err := c.press(ctx); err != nil {
		return err
	}
	err := poll(ctx, c.scope.page.browser.options.Timeout, func() (bool, error) {
		err := c.refresh(ctx)
		return err == nil && (c.seen.Checked == want || (!on && c.seen.Checked == "")), err
	})
	if errors.Is(err, ErrTimeout) {
		return failure(ErrRefused, "%s did not turn %s", quoteLabel(c.Label), onOff(on))
	}
	return err
}

// press presses the control itself, or its successor when the page takes it off in the same moment.
func (c *Control) press(ctx context.Context) error {
	for range 3 {
		if _, err := c.place.press(ctx, c.object, false); !stale(err) {
			return err
		}
		if err := c.again(ctx); err != nil {
			return err
		}
	}
	return failure(ErrGone, "%s keeps being taken off the page", quoteLabel(c.Label))
}

func (c *Control) usable(ctx context.Context) error {
	if err := c.refresh(ctx); err != nil {
		return err
	}
	if c.Disabled || c.ReadOnly {
		// A page may enable a field only once it has digested the one before.
		if err := c.scope.page.settle(ctx, c.place.session); err != nil {
			return err
		}
		if err := c.refresh(ctx); err != nil {
			return err
		}
	}
	switch {
	case c.Disabled:
		return failure(ErrDisabled, "%s is disabled on the page", quoteLabel(c.Label))
	case c.ReadOnly && c.Kind != KindCombobox:
		return failure(ErrDisabled, "%s is read-only on the page", quoteLabel(c.Label))
	}
	return nil
}

// enter replaces the content of a text field as typing does, so that the page's own listeners
// hear of it. When the page draws the field anew in that very moment, the text goes nowhere and
// is entered again.
func (c *Control) enter(ctx context.Context, text string) error {
	want := strings.ReplaceAll(text, "\r\n", "\n")
	same := func() (bool, error) {
		value, err := c.value(ctx)
		return err == nil && strings.ReplaceAll(value, "\r\n", "\n") == want, err
	}
	typed := -1
	err := poll(ctx, c.scope.page.browser.options.Timeout, func() (bool, error) {
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
		return failure(ErrRefused, "%s does not take the cursor: the page keeps it elsewhere", quoteLabel(c.Label))
	case errors.Is(err, ErrTimeout):
		return failure(ErrRefused, "%s does not hold what was typed into it: the page shortened or changed it", quoteLabel(c.Label))
	}
	return err
}

// typeOver enters text without looking what became of it. focused is false where the page did
// not let the field have the cursor, and nothing was entered.
func (c *Control) typeOver(ctx context.Context, text string) (focused bool, err error) {
	for range 2 {
		var got struct{ Gone, Focused bool }
		if err := c.on(ctx, jsType, &got, text); err != nil || !got.Gone {
			return got.Focused, err
		}
		if err := c.again(ctx); err != nil {
			return false, err
		}
	}
	return false, nil
}

// selectOption chooses in a native list.
func (c *Control) selectOption(ctx context.Context, text string) error {
	want, at := human.Squeeze(text), -1
	for i, option := range c.seen.Options {
		if human.Squeeze(option.Text) != want {
			continue
		}
		if at >= 0 {
			return failure(ErrAmbiguous, "%s offers %q more than once", quoteLabel(c.Label), Clean(text))
		}
		at = i
	}
	switch {
	case at < 0:
		return &NotOfferedError{Label: c.Label, Want: text, Choices: c.offered()}
	case c.seen.Options[at].Disabled:
		return failure(ErrDisabled, "%s does not allow %q to be chosen", quoteLabel(c.Label), Clean(text))
	case c.seen.Options[at].Selected:
		return nil
	}
	var chosen bool
	if err := c.on(ctx, jsChoose, &chosen, at); err != nil {
		return err
	}
	if !chosen { // the list was drawn anew, perhaps with other options
		if err := c.again(ctx); err != nil {
			return err
		}
		return c.selectOption(ctx, text)
	}
	return c.took(ctx, want)
}

// offered lists what a native list or radio group can be set to.
func (c *Control) offered() []string {
	if c.Kind == KindRadio {
		return c.names
	}
	var choices []string
	for _, option := range c.seen.Options {
		if !option.Disabled {
			choices = append(choices, human.Squeeze(option.Text))
		}
	}
	return choices
}

// took waits until the control shows the text as chosen.
func (c *Control) took(ctx context.Context, want string) error {
	shows := ""
	err := poll(ctx, c.scope.page.browser.options.Timeout, func() (bool, error) {
		got, err := c.Get(ctx)
		shows = got
		return human.Squeeze(got) == want, err
	})
	if errors.Is(err, ErrTimeout) {
		return failure(ErrRefused, "%s shows %q after %q was chosen", quoteLabel(c.Label), Clean(shows), Clean(want))
	}
	return err
}

func (c *Control) checkedRadio(ctx context.Context) (int, error) {
	for i, radio := range c.radios {
		object, err := c.place.resolve(ctx, radio)
		if err != nil {
			return -1, err
		}
		var seen described
		if err := c.place.functionOn(ctx, object, jsDescribe, &seen); err != nil {
			return -1, err
		}
		if seen.Checked == "true" {
			return i, nil
		}
	}
	return -1, nil
}

func (c *Control) setRadio(ctx context.Context, text string) error {
	want := human.Squeeze(text)
	for i, name := range c.names {
		if name != want {
			continue
		}
		if at, err := c.checkedRadio(ctx); err != nil || at == i {
			return err
		}
		object, err := c.place.resolve(ctx, c.radios[i])
		if err != nil {
			return err
		}
		if _, err := c.place.press(ctx, object, false); err != nil {
			return err
		}
		return c.took(ctx, want)
	}
	return &NotOfferedError{Label: c.Label, Want: text, Choices: c.offered()}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// number writes small counts as people do.
func number(n int) string {
	if words := []string{"no", "one", "two", "three", "four", "five"}; n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}
