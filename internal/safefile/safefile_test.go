package safefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func writes(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries := rig.Get(os.ReadDir(dir)).Or(t)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestAFileIsThereWholeAndForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	rig.OK(t, Write(path, false, writes("hello")))
	got, err := os.ReadFile(path)
	info, _ := os.Stat(path)
	if err != nil || string(got) != "hello" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", got, info.Mode(), err)
	}
}

func TestAFailureLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("broken")
	err := Write(filepath.Join(dir, "x"), false, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) || names(t, dir) != "" {
		t.Errorf("%v; left: %s", err, names(t, dir))
	}
}

func TestAnExistingFileIsReplacedOnlyByForce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	rig.OK(t, os.WriteFile(path, []byte("old"), 0o644))
	err := Write(path, false, writes("new"))
	if !errors.Is(err, ErrExists) || schema.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	// It appears while the content is being made.
	late := filepath.Join(dir, "late")
	err = Write(late, false, func(w io.Writer) error {
		return os.WriteFile(late, []byte("theirs"), 0o600)
	})
	if got, _ := os.ReadFile(late); !errors.Is(err, ErrExists) || string(got) != "theirs" {
		t.Errorf("%q, %v", got, err)
	}
	rig.OK(t, Write(path, true, writes("new")))
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Errorf("%q", got)
	}
	if names(t, dir) != "late x" {
		t.Errorf("left: %s", names(t, dir))
	}
}

func TestOfManyWritersOneWins(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	var wg sync.WaitGroup
	results := make(chan error, 20)
	for range 20 {
		wg.Go(func() { results <- Write(path, false, writes("whole")) })
	}
	wg.Wait()
	close(results)
	won := 0
	for err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrExists) {
			t.Error(err)
		}
	}
	if won != 1 || names(t, dir) != "x" {
		t.Errorf("%d won; left: %s", won, names(t, dir))
	}
}

func TestPlacesThatCannotBeWrittenAreSaidEarly(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	rig.OK(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]string{
		dir:                           "is a folder",
		filepath.Join(dir, "no", "x"): "the folder does not exist",
		filepath.Join(file, "x"):      "cannot be written there",
		file:                          "already exists",
		filepath.Join(dir, strings.Repeat("x", 256)): "the name is too long",
	} {
		if err := Check(path, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestTheLongestNameThatThereIsRoomForIsWritten(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("x", 255)
	rig.OK(t, Write(filepath.Join(dir, name), false, writes("whole")))
	if got := names(t, dir); got != name {
		t.Errorf("left: %s", got)
	}
}
