//go:build !windows

package safefile

import "os"

// ownerOnly has nothing to do: a temporary file is its owner's alone (0600).
func ownerOnly(*os.File) error { return nil }
