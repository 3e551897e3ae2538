package jirabackup

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zip"
)

// ErrTooLarge is what a document is refused with that inflates past the limit;
// a larger Options.MaxInflated lets it through.
var ErrTooLarge = errors.New("inflates past the limit")

// Options are the settings of [NewTables]; the zero value is good.
type Options struct {
	// MaxInflated bounds the inflated activeobjects.xml of a zip, in bytes.
	// 0 means 200 times its compressed size, at least 1 GiB and at most 64 GiB.
	// Reading takes constant memory; a zip bomb costs time.
	MaxInflated int64
	// Progress, when set, is called while a document is read, from the calling
	// goroutine, with the bytes read of it, inflated, and their total.
	Progress func(read, total int64)
}

// A backup is an open backup file. It may be read any number of times, but not
// by two goroutines at once.
type backup struct {
	file  *os.File
	size  int64     // of the file
	entry *zip.File // nil for a bare activeobjects.xml
	opts  Options
}

// open opens a zip that holds activeobjects.xml, or a bare activeobjects.xml. Their
// content says which.
func open(path string, opts Options) (*backup, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := &backup{file: f, opts: opts}
	if err := b.recognise(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return b, nil
}

// recognise finds the document in the file.
func (b *backup) recognise() error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	b.size = info.Size()
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
		b.entry, err = findEntry(b.file, b.size, b.opts)
		return err
	}
	return nil // XML, or what encoding/xml refuses
}

func (o Options) maxInflated(compressed uint64) uint64 {
	if o.MaxInflated > 0 {
		return uint64(o.MaxInflated)
	}
	many := min(compressed, defaultMaxInflated) * defaultRatio
	return min(max(many, defaultMinInflated), defaultMaxInflated)
}

// read reads the whole document, as readDocument does.
func (b *backup) read(ctx context.Context, wanted []string, row rowFunc) (*contents, error) {
	in := &metered{ctx: ctx, progress: b.opts.Progress}
	if b.entry == nil {
		in.r, in.total = io.NewSectionReader(b.file, 0, b.size), b.size
	} else {
		inflated, err := b.entry.Open()
		if err != nil {
			return nil, fmt.Errorf("zip entry %s: %w", entryName, err)
		}
		defer inflated.Close()
		r, stop := readAhead(inflated)
		defer stop()
		in.r, in.total = r, int64(b.entry.UncompressedSize64)
	}
	return readDocument(in, wanted, row)
}

// readAhead reads r in a goroutine of its own, so that inflating and reading
// overlap. r may be closed after stop.
func readAhead(r io.Reader) (ahead io.Reader, stop func()) {
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w := bufio.NewWriterSize(in, window/2)
		_, err := io.Copy(w, r)
		if err != nil {
			err = fmt.Errorf("the archive is damaged: %w", err)
		}
		in.CloseWithError(cmp.Or(err, w.Flush()))
	}()
	return out, func() {
		out.Close()
		<-done
	}
}

// metered is a file that says how far it is read, and ends when its context does.
type metered struct {
	ctx         context.Context
	r           io.Reader
	read, total int64
	progress    func(read, total int64)
}

func (d *metered) Read(p []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := d.r.Read(p)
	d.read += int64(n)
	if d.progress != nil {
		d.progress(d.read, d.total)
	}
	return n, err
}

// sha256 reads the file as it was given, zip archive and all, and returns the
// lower-case hex SHA-256 of it.
func (b *backup) sha256(ctx context.Context) (string, error) {
	h := sha256.New()
	in := &metered{ctx: ctx, r: io.NewSectionReader(b.file, 0, b.size)}
	if _, err := io.Copy(h, bufio.NewReaderSize(in, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (b *backup) close() error { return b.file.Close() }
