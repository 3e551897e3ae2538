package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

// documents have commands to type, in one shell, in this order.
var documents = []string{"README.md", "exporter/README.md", "schema/README.md", "importer/README.md"}

// readmeLine is a command that a document has people type, and its exit code.
type readmeLine struct {
	text string
	exit int
}

var (
	readmeExit    = regexp.MustCompile(`\s+# exit (\d)`)
	readmeComment = regexp.MustCompile(`\s+# .*$`)
)

func readmeLines(t *testing.T) []readmeLine {
	t.Helper()
	var out []readmeLine
	var text string
	for _, name := range documents {
		text += string(read(t, filepath.Join("..", "..", filepath.FromSlash(name))))
	}
	for line := range strings.Lines(text) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !ok || !strings.HasPrefix(line, "    ") {
			continue
		}
		l := readmeLine{text: readmeComment.ReplaceAllString(text, "")}
		if m := readmeExit.FindStringSubmatch(text); m != nil {
			l.exit, _ = strconv.Atoi(m[1])
		}
		out = append(out, l)
	}
	return out
}

// needsMore reports whether a line needs what no test folder has: a site of its
// own, a server's name, the Internet, or somebody at a terminal.
func (l readmeLine) needsMore() bool {
	return strings.Contains(l.text, "page+") || strings.Contains(l.text, "postgres://") || strings.HasPrefix(l.text, "mailferry reveal") ||
		strings.HasPrefix(l.text, "mailferry probe")
}

// The documents' commands, typed in their order into one shell in one empty folder,
// do what it says. Its reader has an SSH key and has listed it as anna's.
func TestTheDocumentsCommandsWorkAsTyped(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	key := filepath.Join(home, ".ssh", "id_ed25519")
	rig.OK(t, os.Mkdir(filepath.Dir(key), 0o700))
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	signer := strings.Join(strings.Fields(string(read(t, key+".pub")))[:2], " ")
	rig.OK(t, os.WriteFile(filepath.Join(dir, "signers"), []byte("anna@corp.example namespaces=\"mailferry\" "+signer+"\n"), 0o600))
	script := "set -u\ncheck() { if [ $1 != $2 ]; then echo \"exit $1 instead of $2\" >&2; exit 99; fi; }\n"
	ran := 0
	for _, l := range readmeLines(t) {
		if l.needsMore() {
			continue
		}
		ran++
		script += fmt.Sprintf("cat >&2 <<'LINE'\n$ %s\nLINE\n%s\ncheck $? %d\n", l.text, l.text, l.exit)
	}
	if ran < 25 {
		t.Fatalf("the documents have %d commands to run", ran)
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(cleanEnv(mailferryOnPath(t)), "HOME="+home)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
}

// What cannot be run here has commands and flags that exist.
func TestTheDocumentsOtherCommandsAreUnderstood(t *testing.T) {
	all := leaves(processEnv().app().Commands)
	seen := 0
	for _, l := range readmeLines(t) {
		if !l.needsMore() {
			continue
		}
		seen++
		words := strings.Fields(l.text)[1:]
		i := slices.IndexFunc(all, func(leaf leaf) bool {
			return len(words) > len(leaf.path) && slices.Equal(words[:len(leaf.path)], leaf.path)
		})
		if i < 0 {
			t.Errorf("%s: no such command", l.text)
			continue
		}
		parsed(t, all[i], words[len(all[i].path):]...)
	}
	if seen < 4 {
		t.Errorf("%d commands seen", seen)
	}
}
