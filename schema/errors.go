package schema

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// hinted is an error with advice for the person who reads it.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// Hint attaches advice to err, shown on a line of its own. A nil err stays nil.
func Hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// HintOf returns the outermost advice attached to err, or "".
func HintOf(err error) string {
	var h *hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// Problem is one thing wrong with a document: the place in the document's own
// terms, such as connections[3].port, and what is wrong there. Neither ever
// contains the value found, which may be a secret.
type Problem struct {
	Place string `json:"place,omitzero"`
	What  string `json:"what"`

	offset int64 // of a syntax error, plus one; 0 where only Place says where it is
}

func (p *Problem) Error() string { return joinWords(p.Place, p.What) }

func joinWords(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}

// Invalid is the error, a [*Problem], that the value at a place of a document cannot
// be taken.
func Invalid(place, format string, args ...any) error {
	return &Problem{Place: place, What: fmt.Sprintf(format, args...)}
}

// Quote returns s quoted for a message: control, bidirectional and other
// unprintable characters escaped, and cut to about 60 characters. Use it for
// every name or text that came from outside.
func Quote(s string) string {
	if utf8.RuneCountInString(s) > maxQuote {
		s = string([]rune(s)[:maxQuote-1]) + "…"
	}
	return strconv.Quote(s)
}

// Quotes joins quoted names with commas; past ten it says how many more.
func Quotes(names []string) string {
	var q []string
	for i, n := range names {
		if i == mostQuotes {
			q = append(q, fmt.Sprintf("and %d more", len(names)-mostQuotes))
			break
		}
		q = append(q, Quote(n))
	}
	return strings.Join(q, ", ")
}
