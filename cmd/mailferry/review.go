package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func (e *env) reviewCommand() *cli.Command {
	return &cli.Command{
		Name:      "review",
		Usage:     "approve or reject a bundle with a signed statement beside it",
		UsageText: "mailferry review -i reviewer.key --approve --sign ~/.ssh/id_ed25519 cloud.age",
		ArgsUsage: "BUNDLE",
		Description: "Writes BUNDLE.KEY.statement beside the bundle: send it back, or put several reviewers'\n" +
			"files together. Read the bundle first: mailferry audit. The line printed is for the\n" +
			"allowed_signers file of whoever verifies.",
		Flags: flags(identityFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "approve", Usage: "approve the content"},
			&cli.BoolFlag{Name: "reject", Usage: "reject it: the gate stays shut until you approve"},
			&cli.StringFlag{Name: "sign", Usage: "sign with the SSH key in `FILE` (a public key's private half may be in ssh-agent), or agent"},
			&cli.StringFlag{Name: "for", Usage: "for the Cloud at `URL` alone"},
			&cli.StringFlag{Name: "comment", Usage: "say why: `TEXT` for the statement"},
			&cli.DurationFlag{Name: "expires", Usage: "the statement counts for `TIME`, such as 720h"},
			jsonFlag(),
		}),
		Action: e.review,
	}
}

func (e *env) review(c *cli.Context) error {
	path, err := oneArg(c, "the bundle")
	if err != nil {
		return err
	}
	if c.Bool("approve") == c.Bool("reject") {
		return usage("review: either --approve or --reject")
	}
	if c.String("sign") == "" {
		return schema.Hint(usage("review: --sign SSHKEY is needed"), "--sign ~/.ssh/id_ed25519, or --sign agent")
	}
	site := c.String("for")
	if site != "" {
		if site, err = sealed.NormalSite(site); err != nil {
			return &usageError{fmt.Errorf("--for: %w", err)}
		}
	}
	o, err := e.open(c, path)
	if err != nil {
		return err
	}
	signer, err := e.signer(c)
	if err != nil {
		return err
	}
	defer signer.Close()
	subject, err := o.Subject()
	if err != nil {
		return err
	}
	decision := schema.DecisionApprove
	if c.Bool("reject") {
		decision = schema.DecisionReject
	}
	body := subject.Body(schema.RoleReviewer, decision, schema.At(e.now()))
	body.For, body.Comment = site, c.String("comment")
	if c.Bool("reject") && c.Duration("expires") != 0 {
		return usage("review: a rejection does not expire: it stands until you approve")
	}
	if body.For != "" {
		if _, err := sealed.NormalSite(body.For); err != nil {
			return &usageError{fmt.Errorf("--for: %w", err)}
		}
	}
	if d := c.Duration("expires"); d != 0 {
		if d < time.Second {
			return usage("review: --expires is in the past")
		}
		body.Expires = schema.At(e.now().Add(d))
	}
	st, err := sealed.SignStatement(body, signer.Signer)
	if err != nil {
		return err
	}
	file, err := sealed.WriteStatement(path, st)
	if err != nil {
		return err
	}
	line, err := signer.PublicLine("")
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return e.json(struct {
			Statement     string `json:"statement"`
			Decision      string `json:"decision"`
			Digest        string `json:"digest"`
			AllowedSigner string `json:"allowed_signers"`
		}{file, decision, o.Digest, line})
	}
	e.say("%s of content %s", map[string]string{schema.DecisionApprove: "approval", schema.DecisionReject: "rejection"}[decision], o.Digest[:16])
	e.say("for the allowed_signers file of whoever verifies: %s", line)
	e.print("%s", file)
	return nil
}
