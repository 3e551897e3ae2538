package sealed

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

func TestAVerdictSaysWhyABundleMayNotPass(t *testing.T) {
	c := newCast(t, "anna@corp.example ANNA\nben@corp.example BEN\n")
	approve := c.says("ANNA", nil)
	reject := c.says("BEN", func(b *schema.StatementBody) { b.Decision, b.Comment = schema.DecisionReject, "host\nis wrong" })
	other := c.says("BEN", func(b *schema.StatementBody) { b.Digest = hexOf("e", 64) })
	forged := c.says("ANNA", nil)
	forged.Statement.Statement = strings.Replace(forged.Statement.Statement, schema.DecisionApprove, schema.DecisionReject, 1)
	for _, v := range []struct {
		name     string
		evidence []Evidence
		require  string
		shut     bool
		want     string
	}{
		{"approved", []Evidence{approve}, "reviewer=1", false, ""},
		{"one is missing", []Evidence{approve}, "reviewer=2", true, "reviewer=2: "},
		{"rejected", []Evidence{approve, reject}, "reviewer=1", true, `rejected by "ben@corp.example" at 2026-03-10 12:00: `},
		{"about another content", []Evidence{approve, other}, "reviewer=1", false, "about another content"},
		{"forged, and missing besides", []Evidence{forged}, "reviewer=2", false, `statement "ANNA" is invalid`},
	} {
		err := c.judge(v.evidence, v.require).Err()
		if v.want == "" {
			if err != nil {
				t.Errorf("%s: %v", v.name, err)
			}
			continue
		}
		shut := (*ShutError)(nil)
		if err == nil || !strings.Contains(err.Error(), v.want) || errors.As(err, &shut) != v.shut || schema.HintOf(err) == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", v.name, err)
		}
	}

	c.allowed = nil // nobody can shut the gate
	if err := c.judge([]Evidence{approve, reject}).Err(); err != nil {
		t.Errorf("nobody is listed: %v", err)
	}
}
