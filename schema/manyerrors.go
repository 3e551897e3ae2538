package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

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

func (l *errorList) Error() string   { return strings.Join(l.Lines(), "; ") }
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

func andMore(lines []string, more int) []string {
	if more > 0 {
		return append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

// lined is an error about several things, each on a line of its own.
type lined interface {
	error
	Lines() []string
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
	list, isList := l.(*errorList)
	before, after, found := strings.Cut(err.Error(), l.Error())
	if !isList || !found { // its text is a summary of its own
		return append([]string{err.Error()}, l.Lines()...), 0
	}
	lines, more := list.named()
	for _, line := range lines {
		out = append(out, before+line+after)
	}
	return out, more
}

// walk passes err, and as long as deeper says so what it wraps or joins, to deeper.
func walk(err error, deeper func(error) bool) {
	if err == nil || !deeper(err) {
		return
	}
	switch e := any(err).(type) { // level by level
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), deeper)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			walk(inner, deeper)
		}
	}
}

// Hints returns the outermost advice attached to err and to each of the errors
// that it joins, each once.
func Hints(err error) []string {
	var out []string
	walk(err, func(err error) bool {
		h, isHint := any(err).(*hinted)
		if isHint && !slices.Contains(out, h.hint) {
			out = append(out, h.hint)
		}
		return !isHint
	})
	return out
}

// Problems returns each thing that an error names, with its place where that is
// known: each [Problem], and the lines of an error that has several.
func Problems(err error) []Problem { return problems(err, false) }

// problems is Problems of one of several where among is set: it names itself then.
func problems(err error, among bool) (out []Problem) {
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := any(e).(type) { // level by level
		case *Problem:
			return []Problem{*e}
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				out = append(out, problems(inner, true)...)
			}
			return out
		case lined:
			for _, line := range e.Lines() {
				out = append(out, Problem{What: line})
			}
			return out
		}
	}
	if among {
		out = []Problem{{What: err.Error()}}
	}
	return out
}

// Warning is something that a person should know and that stops nothing. None of
// its texts holds a secret.
type Warning struct {
	In   string // the file or source that it is about; "" where that is plain
	Noun string // what Name names, to count by: "connection", "cell"; "" with no Name
	Name string // `connection "Desk"`, `row 7, Port`; quoted where it came from outside
	What string // the same words for everything that it is true of

	Doubt bool // a secret is likely wrong: an error where warnings of this kind are to be errors
}

// Err is the warning as an error for whom --strict asks to make errors of doubts.
func (w Warning) Err() error {
	return Hint(errors.New(w.String()), "without --strict this is a warning")
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
