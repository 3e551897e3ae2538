package jirabackup

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// entryName is the file that the tables are in, at the top of the archive.
const entryName = "activeobjects.xml"

const (
	methodStore   = 0
	methodDeflate = 8

	sentinel16 = 0xFFFF
	sentinel32 = 0xFFFFFFFF

	// namesShown bounds the entries listed when the wanted one is missing.
	namesShown = 20
)

// A zipEntry says where the document lies in the archive.
type zipEntry struct {
	method     uint16
	crc        uint32
	offset     int64 // of the data
	compressed int64
	size       int64 // as the directory declares it
}

// The archive's directory is read here rather than by archive/zip: it is hostile
// and may claim millions of entries, and encrypted, split and doubled entries
// must be told apart instead of being opened.

// A zipDirectory is what the records at the end of the archive say.
type zipDirectory struct {
	offset, size int64
	entries      uint64
}

// findEntry finds the document in a zip archive of the given size.
func findEntry(r io.ReaderAt, size int64) (zipEntry, error) {
	dir, err := findDirectory(r, size)
	if err != nil {
		return zipEntry{}, err
	}
	var (
		found  *centralRecord
		names  []string
		in     = bufio.NewReader(io.NewSectionReader(r, dir.offset, dir.size))
		unread = dir.size
	)
	for i := range dir.entries {
		rec, n, err := readCentralRecord(in)
		if err != nil {
			return zipEntry{}, fmt.Errorf("zip directory, entry %d of %d: %w", i+1, dir.entries, err)
		}
		unread -= n
		if rec.name != entryName {
			if len(names) < namesShown {
				names = append(names, fmt.Sprintf("%.100q", rec.name))
			}
			continue
		}
		if found != nil {
			return zipEntry{}, fmt.Errorf("zip archive holds %s twice", entryName)
		}
		found = &rec
	}
	if unread != 0 {
		return zipEntry{}, fmt.Errorf("zip directory is %d bytes longer than its %d entries", unread, dir.entries)
	}
	if found == nil {
		switch {
		case dir.entries == 0:
			return zipEntry{}, fmt.Errorf("zip archive is empty: no %s", entryName)
		case dir.entries > namesShown:
			names = append(names, fmt.Sprintf("and %d more", dir.entries-namesShown))
		}
		return zipEntry{}, fmt.Errorf("zip archive has no %s at its top, only %s", entryName, strings.Join(names, ", "))
	}
	if err := found.refuse(); err != nil {
		return zipEntry{}, fmt.Errorf("zip entry %s: %w", entryName, err)
	}
	e, err := locate(r, found, dir.offset)
	if err != nil {
		return zipEntry{}, fmt.Errorf("zip entry %s: %w", entryName, err)
	}
	return e, nil
}

var errSplit = errors.New("zip archive is split over several files: join its parts first")

// findDirectory reads the end record, and the zip64 one where there is one.
func findDirectory(r io.ReaderAt, size int64) (zipDirectory, error) {
	const endLen, maxComment, locatorLen, end64Len = 22, 0xFFFF, 20, 56
	tail := make([]byte, min(size, endLen+maxComment))
	if err := readAt(r, tail, size-int64(len(tail))); err != nil {
		return zipDirectory{}, err
	}
	at := -1
	for i := len(tail) - endLen; i >= 0; i-- {
		if bytes.HasPrefix(tail[i:], []byte("PK\x05\x06")) &&
			int(binary.LittleEndian.Uint16(tail[i+20:])) == len(tail)-i-endLen {
			at = i
			break
		}
	}
	if at < 0 {
		return zipDirectory{}, errors.New("zip archive has no end record: it is cut short, or the first part of a split one")
	}
	end := tail[at:]
	endAt := size - int64(len(tail)-at)
	disk, dirDisk := uint32(le16(end[4:])), uint32(le16(end[6:]))
	onDisk, entries := uint64(le16(end[8:])), uint64(le16(end[10:]))
	dirSize, dirOffset := uint64(le32(end[12:])), uint64(le32(end[16:]))

	if endAt >= locatorLen {
		loc := make([]byte, locatorLen)
		if err := readAt(r, loc, endAt-locatorLen); err != nil {
			return zipDirectory{}, err
		}
		needs := disk == sentinel16 || dirDisk == sentinel16 || onDisk == sentinel16 || entries == sentinel16 ||
			dirSize == sentinel32 || dirOffset == sentinel32
		if needs && bytes.HasPrefix(loc, []byte("PK\x06\x07")) {
			if le32(loc[4:]) != 0 || le32(loc[16:]) > 1 {
				return zipDirectory{}, errSplit
			}
			end64At := le64(loc[8:])
			if endAt < locatorLen+end64Len || end64At > uint64(endAt-locatorLen-end64Len) {
				return zipDirectory{}, errors.New("zip64 end record lies outside the archive")
			}
			rec := make([]byte, end64Len)
			if err := readAt(r, rec, int64(end64At)); err != nil {
				return zipDirectory{}, err
			}
			if !bytes.HasPrefix(rec, []byte("PK\x06\x06")) {
				return zipDirectory{}, errors.New("zip64 end record is not where the archive says")
			}
			disk, dirDisk = le32(rec[16:]), le32(rec[20:])
			onDisk, entries = le64(rec[24:]), le64(rec[32:])
			dirSize, dirOffset = le64(rec[40:]), le64(rec[48:])
			endAt = int64(end64At)
		}
	}
	if disk != 0 || dirDisk != 0 || onDisk != entries {
		return zipDirectory{}, errSplit
	}
	if dirOffset > uint64(endAt) || dirSize > uint64(endAt)-dirOffset {
		return zipDirectory{}, errors.New("zip directory lies outside the archive")
	}
	return zipDirectory{offset: int64(dirOffset), size: int64(dirSize), entries: entries}, nil
}

// A centralRecord is one entry of the archive's directory.
type centralRecord struct {
	name             string
	flags, method    uint16
	crc              uint32
	compressed, size uint64
	disk             uint32
	offset           uint64 // of the local header
}

func readCentralRecord(in *bufio.Reader) (centralRecord, int64, error) {
	var h [46]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return centralRecord{}, 0, errors.New("cut short")
	}
	if !bytes.HasPrefix(h[:], []byte("PK\x01\x02")) {
		return centralRecord{}, 0, errors.New("not a directory record: the archive is damaged, or has something before it")
	}
	nameLen, extraLen, commentLen := int(le16(h[28:])), int(le16(h[30:])), int(le16(h[32:]))
	rest := make([]byte, nameLen+extraLen)
	if _, err := io.ReadFull(in, rest); err != nil {
		return centralRecord{}, 0, errors.New("cut short")
	}
	if _, err := in.Discard(commentLen); err != nil {
		return centralRecord{}, 0, errors.New("cut short")
	}
	rec := centralRecord{
		name:       string(rest[:nameLen]),
		flags:      le16(h[8:]),
		method:     le16(h[10:]),
		crc:        le32(h[16:]),
		compressed: uint64(le32(h[20:])),
		size:       uint64(le32(h[24:])),
		disk:       uint32(le16(h[34:])),
		offset:     uint64(le32(h[42:])),
	}
	if err := rec.extend(rest[nameLen:]); err != nil {
		return centralRecord{}, 0, err
	}
	return rec, int64(len(h) + len(rest) + commentLen), nil
}

// extend takes from the zip64 extra field what the record has no room for.
func (rec *centralRecord) extend(extra []byte) error {
	for len(extra) >= 4 {
		id, n := le16(extra), int(le16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			return errors.New("extra field is longer than its record")
		}
		field := extra[:n]
		extra = extra[n:]
		if id != 1 {
			continue
		}
		for _, v := range []*uint64{&rec.size, &rec.compressed, &rec.offset} {
			if *v != sentinel32 {
				continue
			}
			if len(field) < 8 {
				return errors.New("zip64 field is too short")
			}
			*v, field = le64(field), field[8:]
		}
		if rec.disk == sentinel16 {
			if len(field) < 4 {
				return errors.New("zip64 field is too short")
			}
			rec.disk = le32(field)
		}
		return nil
	}
	return nil
}

// refuse says why an entry cannot be read, if it cannot.
func (rec *centralRecord) refuse() error {
	const encrypted, patched, strong, masked = 1 << 0, 1 << 5, 1 << 6, 1 << 13
	names := map[uint16]string{9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz", 98: "ppmd"}
	switch {
	case rec.disk != 0:
		return errSplit
	case rec.flags&(encrypted|strong|masked) != 0 || rec.method == 99:
		return errors.New("is encrypted: unpack it with its password first")
	case rec.flags&patched != 0:
		return errors.New("is compressed patched data, which is not supported")
	case rec.method != methodStore && rec.method != methodDeflate:
		name := names[rec.method]
		if name == "" {
			name = "unknown"
		}
		return fmt.Errorf("compression method %d (%s) is not supported, only store and deflate", rec.method, name)
	case rec.method == methodStore && rec.compressed != rec.size:
		return fmt.Errorf("is stored, but with %d bytes for %d", rec.compressed, rec.size)
	}
	return nil
}

// locate finds an entry's data behind its local header, which must agree with
// the directory and end before it.
func locate(r io.ReaderAt, rec *centralRecord, dirOffset int64) (zipEntry, error) {
	h := make([]byte, 30)
	outside := errors.New("lies outside the archive")
	if rec.offset > uint64(dirOffset) || uint64(dirOffset)-rec.offset < uint64(len(h)) {
		return zipEntry{}, outside
	}
	if err := readAt(r, h, int64(rec.offset)); err != nil {
		return zipEntry{}, err
	}
	if !bytes.HasPrefix(h, []byte("PK\x03\x04")) {
		return zipEntry{}, errors.New("is not where the directory says")
	}
	if le16(h[6:])&1 != rec.flags&1 || le16(h[8:]) != rec.method {
		return zipEntry{}, errors.New("its own header disagrees with the directory")
	}
	name := make([]byte, le16(h[26:]))
	at := int64(rec.offset) + int64(len(h))
	if err := readAt(r, name, at); err != nil {
		return zipEntry{}, err
	}
	if string(name) != rec.name {
		return zipEntry{}, fmt.Errorf("its own header calls it %.100q", name)
	}
	at += int64(len(name)) + int64(le16(h[28:]))
	if at > dirOffset || rec.compressed > uint64(dirOffset-at) {
		return zipEntry{}, outside
	}
	if rec.size > 1<<62 {
		return zipEntry{}, fmt.Errorf("claims %d bytes", rec.size)
	}
	return zipEntry{
		method: rec.method, crc: rec.crc, offset: at,
		compressed: int64(rec.compressed), size: int64(rec.size),
	}, nil
}

func readAt(r io.ReaderAt, p []byte, at int64) error {
	if n, err := r.ReadAt(p, at); n < len(p) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read zip archive at byte %d: %w", at, err)
	}
	return nil
}

func le16(p []byte) uint16 { return binary.LittleEndian.Uint16(p) }
func le32(p []byte) uint32 { return binary.LittleEndian.Uint32(p) }
func le64(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }
