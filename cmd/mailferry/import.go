package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/rest"
	"github.com/mailferry/mailferry/internal/look"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) importCommand() *cli.Command {
	return &cli.Command{
		Name:  "import",
		Usage: "load a cloud bundle into Cloud, in two separate steps",
		UsageText: "mailferry import credentials -i me.key --cloud sample:rehearsal cloud.age\n" +
			"   mailferry import connections -i me.key --cloud sample:rehearsal cloud.age",
		Description: "First the OAuth2 credentials, then the connections: a connection is written only\n" +
			"once the credential that it names is on Cloud and is the same one. Nothing on Cloud is\n" +
			"ever deleted. A ledger beside the bundle lets a run that was cut off go on.",
		Subcommands: []*cli.Command{
			e.importList(schema.Credentials, "write the OAuth2 credentials to Cloud: the first step",
				"One that is on Cloud already and the same is left alone; one that differs is a\n"+
					"conflict, for --on-conflict to settle. Needs a recipient's key."),
			e.importList(schema.Connections, "write the connections to Cloud: the second step",
				"Exit 4, and nothing is written, where a credential that a connection names is\n"+
					"missing on Cloud or is another one. Needs a recipient's key."),
		},
	}
}

func (e *env) importList(l schema.List, use, description string) *cli.Command {
	return &cli.Command{
		Name:        string(l),
		Usage:       use,
		UsageText:   fmt.Sprintf("mailferry import %s -i me.key --cloud https://gateway.example.com --token-file token cloud.age\n   mailferry import %s -i me.key --cloud sample:rehearsal --dry-run cloud.age", l, l),
		ArgsUsage:   "BUNDLE",
		Description: description,
		Flags: flags(identityFlags(), cloudFlags(), gateFlags(), planFlags(), []cli.Flag{
			&cli.StringFlag{Name: "secrets", Usage: "take secrets that the bundle lacks from `FILE`, or - to be asked"},
			literalFlag(),
			encodingFlag(),
			&cli.StringFlag{Name: "plan", Usage: "apply exactly the saved plan in `FILE`, or refuse"},
			&cli.BoolFlag{Name: "ready-only", Usage: "import what is not blocked and say what waits"},
			&cli.StringSliceFlag{Name: "again",
				Usage: "write `NAME` again though it was written: you have looked, and Cloud does not have it; repeatable"},
			&cli.BoolFlag{Name: "dry-run", Usage: "do everything but write"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask before overwriting, nor before importing what somebody rejects"},
			&cli.IntFlag{Name: "jobs", Usage: "write `N` at once (default: 4)"},
			&cli.StringFlag{Name: "html", Usage: "write the end report to `FILE` as well"},
			&cli.BoolFlag{Name: "force", Usage: "replace the report's file if it exists"},
			jsonFlag(),
		}),
		Action: func(c *cli.Context) error { return e.runImport(c, l) },
	}
}

// planFlags are what plan and import share.
func planFlags() []cli.Flag {
	return flags(selectFlags(), []cli.Flag{
		&cli.StringFlag{Name: "on-conflict",
			Usage: "where Cloud has it otherwise: `POLICY` fail, skip or overwrite", Value: "fail"},
		&cli.BoolFlag{Name: "rewrite-secrets",
			Usage: "with overwrite: send secrets again even where nothing says that they changed"},
		&cli.StringFlag{Name: "ledger", Usage: "keep the ledger in `FILE` (default: beside the bundle)"},
		verboseFlag(),
	})
}

// openForCloud opens bundle and Cloud for looking at both. The caller closes the
// Cloud.
func (e *env) openForCloud(c *cli.Context, path string) (*sealed.Opened, importer.Options, error) {
	o, err := e.open(c, path)
	if err != nil {
		return nil, importer.Options{}, err
	}
	opts, err := e.importOptions(c, path, o)
	return o, opts, err
}

// importOptions opens bundle and Cloud. The caller closes the Cloud.
func (e *env) importOptions(c *cli.Context, path string, o *sealed.Opened) (importer.Options, error) {
	opts, err := importer.For(o, c.StringSlice("include"), c.StringSlice("exclude"))
	if err != nil {
		return opts, at(path, err)
	}
	opts.Watch.Now, opts.Watch.Log, opts.Watch.Warn = e.now, e.log, e.warning
	opts.Conflicts.RewriteSecrets, opts.Select.ReadyOnly, opts.Jobs = c.Bool("rewrite-secrets"),
		c.Bool("ready-only"), c.Int("jobs")
	if c.IsSet("jobs") && (opts.Jobs < 1 || opts.Jobs > maxJobs) {
		return opts, usage("--jobs is between 1 and %d", maxJobs)
	}
	if opts.Conflicts.Policy, err = importer.ParsePolicy(c.String("on-conflict")); err != nil {
		return opts, &codeError{exitUsage, fmt.Errorf("--on-conflict: %w", err)}
	}
	opts.Cloud, err = e.cloud(c)
	if f := c.String("token-file"); f != "" && errors.Is(err, rest.ErrToken) {
		return opts, at(f, err)
	}
	if err != nil {
		return opts, err
	}
	if opts.Ledger.Path = c.String("ledger"); opts.Ledger.Path == "" && path != stdio {
		opts.Ledger.Path = importer.LedgerBeside(path, opts.Cloud.Site())
	}
	if err := e.refuseOverInput(c, opts.Ledger.Path); err != nil {
		return opts, errors.Join(err, opts.Cloud.Close())
	}
	return opts, nil
}

func (e *env) runImport(c *cli.Context, l schema.List) error {
	path := c.Args().First()
	if _, err := e.mayReplace(c, importer.IsReport); err != nil {
		return err
	}
	o, err := e.openSecrets(c, path)
	if err != nil {
		return err
	}
	opts, err := e.importOptions(c, path, o)
	if err != nil {
		return err
	}
	defer opts.Cloud.Close()
	opts.List, opts.Ledger.Again = l, c.StringSlice("again")
	replace, err := e.mayReplace(c, opts.IsReport)
	if err != nil {
		return err
	}
	if f := c.String("plan"); f != "" {
		if opts.Plan, err = e.openPlan(f, o.Identities()); err != nil {
			return err
		}
	}
	if err := e.checkStatements(c, path, o, opts.Cloud.Site().URL); err != nil {
		return err
	}
	supplied, err := e.secretsFile(c, o.Bundle.Missing())
	if err != nil {
		return err
	}
	if supplied, err = look.Supplied(o.Bundle, supplied, c.StringSlice("literal-secret"), e.warning); err != nil {
		return at(path, err)
	}
	opts.Secrets.Supplied = func(l schema.List, name string) schema.Secret {
		return supplied[schema.SecretKey{List: l, Name: name}]
	}
	if opts.Conflicts.Policy == importer.Overwrite && !c.Bool("yes") && !c.Bool("dry-run") {
		// Said before anything is written: later it would be one answer of many.
		t, err := terminal.Open()
		if err != nil {
			return schema.Hint(fmt.Errorf("overwrite asks before each: %w", err),
				"--yes overwrites without asking; --dry-run shows what it would be")
		}
		t.Close()
		opts.Conflicts.Confirm = func(it importer.PlanItem) bool { return e.confirmChange(c.Context, it) }
	}
	show, end := e.progress("importing "+string(l), inItems())
	opts.Watch.Progress = func(p importer.Progress) { show(int64(p.Done), int64(p.Total), p.Waiting) }
	run := importer.Run
	if c.Bool("dry-run") {
		run = importer.DryRun
	}
	report, err := run(c.Context, opts)
	end()
	if report != nil {
		err = e.importReport(c, report, replace, err)
	}
	if partly := (*importer.PartialError)(nil); errors.As(err, &partly) && report != nil {
		return schema.Hint(err, "%s", report.HowToGoOn(err))
	}
	return err
}

// mayReplace says whether --html may replace a file: where --force is given, or it
// is the report of an earlier run of the same import, which a rerun writes anew.
func (e *env) mayReplace(c *cli.Context, isReport func(page []byte) bool) (bool, error) {
	f := c.String("html")
	if f == "" {
		return false, nil
	}
	replace := c.Bool("force")
	if page, err := e.readFile(f); err == nil && isReport(page) {
		replace = true
	}
	return replace, safefile.Check(f, replace)
}

// importReport prints the report of a run that ended with err, and writes it to
// where --html points. It returns err, or where that is nil what went wrong here.
func (e *env) importReport(c *cli.Context, r *importer.Report, replace bool, err error) error {
	var gate *importer.GateError
	errors.As(err, &gate)
	printErr := e.printReport(c, r, gate) // standard output's own error is printed at the end in any case
	if f := c.String("html"); f != "" && gate == nil {
		htmlErr := safefile.Write(f, replace, r.HTML)
		if err != nil {
			e.tell(htmlErr)
		}
		printErr = errors.Join(printErr, htmlErr)
	}
	return cmp.Or(err, printErr)
}

// printReport prints the end report; of a gate that is shut, in JSON, its
// reasons.
func (e *env) printReport(c *cli.Context, r *importer.Report, gate *importer.GateError) error {
	switch {
	case c.Bool("json"):
		out := struct {
			*importer.Report
			Gate []importer.Reason `json:"gate,omitzero"`
		}{Report: r}
		if gate != nil {
			out.Gate = gate.Reasons
		}
		return writeJSON(e.stdout, "import-report", out)
	case gate != nil:
		return nil // the error says why, line by line
	}
	return r.Text(e.stdout, e.width())
}

// confirmChange shows what an overwrite would change, and asks.
func (e *env) confirmChange(ctx context.Context, it importer.PlanItem) bool {
	var lines []string
	for _, ch := range it.Changes {
		lines = append(lines, fmt.Sprintf("%s: %s → %s", ch.Label, schema.Quote(ch.From), schema.Quote(ch.To)))
	}
	e.say("%s %s on Cloud would change: %s", it.List.One(), schema.Quote(it.Name), strings.Join(lines, "; "))
	ok, err := e.confirm(ctx, "Overwrite it?")
	if err != nil {
		e.tell(err)
	}
	return ok
}

func (e *env) openPlan(file string, ids []age.Identity) (*importer.SavedPlan, error) {
	f, err := e.openFile(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := importer.OpenPlan(f, ids)
	if err != nil {
		return nil, advise(at(file, err), "mailferry plan -o FILE saves one, sealed to the key that made it")
	}
	digest, err := p.PlanDigest()
	if err != nil {
		return nil, err
	}
	e.say("%s: plan digest %s", shown(file), digest) // before anything is asked or done
	return p, nil
}
