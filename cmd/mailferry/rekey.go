package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/safefile"
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
			&cli.StringSliceFlag{Name: "recipient", Aliases: []string{"r"}, Usage: "keep `KEY`, a recipient that I know, without being asked (repeatable)"},
			&cli.StringSliceFlag{Name: "recipients-file", Aliases: []string{"R"}, Usage: "the same for the keys listed in `FILE` (repeatable)"},
			&cli.StringSliceFlag{Name: "add-recipient", Usage: "let `KEY` open everything (repeatable)"},
			&cli.StringSliceFlag{Name: "add-reviewer", Usage: "let `KEY` see the settings (repeatable)"},
			&cli.StringSliceFlag{Name: "remove", Usage: "take `KEY`, or a label of the bundle's list, out (repeatable)"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask whether the list of readers is right"},
			jsonFlag(),
		}),
		Action: e.rekey,
	}
}

// readerChange is what a rekey does to one key.
type readerChange struct {
	Key    string `json:"key"`
	Label  string `json:"label,omitzero"`
	Sight  string `json:"sight"`  // recipient or reviewer
	Change string `json:"change"` // gains, loses or keeps
}

func (e *env) rekey(c *cli.Context) error {
	path, out, err := inAndOut(c, "the bundle")
	if err != nil {
		return err
	}
	o, err := e.openSecrets(c, path)
	if err != nil {
		return err
	}
	if !o.Reveals() {
		return schema.Hint(at(path, errors.New("your key does not open every sealed part")), "a part was filled in for other recipients: one of them has to rekey")
	}
	to, changes, err := e.newReaders(c, o.Bundle.Manifest)
	if err != nil {
		return err
	}
	if err := e.vouched(c, o, changes); err != nil {
		return at(path, err)
	}
	for _, ch := range changes {
		if !c.Bool("json") {
			e.print("%-6s %-9s %s", ch.Change, ch.Sight, oneLine(ch.Label+" "+ch.Key))
		}
	}
	if !c.Bool("yes") {
		ok, err := e.confirm(c.Context, "Are these the right readers?")
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("nothing was written")
		}
	}
	if err := sealed.Reseal(o, to); err != nil {
		return at(path, err)
	}
	b := o.Bundle
	e.stamp(b, b.Manifest.History, "rekey", "")
	if err := safefile.Write(out, c.Bool("force"), func(w io.Writer) error { return sealed.Write(w, b, to) }); err != nil {
		return err
	}
	if err := e.keepStatements(path, out, o); err != nil {
		return err
	}
	loses := func(sight string) bool {
		return slices.ContainsFunc(changes, func(ch readerChange) bool { return ch.Change == "loses" && ch.Sight == sight })
	}
	switch {
	case loses("recipient"):
		e.warn("who lost sight may hold an old copy, which opens as before: change the passwords that it holds")
	case loses("reviewer"):
		e.warn("who lost sight may hold an old copy, which shows the settings as before")
	}
	if n := len(o.Unreferred); n > 0 {
		e.say("left out %s that nothing refers to", count(n, "secret"))
	}
	if c.Bool("json") {
		return e.json(struct {
			Output  string         `json:"output"`
			Digest  string         `json:"digest"`
			Readers []readerChange `json:"readers"`
			Pruned  int            `json:"pruned"`
		}{out, o.Digest, changes, len(o.Unreferred)})
	}
	e.print("%s: content %s, as before", out, o.Digest[:16])
	return nil
}

// keepStatements lays what was signed about a bundle beside its new file too:
// the content is the same.
func (e *env) keepStatements(from, to string, o *sealed.Opened) error {
	files, err := sealed.StatementsBeside(to)
	if err != nil {
		return err
	}
	have := map[schema.Statement]bool{}
	for _, f := range files {
		ev, err := sealed.ReadStatement(f)
		if err != nil {
			return err
		}
		have[ev.Statement] = true
	}
	if o.Bundle.IsCloud() {
		for _, s := range o.Bundle.Origin.Statements {
			have[s] = true
		}
	}
	found, err := e.collect(from, o, nil)
	if err != nil {
		return err
	}
	for _, ev := range found.Evidence {
		if ev.Aside || have[ev.Statement] {
			continue
		}
		have[ev.Statement] = true
		file, err := sealed.WriteStatement(to, ev.Statement)
		if err != nil {
			return fmt.Errorf("the bundle is written; a statement could not be laid beside it: %w", err)
		}
		e.say("kept: %s", file)
	}
	return nil
}

// vouched refuses to seal secrets to a key only because the file lists it:
// anybody who could write the file could have put it there. Whoever runs the
// command vouches for a key by having it, by naming it with -r, or by looking at
// the list and saying yes.
func (e *env) vouched(c *cli.Context, o *sealed.Opened, changes []readerChange) error {
	if !o.ListedReaders() {
		return schema.Hint(errors.New("the list of readers is not the one that the file was written for"), "ask who wrote it; export or transform again for the readers that you know")
	}
	if !c.Bool("yes") {
		return nil
	}
	known := map[string]bool{}
	for _, id := range o.Identities() {
		if r, ok := sealed.RecipientOf(id); ok {
			known[r.Key] = true
		}
	}
	named, err := e.recipients(c, "recipient", "recipients-file")
	if err != nil {
		return err
	}
	for _, r := range named {
		known[r.Key] = true
	}
	for _, ch := range changes {
		if ch.Change == "keeps" && ch.Sight == "recipient" && !known[ch.Key] {
			return schema.Hint(fmt.Errorf("recipient %s stands in the file's own list, which anybody may have lengthened", schema.Quote(strings.TrimSpace(ch.Label+" "+ch.Key))),
				"with --yes, name each recipient that you know and keep with -r KEY; or --remove it")
		}
	}
	return nil
}

// newReaders works out who may open the new file.
func (e *env) newReaders(c *cli.Context, m schema.Manifest) (sealed.Readers, []readerChange, error) {
	var to sealed.Readers
	var changes []readerChange
	keys := e.keys(c)
	removed := map[string]bool{}
	keep := func(sight string, list []schema.Reader, into *[]sealed.Recipient) error {
		for _, r := range list {
			if r.Key == sealed.PassphraseKey {
				return schema.Hint(errors.New("it opens with a passphrase, which stands alone"), "export or transform again for recipients")
			}
			if gone := slices.Contains(c.StringSlice("remove"), r.Key) || r.Label != "" && slices.Contains(c.StringSlice("remove"), r.Label); gone {
				removed[r.Key], removed[r.Label] = true, true
				changes = append(changes, readerChange{r.Key, r.Label, sight, "loses"})
				continue
			}
			rec, err := keys.Recipient(r.Key)
			if err != nil {
				return fmt.Errorf("manifest: %s: %w", sight, err)
			}
			rec.Label = r.Label
			*into = append(*into, rec)
			changes = append(changes, readerChange{r.Key, r.Label, sight, "keeps"})
		}
		return nil
	}
	add := func(sight, flag string, into *[]sealed.Recipient) error {
		for _, s := range c.StringSlice(flag) {
			rec, err := keys.Recipient(s)
			if err != nil {
				return &usageError{fmt.Errorf("--%s: %w", flag, err)}
			}
			*into = append(*into, rec)
			changes = append(changes, readerChange{rec.Key, rec.Label, sight, "gains"})
		}
		return nil
	}
	if err := errors.Join(
		keep("recipient", m.Recipients, &to.Recipients), keep("reviewer", m.Reviewers, &to.Reviewers),
		add("recipient", "add-recipient", &to.Recipients), add("reviewer", "add-reviewer", &to.Reviewers)); err != nil {
		return to, nil, err
	}
	for _, r := range c.StringSlice("remove") {
		if !removed[r] {
			return to, nil, usage("--remove: %s is not in the bundle's list", quoted(r))
		}
	}
	return to, changes, to.Check()
}
