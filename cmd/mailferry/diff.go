package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/compare"
	"github.com/mailferry/mailferry/schema"
)

func (e *env) diffCommand() *cli.Command {
	return &cli.Command{
		Name:  "diff",
		Usage: "compare two bundles, or a bundle with Cloud as it is now",
		UsageText: "mailferry diff -i reviewer.key old.age new.age\n   mailferry diff -i reviewer.key --format html -o diff.html server.age cloud.age\n" +
			"   mailferry diff -i me.key --cloud https://gateway.example.com --token-file token cloud.age",
		ArgsUsage: "BUNDLE [BUNDLE]",
		Description: "Compares every field. Secrets are compared by fingerprint where one key made both, and\n" +
			"by themselves with a recipient's key; else they are not comparable, which is no\n" +
			"difference. Cloud never shows a secret: the ledger tells whether it is the one that\n" +
			"was imported. Exit 6 where they differ.",
		Flags: flags(identityFlags(), cloudFlags(), selectFlags(), outputFlags("the result"), []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "`FORMAT` text, html or json", Value: "text"},
			&cli.StringFlag{Name: "ledger", Usage: "of Cloud: the ledger in `FILE` (default: beside the bundle)"},
			verboseFlag(),
			jsonFlag(),
		}),
		Action: e.diff,
	}
}

func (e *env) diff(c *cli.Context) error {
	out, err := optionalOutput(c)
	if err != nil {
		return err
	}
	format, err := format(c, "text", "html", "json")
	switch {
	case err != nil:
		return err
	case c.NArg() == 2 && c.String("cloud") != "":
		return usage("diff: two bundles, or one and --cloud")
	case c.NArg() == 2:
		return e.diffBundles(c, out, format)
	case e.value(c, "cloud") == "":
		return schema.Hint(usage("diff: one bundle is compared with Cloud: --cloud URL is needed"),
			"or name two bundles")
	}
	return e.diffCloud(c, out, format)
}

func (e *env) diffCloud(c *cli.Context, out, format string) error {
	_, opts, err := e.openForCloud(c, c.Args().First())
	if err != nil {
		return err
	}
	defer opts.Cloud.Close()
	d, err := importer.Drift(c.Context, opts)
	if err != nil {
		return err
	}
	err = e.write(c, out, func(w io.Writer) error {
		switch format {
		case "json":
			return writeJSON(w, "drift-report", d)
		case "html":
			return d.HTML(w)
		}
		return d.Text(w, e.width())
	})
	if err == nil && d.Differs() {
		return &codeError{exitDiffers, errors.New("Cloud is not as the bundle says")}
	}
	return err
}

func (e *env) diffBundles(c *cli.Context, out, format string) error {
	render := map[string]func(io.Writer, *compare.Diff) error{"html": compare.HTML, "json": compare.JSON,
		"text": func(w io.Writer, d *compare.Diff) error { return compare.Text(w, d, e.terminalFor(out)) }}[format]
	a, err := e.open(c, c.Args().Get(0))
	if err != nil {
		return err
	}
	b, err := e.open(c, c.Args().Get(1))
	if err != nil {
		return err
	}
	d, err := compare.Opened(compare.File{Name: baseName(c.Args().Get(0)), Opened: a},
		compare.File{Name: baseName(c.Args().Get(1)), Opened: b})
	if err != nil {
		return err
	}
	if err := e.write(c, out, func(w io.Writer) error { return render(w, d) }); err != nil {
		return err
	}
	if !d.Same {
		return &codeError{exitDiffers, errors.New("the bundles differ")}
	}
	return nil
}
