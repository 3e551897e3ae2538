package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples"
)

// onto runs a command line with its result on a stream.
func onto(t *testing.T, stdout *os.File, args ...string) (int, string) {
	t.Helper()
	e := processEnv()
	var errs bytes.Buffer
	e.stdout, e.stderr = stdout, &errs
	e.lookupenv = func(string) (string, bool) { return "", false }
	return e.run(t.Context(), append([]string{"mailferry"}, args...)), errs.String()
}

// Where there is no room for a result, no command says that all went well.
func TestAResultThatCannotBePrintedIsAnError(t *testing.T) {
	full := rig.Get(os.OpenFile("/dev/full", os.O_WRONLY, 0)).Or(t)
	defer full.Close()
	t.Chdir(t.TempDir())
	for name, content := range samples.Files() {
		rig.OK(t, os.WriteFile(name, content, 0o600))
	}
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "ssh").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, recipient, _ := run(t, "keygen", "-o", "k")
	recipient = strings.TrimSpace(recipient)
	prepare := func(args ...string) {
		t.Helper()
		if code, _, stderr := run(t, args...); code != 0 {
			t.Fatalf("%q: %s", args, stderr)
		}
	}
	export := func(out string) []string {
		return []string{"export", "-r", recipient, "--force", "-o", out, "connections.csv", "credentials.csv"}
	}
	prepare(export("server.age")...)
	prepare("transform", "-i", "k", "-o", "cloud.age", "server.age")
	rig.OK(t, os.WriteFile("loop.csv", []byte("Name,Connect Mode,Host,Port\nNobody,SMTP,127.0.0.1,1\n"), 0o600))
	prepare("export", "-r", recipient, "-o", "loop.age", "loop.csv")
	sample := []string{"-i", "k", "--cloud", "sample:reh", "cloud.age"}
	lines := [][]string{
		{}, {"--help"}, {"-h"}, {"--version"}, {"import", "--help"}, {"import", "connections", "-h"},
		{"start"}, {"keygen"}, {"keygen", "--force", "-o", "new.key"}, {"keygen", "--force", "-o", "new.key", "--json"}, {"keygen", "-y", "-i", "k"},
		{"inspect", "server.age"}, {"inspect", "-i", "k", "server.age"}, {"inspect", "connections.csv"}, {"inspect", "jira-backup.zip"},
		{"inspect", "--suggest-profile", "jira-backup.zip"}, {"inspect", "--suggest-profile", "--force", "-o", "p.json", "jira-backup.zip"},
		{"inspect", "--print-form-profile", "cloud"}, {"export", "--print-template", "credentials"}, export("again.age"),
		{"fill", "-i", "k", "-r", recipient, "--secrets", "legal.csv", "unfilled.age"},
		{"audit", "-i", "k", "cloud.age"}, {"audit", "-i", "k", "--format", "html", "cloud.age"}, {"audit", "-i", "k", "--format", "csv", "cloud.age"},
		{"review", "-i", "k", "--approve", "--sign", "ssh", "cloud.age"}, {"verify", "-i", "k", "cloud.age"},
		{"rekey", "-i", "k", "--yes", "--force", "-o", "next.age", "cloud.age"}, {"transform", "-i", "k", "--force", "-o", "new.age", "server.age"},
		{"transform", "--print-rules"},
		append([]string{"plan"}, sample...), append([]string{"import", "credentials"}, sample...),
		append([]string{"import", "connections", "--ready-only", "--dry-run"}, sample...), append([]string{"diff"}, sample...),
		{"diff", "-i", "k", "server.age", "cloud.age"}, {"diff", "-i", "k", "--format", "html", "server.age", "cloud.age"},
		{"guide", "-i", "k", "--force", "-o", "sheet.html", "cloud.age"}, {"sample-cloud", "--data", "data", "--token-file", "token"},
		{"probe", "-i", "k", "loop.age"}, {"schema", "rules"}, {"man"},
		{"completion", "bash"}, {"completion", "zsh"}, {"completion", "fish"}, {"completion", "powershell"},
	}
	var ran []string
	for _, args := range lines {
		tries := [][]string{args}
		if len(args) > 1 && !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-h") || a == "--help" || a == "--json" }) {
			for _, l := range leaves(processEnv().app().Commands) {
				if strings.HasPrefix(strings.Join(args, " ")+" ", l.String()+" ") && l.takes("--json") {
					tries = append(tries, append(slices.Clone(args), "--json"))
				}
			}
		}
		for _, args := range tries {
			if strings.Join(args, " ") == "keygen --json" {
				continue // an identity is no JSON
			}
			if slices.Contains(args, "fill") {
				prepare(export("unfilled.age")...)
			}
			code, errs := onto(t, full, args...)
			if code != exitFailed && code != exitPartly || strings.Count(errs, "standard output: no space left on device") != 1 {
				t.Errorf("%q: exit %d: %s", args, code, errs)
			}
			if strings.Contains(errs, "public key") {
				t.Errorf("%q tells the recipient of an identity that is nowhere", args)
			}
		}
		ran = append(ran, strings.Join(args, " ")+" ")
	}
	for _, l := range leaves(processEnv().app().Commands) {
		if l.String() != "reveal" && l.String() != "demo" && !slices.ContainsFunc(ran, func(r string) bool { return strings.HasPrefix(r, l.String()+" ") }) {
			t.Errorf("nobody has said how mailferry %s prints a result: add it", l)
		}
	}
}

// What goes through the library, or works in a folder of its own, in a process.
func TestAProcessWhoseResultCannotBePrintedFails(t *testing.T) {
	full := rig.Get(os.OpenFile("/dev/full", os.O_WRONLY, 0)).Or(t)
	defer full.Close()
	bin := mailferryOnPath(t)
	for _, args := range [][]string{{"demo"}, {"--generate-bash-completion"}, {"audit", "--f", "--generate-bash-completion"}, {"--version"}, {"keygen"}} {
		var errs bytes.Buffer
		cmd := exec.Command(filepath.Join(bin, "mailferry"), args...)
		cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = append(cleanEnv(bin), "TMPDIR="+t.TempDir()), t.TempDir(), full, &errs
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != exitFailed || strings.Count(errs.String(), "standard output: no space left on device") != 1 ||
			strings.Contains(errs.String(), "public key") {
			t.Errorf("%q: exit %d: %s", args, code, errs.String())
		}
	}
}

// Whoever closes a pipe has read enough: that is no error, and nothing is said.
func TestAPipeThatIsClosedEndsTheCommandSilently(t *testing.T) {
	bin := mailferryOnPath(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	rig.OK(t, r.Close())
	var errs bytes.Buffer
	cmd := exec.Command(filepath.Join(bin, "mailferry"), "transform", "--print-rules")
	cmd.Env, cmd.Stdout, cmd.Stderr = cleanEnv(bin), w, &errs
	err = cmd.Run()
	_ = w.Close()
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if err == nil || status.Signal() != syscall.SIGPIPE || errs.Len() > 0 {
		t.Errorf("%v: %s", err, errs.String())
	}
}
