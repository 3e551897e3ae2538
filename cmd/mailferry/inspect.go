package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) inspectCommand() *cli.Command {
	return &cli.Command{
		Name:  "inspect",
		Usage: "tell what a source, bundle or saved plan is, without values",
		UsageText: "mailferry inspect jira-backup.zip\n   mailferry inspect postgres://jira@db/jira\n" +
			"   mailferry inspect --suggest-profile -o profile.json jira-backup.zip\n   mailferry inspect -i reviewer.key cloud.age\n" +
			"   mailferry inspect --headed page+https://site.atlassian.net/…\n" +
			"   mailferry inspect --headed --suggest-form-profile -o pages.json page+https://site.atlassian.net/…\n   mailferry inspect --print-form-profile cloud > cloud-pages.json",
		ArgsUsage: "SOURCE|BUNDLE|PLAN",
		Description: "Of a backup or database: its kind, the app's tables, their columns and row counts. Of\n" +
			"a sheet: its columns. Of a bundle: the outer header, which anybody can read, and with\n" +
			"a key its manifest and the road so far; of a saved plan, with its key, what it says.\n" +
			"Of admin pages: the labels, kinds and choices of their forms beside what the form\n" +
			"profile expects; nothing on the site is changed.",
		Flags: flags(identityFlags(), sourceFlags(), outputFlags("the result, or the suggested profile,"), []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "list the Active Objects tables of every app"},
			&cli.StringSliceFlag{Name: "table", Usage: "look at the table `NAME` only (repeatable)"},
			&cli.BoolFlag{Name: "suggest-profile",
				Usage: "write a profile to edit: the likely tables and columns, and the words of settings, unverified"},
			&cli.BoolFlag{Name: "suggest-form-profile",
				Usage: "of admin pages: write the form profile that fits them, found out by opening and cancelling forms, unverified"},
			&cli.StringFlag{Name: "print-form-profile",
				Usage: "print the shipped form profile of `SIDE` cloud or server, to edit and verify"},
			allowedSignersFlag(),
			verboseFlag(),
			jsonFlag(),
		}),
		Action: e.inspect,
	}
}

func (e *env) inspect(c *cli.Context) error {
	if c.IsSet("print-form-profile") {
		return e.printFormProfile(c)
	}
	arg := c.Args().First()
	k, err := e.inspectedKind(arg)
	if err != nil {
		return err
	}
	isPage, isTables := k == source.Page, k == source.Backup || k == source.Database
	switch {
	case c.Bool("suggest-profile") && isTables:
		return e.inspectTables(c, arg, k)
	case c.Bool("suggest-profile"):
		return usage("inspect: --suggest-profile is for backups and databases")
	case c.Bool("suggest-form-profile") && isPage:
		return e.suggestFormProfile(c, arg)
	case c.Bool("suggest-form-profile"):
		return usage("inspect: --suggest-form-profile is for admin pages, page+https://…")
	}
	out, err := optionalOutput(c)
	if err != nil {
		return err
	}
	return e.write(c, out, func(w io.Writer) error {
		to := *e
		to.stdout = w
		switch {
		case isTables:
			return to.inspectTables(c, arg, k)
		case isPage:
			return to.inspectPage(c, arg)
		case k == source.Sheet:
			return to.inspectSheet(c, arg)
		}
		return to.inspectBundle(c, arg)
	})
}

// inspectedKind is what an argument is; standard input is a bundle, a saved plan
// or a sheet.
func (e *env) inspectedKind(arg string) (source.Kind, error) {
	if arg != stdio {
		return source.KindOf(arg)
	}
	f, err := e.openFile(stdio)
	if err != nil {
		return "", err
	}
	k, err := source.KindOfFile(shown(stdio), f, f.Size())
	if k == source.Backup {
		err = schema.Hint(at(arg, errors.New("a backup is read more than once")), "save it to a file first")
	}
	return k, err
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
	if err := contents.Only(c.StringSlice("table")); err != nil {
		return err
	}
	if c.Bool("suggest-profile") {
		return e.suggestProfile(c, t, contents)
	}
	if c.String("profile") != "" {
		p, err := e.profile(c, arg, false)
		if err != nil {
			return err
		}
		counts, err := exporter.CountCiphertext(c.Context, t, p)
		if err != nil {
			return err
		}
		e.warnCiphertext(counts)
	}
	return e.result(c, "inspect-tables", contents, func(p *human.Printer) { printContents(p, contents) })
}

// printPair prints a line of what is known of a source as a whole.
func printPair(p *human.Printer, label, value string) {
	if value != "" {
		p.Pair(0, 12, label, human.Plain, value)
	}
}

func printContents(p *human.Printer, contents *exporter.Contents) {
	printPair(p, "source", contents.Name)
	printPair(p, "kind", contents.Kind)
	printPair(p, "encoding", contents.Encoding)
	printPair(p, "database", strings.TrimSpace(contents.Database.Name+" "+contents.Database.Version))
	for _, t := range contents.Tables {
		p.Blank()
		rows := human.Count(int(t.Rows), "row")
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
		p.Line(human.Faint, human.Count(contents.Others, "table")+" of other apps: --all lists them")
	}
}

func (e *env) suggestProfile(c *cli.Context, t exporter.Tables, contents *exporter.Contents) error {
	p, notes, err := exporter.SuggestProfile(contents.Tables)
	if err != nil {
		return err
	}
	counts, more, err := exporter.SuggestValues(c.Context, t, p)
	if err != nil {
		return err
	}
	for _, n := range append(notes, more...) {
		e.say("%s", n)
	}
	e.warnCiphertext(counts)
	if err := e.documentOf(c, p); err != nil {
		return err
	}
	if out := c.String("output"); out != "" && !isStdout(out) {
		e.print("%s: a profile to edit and verify", out)
	}
	return nil
}

// warnCiphertext says how many values of secret columns look encrypted.
func (e *env) warnCiphertext(counts []exporter.CipherCount) {
	for _, n := range counts {
		if n.Encrypted > 0 {
			e.warn(fmt.Sprintf("%d of %d values in %s.%s look like ciphertext: say opaque unless you know better", n.Encrypted, n.Values, n.Table, n.Column))
		}
	}
}

// foundSheet is a CSV, or a tab of a workbook.
type foundSheet struct {
	Tab     string      `json:"tab,omitempty"`
	List    schema.List `json:"list"`
	Rows    int         `json:"rows"`
	Columns []string    `json:"columns"`
}

func (e *env) inspectSheet(c *cli.Context, path string) error {
	raw, err := e.readFile(path)
	if err != nil {
		return err
	}
	sheets, err := sheet.Parse(raw, schema.ServerFormat,
		sheet.Options{Encoding: c.String("encoding"), Warn: sheet.In(path, e.warning)})
	if err != nil {
		return at(path, err)
	}
	var all []foundSheet
	for _, items := range sheets {
		one := foundSheet{Tab: items.Tab, List: items.List, Rows: len(items.Rows)}
		for _, col := range items.Columns {
			one.Columns = append(one.Columns, col.Label)
		}
		all = append(all, one)
	}
	first, kind, tabs := all[0], "csv", []foundSheet(nil)
	first.Tab = ""
	if sheet.IsWorkbook(raw) {
		kind, tabs = "xlsx", all
	}
	return e.result(c, "inspect-sheet", struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
		foundSheet
		Tabs []foundSheet `json:"tabs,omitempty"`
	}{kind, baseName(path), first, tabs}, func(p *human.Printer) {
		printPair(p, "source", baseName(path))
		for _, one := range all {
			if one.Tab != "" {
				printPair(p, "tab", human.Visible(one.Tab))
			}
			printPair(p, "kind", "sheet of "+string(one.List)+", "+human.Count(one.Rows, "row"))
			printPair(p, "columns", strings.Join(one.Columns, ", "))
		}
	})
}

// inspected is what inspect finds out about a bundle, with a key all of it.
type inspected struct {
	Kind     string           `json:"kind"`
	Header   inspectedHeader  `json:"header"`
	Format   string           `json:"bundle_format,omitzero"`
	Digest   string           `json:"digest,omitzero"`
	Manifest *schema.Manifest `json:"manifest,omitzero"`
	Road     []report.Link    `json:"road,omitzero"`

	name       string // of the file
	signatures []report.Signature
}

type inspectedHeader struct {
	*sealed.Header
	Size int64 `json:"size"` // of the file in bytes
}

func (e *env) inspectBundle(c *cli.Context, path string) error {
	f, h, err := e.openSealed(path)
	if err != nil {
		return err
	}
	defer f.Close()
	result := inspected{Kind: "bundle", Header: inspectedHeader{h, f.Size()}, name: baseName(path)}
	if e.opens(c) {
		ids, err := e.identities(c)
		if err != nil {
			return err
		}
		o, plan, err := openDocument(f, ids)
		if plan != nil {
			return e.inspectPlan(c, path, plan)
		}
		if err := e.judgeOpened(path, ids, o, err); err != nil {
			return err
		}
		v, err := e.judge(c, path, o, "")
		if err != nil {
			return err
		}
		result.Format, result.Digest, result.Manifest = o.Bundle.Format, o.Digest, &o.Bundle.Manifest
		result.signatures = report.Signatures(v[0], o.Bundle.IsCloud())
		result.Road = report.Road(o.Bundle, result.signatures)
	}
	return e.result(c, "inspect-bundle", result, result.print)
}

// inspectPlan prints a saved plan, which holds no values.
func (e *env) inspectPlan(c *cli.Context, path string, s *importer.SavedPlan) error {
	digest, err := s.PlanDigest()
	if err != nil {
		return err
	}
	members := *s
	members.Format = ""
	return e.result(c, "inspect-plan", struct {
		Kind       string `json:"kind"`
		PlanDigest string `json:"plan_digest"`
		importer.SavedPlan
	}{"plan", digest, members}, func(p *human.Printer) {
		printPair(p, "file", baseName(path)+", a saved plan")
		printPair(p, "plan digest", digest)
		printPair(p, "made", s.Created.Minute()+" for "+s.Cloud)
		printPair(p, "bundle", s.Bundle)
		printPair(p, "content", s.Digest)
		printPair(p, "on conflict", string(s.OnConflict)+map[bool]string{true: ", with --rewrite-secrets"}[s.RewriteSecrets])
		printPair(p, "include", schema.Quotes(s.Include))
		printPair(p, "exclude", schema.Quotes(s.Exclude))
		p.Blank()
		for _, it := range s.Items {
			p.Pair(0, 12, string(it.Action), human.Plain,
				strings.TrimSpace(it.List.One()+" "+it.Name+" "+strings.Join(it.Fields, ", ")))
		}
	})
}

func (b *inspected) print(p *human.Printer) {
	printPair(p, "file", fmt.Sprintf("%s, %d bytes, an age file", b.name, b.Header.Size))
	printPair(p, "readers", fmt.Sprintf("%s (%s)", human.Count(len(b.Header.Stanzas), "key"),
		strings.Join(b.Header.Stanzas, ", ")))
	printPair(p, "quantum", map[bool]string{true: "post-quantum keys", false: "classic keys"}[b.Header.PostQuantum])
	m := b.Manifest
	if m == nil {
		p.Line(human.Faint, "with -i KEY the manifest is shown too")
		return
	}
	p.Blank()
	printPair(p, "format", b.Format)
	printPair(p, "id", m.ID)
	printPair(p, "content", b.Digest)
	printPair(p, "source", strings.TrimSpace(m.Source.Kind+" "+m.Source.Name))
	printPair(p, "holds", holds(m.Counts))
	for _, r := range m.Recipients {
		printPair(p, "recipient", r.String()+claimed(b.signatures, "recipients"))
	}
	for _, r := range m.Reviewers {
		printPair(p, "reviewer", r.String()+claimed(b.signatures, "reviewers"))
	}
	p.Blank()
	p.Line(human.Strong, "The road so far")
	report.WriteRoad(p, b.Road)
}

// claimed marks what no signature that counts covers.
func claimed(sigs []report.Signature, what string) string {
	if slices.ContainsFunc(sigs, func(s report.Signature) bool { return s.Counts() && slices.Contains(s.Covers, what) }) {
		return ""
	}
	return " (unsigned claim)"
}
