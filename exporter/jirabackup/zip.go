package jirabackup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zip"

	"github.com/mailferry/mailferry/schema"
)

// entryName is the file that the tables are in, at the top of the archive.
const entryName = "activeobjects.xml"

var errSplit = errors.New("zip archive is split over several files: join its parts first")

// findEntry finds the document in a zip archive of the given size.
func findEntry(r io.ReaderAt, size int64, opts Options) (*zip.File, error) {
	if err := checkEnd(r, size); err != nil {
		return nil, err
	}
	cost := 0
	z, err := zip.NewReaderWithOptions(r, size, zip.ReaderOptions{NameDecoder: func(f *zip.FileHeader) error {
		if cost += nameCost + len(f.Name) + len(f.Extra) + len(f.Comment); cost > maxDirectory {
			return fmt.Errorf("directory takes more than %d MiB", maxDirectory>>20)
		}
		return nil
	}})
	if err != nil {
		return nil, fmt.Errorf("zip archive cannot be read: %w", err)
	}
	var found *zip.File
	for _, f := range z.File {
		switch {
		case f.Name != entryName:
		case found != nil:
			return nil, fmt.Errorf("zip archive holds %s twice", entryName)
		default:
			found = f
		}
	}
	if found == nil {
		return nil, missingEntry(z.File)
	}
	if err := refuse(&found.FileHeader); err != nil {
		return nil, fmt.Errorf("zip entry %s: %w", entryName, err)
	}
	if limit := opts.maxInflated(found.CompressedSize64); found.UncompressedSize64 > limit {
		return nil, fmt.Errorf("%s of %d bytes %w of %d bytes", entryName, found.UncompressedSize64,
			ErrTooLarge, limit)
	}
	return found, nil
}

// checkEnd says of an archive without its end, and of a part of a split one,
// what is wrong with it, which the zip package does not.
func checkEnd(r io.ReaderAt, size int64) error {
	const endLen, maxComment, inZip64 = 22, 0xFFFF, 0xFFFF
	tail := make([]byte, min(size, endLen+maxComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	field := func(i int) int { return int(binary.LittleEndian.Uint16(tail[at+i:])) }
	if at < 0 || len(tail)-at < endLen || len(tail)-at != endLen+field(20) {
		return errors.New("zip archive has no end record: it is cut short, or the first part of a split one")
	}
	disk, here, all := field(4), field(8), field(10)
	if disk != 0 && disk != inZip64 || here != all {
		return errSplit
	}
	return nil
}

func missingEntry(files []*zip.File) error {
	if len(files) == 0 {
		return fmt.Errorf("zip archive is empty: no %s", entryName)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	return fmt.Errorf("zip archive has no %s at its top, only %s", entryName, schema.Quotes(names))
}

// refuse says why an entry cannot be read, if it cannot.
func refuse(f *zip.FileHeader) error {
	const encrypted, strong, masked, methodAES = 1 << 0, 1 << 6, 1 << 13, 99
	switch {
	case f.Flags&(encrypted|strong|masked) != 0 || f.Method == methodAES:
		return errors.New("is encrypted: unpack it with its password first")
	case f.CRC32 == 0 && f.UncompressedSize64 > 0:
		return errors.New("has no checksum") // the zip package would not check it
	}
	return nil
}
