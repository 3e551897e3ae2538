package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
)

// wellFormed says whether a decoder takes the whole document.
func wellFormed(r io.Reader) bool {
	dec := jsontext.NewDecoder(r)
	if dec.SkipValue() != nil {
		return false
	}
	return errors.Is(dec.SkipValue(), io.EOF)
}

var shortened = func() map[string]string {
	long := strings.Repeat("The quick brown fox. ", 2*keepText/20)
	return map[string]string{
		"short":                       `{"a":"b","c":[1,"x"]}`,
		"plain":                       `["` + long + `"]`,
		"escapes":                     `["` + strings.ReplaceAll(long, ".", `\n\"\\\u00e9`) + `"]`,
		"characters":                  `["` + strings.ReplaceAll(long, ".", "é漢\U0001F600") + `"]`,
		"pair":                        `["` + long + `\ud83d\ude00"]`,
		"pair torn by a character":    `["` + long + `\ud83dx\ude00"]`,
		"character torn by another":   `["` + long + "\xc3x\xa9" + `"]`,
		"half a character at the end": `["` + long + "\xc3" + `"]`,
		"control character":           `["` + long + "\x01" + `"]`,
		"no such escape":              `["` + long + `\x"]`,
		"escape without its digits":   `["` + long + `\u00`,
		"escape of other digits":      `["` + long + `\u00zz"]`,
		"no end":                      `["` + long,
		"a quote behind an escape":    `["` + long + `\\"]`,
		"an escaped quote at the end": `["` + long + `\"]`,
		"two":                         `{"a":"` + long + `","b":"` + long + `","c":1}`,
		"twice the same name":         `{"a":"` + long + `","a":"` + long + `"}`,
		"something behind":            `["` + long + `"]x`,
	}
}()

func TestAShortenedDocumentIsWellFormedWhereTheWholeOneIs(t *testing.T) {
	for name, doc := range shortened {
		t.Run(name, func(t *testing.T) {
			want := wellFormed(strings.NewReader(doc))
			for how, src := range map[string]io.Reader{"at once": strings.NewReader(doc), "byte by byte": iotest.OneByteReader(strings.NewReader(doc))} {
				if got := wellFormed(newShortener(src, readAhead)); got != want {
					t.Errorf("%s: well formed: %v, the whole document: %v", how, got, want)
				}
			}
		})
	}
}

func FuzzShortener(f *testing.F) {
	for _, doc := range shortened {
		f.Add([]byte(doc), 0)
		f.Add([]byte(strings.ReplaceAll(doc, "The quick brown fox", "T")), keepText)
	}
	f.Fuzz(func(t *testing.T, doc []byte, pad int) {
		// Padding brings the interesting bytes behind what is always kept.
		if pad > 0 {
			doc = bytes.Replace(doc, []byte(`"`), append([]byte{'"'}, bytes.Repeat([]byte{'a'}, pad%(2*keepText))...), 1)
		}
		if got, want := wellFormed(newShortener(bytes.NewReader(doc), readAhead)), wellFormed(bytes.NewReader(doc)); got != want {
			t.Errorf("shortened: %v, whole: %v", got, want)
		}
	})
}

func TestPlacesAreThoseOfTheWholeDocument(t *testing.T) {
	doc := shortened["two"]
	s := newShortener(strings.NewReader(doc), readAhead)
	given, err := io.ReadAll(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(given) > len(doc)-keepText {
		t.Errorf("%d of %d bytes were given", len(given), len(doc))
	}
	for _, mark := range []string{`"b"`, `"c"`, `1}`} {
		at := bytes.Index(given, []byte(mark))
		if got, want := s.source(int64(at)), int64(strings.Index(doc, mark)); got != want {
			t.Errorf("%s is said to stand at %d, it stands at %d", mark, got, want)
		}
	}
	within := int64(bytes.Index(given, []byte(`"b":"`)) + len(`"b":"`) + keepText - 1)
	if got, want := s.source(within), int64(strings.Index(doc, `"b":"`)+len(`"b":`)); got != want {
		t.Errorf("a byte of a shortened text is said to stand at %d; the text begins at %d", got, want)
	}
}

func TestTextsAndPiecesAreBounded(t *testing.T) {
	text := func(n int) string { return strings.Repeat("a", n) }
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%d":0,`, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	for name, c := range map[string]struct{ doc, want string }{
		"a text":            {`{"format":"` + text(maxText+1) + `"}`, "format: a text longer than"},
		"a name":            {`{"` + text(maxText+1) + `":1}`, "a text longer than"},
		"a member's name":   {`{"extra":{"` + text(keepText+1) + `":1}}`, "a name longer than 8192"},
		"a name of escapes": {`{"` + strings.Repeat(`\u0061`, keepText/2) + text(keepText) + `":1}`, "a name longer than 8192"},
		"members":           {`{"a":{` + members(maxMembers+1) + `}}`, "a: more than 1000 members"},
		"members of all":    {`{` + members(maxMembers+1) + `}`, "more than 1000 members"},
		"a large number":    {`{"format":"` + ServerFormat + `","manifest":` + someManifest + `,"sealed":[],"credentials":[],"connections":[{"name":"x","password":{"state":1e999}}]}`, "connections[0].password.state: a number too large"},
		"blanks":            {`{"format":` + strings.Repeat(" ", maxBetween+1) + `1}`, "blanks, or a number, longer than"},
		"digits":            {`{"format":` + strings.Repeat("9", 2*readAhead) + `}`, "blanks, or a number, longer than"},
		"values":            {`{"format":"` + ServerFormat + `","manifest":[` + strings.Repeat("0,", maxValues) + `0]}`, "more than 500000 values"},
		"values together":   {`{"format":"` + ServerFormat + `","a":[` + strings.Repeat("0,", maxValues/2) + `0],"b":[` + strings.Repeat("0,", maxValues/2) + `0]}`, "more than 500000 values"},
		"bytes together":    {`{"format":"` + ServerFormat + `","a":[` + strings.Repeat(`"`+text(maxText/2)+`",`, 4) + `0],"b":[` + strings.Repeat(`"`+text(maxText/2)+`",`, 4) + `0]}`, "b: larger than"},
		"values of an item": {`{"format":"` + ServerFormat + `","manifest":` + someManifest + `,"sealed":[],"connections":[],"credentials":[[` + strings.Repeat("0,", maxValues) + `0]]}`, "credentials[0]: more than 500000 values"},
		"a number":          {`{"format":` + strings.Repeat("9", maxNumber+1) + `}`, "format: a number longer than 100"},
		"escapes":           {`{"format":"` + strings.Repeat(`\n`, maxKept/2+8) + `"}`, "a text longer than"},
		"the manifest":      {`{"format":"` + ServerFormat + `","manifest":[` + strings.Repeat("0,", maxPiece/2) + `0]}`, "manifest: larger than"},
		"a sealed number":   {`{"format":"` + ServerFormat + `","sealed":[` + strings.Repeat("0,", maxPiece/2) + `0]}`, "sealed: larger than"},
		"sealed parts":      {`{"format":"` + ServerFormat + `","sealed":[` + strings.Repeat(`"",`, maxParts) + `""]}`, "sealed: more than 1000 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(c.doc))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("told: %.200v", err)
			}
		})
	}
}
