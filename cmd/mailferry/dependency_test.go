package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

const module = "github.com/mailferry/mailferry"

// listed is a package as go list tells of it.
type listed struct {
	ImportPath   string
	Deps         []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// packages lists the module's packages by their path in it.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Deps,Imports,TestImports,XTestImports", module+"/...")
	cmd.Stderr = os.Stderr
	raw := rig.Get(cmd.Output()).Or(t)
	out := map[string]listed{}
	for dec := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		out[room(p.ImportPath)] = p
	}
	return out
}

// room is a package's path within the module, or "" for others'.
func room(path string) string {
	r, ours := strings.CutPrefix(path, module+"/")
	if !ours {
		return ""
	}
	return r
}

// within reports whether a package is one of the rooms or in one.
func within(pkg string, rooms ...string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool { return pkg == r || strings.HasPrefix(pkg, r+"/") })
}

// Dependencies point one way: cmd → exporter, transform, importer → schema. An
// arrow counts over every number of steps; only a package's own tests are free
// to use others as real components.
func TestDependenciesPointOneWay(t *testing.T) {
	all := packages(t)
	if len(all) < 10 {
		t.Fatalf("only %d packages found", len(all))
	}
	type rule struct {
		of   func(pkg string) bool
		may  func(dep string) bool
		says string
	}
	rules := []rule{
		{func(p string) bool { return p == "schema" }, func(string) bool { return false },
			"schema imports none of our packages"},
		{func(p string) bool { return within(p, "schema/sealed") }, func(d string) bool {
			return d == "schema" || within(d, "internal/address", "internal/human", "internal/safefile")
		},
			"schema/sealed imports schema, text for people, addresses and the writing of files alone"},
		{func(p string) bool { return within(p, "transform") }, func(d string) bool { return d == "schema" },
			"transform imports schema alone"},
		{func(p string) bool { return within(p, "exporter") }, func(d string) bool { return !within(d, "importer", "transform", "cmd", "samples") },
			"exporter knows no importer, no transform, no command and no sample"},
		{func(p string) bool { return within(p, "importer") }, func(d string) bool { return !within(d, "exporter", "cmd", "samples") },
			"importer knows no exporter, no command and no sample"},
		{func(p string) bool { return within(p, "internal") && !within(p, "internal/rig") },
			func(d string) bool { return !within(d, "exporter", "importer", "cmd", "samples") },
			"internal packages are plumbing: they know neither side"},
		{func(p string) bool { return !within(p, "internal/rig") }, func(d string) bool { return !within(d, "internal/rig") },
			"rigs are for tests alone: nothing of the program imports one"},
		{func(p string) bool { return within(p, "samples") }, func(d string) bool { return !within(d, "exporter", "importer", "transform", "cmd") },
			"the samples and the sample Cloud know neither side"},
		{func(string) bool { return true }, func(d string) bool { return !within(d, "cmd") },
			"nobody imports a command"},
	}
	for pkg, p := range all {
		if slices.Contains(p.Deps, "github.com/evanw/esbuild/pkg/api") && !within(pkg, "internal/rig") {
			t.Errorf("%s depends on esbuild: only rigs bundle pages", pkg)
		}
		for _, r := range rules {
			if !r.of(pkg) {
				continue
			}
			for _, dep := range p.Deps {
				if d := room(dep); d != "" && !r.may(d) {
					t.Errorf("%s depends on %s: %s", pkg, d, r.says)
				}
			}
		}
		if within(pkg, "cmd") {
			continue
		}
		both := 0
		for _, side := range []string{"exporter", "importer"} {
			if slices.ContainsFunc(p.Deps, func(d string) bool { return within(room(d), side) }) {
				both++
			}
		}
		if both == 2 {
			t.Errorf("%s depends on exporter and importer: only cmd/mailferry brings them together", pkg)
		}
		for _, dep := range append(p.TestImports, p.XTestImports...) {
			if within(room(dep), "cmd") {
				t.Errorf("the tests of %s import %s: nobody imports a command", pkg, room(dep))
			}
		}
	}
}

// The same bundle and rules give the same result anywhere and at any time.
func TestTransformReadsNoClockAndNoFile(t *testing.T) {
	for _, dep := range packages(t)["transform"].Imports {
		if slices.Contains([]string{"os", "net", "net/http", "time", "io/fs", "os/exec", "math/rand", "math/rand/v2", "crypto/rand"}, dep) {
			t.Errorf("transform imports %s: it is pure", dep)
		}
	}
}

func TestTheHouseHasTheRoomsOfItsPlan(t *testing.T) {
	folders := []string{"cmd", "schema", "exporter", "importer", "transform", "samples", "internal", ".ci", ".github"}
	cmd := exec.Command("git", "ls-files", "--cached", "--", ".")
	cmd.Dir = filepath.Join("..", "..")
	raw, err := cmd.Output()
	var names []string
	if err == nil {
		for _, path := range strings.Fields(string(raw)) {
			if folder, _, in := strings.Cut(path, "/"); in {
				names = append(names, folder)
			}
		}
	} else { // a source archive without its history
		entries := rig.Get(os.ReadDir(filepath.Join("..", ".."))).Or(t)
		for _, e := range entries {
			if e.IsDir() && e.Name() != ".git" {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		if !slices.Contains(folders, n) {
			t.Errorf("there is a folder %s at the top", n)
		}
	}
	for _, f := range folders {
		if !slices.Contains(names, f) {
			t.Errorf("there is no folder %s at the top", f)
		}
	}
	for pkg := range packages(t) {
		base := pkg[strings.LastIndex(pkg, "/")+1:]
		if slices.Contains([]string{"util", "utils", "common", "helpers"}, base) {
			t.Errorf("%s says nothing by its name", pkg)
		}
	}
}
