package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// scan holds a document in memory to what scanAt says.
func scan(doc []byte) error {
	_, err := scanAt(bytes.NewReader(doc), int64(len(doc)))
	return err
}

// syntaxError is the function of that name for a document that is read
// shortened: places are those of the whole document.
func (s *shortener) syntaxError(err error) error {
	for _, long := range []error{errText, errBetween} {
		if errors.Is(err, long) {
			return invalid("", "%s", long)
		}
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		syntax.ByteOffset = s.source(syntax.ByteOffset)
	}
	return syntaxError(err)
}

// syntaxError says where, and what in words of our own: the library's may quote
// the input.
func syntaxError(err error) error {
	var s *jsontext.SyntacticError
	if !errors.As(err, &s) {
		return invalid("", "cannot be read as JSON")
	}
	at := place(s.JSONPointer)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return invalid(at, "stands twice")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid(at, "ends in the middle")
	case strings.Contains(s.Err.Error(), "UTF-8"):
		return invalid(at, "not valid UTF-8 (byte %d)", s.ByteOffset)
	default:
		return invalid(at, "not valid JSON (byte %d)", s.ByteOffset)
	}
}

// unmarshal fills v from a scanned document; unknown members are refused.
func unmarshal(doc []byte, v any) error {
	return unmarshalError(json.Unmarshal(doc, v, json.RejectUnknownMembers(true)))
}

func unmarshalFrom(r io.Reader, v any) error {
	return unmarshalError(json.UnmarshalRead(r, v, json.RejectUnknownMembers(true)))
}

// unmarshalError says where, and what in words of our own.
func unmarshalError(err error) error {
	if err == nil {
		return nil
	}
	var inv *InvalidError
	if errors.As(err, &inv) {
		var sem *json.SemanticError
		if errors.As(err, &sem) && inv.Problems[0].Place == "" {
			return invalid(place(sem.JSONPointer), "%s", inv.Problems[0].What)
		}
		return inv
	}
	var sem *json.SemanticError
	if errors.As(err, &sem) {
		at := place(sem.JSONPointer)
		switch {
		case errors.Is(err, json.ErrUnknownName):
			return invalid(at, "not a known field")
		case sem.JSONKind != 0 && sem.GoType != nil:
			return invalid(at, "%s cannot be taken here", kindName(sem.JSONKind))
		default:
			return invalid(at, "not as the format wants it")
		}
	}
	return syntaxError(err)
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "a text"
	case '0':
		return "this number"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	case '{':
		return "an object"
	default:
		return "a list"
	}
}

// place writes a JSON pointer as people write paths: connections[3].port. Names
// from the document are neutralised and shortened.
func place(p jsontext.Pointer) string {
	var b strings.Builder
	for tok := range p.Tokens() {
		if n, err := strconv.Atoi(tok); err == nil && n >= 0 {
			fmt.Fprintf(&b, "[%d]", n)
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
		plain = plain && (r == '_' || r == '-' || r == '*' || r == ' ' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	if plain {
		return key
	}
	return Quote(key)
}
