package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) startCommand() *cli.Command {
	return &cli.Command{
		Name:      "start",
		Usage:     "say where the files at hand stand, and what to do next",
		UsageText: "mailferry start\n   mailferry start -i reviewer.key server.age cloud.age",
		ArgsUsage: "[FILE…]",
		Description: "Looks at the files named, or at those in this folder, and prints the next command,\n" +
			"ready to paste. It runs none, asks nobody but for a passphrase of -i, and keeps nothing:\n" +
			"what is done shows in the files.",
		Flags:  flags(identityFlags(), []cli.Flag{jsonFlag()}),
		Action: e.start,
	}
}

// atHand are the files that a person has, by what they are.
type atHand struct {
	Files []fileAtHand `json:"files"`
	Next  []nextStep   `json:"next"`

	ids                                []age.Identity
	key                                string // the flags that name the identities
	sheets, backups, profiles, secrets []string
	ledgers                            []*importer.LedgerSummary
	servers, clouds                    []*bundleAtHand
	cloudURL                           string // of MAILFERRY_CLOUD
}

type fileAtHand struct {
	Name string `json:"name"`
	What string `json:"what"`
}

type bundleAtHand struct {
	name string
	*sealed.Opened
	approvals, rejections int
	ledger                *importer.LedgerSummary // how far an import went
}

func (e *env) start(c *cli.Context) error {
	h := &atHand{Files: []fileAtHand{}, Next: []nextStep{}, cloudURL: e.getenv(variableOf("cloud"))}
	names := c.Args().Slice()
	if len(names) == 0 {
		entries, err := os.ReadDir(".")
		if err != nil {
			return fmt.Errorf("this folder cannot be read: %w", err)
		}
		for _, entry := range entries {
			if entry.Type().IsRegular() {
				names = append(names, entry.Name())
			}
		}
	}
	if e.opens(c) { // else with the identities that lie here
		var err error
		if h.ids, err = e.identities(c); err != nil {
			return err
		}
		for _, f := range c.StringSlice("identity") {
			h.key += " -i " + pasted(f)
		}
		if c.Bool("passphrase") {
			h.key += " -p"
		}
	}
	var bundles []string // looked at once all keys are known
	for _, name := range names {
		kind, _ := source.KindOf(name) // what is no source may be a key
		if kind == source.Bundle {
			bundles = append(bundles, name)
		} else if err := e.lookAt(c, h, name, kind); err != nil && c.NArg() > 0 {
			return err
		}
	}
	for _, name := range bundles {
		what, err := e.lookSealed(c, h, name)
		if err != nil {
			return err
		}
		h.add(name, what)
	}
	h.next()
	return e.result(c, "start-result", h, h.print)
}

// add notes what a file is.
func (h *atHand) add(name, what string) { h.Files = append(h.Files, fileAtHand{name, what}) }

// lookAt says what a file is that no key opens; one that has no part in this is left
// out.
func (e *env) lookAt(c *cli.Context, h *atHand, name string, kind source.Kind) error {
	if kind == source.Backup {
		h.backups = append(h.backups, name)
		h.add(name, "looks like a Jira backup")
		return nil
	}
	raw, err := e.readFile(name)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	columns := strings.ToLower(first)
	switch sheets, err := sheet.Parse(raw, schema.ServerFormat, sheet.Options{Warn: func(schema.Warning) {}}); {
	case bytes.Contains(raw[:min(len(raw), 4096)], []byte("AGE-SECRET-KEY-")):
		ids, err := e.keys(c).Identities(bytes.NewReader(raw), nil)
		if err != nil {
			return nil
		}
		h.add(name, "an identity: keep it to yourself")
		if !e.opens(c) {
			h.ids, h.key = append(h.ids, ids...), h.key+" -i "+pasted(name)
		}
	case strings.Contains(first, importer.LedgerFormat):
		if l := importer.SummarizeLedger(raw); l != nil {
			h.ledgers = append(h.ledgers, l)
		}
	case schema.DecodeFile("profile", raw, &schema.Profile{}) == nil:
		h.profiles = append(h.profiles, name)
		h.add(name, "a profile: where a backup or database keeps connections")
	case err == nil:
		h.sheets = append(h.sheets, name)
		for _, items := range sheets {
			h.add(name, fmt.Sprintf("a sheet of %s, %s", items.List, human.Count(len(items.Rows), "row")))
		}
	case strings.Contains(columns, "kind") && strings.Contains(columns, "secret"):
		h.secrets = append(h.secrets, name)
		h.add(name, "secrets that a source could not give")
	}
	return nil
}

// lookSealed says what an age file is, as far as the keys at hand open it.
func (e *env) lookSealed(c *cli.Context, h *atHand, name string) (what string, err error) {
	f, err := e.openFile(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	o, plan, err := openDocument(f, h.ids)
	switch {
	case plan != nil:
		return "a saved plan", nil
	case len(h.ids) == 0, errors.As(err, new(*sealed.WrongKeyError)):
		return "an age file that no key here opens: -i FILE names one", nil
	case err != nil:
		return human.Visible(err.Error()), nil
	}
	b := &bundleAtHand{name: name, Opened: o}
	if err := e.judgeAtHand(c, h, b); err != nil {
		return "", err
	}
	if o.Bundle.IsCloud() {
		what, h.clouds = "a cloud bundle: ", append(h.clouds, b)
	} else {
		what, h.servers = "a server bundle: ", append(h.servers, b)
	}
	what += holds(o.Bundle.Manifest.Counts) + "; " + human.Count(b.approvals, "approval")
	if b.rejections > 0 {
		what += ", " + human.Count(b.rejections, "rejection")
	}
	if b.ledger != nil {
		what += "; imported into " + b.ledger.Cloud
	}
	return what, nil
}

// judgeAtHand looks at what there is about a bundle: statements and ledgers.
func (e *env) judgeAtHand(c *cli.Context, h *atHand, b *bundleAtHand) error {
	verdicts, err := e.judge(c, b.name, b.Opened, "")
	if err != nil {
		return err
	}
	v := verdicts[0]
	for _, s := range v.Statements {
		counts := s.State == sealed.StateCounts || v.ListsNobody() && s.State == sealed.StateUnlisted
		if counts && s.Role == schema.RoleReviewer && s.Decision == schema.DecisionApprove {
			b.approvals++
		}
	}
	b.rejections = len(v.Rejections) + len(v.Unheeded)
	for _, l := range h.ledgers { // a rehearsal counts until there is a Cloud
		if l.Bundle == b.Bundle.Manifest.ID && (!isRehearsal(l) || b.ledger == nil && h.cloudURL == "") {
			b.ledger = l
		}
	}
	return nil
}

func isRehearsal(l *importer.LedgerSummary) bool {
	return l != nil && strings.HasPrefix(l.Cloud, "sample:")
}

func (h *atHand) print(p *human.Printer) {
	for _, f := range h.Files {
		p.Wrapped(0, human.Plain, f.Name+": "+f.What)
	}
	for i, n := range h.Next {
		p.Blank()
		if i == 0 {
			p.Line(human.Strong, "Next")
		}
		p.Wrapped(0, human.Plain, n.Why)
		if n.Command != "" {
			p.Line(human.Strong, "    "+n.Command) // one line, however long: to paste
		}
	}
}
