package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mailferry/mailferry/schema"
)

// refuses N mailferry ARGS… runs a command line that must fail with exit code N,
// one error line, one hint, nothing on stdout, and every file below $WORK as it
// was: no output, no leftover, nothing lost. With -plain before N the error says
// it all and has no hint.
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	hints := 1
	if args[0] == "-plain" {
		hints, args = 0, args[1:]
	}
	before := tree(ts)
	exitcode(ts, neg, args)
	out := ts.ReadFile("stdout")
	if asksJSON(args) {
		ts.Check(schema.DecodeFile("error", []byte(out), new(map[string]any)))
	} else if out != "" {
		ts.Fatalf("stdout is not empty: %s", out)
	}
	stderr := ts.ReadFile("stderr")
	if n := strings.Count(stderr, "mailferry: error: "); n != 1 {
		ts.Fatalf("%d error lines, want 1", n)
	}
	if n := strings.Count(stderr, "mailferry: hint: "); n != hints {
		ts.Fatalf("%d hints, want %d", n, hints)
	}
	after := tree(ts)
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if before[path] != after[path] {
			ts.Fatalf("%s was written or changed", path)
		}
		delete(before, path)
	}
	for path := range before {
		ts.Fatalf("%s is gone", path)
	}
}

// tree tells what lies below $WORK, by path and content.
func tree(ts *testscript.TestScript) map[string]string {
	out := map[string]string{}
	ts.Check(filepath.WalkDir(ts.Getenv("WORK"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		what := d.Type().String()
		if d.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what = fmt.Sprintf("%x", sha256.Sum256(content))
		}
		out[path] = what
		return nil
	}))
	return out
}

// cut N FROM TO writes the first N bytes of a file to another; N below zero
// counts from the end.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	content := ts.ReadFile(args[1])
	if n < 0 {
		n += len(content)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(content[:n]), 0o600))
}

// flip N FROM TO writes a file with one bit of its byte N changed; N below zero
// counts from the end. A base64 character becomes another one: a header that is
// no base64 any more is told otherwise than one that says something else.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	content := []byte(ts.ReadFile(args[1]))
	if n < 0 {
		n += len(content)
	}
	content[n] = flipped(content[n])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), content, 0o600))
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func flipped(b byte) byte {
	bit := byte(1)
	for strings.IndexByte(base64Alphabet, b) >= 0 && strings.IndexByte(base64Alphabet, b^bit) < 0 {
		bit <<= 1
	}
	return b ^ bit
}

func TestAFlippedBase64CharacterIsAnotherOne(t *testing.T) {
	for _, c := range []byte(base64Alphabet) {
		if to := flipped(c); to == c || strings.IndexByte(base64Alphabet, to) < 0 {
			t.Errorf("%c becomes %c", c, to)
		}
	}
	if to := flipped(0); to != 1 {
		t.Errorf("0 becomes %d", to)
	}
}

// zipfile OUT ENTRY=FILE… makes a zip archive, also one that holds an entry
// twice, which the zip command does not. FILE of zeros:N is N zero bytes.
func zipfile(ts *testscript.TestScript, _ bool, args []string) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, a := range args[1:] {
		name, file, _ := strings.Cut(a, "=")
		entry, err := w.Create(name)
		ts.Check(err)
		if zeros, ok := strings.CutPrefix(file, "zeros:"); ok {
			n, err := strconv.ParseInt(zeros, 10, 64)
			ts.Check(err)
			block := make([]byte, 1<<20)
			for ; n > 0; n -= int64(len(block)) {
				_, err := entry.Write(block[:min(n, int64(len(block)))])
				ts.Check(err)
			}
			continue
		}
		_, err = io.WriteString(entry, ts.ReadFile(file))
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), buf.Bytes(), 0o600))
}

// serve VAR ARGS… leaves mailferry sample-cloud ARGS running until the script
// ends, and sets $VAR to the URL that it prints once it answers.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command(binary(ts), append([]string{"sample-cloud"}, args[1:]...)...)
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		ts.Fatalf("sample-cloud: %v", err)
	}
	ts.Setenv(args[0], strings.TrimSpace(url))
}

// binary is where the scripts' mailferry lies.
func binary(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, "mailferry"); exists(path) {
			return path
		}
	}
	ts.Fatalf("mailferry is not on PATH")
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
