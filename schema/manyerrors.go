package schema

import (
	"errors"
	"fmt"
	"strings"
)

// MostErrors is how many errors of one input are named: more than a person puts
// right before looking again.
const MostErrors = 20

// Errors collects everything that is wrong with an input, so that a person can
// put all of it right at once. The zero value is empty.
type Errors struct {
	list []error
	more int
}

// Add adds an error; nil adds nothing. Beyond MostErrors it only counts.
func (e *Errors) Add(err error) {
	switch {
	case err == nil:
	case len(e.list) < MostErrors:
		e.list = append(e.list, err)
	default:
		e.more++
	}
}

// Count returns how many errors were added.
func (e *Errors) Count() int { return len(e.list) + e.more }

// Err returns nil, the only error, or one that has a line for each.
func (e *Errors) Err() error {
	switch len(e.list) {
	case 0:
		return nil
	case 1:
		return e.list[0]
	}
	all := errorList(*e)
	return &all
}

type errorList Errors

func (l *errorList) Error() string   { return joinLines(l) }
func (l *errorList) Unwrap() []error { return l.list }

func (l *errorList) Lines() []string { return andMore(l.named()) }

func (l *errorList) named() ([]string, int) {
	var lines []string
	more := l.more
	for _, err := range l.list {
		of, beyond := linesOf(err)
		lines, more = append(lines, of...), more+beyond
	}
	if beyond := len(lines) - MostErrors; beyond > 0 {
		lines, more = lines[:MostErrors], more+beyond
	}
	return lines, more
}

// lined is an error about several things, each on a line of its own. Its text
// has all of them.
type lined interface {
	error
	Lines() []string
}

func joinLines(l lined) string { return strings.Join(l.Lines(), "; ") }

func andMore(lines []string, more int) []string {
	if more > 0 {
		return append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

// ErrorLines returns what an error says, each thing on a line of its own. What
// was wrapped around several stands before each.
func ErrorLines(err error) []string { return andMore(linesOf(err)) }

// linesOf are the lines of an error, and how many there are beyond.
func linesOf(err error) (out []string, more int) {
	var l lined
	if !errors.As(err, &l) {
		return []string{err.Error()}, 0
	}
	lines := l.Lines()
	before, after, found := strings.Cut(err.Error(), l.Error())
	if !found || l.Error() != joinLines(l) { // its text is a summary of its own
		return append([]string{err.Error()}, lines...), 0
	}
	if c, ok := l.(interface{ named() ([]string, int) }); ok {
		lines, more = c.named()
	}
	for _, line := range lines {
		out = append(out, before+line+after)
	}
	return out, more
}

// Hints returns the outermost advice attached to err and to each of the errors
// that it joins, each once.
func Hints(err error) []string {
	seen := map[string]bool{}
	var out []string
	var walk func(error)
	walk = func(err error) {
		switch e := any(err).(type) { // level by level
		case *hinted:
			if !seen[e.hint] {
				seen[e.hint] = true
				out = append(out, e.hint)
			}
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return out
}

// Problems returns each thing that an error names, with its place where that is
// known: those of an [InvalidError], and the lines of an error that has several.
func Problems(err error) []Problem {
	var out []Problem
	var walk func(err error, one bool)
	walk = func(err error, one bool) {
		switch e := any(err).(type) { // level by level
		case *InvalidError:
			out = append(out, e.Problems...)
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner, true)
			}
		case lined:
			for _, line := range e.Lines() {
				out = append(out, Problem{What: line})
			}
		default:
			before := len(out)
			if w, ok := err.(interface{ Unwrap() error }); ok && w.Unwrap() != nil {
				walk(w.Unwrap(), false)
			}
			if one && len(out) == before {
				out = append(out, Problem{What: err.Error()})
			}
		}
	}
	walk(err, false)
	return out
}

// Warning is something that a person should know and that stops nothing. None of
// its texts holds a secret.
type Warning struct {
	In   string // the file or source that it is about; "" where that is plain
	Noun string // what Name names, to count by: "connection", "cell"; "" with no Name
	Name string // `connection "Desk"`, `row 7, Port`; quoted where it came from outside
	What string // the same words for everything that it is true of
}

// String is the warning on one line.
func (w Warning) String() string {
	s := w.What
	if w.Name != "" {
		s = w.Name + ": " + s
	}
	if w.In != "" {
		s = w.In + ": " + s
	}
	return s
}

// ItemWarning is a warning about one connection or credential.
func ItemWarning(it Item, what string) Warning {
	noun := it.List().One()
	return Warning{Noun: noun, Name: noun + " " + Quote(it.ItemName()), What: what}
}
