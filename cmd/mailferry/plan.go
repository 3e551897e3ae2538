package main

import (
	"errors"
	"io"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/schema"
)

func (e *env) planCommand() *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "say what an import would do, and write nothing",
		UsageText: "mailferry plan -i reviewer.key --cloud https://gateway.example.com --token-file token cloud.age\n   mailferry plan -i me.key --cloud https://gateway.example.com --token-file token -o plan.age cloud.age",
		ArgsUsage: "BUNDLE",
		Description: "Reads Cloud and says for each credential and connection: create, change (field by\n" +
			"field), unchanged, conflict, or blocked, and by what. A saved plan is sealed to the\n" +
			"key that made it; import --plan applies exactly that, or refuses. It carries no\n" +
			"authority: --on-conflict and --rewrite-secrets are repeated on the import, which\n" +
			"prints the plan's digest again, for whoever approved it to compare.",
		Flags: flags(identityFlags(), cloudFlags(), planFlags(), outputFlags("the plan, sealed,"), []cli.Flag{
			&cli.BoolFlag{Name: "exit-code", Usage: "exit with 6 when anything would change"},
			jsonFlag(),
		}),
		Action: e.plan,
	}
}

func (e *env) plan(c *cli.Context) error {
	path := c.Args().First()
	out := c.String("output")
	var err error
	if out != "" {
		if out, err = e.output(c); err != nil {
			return err
		}
	}
	o, opts, err := e.openForCloud(c, path)
	if err != nil {
		return err
	}
	defer opts.Cloud.Close()
	if err := e.tellRejections(c, path, o, siteOf(opts.Cloud.Site().URL)); err != nil {
		return err
	}
	p, err := importer.MakePlan(c.Context, opts)
	if err != nil {
		return err
	}
	result := struct {
		*importer.Plan
		PlanDigest string `json:"plan_digest,omitzero"` // of what was saved
	}{Plan: p}
	if out != "" {
		if result.PlanDigest, err = e.savePlan(c, out, p.Saved(), opts.Conflicts.Keepers); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		err = writeJSON(e.stdout, "plan-report", result)
	} else if err = p.Text(e.stdout, e.width()); err == nil && out != "" {
		e.print("plan digest %s", result.PlanDigest)
	}
	if err == nil && c.Bool("exit-code") && p.Changes() {
		return &codeError{exitDiffers, errors.New("an import would change something")}
	}
	return err
}

// savePlan writes a plan to a file and returns its digest.
func (e *env) savePlan(c *cli.Context, out string, p *importer.SavedPlan, to []age.Recipient) (string, error) {
	if len(to) == 0 {
		return "", schema.Hint(errors.New("the plan cannot be sealed: this identity has no recipient"),
			"use an age identity")
	}
	digest, err := p.PlanDigest()
	if err != nil {
		return "", err
	}
	if err := e.write(c, out, func(w io.Writer) error { return importer.SavePlan(w, p, to) }); err != nil {
		return "", err
	}
	e.say("wrote %s", shownOutput(out))
	return digest, nil
}
