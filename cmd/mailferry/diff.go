package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer"
)

func (e *env) diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "compare a bundle with Cloud as it is now",
		UsageText: "mailferry diff -i reviewer.key --cloud https://gateway.example.com --token-file token cloud.age",
		ArgsUsage: "BUNDLE",
		Description: "Compares every field. Cloud never shows a secret: the ledger tells whether it is the\n" +
			"one that was imported. Exit 6 where they differ.",
		Flags: flags(identityFlags(), cloudFlags(), selectFlags(), []cli.Flag{
			&cli.StringFlag{Name: "ledger", Usage: "the ledger in `FILE` (default: beside the bundle)"},
			&cli.BoolFlag{Name: "verbose", Usage: "tell each request on stderr"},
			jsonFlag(),
		}),
		Action: e.diff,
	}
}

func (e *env) diff(c *cli.Context) error {
	path, err := oneArg(c, "the cloud bundle")
	if err != nil {
		return err
	}
	o, err := e.open(c, path)
	if err != nil {
		return err
	}
	opts, err := e.importOptions(c, path, o)
	if err != nil {
		return err
	}
	defer opts.Cloud.Close()
	d, err := importer.Drift(c.Context, opts)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = e.json(d)
	} else {
		err = d.Text(e.stdout, e.width())
	}
	if err == nil && d.Differs() {
		return &codeError{exitDiffers, errors.New("Cloud is not as the bundle says")}
	}
	return err
}
