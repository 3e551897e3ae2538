package jirabackup

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	text "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encoded writes a document in an encoding, declared as name.
func encoded(t *testing.T, e text.Encoding, name, doc string) []byte {
	t.Helper()
	if name != "" {
		doc = strings.Replace(doc, "encoding='UTF-8'", "encoding='"+name+"'", 1)
	}
	out, err := e.NewEncoder().Bytes([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodingsComeOutRight(t *testing.T) {
	latin := inSkipped("<row><string>Zürich</string><string/><string/></row>")
	latin = strings.ReplaceAll(latin, "a &lt;b", "é &lt;\u0085\u00FFb")
	wide := strings.ReplaceAll(latin, "é", "é™😀\uFEFF")
	ascii := strings.NewReplacer("ü", "&#252;", "é", "&#233;", "\u0085", "&#133;", "\u00FF", "&#255;").Replace(latin)
	bare := strings.Replace(wide, " encoding='UTF-8'", "", 1)
	little := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	tests := []struct {
		name, same string
		doc        []byte
		want       string
	}{
		{"UTF-8", wide, []byte(wide), "UTF-8"},
		{"UTF-8 in lower case", wide, encoded(t, unicode.UTF8, "utf-8", wide), "UTF-8"},
		{"UTF-8 with a mark", wide, encoded(t, unicode.UTF8BOM, "", wide), "UTF-8"},
		{"UTF-8 undeclared", wide, []byte(bare), "UTF-8"},
		{"US-ASCII", latin, encoded(t, unicode.UTF8, "US-ASCII", ascii), "US-ASCII"},
		{"ISO-8859-1", latin, encoded(t, charmap.ISO8859_1, "iso-8859-1", latin), "ISO-8859-1"},
		{"UTF-16 little", wide, encoded(t, little, "UTF-16", wide), "UTF-16LE"},
		{"UTF-16 big", wide, encoded(t, big, "UTF-16", wide), "UTF-16BE"},
		{"UTF-16 undeclared", wide, encoded(t, big, "", bare), "UTF-16BE"},
		{"UTF-16LE with a mark", wide, encoded(t, little, "UTF-16LE", wide), "UTF-16LE"},
		{"UTF-16LE", wide, encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16LE", wide), "UTF-16LE"},
		{"UTF-16BE", wide, encoded(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "UTF-16BE", wide), "UTF-16BE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want, err := readAll(t, []byte(tt.same), chunkSize, wantedTable, "AO_544E33_OTHER")
			if err != nil {
				t.Fatal(err)
			}
			for _, chunk := range []int{1, 2, 3, 7, chunkSize} {
				got, err := readAll(t, tt.doc, chunk, wantedTable, "AO_544E33_OTHER")
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.rows, want.rows) {
					t.Errorf("chunks of %d: rows are %q, want %q", chunk, got.rows, want.rows)
				}
				contents, err := inMemory(t, tt.doc, chunk).Inspect(t.Context())
				if err != nil || contents.Encoding != tt.want || contents.Size != int64(len(tt.doc)) {
					t.Errorf("contents are %+v, %v, want %s of %d bytes", contents, err, tt.want, len(tt.doc))
				}
				if _, err := readAll(t, tt.doc[:len(tt.doc)-1], chunk); tt.want[:4] == "UTF-1" {
					wantError(t, err, "ends inside a character")
				}
			}
			sameReading(t, tt.doc, 5, wantedTable)
		})
	}
}

func TestEncodingThatIsWrongOrUnknownIsRefused(t *testing.T) {
	little := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	declared := func(declaration string) []byte {
		return []byte(strings.Replace(goodDocument(), "<?xml version='1.0' encoding='UTF-8'?>", declaration, 1))
	}
	tests := []struct {
		doc  []byte
		want string
	}{
		{declared("<?xml version='1.0' encoding='windows-1252'?>"), `encoding "windows-1252" is not supported`},
		{declared("<?xml version='1.0' encoding='UTF-32'?>"), `encoding "UTF-32" is not supported`},
		{[]byte("\xFF\xFE\x00\x00<\x00\x00\x00"), "encoding UTF-32 is not supported"},
		{declared("<?xml version='1.0' encoding='UTF-16'?>"), "declares encoding UTF-16, but is written in single bytes"},
		{declared("\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?>"), "declares encoding ISO-8859-1, but is written in UTF-8 (by its byte order mark)"},
		{declared("\xEF\xBB\xBF<?xml version='1.0' encoding='US-ASCII'?>"), "declares encoding US-ASCII, but"},
		{encoded(t, little, "UTF-8", goodDocument()), "declares encoding UTF-8, but is written in UTF-16LE (by its byte order mark)"},
		{encoded(t, little, "UTF-16BE", goodDocument()), "declares encoding UTF-16BE, but is written in UTF-16LE"},
		{encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "", strings.Replace(goodDocument(), " encoding='UTF-8'", "", 1)), "UTF-16 without a byte order mark needs"},
		{[]byte("<\x00?\x00a\x00"), "UTF-16 without a byte order mark needs"},
		{[]byte("\xFF\xFE<\x00\x00\xD8<\x00"), "byte 4: not UTF-16LE: half a surrogate pair"},
		{[]byte("\xFF\xFE<\x00\x00\xDC"), "byte 4: not UTF-16LE: half a surrogate pair"},
		{[]byte(strings.Replace(inSkipped("é"), "UTF-8", "US-ASCII", 1)), "byte 0xC3 is not US-ASCII"},
		{declared("<?xml version='1.1'?>"), `version "1.1" is not supported`},
		{declared("<?xml encoding='UTF-8'?>"), "no version"},
		{declared("<?xml?>"), "no version"},
		{declared("<?xml version='1.0' encoding=''?>"), "encoding is empty"},
		{declared("<?xml version='1.0' encoding?>"), "no value for encoding"},
		{declared("<?xml version='1.0' encoding='UTF-8?>"), "value of encoding does not end"},
		{declared("<?xml version='1.0'encoding='UTF-8'?>"), "no white space before encoding"},
		{declared("<?xml version='1.0' standalone='maybe'?>"), `standalone is "maybe"`},
		{declared("<?xml version='1.0' extra='1'?>"), "holds more than"},
		{declared("<?xml version='1.0'" + strings.Repeat(" ", headSize) + "?>"), "does not end within"},
		{declared("<?XML version='1.0'?>"), "may only stand at the start, in lower case"},
	}
	for _, tt := range tests {
		for _, chunk := range []int{1, chunkSize} {
			_, err := readAll(t, tt.doc, chunk, wantedTable)
			wantError(t, err, tt.want)
		}
	}
}

func TestErrorsCountBytesAsTheyAreInTheFile(t *testing.T) {
	doc := inSkipped("<row><string>üÿ</row>")
	before, _, _ := strings.Cut(doc, "ÿ</row>")
	before += "ÿ"
	for name, e := range map[string]text.Encoding{
		"UTF-8":      unicode.UTF8,
		"ISO-8859-1": charmap.ISO8859_1,
		"UTF-16":     unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	} {
		at := len(encoded(t, e, name, before))
		for _, chunk := range []int{1, 13, chunkSize} {
			_, err := readAll(t, encoded(t, e, name, doc), chunk)
			wantError(t, err, fmt.Sprintf("line %d, byte %d: </row> where", 1+strings.Count(before, "\n"), at))
		}
	}
}

func TestEveryByteIsJudgedWhereverItStands(t *testing.T) {
	// Eight bytes at a time must come to the same as one at a time.
	for c := range 256 {
		for at := range 19 {
			p := []byte(strings.Repeat("\n", 9) + strings.Repeat("a", 10))
			p[at] = byte(c)
			plain, legal := scanASCII(p)
			wantLegal := c >= 0x20 || c == '\t' || c == '\n' || c == '\r'
			if plain != (c < 0x80) || legal != wantLegal {
				t.Errorf("byte 0x%02X at %d: plain %t, legal %t", c, at, plain, legal)
			}
		}
	}
}
