//go:build unix

package importer

import (
	"os"
	"syscall"

	"github.com/mailferry/mailferry/internal/human"
)

// ownership says how many names a file has and whether it is this user's.
func ownership(f *os.File) (links uint64, mine bool, err error) {
	var s syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &s); err != nil {
		return 0, false, err
	}
	return uint64(s.Nlink), int(s.Uid) == os.Geteuid(), nil //nolint:unconvert // it is another type on other systems
}

// copyInPlace is the command that puts a file's own copy in its place.
func copyInPlace(path string) string {
	path = human.Pasted(path)
	return "cp " + path + " " + path + ".copy && chmod 600 " + path + ".copy && mv " + path + ".copy " + path
}
