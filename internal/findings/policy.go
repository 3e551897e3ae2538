package findings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// PolicyFormat is the format of policy files.
const PolicyFormat = "mailferry/policy/v1"

// Policy is what an organisation decides about the rules: severities of its
// own, rules switched off, and findings accepted for a time. A nil Policy
// decides nothing.
type Policy struct {
	Format     string              `json:"format"`
	Note       string              `json:"note,omitzero"`
	Rules      map[string]Severity `json:"rules,omitzero"` // rule id → severity, or off
	Exceptions []Exception         `json:"exceptions,omitzero"`
}

// Exception accepts what one rule finds at one item, for a reason that somebody
// wrote down, to the end of a day (UTC).
type Exception struct {
	Rule       string `json:"rule"`
	Connection string `json:"connection,omitzero"` // the name; either this
	Credential string `json:"credential,omitzero"` // or this
	Reason     string `json:"reason"`
	Expires    string `json:"expires"` // 2026-12-31: that day still counts
}

// DecodePolicy reads a policy file strictly. Unknown rules and dates that no
// calendar has are errors.
func DecodePolicy(doc []byte) (*Policy, error) {
	var p Policy
	if err := schema.DecodeFile("policy", doc, &p); err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, r := range Rules() {
		ids[r.ID] = true
	}
	for id := range p.Rules {
		if !ids[id] {
			return nil, unknownRule("rules", id)
		}
	}
	for i, e := range p.Exceptions {
		place := fmt.Sprintf("exceptions[%d]", i)
		if !ids[e.Rule] {
			return nil, unknownRule(place+".rule", e.Rule)
		}
		if _, err := time.Parse(time.DateOnly, e.Expires); err != nil {
			return nil, fmt.Errorf("%s.expires: not a day like 2026-12-31", place)
		}
		if strings.TrimSpace(e.Reason) == "" {
			return nil, fmt.Errorf("%s.reason: an exception needs a written reason", place)
		}
	}
	return &p, nil
}

func unknownRule(place, id string) error {
	err := fmt.Errorf("%s: %s is not a rule", place, schema.Quote(id))
	word, _, _ := strings.Cut(id, "-")
	var near []string
	for _, r := range Rules() {
		if word != "" && strings.Contains(r.ID, word) {
			near = append(near, r.ID)
		}
	}
	if near == nil {
		return schema.Hint(err, "the audit report names each rule's id")
	}
	return schema.Hint(err, "did you mean %s?", strings.Join(near, ", "))
}

func (p *Policy) severity(r *Rule) Severity {
	if p != nil {
		if s, ok := p.Rules[r.ID]; ok {
			return s
		}
	}
	return r.Severity
}

func (e *Exception) target() (schema.List, string) {
	if e.Credential != "" {
		return schema.Credentials, e.Credential
	}
	return schema.Connections, e.Connection
}

// expired reports whether the exception's last day is over.
func (e *Exception) expired(now time.Time) bool {
	day, err := time.Parse(time.DateOnly, e.Expires)
	return err != nil || !now.UTC().Before(day.AddDate(0, 0, 1))
}

type exceptionKey struct {
	rule string
	list schema.List
	name string
}

// except returns the exceptions in force, and says which have expired or find
// nothing to accept.
func (a *audit) except() map[exceptionKey]*Exception {
	p := a.in.Policy
	if p == nil || len(p.Exceptions) == 0 {
		return nil
	}
	valid := make(map[exceptionKey]*Exception, len(p.Exceptions))
	expired := make(map[exceptionKey]*Exception)
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		list, name := e.target()
		key := exceptionKey{e.Rule, list, name}
		if e.expired(a.in.Now) {
			expired[key] = e
		} else {
			valid[key] = e
		}
	}
	used := map[exceptionKey]bool{}
	for _, m := range a.met {
		if m.list < 0 {
			continue
		}
		l := lists[m.list]
		if key := (exceptionKey{a.rules[m.rule].ID, l, a.in.Bundle.Items(l)[m.index].ItemName()}); valid[key] != nil {
			used[key] = true
		}
	}
	for _, list := range lists {
		here := map[string]int{}
		for i, it := range a.in.Bundle.Items(list) {
			here[it.ItemName()] = i
		}
		for i := range p.Exceptions {
			e := &p.Exceptions[i]
			l, name := e.target()
			n, present := here[name]
			key := exceptionKey{e.Rule, l, name}
			if l != list || !present {
				continue // perhaps about another bundle
			}
			switch {
			case expired[key] == e && valid[key] == nil:
				a.remark(exceptionExpired, a.subject(l, n), fmt.Sprintf("that of %s, on %s; its reason was %s", e.Rule, e.Expires, schema.Quote(e.Reason)))
			case valid[key] == e && !used[key]:
				a.remark(exceptionIdle, a.subject(l, n), "that of "+e.Rule)
			}
		}
	}
	return valid
}

// remark adds a finding that the policy brought about.
func (a *audit) remark(id string, s *subject, detail string) {
	i := slices.IndexFunc(a.rules, func(r Rule) bool { return r.ID == id })
	if a.rules[i].Severity != Off {
		a.note(i, s, "name", detail)
	}
}
