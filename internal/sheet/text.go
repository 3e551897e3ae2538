package sheet

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// windows1252 is what a file is taken for that is neither UTF-8 nor UTF-16, and of
// which nobody says more.
const windows1252 safefile.Encoding = "Windows-1252"

// decodeText turns a file into text and says what it was. A byte order mark
// settles the question; given is the code page of what has none.
func decodeText(raw []byte, given string) (text string, in safefile.Encoding, err error) {
	text, in, err = safefile.Text(raw)
	marked := strings.HasPrefix(string(raw[:min(len(raw), 3)]), "\ufeff") || in == safefile.UTF16LE ||
		in == safefile.UTF16BE
	switch {
	case err != nil:
		return "", in, err
	case given != "" && !marked:
		text, in, err = decodeGiven(raw, given, text, in)
	case in == safefile.Bytes:
		if text, err = decodeAs(raw, string(windows1252)); err != nil {
			at := slices.IndexFunc(raw, func(b byte) bool { return bytes.IndexByte([]byte{0x81, 0x8D, 0x8F, 0x90, 0x9D}, b) >= 0 })
			err = schema.Hint(schema.Invalid("", "is neither UTF-8 nor UTF-16 nor Windows-1252 (byte %d)", at),
				"save it as \"CSV UTF-8\", or say its code page: --encoding windows-1251")
		}
		in = windows1252
	}
	if err != nil {
		return "", in, err
	}
	if strings.ContainsRune(text, 0) {
		return "", in, schema.Hint(schema.Invalid("", "contains a NUL character: this is no text file"),
			"save the sheet as CSV or as a workbook (.xlsx); UTF-16 without a byte order mark wants --encoding utf-16le")
	}
	return text, in, nil
}

// decodeGiven reads a file whose code page is given, together with those of the other
// files of a command: what is UTF-8 among them keeps its letters. Text in a page of
// single bytes is not UTF-8 by chance; in one of several bytes it may be, and nobody
// can tell.
func decodeGiven(raw []byte, given, text string, in safefile.Encoding) (string, safefile.Encoding, error) {
	page, _ := codePage(given)
	_, single := page.(*charmap.Charmap)
	other, err := decodeAs(raw, given)
	switch isUTF8 := in == safefile.UTF8 && other != text && !strings.ContainsRune(text, 0) &&
		strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }); {
	case isUTF8 && page != nil && (single || err != nil):
		return text, safefile.Encoding("UTF-8, which all of it is, not as " + given), nil
	case isUTF8 && err == nil:
		err = schema.Hint(schema.Invalid("", "may be UTF-8 as well as %s", schema.Quote(given)), "save it as \"CSV UTF-8\"")
	}
	return other, safefile.Encoding(given), err
}

func codePage(name string) (encoding.Encoding, error) {
	if e, err := htmlindex.Get(name); err == nil {
		return e, nil
	}
	if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil { // those of DOS
		return e, nil
	}
	return nil, schema.Hint(schema.Invalid("", "no encoding is called %s", schema.Quote(name)),
		"such as windows-1251, iso-8859-2, cp850, shift_jis")
}

// decodeAs refuses bytes that the code page leaves undefined: they are the sign
// that the file is in yet another.
func decodeAs(raw []byte, name string) (string, error) {
	page, err := codePage(name)
	if err != nil {
		return "", err
	}
	out, err := page.NewDecoder().Bytes(raw)
	text := string(out)
	if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || 0x80 <= r && r < 0xa0 }) {
		return "", schema.Invalid("", "has bytes that %s does not have", schema.Quote(name))
	}
	return text, nil
}
