//go:build !windows

package safefile

import (
	"io/fs"
	"os"

	"github.com/gofrs/flock"
)

// lock locks the file itself, and returns what was locked: by the time that the
// lock is there, another file may stand under the path.
func lock(path string) (fs.FileInfo, func() error, error) {
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	switch ok, err := l.TryLock(); {
	case err != nil:
		return nil, nil, err
	case !ok:
		return nil, nil, errLocked
	}
	info, err := l.Stat()
	if err != nil {
		_ = l.Unlock()
		return nil, nil, err
	}
	return info, l.Unlock, nil
}

// lockNext locks a file that is about to take the place of a locked one: the lock
// of that one then keeps nobody from the path.
func lockNext(path string) (func() error, error) {
	_, unlock, err := lock(path)
	return unlock, err
}
