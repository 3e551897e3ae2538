package sealed

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

func TestOnlyGoodStatementsAboutTheContentAreCarried(t *testing.T) {
	anna, ben := loadSigner(t, sshKey(t, "anna")), loadSigner(t, sshKey(t, "ben"))
	good, reject := sign(t, anna, nil), sign(t, ben, func(b *schema.StatementBody) { b.Decision = schema.DecisionReject })
	other := sign(t, ben, func(b *schema.StatementBody) { b.Digest = hexOf("e", 64) })
	forged := good
	forged.Statement = strings.Replace(forged.Statement, schema.DecisionApprove, schema.DecisionReject, 1)
	c := Collected{Evidence: []Evidence{{File: "a", Statement: good}, {File: "copy", Statement: good}, {File: "b", Statement: reject},
		{File: "c", Statement: other}, {File: "d", Statement: forged}, {File: "e", Statement: other, Aside: true}}}
	got, left := c.Carried(&Opened{Digest: testSubject().Digest})
	if !slices.Equal(got, []schema.Statement{good, reject}) {
		t.Errorf("%d statements are carried, want the approval and the rejection", len(got))
	}
	if want := []Left{{"c", "it is about another content"}, {"d", "its signature is not good"}}; !slices.Equal(left, want) {
		t.Errorf("left %v", left)
	}
}

func TestStatementsAreCopiedOnce(t *testing.T) {
	anna, ben := loadSigner(t, sshKey(t, "anna")), loadSigner(t, sshKey(t, "ben"))
	approval, reject := sign(t, anna, nil), sign(t, ben, func(b *schema.StatementBody) { b.Decision = schema.DecisionReject })
	embedded := sign(t, ben, func(b *schema.StatementBody) { b.Time = testTime(2) })
	aside := sign(t, ben, func(b *schema.StatementBody) { b.Digest = hexOf("e", 64) })
	o := &Opened{Bundle: &schema.Bundle{Origin: &schema.Origin{Statements: []schema.Statement{embedded}}}}
	c := Collected{Evidence: []Evidence{{File: "a", Statement: approval}, {File: "copy", Statement: approval}, {File: "b", Statement: reject},
		{Statement: embedded}, {File: "old.void", Statement: aside, Aside: true}}}
	to := filepath.Join(t.TempDir(), "new.age")
	if _, err := WriteStatement(to, reject); err != nil { // of an earlier copy
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} { // and once more
		files, err := c.CopyTo(to, o)
		if err != nil || len(files) != want {
			t.Fatalf("copied %v, want %d: %v", files, want, err)
		}
	}
	beside, err := StatementsBeside(to)
	if err != nil || len(beside) != 2 {
		t.Errorf("%v lie there: %v", beside, err)
	}
}
