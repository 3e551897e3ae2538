package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/crash"
)

// killSwitch makes the tests' mailferry die, as in a power cut, just before the nth
// change of a file's name. The released program knows nothing of it.
const killSwitch = "MAILFERRY_TEST_KILL"

func init() {
	if n, err := strconv.Atoi(os.Getenv(killSwitch)); err == nil {
		crash.DieBeforeChange(n)
	}
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
		rig.OK(t, err)
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
	if kept < 6 || replaced < 3 {
		t.Errorf("it died %d times before the bundle was replaced and %d times after", kept, replaced)
	}
}
