//go:build unix

package terminal

import (
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// interruptions are all signals but those that neither end nor stop a process. A
// fault of our own, such as a real SIGSEGV, is not delivered as one: it crashes.
func interruptions() []os.Signal {
	harmless := []syscall.Signal{syscall.SIGURG, syscall.SIGWINCH, syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGIO,
		syscall.SIGPIPE, syscall.SIGPROF}
	var out []os.Signal
	for s := syscall.Signal(1); s <= 64; s++ {
		if !slices.Contains(harmless, s) {
			out = append(out, s)
		}
	}
	return out
}

// foreground reports whether a terminal lets this process read.
func foreground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
