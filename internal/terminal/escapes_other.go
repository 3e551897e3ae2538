//go:build !windows

package terminal

import "os"

// Escapes reports whether a terminal takes escape sequences, which colour and clear.
func Escapes(*os.File) bool { return true }
