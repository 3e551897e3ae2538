package safefile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/mailferry/mailferry/schema"
)

var errLocked = errors.New("locked by another process")

// Held is a file that one command reads, changes and replaces, while every other
// that does the same is refused. The lock is the file's own and ends with the
// process at the latest; nothing is left beside the file.
type Held struct {
	path    string
	info    fs.FileInfo
	sum     [sha256.Size]byte
	unlocks []func() error
}

// Hold locks a regular file, before it is read, until it is released. It does not
// wait.
func Hold(path string) (*Held, error) {
	info, err := os.Stat(path) // asked before opening: opening a pipe waits for whoever writes to it
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file", path)
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a regular file", path)
	}
	h := &Held{path: path}
	if err == nil {
		var unlock func() error
		if h.info, unlock, err = lock(path); err == nil {
			h.unlocks = append(h.unlocks, unlock)
		}
	}
	switch {
	case errors.Is(err, errLocked):
		return nil, schema.Hint(fmt.Errorf("%s: another command is changing it", path),
			"wait until that is done, and look at what it did before you run this again")
	case err != nil:
		return nil, schema.Hint(fmt.Errorf("%s: cannot be locked against others who change it: %w", path, err),
			"copy it to a folder of your own on this machine")
	}
	if h.sum, err = h.look(); err != nil {
		return nil, errors.Join(err, h.Release())
	}
	return h, nil
}

// Replace puts what fill writes in the place of the file, as [Write] does, and
// holds that too until it is released. It refuses where the file under the path is
// not the one that was locked, or does not hold what it held then: programs that
// know nothing of the lock change files too. before runs last, with the new content
// on disk and the old one still in place.
func (h *Held) Replace(fill func(io.Writer) error, before func() error) error {
	return write(h.path, true, 0o600, fill, func(tmp string) error {
		sum, err := h.look()
		if err == nil && sum != h.sum {
			err = h.changed("it was written to")
		}
		if err == nil {
			err = before()
		}
		if err != nil {
			return err
		}
		unlock, err := lockNext(tmp)
		if err != nil {
			return fmt.Errorf("%s: cannot be locked against others who change it: %w", h.path, err)
		}
		h.unlocks = append(h.unlocks, unlock)
		return nil
	})
}

// Release gives the file free to others. It may be called more than once.
func (h *Held) Release() error {
	var errs []error
	for _, unlock := range h.unlocks {
		errs = append(errs, unlock())
	}
	return errors.Join(errs...)
}

// look returns the SHA-256 of the file that was locked, where that is still the
// one under the path.
func (h *Held) look() (sum [sha256.Size]byte, err error) {
	info, err := os.Stat(h.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sum, h.changed("it is gone")
	case err != nil:
		return sum, fmt.Errorf("%s: cannot be read", h.path)
	case !os.SameFile(info, h.info):
		return sum, h.changed("another file has taken its place")
	}
	f, err := os.Open(h.path)
	if err != nil {
		return sum, fmt.Errorf("%s: cannot be read", h.path)
	}
	defer f.Close()
	d := sha256.New()
	if _, err := io.Copy(d, f); err != nil {
		return sum, fmt.Errorf("%s: cannot be read to its end", h.path)
	}
	return [sha256.Size]byte(d.Sum(nil)), nil
}

func (h *Held) changed(how string) error {
	return schema.Hint(fmt.Errorf("%s: changed by somebody else meanwhile: %s", h.path, how),
		"nothing was written; look at the file as it is now, and run this again")
}
