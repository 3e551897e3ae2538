package terminal

import (
	"os"

	"golang.org/x/sys/windows"
)

// Escapes reports whether a terminal takes escape sequences, which colour and clear.
// A console shows them as text until it is told otherwise: it is, and stays so.
func Escapes(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0 ||
		windows.SetConsoleMode(console, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
