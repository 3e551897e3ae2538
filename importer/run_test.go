package importer

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestProgressTellsHowFarAndWhatItWaitsFor(t *testing.T) {
	m := newMemory()
	m.waits = "Cloud, which asked for patience"
	o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B"), smtp("C")), schema.Connections)
	o.Jobs = 1
	waited, last := 0, Progress{}
	o.Watch.Progress = func(p Progress) {
		if p.Waiting != "" {
			waited++
		}
		last = p
	}
	rig.Get(Run(t.Context(), o)).Or(t)
	if waited < 3 || last.Done != 3 || last.Total != 3 || last.Waiting != "" {
		t.Errorf("waited %d times, last %+v", waited, last)
	}
}

func TestRefusalConcernsOneItemAndErrorsTheRun(t *testing.T) {
	gone := errors.New("the way into Cloud has broken")
	for _, tt := range []struct {
		name   string
		fail   func(w Write) error
		counts map[Result]int
		part   bool
	}{
		{"one refused", func(w Write) error {
			if w.Item.ItemName() == "B" {
				return &RefusedError{Code: 422, Words: "no"}
			}
			return nil
		}, map[Result]int{Written: 2, Failed: 1}, true},
		{"broken from the start", func(Write) error { return gone }, map[Result]int{Failed: 1, NotTried: 2}, false},
		{"broken half-way", func(w Write) error {
			if w.Item.ItemName() == "B" {
				return gone
			}
			return nil
		}, map[Result]int{Written: 1, Failed: 1, NotTried: 1}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			m.before = tt.fail
			o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B"), smtp("C")), schema.Connections)
			o.Jobs = 1
			rep, err := Run(t.Context(), o)
			var part *PartialError
			if err == nil || errors.As(err, &part) != tt.part {
				t.Fatalf("got %v", err)
			}
			if !reflect.DeepEqual(rep.Counts, tt.counts) {
				t.Errorf("counts are %v, want %v", rep.Counts, tt.counts)
			}
			m.before = nil
			if rep, err = Run(t.Context(), o); err != nil || !reflect.DeepEqual(rep.Counts, map[Result]int{Written: 3}) || m.writes != 3 {
				t.Errorf("again: %v, %v, %d writes", err, rep.Counts, m.writes)
			}
		})
	}
}

// unlisted is a Cloud whose list cannot be read once so much was written.
type unlisted struct {
	*memory
	from int
}

func (u unlisted) List(ctx context.Context, l schema.List) ([]Remote, error) {
	if u.writes >= u.from {
		return nil, schema.Hint(&UnfitError{ListIncomplete, errors.New("the list seems to go on")}, "name its next part")
	}
	return u.memory.List(ctx, l)
}

func TestACloudThatIsUnfitShutsTheGateBeforeTheFirstWriteOnly(t *testing.T) {
	for _, tt := range []struct {
		name   string
		from   int
		before error // of the first create
		writes int
	}{
		{"where the list is surveyed", 0, nil, 0},
		{"where the form is opened", 9, &UnfitError{ListIncomplete, errors.New("the list seems to go on")}, 0},
		{"after a write", 1, nil, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := unlisted{newMemory(), tt.from}
			m.memory.before = func(Write) error { return tt.before }
			o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
			o.Jobs = 1
			_, err := Run(t.Context(), o)
			var gate *GateError
			var part *PartialError
			if shut := tt.writes == 0; errors.As(err, &gate) != shut || errors.As(err, &part) == shut || m.writes != tt.writes {
				t.Fatalf("%d writes: %v", m.writes, err)
			}
			if gate != nil && (gate.Reasons[0].Code != ListIncomplete || !strings.HasSuffix(gate.Reasons[0].Words, "the list seems to go on")) {
				t.Errorf("%+v", gate.Reasons)
			}
			if tt.from == 0 && schema.HintOf(err) != "name its next part" {
				t.Errorf("the hint is %q", schema.HintOf(err))
			}
		})
	}
}

// An item that someone else made while the answer to ours was lost is theirs:
// it is told, and never changed or doubled.
func TestAnswerLostAndTheNameTakenByAnother(t *testing.T) {
	for _, keys := range []bool{true, false} {
		for _, same := range []bool{true, false} {
			t.Run(fmt.Sprintf("keys honoured %v, same fields %v", keys, same), func(t *testing.T) {
				m := newMemory()
				m.site.Keys = keys
				theirs := smtp("A")
				if !same {
					theirs.Host = "theirs.example"
				}
				var n atomic.Int64
				m.before = func(Write) error {
					if n.Add(1) == 1 {
						m.put(theirs)
						return MarkUnsettled(errors.New("cut off"))
					}
					return &RefusedError{Code: 409, Words: "another connection has this name"}
				}
				o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
				rep, err := Run(t.Context(), o)
				if len(m.lists[schema.Connections]) != 1 || m.writes != 0 {
					t.Fatalf("Cloud has %v", m.lists[schema.Connections])
				}
				want := Failed
				if same {
					want = Same
					if !keys {
						want = Written // nothing tells it from ours
					}
				}
				if rep.Items[0].Result != want || (err == nil) != same {
					t.Errorf("%v: %+v", err, rep.Items[0])
				}
			})
		}
	}
}

func TestWhatCloudStoresOtherwiseIsNotCalledWritten(t *testing.T) {
	for _, keys := range []bool{true, false} {
		m := newMemory()
		m.site.Keys = keys
		m.stores = func(it schema.Item) { it.(*schema.CloudConnection).Username = "trimmed" }
		o := optionsFor(t, m, bundleOf(smtp("A")), schema.Connections)
		rep, err := Run(t.Context(), o)
		if err == nil || rep.Items[0].Result != Failed || rep.Items[0].Words != "Cloud shows another Username than was sent" {
			t.Errorf("keys honoured %v: %v, %+v", keys, err, rep.Items[0])
		}
	}
}

func TestCloudThatIsGoneForAllWritesEndsByItself(t *testing.T) {
	m := newMemory()
	var tried atomic.Int64
	m.before = func(Write) error {
		tried.Add(1)
		return MarkUnsettled(errors.New("no answer"))
	}
	var items []schema.Item
	for i := range 200 {
		items = append(items, smtp(fmt.Sprint("connection ", i)))
	}
	o := optionsFor(t, m, bundleOf(items...), schema.Connections)
	o.Jobs = 4
	rep, err := Run(t.Context(), o)
	var part *PartialError
	if !errors.As(err, &part) || part.Left != 200 {
		t.Fatalf("got %v", err)
	}
	if n := tried.Load(); n > 200 {
		t.Errorf("a Cloud that never answers was asked %d times", n)
	}
	if rep.Counts[Unfound]+rep.Counts[NotTried] != 200 || rep.Counts[Unfound] == 0 {
		t.Errorf("counts are %v", rep.Counts)
	}
}

// TestWhatAnEarlierRunWroteIsToldWhateverTheClockSays: a clock may be set back
// between two runs, and two runs may share a second.
func TestWhatAnEarlierRunWroteIsToldWhateverTheClockSays(t *testing.T) {
	for _, later := range []time.Duration{-24 * time.Hour, 0, time.Hour} {
		m := newMemory()
		o := optionsFor(t, m, bundleOf(smtp("A"), smtp("B")), schema.Connections)
		first := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		o.Watch.Now = func() time.Time { return first }
		rep, err := Run(t.Context(), o)
		if err != nil || rep.Items[0].Earlier {
			t.Fatalf("%v, %+v", err, rep)
		}
		o.Watch.Now = func() time.Time { return first.Add(later) }
		rep, err = Run(t.Context(), o)
		if err != nil || !rep.Items[0].Earlier || rep.Items[0].Result != Written || rep.wroteAny() {
			t.Errorf("%v later: %v, %+v", later, err, rep.Items[0])
		}
	}
}
