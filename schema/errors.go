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
}

func (p Problem) String() string {
	if p.Place == "" {
		return p.What
	}
	return p.Place + ": " + p.What
}

// InvalidError says that a document is not what its format promises.
type InvalidError struct {
	Problems []Problem // the first MostErrors
	More     int       // how many there are beyond
}

func (e *InvalidError) Error() string { return joinLines(e) }

// Lines returns one line for each problem.
func (e *InvalidError) Lines() []string { return andMore(e.named()) }

func (e *InvalidError) named() ([]string, int) {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return lines, e.More
}

// Invalid is the error that the value at a place of a document cannot be taken.
func Invalid(place, format string, args ...any) error { return invalid(place, format, args...) }

func invalid(place, format string, args ...any) error {
	return &InvalidError{Problems: []Problem{{place, fmt.Sprintf(format, args...)}}}
}

// Quote returns s quoted for a message: control, bidirectional and other
// unprintable characters escaped, and cut to about 60 characters. Use it for
// every name or text that came from outside.
func Quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return strconv.Quote(s)
}

// Quotes joins quoted names with commas; past ten it says how many more.
func Quotes(names []string) string {
	const most = 10
	var q []string
	for i, n := range names {
		if i == most {
			q = append(q, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		q = append(q, Quote(n))
	}
	return strings.Join(q, ", ")
}
