package sealed

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// Endings of the names of statement files: one that is in use, one whose bundle is
// about to take the place of another, and one whose bundle has lost its place.
const (
	statementSuffix = ".statement"
	stagedSuffix    = ".new"
	voidSuffix      = ".void"
)

// Collected is what was found about a bundle.
type Collected struct {
	Evidence   []Evidence
	Unreadable []Unreadable
}

// Unreadable is a file beside a bundle that looks like a statement and cannot be
// read as one: it may be a rejection that a download cut off.
type Unreadable struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// StatementsBeside lists the files beside a bundle that are statements or look
// like one, whatever their names and whatever they are about.
func StatementsBeside(bundle string) ([]string, error) {
	n := namesOf(bundle)
	files, err := n.files()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(files, func(file string) bool {
		if !n.mayBe(file) {
			return true
		}
		_, raw, err := readStatement(file)
		return err != nil && !looksLikeStatement(file, raw)
	}), nil
}

// names distinguishes the statement files of a bundle from other files by name. A
// bundle behind a symbolic link has two names and may have two folders: statements
// are written beside the file, and people put what they are sent beside the link.
type names struct {
	dirs, bases []string
	ours        *regexp.Regexp // as WriteStatement names them: the second of a key ends in .2.statement
	laid        *regexp.Regexp // the same, and what mail and downloads make of it
}

func namesOf(bundle string) names {
	var n names
	var quoted []string
	for _, path := range slices.Compact([]string{safefile.Real(bundle), bundle}) {
		dir, base := filepath.Split(path)
		if dir = cmp.Or(dir, "."); len(n.dirs) == 0 || !safefile.Same(n.dirs[0], dir) {
			n.dirs = append(n.dirs, dir)
		}
		n.bases, quoted = append(n.bases, base), append(quoted, regexp.QuoteMeta(base))
	}
	either := `^(?:` + strings.Join(quoted, "|") + `)\.[0-9a-f]{8}`
	n.ours = regexp.MustCompile(either + `(\.[0-9]{1,6})?\.statement$`)
	n.laid = regexp.MustCompile(`(?i)` + either + `\b`)
	return n
}

func (n names) files() ([]string, error) {
	var out []string
	for _, dir := range n.dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("statements: %w", err)
		}
		for _, e := range entries {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// isLaid reports whether a file lies there as a statement about this very file,
// so that one about another content is an alarm.
func (n names) isLaid(name string) bool {
	at := n.laid.FindStringIndex(name)
	if at == nil {
		return false
	}
	rest := strings.ToLower(name[at[1]:])
	return !strings.Contains(rest, voidSuffix) && !strings.Contains(rest, stagedSuffix)
}

// mayBe reports whether a file is looked into.
func (n names) mayBe(file string) bool {
	name := filepath.Base(file)
	lower := strings.ToLower(name)
	if slices.Contains(n.bases, name) || !strings.Contains(lower, "statement") &&
		!slices.ContainsFunc(n.bases, func(base string) bool { return strings.HasPrefix(lower, strings.ToLower(base)) }) {
		return false
	}
	info, err := os.Stat(file)
	return err != nil || info.Mode().IsRegular()
}

// looksLikeStatement reports whether what cannot be read as a statement may have
// been one: by the end of the name, by the content in whatever encoding, or by
// its name where the content is text. It keeps a PDF from being taken for one, and
// what macOS and Windows lay beside a file that came from elsewhere.
func looksLikeStatement(file string, raw []byte) bool {
	const appleDouble, zone = "\x00\x05\x16\x07", ":zone.identifier"
	lower := strings.ToLower(filepath.Base(file))
	switch {
	case bytes.HasPrefix(raw, []byte(appleDouble)), strings.HasSuffix(lower, zone):
		return false
	case strings.Contains(lower, statementSuffix):
		return true
	case bytes.Contains(bytes.ReplaceAll(raw, []byte{0}, nil), []byte("mailferry/statement/")):
		return true
	}
	return strings.Contains(lower, "statement") && utf8.Valid(raw) && !bytes.Contains(raw, []byte{0})
}

// ReadStatement reads one statement file strictly. The signature is not looked
// at: see CheckStatement and Evaluate.
func ReadStatement(file string) (Evidence, error) {
	s, _, err := readStatement(file)
	if err != nil {
		return Evidence{}, fmt.Errorf("statement %s: %w", file, err)
	}
	return Evidence{File: file, Statement: s}, nil
}

func readStatement(file string) (s schema.Statement, raw []byte, err error) {
	if raw, err = readBounded(file, schema.MaxStatementFile); err == nil {
		s, err = schema.DecodeStatement(raw)
	}
	return s, raw, err
}

// CollectStatements gathers the evidence about an opened bundle: what lies beside
// its file, what extra names, and what is embedded in a cloud bundle, whose File
// is empty.
//
// A bundle that no file holds (bundleFile "") has nothing beside it.
//
// Beside the file, and beside a link that leads to it, those named as WriteStatement names them are taken whatever
// they are about, and the first that cannot be read is the error. Mail and
// downloads rename files, so every other regular file there whose name contains
// "statement", in any case, or begins with the bundle's is taken too where it is
// a statement about the bundle's id, whatever content, or about the content of its
// origin; one that looks like a statement and is none that can be read is
// Unreadable.
func CollectStatements(bundleFile string, o *Opened, extra []string) (Collected, error) {
	var c Collected
	subject, err := o.Subject()
	if err != nil {
		return c, err
	}
	n := namesOf(bundleFile)
	var beside []string
	if bundleFile != "" {
		if beside, err = n.files(); err != nil {
			return c, err
		}
	}
	named, files := map[string]bool{}, slices.Clone(extra)
	for _, f := range extra {
		named[filepath.Clean(f)] = true
	}
	for _, file := range beside {
		switch name := filepath.Base(file); {
		case n.ours.MatchString(name) && !named[file]:
			files = append(files, file)
		case n.mayBe(file) && !named[file]:
			c.neighbour(file, subject, n.isLaid(name))
		}
		if len(c.Evidence)+len(files) > schema.MaxStatements {
			break
		}
	}
	for _, f := range files {
		e, err := ReadStatement(f)
		if err != nil {
			return c, err
		}
		c.Evidence = append(c.Evidence, e)
	}
	if o.Bundle.Origin != nil {
		for _, s := range o.Bundle.Origin.Statements {
			c.Evidence = append(c.Evidence, Evidence{Statement: s})
		}
	}
	if len(c.Evidence) > schema.MaxStatements {
		return c, fmt.Errorf("statements: more than %d about %s", schema.MaxStatements, bundleFile)
	}
	return c, nil
}

// neighbour takes a file of another name.
func (c *Collected) neighbour(file string, subject StatementSubject, laid bool) {
	s, raw, err := readStatement(file)
	var body *schema.StatementBody
	if err == nil {
		body, err = s.Body()
	}
	switch {
	case err == nil && (body.Bundle == subject.Bundle || subject.aboutWhat(body) == aboutOrigin):
		c.Evidence = append(c.Evidence, Evidence{File: file, Statement: s,
			Aside: !laid && subject.aboutWhat(body) == aboutOther})
	case err != nil && looksLikeStatement(file, raw):
		c.Unreadable = append(c.Unreadable, Unreadable{human.Visible(file), err.Error()})
	}
}

// WriteStatement writes the statement beside the bundle file and returns the
// new file's name. Evidence is never rewritten: a second statement of the same
// key gets the next free number. The file holds no secret, so that anybody may
// read it (0644).
func WriteStatement(bundle string, s schema.Statement) (string, error) {
	return writeStatement(bundle, s, statementSuffix)
}

// StageStatement is WriteStatement for a content that is about to take the place
// of bundle's: it counts once that has happened, and alarms nobody before. Then
// WriteStatement gives it its name.
func StageStatement(bundle string, s schema.Statement) (string, error) {
	return writeStatement(bundle, s, statementSuffix+stagedSuffix)
}

func writeStatement(bundle string, s schema.Statement, suffix string) (string, error) {
	signed, err := CheckStatement(s)
	if err != nil {
		return "", err
	}
	doc, err := schema.MarshalIndent(s)
	if err != nil {
		return "", fmt.Errorf("statement: %w", err)
	}
	for name := range numbered(safefile.Real(bundle)+"."+signed.KeyFP8(), suffix) {
		switch err := safefile.WriteNew(name, doc); {
		case err == nil:
			return name, nil
		case !errors.Is(err, safefile.ErrExists):
			return "", schema.Hint(fmt.Errorf("statement: cannot be written beside %s: %w", bundle, err),
				"statements lie beside their bundle: copy that to a folder of your own")
		}
	}
	return "", fmt.Errorf("statement: more than %d of one key beside %s", schema.MaxStatements, bundle)
}

// numbered yields the names that a file of that stem and ending may have, until one is
// free.
func numbered(stem, suffix string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n, number := 1, ""; n <= schema.MaxStatements && yield(stem+number+suffix); {
			n++
			number = "." + strconv.Itoa(n)
		}
	}
}

// LaidBeside reports whether a file has a name of bundle's statements: those are
// the ones to set aside when the bundle loses its content.
func LaidBeside(bundle, file string) bool { return namesOf(bundle).isLaid(filepath.Base(file)) }

// SetAside renames a statement about a content that its bundle is about to lose to
// FILE.void, or FILE.2.void and so on: evidence is never written over. It goes on
// counting for the content that it is about.
func SetAside(file string) error {
	for name := range numbered(file, voidSuffix) {
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(file, name)
		}
	}
	return fmt.Errorf("%s: too many are set aside already", file)
}
