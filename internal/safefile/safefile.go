// Package safefile opens files without waiting for anybody, and writes files that
// are there whole or not at all.
package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/mailferry/mailferry/schema"
)

// ErrExists says that a file stands where one was to be written.
var ErrExists = errors.New("already exists")

// Open opens a file to read. A pipe that nobody writes into is empty; a folder is
// an error.
func Open(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // opening a pipe would wait for a writer
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: there is no such file", path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: cannot be read", path)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = schema.Hint(fmt.Errorf("%s: is a folder", path), "name a file in it")
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// Real is the file that path leads to, where that is a symbolic link: what lies
// beside a file lies beside that one, whatever name it is reached by.
func Real(path string) string {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
	}
	return path
}

// Same reports whether two names are of one file or folder that is there.
func Same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// Exposed reports whether people other than its owner can read a file. Where the
// system does not say so in permission bits (Windows), and of what is no regular
// file, it is false.
func Exposed(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
}

// Check says early, before any work is done, that path can not be written: it
// exists and force is false, or its folder is missing. Write checks again.
func Check(path string, force bool) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return schema.Hint(fmt.Errorf("%s: is a folder", path), "name a file in it")
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s: is not a regular file", path)
	case err == nil && !force:
		return exists(path)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return schema.Hint(fmt.Errorf("%s: the name is too long for this file system",
			schema.Quote(filepath.Base(path))),
			"most take 255 bytes; choose a shorter one with -o")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return schema.Hint(fmt.Errorf("%s: cannot be written there", path),
			"choose a file in a folder of your own with -o")
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil {
		return schema.Hint(fmt.Errorf("%s: the folder does not exist", dir),
			"make it first, or choose another with -o")
	} else if !info.IsDir() {
		return fmt.Errorf("%s: not a folder", dir)
	}
	return nil
}

func exists(path string) error {
	return schema.Hint(fmt.Errorf("%s: %w", path, ErrExists), "choose another name, or --force to replace it")
}

// Write makes path hold exactly what fill writes: into a temporary file of the
// same folder, readable by its owner alone (0600, or an access list), synced to disk, then put in
// place in one step. Where fill fails, nothing is left. An existing file is
// replaced only if force is true, also when it appears meanwhile.
func Write(path string, force bool, fill func(io.Writer) error) error {
	return write(path, force, 0o600, fill, func(string) error { return nil })
}

// WriteNew writes a file that anybody may read (0644), as Write does without
// force.
func WriteNew(path string, content []byte) error {
	fill := func(w io.Writer) error { _, err := w.Write(content); return err }
	return write(path, false, 0o644, fill, func(string) error { return nil })
}

// write is Write with a mode, and with a last word before the temporary file
// takes its place.
func write(path string, force bool, mode fs.FileMode, fill func(io.Writer) error, before func(tmp string) error,
) (err error) {
	if err := Check(path, force); err != nil {
		return err
	}
	path = Real(path) // a link stays one; what it points to is replaced
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".mailferry-*.tmp") // short: path may have the longest name that there is room for
	if err != nil {
		return schema.Hint(fmt.Errorf("%s: cannot write here", dir), "choose a folder of your own with -o")
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if err := ownerOnly(tmp); err != nil {
		return schema.Hint(fmt.Errorf("%s: cannot be kept from others: %w", path, err),
			"choose a folder on another disk with -o")
	}
	if err := fill(tmp); err != nil {
		return err
	}
	if err := errors.Join(tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := before(tmp.Name()); err != nil {
		return err
	}
	if err := place(tmp.Name(), path, force); err != nil {
		return err
	}
	return syncDir(dir)
}

// place puts the file there. A hard link refuses to replace what a check before
// could not see yet; where the file system has none, such as a USB stick's, the
// name is taken by an empty file first.
func place(tmp, path string, force bool) error {
	if !force {
		err := os.Link(tmp, path)
		if err == nil {
			return os.Remove(tmp)
		}
		if errors.Is(err, fs.ErrExist) {
			return exists(path)
		}
		taken, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case errors.Is(err, fs.ErrExist):
			return exists(path)
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		}
		_ = taken.Close()
	}
	err := os.Rename(tmp, path)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
		if !force {
			_ = os.Remove(path) // the empty file
		}
	}
	return err
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // has no way to sync a folder
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
