package schema

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const partBegins = `-----BEGIN AGE ENCRYPTED FILE-----\n`

const someManifest = `{"id":"0123456789abcdef0123456789abcdef","created":"2026-01-01T00:00:00Z",
	"tool":"t","source":{"kind":"csv","name":"x"},"recipients":[{"key":"age1x"}],"reviewers":[],"counts":{"credentials":0,"connections":0,"sealed":0,"missing":0},"history":[]}`

// partsOf decodes a bundle with that list of sealed parts.
func partsOf(t *testing.T, list string) ([]string, error) {
	t.Helper()
	doc := []byte(`{"format":"` + ServerFormat + `","sealed" : ` + list + `,"connections":[],"credentials":[],"manifest":` + someManifest + `}`)
	b, parts, err := DecodeAt(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		return nil, err
	}
	if err := b.Take(parts); err != nil {
		t.Fatalf("%q: decoded, and cannot be read: %v", list, err)
	}
	for i, p := range parts {
		if slow, err := io.ReadAll(iotest.OneByteReader(p.Reader())); err != nil || string(slow) != b.Sealed[i] || p.Len() != int64(len(slow)) {
			t.Errorf("%q: byte by byte, part %d is read as %q: %v", list, i, slow, err)
		}
	}
	return b.Sealed, nil
}

// sealedLists are lists of sealed parts, and whether they are taken.
var sealedLists = map[string]struct {
	list string
	ok   bool
}{
	"none":                           {`[]`, true},
	"two":                            {"[ \"" + partBegins + "one\" ,\n\"" + partBegins + `two\n"]`, true},
	"an escape at the beginning":     {`["-----BEGIN AGE ENCRYPTED\u0020FILE-----\n` + `one","` + partBegins + `two"]`, true},
	"an escape behind the first":     {`["` + partBegins + `one\/1","` + partBegins + `two","` + partBegins + `three"]`, true},
	"escapes in every part":          {`["` + partBegins + `\u006fne","` + partBegins + `\"two","` + partBegins + `three\\"]`, true},
	"an escape far behind":           {`["` + partBegins + strings.Repeat("a", 100_000) + `\/","` + partBegins + `two"]`, true},
	"characters of more than a byte": {`["` + partBegins + strings.Repeat("a", beginning-len(partBegins)) + `é","` + partBegins + `é"]`, true},
	"a list within":                  {`[["` + partBegins + `one"],"` + partBegins + `two"]`, false},
	"a list behind":                  {`["` + partBegins + `one",["` + partBegins + `two"]]`, false},
	"an empty list within":           {`[[],"` + partBegins + `one"]`, false},
	"a number":                       {`["` + partBegins + `one",1]`, false},
	"nothing":                        {`[null]`, false},
	"no age file":                    {`["one"]`, false},
}

func TestSealedPartsAreThoseOfTheList(t *testing.T) {
	for name, c := range sealedLists {
		t.Run(name, func(t *testing.T) {
			var want []string
			if c.ok {
				if err := json.Unmarshal([]byte(c.list), &want); err != nil {
					t.Fatal(err)
				}
			}
			got, err := partsOf(t, c.list)
			if (err == nil) != c.ok || !slices.Equal(got, want) {
				t.Errorf("read %q, %v; they are %q", got, err, want)
			}
		})
	}
}

func FuzzSealedParts(f *testing.F) {
	for _, c := range sealedLists {
		f.Add(c.list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		got, err := partsOf(t, list)
		if err != nil {
			return
		}
		var want []string
		if err := json.Unmarshal([]byte(list), &want); err != nil || !slices.Equal(got, want) {
			t.Errorf("read %q; %v: they are %q", got, err, want)
		}
	})
}
