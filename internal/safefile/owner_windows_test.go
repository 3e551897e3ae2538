package safefile

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/mailferry/mailferry/internal/rig"
)

// A file that is written, or replaced, has one entry in its access list, this user's,
// and inherits none.
func TestAFileIsItsOwnersAlone(t *testing.T) {
	user := rig.Get(windows.GetCurrentProcessToken().GetTokenUser()).Or(t)
	path := filepath.Join(t.TempDir(), "x")
	for _, force := range []bool{false, true} {
		rig.OK(t, Write(path, force, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }))
		d := rig.Get(windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)).Or(t)
		if got := d.String(); strings.Count(got, "(") != 1 || !strings.Contains(got, "D:P") || !strings.Contains(got, user.User.Sid.String()+")") {
			t.Errorf("replaced: %v: %s", force, got)
		}
	}
}
