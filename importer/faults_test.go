package importer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// ending is how a run ended, as its exit code tells it.
func ending(err error) string {
	var part *importer.PartialError
	var gate *importer.GateError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &gate):
		return "gate"
	case errors.As(err, &part):
		return "partial"
	}
	return "failed"
}

// truthful holds a report against Cloud, whatever the run's end was.
func truthful(t *testing.T, s *site, rep *importer.Report) {
	t.Helper()
	there := rig.Get(s.Items(t.Context(), rep.List)).Or(t)
	on := map[string]int{}
	for _, e := range there {
		on[e.Item.ItemName()]++
	}
	for _, it := range rep.Items {
		want := 0
		if it.Result == importer.Written {
			want = 1
		}
		if it.Result != importer.Open && on[it.Name] != want {
			t.Errorf("%q: the report says %s (%s), Cloud has it %d times", it.Name, it.Result, it.Words, on[it.Name])
		}
	}
}

func TestFaultsOfCloudEndInATrueReportAndARerunFinishes(t *testing.T) {
	every := func(n int64, f faulty.Fault) func(int64) faulty.Fault {
		return func(i int64) faulty.Fault {
			if i%n == 0 {
				return f
			}
			return faulty.Fault{}
		}
	}
	from := func(n int64, f faulty.Fault) func(int64) faulty.Fault {
		return func(i int64) faulty.Fault {
			if i >= n {
				return f
			}
			return faulty.Fault{}
		}
	}
	for _, tt := range []struct {
		name   string
		faults cloud.Faults
		odd    faulty.Faults
		writes func(nth int64) faulty.Fault // of the nth write, from 1
		want   string                       // of the first run
	}{
		{"latency", cloud.Faults{Latency: 5 * time.Millisecond}, faulty.Faults{}, nil, "done"},
		{"429 with Retry-After", cloud.Faults{Rate: 8}, faulty.Faults{}, nil, "done"},
		{"429 without Retry-After", cloud.Faults{Rate: 8}, faulty.Faults{HideRetryAfter: true}, nil, "done"},
		{"500 before it is done", cloud.Faults{}, faulty.Faults{}, every(3, faulty.Fault{Do: faulty.Fail, Status: 500}), "done, or partial without keys"},
		{"502 after it is done", cloud.Faults{}, faulty.Faults{}, every(3, faulty.Fault{Do: faulty.FailAfter, Status: 502}), "done"},
		{"503 with Retry-After", cloud.Faults{}, faulty.Faults{}, every(9, faulty.Fault{Do: faulty.Fail, Status: 503, RetryAfter: "1"}), "done, or partial without keys"},
		{"500 for good", cloud.Faults{}, faulty.Faults{}, from(5, faulty.Fault{Do: faulty.Fail, Status: 500}), "partial"},
		{"502 for good, each done", cloud.Faults{}, faulty.Faults{}, from(2, faulty.Fault{Do: faulty.FailAfter, Status: 502}), "partial, or done by looking"},
		{"cut before the body", cloud.Faults{}, faulty.Faults{}, every(3, faulty.Fault{Do: faulty.DropBefore}), "done, or partial without keys"},
		{"cut in the answer", cloud.Faults{}, faulty.Faults{}, every(3, faulty.Fault{Do: faulty.CutAnswer}), "done"},
		{"cut after it is done", cloud.Faults{}, faulty.Faults{}, every(3, faulty.Fault{Do: faulty.DropAfter}), "done"},
		{"cut for good", cloud.Faults{}, faulty.Faults{}, from(4, faulty.Fault{Do: faulty.DropBefore}), "partial"},
		{"an answer that never comes", cloud.Faults{}, faulty.Faults{}, every(9, faulty.Fault{Do: faulty.Hang}), "done, or partial without keys"},
		{"an answer that never comes to what is done", cloud.Faults{}, faulty.Faults{}, every(9, faulty.Fault{Do: faulty.HangAfter}), "done"},
		{"a malformed answer", cloud.Faults{}, faulty.Faults{}, every(3, faulty.Fault{Do: faulty.Garble}), "done"},
		{"a huge answer", cloud.Faults{}, faulty.Faults{}, every(11, faulty.Fault{Do: faulty.Endless}), "done"},
		{"a token that expires", cloud.Faults{}, faulty.Faults{TokenLasts: 9}, nil, "partial"},
		{"all kinds at random", cloud.Faults{Seed: 4, Fail: 0.1, Drop: 0.1}, faulty.Faults{}, nil, "done, or partial without keys"},
	} {
		// Where Cloud does not honour keys, looking has to do, and a person where
		// it does not tell. Without keys there is nothing to repeat under, so a
		// secret is taken on the fields' word.
		for _, keys := range []bool{true, false} {
			name := tt.name
			if !keys {
				name += ", keys not honoured"
			}
			if !keys && tt.writes == nil && tt.faults.Fail == 0 {
				continue // no write is left open
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var nth atomic.Int64
				odd := tt.odd
				if tt.writes != nil {
					odd.Script = func(r *http.Request) faulty.Fault {
						if r.Method != http.MethodPost {
							return faulty.Fault{}
						}
						return tt.writes(nth.Add(1))
					}
				}
				s := oddSite(t, cloud.Options{Faults: tt.faults}, odd)
				b := bundleWith(16)
				b.Connections = b.Connections[:0]
				for _, it := range bundleWith(24).Connections {
					if it.(*schema.CloudConnection).OAuth2Credentials == "" {
						b.Connections = append(b.Connections, it)
					}
				}
				o := importInto(t, s.url, keys, time.Second, b, schema.Connections)
				o.Ledger.Patience = 5 * time.Second
				rep, err := importer.Run(t.Context(), o)
				want, alone, either := strings.Cut(tt.want, ", or ")
				if either && !keys {
					want = strings.Fields(alone)[0]
				}
				if got := ending(err); got != want {
					t.Fatalf("the run ended %s (%v), want %s", got, err, want)
				}
				truthful(t, s, rep)
				wellAgain(t, s)
				for _, it := range rep.Items {
					if it.Result == importer.Unfound {
						o.Ledger.Again = append(o.Ledger.Again, it.Name)
					}
				}
				if keys && len(o.Ledger.Again) > 0 {
					t.Errorf("a person is asked about %q where keys tell", o.Ledger.Again)
				}
				o.Cloud = importInto(t, s.url, keys, time.Minute, b, schema.Connections).Cloud // whatever else this machine does
				rep, err = importer.Run(t.Context(), o)
				if err != nil {
					t.Fatalf("the rerun: %v", err)
				}
				if err := agrees(t.Context(), s, o, rep); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// wellAgain ends the faults of a site: the same items at the same address, with
// a token that is good.
func wellAgain(t *testing.T, s *site) {
	t.Helper()
	fresh := rig.Get(cloud.Open(s.dir, cloud.Options{Token: schema.NewSecret("token-of-the-test")})).Or(t)
	t.Cleanup(func() { _ = fresh.Close() })
	s.swap(fresh.Handler())
}

func TestSomeoneElsesDuplicateIsTheirsUntilSaidOtherwise(t *testing.T) {
	var nth atomic.Int64
	s := oddSite(t, cloud.Options{}, faulty.Faults{Script: func(r *http.Request) faulty.Fault {
		if r.Method == http.MethodPost && nth.Add(1) == 2 {
			return faulty.Fault{Do: faulty.Rival}
		}
		return faulty.Fault{}
	}})
	o := importInto(t, s.url, true, time.Second, bundleWith(12), schema.Credentials)
	rep, err := importer.Run(t.Context(), o)
	if ending(err) != "partial" || rep.Counts[importer.Failed] != 1 || rep.Counts[importer.Written] != 2 {
		t.Fatalf("%v, %v", err, rep.Counts)
	}
	for _, it := range rep.Items {
		if it.Result == importer.Failed && !strings.Contains(it.Words, "another credential has this name") {
			t.Errorf("Cloud's words are not told: %q", it.Words)
		}
	}
	if _, err = importer.Run(t.Context(), o); ending(err) != "gate" {
		t.Errorf("a rerun: %v", err)
	}
	o.Conflicts.Policy, o.Conflicts.RewriteSecrets = importer.Overwrite, true
	if rep, err = importer.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := agrees(t.Context(), s, o, rep); err != nil {
		t.Error(err)
	}
}

func TestRedirectToAnotherHostIsRefusedAndTheTokenStays(t *testing.T) {
	var followed atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer other.Close()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		s := oddSite(t, cloud.Options{}, faulty.Faults{Script: func(r *http.Request) faulty.Fault {
			if r.Method == method {
				return faulty.Fault{Do: faulty.Redirect, To: other.URL}
			}
			return faulty.Fault{}
		}})
		o := importInto(t, s.url, true, time.Second, bundleWith(4), schema.Credentials)
		_, err := importer.Run(t.Context(), o)
		if ending(err) != "failed" || !strings.Contains(err.Error(), "redirect") {
			t.Errorf("%s: %v", method, err)
		}
		if n := followed.Load(); n != 0 {
			t.Errorf("%s: the other host was asked %d times", method, n)
		}
	}
}

func TestInterruptedRunStopsBetweenTwoWritesAndGoesOn(t *testing.T) {
	s := newSite(t, cloud.Faults{Latency: 2 * time.Millisecond})
	o := importInto(t, s.url, true, time.Second, bundleWith(40), schema.Credentials)
	ctx, cancel := context.WithCancel(t.Context())
	o.Jobs = 2
	o.Watch.Progress = func(p importer.Progress) {
		if p.Done == 3 {
			cancel()
		}
	}
	rep, err := importer.Run(ctx, o)
	if ending(err) != "partial" || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	truthful(t, s, rep)
	if n := rep.Counts[importer.Written]; n < 3 || n > 9 || rep.Counts[importer.NotTried] != 10-n {
		t.Errorf("counts are %v", rep.Counts)
	}
	if how := rep.HowToGoOn(err); !strings.Contains(how, "run the same command again") {
		t.Errorf("how to go on: %q", how)
	}
	if rep, err = importer.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := agrees(t.Context(), s, o, rep); err != nil {
		t.Error(err)
	}
}
