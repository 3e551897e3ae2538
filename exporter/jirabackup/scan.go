package jirabackup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	maxDepth      = 64
	maxName       = 255
	maxAttributes = 64
	maxBindings   = 64
	// maxValue bounds one value: a row of values is held in memory.
	maxValue = 16 << 20
)

// A token is what next found.
type token uint8

const (
	tokenStart token = iota + 1
	tokenEnd
	tokenEOF
)

// A textMode says what becomes of the character data before the next tag.
type textMode uint8

const (
	textSkip  textMode = iota // checked and dropped
	textBlank                 // must be white space
	textKeep                  // appended to scanner.text
)

// A scanner takes a document apart, a window at a time. Only markup must lie in
// the window whole; character data is consumed as it comes.
type scanner struct {
	ctx   context.Context
	src   *stream
	enc   encoding
	check func(raw []byte, eof bool) error // sees the document as it is in the file

	win  []byte // not yet consumed from pos on
	pos  int
	eof  bool
	held []byte // the current chunk's buffer, which win lies in

	decoded []byte // the buffer that win lies in where the encoding is not UTF-8
	partial []byte // raw bytes of a character that continues in the next chunk

	start int64 // bytes before the document's first character
	base  int64 // raw offset of win[0]
	lines int64 // line feeds before win[0]

	// Where in the window the next ampersand and the next "]]>" are, if at or
	// after pos; looked for again only once passed.
	amp, cdataEnd int

	names      []byte // of the open elements, one after the other
	nameEnds   []int
	bindings   []binding
	rootClosed bool

	// Of the last start tag, until the window moves.
	local      []byte // the name without its prefix, nil when not in the backup's namespace
	attributes []attribute
	scratch    []byte
	emptyTag   bool // its end tag is still to be reported

	text []byte
}

// newScanner reads the document's prologue from r, and the rest as it goes. The
// caller must call close. check is given every byte of r, in order.
func newScanner(ctx context.Context, r io.Reader, size int, check func(raw []byte, eof bool) error) (*scanner, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	// io.ReadFull's io.ErrUnexpectedEOF may be a short document or a cut archive
	// entry. Reading on tells: the one ends with io.EOF, the other fails again.
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	p, err := readPrologue(head)
	if err != nil {
		return nil, err
	}
	if err := check(head[:p.bom], false); err != nil {
		return nil, err
	}
	return &scanner{
		ctx:   ctx,
		src:   newStream(io.MultiReader(bytes.NewReader(head[p.bom:]), r), size),
		enc:   p.encoding,
		check: check,
		start: int64(p.bom),
		base:  int64(p.bom),
	}, nil
}

func (s *scanner) close() { s.src.close() }

// errorAt says where in the document something is wrong: i is an index into the
// window.
func (s *scanner) errorAt(i int, format string, args ...any) error {
	before := s.win[:i]
	line := s.lines + int64(bytes.Count(before, []byte{'\n'})) + 1
	return fmt.Errorf("line %d, byte %d: %w", line, s.base+s.enc.rawLen(before), fmt.Errorf(format, args...))
}

// fill moves what is not consumed to the front of the window and adds the next
// chunk behind it. Indices into the window do not survive it.
func (s *scanner) fill() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	tail := s.win[s.pos:]
	if len(tail) > headroom {
		return s.errorAt(s.pos, "markup is longer than %d bytes", headroom)
	}
	s.base += s.enc.rawLen(s.win[:s.pos])
	s.lines += int64(bytes.Count(s.win[:s.pos], []byte{'\n'}))

	c := s.src.next()
	raw := c.buf[headroom : headroom+c.n]
	s.eof = c.err == io.EOF
	if err := s.check(raw, s.eof); err != nil {
		return err
	}
	var err error
	if s.enc == encUTF8 || s.enc == encASCII {
		err = s.take(c, tail)
	} else {
		err = s.transcode(c, tail)
	}
	if err != nil {
		return err
	}
	switch {
	case c.err != nil && !s.eof:
		return fmt.Errorf("after byte %d: %w", s.base+s.enc.rawLen(s.win), c.err)
	case s.eof && len(s.partial) > 0:
		return s.errorAt(len(s.win), "%w", errCutCharacter)
	}
	s.pos = 0
	s.amp, s.cdataEnd = -1, -1
	return nil
}

// take makes the chunk itself the window.
func (s *scanner) take(c chunk, tail []byte) error {
	end := headroom + c.n
	checked := headroom - copy(c.buf[headroom-len(s.partial):], s.partial)
	bad, partial, err := checkCharacters(c.buf[checked:end], s.enc == encASCII)
	copy(c.buf[headroom-len(tail):], tail)
	s.win, s.pos = c.buf[headroom-len(tail):end], 0
	if bad >= 0 {
		// The bytes before the chunk are gone when they were consumed already.
		return s.errorAt(max(0, bad+checked-headroom+len(tail)), "%w", err)
	}
	s.partial = append(s.partial[:0], c.buf[end-partial:end]...)
	if s.held != nil {
		s.src.release(s.held)
	}
	s.held = c.buf
	return nil
}

// transcode makes the chunk's text in UTF-8 the window.
func (s *scanner) transcode(c chunk, tail []byte) error {
	if s.decoded == nil {
		// No byte of the other encodings becomes more than two of UTF-8.
		s.decoded = make([]byte, headroom, headroom+2*(len(c.buf)-headroom+4))
	}
	copy(s.decoded[headroom-len(tail):headroom], tail)
	from := headroom - len(s.partial)
	copy(c.buf[from:], s.partial)
	text, rest, err := s.enc.decode(s.decoded[:headroom], c.buf[from:headroom+c.n])
	s.win, s.pos = text[headroom-len(tail):], 0
	if err != nil {
		return s.errorAt(len(s.win), "%w", err)
	}
	if bad, _, err := checkCharacters(text[headroom:], false); bad >= 0 {
		return s.errorAt(bad+len(tail), "%w", err)
	}
	s.partial = append(s.partial[:0], rest...)
	s.src.release(c.buf)
	return nil
}

// has reports whether n more bytes lie in the window, getting more if it must:
// false means that the document ends before.
func (s *scanner) has(n int) (bool, error) {
	for len(s.win)-s.pos < n {
		if s.eof {
			return false, nil
		}
		if err := s.fill(); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *scanner) cut(in string) error {
	return s.errorAt(len(s.win), "the document ends inside %s: it was cut short", in)
}

// next goes on to the next tag, or the end of the document, treating the
// character data before it as mode says. Comments and processing instructions
// are passed over, and an empty-element tag is a start and an end.
func (s *scanner) next(mode textMode) (token, error) {
	if s.emptyTag {
		s.emptyTag = false
		s.pop()
		return tokenEnd, nil
	}
	for {
		if err := s.characters(mode); err != nil {
			return 0, err
		}
		ok, err := s.has(2)
		if err != nil {
			return 0, err
		}
		if !ok {
			return tokenEOF, s.end()
		}
		switch s.win[s.pos+1] {
		case '/':
			return tokenEnd, s.endTag()
		case '!':
			err = s.declaration(mode)
		case '?':
			err = s.instruction()
		default:
			return tokenStart, s.startTag()
		}
		if err != nil {
			return 0, err
		}
	}
}

// end checks that the document may end here.
func (s *scanner) end() error {
	switch {
	case s.pos < len(s.win):
		return s.cut("a tag")
	case len(s.nameEnds) > 0:
		return s.cut("<" + quoteLess(string(s.top())) + ">")
	case !s.rootClosed:
		return s.errorAt(s.pos, "the document has no root element")
	}
	return nil
}

// declaration consumes a comment or a CDATA section; a DTD is refused.
func (s *scanner) declaration(mode textMode) error {
	const cdata = "<![CDATA["
	if ok, err := s.lookingAt("<!--"); ok || err != nil {
		if err != nil {
			return err
		}
		return s.comment()
	}
	if ok, err := s.lookingAt(cdata); ok || err != nil {
		if err != nil {
			return err
		}
		if len(s.nameEnds) == 0 {
			return s.errorAt(s.pos, "CDATA section outside the root element")
		}
		s.pos += len(cdata)
		return s.cdata(mode)
	}
	if ok, err := s.lookingAt("<!DOCTYPE"); ok || err != nil {
		if err != nil {
			return err
		}
		return s.errorAt(s.pos, "the document has a DTD, which is refused")
	}
	return s.errorAt(s.pos, "<! begins neither a comment nor a CDATA section")
}

func (s *scanner) lookingAt(markup string) (bool, error) {
	ok, err := s.has(len(markup))
	if err != nil || !ok {
		// Let a shorter match at the end be reported as a cut document.
		if err == nil && bytes.HasPrefix([]byte(markup), s.win[s.pos:]) {
			err = s.cut("markup")
		}
		return false, err
	}
	return string(s.win[s.pos:s.pos+len(markup)]) == markup, nil
}

// comment consumes a comment: its first "--" must be the one of its end.
func (s *scanner) comment() error {
	s.pos += len("<!--")
	if err := s.skipTo("--", "a comment"); err != nil {
		return err
	}
	ok, err := s.has(3)
	switch {
	case err != nil:
		return err
	case !ok:
		return s.cut("a comment")
	case s.win[s.pos+2] != '>':
		return s.errorAt(s.pos, "-- inside a comment")
	}
	s.pos += 3
	return nil
}

// instruction consumes a processing instruction, or the XML declaration, whose
// content was checked when the encoding was learnt.
func (s *scanner) instruction() error {
	at := s.base + s.enc.rawLen(s.win[:s.pos])
	s.pos += 2
	name, err := s.name()
	if err != nil {
		return err
	}
	if at != s.start && string(bytes.ToLower(name)) == "xml" || string(name) != "xml" && string(bytes.ToLower(name)) == "xml" {
		return s.errorAt(s.pos, "an XML declaration may only stand at the start, in lower case")
	}
	if bytes.IndexByte(name, ':') >= 0 {
		return s.errorAt(s.pos, "target of a processing instruction has a colon")
	}
	s.pos += len(name)
	ok, err := s.has(2)
	switch {
	case err != nil:
		return err
	case !ok:
		return s.cut("a processing instruction")
	case !isSpace(s.win[s.pos]) && string(s.win[s.pos:s.pos+2]) != "?>":
		return s.errorAt(s.pos, "no white space after the target of a processing instruction")
	}
	if err := s.skipTo("?>", "a processing instruction"); err != nil {
		return err
	}
	s.pos += 2
	return nil
}

// skipTo goes on to where end begins.
func (s *scanner) skipTo(end, in string) error {
	for {
		if i := bytes.Index(s.win[s.pos:], []byte(end)); i >= 0 {
			s.pos += i
			return nil
		}
		if s.eof {
			return s.cut(in)
		}
		s.pos = max(s.pos, len(s.win)-len(end)+1)
		if err := s.fill(); err != nil {
			return err
		}
	}
}
