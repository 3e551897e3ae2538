//go:build !unix

package terminal

import (
	"os"
	"syscall"
)

func interruptions() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

func foreground(int) bool { return true }
