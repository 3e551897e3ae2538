package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/sheet"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

func (e *env) exportCommand() *cli.Command {
	return &cli.Command{
		Name:  "export",
		Usage: "write Server's connections and credentials to a sealed bundle",
		UsageText: "mailferry export -r age1… --reviewer age1… -o server.age connections.csv credentials.csv\n" +
			"   mailferry export -r age1… --profile profile.json -o server.age jira-backup.zip\n" +
			"   mailferry export -r age1… --profile profile.json -o server.age postgres://jira@db/jira\n" +
			"   mailferry export -r age1… --headed -o server.age page+https://jira.corp.example/…\n" +
			"   mailferry export --print-template connections > connections.csv",
		ArgsUsage: "SOURCE…",
		Description: "A SOURCE is a sheet (CSV or .xlsx) with the labels of Server's panel, a Jira backup (.zip\n" +
			"or activeobjects.xml), a database (postgres://…, mysql://…), or Server's admin pages\n" +
			"(page+https://…), which are read in a browser and never saved.\n" +
			"Several are merged. Recipients open everything, reviewers see\n" +
			"every setting and no secret.",
		Flags: flags(readerFlags(), identityFlags(), sourceFlags(), selectFlags(), outputFlags("the bundle"),
			[]cli.Flag{
				&cli.StringFlag{Name: "secrets",
					Usage: "take secrets that the source cannot give from `FILE` (CSV or .xlsx: kind,name,secret; plain or age), or - to be asked"},
				literalFlag(),
				&cli.BoolFlag{Name: "strict",
					Usage: "make errors of what is likely wrong: a Connect Mode or credential that nobody knows, an odd secret, an empty table"},
				verboseFlag(),
				&cli.StringFlag{Name: "sign",
					Usage: "sign as exporter with the SSH key in `FILE` (a public key's private half may be in ssh-agent)"},
				&cli.BoolFlag{Name: "print-template",
					Usage: "print an empty sheet of connections or credentials, or write an empty workbook: --print-template connections.xlsx"},
				jsonFlag(),
			}),
		Action: e.export,
	}
}

func verboseFlag() cli.Flag {
	return &cli.BoolFlag{Name: "verbose",
		Usage: "tell each request, and each step on a page, on stderr, and name everything that a warning is about"}
}

func literalFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "literal-secret",
		Usage: "take the secret of the item `NAME` as it is, though it looks like a mask (repeatable)"}
}

func selectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "include",
			Usage: "take only connections whose name matches `GLOB`: * is any text, ? any character (repeatable)"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "leave out connections whose name matches `GLOB` (repeatable)"},
	}
}

func (e *env) export(c *cli.Context) error {
	if c.Bool("print-template") {
		return e.printTemplate(c)
	}
	out, err := e.output(c)
	if err != nil {
		return err
	}
	to, err := e.readers(c)
	if err != nil {
		return err
	}
	signer, err := e.signer(c)
	if err != nil {
		return err
	}
	defer signer.Close()
	b, secrets, err := e.readServer(c)
	if err != nil {
		return err
	}
	w, err := e.writeSigned(c, out, b, secrets, to, signer, schema.RoleExporter)
	if err != nil {
		return err
	}
	return e.result(c, "export-result", w, func(p *human.Printer) { e.printWritten(p, w, b) })
}

// readServer reads the sources, with the secrets of --secrets: a file's first, those
// typed in once it is known which are missing. What is wrong with the file or an
// argument is said together with what is wrong in the sources.
func (e *env) readServer(c *cli.Context) (*schema.Bundle, schema.Secrets, error) {
	opts := exporter.Options{Include: c.StringSlice("include"), Exclude: c.StringSlice("exclude"),
		Literal: c.StringSlice("literal-secret"),
		Strict:  c.Bool("strict"), Warn: e.warning, Now: e.now}
	var errs schema.Errors
	if c.String("secrets") == "-" {
		opts.Ask = func(missing []schema.SecretKey) (schema.Secrets, error) { return e.secretsFile(c, missing) }
	} else {
		var err error
		opts.Secrets, err = e.secretsFile(c, nil)
		errs.Add(err)
	}
	sources, done := e.sources(c, &errs)
	defer done()
	if err := errs.Err(); err != nil {
		sources = append([]exporter.Source{unreadable{err}}, sources...)
	}
	opts.Sources = sources
	return exporter.Export(c.Context, opts)
}

func (e *env) printTemplate(c *cli.Context) error {
	name := strings.Join(c.Args().Slice(), " ")
	if l := schema.List(name); l == schema.Connections || l == schema.Credentials {
		return e.document(c, sheet.Template(l))
	}
	if c.NArg() != 1 || !strings.EqualFold(filepath.Ext(name), ".xlsx") {
		return usage("export: --print-template: %s is neither connections nor credentials, nor a workbook to write (NAME.xlsx)", quoted(name))
	}
	doc, err := sheet.WorkbookTemplate()
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { _, err := w.Write(doc); return err }
	if out := c.String("output"); out != "" { // which may be standard output
		return e.write(c, out, write)
	}
	if err := safefile.Write(name, c.Bool("force"), write); err != nil {
		return err
	}
	e.say("wrote %s: fill in its tabs, and export it", name)
	return nil
}

// written is what a command says of a server bundle that it wrote.
type written struct {
	Output   string          `json:"output"`
	Digest   string          `json:"digest"`
	Manifest schema.Manifest `json:"manifest"`
}

func writtenTo(out string, b *schema.Bundle) (written, error) {
	digest, err := b.Digest()
	return written{out, digest, b.Manifest}, err
}

func (e *env) printWritten(p *human.Printer, w written, b *schema.Bundle) {
	p.Line(human.Plain, fmt.Sprintf("%s: %s; content %s", human.Visible(shownOutput(w.Output)),
		holds(b.Manifest.Counts), w.Digest[:16]))
	for it := range b.All() {
		if m := schema.SecretMarker(it); m != nil && m.State == schema.Missing {
			e.warning(schema.ItemWarning(it, "no secret: "+m.Reason))
		}
	}
	if b.Manifest.Counts.Missing > 0 {
		e.say("mailferry fill adds missing secrets; do that before transform and review, so that approvals stay good")
	}
}

// holds says in words what a bundle holds.
func holds(n schema.Counts) string {
	return fmt.Sprintf("%s, %s; secrets: %d sealed, %d missing",
		human.Count(n.Connections, "connection"), human.Count(n.Credentials, "credential"), n.Sealed, n.Missing)
}
