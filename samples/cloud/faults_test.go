package cloud

import (
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// TestLatencyIsOfTheWholeAnswer runs in virtual time, where the work takes none.
func TestLatencyIsOfTheWholeAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, t.TempDir(), Options{Faults: Faults{Latency: 20 * time.Millisecond}})
		for _, token := range []string{"wrong", c.Token().Reveal()} {
			start := time.Now()
			r := httptest.NewRequestWithContext(t.Context(), "POST", apiPrefix+"connections", strings.NewReader(connection))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			c.Handler().ServeHTTP(w, r)
			if took := time.Since(start); took != 20*time.Millisecond {
				t.Errorf("%d took %v", w.Code, took)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTheLimitCountsWritesOnly(t *testing.T) {
	// One write in 1000 seconds: the second is refused however slow the machine.
	s := serve(t, Options{Faults: Faults{Rate: 0.001}})
	s.made(schema.Connections, connection)
	r := s.do("POST", apiPrefix+"connections", connection)
	if r.Status != 429 || r.Header.Get("Retry-After") != "1000" {
		t.Errorf("got %d %v", r.Status, r.Header)
	}
	if r := s.do("GET", apiPrefix+"connections", ""); r.Status != 200 {
		t.Errorf("got %d", r.Status)
	}
	if n := s.cloud.Limited(); n != 1 {
		t.Errorf("%d writes counted as refused, want 1", n)
	}
}

func TestTheSameSeedFailsTheSameRequests(t *testing.T) {
	run := func(seed uint64) string {
		s := serve(t, Options{Faults: Faults{Seed: seed, Fail: 0.3, Drop: 0.3}})
		var out []string
		for range 60 {
			r, err := s.raw("GET", apiPrefix+"connections", "")
			out = append(out, fmt.Sprint(r.Status, err != nil))
		}
		return strings.Join(out, " ")
	}
	first := run(1)
	if again := run(1); again != first {
		t.Errorf("got\n%s\n%s", first, again)
	}
	if other := run(2); other == first {
		t.Error("another seed does the same")
	}
	for _, want := range []string{"500 false", "502 false", "503 false", "0 true", "200 true", "200 false"} {
		if !strings.Contains(first, want) {
			t.Errorf("no %s in %s", want, first)
		}
	}
}

func TestFaultsThatCannotBeAreRefused(t *testing.T) {
	for _, f := range []Faults{{Latency: -1}, {Rate: -1}, {Fail: 1.5}, {Drop: -0.1}, {Drop: math.NaN()}} {
		if c, err := Open(t.TempDir(), Options{Faults: f}); err == nil {
			_ = c.Close()
			t.Errorf("%+v: no error", f)
		}
	}
}

func TestProbabilitiesFromNeverToAlwaysAreTaken(t *testing.T) {
	for _, p := range []float64{0, 0.02, 0.5, 0.9999, 1} {
		s := serve(t, Options{Faults: Faults{Fail: p, Drop: p}})
		r, err := s.raw("GET", apiPrefix+"connections", "")
		if p == 1 && r.Status < 500 || p == 0 && (r.Status != 200 || err != nil) {
			t.Errorf("%v: got %d, %v", p, r.Status, err)
		}
	}
}
