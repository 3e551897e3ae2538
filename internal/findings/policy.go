package findings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mailferry/mailferry/schema"
)

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
	p := &Policy{}
	if err := schema.DecodeFile("policy", doc, p); err != nil {
		return nil, err
	}
	return p, schema.Locate(doc, p.check())
}

func (p *Policy) check() error {
	var errs schema.Errors
	ids := map[string]bool{}
	for _, r := range Rules() {
		ids[r.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		if !ids[id] {
			errs.Add(unknownRule("rules", id))
		}
	}
	for i, e := range p.Exceptions {
		place := fmt.Sprintf("exceptions[%d]", i)
		if !ids[e.Rule] {
			errs.Add(unknownRule(place+".rule", e.Rule))
		}
		if _, err := time.Parse(time.DateOnly, e.Expires); err != nil {
			errs.Add(schema.Invalid(place+".expires", "not a day like 2026-12-31"))
		}
		if strings.TrimSpace(e.Reason) == "" {
			errs.Add(schema.Invalid(place+".reason", "an exception needs a written reason"))
		}
	}
	return errs.Err()
}

func unknownRule(place, id string) error {
	return schema.Hint(schema.Invalid(place, "%s is not a rule", schema.Quote(id)),
		"the audit report names each rule's id")
}

func (p *Policy) severity(r *Rule) Severity {
	if p != nil {
		if s, ok := p.Rules[r.ID]; ok {
			return s
		}
	}
	return r.Severity
}

func (e *Exception) target() schema.SecretKey {
	if e.Credential != "" {
		return schema.SecretKey{List: schema.Credentials, Name: e.Credential}
	}
	return schema.SecretKey{List: schema.Connections, Name: e.Connection}
}

// expired reports whether the exception's last day is over.
func (e *Exception) expired(now time.Time) bool {
	day, err := time.Parse(time.DateOnly, e.Expires)
	return err != nil || !now.UTC().Before(day.AddDate(0, 0, 1))
}

// accept marks what the policy accepts, and says which exceptions have expired
// or are of no item here.
func (a *audit) accept() {
	p := a.in.Policy
	if p == nil || len(p.Exceptions) == 0 {
		return
	}
	type key struct {
		rule string
		item schema.SecretKey
	}
	valid := map[key]*Exception{}
	for i := range p.Exceptions {
		if e := &p.Exceptions[i]; !e.expired(a.in.Now) {
			valid[key{e.Rule, e.target()}] = e
		}
	}
	for i := range a.found {
		f := &a.found[i]
		f.Excepted = valid[key{f.ID, schema.SecretKey{List: f.List, Name: f.Item}}]
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		k := key{e.Rule, e.target()}
		s := a.here[k.item]
		switch {
		case s == nil:
			a.say(exceptionUnknown, nil, "policy", "that of %s for %s %s", e.Rule, k.item.List.One(),
				schema.Quote(k.item.Name))
		case valid[k] == nil:
			a.say(exceptionExpired, s, "name", "that of %s, on %s; its reason was %s",
				e.Rule, e.Expires, schema.Quote(e.Reason))
		}
	}
}
