package safefile

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mailferry/mailferry/schema"
)

// Encoding is what a text is in.
type Encoding string

// Encodings that a text shows by itself. Bytes that are neither are Bytes.
const (
	UTF8    Encoding = "UTF-8"
	UTF16LE Encoding = "UTF-16 little-endian"
	UTF16BE Encoding = "UTF-16 big-endian"
	Bytes   Encoding = ""
)

var orders = map[Encoding]binary.ByteOrder{UTF16LE: binary.LittleEndian, UTF16BE: binary.BigEndian}

// Text reads what people write or keep: UTF-8 or UTF-16, with or without a byte
// order mark, as editors and PowerShell's > write them. What is in neither comes
// back as it is, as Bytes. An error is a *schema.Problem.
func Text(raw []byte) (string, Encoding, error) {
	var encoding Encoding
	switch {
	case bytes.HasPrefix(raw, []byte("\ufeff")):
		if raw = raw[3:]; !utf8.Valid(raw) {
			return "", UTF8, schema.Invalid("", "begins as UTF-8 (with a byte order mark) and is not valid UTF-8 further down")
		}
		return string(raw), UTF8, nil
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}):
		raw, encoding = raw[2:], UTF16LE
	case bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		raw, encoding = raw[2:], UTF16BE
	default:
		encoding = zeroPattern(raw)
	}
	if order, ok := orders[encoding]; ok {
		text, err := decodeUTF16(raw, order)
		return text, encoding, err
	}
	if utf8.Valid(raw) {
		return string(raw), UTF8, nil
	}
	return string(raw), Bytes, nil
}

// Lines is Text cut into lines, whichever way they end: LF, CRLF, or, in a file
// without any LF, CR. A CR elsewhere begins no line, since other programs that
// read the same file see none there.
func Lines(raw []byte) ([]string, error) {
	text, _, err := Text(raw)
	if !strings.Contains(text, "\n") {
		return strings.Split(text, "\r"), err
	}
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), err
}

// zeroPattern recognises UTF-16 without a byte order mark by its beginning, which
// is mostly Latin letters: every second byte is zero.
func zeroPattern(raw []byte) Encoding {
	head := raw[:min(len(raw), 200)&^1]
	if len(head) < 4 {
		return Bytes
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	pairs := len(head) / 2
	switch {
	case zeros[0] == 0 && zeros[1] > pairs*3/4:
		return UTF16LE
	case zeros[1] == 0 && zeros[0] > pairs*3/4:
		return UTF16BE
	default:
		return Bytes
	}
}

func decodeUTF16(raw []byte, order binary.ByteOrder) (string, error) {
	if len(raw)%2 != 0 {
		return "", schema.Invalid("", "is UTF-16 cut in the middle of a character")
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i += 2 {
		r := rune(order.Uint16(raw[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+4 <= len(raw) {
				low = rune(order.Uint16(raw[i+2:]))
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return "", schema.Invalid("", "is UTF-16 with half a character in it (byte %d)", i)
			}
			i += 2
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}
