package importer

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// TestWhatLiesWhereTheLedgerGoesIsNeitherWrittenIntoNorWaitedFor: somebody else
// may write to the folder, and a link or a pipe there is theirs.
func TestWhatLiesWhereTheLedgerGoesIsNeitherWrittenIntoNorWaitedFor(t *testing.T) {
	link := func(path, other string) error { return os.Symlink(other, path) }
	pipe := func(path, _ string) error { return syscall.Mkfifo(path, 0o600) }
	folder := func(path, _ string) error { return os.Mkdir(path, 0o700) }
	for _, tt := range []struct {
		name, suffix string
		put          func(path, other string) error
		says         string
	}{
		{"no folder", "", func(path, _ string) error { return os.Remove(filepath.Dir(path)) }, "the folder does not exist"},
		{"a pipe for the ledger", "", pipe, "is not a file"},
		{"a folder for the ledger", "", folder, "is a folder"},
		{"a pipe for the lock", ".lock", pipe, "is not a file"},
		{"a link for the lock", ".lock", link, "is not a file"},
		{"a folder for the lock", ".lock", folder, "is a folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
			other := filepath.Join(t.TempDir(), "other")
			rig.OK(t, os.WriteFile(other, []byte("theirs"), 0o600))
			rig.OK(t, tt.put(o.Ledger.Path+tt.suffix, other))
			if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), tt.says) || m.writes != 0 {
				t.Errorf("got %v, want %q; %d writes", err, tt.says, m.writes)
			}
			if raw, err := os.ReadFile(other); err != nil || string(raw) != "theirs" {
				t.Errorf("what the link leads to was changed: %q %v", raw, err)
			}
		})
	}
}
