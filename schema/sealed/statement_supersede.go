package sealed

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// CheckClock refuses to sign anything while a file of the evidence is a statement
// of the signer's own key that is dated more than ten minutes ahead of now: this
// clock is wrong, or was when that one was signed. Those in known are excused, since
// a person has looked at them, and those embedded in the bundle, which nobody can
// put away. Without a signer nothing is signed.
func CheckClock(evidence, known []Evidence, signer *Signer, now time.Time) error {
	if signer == nil {
		return nil
	}
	for _, e := range evidence {
		s, err := CheckStatement(e.Statement)
		if e.File == "" || err != nil || s.Fingerprint() != signer.Fingerprint() ||
			!s.Body.Time.After(now.Add(schema.ClockAhead)) ||
			slices.ContainsFunc(known, func(k Evidence) bool { return k.Statement == e.Statement }) {
			continue
		}
		return schema.Hint(fmt.Errorf("statement %s of the same key is dated %s, ahead of this computer's clock",
			schema.Quote(e.File), s.Body.Time.Format(time.RFC3339)),
			"look at the clock; where it is right and that date was wrong, take a rejection back by name "+
				"(review --approve --supersedes FILE), and put any other statement away")
	}
	return nil
}

// Supersede has an approval, yet to be signed, take back the rejections of the same
// content: all those in evidence that the signer's own key signed, and those in
// named, which are an error where they are anything else. Left are the files of
// the signer's own that stand, because the approval is not for every Cloud that
// they were for.
func Supersede(approval *schema.StatementBody, signer *Signer, evidence, named []Evidence) (left []string, err error) {
	if approval.For != "" {
		if approval.For, err = NormalSite(approval.For); err != nil {
			return nil, err
		}
	}
	take := func(s *SignedStatement) {
		if !slices.Contains(approval.Supersedes, s.ID) {
			approval.Supersedes = append(approval.Supersedes, s.ID)
		}
	}
	for _, e := range named {
		s, err := CheckStatement(e.Statement)
		switch {
		case err != nil:
		case !rejects(s.Body, approval):
			err = errors.New("is no rejection of this content")
		case !siteCovers(approval.For, s.Body.For):
			err = schema.Hint(fmt.Errorf("is for %s, which an approval for %s does not cover",
				siteName(s.Body.For), siteName(approval.For)), "approve without --for")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.File, err)
		}
		take(s)
	}
	for _, e := range evidence {
		s, err := CheckStatement(e.Statement)
		switch {
		case err != nil || s.Fingerprint() != signer.Fingerprint() || !rejects(s.Body, approval):
		case siteCovers(approval.For, s.Body.For):
			take(s)
		default:
			left = append(left, e.File)
		}
	}
	return left, nil
}

// rejects reports whether a statement rejects what an approval approves.
func rejects(b, approval *schema.StatementBody) bool {
	return b.Decision == schema.DecisionReject && b.Bundle == approval.Bundle && b.Digest == approval.Digest
}

func siteName(site string) string {
	if site == "" {
		return "any Cloud"
	}
	return site
}
