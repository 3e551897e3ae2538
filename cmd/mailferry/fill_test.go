package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig/crash"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// killSwitch makes the tests' mailferry die, as in a power cut, once a change in
// place has come so many steps far. The released program knows nothing of it.
const killSwitch = "MAILFERRY_TEST_KILL"

func dieAfter(steps string) func(string) {
	left, err := strconv.Atoi(steps)
	if err != nil {
		panic(err)
	}
	return func(step string) {
		if left--; left > 0 {
			return
		}
		fmt.Fprintln(os.Stderr, "dies:", step)
		crash.Die()
	}
}

// fillCommand is a fill by a process of its own.
func (h handover) fillCommand(t *testing.T, bin, secrets, bundle string, more ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"fill", "-i", "rev.key", "-r", h.ops, "--reviewer", h.rev, "--yes", "--secrets", secrets, bundle}, more...)
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "mailferry"), args...)
	cmd.Dir, cmd.Env = h.dir, cleanEnv(bin)
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

// exits runs a command to its end; killed is one that did not come to an end.
func exits(t *testing.T, cmd *exec.Cmd) (code int, killed bool) {
	t.Helper()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), !cmd.ProcessState.Exited()
}

// Whatever a fill has done when it dies, the bundle is whole, and whoever stands
// behind the content that it has counts. Then fill goes on as if nothing had been.
func TestAFillKilledAtAnyPointLeavesWhatVerifyAccepts(t *testing.T) {
	road := newHandover(t)
	bin := mailferryOnPath(t)
	digest := func(h handover) string {
		d, err := h.bundle(t, "other.age").Digest()
		check(t, err)
		return d
	}
	before := digest(road)
	kept, replaced := 0, 0
	for n := 1; ; n++ {
		h := road.copy(t)
		cmd := h.fillCommand(t, bin, "legal.csv", "other.age", "--sign", "exporter")
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", killSwitch, n))
		code, killed := exits(t, cmd)
		if !killed {
			if code != 0 {
				t.Fatalf("a fill that nobody killed: exit %d: %s", code, cmd.Stderr)
			}
			break
		}
		verify := func(when string, require ...string) {
			t.Helper()
			args := []string{"verify", "-i", h.path("rev.key"), "--allowed-signers", h.path("signers"), h.path("other.age"), "--require", "exporter=1"}
			for _, r := range require {
				args = append(args, "--require", r)
			}
			if r := mailferry(t, args...); r.code != 0 {
				t.Errorf("%s%s: exit %d: %s\n%s", cmd.Stderr, when, r.code, r.err, r.out)
			}
		}
		if digest(h) == before {
			kept++
			verify("the old content", "reviewer=2")
			if code, _ := exits(t, h.fillCommand(t, bin, "legal.csv", "other.age", "--sign", "exporter")); code != 0 {
				t.Errorf("%sthe next fill: exit %d", cmd.Stderr, code)
			}
		} else {
			replaced++
		}
		verify("the new content")
		mustRun(t, "review", "-i", h.path("rev.key"), "--approve", "--sign", h.path("anna"), h.path("other.age"))
		verify("reviewed", "reviewer=anna@corp.example")
	}
	if kept < 4 || replaced < 2 {
		t.Errorf("it died %d times before the bundle was replaced and %d times after", kept, replaced)
	}
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

// Two at once: whoever is told that it worked finds the secret in the bundle.
func TestOfTwoFillsAtOnceNoneLosesTheOthersSecret(t *testing.T) {
	road := twoMissing(t)
	bin := mailferryOnPath(t)
	ids, err := sealed.Keys{}.Identities(bytes.NewReader(read(t, road.path("ops.key"))), nil)
	check(t, err)
	for range 8 {
		h := road.copy(t)
		names := []string{"A", "B"}
		var cmds []*exec.Cmd
		for _, name := range names {
			cmd := h.fillCommand(t, bin, name+".csv", "server.age")
			check(t, cmd.Start())
			cmds = append(cmds, cmd)
		}
		worked := 0
		for _, cmd := range cmds {
			_ = cmd.Wait()
		}
		o, err := sealed.Open(bytes.NewReader(read(t, h.path("server.age"))), ids, transform.Rerun)
		check(t, err)
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
