// Package selection narrows a run to some connections by patterns on their names.
package selection

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// Selection is a set of names: those that match an include pattern, or all
// where there is none, less those that match an exclude pattern. The zero
// Selection is every name.
type Selection struct {
	include, exclude []pattern
}

// New makes a selection among names. `*` stands for any text and `?` for one
// character; brackets and backslashes are letters, as names have them. A pattern
// matches the whole name, case-sensitively. One that is a name, or that ends in `*`
// and up to there is how a name begins, is taken by its letters: `Why? *` selects
// "Why? Mail" and not "Whys Mail". Patterns that match no name are errors.
func New(include, exclude, names []string) (Selection, error) {
	var s Selection
	var errs schema.Errors
	take := func(patterns []string, unmatched string) (out []pattern) {
		for _, text := range patterns {
			p := newPattern(text, names)
			if !slices.ContainsFunc(names, p) {
				errs.Add(schema.Hint(fmt.Errorf("no connection is %s %s", unmatched, schema.Quote(address.Shown(text))),
					"--include and --exclude take patterns that match the whole name, blanks and case included; * is any text, ? one character: '*desk*'"))
			}
			out = append(out, p)
		}
		return out
	}
	s.include = take(include, "selected by --include")
	s.exclude = take(exclude, "left out by --exclude")
	return s, errs.Err()
}

// All reports whether the selection leaves nothing out.
func (s Selection) All() bool { return len(s.include) == 0 && len(s.exclude) == 0 }

// Has reports whether name is selected.
func (s Selection) Has(name string) bool {
	matches := func(p pattern) bool { return p(name) }
	return (len(s.include) == 0 || slices.ContainsFunc(s.include, matches)) && !slices.ContainsFunc(s.exclude, matches)
}

// pattern reports whether it matches a name.
type pattern func(name string) bool

func newPattern(text string, names []string) pattern {
	begin, open := strings.CutSuffix(text, "*")
	switch {
	case slices.Contains(names, text):
		return func(name string) bool { return name == text }
	case open && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, begin) }):
		return func(name string) bool { return strings.HasPrefix(name, begin) }
	default:
		return human.Glob(text)
	}
}
