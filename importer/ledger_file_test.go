package importer

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

// full is a disk on which new files find no room.
type full struct{ disk }

type fullFile struct{ file }

func (f full) Create(path string) (file, error) {
	inner, err := f.disk.Create(path)
	return fullFile{inner}, err
}

func (f fullFile) Write(p []byte) (int, error) {
	n, _ := f.file.Write(p[:len(p)/2])
	return n, &fs.PathError{Op: "write", Path: "ledger", Err: syscall.ENOSPC}
}

func TestAFullDiskLeavesNoPartOfALedger(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	o.files = full{}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no space left") || m.writes != 0 {
		t.Errorf("got %v, %d writes", err, m.writes)
	}
	left, err := os.ReadDir(filepath.Dir(o.Ledger))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if !strings.HasSuffix(f.Name(), ".lock") {
			t.Errorf("%s was left", f.Name())
		}
	}
}
