package jirabackup

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
	"unicode"
)

// FuzzZip holds what an archive gives to what it says: an entry does not inflate
// past its size, and an error is one printable line.
func FuzzZip(f *testing.F) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		content := zipped(f, method, "entities.xml", "<x/>", entryName, goodDocument())
		f.Add(content)
		f.Add(content[:len(content)-30])
		f.Add(patched(content, "PK\x01\x02", 42, 0xFFFF))
	}
	f.Add(append([]byte("PK\x03\x04"), zipped(f, zip.Store)...))
	f.Fuzz(func(t *testing.T, content []byte) {
		entry, err := findEntry(bytes.NewReader(content), int64(len(content)), Options{})
		if err == nil {
			var r io.ReadCloser
			if r, err = entry.Open(); err == nil {
				var n int64
				if n, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20)); uint64(n) > entry.UncompressedSize64 {
					t.Fatalf("%d bytes of %d", n, entry.UncompressedSize64)
				}
			}
		}
		if err == nil {
			return
		}
		for _, r := range err.Error() {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q", err)
			}
		}
	})
}
