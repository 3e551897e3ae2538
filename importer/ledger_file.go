package importer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"github.com/gofrs/flock"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// files is what the ledger needs of a file system: little, so that a test can
// stand in with one that forgets what was not synced.
type files interface {
	// Read returns a whole file.
	Read(path string) ([]byte, error)
	// Write makes a file that has exactly this content, for its owner alone,
	// whole and lasting or not at all, in the place of one that is there.
	Write(path string, content []byte) error
	// Append opens a file to write at its end.
	Append(path string) (file, error)
	Remove(path string) error
	// Lock takes a lock that ends with the process at the latest. It does not
	// wait: errLocked says that another has it.
	Lock(path string) (unlock func() error, err error)
}

type file interface {
	io.Writer
	Sync() error
	Close() error
	// Held makes sure that the path still leads to this file, which is this
	// user's and has no second name; private: and that it is closed to others.
	Held(private bool) error
}

var errLocked = errors.New("locked by another process")

// disk is the file system itself.
type disk struct{}

func (disk) Read(path string) ([]byte, error) {
	// Asked before opening: opening a pipe waits for whoever writes to it.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := plain(path, info); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// plain refuses what is no file that can be read to its end or locked.
func plain(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s is a folder", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	}
	return nil
}

// Write never follows a link, which would lead elsewhere.
func (disk) Write(path string, content []byte) error {
	if err := plainOrNone(path); err != nil {
		return err
	}
	return safefile.Write(path, true, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func plainOrNone(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return nil
	}
	return plain(path, info)
}

// Append asks for no more rights than appending: with O_APPEND, Windows gives
// none to cut a file off.
func (disk) Append(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) Remove(path string) error { return os.Remove(path) }

// Lock uses a file of its own: Windows locks keep others from reading, and a
// plan may be read while an import runs.
func (disk) Lock(path string) (func() error, error) {
	if err := plainOrNone(path); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errLocked
	}
	return l.Unlock, nil
}

type diskFile struct{ *os.File }

func (f diskFile) Held(private bool) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(f.Name())
	if err != nil {
		return fmt.Errorf("it is gone from under this import: %w", err)
	}
	what := ""
	links, owned, err := ownership(f.File)
	switch {
	case err != nil:
		return err
	case there.Mode()&fs.ModeSymlink != 0:
		what = "a symbolic link"
	case !os.SameFile(mine, there):
		return errors.New("another file has taken its place")
	case links > 1:
		what = "a file with a second name (a hard link)"
	case !owned:
		what = "another user's file"
	case private && runtime.GOOS != "windows" && mine.Mode().Perm()&0o077 != 0:
		return schema.Hint(errors.New("this file system does not keep a file for its owner alone"),
			"choose a place on another file system with --ledger F")
	}
	if what == "" {
		return nil
	}
	return schema.Hint(fmt.Errorf("it is %s, and not a file of yours under one name", what),
		"where no other import is at work with it, put a copy in its place: %s", copyInPlace(f.Name()))
}

// dry is the file system of a dry run, beside ReadOnly for its Cloud: what is
// written to it goes nowhere.
type dry struct{ files }

func (dry) Write(string, []byte) error        { return nil }
func (dry) Append(string) (file, error)       { return nowhere{io.Discard}, nil }
func (dry) Remove(string) error               { return nil }
func (dry) Lock(string) (func() error, error) { return func() error { return nil }, nil }

type nowhere struct{ io.Writer }

func (nowhere) Sync() error     { return nil }
func (nowhere) Close() error    { return nil }
func (nowhere) Held(bool) error { return nil }

// openLedger opens the ledger to go on in it, locked until it is closed or the
// process ends: a second import is refused meanwhile. One that is refused is
// left as it is. Where there is none yet, none is made before [ledger.start].
func openLedger(o *Options) (*ledger, error) {
	if o.Ledger.Path == "" {
		return nil, errors.New("an import needs a ledger")
	}
	l, err := readLedger(o, false)
	if err == nil && l.lines == 0 {
		err = schema.Hint(safefile.Check(o.Ledger.Path, true), another)
	}
	if err != nil || l.lines == 0 {
		return l, err
	}
	unlock, err := o.files.Lock(o.Ledger.Path + ".lock")
	if err != nil {
		return nil, placed(o.Ledger.Path, err)
	}
	// Only now nobody else writes it.
	if l, err = readLedger(o, false); err != nil {
		return nil, errors.Join(err, unlock())
	}
	l.unlock = unlock
	if err := l.resume(o); err != nil {
		return nil, errors.Join(placed(o.Ledger.Path, err), l.release())
	}
	return l, nil
}

// resume opens the file. A torn last line is removed by writing what is good
// of the ledger anew.
func (l *ledger) resume(o *Options) (err error) {
	if l.f, err = o.files.Append(l.path); err != nil {
		return err
	}
	if err := l.f.Held(l.lines == 1); err != nil {
		return err
	}
	if l.torn == 0 {
		return nil
	}
	l.notes = append(l.notes,
		fmt.Sprintf("the ledger's last line was torn (%d bytes) and has been removed", l.torn))
	raw, err := o.files.Read(l.path)
	if err == nil {
		err = l.f.Close()
		l.f = nil
	}
	if err == nil {
		err = o.files.Write(l.path, raw[:l.size])
	}
	if err == nil {
		l.f, err = o.files.Append(l.path)
	}
	return err
}

// errBegun says that another import has begun the ledger meanwhile, so that what
// was seen of Cloud may no longer be true.
var errBegun = errors.New("another import began the ledger")

// start comes after the first look at Cloud and before the first write: it makes
// sure that the file under the path is the one held, or begins a new ledger,
// whole or not at all, and locks it. Where there is nothing to do, or it cannot
// be done, nothing is left beside the bundle. (A lock file that was made cannot
// be removed: whoever has it open would go on to lock a file that is none any
// more.)
func (l *ledger) start(o *Options) error {
	err := l.begin(o)
	if err == nil {
		err = l.f.Held(false)
	}
	if err != nil && !errors.Is(err, errBegun) {
		return placed(l.path, err)
	}
	return err
}

func (l *ledger) begin(o *Options) (err error) {
	if l.f != nil {
		return nil
	}
	if l.unlock, err = o.files.Lock(l.path + ".lock"); err != nil {
		return err
	}
	if _, err := o.files.Read(l.path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			return errBegun
		}
		return err
	}
	line, err := schema.Marshal(record{Type: typeLedger, Time: o.now(), Format: LedgerFormat,
		Cloud: sameSite(o.Cloud.Site().URL), Bundle: o.Bundle.Manifest.ID, Digest: o.Digest})
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if err := l.load(o, line); err != nil {
		return err
	}
	if err := o.files.Write(l.path, line); err != nil {
		return schema.Hint(err, "choose another place with --ledger F")
	}
	if l.f, err = o.files.Append(l.path); err != nil {
		return err
	}
	if err := l.f.Held(true); err != nil {
		return errors.Join(err, o.files.Remove(l.path))
	}
	return nil
}

// close ends the work with the ledger. It is an error where the file under the
// path is no longer the one that was written.
func (l *ledger) close() error {
	var err error
	if l.f != nil {
		err = l.f.Held(false)
	}
	return errors.Join(err, l.release())
}

func (l *ledger) release() error {
	var err error
	if l.f != nil {
		err = l.f.Close()
	}
	if l.unlock != nil {
		err = errors.Join(err, l.unlock())
	}
	return err
}

// placed adds the ledger's path to an error, and a hint where there is one.
func placed(path string, err error) error {
	switch {
	case errors.Is(err, errLocked):
		return schema.Hint(fmt.Errorf("ledger %s: another import is at work with it", path),
			"wait until it is done; a crash leaves no lock behind")
	case errors.Is(err, fs.ErrPermission):
		return schema.Hint(fmt.Errorf("ledger: %w", err), "choose another place with --ledger F")
	}
	return fmt.Errorf("ledger %s: %w", path, err)
}
