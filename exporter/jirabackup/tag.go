package jirabackup

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

const (
	// nsBackup is the namespace that all elements of a backup are in.
	nsBackup = "http://www.atlassian.com/ao"
	nsXSI    = "http://www.w3.org/2001/XMLSchema-instance"
	nsXML    = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS  = "http://www.w3.org/2000/xmlns/"
)

// A binding is a namespace declaration that is in force.
type binding struct {
	depth       int // of the element that it stands on
	prefix, uri string
}

// An attribute is one of the last start tag's. Its value has XML's escaping
// undone, but not yet the exporter's own.
type attribute struct {
	prefix, local, value []byte
	uri                  string // "" without a prefix
}

var errNotASCII = errors.New("a name outside of quotes is not ASCII")

// startTag reads the start tag at pos and opens its element.
func (s *scanner) startTag() error {
	end, err := s.tagEnd()
	if err != nil {
		return err
	}
	at := s.pos
	p := s.win[at+1 : end] // without its brackets
	empty := p[len(p)-1] == '/'
	if empty {
		p = p[:len(p)-1]
	}
	name := p[:nameLength(p)]
	prefix, local, err := splitName(name)
	if err != nil {
		return s.errorAt(at, "start tag: %w", err)
	}
	if s.rootClosed {
		return s.errorAt(at, "<%s> stands behind the root element", name)
	}
	if len(s.nameEnds) >= maxDepth {
		return s.errorAt(at, "elements are nested more than %d deep", maxDepth)
	}
	s.names = append(s.names, name...)
	s.nameEnds = append(s.nameEnds, len(s.names))
	if err := s.readAttributes(p[len(name):]); err != nil {
		return s.errorAt(at, "<%s>: %w", name, err)
	}
	uri, ok := s.lookup(prefix)
	if !ok {
		return s.errorAt(at, "<%s>: prefix is not declared", name)
	}
	s.local = nil
	if uri == nsBackup {
		s.local = local
	}
	s.pos = end + 1
	s.emptyTag = empty
	return nil
}

// tagEnd is the index of the '>' that ends the tag at pos, which it makes lie
// in the window whole.
func (s *scanner) tagEnd() (int, error) {
	var quote byte
	for i := 1; ; {
		for ; s.pos+i < len(s.win); i++ {
			switch c := s.win[s.pos+i]; {
			case c == '<':
				return 0, s.errorAt(s.pos+i, "< inside a tag")
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '>' && i == 1:
				return 0, s.errorAt(s.pos, "a tag without a name")
			case c == '>':
				return s.pos + i, nil
			}
		}
		if s.eof {
			return 0, s.cut("a tag")
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// readAttributes reads what stands in a start tag behind its name, and puts the
// namespaces that it declares in force.
func (s *scanner) readAttributes(p []byte) error {
	s.attributes, s.scratch = s.attributes[:0], s.scratch[:0]
	for {
		rest := trimSpace(p)
		if len(rest) == 0 {
			break
		}
		if len(rest) == len(p) {
			if rest[0] >= utf8.RuneSelf {
				return errNotASCII
			}
			return fmt.Errorf("no white space before an attribute")
		}
		name := rest[:nameLength(rest)]
		prefix, local, err := splitName(name)
		if err != nil {
			return fmt.Errorf("attribute: %w", err)
		}
		rest = rest[len(name):]
		if len(rest) > 0 && rest[0] >= utf8.RuneSelf {
			return errNotASCII
		}
		rest = trimSpace(rest)
		if len(rest) == 0 || rest[0] != '=' {
			return fmt.Errorf("attribute %s has no value", name)
		}
		rest = trimSpace(rest[1:])
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return fmt.Errorf("value of attribute %s is not in quotes", name)
		}
		n := bytes.IndexByte(rest[1:], rest[0])
		if n < 0 {
			return fmt.Errorf("value of attribute %s does not end", name)
		}
		value, err := s.attributeValue(rest[1 : 1+n])
		if err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
		p = rest[n+2:]
		if len(s.attributes) == maxAttributes {
			return fmt.Errorf("has more than %d attributes", maxAttributes)
		}
		s.attributes = append(s.attributes, attribute{prefix: prefix, local: local, value: value})
		if err := s.declare(prefix, local, value); err != nil {
			return err
		}
	}
	return s.resolveAttributes()
}

// resolveAttributes gives the attributes their namespaces, all declarations of
// the tag being known, and refuses doubled ones.
func (s *scanner) resolveAttributes() error {
	for i := range s.attributes {
		a := &s.attributes[i]
		if len(a.prefix) > 0 {
			uri, ok := s.lookup(a.prefix)
			if !ok {
				return fmt.Errorf("attribute %s:%s: prefix is not declared", a.prefix, a.local)
			}
			a.uri = uri
		}
		if slices.ContainsFunc(s.attributes[:i], func(b attribute) bool {
			return a.uri == b.uri && bytes.Equal(a.local, b.local)
		}) {
			return fmt.Errorf("attribute %s stands twice", a.local)
		}
	}
	return nil
}

// attributeValue resolves the references in a value and makes its white space
// blanks, as XML 1.0 has it.
func (s *scanner) attributeValue(p []byte) ([]byte, error) {
	if !bytes.ContainsAny(p, "&\t\r\n") {
		return p, nil
	}
	from := len(s.scratch)
	for i := 0; i < len(p); {
		switch p[i] {
		case '&':
			r, n, err := parseReference(p[i:])
			if err != nil {
				return nil, err
			}
			s.scratch = utf8.AppendRune(s.scratch, r)
			i += n
			continue
		case '\r':
			// A line end is one character, also where it is written as two.
			if i+1 >= len(p) || p[i+1] != '\n' {
				s.scratch = append(s.scratch, ' ')
			}
		case '\t', '\n':
			s.scratch = append(s.scratch, ' ')
		default:
			s.scratch = append(s.scratch, p[i])
		}
		i++
	}
	return s.scratch[from:len(s.scratch):len(s.scratch)], nil
}

// declare puts a namespace in force, if the attribute is a declaration.
func (s *scanner) declare(prefix, local, value []byte) error {
	b := binding{depth: len(s.nameEnds), uri: string(value)}
	switch {
	case string(prefix) == "xmlns":
		b.prefix = string(local)
		if b.uri == "" {
			return fmt.Errorf("xmlns:%s is empty", local)
		}
	case len(prefix) > 0 || string(local) != "xmlns":
		return nil
	}
	if b.prefix == "xmlns" || (b.prefix == "xml") != (b.uri == nsXML) || b.uri == nsXMLNS {
		return fmt.Errorf("declares a namespace that XML reserves")
	}
	if len(s.bindings) == maxBindings {
		return fmt.Errorf("more than %d namespaces are declared", maxBindings)
	}
	s.bindings = append(s.bindings, b)
	return nil
}

// lookup finds the namespace of a prefix; the empty prefix always has one.
func (s *scanner) lookup(prefix []byte) (string, bool) {
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if s.bindings[i].prefix == string(prefix) {
			return s.bindings[i].uri, true
		}
	}
	switch string(prefix) {
	case "":
		return "", true
	case "xml":
		return nsXML, true
	case "xmlns":
		return nsXMLNS, true
	}
	return "", false
}

// attribute gives the value of the last start tag's attribute.
func (s *scanner) attribute(uri, local string) ([]byte, bool) {
	for _, a := range s.attributes {
		if a.uri == uri && string(a.local) == local {
			return a.value, true
		}
	}
	return nil, false
}

// endTag reads the end tag at pos, which must be the innermost element's.
func (s *scanner) endTag() error {
	if len(s.nameEnds) == 0 {
		return s.errorAt(s.pos, "an end tag outside the root element")
	}
	// Nearly all end tags are written without white space.
	top := s.top()
	if p := s.win[s.pos:]; len(p) > len(top)+2 && p[len(top)+2] == '>' && bytes.Equal(p[2:len(top)+2], top) {
		s.pos += len(top) + 3
		s.pop()
		return nil
	}
	end, err := s.tagEnd()
	if err != nil {
		return err
	}
	name := s.win[s.pos+2 : end]
	if n := nameLength(name); len(trimSpace(name[n:])) == 0 {
		name = name[:n]
	}
	if !bytes.Equal(name, s.top()) {
		return s.errorAt(s.pos, "</%s> where <%s> is open", quoteLess(string(name[:min(len(name), 100)])), s.top())
	}
	s.pos = end + 1
	s.pop()
	return nil
}

// top is the name of the innermost open element.
func (s *scanner) top() []byte {
	n := len(s.nameEnds)
	if n == 0 {
		return nil
	}
	from := 0
	if n > 1 {
		from = s.nameEnds[n-2]
	}
	return s.names[from:s.nameEnds[n-1]]
}

// pop closes the innermost element.
func (s *scanner) pop() {
	depth := len(s.nameEnds)
	s.names = s.names[:len(s.names)-len(s.top())]
	s.nameEnds = s.nameEnds[:depth-1]
	for len(s.bindings) > 0 && s.bindings[len(s.bindings)-1].depth == depth {
		s.bindings = s.bindings[:len(s.bindings)-1]
	}
	s.rootClosed = depth == 1
}

// name reads the name at pos, which it makes lie in the window whole.
func (s *scanner) name() ([]byte, error) {
	for {
		n := nameLength(s.win[s.pos:])
		if s.pos+n < len(s.win) || s.eof {
			name := s.win[s.pos : s.pos+n]
			if _, _, err := splitName(name); err != nil {
				return nil, s.errorAt(s.pos, "processing instruction: %w", err)
			}
			return name, nil
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// nameLength is the number of bytes at the start of p that a name may have.
func nameLength(p []byte) int {
	for i, c := range p {
		if !isNameByte(c) {
			return i
		}
	}
	return len(p)
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '-' || c == '.' || c == ':'
}

// splitName checks a name of name bytes and takes it apart at its colon.
func splitName(name []byte) (prefix, local []byte, err error) {
	i := bytes.IndexByte(name, ':')
	if i >= 0 {
		prefix, local = name[:i], name[i+1:]
	} else {
		local = name
	}
	for _, part := range [][]byte{prefix, local} {
		if part == nil {
			continue
		}
		if len(part) == 0 || len(part) > maxName || bytes.IndexByte(part, ':') >= 0 || bytes.IndexByte([]byte("-.0123456789"), part[0]) >= 0 {
			return nil, nil, fmt.Errorf("%q is no name", name[:min(len(name), 100)])
		}
	}
	return prefix, local, nil
}

func trimSpace(p []byte) []byte {
	for len(p) > 0 && isSpace(p[0]) {
		p = p[1:]
	}
	return p
}
