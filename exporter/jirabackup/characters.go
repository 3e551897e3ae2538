package jirabackup

import "bytes"

// characters consumes character data up to the next '<', or to the end.
func (s *scanner) characters(mode textMode) error {
	if len(s.nameEnds) == 0 {
		mode = textBlank
	}
	for {
		w := s.win[s.pos:]
		n := bytes.IndexByte(w, '<')
		last := n >= 0
		switch {
		case last:
		case s.eof:
			n, last = len(w), true
		default:
			n = settled(w)
		}
		if n > 0 {
			if err := s.segment(n, mode); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// settled is the length of the character data w that means the same whatever
// follows: not a reference, a line end or a "]]>" that may go on.
func settled(w []byte) int {
	n := len(w)
	from := max(0, n-maxReference)
	if i := bytes.LastIndexByte(w[from:], '&'); i >= 0 && bytes.IndexByte(w[from+i:], ';') < 0 {
		return from + i
	}
	return n - unsettledEnd(w)
}

// unsettledEnd is the length of a carriage return or of one or two closing
// brackets at the end of w.
func unsettledEnd(w []byte) int {
	switch {
	case bytes.HasSuffix(w, []byte("\r")):
		return 1
	case bytes.HasSuffix(w, []byte("]]")):
		return 2
	case bytes.HasSuffix(w, []byte("]")):
		return 1
	}
	return 0
}

// segment consumes n bytes of character data.
func (s *scanner) segment(n int, mode textMode) error {
	p := s.win[s.pos : s.pos+n]
	if len(s.nameEnds) == 0 {
		if i := firstNonSpace(p); i >= 0 {
			return s.errorAt(s.pos+i, "text outside the root element")
		}
		s.pos += n
		return nil
	}
	if err := s.checkSpan(s.pos, s.pos+n); err != nil {
		return err
	}
	// The references were checked above.
	switch mode {
	case textKeep:
		s.text = appendText(s.text, p)
		if err := s.checkLength(); err != nil {
			return err
		}
	case textBlank:
		if firstNonSpace(p) >= 0 {
			// A blank may be written as a reference.
			s.scratch = appendText(s.scratch[:0], p)
			if firstNonSpace(s.scratch) >= 0 {
				return s.errorAt(s.pos, "text in <%s>, where only elements may stand", s.top())
			}
		}
	}
	s.pos += n
	return nil
}

func (s *scanner) checkLength() error {
	if len(s.text) > maxValue {
		return s.errorAt(s.pos, "value is longer than %d MiB", maxValue>>20)
	}
	return nil
}

// checkSpan checks the references of the character data in win[from:to], and
// that there is no "]]>". Tags may lie in between when their attributes are
// known to hold neither.
func (s *scanner) checkSpan(from, to int) error {
	if s.amp < from {
		s.amp = indexFrom(s.win, from, "&")
	}
	if s.amp < to {
		if bad, err := checkReferences(s.win[s.amp:to]); err != nil {
			return s.errorAt(s.amp+bad, "%w", err)
		}
		s.amp = indexFrom(s.win, to, "&")
	}
	if s.cdataEnd < from {
		s.cdataEnd = indexFrom(s.win, from, "]]>")
	}
	if s.cdataEnd < to {
		return s.errorAt(s.cdataEnd, "]]> outside a CDATA section")
	}
	return nil
}

// indexFrom is the index of the first sep in w at or after from, or len(w).
func indexFrom(w []byte, from int, sep string) int {
	if i := bytes.Index(w[from:], []byte(sep)); i >= 0 {
		return from + i
	}
	return len(w)
}

func firstNonSpace(p []byte) int {
	for i, c := range p {
		if !isSpace(c) {
			return i
		}
	}
	return -1
}

// cdata consumes a CDATA section from its content on.
func (s *scanner) cdata(mode textMode) error {
	for {
		w := s.win[s.pos:]
		n := bytes.Index(w, []byte("]]>"))
		last := n >= 0
		if !last {
			if s.eof {
				return s.cut("a CDATA section")
			}
			n = len(w) - unsettledEnd(w)
		}
		switch p := w[:n]; mode {
		case textKeep:
			s.text = appendLines(s.text, p)
			if err := s.checkLength(); err != nil {
				return err
			}
		case textBlank:
			if i := firstNonSpace(p); i >= 0 {
				return s.errorAt(s.pos+i, "text in <%s>, where only elements may stand", s.top())
			}
		}
		s.pos += n
		if last {
			s.pos += len("]]>")
			return nil
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}
