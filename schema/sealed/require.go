package sealed

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// Requirement is one --require: so many people in a role, or one by name.
type Requirement struct {
	Role      string
	Count     int    // 0 where a principal is named
	Principal string // an exact principal of allowed_signers
}

// ParseRequirement reads ROLE=N or ROLE=PRINCIPAL, such as reviewer=2 or
// reviewer=anna@corp.example. Roles are exporter, transformer and reviewer.
func ParseRequirement(s string) (Requirement, error) {
	role, who, ok := strings.Cut(s, "=")
	refuse := func(why string) (Requirement, error) {
		return Requirement{}, schema.Hint(fmt.Errorf("requirement %s: %s", schema.Quote(s), why),
			"write reviewer=2, reviewer=anna@corp.example, exporter=1 or transformer=1")
	}
	if !ok || who == "" {
		return refuse("not ROLE=NUMBER or ROLE=PRINCIPAL")
	}
	if !slices.Contains([]string{schema.RoleExporter, schema.RoleTransformer, schema.RoleReviewer}, role) {
		return refuse("no such role")
	}
	n, err := strconv.Atoi(who)
	switch {
	case err == nil && (n < 1 || n > schema.MaxRequired):
		return refuse(fmt.Sprintf("the number must be 1 to %d", schema.MaxRequired))
	case err == nil:
		return Requirement{Role: role, Count: n}, nil
	case errors.Is(err, strconv.ErrRange):
		return refuse(fmt.Sprintf("the number must be 1 to %d", schema.MaxRequired))
	case strings.ContainsAny(who, "*?,"):
		return refuse("a person is named without wildcards, one in each requirement")
	}
	return Requirement{Role: role, Principal: who}, nil
}

// String writes the requirement as ParseRequirement reads it.
func (r Requirement) String() string {
	if r.Principal != "" {
		return r.Role + "=" + r.Principal
	}
	return r.Role + "=" + strconv.Itoa(r.Count)
}

// RequirementVerdict is whether a requirement is fulfilled, by whom, and what is
// missing.
type RequirementVerdict struct {
	Require string   `json:"require"`
	Met     bool     `json:"met"`
	By      []string `json:"by"` // people who count in the role, each by the principals
	Why     string   `json:"why,omitzero"`
}

// judge holds the requirements against the people who count in each role.
func judge(reqs []Requirement, counting map[string][]*spelling, a *AllowedSigners, cloud bool) []RequirementVerdict {
	var out []RequirementVerdict
	// A person fills one name in a role: requiring two names asks for two people.
	named := map[string]map[*Person]string{}
	for _, r := range reqs {
		if named[r.Role] == nil {
			named[r.Role] = map[*Person]string{}
		}
		people := a.peopleOf(counting[r.Role])
		v := RequirementVerdict{Require: r.String()}
		for _, p := range people {
			v.By = append(v.By, p.String())
		}
		slices.Sort(v.By)
		switch {
		case r.Role == schema.RoleTransformer && !cloud:
			v.Why = "a server bundle has no transformer"
		case r.Principal != "":
			v.Why = lacksNamed(r, counting[r.Role], a, named[r.Role])
			v.Met = v.Why == ""
		case len(people) >= r.Count:
			v.Met = true
		default:
			v.Why = fmt.Sprintf("%d of %d people", len(people), r.Count)
		}
		out = append(out, v)
	}
	return out
}

// peopleOf lists each person once, in the order of People.
func (a *AllowedSigners) peopleOf(who []*spelling) []*Person {
	return slices.DeleteFunc(slices.Clone(a.People()), func(p *Person) bool {
		return !slices.ContainsFunc(who, func(s *spelling) bool { return s.person == p })
	})
}

// lacksNamed says why a requirement that names somebody is not fulfilled, or nothing.
// A look-alike does not fill the name. named are the names required so far, by
// the person.
func lacksNamed(r Requirement, who []*spelling, a *AllowedSigners, named map[*Person]string) string {
	wanted := a.spellingOf(r.Principal)
	if wanted == nil {
		return schema.Quote(r.Principal) + " is not among the allowed signers"
	}
	p := wanted.person
	if named[p] == "" {
		named[p] = r.Principal
	}
	switch {
	case named[p] != r.Principal:
		return fmt.Sprintf("%s and %s are one person", schema.Quote(r.Principal), schema.Quote(named[p]))
	case !slices.Contains(who, wanted):
		return fmt.Sprintf("nothing of %s as %s counts", schema.Quote(r.Principal), r.Role)
	}
	return ""
}
