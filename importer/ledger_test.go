package importer

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// ran imports three connections and returns the options and the ledger's text.
func ran(t *testing.T) (Options, *memory, string) {
	t.Helper()
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B"), smtp("C")), schema.Connections)
	o.Jobs = 1
	rig.Get(Run(t.Context(), o)).Or(t)
	raw := rig.Get(os.ReadFile(o.Ledger.Path)).Or(t)
	return o, m, string(raw)
}

func TestLedgerHoldsNoSecretAndTellsNothingOfEqualOnes(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	o.Secrets.Sealed = func(schema.List, string) schema.Secret { return schema.NewSecret("canary-in-the-coal-mine") }
	rig.Get(Run(t.Context(), o)).Or(t)
	raw := rig.Get(os.ReadFile(o.Ledger.Path)).Or(t)
	if bytes.Contains(raw, []byte("canary")) {
		t.Error("the secret stands in the ledger")
	}
	rig.OK(t, o.defaults())
	led := rig.Get(readLedger(&o, false)).Or(t)
	a, _ := led.written(itemKey{List: schema.Connections, Name: "A"})
	b, _ := led.written(itemKey{List: schema.Connections, Name: "B"})
	if a.Secret == "" || a.Secret == b.Secret {
		t.Error("equal secrets of two connections can be told from the ledger")
	}
}

func TestLedgerTornLastLineIsRepairedAndSaid(t *testing.T) {
	o, m, raw := ran(t)
	rig.OK(t, os.WriteFile(o.Ledger.Path, []byte(raw+`{"prev":"12`+"\x00\x00"), 0o600))
	before := m.writes
	rep, err := Run(t.Context(), o)
	if err != nil || m.writes != before || rep.Counts[Written] != 3 {
		t.Fatalf("%v, %v", err, rep.Counts)
	}
	if len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0], "torn") {
		t.Errorf("notes are %q", rep.Notes)
	}
	after, err := os.ReadFile(o.Ledger.Path)
	if err != nil || string(after) != raw {
		t.Errorf("the repaired ledger differs (%v)", err)
	}
}

func TestLedgerDamageIsNamedByLineAndStopsBeforeCloud(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(lines []string) []string
		want   string
	}{
		{"a flipped byte", func(l []string) []string { l[2] = strings.Replace(l[2], "type", "tyPe", 1); return l }, "line 3"},
		{"a changed value that still reads", func(l []string) []string { l[1] = strings.Replace(l[1], `"name":"A"`, `"name":"Z"`, 1); return l }, "line 3"},
		{"a line taken out", func(l []string) []string { return append(l[:3:3], l[4:]...) }, "line 4"},
		{"two lines swapped", func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "line 2"},
		{"no first line", func(l []string) []string { return l[1:] }, "line 1"},
		{"a torn line in the middle", func(l []string) []string { l[3] = l[3][:20]; return l }, "line 4"},
		{"another file", func([]string) []string { return []string{"name,host", "a,b", ""} }, "line 1: this is not a ledger"},
		{"one line without an end", func([]string) []string { return []string{"age-encryption.org/v1"} }, "this is not a ledger"},
		{"an empty file", func([]string) []string { return []string{""} }, "this is not a ledger"},
		{"a byte order mark", func(l []string) []string { l[0] = "\ufeff" + l[0]; return l }, "line 1: this is not a ledger"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, m, raw := ran(t)
			damaged := strings.Join(tt.damage(strings.Split(raw, "\n")), "\n")
			rig.OK(t, os.WriteFile(o.Ledger.Path, []byte(damaged), 0o600))
			before := m.writes
			_, err := Run(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Count(err.Error(), ": line ") > 1 || schema.HintOf(err) == "" {
				t.Errorf("got %v (hint: %s), want %q", err, schema.HintOf(err), tt.want)
			}
			if now, _ := os.ReadFile(o.Ledger.Path); string(now) != damaged || m.writes != before {
				t.Error("something was written all the same")
			}
		})
	}
}

func TestLedgerTakesALotOfWordsAndIsReadAgain(t *testing.T) {
	m := newMemory()
	m.before = func(Write) error { return &RefusedError{Words: strings.Repeat("nö ", 1<<20)} }
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	if rep, err := Run(t.Context(), o); err == nil || rep.Counts[Failed] != 1 {
		t.Fatal(err)
	}
	m.before = nil
	if _, err := Run(t.Context(), o); err != nil {
		t.Error(err)
	}
}

func TestLedgerOfAnotherIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Options, *memory)
		want   string
	}{
		{"another Cloud", func(_ *Options, m *memory) { m.site.URL = "https://other.example" }, "another Cloud"},
		{"another bundle", func(o *Options, _ *memory) {
			b := *o.Bundle
			b.Manifest.ID = strings.Repeat("f", 32)
			o.Bundle = &b
		}, "another bundle"},
		{"another digest", func(o *Options, _ *memory) { o.Digest = strings.Repeat("0", 64) }, "another bundle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, m, _ := ran(t)
			tt.change(&o, m)
			before := m.writes
			if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if m.writes != before {
				t.Error("Cloud was written to")
			}
		})
	}
}

func TestAnOlderLedgerIsRefusedAndSaysHowToFinish(t *testing.T) {
	for _, line := range []string{
		`{"prev":"","type":"ledger","time":"2026-01-31T12:00:00Z","format":"mailferry/ledger/v1","cloud":"https://cloud.example","bundle":"b","digest":"d","seal":"s"}`,
		`{"format":"mailferry/ledger/v99","new":{}}`,
	} {
		m := newMemory()
		o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
		rig.OK(t, os.WriteFile(o.Ledger.Path, []byte(line+"\n"), 0o600))
		_, err := Run(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), "line 1: it was begun by another version of mailferry") || m.writes != 0 ||
			!strings.Contains(schema.HintOf(err), "finish this import with the version that began it") || !strings.Contains(schema.HintOf(err), "--ledger F") {
			t.Errorf("got %v, hint %q", err, schema.HintOf(err))
		}
		if now, _ := os.ReadFile(o.Ledger.Path); string(now) != line+"\n" {
			t.Error("it was changed")
		}
	}
}

// A ledger is bounded when it is written: no write is begun beyond it, and what
// was begun before is recorded and read again.
func TestAFullLedgerBeginsNoWriteAndTakesWhatCameOfOne(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	begun(t, o, intentOf(t, smtp("A"), ActionCreate))
	if err := o.defaults(); err != nil {
		t.Fatal(err)
	}
	led, err := openLedger(&o)
	if err != nil {
		t.Fatal(err)
	}
	led.size = maxLedger + 1
	if err := led.add(intentOf(t, smtp("B"), ActionCreate)); err == nil || !strings.Contains(err.Error(), "no further write is begun") {
		t.Errorf("an intent: %v", err)
	}
	if err := errors.Join(led.add(record{Type: typeOutcome, Key: "k", Result: outWritten, ID: "1"}), led.close()); err != nil {
		t.Errorf("an outcome: %v", err)
	}
	if led, err = readLedger(&o, false); err != nil || led.lines != 3 {
		t.Errorf("%v, %d lines", err, led.lines)
	}
}

func TestSameCloudWrittenOtherwiseIsTheSame(t *testing.T) {
	for _, two := range [][2]string{
		{"https://Cloud.example/", "HTTPS://cloud.example"}, {"sample:./a", "sample:a"}, {"https://c.example/x/", "https://c.example/x"},
		{"page+https://C.example:443/x", "page+https://c.example/x/"},
	} {
		if a, b := sameSite(two[0]), sameSite(two[1]); a != b {
			t.Errorf("%s and %s are two", a, b)
		}
	}
	if sameSite("https://c.example/x") == sameSite("https://c.example/y") {
		t.Error("two sites are one")
	}
}

func TestSecondImportIsRefusedWhileOneRuns(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	var second error
	first := AtPoints(o, func(name string) {
		if name == "before-send" {
			_, second = Run(t.Context(), o)
		}
	})
	rig.Get(Run(t.Context(), first)).Or(t)
	if second == nil || !strings.Contains(second.Error(), "another import is at work") {
		t.Errorf("the second import: %v", second)
	}
	if _, err := Run(t.Context(), o); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// supplied is an item whose secret comes from outside the bundle.
func supplied(name string) *schema.CloudConnection {
	c := smtp(name)
	c.Password = &schema.Marker{State: schema.Missing, Reason: "unknown"}
	return c
}

// Of a secret that was given from outside the ledger knows nothing: another one
// is sent where a person says so, and not by itself.
func TestAGivenSecretIsNotComparableAndRewrittenOnlyWhenAsked(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A"), supplied("B")), schema.Connections)
	o.Secrets.Supplied = func(schema.List, string) schema.Secret { return schema.NewSecret("first") }
	rig.Get(Run(t.Context(), o)).Or(t)
	raw, err := os.ReadFile(o.Ledger.Path)
	if err != nil || !strings.Contains(string(raw), `"secret":"given"`) {
		t.Fatalf("%v, %s", err, raw)
	}
	o.Secrets.Supplied = func(schema.List, string) schema.Secret { return schema.NewSecret("second") }
	o.Conflicts.Policy = Overwrite
	rep, err := Run(t.Context(), o)
	if err != nil || m.writes != 2 || m.secretOf("B") != "first" {
		t.Fatalf("unasked: %v, %d writes", err, m.writes)
	}
	if notes := rep.Items[1].Notes; len(notes) != 1 || !strings.Contains(notes[0], "not comparable") || len(rep.Items[0].Notes) > 0 {
		t.Errorf("notes are %q and %q", notes, rep.Items[0].Notes)
	}
	d, err := Drift(t.Context(), o)
	if err != nil || d.Differs() || d.Items[0].Secret != SecretAsImported || d.Items[1].Secret != SecretNotComparable || d.Items[1].Since.IsZero() {
		t.Errorf("drift: %v, %+v", err, d)
	}
	o.Conflicts.RewriteSecrets = true
	if _, err := Run(t.Context(), o); err != nil || m.writes != 4 || m.secretOf("B") != "second" {
		t.Errorf("asked: %v, %d writes", err, m.writes)
	}
}

func TestWhatAnOverwriteReplacesCanBeOpenedAgain(t *testing.T) {
	m := newMemory()
	old := smtp("A")
	old.Host = "old.example"
	m.put(old)
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	o.Conflicts.Policy = Overwrite
	var asked []string
	o.Conflicts.Confirm = func(it PlanItem) bool { asked = append(asked, it.Changes[0].From); return true }
	rep := rig.Get(Run(t.Context(), o)).Or(t)
	if len(asked) != 1 || asked[0] != "old.example" {
		t.Errorf("asked %q", asked)
	}
	sealed := rig.Get(os.ReadFile(rep.Items[0].Replaced)).Or(t)
	r := rig.Get(age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), operator(t))).Or(t)
	raw, err := io.ReadAll(r)
	if err != nil || !bytes.Contains(raw, []byte(`"host": "old.example"`)) {
		t.Errorf("%v, %s", err, raw)
	}
	if bytes.Contains(sealed, []byte("old.example")) {
		t.Error("what was replaced stands open")
	}
}

func TestDeclinedChangeIsLeft(t *testing.T) {
	m := newMemory()
	old := smtp("A")
	old.Host = "old.example"
	m.put(old)
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	o.Conflicts.Policy = Overwrite
	o.Conflicts.Confirm = func(PlanItem) bool { return false }
	rep, err := Run(t.Context(), o)
	if err != nil || rep.Counts[Skipped] != 1 || m.writes != 0 {
		t.Errorf("%v, %v, %d writes", err, rep.Counts, m.writes)
	}
}
