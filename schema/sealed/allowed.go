package sealed

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// AllowedSigners says whose SSH keys are trusted, in the format that
// ssh-keygen(1) describes under ALLOWED SIGNERS. It decides who counts, so it
// must come from whoever verifies, never from the bundle's sender. Nil lists
// nobody.
type AllowedSigners struct {
	raw    []byte
	lines  []allowedLine
	byKey  map[string][]int // public key blob → lines, certificate authorities left out
	people []*Person
	names  map[string]*spelling // by principal or key blob
	// Warnings are lines that were read and do nothing here, and principals that
	// look alike.
	Warnings []string
}

// allowedLine is one line. literals are the principals that name somebody:
// without wildcards, and not negated on the same line.
type allowedLine struct {
	number      int
	literals    []string
	key         ssh.PublicKey
	authority   bool
	namespaces  *string // a pattern list; nil allows all
	validAfter  time.Time
	validBefore time.Time // forever where the line does not say
}

// ParseAllowedSigners reads an allowed_signers file; name is for messages. Every
// line must be right: those that are not are errors, with their numbers. Comments
// may be in any encoding, as ssh-keygen takes them.
// Times without a Z are in the system's time zone, as ssh-keygen takes them.
func ParseAllowedSigners(name string, raw []byte) (*AllowedSigners, error) {
	if len(raw) > schema.MaxAllowedFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, schema.MaxAllowedFile)
	}
	lines, err := safefile.Lines(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a := &AllowedSigners{raw: []byte(strings.Join(lines, "\n")), byKey: map[string][]int{}}
	var errs schema.Errors
	for i, line := range lines {
		line = strings.Trim(line, " \t")
		if line == "" || line[0] == '#' {
			continue
		}
		l, err := parseAllowedLine(line)
		if err != nil {
			errs.Add(fmt.Errorf("%s:%d: %w", name, i+1, err))
			continue
		}
		l.number = i + 1
		if warning := l.warning(); warning != "" {
			a.Warnings = append(a.Warnings, fmt.Sprintf("%s:%d: %s", name, l.number, warning))
		}
		if !l.authority {
			blob := string(l.key.Marshal())
			a.byKey[blob] = append(a.byKey[blob], len(a.lines))
		}
		a.lines = append(a.lines, l)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	a.connect(name)
	return a, nil
}

// warning says why a line that is right does nothing. A file shared with other
// tools has such lines, so they are no errors.
func (l allowedLine) warning() string {
	if l.authority {
		return "cert-authority names nobody here: certificates are not taken"
	}
	if len(l.literals) == 0 {
		return "no principal without wildcards, so the key names nobody here"
	}
	if err := checkStatementKey(l.key); err != nil {
		return err.Error()
	}
	return ""
}

func parseAllowedLine(line string) (allowedLine, error) {
	l := allowedLine{validBefore: forever}
	if !utf8.ValidString(line) {
		return l, errors.New("not valid UTF-8")
	}
	if !isPrintable(strings.ReplaceAll(line, "\t", " ")) {
		return l, errors.New("a control or invisible character")
	}
	principals, rest, err := cutPrincipals(line)
	if err != nil {
		return l, err
	}
	if err := l.setPrincipals(principals); err != nil {
		return l, err
	}
	if l.key, err = parseAllowedKey(rest); err == nil {
		return l, nil
	}
	if rest, err = l.setOptions(rest); err == nil {
		l.key, err = parseAllowedKey(rest)
	}
	return l, err
}

// cutPrincipals cuts the first field, which may stand in double quotes.
func cutPrincipals(line string) (principals, rest string, err error) {
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		principals, rest, ok = strings.Cut(quoted, `"`)
		if !ok {
			return "", "", errors.New("a quotation mark does not end")
		}
	} else if i := strings.IndexAny(line, " \t"); i >= 0 {
		principals, rest = line[:i], line[i:]
	}
	if rest = strings.TrimLeft(rest, " \t"); rest == "" {
		return "", "", schema.Hint(errors.New("not a line of principals and a key"),
			`a line looks like: anna@corp.example namespaces="mailferry" ssh-ed25519 AAAA…`)
	}
	return principals, rest, nil
}

func (l *allowedLine) setPrincipals(field string) error {
	list := strings.Split(field, ",")
	if len(list) > schema.MaxAllowedPrincipals {
		return fmt.Errorf("more than %d principals", schema.MaxAllowedPrincipals)
	}
	for _, p := range list {
		if len(p) > schema.MaxPrincipal {
			return fmt.Errorf("a principal longer than %d bytes", schema.MaxPrincipal)
		}
		if strings.ContainsAny(p, "*?") {
			continue
		}
		if p != "" && p[0] != '!' && matchPatternList(p, list) {
			l.literals = append(l.literals, p)
		}
	}
	return nil
}

// setOptions reads the options before a key, and returns what follows them.
func (l *allowedLine) setOptions(s string) (rest string, err error) {
	for seen := map[string]bool{}; ; {
		asWritten, after := s, ""
		if i := strings.IndexAny(s, "=, \t"); i >= 0 {
			asWritten, after = s[:i], s[i:]
		}
		name := strings.ToLower(asWritten)
		if seen[name] {
			return "", fmt.Errorf("option %s stands twice", name)
		}
		seen[name] = true
		switch name {
		case "cert-authority":
			l.authority = true
		case "namespaces", "valid-after", "valid-before":
			var value string
			if value, after, err = optionValue(name, after); err == nil {
				err = l.set(name, value)
			}
		default:
			err = fmt.Errorf("neither a key nor a known option: %s", schema.Quote(asWritten))
		}
		if err != nil {
			return "", err
		}
		var more bool
		if s, more = strings.CutPrefix(after, ","); more {
			continue
		}
		if after != "" && !strings.ContainsAny(after[:1], " \t") {
			return "", fmt.Errorf("option %s is not followed by a comma and another, or a blank and the key", name)
		}
		if !l.validBefore.After(l.validAfter) {
			return "", errors.New("valid-before is not after valid-after")
		}
		return after, nil
	}
}

func (l *allowedLine) set(option, value string) error {
	if option == "namespaces" {
		l.namespaces = &value
		return nil
	}
	t, err := parseAllowedTime(value, time.Local)
	if err != nil {
		return fmt.Errorf("option %s: %w", option, err)
	}
	if option == "valid-after" {
		l.validAfter = t
	} else {
		l.validBefore = t
	}
	return nil
}

// optionValue reads ="…"; a backslash keeps a quotation mark within.
func optionValue(name, s string) (value, rest string, err error) {
	s, ok := strings.CutPrefix(s, `="`)
	if !ok {
		return "", "", fmt.Errorf("option %s wants a value in double quotes", name)
	}
	for i := range len(s) {
		if s[i] == '"' && (i == 0 || s[i-1] != '\\') {
			return strings.ReplaceAll(s[:i], `\"`, `"`), s[i+1:], nil
		}
	}
	return "", "", fmt.Errorf("option %s: a quotation mark does not end", name)
}

var forever = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

// parseAllowedTime reads YYYYMMDD or YYYYMMDDHHMM[SS], in UTC with a Z or UTC
// behind, else in local.
func parseAllowedTime(s string, local *time.Location) (time.Time, error) {
	digits := s
	for _, zone := range []string{"Z", "z", "UTC"} {
		if d, ok := strings.CutSuffix(s, zone); ok {
			digits, local = d, time.UTC
			break
		}
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) != len(digits) {
			continue
		}
		if t, err := time.ParseInLocation(layout, digits, local); err == nil && t.Unix() > 0 {
			return t, nil
		}
	}
	return time.Time{}, errors.New("not a time like 20260131, 20260131Z or 20260131120000Z")
}

func parseAllowedKey(s string) (ssh.PublicKey, error) {
	fields := strings.Fields(s)
	if len(fields) < 2 {
		return nil, errors.New("no key")
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return nil, errors.New("the key is not base64")
	}
	k, err := ssh.ParsePublicKey(blob)
	if err != nil || k.Type() != fields[0] {
		return nil, fmt.Errorf("not a public key of type %s", schema.Quote(fields[0]))
	}
	return k, nil
}

// allows reports whether the line lets its key sign in our namespace.
func (l allowedLine) allows() bool {
	return l.namespaces == nil || matchPatternList(StatementNamespace, strings.Split(*l.namespaces, ","))
}

// validAt takes both bounds as belonging to the time within, as ssh-keygen does.
func (l allowedLine) validAt(t time.Time) bool {
	return !t.Before(l.validAfter) && !t.After(l.validBefore)
}

// matchPatternList matches as ssh_config(5) says under PATTERNS: some pattern
// matches, and none behind a ! does.
func matchPatternList(s string, list []string) bool {
	found := false
	for _, p := range list {
		p, negated := strings.CutPrefix(p, "!")
		if human.Glob(p, s) {
			if negated {
				return false
			}
			found = true
		}
	}
	return found
}
