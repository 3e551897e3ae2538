package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/safefile"
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
			"key that made it; import --plan applies exactly that, or refuses.",
		Flags: flags(identityFlags(), cloudFlags(), planFlags(), outputFlags("the plan, sealed,"), []cli.Flag{
			&cli.BoolFlag{Name: "exit-code", Usage: "exit with 6 when anything would change"},
			jsonFlag(),
		}),
		Action: e.plan,
	}
}

func (e *env) plan(c *cli.Context) error {
	path, err := oneArg(c, "the cloud bundle")
	if err != nil {
		return err
	}
	out, err := optionalOutput(c, "output")
	if err != nil {
		return err
	}
	opts, err := e.openForCloud(c, path)
	if err != nil {
		return err
	}
	defer opts.Cloud.Close()
	p, err := importer.MakePlan(c.Context, opts)
	if err != nil {
		return err
	}
	if out != "" {
		if len(opts.Recipients) == 0 {
			return schema.Hint(errors.New("the plan cannot be sealed: this identity has no recipient"), "use an age identity")
		}
		if err := safefile.Write(out, c.Bool("force"), func(w io.Writer) error { return importer.SavePlan(w, p, opts.Recipients) }); err != nil {
			return err
		}
		e.say("wrote %s", out)
	}
	if c.Bool("json") {
		err = e.json(p)
	} else {
		err = p.Text(e.stdout, e.width())
	}
	if err == nil && c.Bool("exit-code") && p.Changes() {
		return &codeError{exitDiffers, errors.New("an import would change something")}
	}
	return err
}
