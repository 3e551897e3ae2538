package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// Variables by which a team sets the gate once. They add to the flags.
const (
	signersVariable = "MAILFERRY_ALLOWED_SIGNERS"
	requireVariable = "MAILFERRY_REQUIRE"
)

// gateFlags are those of commands that hold a bundle against statements.
func gateFlags() []cli.Flag {
	return []cli.Flag{
		allowedSignersFlag(),
		&cli.StringSliceFlag{Name: "require", Usage: "`ROLE=N` or ROLE=PRINCIPAL: reviewer=2, exporter=1, " +
			"reviewer=anna@corp.example (repeatable; MAILFERRY_REQUIRE, with commas, adds to it)"},
		&cli.StringSliceFlag{Name: "statement",
			Usage: "a statement `FILE` that does not lie beside the bundle (repeatable)"},
	}
}

func allowedSignersFlag() cli.Flag {
	return &cli.StringFlag{Name: "allowed-signers",
		Usage: "whose statements count: an OpenSSH allowed_signers `FILE` " +
			"(that of MAILFERRY_ALLOWED_SIGNERS has to let them count too)"}
}

// setting reads a variable that guards something. One that is set to nothing is an
// error: a script that lost the value would open the gate.
func (e *env) setting(name string) (string, bool, error) {
	value, set := e.lookupenv(name)
	if set && strings.TrimSpace(value) == "" {
		return "", false, schema.Hint(usage("%s is set and empty", name), "give it its value, or unset it")
	}
	return value, set, nil
}

// allowedSigners reads the files that say whose statements count. There may be
// two, and each is a gate of its own, so that neither loosens the other; nil in
// place of one where there is none.
func (e *env) allowedSigners(c *cli.Context) ([]*sealed.AllowedSigners, error) {
	var out []*sealed.AllowedSigners
	var first []byte
	add := func(file string) error {
		raw, err := e.readFile(file)
		if err != nil || out != nil && bytes.Equal(raw, first) {
			return err
		}
		a, err := sealed.ParseAllowedSigners(file, raw)
		if err != nil {
			return advise(err, "a line is a name and a key, as mailferry review prints it: "+
				"anna@corp.example namespaces=\"mailferry\" ssh-ed25519 AAAA…")
		}
		out, first = append(out, a), raw
		return nil
	}
	if file := c.String("allowed-signers"); file != "" {
		if err := add(file); err != nil {
			return nil, err
		}
	}
	file, set, err := e.setting(signersVariable)
	if err != nil {
		return nil, err
	}
	if set {
		if err := add(file); err != nil {
			return nil, advise(&codeError{exitUsage, fmt.Errorf("%s: %w", signersVariable, err)},
				"the variable names an OpenSSH allowed_signers file; unset it where there is none")
		}
	}
	if out == nil {
		out = append(out, nil)
	}
	return out, nil
}

// requirements are those of --require and of the team.
func (e *env) requirements(c *cli.Context) ([]sealed.Requirement, error) {
	var out []sealed.Requirement
	add := func(from string, all ...string) error {
		for _, s := range all {
			r, err := sealed.ParseRequirement(s)
			if err != nil {
				return &codeError{exitUsage, fmt.Errorf("%s: %w", from, err)}
			}
			out = append(out, r)
		}
		return nil
	}
	if err := add("--require", c.StringSlice("require")...); err != nil {
		return nil, err
	}
	list, set, err := e.setting(requireVariable)
	if err != nil || !set {
		return out, err
	}
	for s := range strings.SplitSeq(list, ",") {
		if err := add(requireVariable, strings.TrimSpace(s)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// collect gathers the statements about a bundle, and names what may be one and
// cannot be read.
func (e *env) collect(path string, o *sealed.Opened, named []string) (sealed.Collected, error) {
	if path == stdio {
		path = ""
		e.noNeighbours()
	}
	c, err := sealed.CollectStatements(path, o, named)
	for _, u := range c.Unreadable {
		e.warn(fmt.Sprintf("%s looks like a statement and cannot be read: %s", u.File, u.Why))
	}
	return c, err
}

// judge evaluates the statements about a bundle, once for each list of allowed
// signers: the first verdict is that of --allowed-signers, where it is given. site
// is the Cloud imported into, or "".
func (e *env) judge(c *cli.Context, path string, o *sealed.Opened, site string) ([]*sealed.Verdict, error) {
	j := sealed.Judgement{Now: e.now(), Site: site}
	var err error
	if j.Subject, err = o.Subject(); err != nil {
		return nil, err
	}
	if j.Require, err = e.requirements(c); err != nil {
		return nil, err
	}
	signers, err := e.allowedSigners(c)
	if err != nil {
		return nil, err
	}
	if signers[0] == nil && len(j.Require) > 0 {
		return nil, schema.Hint(usage("--require needs --allowed-signers FILE"),
			"it lists whose statements count; %s does too, and %s needs one of both", signersVariable, requireVariable)
	}
	if j.Collected, err = e.collect(path, o, c.StringSlice("statement")); err != nil {
		return nil, err
	}
	var out []*sealed.Verdict
	for _, a := range signers {
		j.Allowed = a
		out = append(out, sealed.Evaluate(j))
	}
	return out, nil
}

// tellVerdicts says what a person should know whatever the gate says, such as who
// rejects without being listed.
func (e *env) tellVerdicts(path string, verdicts []*sealed.Verdict) {
	var said []string
	for _, v := range verdicts {
		words := slices.Clone(v.Warnings)
		for _, r := range v.Unheeded {
			words = append(words, shown(path)+": "+r.String())
		}
		for _, w := range words {
			if !slices.Contains(said, w) {
				said = append(said, w)
				e.warn(w)
			}
		}
	}
}

// tellRejections is for a command that only looks: it says too who shuts the gate
// of an import.
func (e *env) tellRejections(c *cli.Context, path string, o *sealed.Opened, site string) error {
	verdicts, err := e.judge(c, path, o, site)
	if err != nil {
		return err
	}
	e.tellVerdicts(path, verdicts)
	for _, v := range verdicts {
		for _, r := range v.Rejections {
			e.warn(shown(path) + ": " + r.String())
		}
	}
	return nil
}

// siteFor is the Cloud of --for as statements name it.
func siteFor(c *cli.Context) (string, error) {
	if c.String("for") == "" {
		return "", nil
	}
	site, err := sealed.NormalSite(c.String("for"))
	if err != nil {
		return "", &codeError{exitUsage, fmt.Errorf("--for: %w", err)}
	}
	return site, nil
}

// siteOf is a Cloud as statements name it, or "" where none can.
func siteOf(cloudURL string) string {
	site, err := sealed.NormalSite(cloudURL)
	if err != nil {
		return ""
	}
	return site
}

// checkStatements shuts the gate of an import where a statement is missing,
// rejecting or not what it seems. Without a list nothing is required; where nobody
// is listed a person is asked about rejections.
func (e *env) checkStatements(c *cli.Context, path string, o *sealed.Opened, cloudURL string) error {
	verdicts, err := e.judge(c, path, o, siteOf(cloudURL))
	if err != nil {
		return err
	}
	e.tellVerdicts(path, verdicts)
	for _, v := range verdicts {
		if err := v.Err(); err != nil && v.HasList() {
			return at(path, err)
		}
	}
	if i := slices.IndexFunc(verdicts, (*sealed.Verdict).ListsNobody); i >= 0 {
		return e.askAboutRejections(c, path, verdicts[i])
	}
	return nil
}

// askAboutRejections is the gate where nobody says whose statements count.
func (e *env) askAboutRejections(c *cli.Context, path string, v *sealed.Verdict) error {
	if len(v.Unheeded) == 0 || c.Bool("yes") || c.Bool("dry-run") {
		return nil
	}
	ok, err := e.confirm(c.Context, "Somebody rejects this content. Import it nonetheless?")
	switch {
	case err != nil:
		return &codeError{exitGate, at(path, fmt.Errorf("it is rejected, and nobody can be asked: %w", err))}
	case !ok:
		return schema.Hint(&codeError{exitGate, at(path, errors.New("it is rejected; nothing was written"))},
			"whoever rejected it takes that back with mailferry review --approve; --allowed-signers FILE says whose statements count")
	}
	return nil
}
