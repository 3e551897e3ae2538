package safefile

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/sys/windows"
)

// lock makes a file beside path that nobody else can open and that goes with its
// handle, at the latest when the process ends: a lock on the file itself would
// keep others from reading it, and this process from replacing it.
func lock(path string) (fs.FileInfo, func() error, error) {
	path = Real(path)
	name, err := windows.UTF16PtrFromString(path + ".lock")
	if err != nil {
		return nil, nil, err
	}
	handle, err := windows.CreateFile(name, windows.GENERIC_WRITE|windows.DELETE, 0, nil, windows.OPEN_ALWAYS,
		windows.FILE_ATTRIBUTE_HIDDEN|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	switch {
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION), errors.Is(err, windows.ERROR_DELETE_PENDING):
		return nil, nil, errLocked
	case err != nil:
		return nil, nil, err
	}
	unlock := sync.OnceValue(func() error { return windows.CloseHandle(handle) })
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, errors.Join(err, unlock())
	}
	return info, unlock, nil
}

// lockNext has nothing to do: the lock is on the name.
func lockNext(string) (func() error, error) { return func() error { return nil }, nil }
