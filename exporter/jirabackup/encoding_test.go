package jirabackup

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	text "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/mailferry/mailferry/internal/rig"
)

// encoded writes a document in an encoding, declared as name.
func encoded(t *testing.T, e text.Encoding, name, doc string) []byte {
	t.Helper()
	if name != "" {
		doc = strings.Replace(doc, "encoding='UTF-8'", "encoding='"+name+"'", 1)
	}
	out := rig.Get(e.NewEncoder().Bytes([]byte(doc))).Or(t)
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
		{"windows-1252", latin, encoded(t, charmap.Windows1252, "WINDOWS-1252", strings.ReplaceAll(latin, "\u0085", "&#133;")), "windows-1252"},
		{"UTF-16 little", wide, encoded(t, little, "UTF-16", wide), "UTF-16LE"},
		{"UTF-16 big", wide, encoded(t, big, "UTF-16", wide), "UTF-16BE"},
		{"UTF-16 undeclared", wide, encoded(t, big, "", bare), "UTF-16BE"},
		{"UTF-16LE with a mark", wide, encoded(t, little, "UTF-16LE", wide), "UTF-16LE"},
		{"UTF-16LE", wide, encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16LE", wide), "UTF-16LE"},
		{"UTF-16BE", wide, encoded(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "UTF-16BE", wide), "UTF-16BE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := rig.Get(readAll([]byte(tt.same), window, wantedTable, "AO_544E33_OTHER")).Or(t)
			for _, chunk := range []int{1, 2, 3, 7, window} {
				got := rig.Get(readAll(tt.doc, chunk, wantedTable, "AO_544E33_OTHER")).Or(t)
				if !slices.Equal(got.rows, want.rows) {
					t.Errorf("chunks of %d: rows are %q, want %q", chunk, got.rows, want.rows)
				}
				contents, err := readDocument(inMemory(tt.doc, chunk), nil, nil)
				if err != nil || contents.encoding != tt.want {
					t.Errorf("contents are %+v, %v, want %s", contents, err, tt.want)
				}
				if _, err := readAll(tt.doc[:len(tt.doc)-1], chunk); tt.want[:4] == "UTF-1" && err == nil {
					t.Error("half a character at the end is read")
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
	for _, tt := range []struct {
		doc  []byte
		want string
	}{
		{declared("<?xml version='1.0' encoding='klingon'?>"), `"klingon": not supported`},
		{declared("<?xml version='1.0' encoding='UTF-32'?>"), `"UTF-32": not supported`},
		{declared("<?xml version='1.0' encoding='UTF-16'?>"), `"UTF-16": the document is written in UTF-8`},
		{declared("\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?>"), `"ISO-8859-1": the document is written in UTF-8`},
		{encoded(t, little, "ISO-8859-1", goodDocument()), `"ISO-8859-1": the document is written in UTF-16LE`},
		{[]byte("\xFF\xFE\x00\x00<\x00\x00\x00"), "not well-formed XML"},
		{declared("<?xml version='1.1'?>"), `unsupported version "1.1"`},
	} {
		for _, chunk := range []int{1, window} {
			_, err := readAll(tt.doc, chunk, wantedTable)
			wantError(t, err, tt.want)
		}
	}
}

// What decoding would silently replace is an error where it is read.
func TestBytesThatTheEncodingDoesNotHaveAreRefused(t *testing.T) {
	odd := inSkipped("<row><string>Zürich</string><string/><string/></row>")
	half := encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "UTF-16", odd)
	copy(half[bytes.Index(half, []byte("Z\x00ü"[:2])):], "\x00\xD8")
	for name, doc := range map[string][]byte{
		"US-ASCII":     []byte(strings.Replace(odd, "UTF-8", "US-ASCII", 1)),
		"windows-1252": []byte(strings.NewReplacer("UTF-8", "windows-1252", "ü", "\x81").Replace(odd)),
		"UTF-16LE":     half,
	} {
		_, err := readAll(doc, 5, "AO_544E33_OTHER")
		wantError(t, err, "holds a character that "+name)
		if got, err := readAll(doc, 5, wantedTable); err != nil || len(got.rows) != 1 {
			t.Errorf("%s in another table: %+v, %v", name, got, err)
		}
	}
	_, err := readAll([]byte(strings.NewReplacer("UTF-8", "US-ASCII", "AO_544E33_OTHER", "Zürich").Replace(odd)), 5)
	wantError(t, err, "attribute tableName of <data> holds a character that US-ASCII")
}

func TestErrorsCountTheBytesThatWereDroppedToo(t *testing.T) {
	const end = "a &lt;b&gt; c</string>\n      <string xsi:nil=\"true\"/>\n    </row>\n</data>\n</backup>"
	doc := strings.Replace(inSkipped("<row><string>üÿ</string></row>"), end, "</string><integer>x</integer></row></data></backup>", 1)
	at := strings.Index(doc, "</integer></row></data></backup>")
	for _, mark := range []string{"", "\xEF\xBB\xBF"} {
		for _, chunk := range []int{1, 13, window} {
			_, err := readAll([]byte(mark+doc), chunk, wantedTable)
			wantError(t, err, fmt.Sprintf(`row 1: column "C": byte %d: is no integer`, at+len(mark)))
		}
	}
}
