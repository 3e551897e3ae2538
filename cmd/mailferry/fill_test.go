package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// fillCommand is a fill by a process of its own.
func (h handover) fillCommand(t *testing.T, bin, secrets, bundle string, more ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"fill", "-i", "rev.key", "-r", h.ops, "--reviewer", h.rev, "--yes", "--secrets", secrets, bundle}, more...)
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "mailferry"), args...)
	cmd.Dir, cmd.Env = h.dir, cleanEnv(bin)
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

// twoMissing makes a bundle that lacks two secrets, and a file for each.
func twoMissing(t *testing.T) handover {
	t.Helper()
	h := handover{dir: t.TempDir()}
	h.ops, h.rev = h.keygen(t, "ops"), h.keygen(t, "rev")
	write(t, h.path("two.csv"), []byte("Name,From Address,Connect Mode,Host,Port,Username,Password\nA,a@example.com,SMTP,mail.example.com,587,a,\nB,b@example.com,SMTP,mail.example.com,587,b,\n"))
	mustRun(t, "export", "-r", h.ops, "--reviewer", h.rev, "-o", h.path("server.age"), h.path("two.csv"))
	for _, name := range []string{"A", "B"} {
		write(t, h.path(name+".csv"), []byte("kind,name,secret\nconnection,"+name+",made-up-"+name+"\n"))
	}
	return h
}

// Two at once: whoever reads that it worked finds the secret in the bundle.
func TestOfTwoFillsAtOnceNoneLosesTheOthersSecret(t *testing.T) {
	road := twoMissing(t)
	bin := mailferryOnPath(t)
	ids, err := sealed.Keys{}.Identities(bytes.NewReader(read(t, road.path("ops.key"))), nil)
	rig.OK(t, err)
	for range 8 {
		h := road.copy(t)
		names := []string{"A", "B"}
		var cmds []*exec.Cmd
		for _, name := range names {
			cmd := h.fillCommand(t, bin, name+".csv", "server.age")
			rig.OK(t, cmd.Start())
			cmds = append(cmds, cmd)
		}
		worked := 0
		for _, cmd := range cmds {
			_ = cmd.Wait()
		}
		o, err := sealed.Open(bytes.NewReader(read(t, h.path("server.age"))), ids, transform.Rerun)
		rig.OK(t, err)
		for i, cmd := range cmds {
			has := !o.Secret(schema.Connections, names[i]).IsZero()
			said := cmd.Stderr.(*bytes.Buffer).String()
			switch code := cmd.ProcessState.ExitCode(); {
			case code == 0 && has:
				worked++
			case code == 1 && !has && strings.Contains(said, "server.age: ") && strings.Contains(said, "hint: "):
			default:
				t.Errorf("fill of %s: exit %d, its secret is there: %v\n%s", names[i], code, has, said)
			}
		}
		if worked == 0 {
			t.Error("neither worked")
		}
		if entries := listing(t, h.dir); entries != listing(t, road.dir) {
			t.Errorf("left beside the bundle: %s", entries)
		}
	}
}
