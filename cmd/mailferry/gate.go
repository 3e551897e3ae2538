package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// gateFlags are those of commands that hold a bundle against statements.
func gateFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "allowed-signers", Usage: "whose statements count: an OpenSSH allowed_signers `FILE`"},
		&cli.StringSliceFlag{Name: "require", Usage: "`ROLE=N` or ROLE=PRINCIPAL: reviewer=2, exporter=1, reviewer=anna@corp.example (repeatable)"},
		&cli.StringSliceFlag{Name: "statement", Usage: "a statement `FILE` that does not lie beside the bundle (repeatable)"},
	}
}

// judge evaluates the statements about a bundle. site is the Cloud imported
// into, or "".
func (e *env) judge(c *cli.Context, path string, o *sealed.Opened, site string) (*sealed.Verdict, error) {
	j := sealed.Judgement{Now: e.now(), Site: site}
	var err error
	if j.Subject, err = o.Subject(); err != nil {
		return nil, err
	}
	for _, r := range c.StringSlice("require") {
		req, err := sealed.ParseRequirement(r)
		if err != nil {
			return nil, &usageError{fmt.Errorf("--require: %w", err)}
		}
		j.Require = append(j.Require, req)
	}
	if f := c.String("allowed-signers"); f != "" {
		raw, err := readFile(f)
		if err != nil {
			return nil, err
		}
		if j.Allowed, err = sealed.ParseAllowedSigners(f, raw); err != nil {
			return nil, advise(err, "a line is a name and a key, as mailferry review prints it: anna@corp.example namespaces=\"mailferry\" ssh-ed25519 AAAA…")
		}
	} else if len(j.Require) > 0 {
		return nil, schema.Hint(usage("--require needs --allowed-signers FILE"), "it lists whose statements count")
	}
	if j.Evidence, err = sealed.CollectStatements(path, o.Bundle, c.StringSlice("statement")); err != nil {
		return nil, err
	}
	return sealed.Evaluate(j), nil
}

// checkStatements shuts the gate of an import where a statement is missing,
// rejecting or not what it seems. Without --allowed-signers nobody is listed
// and nothing is required.
func (e *env) checkStatements(c *cli.Context, path string, o *sealed.Opened, cloudURL string) error {
	site := ""
	if s, err := sealed.NormalSite(cloudURL); err == nil {
		site = s
	}
	v, err := e.judge(c, path, o, site)
	if err != nil {
		return err
	}
	if c.String("allowed-signers") == "" {
		return nil
	}
	return verdictError(path, v)
}

// verdictError turns a verdict into the error that decides the exit code.
func verdictError(path string, v *sealed.Verdict) error {
	for _, s := range v.Statements {
		if s.State == sealed.StateInvalid {
			return schema.Hint(at(path, fmt.Errorf("statement %s is invalid: %s", schema.Quote(s.File), s.Why)), "mailferry verify tells about each statement")
		}
	}
	if v.Invalid() {
		return schema.Hint(at(path, errors.New("a listed person's statement beside it is about another content")), "mailferry verify tells about each statement; the bundle may have been altered after it was signed")
	}
	if !v.Shut() {
		return nil
	}
	words := v.Missing()
	for _, r := range v.Rejections {
		words = append(words, fmt.Sprintf("rejected by %s at %s", schema.Quote(r.Person), r.Time.Format("2006-01-02 15:04")))
	}
	return schema.Hint(&codeError{exitGate, at(path, errors.New(strings.Join(words, "; ")))}, "mailferry verify tells who has signed what; mailferry review signs")
}
