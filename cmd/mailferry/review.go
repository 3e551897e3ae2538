package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/human"
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
			"allowed_signers file of whoever verifies. An approval takes back the rejections of\n" +
			"this content that lie beside the bundle and that the same key signed.",
		Flags: flags(identityFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "approve", Usage: "approve the content"},
			&cli.BoolFlag{Name: "reject", Usage: "reject it: the gate stays shut until you take that back"},
			&cli.StringFlag{Name: "sign",
				Usage: "sign with the SSH key in `FILE` (a public key's private half may be in ssh-agent)"},
			&cli.StringFlag{Name: "for", Usage: "for the Cloud at `URL` alone"},
			&cli.StringSliceFlag{Name: "supersedes",
				Usage: "take back too the rejection in `FILE`, which lies elsewhere " +
					"or has another key of yours (repeatable)"},
			&cli.StringFlag{Name: "comment", Usage: "say why: `TEXT` for the statement"},
			&cli.DurationFlag{Name: "expires", Usage: "the statement counts for `TIME`, such as 720h"},
			jsonFlag(),
		}),
		Action: e.review,
	}
}

func (e *env) review(c *cli.Context) error {
	path := c.Args().First()
	decision, site, err := reviewOf(c)
	if err != nil {
		return err
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
	body := subject.Body(schema.RoleReviewer, decision, schema.At(e.now()))
	body.For, body.Comment = site, c.String("comment")
	if c.IsSet("expires") {
		body.Expires = schema.At(e.now().Add(c.Duration("expires")))
	}
	if err := e.supersede(c, path, o, signer, &body); err != nil {
		return err
	}
	st, err := sealed.SignStatement(body, signer)
	if err != nil {
		return err
	}
	file, err := sealed.WriteStatement(path, st)
	if err != nil {
		return err
	}
	line := signer.PublicLine()
	return e.result(c, "review-result", struct {
		Statement     string               `json:"statement"`
		Decision      string               `json:"decision"`
		Digest        string               `json:"digest"`
		Supersedes    []schema.StatementID `json:"supersedes,omitzero"`
		AllowedSigner string               `json:"allowed_signers"`
	}{file, decision, o.Digest, body.Supersedes, line}, func(p *human.Printer) {
		e.say("%s of content %s", map[string]string{schema.DecisionApprove: "approval",
			schema.DecisionReject: "rejection"}[decision], o.Digest[:16])
		if n := len(body.Supersedes); n > 0 {
			e.say("it takes back %s", human.Count(n, "rejection"))
		}
		e.say("for the allowed_signers file of whoever verifies: %s", line)
		p.Line(human.Plain, file)
	})
}

// warnSelfReview says that an approval will not count, since the same person made
// the content.
func (e *env) warnSelfReview(c *cli.Context, o *sealed.Opened, found sealed.Collected, signer *sealed.Signer) error {
	j := sealed.Judgement{Collected: found, Now: e.now()}
	var err error
	if j.Subject, err = o.Subject(); err != nil {
		return err
	}
	signers, err := e.allowedSigners(c)
	if err != nil {
		return err
	}
	for _, j.Allowed = range signers {
		if role := sealed.Evaluate(j).MadeBy(signer.Fingerprint()); role != "" {
			e.warn(fmt.Sprintf("you signed this content as its %s: a review of one's own work is a self-review, and counts for nobody", role))
			return nil
		}
	}
	return nil
}

// reviewOf is what a reviewer decides, and for which Cloud.
func reviewOf(c *cli.Context) (decision, site string, err error) {
	switch {
	case c.Bool("approve") == c.Bool("reject"):
		return "", "", usage("review: either --approve or --reject")
	case c.String("sign") == "":
		return "", "", schema.Hint(usage("review: --sign SSHKEY is needed"), "--sign ~/.ssh/id_ed25519")
	case c.Bool("reject") && c.IsSet("expires"):
		return "", "", usage("review: a rejection does not expire: it stands until you take it back")
	case c.Bool("reject") && c.IsSet("supersedes"):
		return "", "", usage("review: only an approval takes a rejection back")
	case c.IsSet("expires") && c.Duration("expires") < time.Second:
		return "", "", usage("review: --expires is in the past")
	}
	decision = schema.DecisionApprove
	if c.Bool("reject") {
		decision = schema.DecisionReject
	}
	site, err = siteFor(c)
	return decision, site, err
}

// supersede has an approval name the rejections that it takes back, and says which
// of one's own it does not.
func (e *env) supersede(c *cli.Context, path string, o *sealed.Opened, signer *sealed.Signer,
	body *schema.StatementBody) error {
	var named []sealed.Evidence
	for _, f := range c.StringSlice("supersedes") {
		ev, err := sealed.ReadStatement(f)
		if err != nil {
			return err
		}
		named = append(named, ev)
	}
	found, err := e.collectToSign(path, o, signer, named)
	if err != nil || body.Decision != schema.DecisionApprove {
		return err
	}
	if err := e.warnSelfReview(c, o, found, signer); err != nil {
		return err
	}
	left, err := sealed.Supersede(body, signer, found.Evidence, named)
	if err != nil {
		return fmt.Errorf("--supersedes: %w", err)
	}
	for _, f := range left {
		e.warn(fmt.Sprintf("the rejection %s stands: it is for more than the approval", f))
	}
	return nil
}
