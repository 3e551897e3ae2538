package importer

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// full is a disk that is full once the ledger has begun.
type full struct{ disk }

type fullFile struct{ file }

func (f full) Append(path string) (file, error) {
	inner, err := f.disk.Append(path)
	return fullFile{inner}, err
}

func (f fullFile) Write(p []byte) (int, error) {
	n, _ := f.file.Write(p[:len(p)/2])
	return n, &fs.PathError{Op: "write", Path: "ledger", Err: syscall.ENOSPC}
}

func TestAFullDiskEndsTheRunBeforeAnythingIsSent(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	o.files = full{}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no space left") || m.writes != 0 {
		t.Errorf("got %v, %d writes", err, m.writes)
	}
	o.files = nil
	rep, err := Run(t.Context(), o)
	if err != nil || m.writes != 2 || len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0], "torn") {
		t.Errorf("with room again: %v, %d writes, %q", err, m.writes, rep.Notes)
	}
}

// besides lists what lies in the ledger's folder.
func besides(t *testing.T, o Options) []string {
	t.Helper()
	left := rig.Get(os.ReadDir(filepath.Dir(o.Ledger.Path))).Or(t)
	var names []string
	for _, f := range left {
		names = append(names, f.Name())
	}
	return names
}

// looked is a Cloud at whose first look something happens.
type looked struct {
	Cloud
	then func() error
}

func (c *looked) List(ctx context.Context, l schema.List) ([]Remote, error) {
	if then := c.then; then != nil {
		c.then = nil
		if err := then(); err != nil {
			return nil, err
		}
	}
	return c.Cloud.List(ctx, l)
}

func TestARunThatDoesNothingLeavesNothing(t *testing.T) {
	for name, run := range map[string]func(*Options) error{
		"Cloud does not answer": func(o *Options) error {
			o.Cloud = &looked{o.Cloud, func() error { return errors.New("connection refused") }}
			return errors.New("connection refused")
		},
		"a gate is shut": func(o *Options) error {
			o.Bundle = bundleOf(credential("C"), oauth("A", "C"))
			return errors.New("nothing was written")
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := optionsFor(t, newMemory(), bundleOf(smtp("A")), schema.Connections)
			want := run(&o)
			if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want.Error()) {
				t.Errorf("got %v, want %v", err, want)
			}
			if left := besides(t, o); len(left) > 0 {
				t.Errorf("left beside the bundle: %q", left)
			}
		})
	}
}

func TestALedgerThatIsRefusedStaysAlone(t *testing.T) {
	o, _, raw := ran(t)
	o.Digest, o.Ledger.Path = strings.Repeat("0", 64), filepath.Join(t.TempDir(), "ledger")
	rig.OK(t, os.WriteFile(o.Ledger.Path, []byte(raw), 0o600))
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another bundle") {
		t.Errorf("got %v", err)
	}
	if left := besides(t, o); len(left) != 1 {
		t.Errorf("beside the bundle lie %q", left)
	}
}

// Of two imports that find no ledger, the later one looks at Cloud again.
func TestTwoImportsThatBeginAtOnceWriteOnce(t *testing.T) {
	m := newMemory()
	first := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	second := first
	second.Cloud = &looked{m, func() error { _, err := Run(t.Context(), first); return err }}
	rep, err := Run(t.Context(), second)
	if err != nil || m.writes != 2 || rep.Counts[Written] != 2 || !rep.Items[0].Earlier {
		t.Errorf("%v, %d writes, %+v", err, m.writes, rep)
	}
}
