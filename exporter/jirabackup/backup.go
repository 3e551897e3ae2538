package jirabackup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
)

// Limits on the inflated document that hold when [Options] gives none: so many
// times the compressed size, but never below the one nor above the other.
const (
	defaultRatio       = 200
	defaultMinInflated = 1 << 30
	defaultMaxInflated = 64 << 30
)

// readAhead is how much of the file is read at a time.
const readAhead = 64 << 10

// ErrTooLarge is what a document is refused with that inflates past the limit;
// a larger Options.MaxInflated lets it through.
var ErrTooLarge = errors.New("inflates past the limit")

// Options are the settings of [Open]; the zero value is good.
type Options struct {
	// MaxInflated bounds the inflated activeobjects.xml of a zip, in bytes.
	// 0 means 200 times its compressed size, at least 1 GiB and at most 64 GiB.
	// Reading takes constant memory; a zip bomb costs time.
	MaxInflated int64
	// Progress, when set, is called during Inspect and Read, from the calling
	// goroutine, with the bytes read of the file's document as it lies there
	// (compressed, in a zip) and their total.
	Progress func(read, total int64)
}

// A Backup is an open backup. It may be read any number of times, but not by
// two goroutines at once.
type Backup struct {
	file   file
	size   int64
	zipped bool
	entry  zipEntry
	opts   Options
	chunk  int // chunkSize, but for tests
}

// A file is an *os.File, as far as a Backup needs one.
type file interface {
	io.ReaderAt
	io.Closer
}

// Open opens a Jira backup: a zip that holds activeobjects.xml, zip64 included,
// or a bare activeobjects.xml. It tells them apart by their content, and refuses
// a zip that is encrypted, split, compressed by other methods than deflate, or
// that lacks or doubles the entry. The file stays open until Close.
func Open(path string, opts Options) (*Backup, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := openFile(f, opts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return b, nil
}

func openFile(f *os.File, opts Options) (*Backup, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	b := &Backup{file: f, size: info.Size(), opts: opts, chunk: chunkSize}
	return b, b.recognise()
}

// recognise finds the document in the file.
func (b *Backup) recognise() error {
	magic := make([]byte, 4)
	n, err := b.file.ReadAt(magic, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	magic = magic[:n]
	switch {
	case n == 0:
		return errors.New("is empty")
	case bytes.HasPrefix(magic, []byte("PK\x07\x08")), bytes.HasPrefix(magic, []byte("PK00")):
		return errSplit
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")), bytes.HasPrefix(magic, []byte("PK\x05\x06")):
		b.zipped = true
		b.entry, err = findEntry(b.file, b.size)
		if err != nil {
			return err
		}
		if b.entry.size > b.maxInflated() {
			return fmt.Errorf("%s of %d bytes %w of %d bytes", entryName, b.entry.size, ErrTooLarge, b.maxInflated())
		}
	case looksLikeXML(magic):
		b.entry = zipEntry{compressed: b.size, size: b.size}
	default:
		return errors.New("is neither a zip archive nor XML")
	}
	return nil
}

func looksLikeXML(magic []byte) bool {
	for _, begin := range []string{"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF", "\x00<\x00?", "\x00\x00\xFE\xFF"} {
		if bytes.HasPrefix(magic, []byte(begin)) {
			return true
		}
	}
	magic = trimSpace(magic)
	return len(magic) == 0 || magic[0] == '<'
}

func (b *Backup) maxInflated() int64 {
	if b.opts.MaxInflated > 0 {
		return b.opts.MaxInflated
	}
	if b.entry.compressed > defaultMaxInflated/defaultRatio {
		return defaultMaxInflated
	}
	return max(defaultMinInflated, b.entry.compressed*defaultRatio)
}

// Zipped reports whether the backup is a zip archive, rather than a bare
// activeobjects.xml.
func (b *Backup) Zipped() bool { return b.zipped }

// SHA256 reads the file as it was given, zip archive and all, and returns the
// lower-case hex SHA-256 of it.
func (b *Backup) SHA256(ctx context.Context) (string, error) {
	h := sha256.New()
	r := io.NewSectionReader(b.file, 0, b.size)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		_, err := io.CopyN(h, r, 8<<20)
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// Close closes the file.
func (b *Backup) Close() error { return b.file.Close() }

// A document is one pass over the inflated document: it counts and sums what
// the scanner is given, which the archive vouches for.
type document struct {
	b    *Backup
	read atomic.Int64 // compressed bytes; the reading goroutine counts them
	crc  uint32
	size int64
}

func (b *Backup) document() (*document, io.Reader) {
	d := &document{b: b}
	raw := &countingReader{
		r: io.NewSectionReader(b.file, b.entry.offset, b.entry.compressed),
		n: &d.read,
	}
	if b.entry.method == methodDeflate {
		return d, flate.NewReader(bufio.NewReaderSize(raw, readAhead))
	}
	return d, raw
}

// check is given the document's bytes as they are in the file.
func (d *document) check(p []byte, eof bool) error {
	d.size += int64(len(p))
	if progress := d.b.opts.Progress; progress != nil {
		progress(d.read.Load(), d.b.entry.compressed)
	}
	if !d.b.zipped {
		return nil
	}
	e := d.b.entry
	d.crc = crc32.Update(d.crc, crc32.IEEETable, p)
	switch {
	case d.size > e.size:
		return fmt.Errorf("inflates past the %d bytes that the zip directory says", e.size)
	case eof && d.size < e.size:
		return fmt.Errorf("inflates to %d bytes where the zip directory says %d", d.size, e.size)
	case eof && d.crc != e.crc:
		return errors.New("does not have the checksum that the zip directory says: the archive is damaged")
	}
	return nil
}

type countingReader struct {
	r io.Reader
	n *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
