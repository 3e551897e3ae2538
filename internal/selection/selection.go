// Package selection narrows a run to some connections by globs on their names.
package selection

import (
	"path"
	"strings"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

// Selection is a set of names: those that match an include pattern, or all
// where there is none, less those that match an exclude pattern. The zero
// Selection is every name.
type Selection struct {
	include, exclude []string
}

// PatternError says that a pattern has a bracket or backslash that is left open.
type PatternError struct{ pattern string }

func (e *PatternError) Error() string {
	return schema.Quote(address.Shown(e.pattern)) + " is not a pattern: a bracket or backslash is left open"
}

// New checks the patterns. One that is none is a *PatternError. `*` stands for any text, `?`
// for one character, `[a-z]` for one of a class, `\` takes the next character as it is; a
// pattern matches the whole name, case-sensitively.
func New(include, exclude []string) (Selection, error) {
	for _, p := range append(append([]string{}, include...), exclude...) {
		if _, err := path.Match(flat(p), ""); err != nil {
			return Selection{}, &PatternError{p}
		}
	}
	return Selection{include, exclude}, nil
}

// All reports whether the selection leaves nothing out.
func (s Selection) All() bool { return len(s.include) == 0 && len(s.exclude) == 0 }

// Has reports whether name is selected.
func (s Selection) Has(name string) bool {
	return (len(s.include) == 0 || any(s.include, name)) && !any(s.exclude, name)
}

func any(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, _ := path.Match(flat(p), flat(name)); ok {
			return true
		}
	}
	return false
}

// flat takes away what makes a slash special to path.Match: names have slashes.
func flat(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
