package safefile

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenSaysWhatIsThereInstead(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{filepath.Join(dir, "nowhere"): ": there is no such file", dir: ": is a folder"} {
		if _, _, err := Open(path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
