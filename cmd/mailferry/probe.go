package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/probe"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

func (e *env) probeCommand() *cli.Command {
	return &cli.Command{
		Name:      "probe",
		Usage:     "try the connections from this machine: servers, TLS, sign-in, senders",
		UsageText: "mailferry probe -i reviewer.key server.age\n   mailferry probe -i me.key --login --format html -o probe.html cloud.age",
		ArgsUsage: "BUNDLE",
		Description: "A reviewer's key is enough to look at names, ports, TLS, certificates and the sign-in\n" +
			"methods that are offered. --login needs a recipient's key: it signs in once for each\n" +
			"host, user and password, over TLS with a trusted certificate, names the sender and takes\n" +
			"it back, and tries client secrets at their token endpoints. No mail is sent.\n" +
			"What Cloud reaches is another question.",
		Flags: flags(identityFlags(), selectFlags(), outputFlags("the report"), []cli.Flag{
			&cli.BoolFlag{Name: "login", Usage: "sign in, and try client secrets"},
			&cli.StringSliceFlag{Name: "unprotected",
				Usage: "sign in for the connection `NAME` also without TLS or a trusted certificate: others can read its password (repeatable)"},
			&cli.StringFlag{Name: "format", Usage: "`FORMAT` text, html or json", Value: "text"},
			&cli.StringFlag{Name: "fail-on",
				Usage: "exit with 3 on results of `STATE` error, warning or unknown, or worse", Value: "error"},
			jsonFlag(),
		}),
		Action: e.probe,
	}
}

func (e *env) probe(c *cli.Context) error {
	path := c.Args().First()
	format, err := format(c, "text", "html", "json")
	if err != nil {
		return err
	}
	failOn := probe.State(c.String("fail-on"))
	if !slices.Contains([]probe.State{probe.Failed, probe.Warning, probe.Unknown}, failOn) {
		return usage("probe: --fail-on is error, warning or unknown")
	}
	if len(c.StringSlice("unprotected")) > 0 && !c.Bool("login") {
		return usage("probe: --unprotected is of --login")
	}
	out, err := optionalOutput(c)
	if err != nil {
		return err
	}
	r, err := e.runProbe(c, path)
	if err != nil {
		return err
	}
	render := map[string]func(io.Writer, *probe.Report) error{"html": probe.HTML, "json": probe.JSON,
		"text": func(w io.Writer, r *probe.Report) error { return probe.Text(w, r, e.terminalFor(out)) }}[format]
	if err := e.write(c, out, func(w io.Writer) error { return render(w, r) }); err != nil {
		return err
	}
	if r.Reaches(failOn) {
		return &codeError{exitFindings, fmt.Errorf("there are results of state %s, or worse", failOn)}
	}
	return nil
}

func (e *env) runProbe(c *cli.Context, path string) (*probe.Report, error) {
	open := e.open
	if c.Bool("login") {
		open = e.openSecrets
	}
	o, err := open(c, path)
	if err != nil {
		return nil, err
	}
	for _, name := range c.StringSlice("unprotected") {
		if schema.Find(o.Bundle.Connections, name) == nil {
			return nil, schema.Hint(usage("probe: --unprotected: the bundle has no connection %s",
				quoted(name)), "mailferry audit lists the names")
		}
	}
	show, end := e.progress("Trying hosts", inItems())
	defer end()
	opts := probe.Options{Bundle: o.Bundle, Include: c.StringSlice("include"), Exclude: c.StringSlice("exclude"),
		Login: c.Bool("login"), Unprotected: c.StringSlice("unprotected"), Secret: secretsOf(o), Now: e.now,
		Progress: func(done, total int) { show(int64(done), int64(total), "") }}
	r, err := probe.Run(c.Context, opts)
	if err != nil {
		return nil, err
	}
	r.Tool, r.Bundle, r.Digest = schema.Tool(), baseName(path), o.Digest
	return r, nil
}

// secretsOf gives the secrets of a bundle by the names in it.
func secretsOf(o *sealed.Opened) func(schema.List, string) schema.Secret {
	names := transform.NamesOf(o.Bundle)
	return func(l schema.List, name string) schema.Secret { return o.Secret(l, names.Server(l, name)) }
}
