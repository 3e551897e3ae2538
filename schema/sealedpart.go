package schema

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// SealedPart is a sealed part of a bundle that is read in place: an armored age
// file, which may be most of the document.
type SealedPart struct {
	doc    *document
	at     member // the part and its quotes
	length int64  // of the text in bytes
	begin  string // how the text begins
	text   *string
}

// maxParts is how many sealed parts the schema allows.
const maxParts = 1000

var errEscape = errors.New("an escape that no sealed part has")

// beginning is how much of a part is validated: the schema asks how it begins.
const beginning = 64

// Reader reads the part. It is good while the document's source is.
func (p *SealedPart) Reader() io.Reader {
	if p.text != nil {
		return strings.NewReader(*p.text)
	}
	in := p.doc.reader(p.at)
	_, _ = in.Discard(1)
	return &textReader{in: in}
}

// Len is the part's length in bytes.
func (p *SealedPart) Len() int64 { return p.length }

// sealed finds the sealed parts, and gives what is to be validated of them.
func (d *document) sealed() ([]*SealedPart, any, error) {
	i := slices.IndexFunc(d.members, func(m member) bool { return m.name == "sealed" && m.kind == '[' })
	if i < 0 {
		return nil, nil, nil
	}
	parts, ok := d.parts(d.members[i])
	if !ok {
		return d.ordinaryParts(d.members[i])
	}
	if len(parts) > maxParts {
		return nil, nil, invalid("sealed", "more than %d entries", maxParts)
	}
	begins := make([]any, len(parts))
	for i, p := range parts {
		begins[i] = p.begin
	}
	return parts, begins, nil
}

// ordinaryParts reads a list that has other entries than texts, or texts that
// are written as no mailferry writes them.
func (d *document) ordinaryParts(m member) ([]*SealedPart, any, error) {
	raw, err := d.raw(m)
	if err != nil {
		return nil, nil, err
	}
	if valuesOf(raw) > maxValues {
		return nil, nil, invalid("sealed", "more than %d entries", maxParts)
	}
	list, err := generic(raw)
	if err != nil {
		return nil, nil, invalid("sealed", "not valid JSON")
	}
	var texts []string
	if json.Unmarshal(raw, &texts) != nil {
		return nil, list, nil // validation says what is wrong
	}
	parts := make([]*SealedPart, len(texts))
	for i := range texts {
		parts[i] = &SealedPart{text: &texts[i], length: int64(len(texts[i]))}
	}
	return parts, list, nil
}

// parts goes through a list of texts that was scanned before. ok is false where
// the list has other entries, or texts with rarer escapes than a line's end.
func (d *document) parts(m member) (parts []*SealedPart, ok bool) {
	in := d.reader(m)
	began := false
	for at := m.from; ; at++ {
		b, err := in.ReadByte()
		switch {
		case err != nil:
			return nil, false
		case b == '[' && !began:
			began = true
		case b == ']', len(parts) > maxParts:
			return parts, true
		case b == '"':
			t := &textReader{in: in}
			begin := make([]byte, beginning)
			n, _ := io.ReadFull(t, begin)
			length, err := io.Copy(io.Discard, t)
			if err != nil || !utf8.Valid(begin[:n]) {
				return nil, false
			}
			p := &SealedPart{doc: d, at: member{from: at, to: at + 1 + t.took}, length: int64(n) + length, begin: string(begin[:n])}
			parts, at = append(parts, p), p.at.to-1
		case !bytes.ContainsRune([]byte(":, \t\r\n"), rune(b)):
			return nil, false
		}
	}
}

// textReader reads a JSON text from behind its opening quote to its end.
type textReader struct {
	in   *bufio.Reader
	took int64 // bytes read of in, the closing quote included
	end  bool
	bad  error // which it stays at: what follows is no longer known to be the text
}

// Read implements io.Reader. Escapes other than that of a line's end are an
// error.
func (t *textReader) Read(p []byte) (n int, err error) {
	for n < len(p) && !t.end && t.bad == nil {
		if _, err := t.in.Peek(1); err != nil {
			t.bad = io.ErrUnexpectedEOF
			break
		}
		have, _ := t.in.Peek(min(t.in.Buffered(), len(p)-n))
		if stop := bytes.IndexAny(have, `"\`); stop > 0 {
			have = have[:stop]
		} else if stop == 0 {
			have, t.bad = t.escape()
			n += copy(p[n:], have)
			continue
		}
		n += copy(p[n:], have)
		t.discard(len(have))
	}
	if t.end && n == 0 {
		return 0, io.EOF
	}
	return n, t.bad
}

// escape reads what is no ordinary character: the end, or an escape.
func (t *textReader) escape() ([]byte, error) {
	b, _ := t.in.ReadByte()
	t.took++
	if b == '"' {
		t.end = true
		return nil, nil
	}
	if b, err := t.in.ReadByte(); err != nil || b != 'n' {
		return nil, errEscape
	}
	t.took++
	return []byte{'\n'}, nil
}

func (t *textReader) discard(n int) {
	_, _ = t.in.Discard(n)
	t.took += int64(n)
}
