package safefile_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"unicode/utf16"

	"github.com/mailferry/mailferry/internal/safefile"
)

func utf16Of(order binary.AppendByteOrder, text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func TestTextIsReadInEveryEncodingThatShowsItself(t *testing.T) {
	const text = "{\"note\": \"Grüße 📮\"}\n"
	le, be := binary.AppendByteOrder(binary.LittleEndian), binary.AppendByteOrder(binary.BigEndian)
	for name, c := range map[string]struct {
		raw  []byte
		want string
		in   safefile.Encoding
	}{
		"UTF-8":                {[]byte(text), text, safefile.UTF8},
		"UTF-8 with a mark":    {[]byte("\ufeff" + text), text, safefile.UTF8},
		"UTF-16 LE":            {utf16Of(le, "\ufeff"+text), text, safefile.UTF16LE},
		"UTF-16 BE":            {utf16Of(be, "\ufeff"+text), text, safefile.UTF16BE},
		"a code page":          {[]byte("Gr\xfc\xdfe"), "Gr\xfc\xdfe", safefile.Bytes},
		"nothing":              {nil, "", safefile.UTF8},
		"an age file's binary": {[]byte("age-encryption.org/v1\n\xff\x00\x00"), "age-encryption.org/v1\n\xff\x00\x00", safefile.Bytes},
	} {
		got, in, err := safefile.Text(c.raw)
		if err != nil || got != c.want || in != c.in {
			t.Errorf("%s: %q as %q, %v", name, got, in, err)
		}
	}
	for _, raw := range []string{"\xff\xfea", "\xff\xfe\x3d\xd8", "\ufeff\xff"} {
		if got, _, err := safefile.Text([]byte(raw)); err == nil {
			t.Errorf("%q is read as %q", raw, got)
		}
	}
}

// A CR in a comment would else begin a line that other programs do not see.
func TestLinesEndAsOtherProgramsSeeThem(t *testing.T) {
	for text, want := range map[string][]string{
		"a\nb\n":          {"a", "b", ""},
		"a\r\nb":          {"a", "b"},
		"a\rb":            {"a", "b"},
		"# a\rmallory\nb": {"# a\rmallory", "b"},
		"\ufeffa\r\nb":    {"a", "b"},
	} {
		if got, err := safefile.Lines([]byte(text)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
