package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples"
)

// addressForms are the forms of internal/address with a password put in.
func addressForms(t *testing.T, password string) []string {
	t.Helper()
	raw := rig.Get(os.ReadFile(filepath.Join("..", "..", "internal", "address", "testdata", "forms.txt"))).Or(t)
	var out []string
	for line := range strings.Lines(string(raw)) {
		form, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, fmt.Sprintf(form, password))
	}
	return out
}

// Wherever an address is given, and whatever its kind, nothing of its password
// comes back, also where a file has it for a name.
func TestNoPasswordOfAnAddressIsRepeated(t *testing.T) {
	const canary = "hunter2"
	forms := addressForms(t, canary)
	t.Chdir(t.TempDir())
	for name, content := range samples.Files() {
		rig.OK(t, os.WriteFile(name, content, 0o600))
	}
	identity, recipient, err := newKeyPair(false)
	if err != nil {
		t.Fatal(err)
	}
	rig.OK(t, os.WriteFile("k", []byte(identity.Reveal()), 0o600))
	for _, args := range [][]string{
		{"export", "-r", recipient, "-o", "server.age", "connections.csv", "credentials.csv"},
		{"transform", "-i", "k", "-r", recipient, "-o", "cloud.age", "server.age"},
	} {
		if code, _, stderr := run(t, args...); code != 0 {
			t.Fatalf("%q: %s", args, stderr)
		}
	}
	lines := func(a string) [][]string {
		page := []string{"--browser", "nowhere"}
		return [][]string{
			append([]string{"inspect", a}, page...), append([]string{"inspect", "--json", a}, page...),
			append([]string{"inspect", "--suggest-profile", a}, page...),
			append([]string{"export", "-r", recipient, "--profile", "profile.json", "-o", "new.age", a}, page...),
			append([]string{"export", "-r", recipient, "--profile", "connections.csv", "-o", "new.age", a}, page...),
			{"inspect", "--attach", a, "page+https://127.0.0.1:1/"}, {"inspect", "--table", a, "jira-backup.zip"},
			{"inspect", "-i", a, "server.age"}, {"inspect", "--print-form-profile", a}, {"inspect", "--form-profile", a, "page+https://127.0.0.1:1/"},
			{"inspect", "--browser", a, "page+https://127.0.0.1:1/"}, {"inspect", "--timeout", a, "x"}, {"inspect", "-t" + a, "x"},
			{"export", "-r", a, "-o", "new.age", "connections.csv"}, {"export", "-r", "ops=" + a, "-o", "new.age", "connections.csv"},
			{"export", "-R", a, "-o", "new.age", "connections.csv"}, {"export", "-r", recipient, "-o", a, "connections.csv"},
			{"export", "-r", recipient, "-o" + a, "connections.csv"}, {"export", "-r", recipient, "-p" + a, "connections.csv"},
			{"export", "-r", recipient, "-o", "new.age", "--profile", a, "jira-backup.zip"},
			{"export", "-r", recipient, "-o", "new.age", "--secrets", a, "connections.csv"},
			{"export", "-r", recipient, "-o", "new.age", "--sign", a, "connections.csv"},
			{"export", "-r", recipient, "-o", "new.age", "--include", a + "[", "connections.csv"},
			{"export", "-r", recipient, "-o", "new.age", "--include", a, "connections.csv"}, {"export", "--print-template", a},
			append([]string{"plan", "-i", "k", "cloud.age", "--cloud", a}, page...), {"plan", "-i", "k", "--cloud", "sample:" + a, "cloud.age"},
			{"plan", "-i", "k", "--cloud", "https://127.0.0.1:1/" + a, "cloud.age"}, {"plan", "-i", "k", "--cloud", "https://127.0.0.1:1", "--token-file", a, "cloud.age"},
			{"plan", "-i", "k", "--cloud", "https://127.0.0.1:1", "--token-file", "k", "--ca-file", a, "cloud.age"},
			{"import", "connections", "-i", "k", "--cloud", "sample:reh", "--on-conflict", a, "cloud.age"},
			{"import", "connections", "-i", "k", "--cloud", "sample:reh", "--plan", a, "cloud.age"},
			{"import", "connections", "-i", "k", "--cloud", "sample:reh", "--ledger", a, "cloud.age"},
			{"import", "connections", "-i", "k", "--cloud", "sample:reh", "--html", a, "cloud.age"}, {"import", a}, {"import", "connections", a},
			{"import", "connections", "-i", "k", "--cloud", "sample:reh", "--again", a, "cloud.age"},
			{"import", "connections", "-i", "k", "--cloud", "sample:reh", "--exclude", a, "cloud.age"},
			{"import", "connections", "-i", "k", "--cloud", "sample:reh", "--secrets", "legal.csv", "--literal-secret", a, "cloud.age"},
			{"export", "-r", recipient, "-o", "new.age", "--literal-secret", a, "connections.csv", "credentials.csv"},
			{"export", "-r", recipient, "-o", "new.age", "--encoding", a, "connections.csv", "credentials.csv"},
			{"probe", "-i", "k", "--login", "--unprotected", a, "cloud.age"},
			{"audit", "-i", "k", a}, {"audit", "-i", "k", "--policy", a, "cloud.age"}, {"audit", "-i", "k", "--format", a, "cloud.age"},
			{"audit", "-i", "k", "--fail-on", a, "cloud.age"}, {"audit", "--" + a, "cloud.age"}, {"audit", "-" + a, "cloud.age"},
			{"diff", "-i", "k", "cloud.age", a}, {"review", "-i", "k", "--approve", "--sign", a, "cloud.age"},
			{"review", "-i", "k", "--approve", "--sign", "k", "--for", a, "cloud.age"}, {"verify", "-i", "k", "--for", a, "cloud.age"},
			{"verify", "-i", "k", "--allowed-signers", a, "cloud.age"}, {"verify", "-i", "k", "--allowed-signers", "k", "--require", a, "cloud.age"},
			{"verify", "-i", "k", "--statement", a, "cloud.age"}, {"verify", "-i", "k", "--extract", a, "cloud.age"},
			{"rekey", "-i", "k", "--remove", a, "--yes", "-o", "new.age", "cloud.age"}, {"rekey", "-i", "k", "--add-recipient", a, "-o", "new.age", "cloud.age"},
			{"reveal", "-i", "k", "cloud.age", a}, {"guide", "-i", "k", "-o", "new.html", a}, {"transform", "-i", "k", "--rules", a, "-o", "new.age", "server.age"},
			{"fill", "-i", "k", "-r", recipient, "--secrets", a, "server.age"}, {"keygen", "-o", a}, {"keygen", a}, {"keygen", "-y", "-i", a},
			{"sample-cloud", "--addr", a, "--data", "data", "--token-file", "token"}, {"sample-cloud", "--data", a, "--token-file", "token"},
			{"sample-cloud", "--data", "data", "--token-file", a}, {"sample-cloud", "--data", "data", "--token-file", "token", "--load", a},
			{"demo", "--dir", a}, {"demo", "--samples", a}, {"completion", a}, {a}, {"--" + a},
		}
	}
	for _, form := range forms {
		for _, line := range lines(form) {
			if code, stdout, stderr := run(t, line...); code == 0 || strings.Contains(stdout+stderr, canary) {
				t.Errorf("%q: exit %d\n%s%s", line, code, stdout, stderr)
			}
		}
		for _, variable := range []string{"MAILFERRY_CLOUD", "MAILFERRY_IDENTITY", "MAILFERRY_RULES"} {
			e := processEnv()
			var printed bytes.Buffer
			e.stdout, e.stderr = &printed, &printed
			e.lookupenv = func(name string) (string, bool) { return form, name == variable }
			for _, line := range [][]string{{"plan", "-i", "k", "--browser", "nowhere", "cloud.age"}, {"plan", "cloud.age"},
				{"transform", "-i", "k", "-o", "new.age", "server.age"}} {
				e.run(t.Context(), append([]string{"mailferry"}, line...))
				if strings.Contains(printed.String(), canary) {
					t.Errorf("%s=%q %q: %s", variable, form, line, printed.String())
				}
			}
			_ = os.Remove("new.age")
		}
		if os.WriteFile(form, samples.Files()["connections.csv"], 0o600) != nil {
			continue // a slash in it
		}
		for _, line := range [][]string{{"inspect", form}, {"inspect", "--json", "./" + form}, {"audit", "-i", "k", form}, {"audit", "-i", form, "cloud.age"},
			{"export", "-r", recipient, "-o", "new.age", form}, {"keygen", "-o", form}, {"keygen", "-o", form, "--force"}} {
			if code, stdout, stderr := run(t, line...); code == 0 || strings.Contains(stdout+stderr, canary) {
				t.Errorf("%q is there: %q: exit %d\n%s%s", form, line, code, stdout, stderr)
			}
		}
	}
}
