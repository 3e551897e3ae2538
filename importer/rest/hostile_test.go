package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/schema"
)

// TestASwitchOfProtocolsEndsByItself: after 101 the connection is the caller's,
// and reading from it would know neither an end nor a deadline.
func TestASwitchOfProtocolsEndsByItself(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		synctest.Test(t, func(t *testing.T) {
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				_, _ = io.Copy(io.Discard, c) // until the client goes
			})
			way, err := OpenHandler(handler, importer.Site{}, Options{Token: schema.NewSecret("canary-token")})
			if err != nil {
				t.Fatal(err)
			}
			defer way.Close()
			if method == "GET" {
				_, err = way.List(t.Context(), schema.Connections)
			} else {
				_, err = way.Create(t.Context(), support())
			}
			if err == nil || !strings.Contains(err.Error(), "101") || importer.Unsettled(err) != (method == "POST") {
				t.Errorf("%s: got %v (unsettled: %v)", method, err, importer.Unsettled(err))
			}
		})
	}
}

// TestNoPatienceAskedForIsNoRace: neither "at once" nor a number that is none
// may make reading a loop without a pause.
func TestNoPatienceAskedForIsNoRace(t *testing.T) {
	for _, after := range []string{"0", "", "-5", "999999999999999", "Thu, 01 Jan 1970 00:00:00 GMT"} {
		synctest.Test(t, func(t *testing.T) {
			c, way := inBubble(t, always("GET", faulty.Fault{Do: faulty.Fail, Status: 429, RetryAfter: after}))
			start := time.Now()
			_, err := way.List(t.Context(), schema.Connections)
			if err == nil || !strings.Contains(err.Error(), "HTTP 429") {
				t.Errorf("%q: got %v", after, err)
			}
			if hint := schema.HintOf(err); strings.Contains(hint, "address") {
				t.Errorf("%q: Cloud answers, and the hint doubts its address: %s", after, hint)
			}
			if took := time.Since(start); took > 2*maxWait {
				t.Errorf("%q: it took %v", after, took)
			}
			if n := c.Requests(); n > 400 {
				t.Errorf("%q: %d requests", after, n)
			}
		})
	}
}

// TestTooMuchPatienceAskedForByAFailureEndsTheRun: the write that it answered
// is open, and nothing more is sent.
func TestTooMuchPatienceAskedForByAFailureEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, way := inBubble(t, once("POST", faulty.Fault{Do: faulty.Fail, Status: 503, RetryAfter: "999999"}))
		start := time.Now()
		_, first := way.Create(t.Context(), support())
		if !importer.Unsettled(first) {
			t.Errorf("the first: got %v", first)
		}
		_, second := way.Create(t.Context(), support())
		_, look := way.List(t.Context(), schema.Connections)
		for _, err := range []error{second, look} {
			if err == nil || importer.Unsettled(err) || !strings.Contains(err.Error(), "asks to be left alone") || errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("it took %v", took)
		}
		if n := c.Requests(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}
