package sealed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// statementSuffix ends the name of every statement file.
const statementSuffix = ".statement"

// maxStatements bounds the statements of one bundle, files and embedded alike,
// to what a cloud bundle takes in.
const maxStatements = 1000

// StatementsBeside lists the statement files of a bundle file by their names:
// BUNDLE.KEYFP8.statement, and BUNDLE.KEYFP8.2.statement and so on where one key
// said more than one thing. No file is read.
func StatementsBeside(bundle string) ([]string, error) {
	dir, base := filepath.Split(bundle)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("statements: %w", err)
	}
	middle := regexp.MustCompile(`^\.[0-9a-f]{8}(\.[0-9]{1,6})?$`)
	var out []string
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base)
		rest, isStatement := strings.CutSuffix(rest, statementSuffix)
		if ok && isStatement && middle.MatchString(rest) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	if len(out) > maxStatements {
		return nil, fmt.Errorf("statements: more than %d beside %s", maxStatements, bundle)
	}
	return out, nil
}

// ReadStatement reads one statement file strictly. The signature is not looked
// at: see CheckStatement and Evaluate.
func ReadStatement(file string) (Evidence, error) {
	raw, err := readBounded(file, schema.MaxStatementFile)
	if err != nil {
		return Evidence{}, fmt.Errorf("statement: %w", err)
	}
	s, err := schema.DecodeStatement(raw)
	if err != nil {
		return Evidence{}, fmt.Errorf("statement %s: %w", file, err)
	}
	return Evidence{File: file, Statement: s}, nil
}

// CollectStatements gathers the evidence about a bundle: the files beside it,
// those named in extra, and the ones embedded in a cloud bundle, whose File is
// empty. The first file that cannot be read is the error.
func CollectStatements(bundleFile string, b *schema.Bundle, extra []string) ([]Evidence, error) {
	files, err := StatementsBeside(bundleFile)
	if err != nil {
		return nil, err
	}
	var out []Evidence
	seen := map[string]bool{}
	for _, f := range slices.Concat(files, extra) {
		name := filepath.Clean(f)
		if seen[name] {
			continue
		}
		seen[name] = true
		e, err := ReadStatement(f)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	if b.Origin != nil {
		for _, s := range b.Origin.Statements {
			out = append(out, Evidence{Statement: s})
		}
	}
	if len(out) > maxStatements {
		return nil, fmt.Errorf("statements: more than %d about %s", maxStatements, bundleFile)
	}
	return out, nil
}

// WriteStatement writes the statement beside the bundle file and returns the
// new file's name. Evidence is never rewritten: a second statement of the same
// key gets the next free number. The file holds no secret, so that anybody may
// read it (0644).
func WriteStatement(bundle string, s schema.Statement) (string, error) {
	signed, err := CheckStatement(s)
	if err != nil {
		return "", err
	}
	doc, err := s.Encode()
	if err != nil {
		return "", fmt.Errorf("statement: %w", err)
	}
	temp, err := writeTemp(filepath.Dir(bundle), doc)
	if err != nil {
		return "", schema.Hint(fmt.Errorf("statement: cannot be written beside %s", bundle), "statements lie beside their bundle: copy that to a folder of your own")
	}
	defer os.Remove(temp)
	stem := bundle + "." + signed.KeyFP8()
	for n := 1; n <= maxStatements; n++ {
		name := stem + statementSuffix
		if n > 1 {
			name = stem + "." + strconv.Itoa(n) + statementSuffix
		}
		err := placeNew(temp, name, doc)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("statement: %w", err)
		}
	}
	return "", fmt.Errorf("statement: more than %d of one key beside %s", maxStatements, bundle)
}

func writeTemp(dir string, doc []byte) (string, error) {
	f, err := os.CreateTemp(dir, ".mailferry-*.tmp")
	if err != nil {
		return "", err
	}
	_, err = f.Write(doc)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// placeNew gives temp the name, never in place of another file: a hard link
// fails where the name is taken. File systems without links, such as those of
// USB sticks, get an exclusively created file instead, removed when it cannot
// be written whole.
func placeNew(temp, name string, doc []byte) error {
	err := os.Link(temp, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return writeNew(name, doc)
}

// writeNew creates a file that must not exist, whole or not at all.
func writeNew(name string, doc []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(doc)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(name)
	}
	return err
}
