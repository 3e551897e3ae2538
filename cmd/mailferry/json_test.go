package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples"
	"github.com/mailferry/mailferry/schema"
)

// asPublished holds what --json printed against the schema of the format that it
// claims, and returns its members.
func asPublished(t *testing.T, args, stdout string) map[string]any {
	t.Helper()
	var members map[string]any
	if err := schema.Strict([]byte(stdout), &members); err != nil {
		t.Fatalf("%s: %v: %s", args, err, stdout)
	}
	format, _ := members["format"].(string)
	name, isOurs := strings.CutPrefix(strings.TrimSuffix(format, "/v1"), "mailferry/")
	if !isOurs {
		t.Errorf("%s: format %q", args, format)
	}
	if err := schema.DecodeFile(name, []byte(stdout), &members); err != nil {
		t.Errorf("%s: %v: %s", args, err, stdout)
	}
	if !strings.HasPrefix(stdout, "{\n") || !strings.Contains(strings.SplitN(stdout, "\n", 3)[1], `"format": `) {
		t.Errorf("%s: format is not the first member: %.60q", args, stdout)
	}
	return members
}

// Scripts rely on what --json prints: one strict JSON document of a published
// schema, whose members keep their names. Adding one is a choice made here;
// renaming one is not.
func TestJSONResultsKeepTheirMembers(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "ssh")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Chdir(dir)
	for name, content := range samples.Files() {
		rig.OK(t, os.WriteFile(name, content, 0o600))
	}
	key := func(name string) string {
		code, stdout, stderr := run(t, "keygen", "-o", name)
		if code != 0 {
			t.Fatal(stderr)
		}
		return strings.TrimSpace(stdout)
	}
	ops, other := key("ops.key"), key("other.key")
	loop := "Name,Connect Mode,Host,Port\nNobody,SMTP,127.0.0.1,1\n"
	rig.OK(t, os.WriteFile("loop.csv", []byte(loop), 0o600))
	covered := map[string]bool{}
	for _, c := range []struct {
		args    string
		exit    int
		members string
	}{
		{"start", 0, "files format next"},
		{"keygen -o new.key", 0, "format recipient"},
		{"keygen -y -i ops.key -i other.key", 0, "format others recipient"},
		{"inspect connections.csv", 0, "columns format kind list name rows"},
		{"inspect jira-backup.zip", 0, "database encoding format kind name others tables"},
		{"export -r " + ops + " -o server.age connections.csv credentials.csv", 0, "digest format manifest output"},
		{"inspect server.age", 0, "format header kind"},
		{"inspect -i ops.key server.age", 0, "bundle_format digest format header kind manifest road"},
		{"fill -i ops.key -r " + ops + " --secrets legal.csv server.age", 0, "digest filled format manifest output skipped"},
		{"fill -i ops.key -r " + ops + " --secrets legal.csv server.age", 0, "digest filled format manifest output skipped"},
		{"transform -i ops.key -r " + ops + " -o cloud.age server.age", 0, "digest format notes output"},
		{"audit -i ops.key cloud.age", 0, "bundles created format summary tool"},
		{"export -r " + ops + " -o loop.age loop.csv", 0, "digest format manifest output"},
		{"probe -i ops.key --login loop.age", 3, "bundle connections created credentials digest format login servers summary tool"},
		{"review -i ops.key --approve --sign ssh cloud.age", 0, "allowed_signers decision digest format statement"},
		{"verify -i ops.key cloud.age", 0, "bundle digest format persons rejections requirements secrets statements warnings"},
		{"rekey -i ops.key --add-reviewer " + other + " --yes -o rekeyed.age cloud.age", 0, "digest format output pruned readers"},
		{"diff -i ops.key server.age cloud.age", 0, "a b connections credentials format notes same summary"},
		{"plan -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud created digest format items on_conflict rehearsal"},
		{"plan -i ops.key --cloud sample:cloud -o plan.age cloud.age", 0, "bundle cloud created digest format items on_conflict plan_digest rehearsal"},
		{"inspect -i ops.key plan.age", 0, "bundle cloud created digest exclude format include items kind on_conflict plan_digest rewrite_secrets"},
		{"import connections -i ops.key --cloud sample:cloud cloud.age", 4, "bundle cloud counts digest finished format gate items ledger list rehearsal started tasks"},
		{"import credentials -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud counts digest finished format items ledger list rehearsal started tasks"},
		{"import connections -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud counts digest finished format items ledger list rehearsal started tasks"},
		{"diff -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud digest extra format items rehearsal time"},
	} {
		code, stdout, stderr := run(t, append(strings.Fields(c.args), "--json")...)
		if code != c.exit {
			t.Fatalf("%s: exit %d, want %d: %s", c.args, code, c.exit, stderr)
		}
		members := asPublished(t, c.args, stdout)
		if got := strings.Join(slices.Sorted(maps.Keys(members)), " "); got != c.members {
			t.Errorf("%s: members %q, want %q", c.args, got, c.members)
		}
		for _, l := range leaves(processEnv().app().Commands) {
			if strings.HasPrefix(c.args+" ", l.String()+" ") {
				covered[l.String()] = true
			}
		}
	}
	for _, l := range leaves(processEnv().app().Commands) {
		if l.takes("--json") && !covered[l.String()] {
			t.Errorf("nobody looks at the JSON of mailferry %s", l)
		}
	}
}

// A command that fails prints one object that says why, unless its own result
// does, whatever stopped it: the command line, a file, a key, a gate.
func TestACommandThatFailsUnderJSONSaysWhyInOneObject(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"bad.csv": "Name,Connect Mode,Port\nDesk,SMTP,x\nHR,SMTP,70000\n", "rules.json": `{"format": "mailferry/rules/v1", "fields": 1}`,
	} {
		rig.OK(t, os.WriteFile(name, []byte(content), 0o600))
	}
	_, key, _ := run(t, "keygen", "-o", "k")
	key = strings.TrimSpace(key)
	for _, c := range []struct {
		args   string
		exit   int
		places bool
	}{
		{"keygen --json", 2, false},
		{"audit --json", 2, false},
		{"audit --jsn --json x", 2, false},
		{"nothing --json", 2, false},
		{"inspect --json nowhere.csv", 1, false},
		{"audit -i k --json bad.csv", 1, false},
		{"export -r " + key + " --json -o x.age bad.csv", 1, true},
		{"transform -i k --rules rules.json -o x.age --json bad.csv", 1, true},
		{"import connections -i k --cloud sample:s --on-conflict perhaps --json bad.csv", 1, false},
	} {
		code, stdout, stderr := run(t, strings.Fields(c.args)...)
		if code != c.exit {
			t.Errorf("%s: exit %d, want %d: %s", c.args, code, c.exit, stderr)
		}
		f := asPublished(t, c.args, stdout)
		if f["format"] != "mailferry/error/v1" || fmt.Sprint(f["exit_code"]) != fmt.Sprint(c.exit) || !strings.Contains(stderr, "mailferry: error: ") {
			t.Errorf("%s: %s", c.args, stdout)
		}
		if places, _ := f["places"].([]any); (len(places) > 0) != c.places {
			t.Errorf("%s: places %v", c.args, places)
		}
	}
}
