package schema

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// syntaxAt is what is wrong at a byte of a document.
type syntaxAt struct {
	error
	offset int64
}

func (e *syntaxAt) Unwrap() error { return e.error }

// located puts line and column in front of the places that an error about a
// document names.
func located(doc []byte, err error) error {
	var inv *InvalidError
	if !errors.As(err, &inv) {
		return err
	}
	var syntax *syntaxAt
	offsets := map[string]int64{}
	if !errors.As(err, &syntax) {
		offsets = offsetsOf(doc)
	}
	type found struct {
		Problem
		order int64
	}
	var all []found
	for _, p := range inv.Problems {
		at, order := p.Place, int64(len(doc)) // unknown members first: something else may be missing for their sake
		if member, unknown := strings.CutSuffix(p.What, unknownField); unknown {
			at, order = joinPlace(at, member), 0
		}
		offset, known := offsets[at]
		if syntax != nil {
			offset, known = syntax.offset, true
		}
		if known {
			p.Place = joinWords(position(doc, offset), p.Place)
		}
		all = append(all, found{p, order + offset})
	}
	slices.SortStableFunc(all, func(x, y found) int { return cmp.Compare(x.order, y.order) })
	out := &InvalidError{More: inv.More}
	for _, f := range all {
		out.Problems = append(out.Problems, f.Problem)
	}
	return out
}

// Locate puts line and column in front of the places that a check of a decoded
// document names, in each [InvalidError] of err, which it changes.
func Locate(doc []byte, err error) error {
	switch e := any(err).(type) { // level by level
	case *InvalidError:
		if out, ok := any(located(doc, e)).(*InvalidError); ok {
			*e = *out
		}
	case interface{ Unwrap() error }:
		_ = Locate(doc, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			_ = Locate(doc, inner)
		}
	}
	return err
}

func joinWords(a, b string) string {
	if b == "" {
		return a
	}
	return a + ": " + b
}

// position is the line and the column, in characters, of a byte.
func position(doc []byte, offset int64) string {
	before := doc[:min(int(offset), len(doc))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, column %d", line, column)
}

// offsetsOf returns where each value of a scanned document begins, by its place:
// that of a member with its name.
func offsetsOf(doc []byte) map[string]int64 {
	out := map[string]int64{}
	dec := jsontext.NewDecoder(bytes.NewBuffer(doc))
	for {
		before := dec.InputOffset()
		if _, err := dec.ReadToken(); err != nil {
			return out
		}
		at := place(dec.StackPointer())
		if _, known := out[at]; !known {
			begin := doc[before:dec.InputOffset()]
			out[at] = dec.InputOffset() - int64(len(bytes.TrimLeft(begin, " \t\r\n,:")))
		}
	}
}
