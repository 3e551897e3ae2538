package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

func (e *env) revealCommand() *cli.Command {
	return &cli.Command{
		Name:      "reveal",
		Usage:     "show one secret on the terminal, and clear it",
		UsageText: "mailferry reveal -i me.key cloud.age \"Service Desk\"",
		ArgsUsage: "BUNDLE NAME",
		Description: "Needs a recipient's key. The secret is shown on the terminal alone, whatever stdout\n" +
			"is, until Enter is pressed or a signal such as Ctrl-C or Ctrl-Z ends it; then it is\n" +
			"cleared. A scroll-back, a recording or a person behind you may still have it.",
		Flags: flags(identityFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "credential", Usage: "NAME is an OAuth2 credential's, where a connection has the same"},
		}),
		Action: e.reveal,
	}
}

func (e *env) reveal(c *cli.Context) error {
	if c.NArg() != 2 {
		return schema.Hint(usage("mailferry reveal takes two arguments, the bundle and the name; %d were given", c.NArg()), "a name with blanks stands in quotes: mailferry reveal -i KEY cloud.age \"Service Desk\"")
	}
	path, name := c.Args().Get(0), c.Args().Get(1)
	o, err := e.openSecrets(c, path)
	if err != nil {
		return err
	}
	list := schema.Connections
	if c.Bool("credential") || schema.Find(o.Bundle.Connections, name) == nil {
		list = schema.Credentials
	}
	it := schema.Find(o.Bundle.Items(list), name)
	if it == nil {
		return schema.Hint(at(path, fmt.Errorf("it has no connection and no credential %s", quoted(name))), "mailferry audit lists the names")
	}
	secret := o.Secret(list, transform.NamesOf(o.Bundle).Server(list, name))
	if secret.IsZero() {
		m := schema.SecretMarker(it)
		switch {
		case m == nil:
			return at(path, fmt.Errorf("%s %s has no secret", list.One(), schema.Quote(name)))
		case m.State == schema.Missing:
			return at(path, fmt.Errorf("the secret of %s %s is missing: %s", list.One(), schema.Quote(name), m.Reason))
		default:
			return at(path, fmt.Errorf("your key does not open the part that the secret of %s is sealed in", schema.Quote(name)))
		}
	}
	return e.showOnTerminal(c.Context, name, secret)
}

// showOnTerminal shows a secret until Enter is pressed.
func (e *env) showOnTerminal(ctx context.Context, name string, secret schema.Secret) error {
	t, err := terminal.Open()
	if err != nil {
		return schema.Hint(err, "a secret is shown on a terminal and nowhere else")
	}
	defer t.Close()
	// A password with control characters would steer the terminal: it is quoted.
	shown := secret.Reveal()
	if human.Visible(shown) != shown {
		shown = fmt.Sprintf("%q (quoted: it holds characters that do not show)", shown)
	}
	return t.Show(ctx, fmt.Sprintf("%s: %s", schema.Quote(name), shown))
}
