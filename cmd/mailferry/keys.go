package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

func identityFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "identity", Aliases: []string{"i"},
			Usage: "open with the age identity, or SSH private key, in `FILE` (repeatable; MAILFERRY_IDENTITY)"},
		&cli.BoolFlag{Name: "passphrase", Aliases: []string{"p"},
			Usage: "use a passphrase, asked on the terminal, instead of keys"},
		&cli.BoolFlag{Name: "allow-plugins", Usage: "let keys that need an age plugin run its program from PATH"},
	}
}

func readerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "recipient", Aliases: []string{"r"},
			Usage: "seal to `KEY` (age1…, ssh-ed25519 …, ssh-rsa …, or LABEL=KEY), who may open everything (repeatable)"},
		&cli.StringSliceFlag{Name: "recipients-file", Aliases: []string{"R"},
			Usage: "seal to the recipients listed in `FILE` (repeatable; MAILFERRY_RECIPIENTS_FILE)"},
		&cli.StringSliceFlag{Name: "reviewer", Usage: "let `KEY` see the settings and no secret (repeatable)"},
		&cli.StringSliceFlag{Name: "reviewers-file",
			Usage: "the same for the keys listed in `FILE` (repeatable; MAILFERRY_REVIEWERS_FILE)"},
	}
}

func outputFlags(what string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write " + what + " to `FILE`"},
		&cli.BoolFlag{Name: "force", Usage: "replace the output file if it exists"},
	}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print the result as JSON"}
}

func flags(groups ...[]cli.Flag) []cli.Flag { return slices.Concat(groups...) }

// output returns where -o points, which must be free to write. Where that is
// standard output, messages about the result go to stderr.
func (e *env) output(c *cli.Context) (string, error) {
	out := c.String("output")
	if isStdout(out) {
		return stdio, e.giveStdout(c)
	}
	if out != "" {
		return out, safefile.Check(out, c.Bool("force"))
	}
	return "", schema.Hint(usage("%s: -o FILE is needed: where to write", c.Command.HelpName),
		"files are written to be read by you alone, and never over an existing one without --force")
}

// optionalOutput returns the file that -o names, which must be free to write, or ""
// where it is not given, or names standard output.
func optionalOutput(c *cli.Context) (string, error) {
	out := c.String("output")
	if out == "" || isStdout(out) {
		return "", nil
	}
	return out, safefile.Check(out, c.Bool("force"))
}

// readers gathers -r, -R, --reviewer, --reviewers-file and -p of a command that
// writes.
func (e *env) readers(c *cli.Context) (sealed.Holders, error) {
	var rs sealed.Holders
	var err error
	if rs.Recipients, err = e.recipients(c, "recipient", "recipients-file"); err != nil {
		return rs, err
	}
	if rs.Reviewers, err = e.recipients(c, "reviewer", "reviewers-file"); err != nil {
		return rs, err
	}
	if c.Bool("passphrase") {
		if len(rs.Recipients)+len(rs.Reviewers) > 0 {
			return rs, usage("-p stands alone: a passphrase, or recipients and reviewers")
		}
		// What opens a bundle before writes with the passphrase that it opened with.
		if rs.Passphrase, err = e.passphrase(c.Context, c.Command.Name == "export"); err != nil {
			return rs, err
		}
	}
	if err := rs.Check(); err != nil {
		return rs, &codeError{exitUsage, err}
	}
	return rs, nil
}

// keys parses keys; those that need a plugin only with --allow-plugins.
func (e *env) keys(c *cli.Context) sealed.Keys {
	if !c.Bool("allow-plugins") {
		return sealed.Keys{}
	}
	return sealed.Keys{UI: plugin.NewTerminalUI(e.say,
		func(format string, args ...any) { e.warn(fmt.Sprintf(format, args...)) })}
}

func (e *env) recipients(c *cli.Context, flag, fileFlag string) ([]sealed.Recipient, error) {
	keys := e.keys(c)
	var out []sealed.Recipient
	for _, s := range c.StringSlice(flag) {
		r, err := keys.Recipient(s)
		if err != nil {
			return nil, &codeError{exitUsage, fmt.Errorf("--%s: %w", flag, isKeyFile(err, s, fileFlag))}
		}
		out = append(out, r)
	}
	files := c.StringSlice(fileFlag)
	if len(files)+len(out) == 0 && !c.Bool("passphrase") {
		if files = e.values(c, fileFlag); len(files) > 0 {
			e.say("keys of %s: %s", variableOf(fileFlag), files[0])
		}
	}
	for _, f := range files {
		raw, err := e.readFile(f)
		if err != nil {
			return nil, err
		}
		keys.Warn = func(what string) { e.warn(shown(f) + ": " + what) }
		rs, err := keys.RecipientsFile(strings.NewReader(string(raw)))
		if err != nil {
			return nil, at(f, err)
		}
		out = append(out, rs...)
	}
	return out, nil
}

// isKeyFile advises whoever gives a file's name where a recipient belongs. The file
// is looked at, and nothing of it shown.
func isKeyFile(err error, value, fileFlag string) error {
	for _, path := range []string{value, value[strings.Index(value, "=")+1:]} {
		switch isFile, isIdentity := keyFile(path); {
		case isIdentity:
			return schema.Hint(err, "%s is a file with an identity: mailferry keygen -y -i %s prints its recipient", quoted(path), shown(path))
		case isFile && fileFlag != "":
			return schema.Hint(err, "%s is a file: --%s reads the recipients that it lists", quoted(path), fileFlag)
		}
	}
	return err
}

// keyFile reports whether a path is a file's, and whether that holds an identity.
func keyFile(path string) (isFile, isIdentity bool) {
	f, info, err := safefile.Open(path)
	if err != nil {
		return false, false
	}
	defer f.Close()
	if !info.Mode().IsRegular() {
		return false, false
	}
	head, _ := io.ReadAll(io.LimitReader(f, keyHead))
	text := strings.ReplaceAll(string(head), "\x00", "")
	signs := []string{"AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-----"}
	return true, slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
}

// passphrase asks for the passphrase of -p once in a run: what a command opens
// and what it writes have the same. One that is new is asked for twice, and one is
// made for who gives none.
func (e *env) passphrase(ctx context.Context, fresh bool) (schema.Secret, error) {
	if !e.pass.IsZero() {
		return e.pass, nil
	}
	if fresh {
		e.say("for a new passphrase press Enter alone: one is made and shown")
	}
	pass, err := e.readSecret(ctx, "Passphrase of the bundle")
	if err != nil {
		return pass, err
	}
	switch n := utf8.RuneCountInString(pass.Reveal()); {
	case n == 0 && fresh:
		if pass, err = e.makePassphrase(ctx); err != nil {
			return pass, err
		}
	case n == 0:
		return pass, errors.New("the passphrase is empty")
	case fresh && n < weakPassphrase:
		e.warn(fmt.Sprintf("a passphrase of %s is weak: whoever has the file can try as many as they like",
			human.Count(n, "character")))
	}
	if fresh {
		again, err := e.readSecret(ctx, "The same once more")
		if err != nil {
			return pass, err
		}
		if !pass.Equal(again) {
			return pass, errors.New("the passphrases differ")
		}
	}
	e.pass = pass
	return pass, nil
}

// makePassphrase makes one that nobody can guess, and shows it on the terminal
// alone, until the person has written it down.
func (e *env) makePassphrase(ctx context.Context) (schema.Secret, error) {
	text := strings.ToLower(rand.Text()) // 130 bits
	var groups []string
	for group := range slices.Chunk([]byte(text), 5) {
		groups = append(groups, string(group))
	}
	pass := schema.NewSecret(strings.Join(groups, "-"))
	return pass, e.showOnTerminal(ctx, "Note this passphrase down", pass)
}

// passphraseOf asks for the passphrase of a key file, once in a run: one key may
// open several bundles, and sign.
func (e *env) passphraseOf(ctx context.Context, file string) (schema.Secret, error) {
	if pass, known := e.asked[file]; known {
		return pass, nil
	}
	pass, err := e.readSecret(ctx, "Passphrase of "+shown(file))
	if err == nil && e.asked != nil {
		e.asked[file] = pass
	}
	return pass, err
}

// opens reports whether a command line says what to open bundles with.
func (e *env) opens(c *cli.Context) bool {
	return len(e.values(c, "identity")) > 0 || c.Bool("passphrase")
}

// identities gathers -i, MAILFERRY_IDENTITY and -p of a command that opens.
func (e *env) identities(c *cli.Context) ([]age.Identity, error) {
	keys := e.keys(c)
	var ids []age.Identity
	for _, f := range e.values(c, "identity") {
		raw, err := e.readPrivate(f, "an identity")
		if err != nil && !c.IsSet("identity") {
			err = schema.Hint(err, "MAILFERRY_IDENTITY names it; -i FILE names another")
		}
		if err != nil {
			return nil, err
		}
		found, err := keys.Identities(strings.NewReader(string(raw)),
			func() (schema.Secret, error) { return e.passphraseOf(c.Context, f) })
		if err != nil {
			return nil, advise(at(f, err),
				"-i takes a file with an age identity, as mailferry keygen writes it, or an SSH private key")
		}
		ids = append(ids, found...)
	}
	if c.Bool("passphrase") {
		pass, err := e.passphrase(c.Context, false)
		if err != nil {
			return nil, err
		}
		id, err := sealed.PassphraseIdentity(pass)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, schema.Hint(usage("%s: -i FILE is needed: the identity to open with", c.Command.HelpName),
			"or set MAILFERRY_IDENTITY; -p where the bundle has a passphrase")
	}
	return ids, nil
}

// open opens a bundle file with the identities of the command line.
func (e *env) open(c *cli.Context, path string) (*sealed.Opened, error) {
	f, _, err := e.openSealed(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ids, err := e.identities(c)
	if err != nil {
		return nil, err
	}
	o, _, err := openDocument(f, ids)
	return o, e.judgeOpened(path, ids, o, err)
}

// openSealed opens an age file and reads its header, before a passphrase is asked
// for.
func (e *env) openSealed(path string) (openedFile, *sealed.Header, error) {
	f, err := e.openFile(path)
	if err != nil {
		return f, nil, err
	}
	h, err := sealed.ReadHeader(f)
	if err != nil {
		f.Close()
		return f, nil, at(path, err)
	}
	return f, h, nil
}

// openDocument opens a bundle, or what is sealed like one: a saved plan.
func openDocument(f io.ReadSeeker, ids []age.Identity) (*sealed.Opened, *importer.SavedPlan, error) {
	rewind := func() error { _, err := f.Seek(0, io.SeekStart); return err }
	if err := rewind(); err != nil {
		return nil, nil, err
	}
	o, err := sealed.Open(f, ids, transform.Rerun)
	if p := schema.Problems(err); len(p) > 0 && p[0].Place == "format" && rewind() == nil {
		if plan, planErr := importer.OpenPlan(f, ids); planErr == nil {
			return nil, plan, err
		}
	}
	return o, nil, err
}

// judgeOpened explains why a bundle that path names does not open, and warns of a
// list of readers that is not whole.
func (e *env) judgeOpened(path string, ids []age.Identity, o *sealed.Opened, err error) error {
	var wrong *sealed.WrongKeyError
	if errors.As(err, &wrong) && !wrong.Passphrase {
		return schema.Hint(at(path, err),
			"ask whoever sent it to let your key in (a file altered on its way looks the same): mailferry rekey --add-recipient (or --add-reviewer) %s", publicKeys(ids))
	}
	if err == nil && !o.ListsHolders() {
		e.warn(fmt.Sprintf("%s opens to %s, and its own list names %d: somebody changed the list", shown(path),
			human.Count(len(o.Header.Stanzas), "key"),
			len(o.Bundle.Manifest.Recipients)+len(o.Bundle.Manifest.Reviewers)))
	}
	return at(path, err)
}

// openSecrets opens a bundle with a recipient's key.
func (e *env) openSecrets(c *cli.Context, path string) (*sealed.Opened, error) {
	o, err := e.open(c, path)
	if err != nil {
		return nil, err
	}
	if !o.Reveals() && o.PartsOpened == 0 {
		var who []string
		for _, r := range o.Bundle.Manifest.Recipients {
			who = append(who, r.String())
		}
		return nil, schema.Hint(at(path, errors.New("your key is a reviewer's: it opens the settings and no secret")),
			"%s needs a recipient's key; the bundle names as recipients: %s", c.Command.HelpName,
			strings.Join(who, ", "))
	}
	return o, nil
}

func publicKeys(ids []age.Identity) string {
	var out []string
	for _, id := range ids {
		if r, ok := sealed.RecipientOf(id); ok && r.Key != "" {
			if strings.Contains(r.Key, " ") { // an SSH key: ready to paste
				r.Key = `"` + r.Key + `"`
			}
			out = append(out, r.Key)
		}
	}
	return strings.Join(out, " or ")
}

// at puts a file's name in front of an error and keeps its hint.
func at(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", shown(path), err)
}
