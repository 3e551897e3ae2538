package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
	"github.com/urfave/cli/v2"

	"github.com/mailferry/mailferry/exporter/source"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/internal/secretsfile"
	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/internal/terminal"
	"github.com/mailferry/mailferry/schema"
)

// openedFile is a file that can be read twice.
type openedFile struct {
	*io.SectionReader
	io.Closer
}

// Len is the file's size in bytes.
func (f openedFile) Len() int { return int(f.Size()) }

// openFile opens a file of at most maxFile. What has no place to go back to, such
// as a pipe, is read into memory.
func (e *env) openFile(path string) (openedFile, error) {
	inMemory := func(raw []byte, err error) (openedFile, error) {
		return openedFile{io.NewSectionReader(bytes.NewReader(raw), 0, int64(len(raw))), io.NopCloser(nil)}, err
	}
	if path == stdio {
		return inMemory(e.stdin())
	}
	f, info, err := safefile.Open(path)
	if err != nil {
		return openedFile{}, err
	}
	if info.Mode().IsRegular() && info.Size() <= maxFile {
		return openedFile{io.NewSectionReader(f, 0, info.Size()), f}, nil
	}
	defer f.Close()
	if info.Mode().IsRegular() {
		return openedFile{}, tooLarge(path, maxFile)
	}
	return inMemory(readWhole(path, f, maxFile))
}

// readWhole reads what path names to its end, up to a size.
func readWhole(path string, r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: cannot be read to its end", shown(path))
	case int64(len(raw)) > limit:
		return nil, tooLarge(path, limit)
	}
	return raw, nil
}

func tooLarge(path string, limit int64) error {
	return fmt.Errorf("%s: larger than %d bytes", shown(path), limit)
}

// readFile reads a whole file that is no bundle.
func (e *env) readFile(path string) ([]byte, error) {
	f, err := e.openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readWhole(path, f, maxRead)
}

// readText is readFile for a document that people write, in any encoding that
// shows itself.
func (e *env) readText(path string) ([]byte, error) {
	raw, err := e.readFile(path)
	if err != nil {
		return nil, err
	}
	text, _, err := safefile.Text(raw)
	if err != nil {
		return nil, at(path, err)
	}
	return []byte(text), nil
}

// readDocument is readText for a document that parse reads. hint says what writes one
// that is well-formed.
func readDocument[T any](e *env, path string, parse func([]byte) (T, error), hint string) (T, error) {
	var none T
	raw, err := e.readText(path)
	if err != nil {
		return none, err
	}
	doc, err := parse(raw)
	if err != nil {
		return none, advise(at(path, err), "%s", hint)
	}
	return doc, nil
}

// readPrivate is readFile for a file that holds what others must not read.
func (e *env) readPrivate(path, what string) ([]byte, error) {
	raw, err := e.readFile(path)
	if err == nil {
		e.warnExposed(path, what)
	}
	return raw, err
}

// warnExposed warns, once in a run, of a file that others can read.
func (e *env) warnExposed(path, what string) {
	info, err := os.Stat(path)
	if path == stdio || err != nil || !safefile.Exposed(info) || e.exposed[path] {
		return
	}
	e.exposed[path] = true
	e.warn(fmt.Sprintf("%s: holds %s and other people on this machine can read it; chmod 600 it", path, what))
}

// secretsFile reads the file of --secrets, or asks on the terminal for those
// wanted where the flag says "-".
func (e *env) secretsFile(c *cli.Context, wanted []schema.SecretKey) (schema.Secrets, error) {
	file := c.String("secrets")
	switch file {
	case "":
		return nil, nil
	case "-":
		t, err := terminal.Open()
		if err != nil {
			return nil, err
		}
		defer t.Close()
		return secretsfile.Prompt(c.Context, t, wanted)
	}
	var doubts schema.Errors
	secrets, err := secretsfile.Read(file, c.String("encoding"),
		func() ([]age.Identity, error) { return e.identities(c) }, func(w schema.Warning) {
			if w.Doubt && c.Bool("strict") {
				doubts.Add(w.Err())
				return
			}
			e.warning(w)
		})
	if err != nil {
		// A file of another kind is named as such, as among the sources.
		if raw, _, readErr := sheet.ReadFile(file); readErr == nil {
			_, kindErr := source.KindOfFile(file, bytes.NewReader(raw), int64(len(raw)))
			err = cmp.Or(kindErr, err)
		}
	}
	doubts.Add(err)
	return secrets, doubts.Err()
}
