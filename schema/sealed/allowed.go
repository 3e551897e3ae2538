package sealed

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
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
	// Warnings are of principals that look alike.
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
// Times without a Z are in the system's time zone, as ssh-keygen takes them; where
// that is one that Go cannot read, they are errors.
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

func parseAllowedLine(line string) (allowedLine, error) {
	l := allowedLine{validBefore: forever}
	principals, rest, err := cutPrincipals(line)
	if err != nil {
		return l, err
	}
	_, comment, _, _, _ := ssh.ParseAuthorizedKey([]byte(rest)) // no key is setKey's to say
	read := strings.TrimRight(line[:strings.LastIndex(line, comment)], " \t")
	if !utf8.ValidString(read) {
		return l, errors.New("not valid UTF-8")
	}
	if !isPrintable(strings.ReplaceAll(read, "\t", " ")) {
		return l, errors.New("a control or invisible character")
	}
	if err := l.setPrincipals(principals); err != nil {
		return l, err
	}
	return l, l.setKey(rest)
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
	matches := patternList(list)
	for _, p := range list {
		if len(p) > schema.MaxPrincipal {
			return fmt.Errorf("a principal longer than %d bytes", schema.MaxPrincipal)
		}
		if strings.ContainsAny(p, "*?") {
			continue
		}
		if p != "" && p[0] != '!' && matches(p) {
			l.literals = append(l.literals, p)
		}
	}
	return nil
}

const maxPattern = 1022 // OpenSSH takes no more into its buffer, and then matches nothing

var allowedOption = regexp.MustCompile(`(?i)^(?:cert-authority|(namespaces|valid-after|valid-before)="((?:\\"|[^"])*)")$`)

// setKey reads the key and the options before it, which are those of authorized_keys
// in their form.
func (l *allowedLine) setKey(rest string) error {
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return errors.New("no SSH public key that can be read, alone or behind options")
	}
	l.key = key
	// The library passes over empty options, ssh-keygen not over one at the end.
	begin := cmp.Or(strings.Join(options, ","), key.Type())
	if !strings.HasPrefix(rest, begin+" ") && !strings.HasPrefix(rest, begin+"\t") {
		return errors.New("an empty option")
	}
	seen := map[string]bool{}
	for _, o := range options {
		m := allowedOption.FindStringSubmatch(o)
		if m == nil {
			return fmt.Errorf("not a known option, its value in double quotes: %s", schema.Quote(o))
		}
		name, value := strings.ToLower(m[1]), strings.ReplaceAll(m[2], `\"`, `"`)
		if seen[name] {
			return fmt.Errorf("option %s stands twice", schema.Quote(o))
		}
		seen[name] = true
		switch name {
		case "":
			l.authority = true
		case "namespaces":
			l.namespaces = &value
			if slices.ContainsFunc(strings.Split(value, ","), func(p string) bool { return len(p) > maxPattern }) {
				err = fmt.Errorf("a pattern longer than %d bytes, which ssh-keygen does not read", maxPattern)
			}
		case "valid-after":
			l.validAfter, err = parseAllowedTime(value, localZone())
		case "valid-before":
			l.validBefore, err = parseAllowedTime(value, localZone())
		}
		if err != nil {
			return fmt.Errorf("option %s: %w", name, err)
		}
	}
	if !l.validBefore.After(l.validAfter) {
		return errors.New("valid-before is not after valid-after")
	}
	return nil
}

var forever = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

// localZone is the system's time zone, or nil where TZ is no zone's name or file: Go
// then takes UTC without a word, and the C library what TZ says, such as CET-1CEST.
func localZone() *time.Location {
	tz := strings.TrimPrefix(os.Getenv("TZ"), ":")
	if tz != "" && tz != "UTC" && time.Local.String() == "UTC" {
		return nil
	}
	return time.Local
}

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
	if local == nil {
		return time.Time{}, schema.Hint(errors.New("a local time, in a time zone that is not known here"),
			"put a Z behind it, which makes it UTC: 20260131120000Z")
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

// allows reports whether the line lets its key sign in our namespace.
func (l allowedLine) allows() bool {
	return l.namespaces == nil || patternList(strings.Split(*l.namespaces, ","))(StatementNamespace)
}

// validAt takes both bounds as belonging to the time within, as ssh-keygen does.
func (l allowedLine) validAt(t time.Time) bool {
	return !t.Before(l.validAfter) && !t.After(l.validBefore)
}

// patternList matches as ssh_config(5) says under PATTERNS: some pattern matches, and
// none behind a ! does.
func patternList(list []string) func(string) bool {
	var wanted, unwanted []func(string) bool
	for _, p := range list {
		if p, negated := strings.CutPrefix(p, "!"); negated {
			unwanted = append(unwanted, human.Glob(p))
		} else {
			wanted = append(wanted, human.Glob(p))
		}
	}
	return func(s string) bool {
		matches := func(pattern func(string) bool) bool { return pattern(s) }
		return slices.ContainsFunc(wanted, matches) && !slices.ContainsFunc(unwanted, matches)
	}
}
