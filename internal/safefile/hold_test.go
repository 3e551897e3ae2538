package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func hold(t *testing.T, path string) *Held {
	t.Helper()
	h := rig.Get(Hold(path)).Or(t)
	t.Cleanup(func() { _ = h.Release() })
	return h
}

func TestAHeldFileIsHeldByOneAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	rig.OK(t, os.WriteFile(path, []byte("old"), 0o600))
	first := hold(t, path)
	_, err := Hold(path)
	if err == nil || !strings.Contains(err.Error(), "x: another command is changing it") || schema.HintOf(err) == "" {
		t.Errorf("a second one: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("whoever only reads is kept out: %q, %v", got, err)
	}
	rig.OK(t, first.Replace(writes("new"), func() error { return nil }))
	// The file under the path is another one by now, and not free before the first
	// is through with it.
	if _, err := Hold(path); err == nil {
		t.Error("the new file is free")
	}
	if err := first.Release(); err != nil {
		t.Error(err)
	}
	if err := hold(t, path).Replace(writes("newer"), func() error { return nil }); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "newer" || names(t, dir) != "x" {
		t.Errorf("%q, %v; beside it: %s", got, err, names(t, dir))
	}
}

// What runs last sees the old content, and stops the change by its error.
func TestWhatRunsBeforeAReplacementMayStopIt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	rig.OK(t, os.WriteFile(path, []byte("old"), 0o600))
	stop := errors.New("stop")
	err := hold(t, path).Replace(writes("new"), func() error {
		if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
			t.Errorf("it sees %q, %v", got, err)
		}
		return stop
	})
	if got, _ := os.ReadFile(path); !errors.Is(err, stop) || string(got) != "old" || names(t, dir) != "x" {
		t.Errorf("%v; %q; left: %s", err, got, names(t, dir))
	}
}

func TestAReleasedFileCanBeHeldAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, nil, 0o400); err != nil { // replacing it takes no leave to write into it
		t.Fatal(err)
	}
	for range 3 {
		rig.OK(t, hold(t, path).Release())
	}
}

// A program that knows nothing of the lock is found out.
func TestAChangeByAnyProgramIsSeen(t *testing.T) {
	for what, c := range map[string]struct {
		do   func(path string) error
		want string
	}{
		"written to":           {func(p string) error { return os.WriteFile(p, []byte("other"), 0o600) }, "it was written to"},
		"written to, as large": {func(p string) error { return os.WriteFile(p, []byte("new"), 0o600) }, "it was written to"},
		"removed":              {os.Remove, "it is gone"},
		"the same bytes, another file": {func(p string) error {
			if err := os.WriteFile(p+"2", []byte("old"), 0o600); err != nil {
				return err
			}
			return os.Rename(p+"2", p)
		}, "another file has taken its place"},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			rig.OK(t, os.WriteFile(path, []byte("old"), 0o600))
			h := hold(t, path)
			rig.OK(t, c.do(path))
			before, _ := os.ReadFile(path)
			err := h.Replace(writes("mine"), func() error { t.Error("it comes to the last step"); return nil })
			if err == nil || !strings.Contains(err.Error(), c.want) || schema.HintOf(err) == "" {
				t.Errorf("%v, want %q", err, c.want)
			}
			if now, _ := os.ReadFile(path); string(now) != string(before) {
				t.Errorf("%q was written over", before)
			}
		})
	}
}

func TestWhatIsNoFileIsNotHeld(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{dir: "is not a regular file", filepath.Join(dir, "x"): "there is no such file"} {
		if _, err := Hold(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if got := names(t, dir); got != "" {
		t.Errorf("made %s", got)
	}
}
