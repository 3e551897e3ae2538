package adminpage

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// Create fills the form of a new item and presses Save. Until that moment
// nothing has reached Cloud, and whatever goes wrong is tried again from the
// start.
func (c *cloud) Create(ctx context.Context, w importer.Write) (importer.Remote, error) {
	return c.write(ctx, w, func() (*formprofile.Form, error) { return c.site.Add(ctx, w.Item.List()) })
}

// Update changes what differs in the form of the item and presses Save. Where w
// has no secret, the field of the secret is not touched.
func (c *cloud) Update(ctx context.Context, id string, w importer.Write) (importer.Remote, error) {
	l := w.Item.List()
	c.mu.Lock()
	row, ok := c.rows[l][id]
	c.mu.Unlock()
	if !ok {
		return importer.Remote{}, &importer.RefusedError{Words: fmt.Sprintf("the list shows no %s of the name %s", l.One(), schema.Quote(id))}
	}
	return c.write(ctx, w, func() (*formprofile.Form, error) { return c.site.Edit(ctx, l, row) })
}

func (c *cloud) write(ctx context.Context, w importer.Write,
	open func() (*formprofile.Form, error)) (_ importer.Remote, err error) {
	c.echoes.Add(w.Secret)
	defer func() { err = c.discreet(err) }()
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.site.Watch()()
	l := w.Item.List()
	var form *formprofile.Form
	var changed []string
	err = c.site.Do(ctx, func() (err error) {
		if form, err = open(); err != nil {
			return err
		}
		changed, err = fill(ctx, form, w)
		return err
	})
	if err != nil {
		c.site.Forget()
		return importer.Remote{}, importError(refusal(err))
	}
	if err := c.save(ctx, form, w, changed); err != nil {
		return importer.Remote{}, err
	}
	name := w.Item.ItemName()
	// What it holds is read once the import looks back, from pages that are loaded anew then.
	err = c.site.Do(ctx, func() error { return c.site.Lists(ctx, l, c.rowNamed(l, name)) })
	if err != nil {
		c.site.Forget()
		return importer.Remote{}, unsettled(fmt.Errorf("looking for %s %s after Save: %w", l.One(), schema.Quote(name), err))
	}
	return importer.Remote{ID: name}, nil
}

func (c *cloud) rowNamed(l schema.List, name string) formprofile.Row {
	if row, ok := c.rows[l][name]; ok {
		return row
	}
	return formprofile.RowOf(name)
}

// fill enters an item into an open form, the deciding field first, and looks
// again at what it entered: choosing in one field may empty others. It returns
// the fields whose values it changed.
func fill(ctx context.Context, form *formprofile.Form, w importer.Write) (changed []string, err error) {
	if err := form.Decide(ctx, schema.Text(w.Item, form.Profile.Decides)); err != nil {
		return nil, err
	}
	if err := await(ctx, form, w); err != nil {
		return nil, err
	}
	const rounds = 3
	var controls *formprofile.Controls
	for n := 1; ; n++ {
		var now []string
		if controls, now, err = enter(ctx, form, w.Item); err != nil {
			return nil, err
		}
		if n == 1 {
			changed = now
		} else if len(now) == 0 {
			break
		}
		if n == rounds {
			return nil, &importer.RefusedError{Words: fmt.Sprintf("the form does not keep what is entered for %s", strings.Join(now, ", "))}
		}
	}
	if w.Secret.IsZero() {
		return changed, nil
	}
	secret := controls.Named[schema.SecretField(form.List)]
	if secret == nil {
		return nil, wentAway(form, schema.SecretField(form.List))
	}
	return changed, secret.SetSecret(ctx, w.Secret)
}

// await waits until the form has a place for everything that is to be entered.
// What has none is that item's failure.
func await(ctx context.Context, form *formprofile.Form, w importer.Write) error {
	var wanted []string
	for _, f := range schema.FieldsOf(w.Item) {
		v, ok := schema.Get(w.Item, f.Name)
		if f.Secret {
			ok = !w.Secret.IsZero()
		}
		if ok && v != false {
			wanted = append(wanted, f.Name)
		}
	}
	missing, err := form.Await(ctx, wanted)
	if errors.Is(err, page.ErrTimeout) {
		return &importer.RefusedError{Words: "its form has no field named " + schema.Quotes(missing)}
	}
	return err
}

// enter sets every field that does not hold the item's value and returns the
// labels of those.
func enter(ctx context.Context, form *formprofile.Form, it schema.Item) (controls *formprofile.Controls,
	set []string, err error) {
	if controls, err = form.Controls(ctx); err != nil {
		return nil, nil, err
	}
	for _, f := range schema.FieldsOf(it) {
		if f.Secret {
			continue
		}
		c := controls.Named[f.Name]
		if c == nil {
			if v, ok := schema.Get(it, f.Name); ok && v != false {
				return nil, nil, wentAway(form, f.Name)
			}
			continue
		}
		text, err := c.Get(ctx)
		if err != nil {
			return nil, nil, err
		}
		if formprofile.IsList(c) && schema.Text(it, f.Name) == "" && form.New {
			continue // the page's own default stays
		}
		if lines(text) == lines(schema.Text(it, f.Name)) || f.Type == schema.Boolean && sameSwitch(f, text, it) {
			continue
		}
		if err := setField(ctx, c, f, it); err != nil {
			return nil, nil, err
		}
		set = append(set, f.Label)
	}
	return controls, set, nil
}

func wentAway(form *formprofile.Form, field string) error {
	return fmt.Errorf("%w: %s went away from the form", page.ErrGone, schema.Quote(form.Profile.Label(field)))
}

func sameSwitch(f schema.Field, text string, it schema.Item) bool {
	have, err := f.Parse(text)
	want, _ := schema.Get(it, f.Name)
	return err == nil && have == want
}

func setField(ctx context.Context, c *page.Control, f schema.Field, it schema.Item) error {
	if f.Type != schema.Boolean {
		return c.Set(ctx, schema.Text(it, f.Name))
	}
	want, _ := schema.Get(it, f.Name)
	if !formprofile.IsList(c) {
		return c.SetOn(ctx, want == true)
	}
	choices, err := c.Options(ctx)
	if err != nil {
		return err
	}
	for _, choice := range choices {
		if got, err := f.Parse(choice); err == nil && choice != "" && got == want {
			return c.Set(ctx, choice)
		}
	}
	return &page.NotOfferedError{Label: c.Label, Want: schema.Text(it, f.Name), Choices: choices}
}

// patience is how long a page may show an alert beside the form before that
// counts as its answer to Save: one that reports success stands there before the
// list does.
const patience = time.Second

// save presses Save and waits for the list, or for what the page has against it.
// Once Save was pressed, an error beside [importer.RefusedError] is unsettled:
// Cloud may have the item.
func (c *cloud) save(ctx context.Context, form *formprofile.Form, w importer.Write, changed []string) error {
	look, err := form.App.Look(ctx)
	if err != nil {
		c.site.Forget()
		return importError(err)
	}
	before := shown{messages: map[page.Message]bool{}, over: look.Dialog()}
	for _, m := range look.Messages() {
		before.messages[m] = true
	}
	if w.Before != nil {
		if err := w.Before(); err != nil {
			c.site.Forget()
			return err
		}
	}
	said, asks, err := c.send(ctx, form, look, form.Profile.Save, before)
	if button := yes(asks, form.Profile.Save); err == nil && button != "" {
		before.answered = asks
		said, asks, err = c.send(ctx, form, asks.Fields, button, before)
	}
	if err != nil {
		c.site.Forget()
		return err
	}
	if len(said) == 0 {
		c.site.Left(form)
		return nil
	}
	after, err := form.App.Look(ctx)
	c.site.Forget()
	no := &importer.RefusedError{Words: words(said)}
	switch {
	case err != nil:
		return unsettled(fmt.Errorf("after Save: %w", err))
	case !after.Shows(page.HasButton(form.Profile.Save)) && (asks == nil || before.answered != nil):
		return importer.MarkUnsettled(no) // Save let go of the form: an alert may say anything
	case onField(said) || len(changed) == 0:
		return no
	}
	// An alert may also mean that the page did not hear the site's answer.
	it, err := c.readRow(ctx, form.List, c.rowNamed(form.List, w.Item.ItemName()))
	var missing *formprofile.MissingError
	switch {
	case errors.As(err, &missing):
		return no
	case err != nil:
		return importer.MarkUnsettled(fmt.Errorf("%w; %w", no, importError(err)))
	case same(it, w.Item):
		return importer.MarkUnsettled(no)
	}
	return no
}

// shown is what a page shows before Save, which is no answer to it.
type shown struct {
	messages map[page.Message]bool
	over     *page.Dialog
	answered *page.Dialog // a question that came after Save
}

// send presses what sends the form and waits for what comes of it.
func (c *cloud) send(ctx context.Context, form *formprofile.Form, look *page.Look, button string,
	before shown) (said []page.Message, asks *page.Dialog, err error) {
	err = c.site.Save(ctx, form, look, button)
	switch {
	case elsewhere(err) && before.answered == nil: // and not pressed
		return nil, nil, importError(err)
	case errors.Is(err, page.ErrRefused), errors.Is(err, page.ErrDisabled),
		errors.Is(err, page.ErrAbsent), errors.Is(err, page.ErrAmbiguous):
		// The browser itself did not send the form, or there was nothing to press.
		return nil, nil, &importer.RefusedError{Words: page.Clean(err.Error())}
	case err == nil:
		said, asks, err = answer(ctx, form, before)
	}
	if err != nil {
		err = unsettled(fmt.Errorf("after Save: %w", err))
	}
	return said, asks, err
}

// unsettled is an error after Save was pressed.
func unsettled(err error) error {
	if elsewhere(err) {
		err = schema.Hint(err, "ask those who run the site why Save leads there, and whether it knows the secrets by now")
	}
	return importer.MarkUnsettled(importError(err))
}

// answer waits for what comes of Save: nothing said when the list stands there
// again, and nothing over it. What a dialog says that came up is a question.
func answer(ctx context.Context, form *formprofile.Form, before shown) (said []page.Message, asks *page.Dialog,
	err error) {
	listed := formprofile.Listed(form.Profile)
	var since time.Time // that something was said
	done, err := page.Until(ctx, form.Timeout, func() (done bool, err error) {
		said = nil
		look, err := form.App.Look(ctx)
		if err != nil {
			return false, err
		}
		if asks = look.Dialog(); asks != nil {
			_, named := form.Label(asks.Fields, "name")
			switch {
			case asks.Is(before.over), named:
				asks = nil // the form
			case asks.Is(before.answered), len(asks.Buttons) == 0:
				return false, nil // it closes yet, or asks nothing
			}
		}
		if asks != nil {
			said = []page.Message{{Kind: page.MessageAlert, Text: "the page asks: " + asks.Text}}
		} else if look.Shows(listed...) {
			return true, nil
		} else {
			said = slices.DeleteFunc(look.Messages(),
				func(m page.Message) bool { return m.Kind == page.MessageStatus || before.messages[m] })
		}
		switch {
		case onField(said):
			return true, nil
		case len(said) == 0:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) > patience, nil
	})
	if !done && err == nil {
		asks, err = nil, fmt.Errorf("%w: waited %s for the list %s or a message in vain", page.ErrTimeout,
			form.Timeout, schema.Quote(form.Profile.Heading))
	}
	return said, asks, err
}

// farther are words of questions to which yes may do more than Save does, or of failures.
var farther = regexp.MustCompile(`(?i)replac|overwr|delet|remov|eras|discard|exist|already|duplicat|same name|in use|taken|fail|error|could not|cannot|` +
	`ersetz|überschr|lösch|entfern|verw[eo]rf|bereits|vorhanden|schon|fehl`)

// otherwise are words that make a button with the word for Save mean something else.
var otherwise = regexp.MustCompile(`(?i)(?:^|\PL)(?:no|not|n['’]t|don['’]?t|without|never|as|another|copy|draft|nicht|ohne|als|kopie|entwurf)(?:$|\PL)`)

// yes is the one button of a question that says to do what Save says, and no more: "Yes, save",
// "Save changes". It is "" where there is none, or where the question is about more.
func yes(asks *page.Dialog, save string) string {
	if asks == nil || len(asks.Fields.Labels()) > 0 ||
		farther.MatchString(asks.Text+" "+strings.Join(asks.Buttons, " ")) {
		return ""
	}
	word := regexp.MustCompile(`(?:^|\PL)` + regexp.QuoteMeta(human.FoldLabel(save)) + `(?:$|\PL)`)
	named := slices.DeleteFunc(slices.Clone(asks.Buttons),
		func(name string) bool { return !word.MatchString(human.FoldLabel(name)) })
	if len(named) != 1 || otherwise.MatchString(named[0]) {
		return ""
	}
	return named[0]
}

func onField(said []page.Message) bool {
	for _, m := range said {
		if m.Kind == page.MessageField {
			return true
		}
	}
	return false
}

func words(said []page.Message) string {
	var out []string
	for _, m := range said {
		out = append(out, m.String())
	}
	return page.Clean(strings.Join(out, "; "))
}

// same compares the visible fields.
func same(a, b schema.Item) bool {
	for _, f := range schema.FieldsOf(b) {
		if !f.Secret && lines(schema.Text(a, f.Name)) != lines(schema.Text(b, f.Name)) {
			return false
		}
	}
	return true
}

// lines writes line ends as browsers do.
func lines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
