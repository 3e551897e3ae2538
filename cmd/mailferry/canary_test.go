//go:build unix

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"filippo.io/age"
)

// A canary is a secret that must be found nowhere but where it was put and where
// it was sealed. Its core is made of letters and digits alone, which survive
// every escaping; what stands around it does not.
type canary struct {
	label string
	value string
	core  string
}

// newCanary makes a secret with the characters that encodings change.
func newCanary(label string) canary {
	core := "Canary" + label + "Zq7xVw3"
	return canary{label, `p"&` + core + `<é\+/=`, core}
}

// detector finds canaries in bytes, in the forms that programs write secrets in.
type detector struct {
	forms []form
}

type form struct {
	canary, name string
	bytes        []byte
}

func newDetector(canaries ...canary) *detector {
	d := &detector{}
	for _, c := range canaries {
		add := func(name string, b []byte) { d.forms = append(d.forms, form{c.label, name, b}) }
		for _, text := range []string{c.core, c.value} {
			quoted, err := json.Marshal(text)
			if err != nil {
				panic(err) // a string always marshals
			}
			add("as it is", []byte(text))
			add("in JSON", quoted[1:len(quoted)-1])
			add("in Go quotes", []byte(strings.Trim(fmt.Sprintf("%q", text), `"`)))
			add("in a URL", []byte(url.QueryEscape(text)))
			add("in a URL's path", []byte(url.PathEscape(text)))
			add("in HTML", []byte(html.EscapeString(text)))
			add("in CSV", []byte(strings.ReplaceAll(text, `"`, `""`)))
			add("in hex", []byte(hex.EncodeToString([]byte(text))))
			add("in upper-case hex", []byte(strings.ToUpper(hex.EncodeToString([]byte(text)))))
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
				for _, b := range base64Inside(enc, text) {
					add("in base64", []byte(b))
				}
			}
			var le, be []byte
			for _, u := range utf16.Encode([]rune(text)) {
				le, be = append(le, byte(u), byte(u>>8)), append(be, byte(u>>8), byte(u))
			}
			add("in UTF-16", le)
			add("in UTF-16", be)
		}
		add("in lower case", []byte(strings.ToLower(c.core)))
	}
	return d
}

// base64Inside is what base64 shows of a text that stands anywhere in what is
// encoded: one form for each of the three alignments, without the characters
// that its neighbours have a part in.
func base64Inside(enc *base64.Encoding, text string) []string {
	var out []string
	for lead := range 3 {
		padded := strings.Repeat("\x00", lead) + text
		whole := enc.EncodeToString([]byte(padded))
		from := (lead*8 + 5) / 6
		to := len(padded) * 8 / 6
		out = append(out, whole[from:to])
	}
	return out
}

// find names each canary found.
func (d *detector) find(b []byte) []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range d.forms {
		if !seen[f.canary] && bytes.Contains(b, f.bytes) {
			seen[f.canary] = true
			out = append(out, f.canary+" "+f.name)
		}
	}
	return out
}

// findIn looks through every file below dir, also in its name, and in what age
// files open to: outside the sealed parts nothing may hold a secret.
func (d *detector) findIn(t *testing.T, dir string, ids ...age.Identity) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		for _, found := range d.find([]byte(rel)) {
			out = append(out, "a file's name: "+found)
		}
		if !e.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range d.find(content) {
			out = append(out, rel+": "+found)
		}
		if r, err := age.Decrypt(bytes.NewReader(content), ids...); err == nil && len(ids) > 0 {
			var plain bytes.Buffer
			if _, err := plain.ReadFrom(r); err != nil {
				return nil // cut off on purpose
			}
			for _, found := range d.find(plain.Bytes()) {
				out = append(out, rel+", opened: "+found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheDetectorKnowsEveryForm(t *testing.T) {
	c := newCanary("Self")
	d := newDetector(c)
	quoted, _ := json.Marshal(map[string]string{"a": c.value})
	for name, text := range map[string]string{
		"plain": "x" + c.value + "y", "a part of it": c.core, "JSON": string(quoted), "URL": "?t=" + url.QueryEscape(c.value),
		"HTML": "<td>" + html.EscapeString(c.value), "hex": fmt.Sprintf("%x", "ab"+c.value), "HEX": fmt.Sprintf("%X", c.value), "Go": fmt.Sprintf("%q", c.value),
		"base64":             base64.StdEncoding.EncodeToString([]byte(c.value)),
		"base64 behind one":  base64.StdEncoding.EncodeToString([]byte("x" + c.value + "yz")),
		"base64 behind two":  base64.RawURLEncoding.EncodeToString([]byte("user:" + c.value)),
		"base64 behind four": base64.URLEncoding.EncodeToString([]byte("abcd" + c.value + "0")),
	} {
		if len(d.find([]byte(text))) != 1 {
			t.Errorf("%s is not detected: %s", name, text)
		}
	}
	for _, innocent := range []string{"", "Canary", "made-up", base64.StdEncoding.EncodeToString([]byte("Canary Self")), newCanary("Other").value} {
		if found := d.find([]byte(innocent)); len(found) > 0 {
			t.Errorf("%q is taken for %q", innocent, found)
		}
	}
}

// TestNoCommandLeaksASecret runs every command of the tree, in success and in
// failure, and looks for every secret in all that it printed and wrote. A command
// that the walk does not know fails the test: whoever adds one adds its runs.
func TestNoCommandLeaksASecret(t *testing.T) {
	t.Parallel() // most of it is waiting between retries
	w := newWalk(t)
	runs := w.runs()
	for _, l := range leaves(processEnv().app().Commands) {
		tries, known := runs[l.String()]
		if !known || len(tries) == 0 {
			t.Errorf("nobody has said how to run mailferry %s: add it to the walk", l)
			continue
		}
		succeeded, failed := false, false
		for _, r := range tries {
			for _, extra := range [][]string{nil, {"--json"}, {"--verbose"}} {
				if extra != nil && !l.takes(extra[0]) {
					continue
				}
				code := w.run(l, r, extra...)
				succeeded, failed = succeeded || code == 0, failed || code != 0
			}
		}
		// A secret is revealed on a terminal alone; the sample Clouds run all along.
		if !succeeded && l.String() != "reveal" && l.String() != "sample-cloud" {
			t.Errorf("mailferry %s: no run succeeds", l)
		}
		if !failed {
			t.Errorf("mailferry %s: no run fails", l)
		}
		for _, found := range w.detector.findIn(t, w.out, w.ids...) {
			t.Errorf("after mailferry %s: %s", l, found)
		}
		delete(runs, l.String())
	}
	for name := range runs {
		t.Errorf("the walk runs mailferry %s, which there is not", name)
	}
	w.stop()
	for _, found := range w.detector.findIn(t, w.out, w.ids...) {
		t.Errorf("at the end: %s", found)
	}
}

// A check that cannot turn red proves nothing: with a leak switched on, each way
// out is detected.
func TestADeliberateLeakTurnsTheCheckRed(t *testing.T) {
	for _, way := range leakWays() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			w := newWalk(t)
			cmd := w.command("audit", "-i", w.in("ops.key"), "cloud.age")
			cmd.Env = append(cmd.Env, leakSwitch+"="+way)
			var printed bytes.Buffer
			cmd.Stdout, cmd.Stderr = &printed, &printed
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, printed.String())
			}
			found := append(w.detector.find(printed.Bytes()), w.detector.findIn(t, w.out, w.ids...)...)
			if len(found) == 0 {
				t.Errorf("the leak is not detected; printed: %s", printed.String())
			}
		})
	}
}
