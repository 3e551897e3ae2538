package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a bundle's digest, transform and statements",
		UsageText: "mailferry verify -i reviewer.key --allowed-signers signers --require reviewer=2 cloud.age",
		ArgsUsage: "BUNDLE",
		Description: "Transforms a cloud bundle again from its origin, and with a recipient's key checks\n" +
			"every secret's seal. Exit 1 where something is invalid, 4 where a statement is missing\n" +
			"or rejecting.",
		Flags: flags(identityFlags(), gateFlags(), []cli.Flag{
			&cli.StringFlag{Name: "for",
				Usage: "count statements made for the Cloud at `URL`, and none made for another"},
			&cli.StringFlag{Name: "extract",
				Usage: "write the signed content, and what ssh-keygen -Y verify needs, into `DIR`"},
			jsonFlag(),
		}),
		Action: e.verify,
	}
}

func (e *env) verify(c *cli.Context) error {
	path := c.Args().First()
	site, err := siteFor(c)
	if err != nil {
		return err
	}
	o, err := e.open(c, path)
	if err != nil {
		return err
	}
	verdicts, err := e.judge(c, path, o, site)
	if err != nil {
		return err
	}
	if dir := c.String("extract"); dir != "" {
		if err := verdicts[0].Extract(dir, o.Bundle); err != nil {
			return err
		}
		e.say("%s holds what ssh-keygen -Y verify needs, and the signed content; README.txt has the commands", dir)
	}
	err = e.result(c, "verify-result", struct {
		*sealed.Verdict
		Secrets string            `json:"secrets"`
		Team    []*sealed.Verdict `json:"team,omitempty"` // by MAILFERRY_ALLOWED_SIGNERS, beside --allowed-signers
	}{verdicts[0], secretsChecked(o), verdicts[1:]}, func(p *human.Printer) {
		printVerdicts(p, path, o, verdicts)
		e.tellVerdicts(path, verdicts)
	})
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if err := v.Err(); err != nil {
			return at(path, err)
		}
	}
	return nil
}

// secretsChecked says how far the key reached.
func secretsChecked(o *sealed.Opened) string {
	switch {
	case o.Parts == 0:
		return "none sealed"
	case o.Reveals():
		return "checked"
	case o.PartsOpened > 0:
		return fmt.Sprintf("%d of %d sealed parts checked", o.PartsOpened, o.Parts)
	default:
		return "not checked (a reviewer's key does not open them)"
	}
}

func printVerdicts(p *human.Printer, path string, o *sealed.Opened, verdicts []*sealed.Verdict) {
	pair := func(label, value string) { p.Pair(0, 13, label, human.Plain, value) }
	pair("bundle", shown(path))
	pair("content", o.Digest)
	if o.Bundle.IsCloud() {
		pair("transform", "repeated from the origin: the same")
	}
	pair("secrets", secretsChecked(o))
	for i, v := range verdicts {
		if i > 0 {
			p.Blank()
			p.Line(human.Strong, "by "+signersVariable)
		}
		printVerdict(p, v)
	}
}

func printVerdict(p *human.Printer, v *sealed.Verdict) {
	pair := func(label, value string) { p.Pair(0, 13, label, human.Plain, value) }
	for _, s := range v.Statements {
		p.Blank()
		who := strings.Join(s.Signer, ", ")
		if who == "" {
			who = "somebody who is not listed"
		}
		name := s.File
		if name == "" {
			name = "in the bundle"
		}
		p.Line(human.Strong, human.Visible(fmt.Sprintf("%s: %s", s.State, name)))
		if s.Role != "" {
			p.Wrapped(2, human.Plain, fmt.Sprintf("%s, as %s: %s, %s", who, s.Role, s.Decision, s.Time.Minute()))
		}
		for _, line := range [][2]string{{"why", s.Why}, {"for", s.For}, {"comment", s.Comment}, {"key", s.Key}} {
			if line[1] != "" {
				p.Pair(2, 13, line[0], human.Plain, line[1])
			}
		}
		for _, r := range s.ReadersAdded {
			p.Wrapped(2, human.Yellow, fmt.Sprintf("%s added since: %s %s", r.Sight, r.Label, r.Key))
		}
	}
	if len(v.Statements) == 0 {
		pair("statements", "none")
	}
	for _, r := range v.Requirements {
		p.Blank()
		state := "not met: " + r.Why
		if r.Met {
			state = "met by " + schema.Quotes(r.By)
		}
		pair("required", r.Require+" "+state)
	}
}
