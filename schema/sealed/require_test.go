package sealed

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

func TestRequirementsAreParsed(t *testing.T) {
	for in, want := range map[string]string{
		"reviewer=2":                    "",
		"reviewer=anna@corp.example":    "",
		"exporter=1":                    "",
		"transformer=ci":                "",
		"reviewer=two words":            "",
		"reviewer":                      "not ROLE=NUMBER or ROLE=PRINCIPAL",
		"reviewer=":                     "not ROLE=NUMBER or ROLE=PRINCIPAL",
		"=2":                            "no such role",
		"Reviewer=2":                    "no such role",
		"owner=1":                       "no such role",
		"reviewer=0":                    "must be 1 to 100",
		"reviewer=-1":                   "must be 1 to 100",
		"reviewer=101":                  "must be 1 to 100",
		"reviewer=99999999999999999999": "must be 1 to 100",
		"reviewer=*@corp.example":       "without wildcards",
		"reviewer=anna,ben":             "without wildcards, one in each",
	} {
		r, err := ParseRequirement(in)
		switch {
		case want != "":
			wantError(t, err, want)
			if schema.HintOf(err) == "" {
				t.Errorf("%s: no hint", in)
			}
		case err != nil:
			t.Error(err)
		case r.String() != in:
			t.Errorf("%s becomes %s", in, r)
		}
	}
}

func TestRequirementsCountPeopleOrNameThem(t *testing.T) {
	c := newCast(t, `
anna@corp ANNA
anna@corp ANNA2
ben@corp BEN
b2@corp BEN
carl@corp CARL
`)
	approve := func(who string) Evidence { return c.says(who, nil) }
	made := func(role string) func(*schema.StatementBody) {
		return func(b *schema.StatementBody) { b.Role, b.Decision = role, schema.DecisionMade }
	}
	evidence := []Evidence{approve("ANNA"), approve("ANNA2"), approve("BEN"),
		c.says("CARL", func(b *schema.StatementBody) {
			made(schema.RoleExporter)(b)
			b.Bundle, b.Digest = testSubject().Origin.Bundle, testSubject().Origin.Digest
		})}
	for _, tc := range []struct{ require, missing string }{
		{"reviewer=2", ""},
		{"reviewer=3", "reviewer=3: 2 of 3 people"},
		{"reviewer=anna@corp", ""},
		{"reviewer=anna@corp reviewer=ben@corp reviewer=2", ""},
		{"reviewer=anna@corp reviewer=anna@corp", ""},
		{"reviewer=ben@corp reviewer=b2@corp", `reviewer=b2@corp: "b2@corp" and "ben@corp" are one person`},
		{"reviewer=carl@corp", `reviewer=carl@corp: nothing of "carl@corp" as reviewer counts`},
		{"reviewer=dora@corp", `reviewer=dora@corp: "dora@corp" is not among the allowed signers`},
		{"exporter=1 exporter=carl@corp", ""},
		{"exporter=anna@corp", `exporter=anna@corp: nothing of "anna@corp" as exporter counts`},
		{"transformer=1", "transformer=1: 0 of 1 people"},
	} {
		v := c.judge(evidence, strings.Fields(tc.require)...)
		if got := strings.Join(v.Missing(), "; "); got != tc.missing || v.Shut() != (tc.missing != "") || v.Invalid() {
			t.Errorf("%s: missing %q, want %q", tc.require, got, tc.missing)
		}
	}
	v := c.judge(evidence, "reviewer=1")
	if got := fmt.Sprint(v.Requirements[0].By); got != "[anna@corp b2@corp, ben@corp]" {
		t.Errorf("met by %s", got)
	}
	if len(v.Persons) != 3 {
		t.Errorf("%d people count, want 3", len(v.Persons))
	}
}

func TestAServerBundleHasNoTransformer(t *testing.T) {
	c := newCast(t, "anna ANNA")
	c.subject.Origin = nil
	v := c.judge([]Evidence{
		c.says("ANNA", func(b *schema.StatementBody) { b.Role, b.Decision = schema.RoleTransformer, schema.DecisionMade }),
		c.says("ANNA", func(b *schema.StatementBody) { b.Role, b.Decision = schema.RoleExporter, schema.DecisionMade }),
	}, "exporter=1", "transformer=1")
	if got := strings.Join(v.Missing(), "; "); got != "transformer=1: a server bundle has no transformer" || v.Statements[0].State != StateOtherRole {
		t.Errorf("missing %q, the transformer's is %s", got, v.Statements[0].State)
	}
}
