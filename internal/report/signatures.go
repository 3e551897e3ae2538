package report

import (
	"path/filepath"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// Signatures are the statements of a verdict as a report shows them. What was set
// aside is about another content, and is left out.
func Signatures(v *sealed.Verdict, isCloud bool) []Signature {
	var out []Signature
	for _, s := range v.Statements {
		if s.State == sealed.StateAside {
			continue
		}
		sig := Signature{Key: s.Key, Role: s.Role, Decision: s.Decision, For: s.For, Comment: s.Comment,
			Time: s.Time, Expires: s.Expires, State: string(s.State), Why: s.Why, Covers: coveredBy(s, isCloud)}
		if s.File != "" {
			sig.File = filepath.Base(s.File)
		}
		if len(s.Signer) > 0 {
			sig.Signer = s.Signer[0]
		}
		out = append(out, sig)
	}
	return out
}

// coveredBy is what of the bundle the signer saw as it is now.
func coveredBy(s *sealed.StatementVerdict, isCloud bool) []string {
	switch {
	case s.State == sealed.StateInvalid, s.State == sealed.StateOtherContent:
		return []string{}
	case s.State == sealed.StateOrigin, isCloud && s.Role == schema.RoleExporter:
		return []string{"origin"}
	case len(s.ReadersAdded) > 0:
		return []string{"content"}
	}
	return []string{"content", "recipients", "reviewers"}
}
