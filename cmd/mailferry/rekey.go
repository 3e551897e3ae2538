package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) rekeyCommand() *cli.Command {
	return &cli.Command{
		Name:      "rekey",
		Usage:     "change who can open a bundle",
		UsageText: "mailferry rekey -i me.key --add-reviewer age1… --remove age1… -o cloud2.age cloud.age",
		ArgsUsage: "BUNDLE",
		Description: "Needs a recipient's key. Content and digest stay as they are, and the statements\n" +
			"beside the bundle are laid beside the new file too; secrets that nothing refers to\n" +
			"are left out. The readers kept are those in the bundle's list, which is a claim of\n" +
			"whoever wrote the file: it is shown, and asked about. A reader who is removed may\n" +
			"hold an old copy: change the passwords that were seen.",
		Flags: flags(identityFlags(), outputFlags("the bundle"), []cli.Flag{
			&cli.StringSliceFlag{Name: "recipient", Aliases: []string{"r"},
				Usage: "keep `KEY`, a recipient that I know, without being asked (repeatable)"},
			&cli.StringSliceFlag{Name: "recipients-file", Aliases: []string{"R"},
				Usage: "the same for the keys listed in `FILE` (repeatable)"},
			&cli.StringSliceFlag{Name: "add-recipient", Usage: "let `KEY` open everything (repeatable)"},
			&cli.StringSliceFlag{Name: "add-reviewer", Usage: "let `KEY` see the settings (repeatable)"},
			&cli.StringSliceFlag{Name: "remove",
				Usage: "take `KEY`, or a label of the bundle's list, out (repeatable)"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask whether the list of readers is right"},
			jsonFlag(),
		}),
		Action: e.rekey,
	}
}

func (e *env) rekey(c *cli.Context) error {
	path := c.Args().First()
	out, err := e.output(c)
	if err != nil {
		return err
	}
	o, err := e.openSecrets(c, path)
	if err != nil {
		return err
	}
	if !o.Reveals() {
		return schema.Hint(at(path, errors.New("your key does not open every sealed part")),
			"a part was filled in for other recipients: one of them has to rekey")
	}
	to, changes, err := e.rekeyed(c, path, o)
	if err != nil {
		return err
	}
	if err := e.vouch(c, path, o, changes); err != nil {
		return err
	}
	if err := sealed.Reseal(o, to); err != nil {
		return at(path, err)
	}
	o.Bundle.Manifest.Record("rekey", "", e.now())
	if err := e.writeBundle(c, out, o.Bundle, nil, to); err != nil {
		return err
	}
	if err := e.copyStatements(path, out, o); err != nil {
		return err
	}
	loses := func(sight string) bool {
		return slices.ContainsFunc(changes,
			func(ch sealed.HolderChange) bool { return ch.Change == sealed.Loses && ch.Sight == sight })
	}
	switch {
	case loses(sealed.SightRecipient):
		e.warn("who lost sight may hold an old copy, which opens as before: change the passwords that it holds")
	case loses(sealed.SightReviewer):
		e.warn("who lost sight may hold an old copy, which shows the settings as before")
	}
	if n := len(o.Unreferred); n > 0 {
		e.say("left out %s that nothing refers to", human.Count(n, "secret"))
	}
	return e.result(c, "rekey-result", struct {
		Output  string                `json:"output"`
		Digest  string                `json:"digest"`
		Readers []sealed.HolderChange `json:"readers"`
		Pruned  int                   `json:"pruned"`
	}{out, o.Digest, changes, len(o.Unreferred)}, func(p *human.Printer) {
		p.Line(human.Plain, human.Visible(shownOutput(out))+": content "+o.Digest[:16]+", as before")
	})
}

// copyStatements lays what was signed about a bundle beside its new file too: the
// content is the same.
func (e *env) copyStatements(from, to string, o *sealed.Opened) error {
	if isStdout(to) {
		return nil
	}
	found, err := e.collect(from, o, nil)
	if err != nil {
		return err
	}
	files, err := found.CopyTo(to, o)
	for _, f := range files {
		e.say("kept: %s", f)
	}
	if err != nil {
		return fmt.Errorf("the bundle is written; a statement could not be laid beside it: %w", err)
	}
	return nil
}

// rekeyed works out who may open the new file.
func (e *env) rekeyed(c *cli.Context, path string, o *sealed.Opened) (to sealed.Holders,
	changes []sealed.HolderChange, err error) {
	change := sealed.Rekey{Remove: c.StringSlice("remove")}
	if change.AddRecipients, err = e.recipients(c, "add-recipient", ""); err != nil {
		return to, nil, err
	}
	if change.AddReviewers, err = e.recipients(c, "add-reviewer", ""); err != nil {
		return to, nil, err
	}
	to, changes, err = o.Rekey(e.keys(c), change)
	if unlisted := (*sealed.NotListedError)(nil); errors.As(err, &unlisted) {
		return to, nil, usage("--remove: %s is not in the bundle's list", quoted(unlisted.Name))
	}
	if errors.Is(err, sealed.ErrHolderList) {
		err = schema.Hint(err, "ask who wrote it; export or transform again for the readers that you know")
	}
	if err != nil {
		return to, nil, at(path, err)
	}
	return to, changes, nil
}

// vouch has whoever runs the command stand in for the readers kept: by looking at
// the list and saying yes, or with --yes by naming with -r the recipients that
// the file lists.
func (e *env) vouch(c *cli.Context, path string, o *sealed.Opened, changes []sealed.HolderChange) error {
	if c.Bool("yes") {
		known, err := e.recipients(c, "recipient", "recipients-file")
		if err != nil {
			return err
		}
		if unvouched := o.Unvouched(changes, known); len(unvouched) > 0 {
			return schema.Hint(at(path, fmt.Errorf("recipient %s stands in the file's own list, which anybody may have lengthened", schema.Quote(unvouched[0].String()))),
				"with --yes, name each recipient that you know and keep with -r KEY; or --remove it")
		}
	}
	for _, ch := range changes {
		if !c.Bool("json") {
			e.print("%-6s %-9s %s", ch.Change, ch.Sight, human.Visible(ch.String()))
		}
	}
	if c.Bool("yes") {
		return nil
	}
	return e.agree(c.Context, "Are these the right readers?", errors.New("nothing was written"))
}
