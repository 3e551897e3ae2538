package schema

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// document is a JSON document that was scanned once from its beginning to its
// end and is read again in parts: it need not stand in memory.
type document struct {
	src     io.ReaderAt
	object  bool     // the document is an object
	members []member // its members in order
	origin  []member // those of its member "origin", where that is an object
}

// member says where in a document a member's value stands.
type member struct {
	name     string
	kind     jsontext.Kind
	from, to int64 // from may lie before the value, on the colon or blanks
}

// maxText is the longest text in bytes as a document writes it, but for sealed
// parts: a statement with its escapes, and twelve times what any schema allows
// in characters of any other text.
const maxText = MaxStatementFile

// maxMembers is how many members any schema allows an object.
const maxMembers = 1000

// maxNumber is how many bytes a number may take: reading one takes time with the
// square of its length.
const maxNumber = 100

// maxPiece is how much of a document in bytes is decoded at once: an item, or
// what stands around the lists. maxValues is how many values it may have, since
// a value, and a problem with it, takes far more than its text.
const (
	maxPiece  = 16 << 20
	maxValues = 500_000
)

// readAhead is how much of a document is read at once. It is age's chunk, so
// that none is decrypted twice.
const readAhead = 64 << 10

// scanAt reads a whole document once for what no JSON Schema can say: one value
// and nothing after it, no duplicate key, valid UTF-8, bounded size and depth.
func scanAt(src io.ReaderAt, size int64) (*document, error) {
	if size > MaxDocument {
		return nil, invalid("", "larger than %d bytes", MaxDocument)
	}
	doc, err := scanFrom(io.NewSectionReader(src, 0, size), min(size+1, readAhead)) // most are small
	if err != nil {
		return nil, err
	}
	doc.src = src
	return doc, nil
}

// scanFrom reads in pieces of that size.
func scanFrom(r io.Reader, piece int64) (*document, error) {
	doc := &document{}
	in := newShortener(r, piece)
	dec := jsontext.NewDecoder(in)
	offset := func() int64 { return in.source(dec.InputOffset()) }
	began := false
	var top, inner member
	for {
		before := dec.InputOffset()
		tok, err := dec.ReadToken()
		if errors.Is(err, io.EOF) && !began {
			return nil, invalid("", "empty")
		}
		if err != nil {
			return nil, in.syntaxError(err)
		}
		kind, depth := tok.Kind(), dec.StackDepth()
		if kind == '0' && dec.InputOffset()-before > maxNumber && len(tok.String()) > maxNumber {
			return nil, invalid(place(dec.StackPointer()), "a number longer than %d digits", maxNumber)
		}
		if kind == '0' {
			// The validator compares a number with a constant as a float64, and
			// cannot do so with one that is none.
			if _, err := strconv.ParseFloat(tok.String(), 64); err != nil {
				return nil, invalid(place(dec.StackPointer()), "a number too large")
			}
		}
		if kind == '"' && in.lengthOf(dec.InputOffset()) > maxText && (top.name != "sealed" || depth != 2) {
			return nil, invalid(place(dec.StackPointer()), "a text longer than %d bytes", maxText)
		}
		if of, n := dec.StackIndex(depth); of == '{' && kind == '"' && n%2 == 1 { // a name
			if n > 2*maxMembers {
				return nil, invalid(place(dec.StackPointer().Parent()), "more than %d members", maxMembers)
			}
			if dec.InputOffset()-before > keepText && (in.lengthOf(dec.InputOffset()) > 0 || len(tok.String()) > keepText) {
				return nil, invalid(place(dec.StackPointer()), "a name longer than %d bytes", keepText)
			}
		}
		if (kind == '{' || kind == '[') && depth > MaxDepth {
			return nil, invalid(place(dec.StackPointer()), "nested deeper than %d", MaxDepth)
		}
		if !began {
			began, doc.object = true, kind == '{'
		}
		switch {
		case depth == 0:
			err := dec.SkipValue()
			if err == nil {
				return nil, invalid("", "something follows after the end of the document")
			}
			if !errors.Is(err, io.EOF) {
				return nil, in.syntaxError(err)
			}
			return doc, nil
		case depth <= 2 && (kind == '{' || kind == '['):
			// The value of a member begins here and ends at a lower depth.
			if depth == 2 {
				top.kind = kind
			}
		case depth == 3 && (kind == '{' || kind == '['):
			inner.kind = kind
		case depth == 1 && doc.object:
			top.note(dec, tok, offset(), 1, &doc.members)
		case depth == 2 && top.name == "origin" && top.kind == '{':
			inner.note(dec, tok, offset(), 2, &doc.origin)
		}
	}
}

// note follows an object at a depth token by token: at a name it begins a
// member, at the end of a value it adds it. at is where the token ends.
func (m *member) note(dec *jsontext.Decoder, tok jsontext.Token, at int64, depth int, to *[]member) {
	if _, n := dec.StackIndex(depth); n%2 == 1 {
		*m = member{name: tok.String(), from: at}
		return
	}
	if k := tok.Kind(); k != '}' && k != ']' {
		m.kind = k
	}
	m.to = at
	*to = append(*to, *m)
}

func (d *document) reader(m member) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(d.src, m.from, m.to-m.from), readAhead)
}

// raw reads a member's value.
func (d *document) raw(m member) (jsontext.Value, error) {
	if m.to-m.from > maxPiece {
		return nil, invalid(plainKey(m.name), "larger than %d bytes", maxPiece)
	}
	out := make([]byte, m.to-m.from)
	if _, err := io.ReadFull(io.NewSectionReader(d.src, m.from, m.to-m.from), out); err != nil {
		return nil, err
	}
	return bytes.TrimLeft(out, ": \t\r\n"), nil
}

// each reads the entries of a list one by one; what yield is given is good until
// it returns.
func (d *document) each(m member, yield func(jsontext.Value) error) error {
	if m.kind != '[' {
		return nil
	}
	in := d.reader(m)
	for { // what stands before the list
		b, err := in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] == '[' {
			break
		}
		_, _ = in.Discard(1)
	}
	const ahead = 4 * maxPiece // a decoder reads as much ahead as its longest entry was
	piece := &io.LimitedReader{R: in, N: ahead}
	dec := jsontext.NewDecoder(piece)
	if _, err := dec.ReadToken(); err != nil {
		return syntaxError(err)
	}
	for dec.PeekKind() != ']' {
		v, err := dec.ReadValue()
		if len(v) > maxPiece || err != nil && piece.N == 0 {
			return invalid(m.name, "an entry larger than %d bytes", maxPiece)
		}
		piece.N = ahead
		if err != nil {
			return syntaxError(err)
		}
		if err := yield(v); err != nil {
			return err
		}
	}
	return nil
}

// lists are the members that are validated item by item.
var lists = []List{Credentials, Connections}

// shell reads the members of an object but for its two lists, in whose places
// stand empty ones, and says where the lists are.
func (d *document) shell(members []member, at string) (around map[string]jsontext.Value, taken map[List]member, err error) {
	around, taken = map[string]jsontext.Value{}, map[List]member{}
	size := int64(0)
	for _, m := range members {
		if l := List(m.name); slices.Contains(lists, l) {
			if m.kind != '[' {
				return nil, nil, invalid(at+m.name, "must be a list")
			}
			around[m.name], taken[l] = jsontext.Value("[]"), m
			continue
		}
		if m.name == "origin" && at == "" && m.kind == '{' {
			continue // taken apart by itself
		}
		if m.name == "sealed" && at == "" && m.kind == '[' {
			continue // may be most of the document
		}
		if size += m.to - m.from; size > maxPiece {
			return nil, nil, invalid(at+plainKey(m.name), "larger than %d bytes, with what stands before it", maxPiece)
		}
		if around[m.name], err = d.raw(m); err != nil {
			return nil, nil, err
		}
	}
	return around, taken, nil
}
