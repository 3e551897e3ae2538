package jirabackup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

// A value is one value of a row. It may be a password.
type value struct {
	exporter.Cell
	binary bool // and so not kept: Null
}

// value reads the value just opened. Errors do not show it; one that the rest of the
// document can be read behind is in the value's place.
func (r *reader) value(e xml.StartElement) (value, error) {
	kind := e.Name.Local
	if !isKind(e) {
		return value{}, r.errorf("<%.100s> is no kind of value", kind)
	}
	is, given := attribute(e, nsXSI, "nil") // whatever prefix its namespace has
	null, known := map[string]bool{"true": true, "1": true, "false": false, "0": false}[is]
	if given && !known {
		return value{}, r.errorf("nil is neither true nor false")
	}
	tok, err := r.next(kind != "binary")
	if err != nil {
		return value{}, err
	}
	if _, ok := tok.(xml.EndElement); !ok {
		return value{}, r.errorf("an element inside a value")
	}
	switch {
	case null && r.junk:
		return value{}, r.errorf("nil is true, but there is text")
	case null || kind == "binary":
		return value{Cell: exporter.Cell{Null: true}, binary: !null}, nil
	case r.in.damaged(r.text):
		err := r.errorf("holds a character that %s does not have", r.in.encoding)
		return value{Cell: exporter.Cell{Err: err}}, nil
	}
	text, err := parse(kind, string(r.text))
	if err != nil {
		return value{Cell: exporter.Cell{Err: r.errorf("%w", err)}}, nil
	}
	return value{Cell: exporter.Cell{Text: text}}, nil
}

func isKind(e xml.StartElement) bool {
	switch e.Name.Local {
	case "string", "integer", "boolean", "double", "timestamp", "binary":
		return e.Name.Space == nsBackup
	}
	return false
}

// parse gives the text of a value, with every escaping undone, as a database
// would. The kinds are the exporter's choice and differ between databases: what
// is a boolean on PostgreSQL is an integer on Oracle, and a double may be a whole
// number: 587.0.
func parse(kind, text string) (string, error) {
	text, err := unescape(text)
	if err != nil || kind == "string" {
		return text, err
	}
	text = strings.Trim(text, blanks)
	digits := strings.TrimPrefix(text, "-")
	switch {
	case text == "":
		return "", fmt.Errorf("is an empty %s", kind)
	case kind == "integer" && (digits == "" || strings.Trim(digits, "0123456789") != ""):
		return "", errors.New("is no integer")
	case kind == "boolean" && text != "true" && text != "false":
		return "", errors.New("is neither true nor false")
	case kind == "double":
		text = strings.TrimSuffix(text, ".0")
	}
	return text, nil
}

// unescape undoes the exporter's own escaping, which lies beneath XML's: a
// backslash stands as two, a UTF-16 unit that XML cannot carry as \uXXXX. A
// backslash before anything else is kept, as Jira keeps it when it restores.
func unescape(s string) (string, error) {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		if s = rest; strings.HasPrefix(s, `\`) {
			b.WriteByte('\\')
			s = s[1:]
			continue
		}
		r, ok := unicodeEscape(s)
		if !ok {
			b.WriteByte('\\')
			continue
		}
		s = s[5:]
		if utf16.IsSurrogate(r) {
			low, rest := rune(0), strings.TrimPrefix(s, `\`)
			if len(rest) < len(s) {
				low, _ = unicodeEscape(rest)
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return "", schema.Hint(errors.New(`holds half a surrogate pair as \uXXXX`),
					"a character was cut in two when it was saved on Server: type that field anew in Server's panel, save it, and make a new backup")
			}
			s = rest[5:]
		}
		b.WriteRune(r)
	}
}

// unicodeEscape reads the uXXXX of an escape at the start of s.
func unicodeEscape(s string) (rune, bool) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:5], 16, 16)
	return rune(n), err == nil
}
