package importer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// printable fails where a text would steer a terminal.
func printable(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q", text)
	}
}

// FuzzSavedPlan: whatever somebody seals as a plan is refused, or compared and read
// back equal once it is saved, and nothing in it reaches a terminal as it is.
func FuzzSavedPlan(f *testing.F) {
	f.Add([]byte(`{"format":"mailferry/plan/v1","on_conflict":"fail","items":[{"list":"connections","name":"A","action":"create"}]}`))
	f.Add([]byte(`{"format":"mailferry/plan/v1","created":"2026-01-01T00:00:00Z","cloud":"https://cloud.example","on_conflict":"overwrite","include":["["],"items":[{"list":"","name":"\u202e"}]}`))
	id, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	o := optionsFor(f, newMemory(), bundleOf(smtp("A")), schema.Connections)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var file bytes.Buffer
		w, err := age.Encrypt(&file, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		o := o
		if o.Plan, err = OpenPlan(&file, []age.Identity{id}); err != nil {
			printable(t, err.Error())
			return
		}
		file.Reset()
		rig.OK(t, SavePlan(&file, o.Plan, []age.Recipient{id.Recipient()}))
		again := rig.Get(OpenPlan(&file, []age.Identity{id})).Or(t)
		was, err1 := schema.Marshal(o.Plan)
		is, err2 := schema.Marshal(again)
		if err1 != nil || err2 != nil || !bytes.Equal(was, is) {
			t.Errorf("%s is read back as %s", was, is)
		}
		o.Plan.Cloud, o.Plan.Bundle, o.Plan.Digest = o.Cloud.Site().URL, o.Bundle.Manifest.ID, o.Digest // else nothing more is looked at
		var gate *GateError
		if _, err := DryRun(t.Context(), o); errors.As(err, &gate) {
			for _, line := range append(gate.Lines(), gate.Error()) {
				printable(t, line)
			}
		}
	})
}

// FuzzLedger: whoever writes a ledger can chain it as it should be. What its
// records say is refused by line, or a run goes on from there and shows nothing
// of it as it is.
func FuzzLedger(f *testing.F) {
	m := newMemory()
	o := optionsFor(f, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	o.Select.Include = []string{"A"}
	rig.Get(Run(f.Context(), o)).Or(f)
	o.Select.Include = nil
	raw, err := os.ReadFile(o.Ledger.Path)
	if err != nil {
		f.Fatal(err)
	}
	first, rest, _ := bytes.Cut(raw, []byte("\n"))
	f.Add(rest)
	f.Add([]byte(`{"type":"intent","key":"k","list":"connections","name":"B","action":"change","id":"1"}` + "\n" + `{"type":"outcome","key":"k","result":"lost"}`))
	f.Add([]byte(`{"type":"intent","key":"\u000d\u000a","list":"credentials","name":"\u202e\u001b[2J","action":"create"}`))
	f.Fuzz(func(t *testing.T, rest []byte) {
		text, head := bytes.Clone(first), sha256.Sum256(first)
		for line := range bytes.SplitSeq(rest, []byte("\n")) {
			var r record
			if schema.Strict(line, &r) != nil {
				continue
			}
			r.Prev = hex.EncodeToString(head[:])
			if line, err = schema.Marshal(r); err != nil {
				continue
			}
			head = sha256.Sum256(line)
			text = append(append(text, '\n'), line...)
		}
		o := o
		o.Ledger.Path = filepath.Join(t.TempDir(), "ledger.jsonl")
		rig.OK(t, os.WriteFile(o.Ledger.Path, append(text, '\n'), 0o600))
		rep, err := DryRun(t.Context(), o)
		if rep == nil {
			if err == nil || !strings.Contains(err.Error(), ": line ") {
				t.Errorf("neither a report nor a line: %v", err)
			}
			printable(t, fmt.Sprint(err))
			return
		}
		for _, n := range rep.Notes {
			printable(t, n)
		}
		if n := len(rep.Items); n != 2 {
			t.Errorf("%d items", n)
		}
	})
}
