package jirabackup

import (
	"archive/zip"
	"bytes"
	"testing"
	"unicode"
)

// FuzzZipDirectory holds what is found in an archive's directory to the archive:
// the entry's data lies inside it, and an error is one printable line.
func FuzzZipDirectory(f *testing.F) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		content := zipped(f, method, "entities.xml", "<x/>", entryName, goodDocument())
		f.Add(content)
		f.Add(content[:len(content)-30])
		f.Add(patched(content, "PK\x01\x02", 42, 0xFFFF))
	}
	f.Add(append([]byte("PK\x03\x04"), zipped(f, zip.Store)...))
	f.Fuzz(func(t *testing.T, content []byte) {
		e, err := findEntry(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			for _, r := range err.Error() {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q", err)
				}
			}
			return
		}
		if e.offset < 0 || e.compressed < 0 || e.size < 0 || e.compressed > int64(len(content)) || e.offset > int64(len(content))-e.compressed {
			t.Fatalf("%+v in %d bytes", e, len(content))
		}
	})
}
