//go:build unix

package sheet_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/sheet"
)

func TestAPipeIsRefusedWithoutWaitingForItsWriter(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.csv")
	rig.OK(t, syscall.Mkfifo(pipe, 0o600))
	for _, path := range []string{pipe, "/dev/null"} {
		if _, _, err := sheet.ReadFile(path); err == nil || !strings.Contains(err.Error(), "a pipe or a device, not a file") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
