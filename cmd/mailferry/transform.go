package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

func (e *env) transformCommand() *cli.Command {
	return &cli.Command{
		Name:      "transform",
		Usage:     "rewrite a server bundle in Cloud's terms",
		UsageText: "mailferry transform -i reviewer.key -r age1… --reviewer age1… -o cloud.age server.age\n   mailferry transform --print-rules > rules.json",
		ArgsUsage: "BUNDLE",
		Description: "Works offline and with a reviewer's key: the secrets pass through sealed. Every\n" +
			"value is carried, mapped by a value map, or dropped by a rule that says why; the\n" +
			"report lists them. Names of credentials may change; a connection's name, host, port\n" +
			"and username never do.",
		Flags: flags(identityFlags(), readerFlags(), outputFlags("the cloud bundle"), []cli.Flag{
			&cli.StringFlag{Name: "rules",
				Usage: "use the rules in `FILE` instead of the shipped ones (MAILFERRY_RULES)"},
			&cli.StringFlag{Name: "sign",
				Usage: "sign as transformer with the SSH key in `FILE` (a public key's private half may be in ssh-agent)"},
			&cli.BoolFlag{Name: "print-rules", Usage: "print the shipped rules, for editing, or write them to -o"},
			jsonFlag(),
		}),
		Action: e.transform,
	}
}

func (e *env) transform(c *cli.Context) error {
	if c.Bool("print-rules") {
		return e.document(c, transform.DefaultRulesFile())
	}
	path := c.Args().First()
	out, err := e.output(c)
	if err != nil {
		return err
	}
	rules, err := e.rules(c)
	if err != nil {
		return err
	}
	o, to, err := e.openForReaders(c, path)
	if err != nil {
		return err
	}
	signer, err := e.signer(c)
	if err != nil {
		return err
	}
	defer signer.Close()
	statements, err := e.carried(path, o, signer)
	if err != nil {
		return err
	}
	b, notes, err := transform.Apply(o.Bundle, rules, statements)
	if err != nil {
		return at(path, err)
	}
	b.Manifest.History = o.Bundle.Manifest.History
	b.Manifest.Record("transform", "", e.now())
	w, err := e.writeSigned(c, out, b, nil, to, signer, schema.RoleTransformer)
	if err != nil {
		return err
	}
	return e.transformReport(c, out, w.Digest, notes)
}

// openForReaders opens the bundle and says who the cloud bundle is written for:
// the readers given, or where none is given, those that the server bundle lists.
// That list is anybody's word, and the keys on it are given nothing but settings
// that whoever wrote it could read: sealed parts then pass as they are.
func (e *env) openForReaders(c *cli.Context, path string) (o *sealed.Opened, to sealed.Holders, err error) {
	given := c.Bool("passphrase") || c.IsSet("reviewer") || c.IsSet("reviewers-file") ||
		c.IsSet("recipient") || e.value(c, "recipients-file") != ""
	if given {
		if to, err = e.readers(c); err != nil {
			return nil, to, err
		}
	}
	if o, err = e.open(c, path); err != nil {
		return nil, to, err
	}
	if given {
		e.warnReaders(o.Bundle, to)
		err = o.ResealFor(to)
	} else {
		to, err = e.sameReaders(c, o)
	}
	if err != nil {
		return nil, to, at(path, err)
	}
	return o, to, nil
}

// sameReaders are those that a bundle lists, said aloud.
func (e *env) sameReaders(c *cli.Context, o *sealed.Opened) (sealed.Holders, error) {
	to, changes, err := o.Rekey(e.keys(c), sealed.Rekey{})
	if errors.Is(err, sealed.ErrHolderList) {
		err = schema.Hint(err, "name the readers with -r and --reviewer")
	}
	for _, ch := range changes {
		e.say("%s as before: %s", ch.Sight, ch.KeyHolder)
	}
	return to, err
}

// carried returns the statements beside a server bundle that travel in the cloud
// bundle's origin.
func (e *env) carried(path string, o *sealed.Opened, signer *sealed.Signer) ([]schema.Statement, error) {
	found, err := e.collectToSign(path, o, signer, nil)
	if err != nil {
		return nil, err
	}
	statements, left := found.Carried(o)
	for _, l := range left {
		e.warn(fmt.Sprintf("%s stays behind: %s", l.File, l.Why))
	}
	return statements, nil
}

func (e *env) rules(c *cli.Context) (*schema.Rules, error) {
	file := e.value(c, "rules")
	if file == "" {
		return transform.DefaultRules(), nil
	}
	return readDocument(e, file, transform.ParseRules,
		"mailferry transform --print-rules prints rules that are well-formed")
}

func (e *env) transformReport(c *cli.Context, out, digest string, notes []transform.Note) error {
	if notes == nil {
		notes = []transform.Note{}
	}
	return e.result(c, "transform-result", struct {
		Output string           `json:"output"`
		Digest string           `json:"digest"`
		Notes  []transform.Note `json:"notes"`
	}{out, digest, notes}, func(p *human.Printer) {
		for _, g := range groupNotes(notes) {
			p.Pair(0, 10, g.kind, human.Plain, g.what)
			p.Wrapped(12, human.Faint, "of "+schema.Quotes(g.names))
		}
		p.Line(human.Plain, human.Visible(shownOutput(out))+": cloud bundle, content "+digest[:16])
	})
}

// noteGroup is one thing that a transform says, and of whom.
type noteGroup struct {
	kind, what string
	names      []string
}

// groupNotes says alike things once, with the items that they concern.
func groupNotes(notes []transform.Note) []*noteGroup {
	var groups []*noteGroup
	byText := map[string]*noteGroup{}
	for _, n := range notes {
		what := n.Field
		if n.Kind != transform.Dropped && n.From != "" {
			what += ": " + schema.Quote(n.From)
			if n.To != n.From {
				what += " → " + schema.Quote(n.To)
			}
		}
		if n.Text != "" {
			what += " (" + n.Text + ")"
		}
		key := string(n.Kind) + " " + what
		if byText[key] == nil {
			byText[key] = &noteGroup{kind: string(n.Kind), what: what}
			groups = append(groups, byText[key])
		}
		byText[key].names = append(byText[key].names, n.Name)
	}
	return groups
}
