package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// lagging is a Cloud without keys that takes a name as often as it is given, and
// whose way in looks for what it saved in a list that shows a name only after so
// many looks; -1: never.
func lagging(looks map[string]int) *memory {
	m := newMemory()
	m.hides = func(r Remote) bool {
		n, lags := looks[r.Item.ItemName()]
		if lags && n > 0 {
			looks[r.Item.ItemName()]--
		}
		return lags && n != 0
	}
	m.after = func(w Write) error {
		if looks[w.Item.ItemName()] != 0 {
			return MarkUnsettled(fmt.Errorf("reading %q back: the list has no such row", w.Item.ItemName()))
		}
		return nil
	}
	return m
}

func (m *memory) count(name string) (n int) {
	for _, r := range m.lists[schema.Connections] {
		if r.Item.ItemName() == name {
			n++
		}
	}
	return n
}

// remove is somebody who deletes connections on Cloud.
func (m *memory) remove(name string) {
	m.lists[schema.Connections] = slices.DeleteFunc(m.lists[schema.Connections],
		func(r Remote) bool { return r.Item.ItemName() == name })
}

// onlyUnfound makes sure that a run ended partly done, for these names alone.
func onlyUnfound(t *testing.T, rep *Report, err error, names ...string) {
	t.Helper()
	var part *PartialError
	if !errors.As(err, &part) || part.Left != len(names) || part.Cause != nil {
		t.Fatalf("got %v", err)
	}
	for _, it := range rep.Items {
		if want := slices.Contains(names, it.Name); (it.Result == Unfound) != want {
			t.Errorf("%s: %s (%s)", it.Name, it.Result, it.Words)
		} else if want && !strings.HasPrefix(it.Words, "written, not found in the list") {
			t.Errorf("%s: %q", it.Name, it.Words)
		}
	}
}

func TestWhatTheListShowsLateIsLookedForAndWrittenOnce(t *testing.T) {
	m := lagging(map[string]int{"A": 3, "B": 1})
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B"), smtp("C")), schema.Connections)
	o.Ledger.Patience = time.Minute
	rep, err := Run(t.Context(), o)
	if err != nil || m.writes != 3 || rep.Counts[Written] != 3 {
		t.Errorf("%v, %d writes, %v", err, m.writes, rep.Counts)
	}
}

// A page that answers no Save is pressed twice, not once for each item.
func TestAfterTwoWritesWithoutAnEndNoMoreAreBegun(t *testing.T) {
	m := lagging(map[string]int{"A": -1, "B": -1, "C": -1, "D": -1})
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B"), smtp("C"), smtp("D")), schema.Connections)
	o.Jobs = 1 // a page is worked one thing at a time
	var part *PartialError
	rep, err := Run(t.Context(), o)
	if !errors.As(err, &part) || part.Left != 4 || m.writes != 2 || rep.Counts[Unfound] != 2 {
		t.Errorf("%v, %d writes, %v", err, m.writes, rep.Counts)
	}
}

func TestWhatTheListNeverShowsIsNotWrittenAgainUntilAPersonSaysSo(t *testing.T) {
	looks := map[string]int{"A": -1}
	m := lagging(looks)
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	for n := range 3 {
		rep, err := Run(t.Context(), o)
		onlyUnfound(t, rep, err, "A")
		if m.count("A") != 1 || m.count("B") != 1 {
			t.Fatalf("run %d: Cloud has %d and %d", n+1, m.count("A"), m.count("B"))
		}
		if how := rep.HowToGoOn(err); !strings.HasSuffix(how, " --again A") || strings.Contains(how, "B") {
			t.Errorf("how to go on: %q", how)
		}
		plan, err := MakePlan(t.Context(), o)
		if err != nil || plan.Items[0].Action != ActionBlocked || plan.Items[0].Reasons[0].Code != NotFound {
			t.Errorf("plan: %v, %+v", err, plan.Items[0])
		}
	}
	o.Ledger.Again = []string{"A"}
	rep, err := Run(t.Context(), o)
	onlyUnfound(t, rep, err, "A")
	if m.count("A") != 2 {
		t.Errorf("a person's word is good for one write: Cloud has %d", m.count("A"))
	}
	m.remove("A")
	delete(looks, "A")
	if rep, err = Run(t.Context(), o); err != nil || m.count("A") != 1 || rep.Counts[Written] != 2 {
		t.Errorf("not there, as was said: %v, %v", err, rep.Counts)
	}
}

// What was written under a plan and is not shown has not moved since the plan.
func TestWhatIsNotFoundUnderAPlanIsAskedAboutUnderThatPlan(t *testing.T) {
	looks := map[string]int{}
	m := lagging(looks)
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
	o.Plan = approved(t, o)
	rig.Get(Run(t.Context(), o)).Or(t)
	looks["A"] = -1
	rep, err := Run(t.Context(), o)
	onlyUnfound(t, rep, err, "A")
	m.remove("A")
	delete(looks, "A")
	o.Ledger.Again = []string{"A"}
	if rep, err = Run(t.Context(), o); err != nil || rep.Counts[Written] != 2 || m.count("A") != 1 {
		t.Errorf("%v, %v", err, rep.Counts)
	}
}

func TestWhatShowsItselfBetweenTwoRunsIsSettledByTheNext(t *testing.T) {
	looks := map[string]int{"A": -1}
	m := lagging(looks)
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	rep, err := Run(t.Context(), o)
	onlyUnfound(t, rep, err, "A")
	looks["A"] = 2
	o.Ledger.Patience = time.Minute
	if rep, err = Run(t.Context(), o); err != nil || m.writes != 1 || rep.Counts[Written] != 1 {
		t.Errorf("%v, %d writes, %v", err, m.writes, rep.Counts)
	}
}

// Nobody is asked about what was not looked for to the end.
func TestARunThatIsInterruptedWhileItLooksAsksForNothing(t *testing.T) {
	m := lagging(map[string]int{"A": -1})
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	o.Ledger.Patience = time.Hour
	ctx, stop := context.WithCancel(t.Context())
	o.Watch.Progress = func(p Progress) {
		if p.Waiting != "" {
			stop()
		}
	}
	rep, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || rep.Items[0].Result != Open || strings.Contains(rep.HowToGoOn(err), "--again") {
		t.Errorf("%v, %+v, %q", err, rep.Items[0], rep.HowToGoOn(err))
	}
}

func TestAgainIsRefusedWhereItWouldDoubleOrSaysNothing(t *testing.T) {
	looks := map[string]int{"A": -1}
	m := lagging(looks)
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B"), smtp("C")), schema.Connections)
	o.Select.Exclude = []string{"C"}
	rep, err := Run(t.Context(), o)
	onlyUnfound(t, rep, err, "A")
	delete(looks, "A") // it shows itself before the person has spoken
	for name, want := range map[string]string{
		"A": "Cloud has it", "B": "Cloud has it", "C": "this import has no connection of that name", "it's ☂": `--again 'it'\''s ☂': this import has no`,
	} {
		o.Ledger.Again = []string{name}
		_, err := Run(t.Context(), o)
		var gate *GateError
		if !errors.As(err, &gate) || len(gate.Reasons) != 1 || !strings.Contains(gate.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	m.lists[schema.Connections] = nil
	o = optionsFor(t, m, o.Bundle, schema.Connections)
	o.Ledger.Again = []string{"A"}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no write of it that is open") || m.writes != 2 {
		t.Errorf("never written: %v, %d writes", err, m.writes)
	}
}

// begun leaves a ledger behind as a run does that is killed after those records.
func begun(t *testing.T, o Options, records ...record) {
	t.Helper()
	rig.OK(t, o.defaults())
	led := rig.Get(openLedger(&o)).Or(t)
	rig.OK(t, led.start(&o))
	for _, r := range records {
		rig.OK(t, led.add(r))
	}
	rig.OK(t, led.close())
}

func intentOf(t *testing.T, it schema.Item, a Action) record {
	t.Helper()
	v := rig.Get(view(it)).Or(t)
	return record{Type: typeIntent, Time: schema.At(time.Now()), Key: "k", List: it.List(), Name: it.ItemName(), Action: string(a), Item: v, Secret: secretMark(it)}
}

func TestACreateThatWasCutOffBeforeSaveIsMadeByItselfAndOneAfterItIsNot(t *testing.T) {
	pressed := record{Type: typePressed, Key: "k", Time: schema.At(time.Now())}
	for _, tt := range []struct {
		name    string
		records []record
		writes  int
	}{
		{"an intent", []record{intentOf(t, smtp("A"), ActionCreate)}, 1},
		{"pressed", []record{intentOf(t, smtp("A"), ActionCreate), pressed}, 0},
		{"pressed, and Cloud said no", []record{intentOf(t, smtp("A"), ActionCreate), pressed, {Type: typeOutcome, Key: "k", Result: outRefused}}, 1},
		{"a change that Cloud refused", []record{intentOf(t, smtp("A"), ActionChange), {Type: typeOutcome, Key: "k", Result: outRefused}}, 0},
		{"pressed, and it was found otherwise", []record{intentOf(t, smtp("A"), ActionCreate), pressed, {Type: typeOutcome, Key: "k", Time: pressed.Time, Result: outLost}}, 0},
		{"written", []record{intentOf(t, smtp("A"), ActionCreate), pressed, {Type: typeOutcome, Key: "k", Time: pressed.Time, Result: outWritten}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
			begun(t, o, tt.records...)
			rep, err := Run(t.Context(), o)
			if m.writes != tt.writes || (err == nil) != (tt.writes == 1) {
				t.Fatalf("%v, %d writes, %+v", err, m.writes, rep.Items)
			}
			if tt.writes == 0 {
				onlyUnfound(t, rep, err, "A")
			}
		})
	}
}

// A change is made of what Cloud shows. Where the list does not show it any more,
// that is no reason to make it.
func TestAChangeOfWhatTheListNoLongerShowsBecomesNoSecondItem(t *testing.T) {
	m := newMemory()
	m.put(smtp("A"))
	gone := false
	m.hides = func(Remote) bool { return gone }
	m.before = func(Write) error { gone = true; return MarkUnsettled(errors.New("the page went away")) }
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	o.Conflicts.Policy, o.Conflicts.RewriteSecrets = Overwrite, true
	for range 2 {
		rep, err := Run(t.Context(), o)
		onlyUnfound(t, rep, err, "A")
		if m.count("A") != 1 {
			t.Fatalf("Cloud has %d", m.count("A"))
		}
	}
	gone, m.before, o.Conflicts.RewriteSecrets = false, nil, false
	if _, err := Run(t.Context(), o); err != nil || m.count("A") != 1 || m.secretOf("A") != secretsOf(schema.Connections, "A").Reveal() {
		t.Errorf("%v, Cloud has %d, and the secret is lost", err, m.count("A"))
	}
}

func TestWhatIsNotSentBecauseTheLedgerFailsIsNotWaitedFor(t *testing.T) {
	m := newMemory()
	o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
	var asked bool
	m.before = func(Write) error { asked = true; return nil }
	v := newVolatile()
	o.files = v
	o = AtPoints(o, func(name string) {
		if name == "before-pressed-sync" {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.out = true
		}
	})
	if _, err := Run(t.Context(), o); !errors.Is(err, errPower) || asked {
		t.Errorf("got %v; Save was pressed: %v", err, asked)
	}
}
