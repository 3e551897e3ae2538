package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) revealCommand() *cli.Command {
	return &cli.Command{
		Name:      "reveal",
		Usage:     "show secrets on the terminal, one at a time, and clear them",
		UsageText: "mailferry reveal -i me.key cloud.age\n   mailferry reveal -i me.key cloud.age \"Service Desk\"",
		ArgsUsage: "BUNDLE [NAME]",
		Description: "Needs a recipient's key. Without a NAME all secrets come one after the other, in the\n" +
			"run sheet's order. A secret is shown on the terminal alone, whatever stdout is, until a\n" +
			"key is pressed or a signal such as Ctrl-C or Ctrl-Z ends it; then it is cleared. A\n" +
			"scroll-back, a recording or a person behind you may still have it.",
		Flags: flags(identityFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "credential", Usage: "NAME is an OAuth2 credential's, where a connection has the same"},
		}),
		Action: e.reveal,
	}
}

func (e *env) reveal(c *cli.Context) error {
	path, name := c.Args().Get(0), c.Args().Get(1)
	o, err := e.openSecrets(c, path)
	if err != nil {
		return err
	}
	if c.NArg() == 1 {
		return at(path, e.revealAll(c.Context, o))
	}
	list := schema.Connections
	if c.Bool("credential") || schema.Find(o.Bundle.Connections, name) == nil {
		list = schema.Credentials
	}
	it := schema.Find(o.Bundle.Items(list), name)
	if it == nil {
		return schema.Hint(at(path, fmt.Errorf("it has no connection and no credential %s", quoted(name))),
			"mailferry audit lists the names")
	}
	if schema.SecretMarker(it) == nil {
		return at(path, fmt.Errorf("%s %s has no secret", list.One(), schema.Quote(name)))
	}
	secret, why := secretOf(o, it)
	if why != nil {
		return at(path, why)
	}
	return e.showOnTerminal(c.Context, name, secret)
}

// secretOf is the secret of an item that has a marker, or why there is none.
func secretOf(o *sealed.Opened, it schema.Item) (schema.Secret, error) {
	list, name := it.List(), it.ItemName()
	secret := secretsOf(o)(list, name)
	switch m := schema.SecretMarker(it); {
	case !secret.IsZero():
		return secret, nil
	case m.State == schema.Missing:
		return secret, fmt.Errorf("the secret of %s %s is missing: %s", list.One(), schema.Quote(name), m.Reason)
	default:
		return secret, fmt.Errorf("your key does not open the part that the secret of %s is sealed in",
			schema.Quote(name))
	}
}

// revealAll shows all secrets in the run sheet's order.
func (e *env) revealAll(ctx context.Context, o *sealed.Opened) error {
	var items []schema.Item
	for it := range o.Bundle.All() {
		if schema.SecretMarker(it) != nil {
			items = append(items, it)
		}
	}
	if len(items) == 0 {
		return errors.New("it has no secret")
	}
	t, err := openForSecrets()
	if err != nil {
		return err
	}
	defer t.Close()
	for i := 0; i < len(items); {
		it := items[i]
		secret, why := secretOf(o, it)
		shown := shownSecret(it.ItemName(), secret)
		if why != nil {
			shown = human.Visible(why.Error())
		}
		turn, err := t.Turn(ctx, fmt.Sprintf("%d of %d, %s\n%s", i+1, len(items), it.List().One(), shown))
		switch {
		case err != nil:
			return err
		case turn == terminal.End:
			return nil
		case turn == terminal.Next:
			i++
		case i > 0:
			i--
		}
	}
	return nil
}

func openForSecrets() (*terminal.Terminal, error) {
	t, err := terminal.Open()
	return t, schema.Hint(err, "a secret is shown on a terminal and nowhere else")
}

// showOnTerminal shows a secret until Enter is pressed.
func (e *env) showOnTerminal(ctx context.Context, name string, secret schema.Secret) error {
	t, err := openForSecrets()
	if err != nil {
		return err
	}
	defer t.Close()
	return t.Show(ctx, shownSecret(name, secret))
}

// shownSecret is what a person types it from: below it stands what the eye misses.
// A password with control characters would steer the terminal: it is quoted.
func shownSecret(name string, secret schema.Secret) string {
	text := secret.Reveal()
	shown := text
	if human.Visible(text) != text {
		shown = fmt.Sprintf("%q (quoted: it holds characters that do not show)", text)
	}
	return strings.Join(append([]string{schema.Quote(name) + ": " + shown}, missedByTheEye(text)...), "\n")
}

// missedByTheEye says what somebody who reads a text and types it would get wrong:
// blanks at its ends or in a row, and characters that look like others, or that no
// keyboard has.
func missedByTheEye(text string) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, end := range []struct{ where, rest string }{
		{"begins", strings.TrimLeftFunc(text, unicode.IsSpace)},
		{"ends", strings.TrimRightFunc(text, unicode.IsSpace)}} {
		if n := len([]rune(text)) - len([]rune(end.rest)); n > 0 {
			say("it %s with %s", end.where, human.Count(n, "blank"))
		}
	}
	names := map[rune]string{'0': "the digit 0", 'O': "the capital letter O", '1': "the digit 1",
		'l': "the small letter l",
		'I': "the capital letter I", '|': "a vertical bar"}
	blanks := 0
	for i, r := range []rune(text) {
		if unicode.IsSpace(r) {
			blanks++
		} else {
			if 1 < blanks && blanks < i { // those at the beginning are said
				say("characters %d to %d are blanks", i-blanks+1, i)
			}
			blanks = 0
		}
		switch look := human.LooksLike(r); {
		case names[r] != "":
			say("character %d is %s", i+1, names[r])
		case look != "":
			say("character %d is U+%04X, which looks like %s", i+1, r, strings.ReplaceAll(look, " ", "a blank"))
		case unicode.IsMark(r):
			say("character %d is U+%04X, a mark on the one before it", i+1, r)
		case r > unicode.MaxASCII && !unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lo):
			say("character %d is U+%04X", i+1, r)
		}
	}
	return out
}
