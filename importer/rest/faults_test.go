package rest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// TestAWriteThatMayHaveHappenedIsNeverRepeated counts what reached the sample
// Cloud: one request, one item at most, and the truth about it.
func TestAWriteThatMayHaveHappenedIsNeverRepeated(t *testing.T) {
	tests := []struct {
		fault  faulty.Fault
		stored string
	}{
		{faulty.Fault{Do: faulty.Fail, Status: 500}, ""},
		{faulty.Fault{Do: faulty.Fail, Status: 503, RetryAfter: "0"}, ""},
		{faulty.Fault{Do: faulty.FailAfter, Status: 502}, "Support"},
		{faulty.Fault{Do: faulty.DropBefore}, ""},
		{faulty.Fault{Do: faulty.DropAfter}, "Support"},
		{faulty.Fault{Do: faulty.CutAnswer}, "Support"},
		{faulty.Fault{Do: faulty.Garble}, "Support"},
		{faulty.Fault{Do: faulty.Endless}, "Support"},
		{faulty.Fault{Do: faulty.Hang}, ""},
		{faulty.Fault{Do: faulty.HangAfter}, "Support"},
	}
	for _, tt := range tests {
		for _, reused := range []bool{false, true} {
			t.Run(string(tt.fault.Do), func(t *testing.T) {
				c := sampleCloud(t, cloud.Options{}, always("POST", tt.fault))
				patience := time.Minute
				if tt.fault.Do == faulty.Hang || tt.fault.Do == faulty.HangAfter {
					patience = short
				}
				way := reach(t, serve(t, c).URL, Options{Token: c.Token(), Timeout: patience})
				want := 1
				if reused { // a connection that was used before tempts net/http to repeat by itself
					rig.Get(way.List(t.Context(), schema.Connections)).Or(t)
					want++
				}
				_, err := way.Create(t.Context(), support())
				if !importer.Unsettled(err) {
					t.Errorf("got %v", err)
				}
				if got := c.Requests(); got != want || stored(t, c) != tt.stored {
					t.Errorf("%d requests, want %d; stored %q, want %q", got, want, stored(t, c), tt.stored)
				}
				if all, err := way.List(t.Context(), schema.Connections); err != nil || (len(all) == 1) != (tt.stored != "") {
					t.Errorf("a look afterwards: %v, %v", all, err)
				}
			})
		}
	}
}

func TestReadingGoesOnAfterOneFault(t *testing.T) {
	for _, f := range []faulty.Fault{
		{Do: faulty.Fail, Status: 500}, {Do: faulty.Fail, Status: 502}, {Do: faulty.Fail, Status: 503, RetryAfter: "0"}, {Do: faulty.Fail, Status: 504},
		{Do: faulty.Fail, Status: 429, RetryAfter: "0"},
		{Do: faulty.DropBefore}, {Do: faulty.DropAfter}, {Do: faulty.CutAnswer},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, way := inBubble(t, once("GET", f))
			rig.Get(way.Create(t.Context(), support())).Or(t)
			if all, err := way.List(t.Context(), schema.Connections); err != nil || len(all) != 1 {
				t.Errorf("%s: got %v, %v", f.Do, all, err)
			}
			if n := c.Requests(); n != 3 {
				t.Errorf("%s: %d requests, want 3", f.Do, n)
			}
		})
	}
}

func TestReadingEndsByItselfWhenFaultsDoNot(t *testing.T) {
	tests := []struct {
		fault    faulty.Fault
		requests int
		says     string
	}{
		{faulty.Fault{Do: faulty.Fail, Status: 500}, attempts, "made to fail (HTTP 500 Internal Server Error)"},
		{faulty.Fault{Do: faulty.Hang}, attempts, "no whole answer within 30s"},
		{faulty.Fault{Do: faulty.DropBefore}, attempts, "EOF"},
		{faulty.Fault{Do: faulty.Garble}, 1, "ends in the middle"},
		{faulty.Fault{Do: faulty.Endless}, 1, "larger than"},
		{faulty.Fault{Do: faulty.Fail, Status: 429, RetryAfter: "86400"}, 1, "asks to be left alone for 24h0m0s"},
		{faulty.Fault{Do: faulty.Fail, Status: 503, RetryAfter: "Fri, 01 Jan 2100 00:00:00 GMT"}, 1, "asks to be left alone"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			c, way := inBubble(t, always("GET", tt.fault))
			_, err := way.List(t.Context(), schema.Connections)
			if err == nil || !strings.Contains(err.Error(), tt.says) || importer.Unsettled(err) {
				t.Errorf("%s: got %v", tt.fault.Do, err)
			}
			if n := c.Requests(); n != tt.requests {
				t.Errorf("%s: %d requests, want %d", tt.fault.Do, n, tt.requests)
			}
		})
	}
}

func TestAWriteRefusedWith429IsRepeatedAndDoneOnce(t *testing.T) {
	for _, after := range []string{"0", "", "soon"} {
		synctest.Test(t, func(t *testing.T) {
			c, way := inBubble(t, once("POST", faulty.Fault{Do: faulty.Fail, Status: 429, RetryAfter: after}))
			if _, err := way.Create(t.Context(), support()); err != nil || stored(t, c) != "Support" {
				t.Errorf("%q: got %v, stored %q", after, err, stored(t, c))
			}
		})
	}
}

func TestRefusedForEverEndsAsAnErrorOfTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, way := inBubble(t, always("POST", faulty.Fault{Do: faulty.Fail, Status: 429}))
		start := time.Now()
		_, err := way.Create(t.Context(), support())
		if err == nil || importer.Unsettled(err) || !strings.Contains(err.Error(), "HTTP 429") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took < maxWait || took > 2*maxWait {
			t.Errorf("it took %v", took)
		}
		if n := c.Requests(); n > 20 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestRetryAfterIsHonouredByAllRequests(t *testing.T) {
	tests := []struct {
		status int
		after  func() string
		wait   time.Duration
	}{
		{429, func() string { return "7" }, 7 * time.Second},
		{503, func() string { return "7" }, 7 * time.Second},
		{429, func() string { return time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat) }, 9 * time.Second},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			var times []time.Time
			faults := faulty.Faults{Script: func(*http.Request) faulty.Fault {
				if times = append(times, time.Now()); len(times) == 1 {
					return faulty.Fault{Do: faulty.Fail, Status: tt.status, RetryAfter: tt.after()}
				}
				return faulty.Fault{}
			}}
			_, way := inBubble(t, faults)
			_, _ = way.Create(t.Context(), support())
			rig.Get(way.List(t.Context(), schema.Connections)).Or(t)
			for _, at := range times[1:] {
				// HTTP dates have whole seconds.
				if waited := at.Sub(times[0]); waited < tt.wait-time.Second || waited > tt.wait+2*time.Second {
					t.Errorf("%d: the next request came after %v, want %v", tt.status, waited, tt.wait)
				}
			}
		})
	}
}

// inBubble is both without a network, for virtual time.
func inBubble(t *testing.T, f faulty.Faults) (site, importer.Cloud) {
	t.Helper()
	c := sampleCloud(t, cloud.Options{}, f)
	way := rig.Get(OpenHandler(c.Front, importer.Site{}, Options{Token: c.Token()})).Or(t)
	t.Cleanup(func() { _ = way.Close() })
	return c, way
}

func TestATokenThatExpiresHalfWayIsSaidAsThat(t *testing.T) {
	_, way := both(t, faulty.Faults{TokenLasts: 1})
	rig.Get(way.Create(t.Context(), support())).Or(t)
	_, listed := way.List(t.Context(), schema.Connections)
	_, created := way.Create(t.Context(), support())
	for _, err := range []error{listed, created} {
		if !errors.Is(err, importer.ErrUnauthorized) || importer.Unsettled(err) || schema.HintOf(err) == "" {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheTokenNeverFollowsARedirectToAnotherHost(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	for _, method := range []string{"GET", "POST"} {
		c, way := both(t, always(method, faulty.Fault{Do: faulty.Redirect, To: other.URL}))
		var err error
		if method == "GET" {
			_, err = way.List(t.Context(), schema.Connections)
		} else {
			_, err = way.Create(t.Context(), support())
		}
		if err == nil || !strings.Contains(err.Error(), `a redirect to "`+other.URL+`", which is not followed`) || importer.Unsettled(err) {
			t.Errorf("%s: got %v", method, err)
		}
		if n := c.Requests(); n != 1 || reached {
			t.Errorf("%s: %d requests, followed: %v", method, n, reached)
		}
	}
}

func TestACloudThatIsNotThereWasNotWrittenTo(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	way := reach(t, srv.URL, Options{})
	_, err := way.Create(t.Context(), support())
	if err == nil || importer.Unsettled(err) || schema.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestGivingUpInTheMiddleOfAWriteLeavesItOpen(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	_, way := both(t, faulty.Faults{Script: func(*http.Request) faulty.Fault {
		giveUp()
		return faulty.Fault{Do: faulty.HangAfter}
	}})
	_, err := way.Create(ctx, support())
	if !importer.Unsettled(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := way.Create(ctx, support()); importer.Unsettled(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("before anything was sent: got %v", err)
	}
}

func TestRetryAfterReadsSecondsAndDates(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		value, date string
		wait        time.Duration
		given       bool
	}{
		{"7", "", 7 * time.Second, true},
		{" 0 ", "", 0, true},
		{"-1", "", 0, false},
		{"1.5", "", 0, false},
		{"99999999999999999999", "", 0, false},
		{"", "", 0, false},
		{"Thu, 01 Jan 2026 00:00:30 GMT", "", 30 * time.Second, true},
		{"Thu, 01 Jan 2026 00:00:30 GMT", "Thu, 01 Jan 2026 00:00:20 GMT", 10 * time.Second, true},
		{"Wed, 31 Dec 2025 00:00:00 GMT", "", 0, true},
	}
	for _, tt := range tests {
		h := http.Header{"Retry-After": {tt.value}, "Date": {tt.date}}
		if wait, given := retryAfter(h, now); wait != tt.wait || given != tt.given {
			t.Errorf("%q: got %v, %v", tt.value, wait, given)
		}
	}
}
