package sheet

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mailferry/mailferry/schema"
	"golang.org/x/text/encoding/charmap"
)

// Encodings that a sheet can be in.
const (
	utf8Plain   = "UTF-8"
	utf16LE     = "UTF-16 little-endian"
	utf16BE     = "UTF-16 big-endian"
	windows1252 = "Windows-1252"
)

// decodeText turns a file into text and says what it was. A byte order mark
// settles the question; without one, zero bytes in every second place mean
// UTF-16, valid UTF-8 is UTF-8, and only what is left is Windows-1252.
func decodeText(raw []byte) (text, encoding string, err error) {
	switch {
	case bytes.HasPrefix(raw, []byte{0xEF, 0xBB, 0xBF}):
		raw = raw[3:]
		if !utf8.Valid(raw) {
			return "", "", invalid("", "begins as UTF-8 (with a byte order mark) and is not valid UTF-8 further down")
		}
		encoding = utf8Plain
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}):
		raw, encoding = raw[2:], utf16LE
	case bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		raw, encoding = raw[2:], utf16BE
	default:
		encoding = zeroPattern(raw)
	}
	switch {
	case encoding == utf16LE:
		text, err = decodeUTF16(raw, binary.LittleEndian)
	case encoding == utf16BE:
		text, err = decodeUTF16(raw, binary.BigEndian)
	case encoding == utf8Plain || utf8.Valid(raw):
		text, encoding = string(raw), utf8Plain
	default:
		text, err = decodeWindows1252(raw)
		encoding = windows1252
	}
	if err != nil {
		return "", "", err
	}
	if strings.ContainsRune(text, 0) {
		return "", "", schema.Hint(invalid("", "contains a NUL character: this is no text file"),
			"save the sheet as CSV; a workbook (.xlsx, .ods) cannot be read")
	}
	return text, encoding, nil
}

// zeroPattern recognises UTF-16 without a byte order mark by its header, which
// is mostly Latin letters: every second byte is zero.
func zeroPattern(raw []byte) string {
	head := raw[:min(len(raw), 200)&^1]
	if len(head) < 4 {
		return ""
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
		return utf16LE
	case zeros[1] == 0 && zeros[0] > pairs*3/4:
		return utf16BE
	default:
		return ""
	}
}

func decodeUTF16(raw []byte, order binary.ByteOrder) (string, error) {
	if len(raw)%2 != 0 {
		return "", invalid("", "is UTF-16 cut in the middle of a character")
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
				return "", invalid("", "is UTF-16 with half a character in it (byte %d)", i)
			}
			i += 2
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// decodeWindows1252 refuses the five bytes that Windows-1252 leaves undefined:
// they are the sign that the file is in yet another encoding.
func decodeWindows1252(raw []byte) (string, error) {
	if i := bytes.IndexAny(raw, "\x00"); i >= 0 {
		return "", schema.Hint(invalid("", "contains a NUL byte: this is no text file"),
			"save the sheet as CSV; a workbook (.xlsx, .ods) cannot be read")
	}
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/8)
	for i, c := range raw {
		switch c {
		case 0x81, 0x8D, 0x8F, 0x90, 0x9D:
			return "", schema.Hint(invalid("", "is neither UTF-8 nor UTF-16 nor Windows-1252 (byte %d)", i),
				"save it as \"CSV UTF-8\"")
		}
		b.WriteRune(charmap.Windows1252.DecodeByte(c))
	}
	return b.String(), nil
}
