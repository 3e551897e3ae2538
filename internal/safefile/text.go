package safefile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

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

// Text reads what people write or keep: UTF-8, or UTF-16 with a byte order mark, as
// editors and PowerShell's > write it. What is in neither comes back as it is, as
// Bytes. An error is a *schema.Problem.
func Text(raw []byte) (string, Encoding, error) {
	marked := func(mark string) (text []byte, ok bool) { return bytes.CutPrefix(raw, []byte(mark)) }
	if text, ok := marked("\ufeff"); ok && !utf8.Valid(text) {
		return "", UTF8, schema.Invalid("",
			"begins as UTF-8 (with a byte order mark) and is not valid UTF-8 further down")
	} else if ok {
		return string(text), UTF8, nil
	}
	if text, ok := marked("\xff\xfe"); ok {
		return decodeUTF16(text, UTF16LE, unicode.LittleEndian)
	}
	if text, ok := marked("\xfe\xff"); ok {
		return decodeUTF16(text, UTF16BE, unicode.BigEndian)
	}
	if utf8.Valid(raw) {
		return string(raw), UTF8, nil
	}
	return string(raw), Bytes, nil
}

func decodeUTF16(raw []byte, encoding Encoding, order unicode.Endianness) (string, Encoding, error) {
	text, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return "", encoding, schema.Invalid("",
			"is UTF-16 with half a character in it, or one that stands for a lost one")
	}
	return string(text), encoding, nil
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
