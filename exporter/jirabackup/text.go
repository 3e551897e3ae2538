package jirabackup

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxReference bounds a reference such as &amp; or &#x1F600;, so that one that
// does not end is not searched for through the whole document.
const maxReference = 32

// parseReference reads the reference at the start of p, which begins with an
// ampersand, and gives its character and its length. Only the five references
// of XML and character references exist: without a DTD there are no others.
func parseReference(p []byte) (rune, int, error) {
	// The ones that escaped HTML is full of come first and fast.
	switch {
	case len(p) >= 4 && string(p[:4]) == "&lt;":
		return '<', 4, nil
	case len(p) >= 4 && string(p[:4]) == "&gt;":
		return '>', 4, nil
	case len(p) >= 5 && string(p[:5]) == "&amp;":
		return '&', 5, nil
	case len(p) >= 6 && string(p[:6]) == "&quot;":
		return '"', 6, nil
	case len(p) >= 6 && string(p[:6]) == "&apos;":
		return '\'', 6, nil
	}
	end := bytes.IndexByte(p[:min(len(p), maxReference)], ';')
	if end < 0 {
		return 0, 0, fmt.Errorf("an ampersand begins no reference that ends within %d bytes", maxReference)
	}
	name := string(p[1:end])
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, 0, fmt.Errorf("entity &%s; is none of the five of XML", quoteLess(name))
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isXMLChar(rune(min(n, utf8.MaxRune+1))) {
		return 0, 0, fmt.Errorf("reference &%s; is no character of XML", quoteLess(name))
	}
	return rune(n), end + 1, nil
}

// quoteLess makes a name from the document fit to be printed without quotes.
func quoteLess(s string) string {
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

// checkReferences checks all references in character data that is skipped, and
// gives the index of one that is wrong.
func checkReferences(p []byte) (bad int, err error) {
	for i := 0; ; {
		next := bytes.IndexByte(p[i:], '&')
		if next < 0 {
			return -1, nil
		}
		i += next
		// Half of all references in escaped HTML, without the call.
		if i+4 <= len(p) && p[i+2] == 't' && p[i+3] == ';' && (p[i+1] == 'l' || p[i+1] == 'g') {
			i += 4
			continue
		}
		_, n, err := parseReference(p[i:])
		if err != nil {
			return i, err
		}
		i += n
	}
}

// appendText appends character data to dst with its references resolved, which
// checkReferences must have found good, and its line ends made line feeds.
func appendText(dst, p []byte) []byte {
	for {
		i := bytes.IndexByte(p, '&')
		if i < 0 {
			return appendLines(dst, p)
		}
		dst = appendLines(dst, p[:i])
		r, n, err := parseReference(p[i:])
		if err != nil {
			return dst
		}
		dst = utf8.AppendRune(dst, r)
		p = p[i+n:]
	}
}

// appendLines appends p with its line ends made line feeds.
func appendLines(dst, p []byte) []byte {
	for {
		i := bytes.IndexByte(p, '\r')
		if i < 0 {
			return append(dst, p...)
		}
		dst = append(append(dst, p[:i]...), '\n')
		p = p[i+1:]
		if len(p) > 0 && p[0] == '\n' {
			p = p[1:]
		}
	}
}

var errLoneSurrogate = errors.New(`holds half a surrogate pair as \uXXXX`)

// unescape undoes the exporter's own escaping, which lies beneath XML's: a
// backslash stands as two, a UTF-16 unit that XML cannot carry as \uXXXX. A
// backslash before anything else is kept, as Jira keeps it when it restores.
func unescape(s []byte) (string, error) {
	i := bytes.IndexByte(s, '\\')
	if i < 0 {
		return string(s), nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = bytes.IndexByte(s, '\\') {
		b.Write(s[:i])
		s = s[i:]
		if len(s) >= 2 && s[1] == '\\' {
			b.WriteByte('\\')
			s = s[2:]
			continue
		}
		r, ok := unicodeEscape(s)
		switch {
		case !ok:
			b.WriteByte('\\')
			s = s[1:]
		case utf16.IsSurrogate(r):
			low, ok := unicodeEscape(s[6:])
			if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
				return "", errLoneSurrogate
			}
			b.WriteRune(r)
			s = s[12:]
		default:
			b.WriteRune(r)
			s = s[6:]
		}
	}
	b.Write(s)
	return b.String(), nil
}

// unicodeEscape reads a \uXXXX at the start of s.
func unicodeEscape(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(n), err == nil
}
