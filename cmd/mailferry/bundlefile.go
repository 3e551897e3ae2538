package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
)

// bundleFile is an opened file that is read in place.
type bundleFile struct {
	io.ReaderAt
	size  int64
	Close func() error
}

// openFile opens a file to be read in place. What has no place to go back to,
// such as a pipe, is read into memory.
func openFile(path string) (bundleFile, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe that nobody writes into is empty
	if errors.Is(err, fs.ErrNotExist) {
		return bundleFile{}, fmt.Errorf("%s: there is no such file", path)
	}
	if err != nil {
		return bundleFile{}, fmt.Errorf("%s: cannot be read", path)
	}
	info, err := f.Stat()
	switch {
	case err == nil && info.IsDir():
		_ = f.Close()
		return bundleFile{}, schema.Hint(fmt.Errorf("%s: is a folder", path), "name a file in it")
	case err == nil && info.Mode().IsRegular() && info.Size() > maxFile:
		_ = f.Close()
		return bundleFile{}, tooLarge(path, maxFile)
	case err == nil && info.Mode().IsRegular():
		return bundleFile{f, info.Size(), f.Close}, nil
	}
	raw, err := readAll(f, path)
	_ = f.Close()
	return bundleFile{bytes.NewReader(raw), int64(len(raw)), func() error { return nil }}, err
}

// maxRead bounds what is read of a file that is no bundle: the most that a sheet
// may have.
const maxRead = sheet.MaxFile

// readFile reads a whole file of bounded size.
func readFile(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.size > maxRead {
		return nil, tooLarge(path, maxRead)
	}
	raw := make([]byte, f.size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.size), raw); err != nil {
		return nil, fmt.Errorf("%s: cannot be read to its end", path)
	}
	return raw, nil
}

func readAll(r io.Reader, path string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be read to its end", path)
	}
	if len(raw) > maxFile {
		return nil, tooLarge(path, maxFile)
	}
	return raw, nil
}

func tooLarge(path string, limit int64) error {
	return fmt.Errorf("%s: larger than %d bytes", path, limit)
}
