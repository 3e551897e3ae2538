package jirabackup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	// nsBackup is the namespace that all elements of a backup are in.
	nsBackup = "http://www.atlassian.com/ao"
	nsXSI    = "http://www.w3.org/2001/XMLSchema-instance"

	blanks = " \t\r\n"
)

// A scanner goes through the tags of a document.
type scanner struct {
	in    *sieve
	dec   *xml.Decoder
	start int64 // where the last token begins
	begun bool  // something has been read
	depth int

	secret bool   // values follow, which errors must not show
	text   []byte // before the last tag, as far as it was asked for
	junk   bool   // that text is more than blanks
}

func newScanner(r io.Reader) *scanner {
	s := &scanner{in: newSieve(r)}
	s.dec = xml.NewDecoder(s.in)
	s.dec.CharsetReader = s.in.declare
	return s
}

// next goes on to the next tag, or to io.EOF, and keeps the text before it if it
// is asked to.
func (s *scanner) next(keep bool) (xml.Token, error) {
	s.text, s.junk, s.in.numeric = s.text[:0], false, false
	for {
		s.start, s.in.left = s.offset(), maxToken
		tok, err := s.dec.Token()
		first := !s.begun
		s.begun = true
		if err != nil {
			return nil, s.broken(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			s.depth++
			return tok, s.checkTag(tok)
		case xml.EndElement:
			s.depth--
			return tok, nil
		case xml.CharData:
			if s.junk = s.junk || len(bytes.Trim(tok, blanks)) > 0; !keep {
				break
			}
			if s.text = append(s.text, tok...); len(s.text) > maxToken {
				return nil, s.errorf("value is longer than %d MiB", maxToken>>20)
			}
		case xml.Directive:
			return nil, s.errorf("%w", errDTD)
		case xml.ProcInst:
			if tok.Target == "xml" && !first {
				return nil, s.errorf("an XML declaration may only stand at the start")
			}
		}
	}
}

// checkTag refuses what encoding/xml lets through. A tag may be part of a password
// whose < is not escaped: errors do not show it.
func (s *scanner) checkTag(e xml.StartElement) error {
	if s.depth > maxDepth {
		return s.errorf("elements are nested more than %d deep", maxDepth)
	}
	if len(e.Attr) > maxAttributes {
		return s.errorf("an element has more than %d attributes", maxAttributes)
	}
	undeclared := !declared(e.Name)
	for i, a := range e.Attr {
		undeclared = undeclared || !declared(a.Name)
		if slices.ContainsFunc(e.Attr[:i], func(b xml.Attr) bool { return a.Name == b.Name }) {
			return s.errorf("an attribute stands twice")
		}
	}
	if undeclared {
		return s.errorf("a prefix is not declared")
	}
	return nil
}

// declared reports whether a name's prefix was declared: if not, encoding/xml
// gives it in place of the namespace, which is an address.
func declared(n xml.Name) bool {
	return n.Space == "" || n.Space == "xmlns" || strings.Contains(n.Space, ":")
}

// broken says what is wrong with the document. encoding/xml counts its lines
// without those that the sieve dropped, and shows what stands around a stray <
// or &: among values that may be part of a password.
func (s *scanner) broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	s.start = s.offset()
	var syntax *xml.SyntaxError
	if !errors.As(err, &syntax) {
		return s.errorf("%w", err)
	}
	if _, end := s.in.Peek(1); errors.Is(end, io.EOF) && s.depth > 0 {
		return s.errorf("%w", errCut)
	}
	if s.secret {
		return s.errorf("not well-formed XML: a tag that does not match, a bare < or &, " +
			"an entity that is none of XML's five, or a character that XML forbids")
	}
	return s.errorf("not well-formed XML: %s", syntax.Msg)
}

// offset is the number of bytes of the document that were read, in UTF-8.
func (s *scanner) offset() int64 { return s.in.dropped + s.dec.InputOffset() }

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("byte %d: %w", s.start, fmt.Errorf(format, args...))
}

// children calls child for each child of the element just opened, which child
// must read to its end.
func (s *scanner) children(of string, child func(xml.StartElement) error) error {
	for {
		tok, err := s.next(false)
		switch {
		case err != nil:
			return err
		case s.junk:
			return s.errorf("text in <%s>, where only elements may stand", of)
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			return nil
		}
		if err := child(e); err != nil {
			return err
		}
	}
}

// skip reads the element just opened to its end.
func (s *scanner) skip() error {
	for depth := s.depth; s.depth >= depth; {
		if _, err := s.next(false); err != nil {
			return err
		}
	}
	return nil
}

// is reports whether an element is the backup format's own of that name.
func is(e xml.StartElement, name string) bool {
	return e.Name == xml.Name{Space: nsBackup, Local: name}
}

func attribute(e xml.StartElement, space, local string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value, true
		}
	}
	return "", false
}
