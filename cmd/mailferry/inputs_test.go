package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/internal/rig"
)

// Whatever file a command reads, none of its outputs is written over it, by
// whatever name and with --force.
func TestNoOutputIsWrittenOverAnInput(t *testing.T) {
	t.Chdir(t.TempDir())
	const content = "to be kept"
	t.Setenv("PGPASSFILE", "in")
	kept := []string{"in", "server.age.0a1b2c3d.statement", "mail (1).STATEMENT.txt"}
	for _, name := range append(kept, "server.age") {
		rig.OK(t, os.WriteFile(name, []byte(content), 0o600))
	}
	abs := rig.Get(filepath.Abs("in")).Or(t)
	rig.OK(t, os.Link("in", "hard"))
	rig.OK(t, os.Symlink("in", "soft"))
	rig.OK(t, os.Symlink("..", "up"))
	names := []string{"in", "./in", abs, "hard", "soft", filepath.Join("up", filepath.Base(filepath.Dir(abs)), "in")}
	tried := 0
	refused := func(variable string, args ...string) {
		t.Helper()
		tried++
		e := processEnv()
		var printed bytes.Buffer
		e.stdout, e.stderr = &printed, &printed
		e.lookupenv = func(name string) (string, bool) { return "in", name == variable }
		code := e.run(t.Context(), append([]string{"mailferry"}, args...))
		if code != exitFailed || !strings.Contains(printed.String(), "already exists, and this command reads it") {
			t.Errorf("%q: exit %d: %s", args, code, printed.String())
		}
		for _, name := range kept {
			if now, err := os.ReadFile(name); err != nil || string(now) != content {
				t.Fatalf("%q: %s holds %q, %v", args, name, now, err)
			}
		}
	}
	for _, l := range leaves(processEnv().app().Commands) {
		for _, out := range outputs() {
			if !l.takes(dashed(out)) {
				continue
			}
			base := append(slices.Clone(l.path), dashed(out))
			more := []string{}
			if l.takes("--force") {
				more = append(more, "--force")
			}
			for _, f := range l.Flags {
				name := f.Names()[0]
				if !takesFile(f) || slices.Contains(outputs(), name) && name != "ledger" || name == out {
					continue
				}
				for _, as := range names {
					refused("", slices.Concat(base, []string{as, dashed(name), "in"}, more)...)
				}
				_, single := f.(*cli.StringFlag)
				if !single {
					refused("", slices.Concat(base, []string{"in", dashed(name), "other", dashed(name), "in"}, more)...)
				}
			}
			if l.takes("--identity") {
				refused("MAILFERRY_IDENTITY", slices.Concat(base, []string{"in", "server.age"}, more)...)
			}
			if l.takes("--rules") {
				refused("MAILFERRY_RULES", slices.Concat(base, []string{"in", "server.age"}, more)...)
			}
			refused("MAILFERRY_ALLOWED_SIGNERS", slices.Concat(base, []string{"in", "server.age"}, more)...)
			refused("", slices.Concat(base, []string{"hard", "server.age", "in"}, more)...)
			if strings.HasPrefix(l.ArgsUsage, "SOURCE") {
				refused("", slices.Concat(base, []string{"in", "postgres://jira@db/jira"}, more)...)
				refused("", slices.Concat(base, []string{"server.age", "postgres://jira@db/jira?sslrootcert=server.age"}, more)...)
			}
			for _, statement := range kept[1:] {
				refused("", slices.Concat(base, []string{"./" + statement, "server.age"}, more)...)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d command lines were tried", tried)
	}
}

// A ledger and a report that are not there yet are one file all the same.
func TestTheSameNewFileIsKnown(t *testing.T) {
	t.Chdir(t.TempDir())
	rig.OK(t, os.Mkdir("d", 0o700))
	rig.OK(t, os.Symlink("d", "link"))
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"new", "./new", true}, {"new", "d/../new", true}, {"new", "NEW", true}, {"d/new", "link/new", true},
		{"new", "d/new", false}, {"new", "newer", false}, {"no/new", "no/new", false}, {"new", "d", false},
	} {
		if got := sameFile(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}
