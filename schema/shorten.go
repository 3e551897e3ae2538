package schema

import (
	"fmt"
	"io"
)

// shortener reads JSON and leaves out most of its long texts, so that a decoder,
// which holds each token whole, can say whether a document is well formed
// without holding a text of many megabytes. Of every run of plain ASCII
// characters beyond the first few thousand bytes of a text it gives only the
// first one. What can be wrong in a text, escapes and other characters, is given
// as it is, and never put beside what it did not stand beside.
type shortener struct {
	src     io.Reader
	buf     []byte
	pending []byte // of buf: read and not given yet
	given   int64  // bytes given so far

	inText, escaped bool
	digits          int   // that are left of \uXXXX
	plain           bool  // the last character was a plain one
	length, kept    int64 // of the text so far, in the source and as given
	between         int   // bytes since the last text or sign: blanks, or a number
	fault           error // something is too long: what Read ends with
	texts           []shortText
}

// shortText is a text that was shortened.
type shortText struct {
	from, to int64 // where it stands in what was given, quotes included
	cut      int64 // bytes left out
}

const (
	// keepText is how much of a text is given in any case, and the longest that a
	// member's name may be, so that names are compared whole.
	keepText = 8 << 10
	// maxKept bounds what is given of one text. The largest sealed part stays
	// below it, since of each of its lines three bytes are given.
	maxKept = 16 << 20
	// maxBetween bounds numbers and runs of blanks, which a decoder holds too.
	maxBetween = 64 << 10
)

var (
	errText    = fmt.Errorf("a text longer than %d bytes", maxKept)
	errBetween = fmt.Errorf("blanks, or a number, longer than %d bytes", maxBetween)
)

// newShortener reads src in pieces of that size.
func newShortener(src io.Reader, piece int64) *shortener {
	return &shortener{src: src, buf: make([]byte, piece)}
}

// Read implements io.Reader.
func (s *shortener) Read(p []byte) (int, error) {
	for {
		if len(s.pending) == 0 {
			n, err := s.src.Read(s.buf)
			if n == 0 {
				return 0, err
			}
			s.pending = s.buf[:n]
		}
		n, took := s.shorten(p, s.pending)
		s.pending, s.given = s.pending[took:], s.given+int64(n)
		if s.fault != nil {
			s.src, s.pending = failing{s.fault}, nil
		}
		if n > 0 {
			return n, nil
		}
	}
}

// failing is a reader that always fails.
type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// shorten gives as much of from as there is room for.
func (s *shortener) shorten(to, from []byte) (n, took int) {
	for took < len(from) && n < len(to) {
		c := from[took]
		took++
		if !s.inText {
			switch c {
			case '"':
				s.inText, s.length, s.kept, s.plain, s.between = true, 0, 0, false, 0
			case ',', ':', '[', ']', '{', '}':
				s.between = 0
			default:
				if s.between++; s.between > maxBetween {
					s.fault = errBetween
				}
			}
			to[n] = c
			n++
			continue
		}
		s.length++
		wasPlain := s.plain
		s.plain = false
		switch {
		case s.escaped:
			s.escaped = false
			if c == 'u' {
				s.digits = 4
			}
		case c == '\\':
			s.escaped, s.digits = true, 0
		case c == '"':
			s.inText, s.digits = false, 0
			if cut := s.length - s.kept - 1; cut > 0 {
				end := s.given + int64(n) + 1
				s.texts = append(s.texts, shortText{end - s.kept - 2, end, cut})
			}
		case s.digits > 0:
			s.digits--
		case c >= 0x20 && c < 0x7f:
			s.plain = true
			if wasPlain && s.length > keepText {
				continue
			}
		}
		if s.inText {
			if s.kept++; s.kept > maxKept {
				s.fault = errText
			}
		}
		to[n] = c
		n++
	}
	return n, took
}

// source is where in the source a byte stands that was given; within a shortened
// text, where that text begins.
func (s *shortener) source(given int64) int64 {
	at := given
	for _, t := range s.texts {
		if given < t.to {
			return at - max(given-t.from, 0)
		}
		at += t.cut
	}
	return at
}

// lengthOf is the length in the source of the text that was given up to there,
// or 0 where it was not shortened.
func (s *shortener) lengthOf(given int64) int64 {
	for i := len(s.texts) - 1; i >= 0 && s.texts[i].to >= given; i-- {
		if t := s.texts[i]; t.to == given {
			return t.to - t.from + t.cut
		}
	}
	return 0
}
