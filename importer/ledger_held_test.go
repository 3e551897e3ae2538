//go:build unix

package importer

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// A ledger that is reached by two names could be worked with by two imports at
// once, and one that another user made says what they want it to.
func TestALedgerUnderASecondNameIsRefusedUntilItIsCopied(t *testing.T) {
	for _, tt := range []struct {
		name string
		put  func(old, name string) error
		says string
	}{
		{"a symbolic link", os.Symlink, "a symbolic link"},
		{"a hard link", os.Link, "a hard link"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, m, raw := ran(t)
			first := o.Ledger.Path
			o.Ledger.Path = filepath.Join(filepath.Dir(first), "it's the second.jsonl")
			rig.OK(t, tt.put(first, o.Ledger.Path))
			o.Conflicts.Policy, o.Conflicts.RewriteSecrets = Overwrite, true
			_, err := Run(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), tt.says) || m.writes != 3 {
				t.Fatalf("got %v, %d writes", err, m.writes)
			}
			_, command, ok := strings.Cut(schema.HintOf(err), ": ")
			if !ok {
				t.Fatalf("the hint is %q", schema.HintOf(err))
			}
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", command, err, out)
			}
			if _, err := Run(t.Context(), o); err != nil || m.writes != 6 {
				t.Errorf("after %s: %v, %d writes", command, err, m.writes)
			}
			if now, err := os.ReadFile(first); err != nil || string(now) != raw {
				t.Errorf("what the other name leads to was changed (%v)", err)
			}
		})
	}
}

func TestAnotherUsersLedgerIsRefused(t *testing.T) {
	path := "/etc/passwd" // root's, where the tests are not
	if os.Geteuid() == 0 {
		path = filepath.Join(t.TempDir(), "ledger")
		rig.OK(t, errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 65534, 65534)))
	}
	f := rig.Get(os.Open(path)).Or(t)
	defer f.Close()
	if err := (diskFile{f}).Held(false); err == nil || !strings.Contains(err.Error(), "another user's file") || !strings.Contains(schema.HintOf(err), "cp "+path) {
		t.Errorf("got %v, hint %q", err, schema.HintOf(err))
	}
}

func TestALinkWhereALedgerIsToBeginIsNotFollowed(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	other := filepath.Join(t.TempDir(), "theirs")
	rig.OK(t, os.Symlink(other, o.Ledger.Path))
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "is not a file") || m.writes != 0 {
		t.Errorf("got %v, %d writes", err, m.writes)
	}
	if _, err := os.Lstat(other); err == nil {
		t.Error("the ledger was begun where the link leads")
	}
}

// modeless is a file system that lets everybody read what is on it.
type modeless struct{ disk }

func (m modeless) Append(path string) (file, error) {
	if err := os.Chmod(path, 0o644); err != nil {
		return nil, err
	}
	return m.disk.Append(path)
}

func TestAFileSystemWithoutModesIsRefusedBeforeTheFirstWrite(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	o.files = modeless{}
	for range 2 {
		_, err := Run(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), "does not keep a file for its owner alone") || !strings.Contains(schema.HintOf(err), "--ledger F") || m.writes != 0 {
			t.Errorf("got %v, hint %q, %d writes", err, schema.HintOf(err), m.writes)
		}
	}
	if _, err := os.Lstat(o.Ledger.Path); err == nil {
		t.Error("a ledger was left")
	}
}

func TestALedgerThatIsTakenAwayIsNoticed(t *testing.T) {
	gone := func(path string) error { return os.Remove(path) }
	replaced := func(path string) error {
		raw, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(path+".new", raw, 0o600), os.Rename(path+".new", path))
	}
	linked := func(path string) error { return os.Link(path, path+".second") }
	for _, tt := range []struct {
		name  string
		doing func(path string) error
		says  string
	}{
		{"removed", gone, "gone from under this import"},
		{"replaced", replaced, "another file has taken its place"},
		{"given a second name", linked, "a hard link"},
	} {
		t.Run(tt.name+" before the first write", func(t *testing.T) {
			o, m, _ := ran(t)
			o.Conflicts.Policy, o.Conflicts.RewriteSecrets = Overwrite, true
			o.Cloud = &looked{m, func() error { return tt.doing(o.Ledger.Path) }}
			if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), tt.says) || m.writes != 3 {
				t.Errorf("got %v, %d writes", err, m.writes)
			}
		})
		t.Run(tt.name+" later", func(t *testing.T) {
			m := newMemory()
			o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
			o = AtPoints(o, func(name string) {
				if name == "after-outcome-sync" {
					if err := tt.doing(o.Ledger.Path); err != nil {
						t.Error(err)
					}
				}
			})
			rep, err := Run(t.Context(), o)
			var part *PartialError
			if !errors.As(err, &part) || !strings.Contains(err.Error(), tt.says) || rep.Counts[Written] != 1 {
				t.Errorf("got %v, %v", err, rep.Counts)
			}
		})
	}
}
