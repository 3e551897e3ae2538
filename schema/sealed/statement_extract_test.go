package sealed

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestStockSSHKeygenAgreesWithWhatIsExtracted(t *testing.T) {
	c := newCast(t, `anna@corp.example ANNA
o'hara namespaces="mailferry" BEN
carl valid-before="20260311Z" CARL`)
	broken := c.says("ANNA", func(b *schema.StatementBody) { b.Comment = "fine" })
	broken.Statement.Statement = strings.Replace(broken.Statement.Statement, "fine", "FINE", 1)
	twice := c.says("ANNA", nil)
	rejected := c.says("BEN", func(b *schema.StatementBody) { b.Decision = schema.DecisionReject })
	taken := c.says("BEN", func(b *schema.StatementBody) {
		rig.Get(Supersede(b, c.signers["BEN"], []Evidence{rejected}, nil)).Or(t)
	})
	v := c.judge([]Evidence{twice, twice, c.says("BEN", nil), broken, c.says("CARL", nil), c.says("MALLORY", nil), rejected, taken})
	dir := filepath.Join(t.TempDir(), "out")
	rig.OK(t, v.Extract(dir, &schema.Bundle{}))
	if got := slurp(t, filepath.Join(dir, "01.json")); got != twice.Statement.Statement {
		t.Fatalf("the signed bytes became %s", got)
	}
	var commands []string
	for line := range strings.Lines(slurp(t, filepath.Join(dir, "README.txt"))) {
		if strings.HasPrefix(line, "ssh-keygen ") {
			commands = append(commands, strings.TrimSpace(line))
		}
	}
	want := []StatementState{StateCounts, StateCounts, StateInvalid, StateExpired, StateUnlisted, StateSuperseded, StateCounts}
	if len(commands) != len(want) || len(v.Statements) != len(want) {
		t.Fatalf("%d commands for %d statements", len(commands), len(v.Statements))
	}
	for i, command := range commands {
		if v.Statements[i].State != want[i] {
			t.Errorf("statement %d is %s, want %s", i+1, v.Statements[i].State, want[i])
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		// An unlisted key's signature alone is good; nothing vouches for the key.
		if good := want[i] != StateInvalid && want[i] != StateExpired; good != (err == nil) {
			t.Errorf("%s\nfor one that is %s: %v\n%s", command, want[i], err, out)
		}
		if strings.Contains(command, " verify ") != (want[i] != StateInvalid && want[i] != StateUnlisted) {
			t.Errorf("one that is %s is checked by %s", want[i], command)
		}
	}
	if err := v.Extract(dir, &schema.Bundle{}); err == nil {
		t.Error("wrote over files that were there")
	}
}
