package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
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
	if c.NArg() == 0 {
		return schema.Hint(usage("audit takes at least one argument, the bundles"), "mailferry audit -i reviewer.key cloud.age")
	}
	format := c.String("format")
	if c.Bool("json") {
		format = "json"
	}
	render := map[string]func(io.Writer, *report.Report) error{"html": report.HTML, "json": report.JSON, "csv": report.CSV,
		"text": func(w io.Writer, r *report.Report) error {
			t := e.terminal()
			t.Colour = t.Colour && c.String("output") == ""
			return report.Text(w, r, t)
		}}[format]
	if render == nil {
		return usage("audit: --format is text, html, json or csv")
	}
	failOn := findings.Severity(c.String("fail-on"))
	if failOn != "" && !slices.Contains(findings.Severities(), failOn) {
		return usage("audit: --fail-on is error, warning or note")
	}
	out, err := optionalOutput(c, "output")
	if err != nil {
		return err
	}
	r := &report.Report{Created: e.now(), Tool: e.tool}
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
	if out == "" {
		err = render(e.stdout, r)
	} else {
		err = safefile.Write(out, c.Bool("force"), func(w io.Writer) error { return render(w, r) })
	}
	if err != nil {
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
	raw, err := readFile(file)
	if err != nil {
		return nil, err
	}
	p, err := findings.DecodePolicy(raw)
	if err != nil {
		return nil, advise(at(file, err), "a policy is JSON of the form that samples/policy.json has")
	}
	r.Policy = filepath.Base(file)
	return p, nil
}

func (e *env) auditOne(c *cli.Context, path string, policy *findings.Policy) (*report.Bundle, error) {
	o, err := e.open(c, path)
	if err != nil {
		return nil, err
	}
	notes, err := transform.Notes(o.Bundle)
	if err != nil {
		return nil, at(path, err)
	}
	in := findings.Input{Bundle: o.Bundle, Policy: policy, Now: e.now(), Notes: notes}
	if o.Reveals() && o.Parts > 0 {
		in.SecretClass, in.Unreferenced = secretClass(o), o.Unreferred
	}
	found := findings.Audit(in)
	v, err := e.judge(c, path, o, "")
	if err != nil {
		return nil, err
	}
	sight := report.Reviewer
	if o.Reveals() {
		sight = report.Recipient
	}
	return &report.Bundle{File: filepath.Base(path), Content: o.Bundle, Digest: o.Digest, Sight: sight,
		Findings: found, Signatures: signatures(v[0], o.Bundle.IsCloud())}, nil
}

// secretClass lets the audit see which secrets are equal without seeing them:
// by a hash under a key that lives as long as this run.
func secretClass(o *sealed.Opened) func(schema.SecretKey) (string, bool) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	m := hmac.New(sha256.New, key)
	names := transform.NamesOf(o.Bundle)
	return func(ref schema.SecretKey) (string, bool) {
		s := o.Secret(ref.List, names.Server(ref.List, ref.Name))
		if s.IsZero() {
			return "", false
		}
		m.Reset()
		_, _ = io.WriteString(m, s.Reveal())
		return string(m.Sum(nil)), true
	}
}

// signatures tells a report what each statement amounts to.
func signatures(v *sealed.Verdict, isCloud bool) []report.Signature {
	var out []report.Signature
	for _, s := range v.Statements {
		if s.State == sealed.StateAside {
			continue
		}
		sig := report.Signature{File: filepath.Base(s.File), Key: s.Key, Role: s.Role, Decision: s.Decision, For: s.For, Comment: s.Comment,
			Time: s.Time, Expires: s.Expires, State: string(s.State), Why: s.Why, Covers: []string{}}
		if s.File == "" {
			sig.File = ""
		}
		if len(s.Signer) > 0 {
			sig.Signer = s.Signer[0]
		}
		switch s.State {
		case sealed.StateInvalid, sealed.StateOtherContent:
		case sealed.StateOrigin:
			sig.Covers = append(sig.Covers, "origin")
		default:
			if isCloud && s.Role == schema.RoleExporter {
				sig.Covers = append(sig.Covers, "origin")
				break
			}
			sig.Covers = append(sig.Covers, "content")
			if len(s.ReadersAdded) == 0 {
				sig.Covers = append(sig.Covers, "recipients", "reviewers")
			}
		}
		out = append(out, sig)
	}
	return out
}
