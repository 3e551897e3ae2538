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

// located puts line and column in front of the places that the error of a decoder
// names, and what stands first in the document first; unknown members before all
// else, since something else may be missing for their sake.
func located(doc []byte, err error) error {
	_ = Locate(doc, err)
	if all, several := any(err).(*errorList); several {
		order := func(err error) int64 {
			var p *Problem
			switch {
			case !errors.As(err, &p):
				return 0
			case strings.HasSuffix(p.What, unknownField):
				return p.offset - MaxDocument
			}
			return p.offset
		}
		slices.SortStableFunc(all.list, func(x, y error) int { return cmp.Compare(order(x), order(y)) })
	}
	return err
}

// Locate puts line and column in front of the places that an error about a
// document names, in each [Problem] of err, which it changes.
func Locate(doc []byte, err error) error {
	if err == nil {
		return nil
	}
	offsets := offsetsOf(doc)
	walk(err, func(err error) bool {
		if p, ok := any(err).(*Problem); ok {
			p.locate(doc, offsets)
		}
		return true
	})
	return err
}

func (p *Problem) locate(doc []byte, offsets map[string]int64) {
	at := p.Place
	if member, unknown := strings.CutSuffix(p.What, unknownField); unknown {
		at = joinPlace(at, member)
	}
	if offset, known := offsets[at]; known && p.offset == 0 {
		p.offset = offset + 1
	}
	if p.offset > 0 {
		p.Place = joinWords(position(doc, p.offset-1), p.Place)
	}
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
