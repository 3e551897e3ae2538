package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// scan holds a document to what no JSON Schema can say: one value and nothing
// after it, no duplicate name, valid UTF-8, bounded size and depth.
func scan(doc []byte) error {
	if len(doc) > MaxDocument {
		return Invalid("", "larger than %d bytes", MaxDocument)
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(doc))
	if dec.PeekKind() == 0 && len(bytes.TrimSpace(doc)) == 0 {
		return Invalid("", "empty")
	}
	top := "" // the member of the document that is read
	for {
		before := dec.InputOffset()
		tok, err := dec.ReadToken()
		if err != nil {
			return syntaxError(err)
		}
		depth := dec.StackDepth()
		of, n := dec.StackIndex(depth)
		isName := tok.Kind() == '"' && of == '{' && n%2 == 1
		if isName && depth == 1 {
			top = tok.String()
		}
		if what := overLimit(tok, int(dec.InputOffset()-before), depth, n, isName, top); what != "" {
			at := dec.StackPointer()
			if isName && n > 2*maxMembers {
				at = at.Parent()
			}
			return Invalid(place(at), "%s", what)
		}
		if depth == 0 {
			break
		}
	}
	switch err := dec.SkipValue(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return syntaxError(err)
	default:
		return Invalid("", "something follows after the end of the document")
	}
}

// overLimit says which limit a token breaks, or "". length is that of the token
// with the blanks in front of it; n is how many tokens its object or list has.
func overLimit(tok jsontext.Token, length, depth int, n int64, isName bool, top string) string {
	switch kind := tok.Kind(); {
	case isName && n > 2*maxMembers:
		return fmt.Sprintf("more than %d members", maxMembers)
	case isName && length > maxName && len(tok.String()) > maxName:
		return fmt.Sprintf("a name longer than %d bytes", maxName)
	case kind == '"' && length > maxText && len(tok.String()) > maxText && (top != "sealed" || depth != 2):
		return fmt.Sprintf("a text longer than %d bytes", maxText)
	case kind == '0' && length > maxNumber && len(tok.String()) > maxNumber:
		return fmt.Sprintf("a number longer than %d digits", maxNumber)
	case kind == '0':
		// The validator compares a number with a constant as a float64, and
		// panics where it is none.
		if _, err := strconv.ParseFloat(tok.String(), 64); err != nil {
			return "a number too large"
		}
	case (kind == '{' || kind == '[') && depth > MaxDepth:
		return fmt.Sprintf("nested deeper than %d", MaxDepth)
	}
	return ""
}

// syntaxError says where, and what in words of our own: the library's may quote
// the input.
func syntaxError(err error) error {
	var s *jsontext.SyntacticError
	if !errors.As(err, &s) {
		return Invalid("", "cannot be read as JSON")
	}
	problem := func(format string, args ...any) error {
		return &Problem{place(s.JSONPointer), fmt.Sprintf(format, args...), s.ByteOffset + 1}
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return problem("stands twice")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problem("ends in the middle")
	case strings.Contains(s.Err.Error(), "UTF-8"):
		return problem("not valid UTF-8 (byte %d)", s.ByteOffset)
	default:
		return problem("not valid JSON (byte %d)", s.ByteOffset)
	}
}

// unmarshal fills v from a scanned document; unknown members are refused. An
// error says where, and what in words of our own: the library's may quote the input.
func unmarshal(doc []byte, v any) error {
	err := json.Unmarshal(doc, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var sem *json.SemanticError
	if errors.As(err, &sem) {
		at := place(sem.JSONPointer)
		if p := (*Problem)(nil); errors.As(err, &p) { // of a type's own method
			return Invalid(at, "%s", p.What)
		}
		if errors.Is(err, json.ErrUnknownName) {
			return Invalid(at, "not a known field")
		}
		return Invalid(at, "not as the format wants it")
	}
	return syntaxError(err)
}

func place(p jsontext.Pointer) string { return placeOf(p.Tokens()) }

// placeOf writes a path as people do: connections[3].port. Names from the document
// are neutralised and shortened.
func placeOf(path iter.Seq[string]) string {
	var b strings.Builder
	for tok := range path {
		if tok != "" && strings.Trim(tok, "0123456789") == "" {
			b.WriteString("[" + tok + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(plainKey(tok))
	}
	return b.String()
}

// plainKey returns a member's name as it is where it is a plain word, else
// quoted.
func plainKey(key string) string {
	plain := key != "" && len(key) <= 60
	for _, r := range key {
		plain = plain && (strings.ContainsRune("_-* ", r) ||
			'0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	if plain {
		return key
	}
	return Quote(key)
}
