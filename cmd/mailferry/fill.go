package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) fillCommand() *cli.Command {
	return &cli.Command{
		Name:      "fill",
		Usage:     "add secrets that the source could not give to a server bundle",
		UsageText: "mailferry fill -i reviewer.key -r age1… --reviewer age1… --secrets secrets.csv server.age",
		ArgsUsage: "BUNDLE",
		Description: "Works with a reviewer's key, and writes in place. The secrets, and the file's new\n" +
			"outer layer, are sealed to the keys given here, never to the list found in the file,\n" +
			"which anybody may have lengthened. --secrets - asks on the terminal. The content\n" +
			"changes, so statements made before no longer count: fill first, review after. Secrets\n" +
			"that the bundle has already are skipped.",
		Flags: flags(identityFlags(), readerFlags(), []cli.Flag{
			&cli.StringFlag{Name: "secrets",
				Usage: "take the secrets from `FILE` (CSV or .xlsx: kind,name,secret; plain or age), or - to be asked"},
			literalFlag(),
			encodingFlag(),
			&cli.StringFlag{Name: "sign",
				Usage: "sign the new content as exporter with the SSH key in `FILE` (a public key's private half may be in ssh-agent)"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask before statements are voided, nor before one's own key is locked out"},
			jsonFlag(),
		}),
		Action: e.fill,
	}
}

func (e *env) fill(c *cli.Context) error {
	path := c.Args().First()
	if c.String("secrets") == "" {
		return schema.Hint(usage("fill: --secrets FILE is needed"),
			"a CSV with the columns kind, name, secret; or - to be asked on the terminal")
	}
	to, err := e.readers(c)
	if err != nil {
		return err
	}
	held, err := safefile.Hold(path) // before it is read: two at once would lose the secrets of one
	if err != nil {
		return err
	}
	defer func() { _ = held.Release() }()
	o, err := e.open(c, path)
	if err != nil {
		return err
	}
	if o.Bundle.IsCloud() {
		return schema.Hint(at(path, fmt.Errorf("is a cloud bundle")),
			"fill the server bundle and transform it again; import --secrets adds them at the last moment")
	}
	e.warnReaders(o.Bundle, to)
	secrets, err := e.secretsFile(c, o.Bundle.Missing())
	if err != nil {
		return err
	}
	if len(secrets) == 0 {
		return at(path, fmt.Errorf("no secret was given; nothing is changed"))
	}
	skipped := e.skipSealed(o, secrets)
	given := len(secrets)
	if secrets, err = look.Supplied(o.Bundle, secrets, c.StringSlice("literal-secret"), e.warning); err != nil {
		return at(path, err)
	}
	if len(secrets) == 0 && given > 0 {
		return schema.Hint(at(path, fmt.Errorf("no secret was given; nothing is changed")),
			"a mask is none; --literal-secret NAME takes it as it is")
	}
	if len(secrets) == 0 {
		e.say("%s: nothing is changed", path)
		return e.filled(c, path, o.Bundle, 0, skipped)
	}
	if err := e.confirmLockout(c, path, o, to); err != nil {
		return err
	}
	signer, err := e.signer(c)
	if err != nil {
		return err
	}
	defer signer.Close()
	voided, err := e.confirmVoid(c, path, o, signer)
	if err != nil {
		return err
	}
	if err := sealed.AddSecrets(o.Bundle, secrets, to); err != nil {
		return err
	}
	o.Bundle.Manifest.Record("fill", human.Count(len(secrets), "secret"), e.now())
	if err := e.replace(path, held, o.Bundle, to, voided, signer); err != nil {
		return err
	}
	return e.filled(c, path, o.Bundle, len(secrets), skipped)
}

// skipSealed takes out the secrets that the bundle has already, and counts them.
func (e *env) skipSealed(o *sealed.Opened, secrets schema.Secrets) int {
	before := len(secrets)
	for it := range o.Bundle.All() {
		key := schema.KeyOf(it)
		given, named := secrets[key]
		if m := schema.SecretMarker(it); !named || m == nil || m.State != schema.Sealed {
			continue
		}
		delete(secrets, key)
		if has := o.Secret(key.List, key.Name); !has.IsZero() && !has.Equal(given) {
			e.warning(schema.ItemWarning(it,
				"keeps the secret that it has, which is another one: export again to change it"))
		}
	}
	return before - len(secrets)
}

// filled prints what was done.
func (e *env) filled(c *cli.Context, path string, b *schema.Bundle, added, skipped int) error {
	w, err := writtenTo(path, b)
	if err != nil {
		return err
	}
	if skipped > 0 {
		e.say("skipped %s that the bundle has already", human.Count(skipped, "secret"))
	}
	return e.result(c, "fill-result", struct {
		written
		Filled  int `json:"filled"`
		Skipped int `json:"skipped"`
	}{w, added, skipped}, func(p *human.Printer) { e.printWritten(p, w, b) })
}

// confirmLockout asks before the new file no longer opens to whoever writes it.
func (e *env) confirmLockout(c *cli.Context, path string, o *sealed.Opened, to sealed.Holders) error {
	if to.Include(o.Identities()) || c.Bool("yes") {
		return nil
	}
	err := e.agree(c.Context, "The new file will not open to the key that you use now. Go on?",
		errors.New("left as it is"))
	return schema.Hint(at(path, err), "name your own key with --reviewer or -r; --yes locks it out")
}

// replace puts the filled bundle, and a statement about it, where the old ones are.
// Killed at any point it leaves a bundle that all statements about count for: those
// about the old content are set aside before it goes, and the one about the new
// content is there before it comes, under names that alarm nobody.
func (e *env) replace(path string, held *safefile.Held, b *schema.Bundle,
	to sealed.Holders, voided []string, signer *sealed.Signer) error {
	st, err := e.signContent(signer, b, schema.RoleExporter)
	if err != nil {
		return err
	}
	staged := ""
	err = held.Replace(func(w io.Writer) error { return sealed.Create(w, b, nil, to) }, func() error {
		if st != nil {
			if staged, err = sealed.StageStatement(path, *st); err != nil {
				return err
			}
		}
		for _, f := range voided {
			if err := sealed.SetAside(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if st == nil {
		return nil
	}
	if err := e.keepStatement(signer, path, st, schema.RoleExporter); err != nil {
		return fmt.Errorf("the bundle is filled; its statement stays where it is, as %s: %w", staged, err)
	}
	return os.Remove(staged)
}

// warnReaders says who can read the file now and will not any more.
func (e *env) warnReaders(b *schema.Bundle, to sealed.Holders) {
	for _, r := range to.Lost(b.Manifest) {
		e.warn(fmt.Sprintf("%s is in the bundle's list and not given here: the new file does not open to that key", r))
	}
}

// confirmVoid lists the statements that a change of content voids, asks about those
// that are to be set aside, and returns their files.
func (e *env) confirmVoid(c *cli.Context, path string, o *sealed.Opened, signer *sealed.Signer) ([]string, error) {
	found, err := e.collectToSign(path, o, signer, nil)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, ev := range found.Evidence {
		if !ev.Aside {
			e.warn(fmt.Sprintf("no longer counts after this: %s", ev.File))
		}
		if sealed.LaidBeside(path, ev.File) {
			files = append(files, ev.File)
		}
	}
	if len(files) == 0 || c.Bool("yes") {
		return files, nil
	}
	question := fmt.Sprintf("Change the content and void %s?", human.Count(len(files), "statement"))
	return files, e.agree(c.Context, question, fmt.Errorf("%s: left as it is", path))
}
