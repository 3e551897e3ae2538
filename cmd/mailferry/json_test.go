package main

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/samples"
	"github.com/mailferry/mailferry/schema"
)

// Scripts rely on what --json prints: one strict JSON document, whose members
// keep their names. Adding one is a choice made here; renaming one is not.
func TestJSONResultsKeepTheirMembers(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range samples.Files() {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := func(name string) string {
		code, stdout, stderr := run(t, "keygen", "-o", name)
		if code != 0 {
			t.Fatal(stderr)
		}
		return strings.TrimSpace(stdout)
	}
	ops, other := key("ops.key"), key("other.key")
	covered := map[string]bool{}
	for _, c := range []struct {
		args    string
		exit    int
		members string
	}{
		{"keygen -o new.key", 0, "format recipient"},
		{"inspect connections.csv", 0, "columns format kind list name rows"},
		{"inspect jira-backup.zip", 0, "database encoding format kind name others tables"},
		{"export -r " + ops + " -o server.age connections.csv credentials.csv", 0, "digest format manifest output"},
		{"inspect server.age", 0, "format header kind"},
		{"inspect -i ops.key server.age", 0, "bundle_format digest format header kind manifest road"},
		{"fill -i ops.key -r " + ops + " --secrets legal.csv server.age", 0, "digest format manifest output"},
		{"transform -i ops.key -r " + ops + " -o cloud.age server.age", 0, "digest format notes output"},
		{"audit -i ops.key cloud.age", 0, "bundles created format summary tool"},
		{"verify -i ops.key cloud.age", 0, "bundle digest format persons rejections requirements secrets statements warnings"},
		{"rekey -i ops.key --add-reviewer " + other + " --yes -o rekeyed.age cloud.age", 0, "digest format output pruned readers"},
		{"diff -i ops.key server.age cloud.age", 0, "a b connections credentials format notes same summary"},
		{"plan -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud created digest format items on_conflict rehearsal"},
		{"import connections -i ops.key --cloud sample:cloud cloud.age", 4, "bundle cloud counts digest finished format gate items ledger list rehearsal started tasks"},
		{"import credentials -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud counts digest finished format items ledger list rehearsal started tasks"},
		{"import connections -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud counts digest finished format items ledger list rehearsal started tasks"},
		{"diff -i ops.key --cloud sample:cloud cloud.age", 0, "bundle cloud digest extra format items rehearsal time"},
	} {
		code, stdout, stderr := run(t, append(strings.Fields(c.args), "--json")...)
		if code != c.exit {
			t.Fatalf("%s: exit %d, want %d: %s", c.args, code, c.exit, stderr)
		}
		var members map[string]json.RawMessage
		if err := schema.Strict([]byte(stdout), &members); err != nil {
			t.Errorf("%s: %v: %s", c.args, err, stdout)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(members)), " "); got != c.members {
			t.Errorf("%s: members %q, want %q", c.args, got, c.members)
		}
		for _, l := range leaves(processEnv().app().Commands) {
			if strings.HasPrefix(c.args, l.String()+" ") {
				covered[l.String()] = true
			}
		}
	}
	for _, l := range leaves(processEnv().app().Commands) {
		// review signs with an SSH key; review_verify.txtar reads its JSON.
		if l.takes("--json") && !covered[l.String()] && l.String() != "review" {
			t.Errorf("nobody looks at the JSON of mailferry %s", l)
		}
	}
}
