package jirabackup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// An encoding is one of those that a backup may be written in. Its value is the
// name by which it is reported.
type encoding string

const (
	encUTF8    encoding = "UTF-8"
	encASCII   encoding = "US-ASCII"
	encLatin1  encoding = "ISO-8859-1"
	encUTF16LE encoding = "UTF-16LE"
	encUTF16BE encoding = "UTF-16BE"
)

// headSize is how much of a document is looked at to learn its encoding. An XML
// declaration does not reach further.
const headSize = 1 << 10

// A prologue is what the first bytes of a document tell.
type prologue struct {
	encoding encoding
	bom      int // bytes of the byte order mark
}

// readPrologue learns the encoding from the byte order mark and the XML
// declaration, which must not disagree, and checks that declaration. head is
// the document's first headSize bytes, or all of a shorter one.
func readPrologue(head []byte) (prologue, error) {
	p := prologue{encoding: encUTF8}
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return p, errors.New("encoding UTF-32 is not supported (only UTF-8, US-ASCII, ISO-8859-1 and UTF-16)")
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		p.bom = 3
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		p.encoding, p.bom = encUTF16LE, 2
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		p.encoding, p.bom = encUTF16BE, 2
	case bytes.HasPrefix(head, []byte{'<', 0, '?', 0}):
		p.encoding = encUTF16LE
	case bytes.HasPrefix(head, []byte{0, '<', 0, '?'}):
		p.encoding = encUTF16BE
	}
	text := asASCII(head[p.bom:], p.encoding)
	if !strings.HasPrefix(text, "<?xml") || len(text) < 6 || !isSpace(text[5]) && text[5] != '?' {
		if p.bom == 0 && p.encoding != encUTF8 {
			return p, errors.New("UTF-16 without a byte order mark needs a declaration")
		}
		return p, nil
	}
	end := strings.Index(text, "?>")
	if end < 0 {
		return p, fmt.Errorf("XML declaration does not end within %d bytes", headSize)
	}
	declared, err := parseDeclaration(text[5:end])
	if err != nil {
		return p, fmt.Errorf("XML declaration: %w", err)
	}
	return p.declare(declared)
}

// declare settles the encoding between what was found and what is declared.
func (p prologue) declare(name string) (prologue, error) {
	var enc encoding
	switch strings.ToUpper(name) {
	case "":
		if p.bom == 0 && p.encoding != encUTF8 {
			return p, errors.New("UTF-16 without a byte order mark needs a declaration that says so")
		}
		return p, nil
	case "UTF-8", "UTF8":
		enc = encUTF8
	case "US-ASCII", "ASCII":
		enc = encASCII
	case "ISO-8859-1", "LATIN1":
		enc = encLatin1
	case "UTF-16":
		enc = p.encoding
		if enc != encUTF16LE && enc != encUTF16BE {
			return p, fmt.Errorf("declares encoding UTF-16, but is written in %s", found(p))
		}
	case "UTF-16LE":
		enc = encUTF16LE
	case "UTF-16BE":
		enc = encUTF16BE
	default:
		return p, fmt.Errorf("encoding %.40q is not supported (only UTF-8, US-ASCII, ISO-8859-1 and UTF-16)", name)
	}
	byteWise := p.encoding == encUTF8 && p.bom == 0 && (enc == encASCII || enc == encLatin1)
	if enc != p.encoding && !byteWise {
		return p, fmt.Errorf("declares encoding %s, but is written in %s", enc, found(p))
	}
	p.encoding = enc
	return p, nil
}

func found(p prologue) string {
	switch {
	case p.bom > 0:
		return string(p.encoding) + " (by its byte order mark)"
	case p.encoding == encUTF8:
		return "single bytes"
	}
	return string(p.encoding)
}

// asASCII reads a declaration's characters, which are ASCII in all encodings.
// It stops where they are not.
func asASCII(head []byte, enc encoding) string {
	step, at := 1, 0
	switch enc {
	case encUTF16LE:
		step = 2
	case encUTF16BE:
		step, at = 2, 1
	}
	var b strings.Builder
	for i := 0; i+step <= len(head); i += step {
		if head[i+at] >= utf8.RuneSelf || step == 2 && head[i+1-at] != 0 {
			break
		}
		b.WriteByte(head[i+at])
	}
	return b.String()
}

// parseDeclaration reads what stands between "<?xml" and "?>", and gives the
// declared encoding or "".
func parseDeclaration(s string) (string, error) {
	var encodingName string
	rest := s
	for i, key := range []string{"version", "encoding", "standalone"} {
		trimmed := strings.TrimLeft(rest, " \t\r\n")
		after, ok := strings.CutPrefix(trimmed, key)
		if !ok {
			if i == 0 {
				return "", errors.New("no version")
			}
			continue
		}
		if len(trimmed) == len(rest) {
			return "", fmt.Errorf("no white space before %s", key)
		}
		after, ok = strings.CutPrefix(strings.TrimLeft(after, " \t\r\n"), "=")
		after = strings.TrimLeft(after, " \t\r\n")
		if !ok || after == "" || after[0] != '"' && after[0] != '\'' {
			return "", fmt.Errorf("no value for %s", key)
		}
		value, tail, ok := strings.Cut(after[1:], after[:1])
		if !ok {
			return "", fmt.Errorf("value of %s does not end", key)
		}
		rest = tail
		switch {
		case key == "version" && value != "1.0":
			return "", fmt.Errorf("version %.40q is not supported, only 1.0", value)
		case key == "encoding" && value == "":
			return "", errors.New("encoding is empty")
		case key == "encoding":
			encodingName = value
		case key == "standalone" && value != "yes" && value != "no":
			return "", fmt.Errorf("standalone is %.40q", value)
		}
	}
	if strings.TrimLeft(rest, " \t\r\n") != "" {
		return "", errors.New("holds more than version, encoding and standalone")
	}
	return encodingName, nil
}

// rawLen is the number of bytes that the UTF-8 text p takes in the encoding.
func (enc encoding) rawLen(p []byte) int64 {
	switch enc {
	case encLatin1:
		return int64(utf8.RuneCount(p))
	case encUTF16LE, encUTF16BE:
		var n int64
		for len(p) > 0 {
			r, size := utf8.DecodeRune(p)
			n += 2
			if r > 0xFFFF {
				n += 2
			}
			p = p[size:]
		}
		return n
	}
	return int64(len(p))
}

var errCutCharacter = errors.New("ends inside a character")

// decode appends src, in the encoding, to dst as UTF-8 and gives what is left:
// the bytes of a character that continues in the next piece. On an error, what
// was decoded so far says where it is.
func (enc encoding) decode(dst, src []byte) (out, rest []byte, err error) {
	if enc == encLatin1 {
		for _, c := range src {
			dst = utf8.AppendRune(dst, rune(c))
		}
		return dst, nil, nil
	}
	unit := binary.LittleEndian.Uint16
	if enc == encUTF16BE {
		unit = binary.BigEndian.Uint16
	}
	for len(src) >= 2 {
		r, n := rune(unit(src)), 2
		if utf16.IsSurrogate(r) {
			if r >= 0xDC00 {
				return dst, src, fmt.Errorf("not %s: half a surrogate pair", enc)
			}
			if len(src) < 4 {
				return dst, src, nil
			}
			if r, n = utf16.DecodeRune(r, rune(unit(src[2:]))), 4; r == utf8.RuneError {
				return dst, src, fmt.Errorf("not %s: half a surrogate pair", enc)
			}
		}
		dst, src = utf8.AppendRune(dst, r), src[n:]
	}
	return dst, src, nil
}

// checkCharacters looks at a piece of UTF-8 and gives the index of the first
// byte that does not belong into an XML document, or -1, and how many bytes at
// the end begin a character that continues in the next piece.
func checkCharacters(p []byte, ascii bool) (bad, partial int, err error) {
	plain, legal := scanASCII(p)
	if legal && plain {
		return -1, 0, nil
	}
	if !plain && !ascii {
		partial = partialRune(p)
	}
	whole := p[:len(p)-partial]
	if legal && !ascii && utf8.Valid(whole) && !bytes.Contains(whole, []byte("\xEF\xBF\xBE")) && !bytes.Contains(whole, []byte("\xEF\xBF\xBF")) {
		return -1, partial, nil
	}
	for i := 0; i < len(whole); {
		r, size := utf8.DecodeRune(whole[i:])
		switch {
		case ascii && whole[i] >= utf8.RuneSelf:
			return i, 0, fmt.Errorf("byte 0x%02X is not US-ASCII", whole[i])
		case r == utf8.RuneError && size == 1:
			return i, 0, fmt.Errorf("byte 0x%02X is not UTF-8", whole[i])
		case !isXMLChar(r):
			return i, 0, fmt.Errorf("character U+%04X is not allowed in XML", r)
		}
		i += size
	}
	return -1, partial, nil
}

// scanASCII reports whether all bytes are ASCII, and whether all those that are
// may stand in XML. It looks at eight bytes at a time, since every byte of the
// document passes through here.
func scanASCII(p []byte) (plain, legal bool) {
	const (
		ones = 0x0101010101010101
		low7 = 0x7F * ones
		high = 0x80 * ones
	)
	var nonASCII, illegal uint64
	n := len(p) &^ 7
	for i := 0; i < n; i += 8 {
		x := binary.LittleEndian.Uint64(p[i:])
		y := x & low7
		// The high bit of each byte of these says: at least 0x20, and not the
		// tab, the line feed, the carriage return. No sum carries over a byte.
		printable := y + 0x60*ones
		notTab := (y ^ 0x09*ones) + low7
		notLF := (y ^ 0x0A*ones) + low7
		notCR := (y ^ 0x0D*ones) + low7
		illegal |= ^printable & notTab & notLF & notCR &^ x
		nonASCII |= x
	}
	for _, c := range p[n:] {
		nonASCII |= uint64(c)
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			illegal |= high
		}
	}
	return nonASCII&high == 0, illegal&high == 0
}

// partialRune gives the number of bytes at the end of p that begin a character
// but do not end it.
func partialRune(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if c := p[len(p)-n]; utf8.RuneStart(c) {
			if utf8.FullRune(p[len(p)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}

func isXMLChar(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
