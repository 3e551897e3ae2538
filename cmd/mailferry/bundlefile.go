package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

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
	f, err := os.Open(path)
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
		return bundleFile{}, tooLarge(path)
	case err == nil && info.Mode().IsRegular():
		return bundleFile{f, info.Size(), f.Close}, nil
	}
	raw, err := readAll(f, path)
	_ = f.Close()
	return bundleFile{bytes.NewReader(raw), int64(len(raw)), func() error { return nil }}, err
}

// readFile reads a whole file of bounded size.
func readFile(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(io.NewSectionReader(f, 0, f.size), path)
}

func readAll(r io.Reader, path string) ([]byte, error) {
	var raw bytes.Buffer
	if s, ok := r.(*io.SectionReader); ok {
		raw.Grow(int(s.Size()) + bytes.MinRead)
	}
	if _, err := raw.ReadFrom(io.LimitReader(r, maxFile+1)); err != nil {
		return nil, fmt.Errorf("%s: cannot be read to its end", path)
	}
	if raw.Len() > maxFile {
		return nil, tooLarge(path)
	}
	return raw.Bytes(), nil
}

func tooLarge(path string) error {
	return fmt.Errorf("%s: larger than %d bytes", path, maxFile)
}
