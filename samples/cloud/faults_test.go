package cloud

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// TestEachFaultDoesWhatItSays tells by what arrives at the client and by what
// is stored afterwards.
func TestEachFaultDoesWhatItSays(t *testing.T) {
	tests := []struct {
		fault  Fault
		cut    bool // the client sees the connection end
		status int
		stored int
	}{
		{Fault{Do: Fail, Status: 503, RetryAfter: "7"}, false, 503, 0},
		{Fault{Do: FailAfter, Status: 502}, false, 502, 1},
		{Fault{Do: DropBefore}, true, 0, 0},
		{Fault{Do: DropAfter}, true, 0, 1},
		{Fault{Do: CutAnswer}, true, 201, 1},
		{Fault{Do: Garble}, false, 201, 1},
		{Fault{Do: Rival}, false, 409, 1},
		{Fault{Do: Redirect, To: "http://elsewhere.example"}, false, 307, 0},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault.Do), func(t *testing.T) {
			s := serve(t, Options{Faults: Faults{Script: func(*http.Request) Fault { return tt.fault }}})
			r, err := s.raw("POST", apiPrefix+"connections", connection)
			if (err != nil) != tt.cut || r.Status != tt.status || r.Header.Get("Retry-After") != tt.fault.RetryAfter {
				t.Errorf("got %+v, %v", r, err)
			}
			all, err := s.cloud.Items(t.Context(), schema.Connections)
			if err != nil || len(all) != tt.stored {
				t.Errorf("%d stored, want %d; %v", len(all), tt.stored, err)
			}
			switch tt.fault.Do {
			case Rival:
				if d := all[0].Item.(*schema.CloudConnection).Description; d != "made by somebody else" {
					t.Errorf("got %q", d)
				}
			case Redirect:
				if to := r.Header.Get("Location"); to != "http://elsewhere.example"+apiPrefix+"connections" {
					t.Errorf("got %q", to)
				}
			case Garble:
				if strings.HasSuffix(r.Body, "}") || r.Body == "" {
					t.Errorf("got %s", r.Body)
				}
			}
		})
	}
}

func TestWithheldAnswersEndWithTheClientOrTheServer(t *testing.T) {
	for _, do := range []Effect{Hang, HangAfter} {
		reached := make(chan struct{}, 2)
		s := serve(t, Options{Faults: Faults{Script: func(*http.Request) Fault {
			reached <- struct{}{}
			return Fault{Do: do}
		}}})
		ctx, giveUp := context.WithCancel(t.Context())
		go func() { <-reached; giveUp() }()
		req, err := http.NewRequestWithContext(ctx, "GET", s.url+apiPrefix+"connections", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			t.Errorf("%s: got %d", do, res.StatusCode)
		}
		go func() { <-reached; _ = s.cloud.Close() }()
		if r, err := s.raw("GET", apiPrefix+"connections", ""); err == nil {
			t.Errorf("%s: got %d", do, r.Status)
		}
	}
}

func TestAnEndlessAnswerIsLargerThanAnyLimit(t *testing.T) {
	s := serve(t, Options{Faults: Faults{Script: func(*http.Request) Fault { return Fault{Do: Endless} }}})
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+apiPrefix+"connections", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.CopyN(io.Discard, res.Body, 32<<20); err != nil {
		t.Errorf("ended after %d: %v", n, err)
	}
}

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
	for _, hide := range []bool{false, true} {
		// One write in 1000 seconds: the second is refused however slow the machine.
		s := serve(t, Options{Faults: Faults{Rate: 0.001, HideRetryAfter: hide}})
		s.made(schema.Connections, connection)
		r := s.do("POST", apiPrefix+"connections", connection)
		want := "1000"
		if hide {
			want = ""
		}
		if r.Status != 429 || r.Header.Get("Retry-After") != want {
			t.Errorf("got %d %v", r.Status, r.Header)
		}
		if r := s.do("GET", apiPrefix+"connections", ""); r.Status != 200 {
			t.Errorf("got %d", r.Status)
		}
		if got := s.cloud.Counts(); got != (Counts{Requests: 3, Writes: 1, Limited: 1}) {
			t.Errorf("got %+v", got)
		}
	}
}

func TestATokenExpiresForGood(t *testing.T) {
	s := serve(t, Options{Faults: Faults{TokenLasts: 2}})
	var got []int
	for range 4 {
		got = append(got, s.do("GET", apiPrefix+"connections", "").Status)
	}
	if fmt.Sprint(got) != "[200 200 401 401]" {
		t.Errorf("got %v", got)
	}
}

func TestTheSameSeedFailsTheSameRequests(t *testing.T) {
	run := func(seed uint64) string {
		s := serve(t, Options{Faults: Faults{Seed: seed, Chances: append(Failing(0.3), Dropping(0.3)...)}})
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
	for _, f := range []Faults{{Latency: -1}, {Rate: -1}, {TokenLasts: -1}, {Chances: Failing(1.5 * 3)}, {Chances: []Chance{{-0.1, Fault{}}}}} {
		if c, err := Open(t.TempDir(), Options{Faults: f}); err == nil {
			_ = c.Close()
			t.Errorf("%+v: no error", f)
		}
	}
}

func TestProbabilitiesFromNeverToAlwaysAreTaken(t *testing.T) {
	for _, p := range []float64{0, 0.02, 0.5, 0.9999, 1} {
		s := serve(t, Options{Faults: Faults{Chances: append(Failing(p), Dropping(p)...)}})
		r, err := s.raw("GET", apiPrefix+"connections", "")
		if p == 1 && r.Status < 500 || p == 0 && (r.Status != 200 || err != nil) {
			t.Errorf("%v: got %d, %v", p, r.Status, err)
		}
	}
}

// A name taken twice, and lists that lag, are what a page may be like: the store
// has both at once, and a list neither until the lag is over.
func TestTwinsAreStoredAndAListThatLagsShowsNeither(t *testing.T) {
	c := open(t, t.TempDir(), Options{Faults: Faults{Lag: time.Hour, Twins: true}})
	it := &schema.CloudConnection{Name: "A", ServiceProvider: DefaultProviders()[0].Label, Host: "smtp.example"}
	for range 2 {
		if _, err := c.Create(t.Context(), it, schema.Secret{}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := c.Items(t.Context(), schema.Connections)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, stored %d", err, len(entries))
	}
	if shown := c.faults.shown(slices.Clone(entries)); len(shown) != 0 {
		t.Errorf("the list shows %d", len(shown))
	}
	c.faults.made[entries[0].ID] = time.Now().Add(-2 * time.Hour)
	if shown := c.faults.shown(entries); len(shown) != 1 || shown[0].ID != 1 {
		t.Errorf("once the lag is over the list shows %v", shown)
	}
}
