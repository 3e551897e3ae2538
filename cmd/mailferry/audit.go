package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/schema"
)

func (e *env) auditCommand() *cli.Command {
	return &cli.Command{
		Name:      "audit",
		Usage:     "report every setting and every finding of bundles",
		UsageText: "mailferry audit -i reviewer.key cloud.age\n   mailferry audit -i reviewer.key --format html -o report.html server.age cloud.age",
		ArgsUsage: "BUNDLE…",
		Description: "Works with a reviewer's key; no secret is in the report. A policy file switches rules\n" +
			"off, changes severities, or excepts an item with a written reason and an expiry date.",
		Flags: flags(identityFlags(), outputFlags("the report"), []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "`FORMAT` text, html, json or csv", Value: "text"},
			&cli.StringFlag{Name: "fail-on", Usage: "exit with 3 on findings of `SEVERITY` error or warning, or worse"},
			&cli.StringFlag{Name: "policy", Usage: "the policy in `FILE`"},
			allowedSignersFlag(),
			jsonFlag(),
		}),
		Action: e.audit,
	}
}

func (e *env) audit(c *cli.Context) error {
	format, err := format(c, "text", "html", "json", "csv")
	if err != nil {
		return err
	}
	failOn := findings.Severity(c.String("fail-on"))
	if failOn != "" && !slices.Contains(findings.Severities(), failOn) {
		return usage("audit: --fail-on is error, warning or note")
	}
	out, err := optionalOutput(c)
	if err != nil {
		return err
	}
	r := &report.Report{Created: e.now(), Tool: schema.Tool()}
	policy, err := e.policy(c, r)
	if err != nil {
		return err
	}
	for _, path := range c.Args().Slice() {
		b, err := e.auditOne(c, path, policy)
		if err != nil {
			return err
		}
		r.Bundles = append(r.Bundles, b)
	}
	render := map[string]func(io.Writer, *report.Report) error{"html": report.HTML, "json": report.JSON,
		"csv":  report.CSV,
		"text": func(w io.Writer, r *report.Report) error { return report.Text(w, r, e.terminalFor(out)) }}[format]
	if err := e.write(c, out, func(w io.Writer) error { return render(w, r) }); err != nil {
		return err
	}
	if failOn != "" && r.Tally().Reaches(failOn) {
		return &codeError{exitFindings, fmt.Errorf("there are findings of severity %s, or worse", failOn)}
	}
	return nil
}

func (e *env) policy(c *cli.Context, r *report.Report) (*findings.Policy, error) {
	file := c.String("policy")
	if file == "" {
		return nil, nil
	}
	r.Policy = filepath.Base(file)
	return readDocument(e, file, findings.DecodePolicy, "a policy is JSON of the form that samples/policy.json has")
}

func (e *env) auditOne(c *cli.Context, path string, policy *findings.Policy) (*report.Bundle, error) {
	o, err := e.open(c, path)
	if err != nil {
		return nil, err
	}
	found, err := findings.AuditOpened(o, policy, e.now())
	if err != nil {
		return nil, at(path, err)
	}
	v, err := e.judge(c, path, o, "")
	if err != nil {
		return nil, err
	}
	return &report.Bundle{File: baseName(path), Opened: o, Findings: found,
		Signatures: report.Signatures(v[0], o.Bundle.IsCloud())}, nil
}
