package jirabackup

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

// goodDocument has one wanted row between skipped ones.
func goodDocument() string { return inSkipped("") }

// zipped makes an archive of the entries, given as name, content, name, content.
func zipped(t testing.TB, method uint16, entries ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(entries); i += 2 {
		w := rig.Get(z.CreateHeader(&zip.FileHeader{Name: entries[i], Method: method})).Or(t)
		rig.Get(io.WriteString(w, entries[i+1])).Or(t)
	}
	rig.OK(t, z.Close())
	return buf.Bytes()
}

func onDisk(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	rig.OK(t, os.WriteFile(path, content, 0o600))
	return path
}

// readFile opens a file and counts the rows of the wanted table.
func readFile(t testing.TB, path string, opts Options) (rows int, err error) {
	t.Helper()
	b, err := open(path, opts)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	_, err = b.read(t.Context(), []string{wantedTable}, func(string, []string, []value) error {
		rows++
		return nil
	})
	return rows, err
}

func wantRows(t testing.TB, path string, want int) {
	t.Helper()
	if rows, err := readFile(t, path, Options{}); err != nil || rows != want {
		t.Errorf("read %d rows, %v, want %d", rows, err, want)
	}
}

func wantError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want one with %q", err, want)
	}
}

func TestBackupIsKnownByItsContent(t *testing.T) {
	for name, content := range map[string][]byte{
		"deflated": zipped(t, zip.Deflate, "entities.xml", "<a/>", entryName, goodDocument()),
		"stored":   zipped(t, zip.Store, entryName, goodDocument(), "entities.xml", "<a/>"),
		"bare":     []byte(goodDocument()),
	} {
		t.Run(name, func(t *testing.T) { wantRows(t, onDisk(t, content), 1) })
	}
	for content, want := range map[string]string{
		"":                       "is empty",
		"name,host\na,b\n":       "activeobjects.xml: ",
		"\x1F\x8B\x08\x00":       "activeobjects.xml: ",
		"<entity-engine-xml/>":   "root element is <entity-engine-xml>",
		"<backup/>":              "not <backup> of http://www.atlassian.com/ao",
		"PK\x07\x08PK\x03\x04":   "is split over several files",
		"PK\x03\x04 cut at once": "no end record",
	} {
		_, err := readFile(t, onDisk(t, []byte(content)), Options{})
		wantError(t, err, want)
	}
	_, err := readFile(t, t.TempDir(), Options{})
	wantError(t, err, "not a regular file")
	_, err = readFile(t, filepath.Join(t.TempDir(), "missing"), Options{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want %v", err, os.ErrNotExist)
	}
}

func TestZip64ByOffset(t *testing.T) {
	// A real archive whose entry begins behind 4 GiB; what is before is a hole.
	const offset = 5 << 30
	path := filepath.Join(t.TempDir(), "backup.zip")
	f := rig.Get(os.Create(path)).Or(t)
	rig.Get(io.WriteString(f, "PK\x03\x04")).Or(t)
	rig.Get(f.Seek(offset, io.SeekStart)).Or(t)
	z := zip.NewWriter(f)
	z.SetOffset(offset)
	w := rig.Get(z.Create(entryName)).Or(t)
	rig.Get(io.WriteString(w, goodDocument())).Or(t)
	rig.OK(t, errors.Join(z.Close(), f.Close()))
	wantRows(t, path, 1)
}

func TestZip64ByNumberOfEntries(t *testing.T) {
	var entries []string
	for i := range 66000 {
		entries = append(entries, fmt.Sprintf("attachment-%d", i), "")
	}
	content := zipped(t, zip.Store, append(entries, entryName, goodDocument())...)
	if !bytes.Contains(content[len(content)-100:], []byte("PK\x06\x06")) {
		t.Fatal("the archive has no zip64 end record")
	}
	wantRows(t, onDisk(t, content), 1)
	_, err := readFile(t, onDisk(t, zipped(t, zip.Store, append(entries, entries...)...)), Options{})
	wantError(t, err, "directory takes more than 32 MiB")
	_, err = readFile(t, onDisk(t, zipped(t, zip.Store, entries...)), Options{})
	wantError(t, err, `has no activeobjects.xml at its top, only "attachment-0", `)
	wantError(t, err, "and 65990 more")
}

// The places of the fields in the records of an archive.
const (
	localFlags    = 6
	centralFlags  = 8
	centralMethod = 10
	centralCRC    = 16
	centralSize   = 24
	centralOffset = 42
	endDisk       = 4
	endEntries    = 10
	endDirOffset  = 16
)

// patched changes two bytes of the last record that begins with the signature.
func patched(content []byte, signature string, at int, value uint16) []byte {
	content = bytes.Clone(content)
	binary.LittleEndian.PutUint16(content[bytes.LastIndex(content, []byte(signature))+at:], value)
	return content
}

func TestZipThatCannotBeReadIsRefused(t *testing.T) {
	const local, central, end = "PK\x03\x04", "PK\x01\x02", "PK\x05\x06"
	good := zipped(t, zip.Deflate, entryName, goodDocument())
	encrypted := patched(patched(good, local, localFlags, 9), central, centralFlags, 9)
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"encrypted", encrypted, "is encrypted"},
		{"encrypted by AES", patched(good, central, centralMethod, 99), "is encrypted"},
		{"split by its end record", patched(good, end, endDisk, 1), "is split"},
		{"split by its counts", patched(good, end, endEntries, 2), "is split"},
		{"bzip2", patched(good, central, centralMethod, 12), "unsupported compression algorithm"},
		{"unknown method", patched(good, central, centralMethod, 77), "unsupported compression algorithm"},
		{"no entry", zipped(t, zip.Deflate, "entities.xml", "<a/>", "x/activeobjects.xml", "<a/>"), `no activeobjects.xml at its top, only "entities.xml", "x/activeobjects.xml"`},
		{"empty", zipped(t, zip.Deflate), "zip archive is empty"},
		{"doubled", zipped(t, zip.Deflate, entryName, goodDocument(), entryName, goodDocument()), "holds activeobjects.xml twice"},
		{"wrong checksum", patched(good, central, centralCRC, 0x1234), "the archive is damaged: zip: checksum error"},
		{"inflates to more", patched(good, central, centralSize, 100), "the archive is damaged: zip: not a valid zip file"},
		{"inflates to less", patched(good, central, centralSize, 0xFFF0), "the archive is damaged: unexpected EOF"},
		{"directory elsewhere", patched(good, end, endDirOffset, 1), "not a valid zip file"},
		{"directory outside", patched(good, end, endDirOffset, 0xFFFF), "zip entry activeobjects.xml: "},
		{"entry outside", patched(good, central, centralOffset, 0xFFFF), "zip entry activeobjects.xml: "},
		{"entry elsewhere", patched(good, central, centralOffset, 3), "not a valid zip file"},
		{"junk behind", append(bytes.Clone(good), "junk"...), "no end record"},
		{"without a checksum", patched(patched(good, central, centralCRC, 0), central, centralCRC+2, 0), "has no checksum"},
		{"stored with two sizes", patched(zipped(t, zip.Store, entryName, goodDocument()), central, centralSize, 1), "the archive is damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readFile(t, onDisk(t, tt.content), Options{})
			wantError(t, err, tt.want)
		})
	}
}

func TestDamagedZipIsAnErrorWhereverItIsCutOrChanged(t *testing.T) {
	good := zipped(t, zip.Deflate, entryName, goodDocument())
	path := onDisk(t, good)
	for n := range good {
		rig.OK(t, os.WriteFile(path, good[:n], 0o600))
		if _, err := readFile(t, path, Options{}); err == nil {
			t.Errorf("cut after %d of %d bytes, it is read", n, len(good))
		}
	}
	data := bytes.Index(good, []byte(entryName)) + len(entryName)
	for n := data; n < bytes.Index(good, []byte("PK\x07\x08")); n++ {
		bad := bytes.Clone(good)
		bad[n] ^= 0x10
		rig.OK(t, os.WriteFile(path, bad, 0o600))
		if _, err := readFile(t, path, Options{}); err == nil {
			t.Errorf("changed at byte %d, it is read", n)
		}
	}
}

func TestZipBombIsRefusedUnlessTheLimitIsRaised(t *testing.T) {
	bomb := strings.Replace(goodDocument(), "</data>", strings.Repeat(" ", 3<<20)+"</data>", 1)
	path := onDisk(t, zipped(t, zip.Deflate, entryName, bomb))
	_, err := readFile(t, path, Options{MaxInflated: 1 << 20})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("error is %v, want %v", err, ErrTooLarge)
	}
	if rows, err := readFile(t, path, Options{MaxInflated: 4 << 20}); err != nil || rows != 1 {
		t.Errorf("read %d rows, %v, want 1", rows, err)
	}
}

func TestDefaultLimitFollowsTheCompressedSize(t *testing.T) {
	for compressed, want := range map[uint64]uint64{
		0:        1 << 30,
		1 << 20:  1 << 30,
		10 << 20: 2000 << 20,
		1 << 30:  64 << 30,
		1 << 60:  64 << 30,
	} {
		if got := (Options{}).maxInflated(compressed); got != want {
			t.Errorf("limit for %d bytes is %d, want %d", compressed, got, want)
		}
	}
}

func TestProgressReachesItsTotal(t *testing.T) {
	for name, content := range map[string][]byte{
		"zip":  zipped(t, zip.Deflate, entryName, goodDocument()),
		"bare": []byte(goodDocument()),
	} {
		var last, total int64
		_, err := readFile(t, onDisk(t, content), Options{Progress: func(r, n int64) {
			if r < last {
				t.Errorf("%s: progress goes back from %d to %d", name, last, r)
			}
			last, total = r, n
		}})
		if err != nil || last != total || total == 0 {
			t.Errorf("%s: progress ends at %d of %d, %v", name, last, total, err)
		}
	}
}

func TestSHA256IsThatOfTheFile(t *testing.T) {
	content := zipped(t, zip.Deflate, entryName, goodDocument())
	b := rig.Get(open(onDisk(t, content), Options{})).Or(t)
	want := sha256.Sum256(content)
	if got, err := b.sha256(t.Context()); err != nil || got != hex.EncodeToString(want[:]) {
		t.Errorf("sum is %s, %v, want %x", got, err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.sha256(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	if _, err := b.read(ctx, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	if err := b.close(); err != nil {
		t.Error(err)
	}
}
