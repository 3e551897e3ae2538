package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) keygenCommand() *cli.Command {
	return &cli.Command{
		Name:      "keygen",
		Usage:     "make an age identity, or print the recipient of one",
		UsageText: "mailferry keygen -o me.key\n   mailferry keygen -y -i me.key",
		Description: "Makes a key pair. The identity in FILE opens bundles: keep it to yourself. The\n" +
			"recipient, printed, is what others seal to: hand it out.",
		Flags: flags(outputFlags("the identity, or with -y the recipient,"), []cli.Flag{
			&cli.BoolFlag{Name: "pq", Usage: "make a post-quantum key (opens with age 1.3 or later; does not mix with classic keys)"},
			&cli.BoolFlag{Name: "public", Aliases: []string{"y"},
				Usage: "print the recipient of the identity given with -i"},
			jsonFlag(),
		}, identityFlags()),
		Action: e.keygen,
	}
}

func (e *env) keygen(c *cli.Context) error {
	if c.Bool("public") {
		return e.showRecipients(c)
	}
	if c.IsSet("identity") {
		return schema.Hint(usage("keygen: -i goes with -y"),
			"mailferry keygen -y -i FILE prints the recipient of an identity; without -i a new key pair is made")
	}
	path := c.String("output")
	if isStdout(path) {
		path = ""
	}
	if path == "" && (isTerminal(e.stdout) || c.Bool("json")) {
		return schema.Hint(usage("keygen: -o FILE is needed: an identity is not for the screen"),
			"or redirect the output to a file, as with age-keygen")
	}
	identity, recipient, err := newKeyPair(c.Bool("pq"))
	if err != nil {
		return err
	}
	write := func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "# created: %s\n# public key: %s\n%s\n",
			schema.At(e.now()).Format("2006-01-02T15:04:05Z"), recipient, identity.Reveal())
		return err
	}
	if path == "" {
		if err := write(e.stdout); err != nil {
			return err
		}
		e.say("public key: %s", recipient)
		return nil
	}
	_, replaces := keyFile(path)
	err = e.write(c, path, write)
	switch {
	case replaces && errors.Is(err, safefile.ErrExists):
		return schema.Hint(err, "choose another name, or --force to replace it: it holds an identity, and without that the bundles sealed to it never open again")
	case err != nil:
		return err
	case replaces:
		e.warn(fmt.Sprintf("%s held an identity, which is gone: bundles sealed to that one alone never open again", shown(path)))
	}
	e.say("wrote the identity to %s: keep it to yourself", path)
	return printRecipients(e.stdout, c, []string{recipient})
}

// showRecipients prints the recipients of identities, or writes them to where
// -o points.
func (e *env) showRecipients(c *cli.Context) error {
	out, err := optionalOutput(c)
	if err != nil {
		return err
	}
	ids, err := e.identities(c)
	if err != nil {
		return err
	}
	var keys []string
	for _, id := range ids {
		r, ok := sealed.RecipientOf(id)
		if !ok || r.Key == "" || r.Key == sealed.PassphraseKey { // "": a plugin's
			return schema.Hint(errors.New("this kind of identity has no recipient to print"),
				"a plugin's own program prints it")
		}
		keys = append(keys, r.Key)
	}
	return e.write(c, out, func(w io.Writer) error { return printRecipients(w, c, keys) })
}

func printRecipients(w io.Writer, c *cli.Context, keys []string) error {
	if c.Bool("json") {
		return writeJSON(w, "keygen-result", struct {
			Recipient string   `json:"recipient"`
			Others    []string `json:"others,omitempty"`
		}{keys[0], keys[1:]})
	}
	_, err := fmt.Fprintln(w, strings.Join(keys, "\n"))
	return err
}

func newKeyPair(pq bool) (identity schema.Secret, recipient string, err error) {
	var id interface {
		age.Identity
		fmt.Stringer
	}
	if id, err = age.GenerateX25519Identity(); pq {
		id, err = age.GenerateHybridIdentity()
	}
	if err != nil {
		return schema.Secret{}, "", err
	}
	r, _ := sealed.RecipientOf(id)
	return schema.NewSecret(id.String()), r.Key, nil
}
