package sealed

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// aheadAllowance is how far a signer's clock may run ahead of ours.
const aheadAllowance = 10 * time.Minute

// Evidence is a statement and where it lay: a file's name, or nothing for one
// embedded in a cloud bundle.
type Evidence struct {
	File      string
	Statement schema.Statement
}

// Judgement is what Evaluate decides on.
type Judgement struct {
	Subject  StatementSubject
	Evidence []Evidence
	Allowed  *AllowedSigners // nil: nobody is listed
	Require  []Requirement
	Site     string    // the Cloud imported into, in NormalSite's form; empty when unknown, and then no site is another
	Now      time.Time // when the statements are to be in force
}

type about int

const (
	aboutOther about = iota
	aboutThis
	aboutOrigin
)

// Evaluate says what each statement counts for, who rejects, and what is missing.
//
//   - An exporter counts on the server bundle (a cloud bundle's origin), a
//     transformer and a reviewer on the very bundle at hand.
//   - A key counts while it is valid, both at the statement's time and now; for
//     a rejection either is enough, so that a key's end opens no gate.
//   - A rejection stands until the same person approves at a later second. On a
//     tie it stands. While no site is given, the approval has to be for any
//     Cloud, or for the one that the rejection was for.
//   - Who exported or transformed the content is no reviewer of it; that
//     person's rejection counts like any other.
func Evaluate(j Judgement) *Verdict {
	v := &Verdict{Bundle: j.Subject.Bundle, Digest: j.Subject.Digest, Site: j.Site,
		Statements: []StatementVerdict{}, Persons: []Person{}, Rejections: []RejectionVerdict{}, Warnings: []string{}, allowed: j.Allowed}
	for _, e := range dedupe(j.Evidence) {
		v.Statements = append(v.Statements, j.first(e))
	}
	for _, s := range v.Statements {
		if s.State == StateOrigin && s.Decision == schema.DecisionReject && !v.liftedAtOrigin(&s, j.Site) {
			v.Warnings = append(v.Warnings, "the server bundle that this was transformed from was rejected by "+neutral(strings.Join(s.Signer, ", ")))
		}
	}
	if j.Allowed != nil {
		v.Warnings = append(v.Warnings, j.Allowed.Warnings...)
	}
	v.decide(j)
	v.excuseResigned()
	counting := v.counting()
	v.Requirements = judge(j.Require, counting, j.Allowed, j.Subject.Origin != nil)
	var all []int
	for _, who := range counting {
		all = append(all, who...)
	}
	slices.Sort(all)
	for _, i := range slices.Compact(all) {
		v.Persons = append(v.Persons, j.Allowed.People()[i])
	}
	return v
}

// dedupe leaves out what came twice, such as beside the bundle and embedded.
func dedupe(evidence []Evidence) []Evidence {
	var out []Evidence
	seen := map[schema.Statement]bool{}
	for _, e := range evidence {
		if !seen[e.Statement] {
			seen[e.Statement] = true
			out = append(out, e)
		}
	}
	return out
}

// first judges a statement by itself.
func (j Judgement) first(e Evidence) StatementVerdict {
	s := StatementVerdict{File: neutral(e.File), State: StateCounts, Signer: []string{}, ReadersAdded: []ReaderAdded{}, statement: e.Statement, person: -1}
	signed, err := CheckStatement(e.Statement)
	if err != nil {
		s.State, s.Why = StateInvalid, err.Error()
		return s
	}
	b := signed.Body
	s.signed, s.Key, s.Role, s.Decision = signed, signed.Fingerprint(), b.Role, b.Decision
	s.Time, s.Expires, s.For, s.Comment = b.Time, b.Expires, neutral(b.For), neutral(b.Comment)
	s.ReadersAdded = readersAdded(j.Subject, b)
	s.about = j.aboutWhat(b)
	key := j.Allowed.standingOf(signed.Key, b.Time.Time, j.Now)
	s.person = key.person
	s.Signer = append(s.Signer, key.principals...)
	j.judgeOne(&s, key)
	return s
}

// isOrCameFrom reports whether id is the bundle's own or its origin's.
func (s StatementSubject) isOrCameFrom(id string) bool {
	return id == s.Bundle || s.Origin != nil && id == s.Origin.Bundle
}

func (j Judgement) aboutWhat(b *schema.StatementBody) about {
	o := j.Subject.Origin
	switch {
	case b.Bundle == j.Subject.Bundle && b.Digest == j.Subject.Digest:
		return aboutThis
	case o != nil && b.Bundle == o.Bundle && b.Digest == o.Digest:
		return aboutOrigin
	default:
		return aboutOther
	}
}

func (j Judgement) judgeOne(s *StatementVerdict, key standing) {
	b := s.signed.Body
	set := func(state StatementState, why string) { s.State, s.Why = state, why }
	cloud := j.Subject.Origin != nil
	wantsOrigin := cloud && b.Role == schema.RoleExporter
	rejects := b.Decision == schema.DecisionReject
	switch {
	case !key.listed:
		set(StateUnlisted, key.why)
	case s.about == aboutOther && b.Bundle == j.Subject.Bundle:
		set(StateOtherContent, "about another content of this bundle: digest "+b.Digest)
	case s.about == aboutOther:
		set(StateOtherContent, "about another bundle: "+b.Bundle)
	case s.about == aboutOrigin && b.Role == schema.RoleReviewer:
		set(StateOrigin, "a review of the server bundle that this was transformed from: it does not count here")
	case s.about == aboutOrigin && b.Role == schema.RoleTransformer:
		set(StateOtherRole, "a transformer signs the cloud bundle")
	case s.about == aboutThis && wantsOrigin:
		set(StateOtherRole, "an exporter signs the server bundle")
	case s.about == aboutThis && !cloud && b.Role == schema.RoleTransformer:
		set(StateOtherRole, "a server bundle has no transformer")
	case j.Site != "" && !siteCovers(b.For, j.Site):
		set(StateOtherSite, "made for another site")
	case !b.Expires.IsZero() && j.Now.After(b.Expires.Time):
		set(StateExpired, "the statement was good until "+b.Expires.UTC().Format(time.RFC3339))
	case key.why != "" && rejects && key.validOnce:
		s.Why = key.why + "; a rejection stands nonetheless"
	case key.why != "" && key.early:
		set(StateEarly, key.why)
	case key.why != "":
		set(StateExpired, key.why)
	case !rejects && b.Time.After(j.Now.Add(aheadAllowance)):
		set(StateEarly, "dated ahead of this computer's clock")
	}
}

func readersAdded(now StatementSubject, then *schema.StatementBody) []ReaderAdded {
	out := []ReaderAdded{}
	add := func(sight string, now, then []schema.Reader) {
		known := map[string]bool{}
		for _, r := range then {
			known[r.Key] = true
		}
		for _, r := range now {
			if !known[r.Key] {
				out = append(out, ReaderAdded{sight, neutral(r.Label), neutral(r.Key)})
			}
		}
	}
	add("recipient", now.Recipients, then.Recipients)
	// A recipient of then sees as a reviewer now no more than before.
	add("reviewer", now.Reviewers, slices.Concat(then.Reviewers, then.Recipients))
	return out
}

// decide brings together what each person said as a reviewer, and sets aside
// approvals by the content's makers.
func (v *Verdict) decide(j Judgement) {
	makers := map[int]bool{}
	byPerson := map[int][]*StatementVerdict{}
	for i := range v.Statements {
		s := &v.Statements[i]
		if s.person < 0 {
			continue
		}
		// A maker's statement tells who made the bundle even where it is out of
		// date, for another site, or about the content before secrets were filled
		// in, which keeps the id.
		if s.Role != schema.RoleReviewer && j.Subject.isOrCameFrom(s.signed.Body.Bundle) {
			makers[s.person] = true
		}
		if s.State == StateCounts && s.Role == schema.RoleReviewer {
			byPerson[s.person] = append(byPerson[s.person], s)
		}
	}
	for person, said := range byPerson {
		var standing *StatementVerdict
		for _, r := range said {
			if r.Decision != schema.DecisionReject {
				continue
			}
			if slices.ContainsFunc(said, func(s *StatementVerdict) bool { return lifts(s, r, j.Site) }) {
				r.State, r.Why = StateSuperseded, "the same person approved later"
				continue
			}
			if standing == nil || r.Time.After(standing.Time.Time) {
				standing = r
			}
			v.Rejections = append(v.Rejections, RejectionVerdict{Person: j.Allowed.People()[person].String(), File: r.File, Time: r.Time, For: r.For, Comment: r.Comment})
		}
		for _, s := range said {
			switch {
			case s.Decision != schema.DecisionApprove:
			case standing != nil:
				s.State, s.Why = StateSuperseded, "the same person's rejection stands"
			case makers[person]:
				s.State, s.Why = StateSelfReview, "the same person exported or transformed it"
			}
		}
	}
	slices.SortFunc(v.Rejections, func(a, b RejectionVerdict) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.Person, b.Person), cmp.Compare(a.File, b.File))
	})
}

// lifts reports whether the statement s of one person takes back the rejection
// r of the same. With a site both are known to be about that one.
func lifts(s, r *StatementVerdict, site string) bool {
	return s.Decision == schema.DecisionApprove && s.Time.After(r.Time.Time) && (site != "" || siteCovers(s.signed.Body.For, r.signed.Body.For))
}

// liftedAtOrigin reports whether the same person approved the server bundle after
// having rejected it.
func (v *Verdict) liftedAtOrigin(r *StatementVerdict, site string) bool {
	for i := range v.Statements {
		if s := &v.Statements[i]; s.State == StateOrigin && s.person == r.person && lifts(s, r, site) {
			return true
		}
	}
	return false
}

// excuseResigned keeps evidence that its signer renewed from being an alarm:
// statements about an older content lie beside a bundle for good.
func (v *Verdict) excuseResigned() {
	for i := range v.Statements {
		old := &v.Statements[i]
		if old.State != StateOtherContent {
			continue
		}
		for _, s := range v.Statements {
			renewed := s.State == StateCounts || s.State == StateSelfReview
			if renewed && s.person == old.person && s.Role == old.Role && s.Time.After(old.Time.Time) {
				old.State, old.Why = StateSuperseded, old.Why+"; the same person signed the content at hand later"
				break
			}
		}
	}
}

// counting lists the people whose statements count, for each role.
func (v *Verdict) counting() map[string][]int {
	out := map[string][]int{}
	for _, s := range v.Statements {
		if s.State == StateCounts && s.Decision != schema.DecisionReject && !slices.Contains(out[s.Role], s.person) {
			out[s.Role] = append(out[s.Role], s.person)
		}
	}
	return out
}
