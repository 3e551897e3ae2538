package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// mailferryOnPath puts a program mailferry, which is this test's binary, into a
// folder of its own and returns that folder.
func mailferryOnPath(t *testing.T) string {
	t.Helper()
	self := rig.Get(os.Executable()).Or(t)
	dir := t.TempDir()
	rig.OK(t, os.Symlink(self, filepath.Join(dir, "mailferry")))
	return dir
}

// cleanEnv is the environment without what would steer mailferry, with bin first
// on PATH.
func cleanEnv(bin string) []string {
	env := []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PATH=") && !strings.HasPrefix(kv, "MAILFERRY_") {
			env = append(env, kv)
		}
	}
	return env
}

// onCloud tells what a sample Cloud holds, secrets included.
func onCloud(t *testing.T, dir string) []string {
	t.Helper()
	c := rig.Get(cloud.Open(dir, cloud.Options{})).Or(t)
	defer c.Close()
	var out []string
	for _, l := range schema.Lists() {
		entries := rig.Get(c.Items(t.Context(), l)).Or(t)
		secrets := rig.Get(vault.Secrets(dir, l)).Or(t)
		for _, e := range entries {
			content := rig.Get(schema.MarshalIndent(e.Item)).Or(t)
			out = append(out, fmt.Sprintf("%s %s secret %q", l, content, secrets[e.Item.ItemName()].Reveal()))
		}
	}
	slices.Sort(out) // several are written at once, in any order
	return out
}

// typed runs a line in a shell as a person would type it. A line that ends with
// & is left running, and is typed once it printed its first line.
func typed(t *testing.T, dir, bin, line string) (code int) {
	t.Helper()
	line, background := strings.CutSuffix(line, "&")
	if background {
		line = "exec " + line // so that the signal reaches it
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = dir, cleanEnv(bin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if background {
		out := rig.Get(cmd.StdoutPipe()).Or(t)
		rig.OK(t, cmd.Start())
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		})
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, stderr.String())
		}
		return 0
	}
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v", line, err)
	}
	t.Logf("$ %s\n%s", line, stderr.String())
	return cmd.ProcessState.ExitCode()
}

func TestTheDemosLinesTypedByHandGiveTheSameCloud(t *testing.T) {
	bin := mailferryOnPath(t)
	walked := filepath.Join(t.TempDir(), "walked")
	demo := exec.Command(filepath.Join(bin, "mailferry"), "demo", "--dir", walked)
	demo.Env = cleanEnv(bin)
	var stderr bytes.Buffer
	demo.Stderr = &stderr
	shown, err := demo.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	type step struct {
		line string
		exit int
	}
	var steps []step
	refusals := 0
	for scan := bufio.NewScanner(bytes.NewReader(shown)); scan.Scan(); {
		if line, ok := strings.CutPrefix(scan.Text(), "$ "); ok {
			steps = append(steps, step{line: line})
		} else if n, _ := fmt.Sscanf(scan.Text(), "(exit %d, as it should)", new(int)); n == 1 {
			_, _ = fmt.Sscanf(scan.Text(), "(exit %d,", &steps[len(steps)-1].exit)
			refusals++
		}
	}
	if len(steps) < 12 || refusals != 2 {
		t.Fatalf("the demo shows %d commands, %d of them refused:\n%s", len(steps), refusals, shown)
	}
	empty := t.TempDir()
	for _, s := range steps {
		if code := typed(t, empty, bin, s.line); code != s.exit {
			t.Fatalf("$ %s\nexit %d, the demo's was %d", s.line, code, s.exit)
		}
	}
	got, want := onCloud(t, filepath.Join(empty, "cloud")), onCloud(t, filepath.Join(walked, "cloud"))
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(want) != 17 {
		t.Errorf("by hand:\n%s\nby the demo:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, f := range []string{"runsheet.html", "report.html", "backup.age"} {
		for _, dir := range []string{empty, walked} {
			if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
}

func TestTheDemoUsesALoopbackAddressAlone(t *testing.T) {
	for _, s := range demoSteps("127.0.0.1:1") {
		for _, word := range strings.Fields(s.line) {
			if strings.Contains(word, "://") && !strings.HasPrefix(word, "http://127.0.0.1:") {
				t.Errorf("%s goes out to %s", s.line, word)
			}
		}
	}
}
