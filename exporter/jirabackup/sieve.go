package jirabackup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

var (
	errCut = errors.New("the document ends too early: it was cut short")
	errDTD = errors.New("the document has a DTD, which is refused")
)

// A sieve hands the document to encoding/xml a byte at a time, so that it stands
// right behind the last token whenever encoding/xml has returned one. From there
// it can drop rows before they are parsed.
type sieve struct {
	*bufio.Reader
	encoding string // as found or declared
	fixed    bool   // encoding is known without a declaration
	decoded  bool   // from another encoding than UTF-8
	dropped  int64  // bytes that encoding/xml has not seen

	left    int  // bytes that the token may still have
	markup  int  // bytes since the last <, -1 behind the next >
	last    byte // given to encoding/xml
	numeric bool // a character was written as a number since this was reset
}

// newSieve learns the encoding from a byte order mark, or from UTF-16's zeros.
func newSieve(r io.Reader) *sieve {
	s := &sieve{Reader: bufio.NewReaderSize(r, window), encoding: "UTF-8", markup: -1}
	head, _ := s.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		s.fixed = true
		s.drop(3)
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("<\x00")):
		s.decode("UTF-16LE", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(s.Reader))
	case bytes.HasPrefix(head, []byte("\xFE\xFF")), bytes.HasPrefix(head, []byte("\x00<")):
		s.decode("UTF-16BE", unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(s.Reader))
	}
	return s
}

func (s *sieve) decode(encoding string, r io.Reader) {
	s.Reader, s.encoding, s.fixed, s.decoded = bufio.NewReaderSize(r, window), encoding, true, true
}

// declare goes on in the encoding that the XML declaration names. encoding/xml
// calls it for all but UTF-8.
func (s *sieve) declare(name string, _ io.Reader) (io.Reader, error) {
	wide := strings.HasPrefix(strings.ToUpper(name), "UTF-16")
	switch {
	case wide && s.decoded:
		return s, nil
	case wide || s.fixed:
		return nil, fmt.Errorf("the document is written in %s", s.encoding)
	}
	e, err := ianaindex.MIME.Encoding(name)
	if err != nil || e == nil {
		return nil, errors.New("not supported")
	}
	if canonical, err := ianaindex.MIME.Name(e); err == nil {
		name = canonical
	}
	s.decode(name, e.NewDecoder().Reader(s.Reader))
	return s, nil
}

// damaged reports whether text holds what decoding puts in place of bytes that
// the encoding does not have, and encoding/xml in place of &#xD800;.
func (s *sieve) damaged(text []byte) bool {
	return (s.decoded || s.numeric) && bytes.ContainsRune(text, utf8.RuneError)
}

// ReadByte is encoding/xml's way to the document.
func (s *sieve) ReadByte() (byte, error) {
	c, err := s.Reader.ReadByte()
	if err != nil {
		return 0, err
	}
	if s.left--; s.left < 0 {
		return 0, fmt.Errorf("a value, comment or instruction is longer than %d MiB", maxToken>>20)
	}
	switch {
	case c == '#' && s.last == '&':
		s.numeric = true
	case c == '<':
		s.markup = 0
	case c == '>':
		s.markup = -1
	case s.markup > maxMarkup:
		return 0, fmt.Errorf("a tag is longer than %d MiB", maxMarkup>>20)
	case s.markup >= 0:
		s.markup++
	}
	s.last = c
	return c, nil
}

// dropRows drops the rows from here on and gives their number. It stops before
// all that is not written <row>, plainly, as Jira writes it, and leaves that to
// encoding/xml.
func (s *sieve) dropRows() (rows int64, err error) {
	for ; ; rows++ {
		tag, err := s.nextMarkup(false)
		if err != nil || !bytes.HasPrefix(tag, []byte("<row>")) {
			return rows, err
		}
		s.drop(len("<row>"))
		if err := s.dropRow(); err != nil {
			return rows, err
		}
	}
}

// dropRow drops the rest of a row. Text holds no <, so that only comments, CDATA
// sections, processing instructions and the row's end need care.
func (s *sieve) dropRow() error {
	for {
		tag, err := s.nextMarkup(true)
		switch {
		case err != nil:
			return err
		case isTag(tag, "</row"):
			return s.dropThrough(">")
		case isTag(tag, "<row"):
			return errors.New("a row inside of a row")
		case bytes.HasPrefix(tag, []byte("<!--")):
			s.drop(len("<!--"))
			err = s.dropThrough("-->")
		case bytes.HasPrefix(tag, []byte("<![CDATA[")):
			err = s.dropThrough("]]>")
		case bytes.HasPrefix(tag, []byte("<?")):
			err = s.dropThrough("?>")
		case bytes.HasPrefix(tag, []byte("<!")):
			err = errDTD
		case len(tag) == 0:
			err = errCut
		default:
			s.drop(1)
		}
		if err != nil {
			return err
		}
	}
}

// isTag reports whether the markup begins with the name and not with a longer one.
func isTag(markup []byte, name string) bool {
	rest, ok := bytes.CutPrefix(markup, []byte(name))
	return ok && len(rest) > 0 && strings.IndexByte(blanks+"/>", rest[0]) >= 0
}

// nextMarkup drops text up to the next < and gives what begins there, as much of
// it as shows what it is. In a row it may drop the tags of values as well. It
// gives nothing at the end of the document.
func (s *sieve) nextMarkup(inRow bool) ([]byte, error) {
	for {
		text, err := s.Peek(max(len("<![CDATA["), s.Buffered()))
		switch i := indexMarkup(text, inRow); {
		case i == 0, len(text) == 0:
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return text, err
		case i > 0:
			s.drop(i)
		default:
			s.drop(len(text))
		}
	}
}

// indexMarkup is the index of the first < in text, or -1. In a row it passes
// over those that begin the tags of values, which most of them do.
func indexMarkup(text []byte, inRow bool) int {
	for i := 0; ; i++ {
		next := bytes.IndexByte(text[i:], '<')
		if next < 0 {
			return -1
		}
		i += next
		if !inRow || len(text)-i < len("</r") {
			return i
		}
		if c := text[i+1]; c == 'r' || c == '!' || c == '?' || c == '/' && text[i+2] == 'r' {
			return i
		}
	}
}

// dropThrough drops all up to and including the end.
func (s *sieve) dropThrough(end string) error {
	for {
		text, err := s.Peek(max(len(end), s.Buffered()))
		if i := bytes.Index(text, []byte(end)); i >= 0 {
			s.drop(i + len(end))
			return nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return errCut
		case err != nil:
			return err
		}
		s.drop(len(text) - len(end) + 1)
	}
}

func (s *sieve) drop(n int) {
	n, _ = s.Discard(n) // never more than was looked at
	s.dropped += int64(n)
}
