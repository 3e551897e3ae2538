package sealed

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// Evidence is a statement and where it lay: a file's name, or nothing for one
// embedded in a cloud bundle. Aside is one about another content whose file's
// name is not that of a statement laid beside this bundle: fill set it aside, or
// it belongs to another file. It is no sign that the content was altered.
type Evidence struct {
	File      string
	Statement schema.Statement
	Aside     bool
}

// Judgement is what Evaluate decides on.
type Judgement struct {
	Subject StatementSubject
	Collected
	Allowed *AllowedSigners // nil: nobody is listed
	Require []Requirement
	Site    string    // the Cloud imported into, in NormalSite's form; empty when unknown, and then no site is another
	Now     time.Time // when the statements are to be in force
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
//   - A rejection stands until the same person approves by a statement that names
//     it and covers the Cloud that it was for. Which of the two is dated later
//     does not matter: clocks run ahead. Look-alikes are two people here.
//   - Who exported or transformed the content is no reviewer of it; that
//     person's rejection counts like any other.
func Evaluate(j Judgement) *Verdict {
	v := &Verdict{Bundle: j.Subject.Bundle, Digest: j.Subject.Digest, Site: j.Site, Unreadable: j.Unreadable,
		allowed: j.Allowed}
	for _, e := range dedupe(j.Evidence) {
		v.Statements = append(v.Statements, j.first(e))
	}
	v.warnOfOrigin()
	if j.Allowed != nil {
		v.Warnings = append(v.Warnings, j.Allowed.Warnings...)
	}
	v.decide(j)
	v.findUnheeded()
	v.excuseResigned()
	counting := v.counting()
	v.Requirements = judge(j.Require, counting, j.Allowed, j.Subject.Origin != nil)
	all := slices.Concat(slices.Collect(maps.Values(counting))...)
	v.Persons = append(v.Persons, j.Allowed.peopleOf(all)...)
	return v
}

// dedupe leaves out what came twice, such as beside the bundle and embedded.
func dedupe(evidence []Evidence) []Evidence {
	var out []Evidence
	seen := map[schema.Statement]int{}
	for _, e := range evidence {
		i, twice := seen[e.Statement]
		switch {
		case !twice:
			seen[e.Statement] = len(out)
			out = append(out, e)
		case !e.Aside:
			out[i].Aside = false
		}
	}
	return out
}

// first judges a statement by itself.
func (j Judgement) first(e Evidence) *StatementVerdict {
	s := &StatementVerdict{File: human.Visible(e.File), State: StateCounts, statement: e.Statement}
	signed, err := CheckStatement(e.Statement)
	if err != nil {
		s.State, s.Why = StateInvalid, err.Error()
		return s
	}
	b := signed.Body
	s.signed, s.Key, s.Role, s.Decision = signed, signed.Fingerprint(), b.Role, b.Decision
	s.Time, s.Expires, s.For, s.Comment = b.Time, b.Expires, human.Visible(b.For), human.Visible(b.Comment)
	s.ReadersAdded = readersAdded(j.Subject, b)
	s.about = j.Subject.aboutWhat(b)
	key := j.Allowed.standingOf(signed.Key, b.Time.Time, j.Now)
	s.by = key.by
	s.Signer = key.principals
	j.judgeOne(s, key, e.Aside)
	s.inForce = s.State == StateCounts
	if !key.listed {
		s.State, s.Why = StateUnlisted, key.why
	}
	return s
}

// isOrCameFrom reports whether id is the bundle's own or its origin's.
func (s StatementSubject) isOrCameFrom(id string) bool {
	return id == s.Bundle || s.Origin != nil && id == s.Origin.Bundle
}

func (s StatementSubject) aboutWhat(b *schema.StatementBody) about {
	switch of := (Content{b.Bundle, b.Digest}); {
	case of == s.Content:
		return aboutThis
	case s.Origin != nil && of == *s.Origin:
		return aboutOrigin
	default:
		return aboutOther
	}
}

// judgeOne says what a statement is worth if its key is listed.
func (j Judgement) judgeOne(s *StatementVerdict, key standing, aside bool) {
	b := s.signed.Body
	set := func(state StatementState, why string) { s.State, s.Why = state, why }
	cloud := j.Subject.Origin != nil
	wantsOrigin := cloud && b.Role == schema.RoleExporter
	rejects := b.Decision == schema.DecisionReject
	switch {
	case s.about == aboutOther && aside:
		set(StateAside, "about another content: digest "+b.Digest)
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
	case key.listed && key.why != "" && rejects && key.validOnce:
		s.Why = key.why + "; a rejection stands nonetheless"
	case key.listed && key.why != "" && key.early:
		set(StateEarly, key.why)
	case key.listed && key.why != "":
		set(StateExpired, key.why)
	case !rejects && b.Time.After(j.Now.Add(schema.ClockAhead)):
		set(StateEarly, "dated ahead of this computer's clock")
	}
}

func readersAdded(now StatementSubject, then *schema.StatementBody) []ReaderAdded {
	var out []ReaderAdded
	add := func(sight string, now, then []schema.KeyHolder) {
		known := map[string]bool{}
		for _, r := range then {
			known[r.Key] = true
		}
		for _, r := range now {
			if !known[r.Key] {
				out = append(out, ReaderAdded{sight, human.Visible(r.Label), human.Visible(r.Key)})
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
	makers := map[*Person]bool{}
	byPerson := map[*Person][]*StatementVerdict{}
	for _, s := range v.Statements {
		if s.by == nil {
			continue
		}
		// A maker's statement shows who made the bundle even where it is out of
		// date, for another site, or about the content before secrets were filled
		// in, which keeps the id.
		if s.Role != schema.RoleReviewer && j.Subject.isOrCameFrom(s.signed.Body.Bundle) {
			makers[s.by.person] = true
		}
		if s.State == StateCounts && s.Role == schema.RoleReviewer {
			byPerson[s.by.person] = append(byPerson[s.by.person], s)
		}
	}
	for person, said := range byPerson {
		stands := false
		for _, r := range said {
			if r.Decision != schema.DecisionReject {
				continue
			}
			if lifted(said, r) {
				r.State, r.Why = StateSuperseded, "the same person took it back"
				continue
			}
			stands = true
			v.Rejections = append(v.Rejections, r.rejection(person.String()))
		}
		for _, s := range said {
			switch {
			case s.Decision != schema.DecisionApprove:
			case stands:
				s.State, s.Why = StateSuperseded,
					"the same person's rejection stands: an approval takes back those that it names"
			case makers[person]:
				s.State, s.Why = StateSelfReview, "the same person exported or transformed it"
			}
		}
	}
	sortRejections(v.Rejections)
}

// reviews are the reviewers' statements of which that is true.
func (v *Verdict) reviews(are func(*StatementVerdict) bool) []*StatementVerdict {
	return slices.DeleteFunc(slices.Clone(v.Statements), func(s *StatementVerdict) bool {
		return s.Role != schema.RoleReviewer || !are(s)
	})
}

// findUnheeded gathers the rejections of this content by keys that nobody listed.
func (v *Verdict) findUnheeded() {
	said := v.reviews(func(s *StatementVerdict) bool { return s.inForce })
	for _, r := range said {
		switch {
		case r.State != StateUnlisted || r.Decision != schema.DecisionReject:
		case lifted(said, r):
			r.Why += "; taken back by the same signer"
		default:
			v.Unheeded = append(v.Unheeded, r.rejection(""))
		}
	}
	sortRejections(v.Unheeded)
}

func (s *StatementVerdict) rejection(person string) RejectionVerdict {
	return RejectionVerdict{Person: person, Key: s.Key, File: s.File, Time: s.Time, For: s.For, Comment: s.Comment}
}

func sortRejections(all []RejectionVerdict) {
	slices.SortFunc(all, func(a, b RejectionVerdict) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.Person, b.Person), cmp.Compare(a.File, b.File))
	})
}

// lifted reports whether the signer of r takes r back by an approval among the
// statements of the same content: one that names r, and is for every Cloud that r
// was for.
func lifted(said []*StatementVerdict, r *StatementVerdict) bool {
	return slices.ContainsFunc(said, func(a *StatementVerdict) bool {
		return a.Decision == schema.DecisionApprove && a.sameSigner(r) &&
			siteCovers(a.signed.Body.For, r.signed.Body.For) && slices.Contains(a.signed.Body.Supersedes, r.signed.ID)
	})
}

// sameSigner distinguishes people with look-alike names, and knows one whom nobody
// listed by the key alone.
func (s *StatementVerdict) sameSigner(other *StatementVerdict) bool {
	return s.by == other.by && (s.by != nil || s.Key == other.Key)
}

// warnOfOrigin says who rejected the server bundle and did not take it back.
func (v *Verdict) warnOfOrigin() {
	said := v.reviews(func(s *StatementVerdict) bool { return s.about == aboutOrigin })
	for _, r := range said {
		if r.Decision == schema.DecisionReject && !lifted(said, r) {
			who := human.Visible(strings.Join(r.Signer, ", "))
			if who == "" {
				who = "the key " + r.Key
			}
			v.Warnings = append(v.Warnings, "the server bundle that this was transformed from was rejected by "+who)
		}
	}
}

// excuseResigned keeps evidence that its signer renewed from being an alarm:
// statements about an older content lie beside a bundle for good.
func (v *Verdict) excuseResigned() {
	for _, old := range v.Statements {
		renews := func(s *StatementVerdict) bool {
			return (s.State == StateCounts || s.State == StateSelfReview) && s.sameSigner(old) && s.Role == old.Role &&
				s.Time.After(old.Time.Time)
		}
		if old.State == StateOtherContent && slices.ContainsFunc(v.Statements, renews) {
			old.State, old.Why = StateSuperseded, old.Why+"; the same person signed the content at hand later"
		}
	}
}

// counting lists whose statements count, for each role.
func (v *Verdict) counting() map[string][]*spelling {
	out := map[string][]*spelling{}
	for _, s := range v.Statements {
		if s.State == StateCounts && s.Decision != schema.DecisionReject {
			out[s.Role] = append(out[s.Role], s.by)
		}
	}
	return out
}
