package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
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

	keys             []keyAtHand
	sheets, backups  []string
	profile, secrets string
	ledgers          [][]byte
	servers, clouds  []*bundleAtHand
	cloudURL         string // of MAILFERRY_CLOUD
}

type fileAtHand struct {
	Name string `json:"name"`
	What string `json:"what"`
}

// nextStep is what to do, and the command for it; "" where none does it.
type nextStep struct {
	Why     string `json:"why"`
	Command string `json:"command,omitzero"`
}

type keyAtHand struct {
	flag string // as a command line names it; "" where the environment does
	ids  []age.Identity
}

type bundleAtHand struct {
	name, key string // key: the flag that opens it, that of a recipient before a reviewer's
	*sealed.Opened
	reveals            bool
	approvals, refusal int
	ledger             *importer.LedgerSummary // how far an import went
}

func (e *env) start(c *cli.Context) error {
	h := &atHand{Files: []fileAtHand{}, Next: []nextStep{}, cloudURL: e.getenv("MAILFERRY_CLOUD")}
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
	if len(c.StringSlice("identity")) > 0 || e.getenv("MAILFERRY_IDENTITY") != "" || c.Bool("passphrase") {
		ids, err := e.identities(c)
		if err != nil {
			return err
		}
		flag := ""
		for _, f := range c.StringSlice("identity") {
			flag += " -i " + pasted(f)
		}
		if c.Bool("passphrase") {
			flag += " -p"
		}
		h.keys = append(h.keys, keyAtHand{flag, ids})
	}
	var files []string // that keys open: looked at once all keys are known
	for _, name := range names {
		isSealed, err := e.lookAt(c, h, name)
		if err != nil && c.NArg() > 0 {
			return err
		}
		if isSealed {
			files = append(files, name)
		}
	}
	for _, name := range files {
		if err := e.lookSealed(c, h, name); err != nil {
			return err
		}
	}
	h.next()
	return e.result(c, "start-result", h, h.print)
}

// add notes what a file is.
func (h *atHand) add(name, what string) { h.Files = append(h.Files, fileAtHand{name, what}) }

// lookAt looks at a file, or leaves it for later where a key opens it.
func (e *env) lookAt(c *cli.Context, h *atHand, name string) (isSealed bool, err error) {
	f, info, err := safefile.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	kind, err := source.KindOfFile(name, bytes.NewReader(head[:n]))
	switch {
	case err == nil && kind == source.Bundle:
		return true, nil
	case err == nil && kind == source.Backup:
		h.backups = append(h.backups, name)
		h.add(name, "looks like a Jira backup")
		return false, nil
	case info.Size() > maxRead:
		return false, nil
	}
	raw, err := e.readFile(name)
	if err == nil {
		h.look(e.keys(c), name, raw)
	}
	return false, err
}

// look says what a file of text is; one that has no part in this is left out.
func (h *atHand) look(keys sealed.Keys, name string, raw []byte) {
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	switch {
	case bytes.Contains(raw[:min(len(raw), 4096)], []byte("AGE-SECRET-KEY-")):
		if ids, err := keys.Identities(bytes.NewReader(raw), nil); err == nil {
			h.keys = append(h.keys, keyAtHand{" -i " + pasted(name), ids})
			h.add(name, "an identity: keep it to yourself")
		}
		return
	case bytes.Contains(first, []byte(importer.LedgerFormat)):
		h.ledgers = append(h.ledgers, raw)
		return
	case schema.DecodeFile("profile", raw, &schema.Profile{}) == nil:
		h.profile = cmp.Or(h.profile, name)
		h.add(name, "a profile: where a backup or database keeps connections")
		return
	}
	if sheets, err := sheet.Parse(raw, schema.ServerFormat, sheet.Options{Warn: func(schema.Warning) {}}); err == nil {
		h.sheets = append(h.sheets, name)
		for _, items := range sheets {
			h.add(name, fmt.Sprintf("a sheet of %s, %s", items.List, human.Count(len(items.Rows), "row")))
		}
	} else if columns := strings.ToLower(string(first)); strings.Contains(columns, "kind") && strings.Contains(columns, "secret") {
		h.secrets = cmp.Or(h.secrets, name)
		h.add(name, "secrets that a source could not give")
	}
}

// lookSealed says what an age file is, as far as a key at hand opens it.
func (e *env) lookSealed(c *cli.Context, h *atHand, name string) error {
	var b *bundleAtHand
	why := "an age file that no key here opens: -i FILE names one"
	for _, k := range h.keys {
		f, err := e.openFile(name, maxFile)
		if err != nil {
			return err
		}
		o, err := sealed.Open(f, k.ids, transform.Rerun)
		if p := schema.Problems(err); len(p) > 0 && p[0].Place == "format" && isPlan(f, k.ids) {
			why = "a saved plan"
		} else if err != nil && !errors.As(err, new(*sealed.WrongKeyError)) {
			why = human.Visible(err.Error())
		}
		f.Close()
		if err == nil && (b == nil || o.Reveals() && !b.reveals) {
			b = &bundleAtHand{name: name, key: k.flag, Opened: o, reveals: o.Reveals()}
		}
	}
	if b == nil {
		h.add(name, why)
		return nil
	}
	what := "a server bundle: "
	h.servers = append(h.servers, b)
	if b.Bundle.IsCloud() {
		what, h.clouds, h.servers = "a cloud bundle: ", append(h.clouds, b), h.servers[:len(h.servers)-1]
	}
	if err := e.judgeAtHand(c, h, b); err != nil {
		return err
	}
	what += holds(b.Bundle.Manifest.Counts) + "; " + human.Count(b.approvals, "approval")
	if b.refusal > 0 {
		what += ", " + human.Count(b.refusal, "rejection")
	}
	if b.ledger != nil {
		what += "; imported into " + b.ledger.Cloud
	}
	h.add(name, what)
	return nil
}

func isPlan(f io.ReadSeeker, ids []age.Identity) bool {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false
	}
	_, err := importer.OpenPlan(f, ids)
	return err == nil
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
	b.refusal = len(v.Rejections) + len(v.Unheeded)
	for _, raw := range h.ledgers {
		l := importer.SummarizeLedger(raw)
		if l != nil && l.Bundle == b.Bundle.Manifest.ID && (b.ledger == nil || isRehearsal(b.ledger)) {
			b.ledger = l
		}
	}
	return nil
}

func isRehearsal(l *importer.LedgerSummary) bool {
	return l != nil && strings.HasPrefix(l.Cloud, "sample:")
}

// pasted is a file's name in a command, never taken for a flag.
func pasted(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return human.Pasted(name)
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
