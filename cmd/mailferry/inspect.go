package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) inspectCommand() *cli.Command {
	return &cli.Command{
		Name:  "inspect",
		Usage: "tell what a source or bundle is, without values",
		UsageText: "mailferry inspect jira-backup.zip\n   mailferry inspect postgres://jira@db/jira\n" +
			"   mailferry inspect --suggest-profile -o profile.json jira-backup.zip\n   mailferry inspect -i reviewer.key cloud.age\n" +
			"   mailferry inspect --headed page+https://site.atlassian.net/…\n   mailferry inspect --print-form-profile cloud > cloud-pages.json",
		ArgsUsage: "SOURCE|BUNDLE",
		Description: "Of a backup or database: its kind, the app's tables, their columns and row counts. Of\n" +
			"a sheet: its columns. Of a bundle: the outer header, which anybody can read, and with\n" +
			"a key its manifest and the road so far. Of admin pages: the labels, kinds and choices of\n" +
			"their forms beside what the form profile expects; nothing on the site is changed.",
		Flags: flags(identityFlags(), sourceFlags(), outputFlags("the result, or the suggested profile,"), []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "list the Active Objects tables of every app"},
			&cli.StringSliceFlag{Name: "table", Usage: "look at the table `NAME` only (repeatable)"},
			&cli.BoolFlag{Name: "suggest-profile", Usage: "write a profile to edit: the likely tables and columns, unverified"},
			&cli.StringFlag{Name: "print-form-profile", Usage: "print the shipped form profile of `SIDE` cloud or server, to edit and verify"},
			allowedSignersFlag(),
			jsonFlag(),
		}),
		Action: e.inspect,
	}
}

func (e *env) inspect(c *cli.Context) error {
	if c.IsSet("print-form-profile") {
		return e.printFormProfile(c)
	}
	arg, err := oneArg(c, "a source or a bundle")
	if err != nil {
		return err
	}
	k, err := kindOf(arg)
	if err != nil {
		return err
	}
	if c.Bool("suggest-profile") && k != source.Backup && k != source.Database {
		return usage("inspect: --suggest-profile is for backups and databases")
	}
	if c.Bool("suggest-profile") {
		return e.inspectTables(c, arg, k)
	}
	out, err := optionalOutput(c, "output")
	if err != nil {
		return err
	}
	return e.write(c, out, func(w io.Writer) error {
		to := *e
		to.stdout = w
		return to.inspectAs(c, arg, k)
	})
}

func (e *env) inspectAs(c *cli.Context, arg string, k source.Kind) error {
	switch k {
	case source.Bundle:
		return e.inspectBundle(c, arg)
	case source.Sheet:
		return e.inspectSheet(c, arg)
	case source.Page:
		return e.inspectPage(c, arg)
	default:
		return e.inspectTables(c, arg, k)
	}
}

func (e *env) inspectTables(c *cli.Context, arg string, k source.Kind) error {
	t, done, err := e.tables(c, arg, k)
	if err != nil {
		return err
	}
	contents, err := t.Inspect(c.Context, c.Bool("all"))
	done()
	if err != nil {
		return err
	}
	if err := onlyTables(contents, c.StringSlice("table")); err != nil {
		return err
	}
	if c.Bool("suggest-profile") {
		return e.suggestProfile(c, t, contents)
	}
	if c.String("profile") != "" {
		p, err := e.profile(c, arg)
		if err != nil {
			return err
		}
		if err := e.warnCiphertext(c, t, p); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		return e.json(contents)
	}
	p := human.NewPrinter(e.stdout, e.terminal())
	pair := func(label, value string) {
		if value != "" {
			p.Pair(0, 12, label, human.Plain, human.Visible(value))
		}
	}
	pair("source", contents.Name)
	pair("kind", contents.Kind)
	pair("encoding", contents.Encoding)
	pair("database", strings.TrimSpace(contents.Database.Name+" "+contents.Database.Version))
	for _, t := range contents.Tables {
		p.Blank()
		rows := count(int(t.Rows), "row")
		if t.Rows == exporter.UnknownRows {
			rows = "rows not counted in time"
		}
		p.Line(human.Strong, human.Visible(t.Name)+"  "+rows)
		var columns []string
		for _, col := range t.Columns {
			columns = append(columns, strings.TrimSpace(human.Visible(col.Name)+" "+strings.ToLower(human.Visible(col.Type))))
		}
		p.Wrapped(2, human.Plain, strings.Join(columns, ", "))
	}
	p.Blank()
	if len(contents.Tables) == 0 {
		p.Line(human.Plain, "no "+exporter.AppPrefix+"* table: the app has stored nothing here")
	}
	if contents.Others > 0 {
		p.Line(human.Faint, fmt.Sprintf("%s of other apps: --all lists them", count(contents.Others, "table")))
	}
	return p.Flush()
}

// onlyTables narrows what is told to the tables named, without regard to case.
func onlyTables(contents *exporter.Contents, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var have []string
	for _, t := range contents.Tables {
		have = append(have, t.Name)
	}
	for _, n := range names {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, n) }) {
			return exporter.MissingTable(address.Shown(n), have)
		}
	}
	contents.Tables = slices.DeleteFunc(contents.Tables, func(t exporter.Table) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(t.Name, n) })
	})
	return nil
}

func (e *env) suggestProfile(c *cli.Context, t exporter.Tables, contents *exporter.Contents) error {
	p, notes, err := exporter.SuggestProfile(contents.Tables)
	if err != nil {
		return err
	}
	for _, n := range notes {
		e.say("%s", n)
	}
	if err := e.warnCiphertext(c, t, p); err != nil {
		return err
	}
	doc, err := schema.MarshalIndent(p)
	if err != nil {
		return err
	}
	out := c.String("output")
	if out == "" {
		_, err := e.stdout.Write(doc)
		return err
	}
	if err := safefile.Write(out, c.Bool("force"), func(w io.Writer) error { _, err := w.Write(doc); return err }); err != nil {
		return err
	}
	e.print("%s: a profile to edit and verify", out)
	return nil
}

// warnCiphertext counts, without showing any, the values of secret columns that
// look encrypted.
func (e *env) warnCiphertext(c *cli.Context, t exporter.Tables, p *schema.Profile) error {
	counts, err := exporter.CountCiphertext(c.Context, t, p)
	if err != nil {
		return err
	}
	for _, n := range counts {
		if n.Encrypted > 0 {
			e.warn(fmt.Sprintf("%d of %d values in %s.%s look like ciphertext: say opaque unless you know better", n.Encrypted, n.Values, n.Table, n.Column))
		}
	}
	return nil
}

func (e *env) inspectSheet(c *cli.Context, path string) error {
	raw, err := readFile(path)
	if err != nil {
		return err
	}
	items, err := sheet.Parse(raw, schema.ServerFormat, func(s string) { e.warn(path + ": " + s) })
	if err != nil {
		return at(path, err)
	}
	var columns []string
	for _, col := range items.Columns {
		columns = append(columns, col.Label)
	}
	if c.Bool("json") {
		return e.json(struct {
			Kind    string      `json:"kind"`
			Name    string      `json:"name"`
			List    schema.List `json:"list"`
			Rows    int         `json:"rows"`
			Columns []string    `json:"columns"`
		}{"csv", filepath.Base(path), items.List, len(items.Rows), columns})
	}
	p := human.NewPrinter(e.stdout, e.terminal())
	p.Pair(0, 12, "source", human.Plain, human.Visible(filepath.Base(path)))
	p.Pair(0, 12, "kind", human.Plain, "sheet of "+string(items.List)+", "+count(len(items.Rows), "row"))
	p.Pair(0, 12, "columns", human.Plain, human.Visible(strings.Join(columns, ", ")))
	return p.Flush()
}

func (e *env) inspectBundle(c *cli.Context, path string) error {
	f, err := openFile(path, maxFile)
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := sealed.ReadHeader(f)
	if err != nil {
		return at(path, err)
	}
	type header struct {
		*sealed.Header
		Size int64 `json:"size"` // of the file in bytes
	}
	result := struct {
		Kind     string           `json:"kind"`
		Header   header           `json:"header"`
		Format   string           `json:"format,omitzero"`
		Digest   string           `json:"digest,omitzero"`
		Manifest *schema.Manifest `json:"manifest,omitzero"`
		Road     []report.Link    `json:"road,omitzero"`
	}{Kind: "bundle", Header: header{h, f.size}}
	var sigs []report.Signature
	withKey := len(c.StringSlice("identity")) > 0 || e.getenv("MAILFERRY_IDENTITY") != "" || c.Bool("passphrase")
	if withKey {
		o, err := e.open(c, path)
		if err != nil {
			return err
		}
		v, err := e.judge(c, path, o, "")
		if err != nil {
			return err
		}
		result.Format, result.Digest, result.Manifest = o.Bundle.Format, o.Digest, &o.Bundle.Manifest
		sigs = report.Signatures(v[0], o.Bundle.IsCloud())
		result.Road = report.Road(o.Bundle, sigs)
	}
	if c.Bool("json") {
		return e.json(result)
	}
	p := human.NewPrinter(e.stdout, e.terminal())
	pair := func(label, value string) { p.Pair(0, 12, label, human.Plain, human.Visible(value)) }
	pair("file", fmt.Sprintf("%s, %d bytes, an age file", filepath.Base(path), f.size))
	pair("readers", fmt.Sprintf("%s (%s)", count(len(h.Stanzas), "key"), strings.Join(h.Stanzas, ", ")))
	pair("quantum", map[bool]string{true: "post-quantum keys", false: "classic keys"}[h.PostQuantum])
	if m := result.Manifest; m != nil {
		p.Blank()
		pair("format", result.Format)
		pair("id", m.ID)
		pair("content", result.Digest)
		pair("source", strings.TrimSpace(m.Source.Kind+" "+m.Source.Name))
		pair("holds", fmt.Sprintf("%s, %s; secrets: %d sealed, %d missing", count(m.Counts.Connections, "connection"), count(m.Counts.Credentials, "credential"), m.Counts.Sealed, m.Counts.Missing))
		for _, r := range m.Recipients {
			pair("recipient", r.String()+claimed(sigs, "recipients"))
		}
		for _, r := range m.Reviewers {
			pair("reviewer", r.String()+claimed(sigs, "reviewers"))
		}
		p.Blank()
		p.Line(human.Strong, "The road so far")
		report.WriteRoad(p, result.Road)
	} else {
		p.Line(human.Faint, "with -i KEY the manifest is shown too")
	}
	return p.Flush()
}

// claimed marks what no signature that counts covers.
func claimed(sigs []report.Signature, what string) string {
	if slices.ContainsFunc(sigs, func(s report.Signature) bool { return s.Counts() && slices.Contains(s.Covers, what) }) {
		return ""
	}
	return " (unsigned claim)"
}
