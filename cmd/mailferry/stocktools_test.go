package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// digestLines are the commands by which schema/README.md has an auditor tie an
// approval to the settings: those that call no mailferry.
func digestLines(t *testing.T) string {
	t.Helper()
	_, text, _ := strings.Cut(string(read(t, filepath.Join("..", "..", "schema", "README.md"))), "\n## The content digest\n")
	text, _, _ = strings.Cut(text, "`verify --extract DIR`")
	var lines []string
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "    $ "); ok {
			lines = append(lines, command)
		}
	}
	if len(lines) < 6 || !strings.Contains(lines[0], schema.ContentJQ) || strings.Contains(strings.Join(lines, ""), "mailferry v") {
		t.Fatalf("%q", lines)
	}
	return "set -e\n" + strings.Join(lines, "")
}

// awkward are texts that jq and RFC 8785 might write in two ways.
const awkward = "\x7f \\u007f \\\x7f\" \b\f\n\t\x01\x1f \u0080\u2028\U0001F600 </script> é e\u0301"

// An approval is tied to the settings that it approves by age, jq, sha256sum and
// ssh-keygen alone, as the document has it, and to no others.
func TestStockToolsTieAnApprovalToTheSettings(t *testing.T) {
	h := newHandover(t)
	script := digestLines(t)
	server := h.bundle(t, "server.age")
	c := server.Connections[0].(*schema.ServerConnection)
	c.Description = awkward
	c.Extra = map[string]string{"\uFB33": awkward, "\U0001F600": "", "\x7f": "10.0", "a": "1e2", "A": "\\"}
	keys := sealed.Keys{}
	var to sealed.Holders
	for text, list := range map[string]*[]sealed.Recipient{h.ops: &to.Recipients, h.rev: &to.Reviewers} {
		r, err := keys.Recipient(text)
		rig.OK(t, err)
		*list = append(*list, r)
	}
	cloud, _, err := transform.Apply(server, transform.DefaultRules(), nil)
	rig.OK(t, err)
	for name, b := range map[string]*schema.Bundle{"server": server, "cloud": cloud} {
		t.Run(name, func(t *testing.T) {
			file := "awkward-" + name + ".age"
			var out bytes.Buffer
			rig.OK(t, sealed.Create(&out, b, nil, to))
			write(t, h.path(file), out.Bytes())
			mustRun(t, "review", "-i", h.path("rev.key"), "--approve", "--sign", h.path("anna"), h.path(file))
			commands := strings.NewReplacer("cloud.age", file, "reviewer.key", "rev.key").Replace(script)
			byHand := func() (string, error) {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", commands)
				cmd.Dir = h.dir
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			if out, err := byHand(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			dir := h.path("evidence-" + name)
			mustRun(t, "verify", "-i", h.path("rev.key"), "--allowed-signers", h.path("signers"), "--extract", dir, h.path(file))
			if !bytes.Equal(read(t, h.path("content.json")), read(t, filepath.Join(dir, "content.json"))) {
				t.Error("verify --extract writes another content than jq")
			}
			runReadme(t, h, dir, file)
			for _, edit := range []string{
				`.connections[0].host = "mail.example.net"`, `.connections[0].description += " "`, `.manifest.source.name = "x"`, `del(.connections[1])`,
			} {
				alter := "age -d -i rev.key " + file + " | jq '" + edit + "' > altered.json"
				cmd := exec.CommandContext(t.Context(), "sh", "-c", alter)
				cmd.Dir = h.dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				whole := read(t, h.path(file))
				h.put(t, file, read(t, h.path("altered.json")))
				if out, err := byHand(); err == nil || !strings.Contains(out, "content.json: FAILED") {
					t.Errorf("after %s: %v: %s", edit, err, out)
				}
				write(t, h.path(file), whole)
			}
		})
	}
}

// runReadme types the commands that verify --extract writes.
func runReadme(t *testing.T, h handover, dir, file string) {
	t.Helper()
	ran := 0
	for line := range strings.Lines(string(read(t, filepath.Join(dir, "README.txt")))) {
		command, _, _ := strings.Cut(line, " ")
		if command != "echo" && command != "age" && command != "ssh-keygen" {
			continue
		}
		ran++
		line = strings.NewReplacer("KEY", h.path("rev.key"), "BUNDLE", h.path(file)).Replace(line)
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
	}
	if ran < 3 {
		t.Errorf("README.txt has %d commands", ran)
	}
}
