package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"github.com/gofrs/flock"

	"github.com/mailferry/mailferry/schema"
)

// files is what the ledger needs of a file system: little, so that a test can
// stand in with one that forgets what was not synced.
type files interface {
	// ReadFile returns a whole file; larger than limit is an error.
	ReadFile(path string, limit int64) ([]byte, error)
	// Create makes an empty file of mode 0600 that nothing else has open, in the
	// place of one that is there.
	Create(path string) (file, error)
	// Remove takes a file away.
	Remove(path string) error
	// Append opens a file of size bytes to write at its end; what lies behind
	// size is cut off.
	Append(path string, size int64) (file, error)
	Rename(from, to string) error
	// SyncDir makes the names in the folder of path last.
	SyncDir(path string) error
	// Lock takes a lock that ends with the process at the latest. It does not
	// wait: errLocked says that another has it.
	Lock(path string) (unlock func() error, err error)
}

type file interface {
	io.Writer
	Sync() error
	Close() error
}

var errLocked = errors.New("locked by another process")

// disk is the file system itself.
type disk struct{}

func (disk) ReadFile(path string, limit int64) ([]byte, error) {
	// Asked before opening: opening a pipe waits for whoever writes to it.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := plain(path, info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead))
	n, err := out.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return out.Bytes(), err
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

// Create never writes into what lies there: a link would lead elsewhere, a pipe
// would wait, and a file may be open to others.
func (disk) Create(path string) (file, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.IsDir() {
			return nil, plain(path, info)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (disk) Remove(path string) error { return os.Remove(path) }

func (disk) Append(path string, size int64) (file, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (disk) Rename(from, to string) error { return os.Rename(from, to) }

func (disk) SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there; NTFS journals names itself
	}
	d, err := os.Open(folder(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock uses a file of its own: Windows locks keep others from reading, and a
// plan may be read while an import runs.
func (disk) Lock(path string) (func() error, error) {
	if info, err := os.Lstat(path); err == nil {
		if err := plain(path, info); err != nil {
			return nil, err
		}
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

func folder(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if os.IsPathSeparator(path[i]) {
			return path[:i+1]
		}
	}
	return "."
}

// writeWhole writes a file so that it is there entirely and lasts, or not at all.
func writeWhole(fsys files, path string, content []byte) error {
	part := path + ".part"
	f, err := fsys.Create(part)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = fsys.Rename(part, path)
	}
	if err != nil {
		_ = fsys.Remove(part) // what keeps it from being removed has been said
		return err
	}
	return fsys.SyncDir(path)
}

// shadowed keeps what is written in memory and reads through: the file system
// of a dry run, beside ReadOnly for its Cloud.
type shadowed struct {
	files
	mu  sync.Mutex
	mem map[string]*bytes.Buffer
}

func shadow(f files) files { return &shadowed{files: f, mem: map[string]*bytes.Buffer{}} }

func (s *shadowed) ReadFile(path string, limit int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.mem[path]; b != nil {
		return bytes.Clone(b.Bytes()), nil
	}
	return s.files.ReadFile(path, limit)
}

func (s *shadowed) Create(path string) (file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mem[path] = &bytes.Buffer{}
	return &shadowFile{s, s.mem[path]}, nil
}

func (s *shadowed) Append(path string, size int64) (file, error) {
	now, err := s.ReadFile(path, maxLedger)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mem[path] = bytes.NewBuffer(now[:size])
	return &shadowFile{s, s.mem[path]}, nil
}

func (s *shadowed) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.mem[from]
	if b == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	s.mem[to] = b
	delete(s.mem, from)
	return nil
}

func (s *shadowed) Remove(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mem, path)
	return nil
}

func (s *shadowed) SyncDir(string) error { return nil }

func (s *shadowed) Lock(string) (func() error, error) { return func() error { return nil }, nil }

type shadowFile struct {
	s *shadowed
	b *bytes.Buffer
}

func (f *shadowFile) Write(p []byte) (int, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.b.Write(p)
}
func (f *shadowFile) Sync() error  { return nil }
func (f *shadowFile) Close() error { return nil }

// placed adds the ledger's path to an error, and a hint where there is one.
func placed(path string, err error) error {
	switch {
	case errors.Is(err, errLocked):
		return schema.Hint(fmt.Errorf("ledger %s: another import is at work with it", path), "wait until it is done; a crash leaves no lock behind")
	case errors.Is(err, fs.ErrPermission):
		return schema.Hint(fmt.Errorf("ledger: %w", err), "choose another place with --ledger F")
	}
	return fmt.Errorf("ledger %s: %w", path, err)
}
