package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/human"
)

// retry is the one layer that repeats requests. It repeats what cannot have
// been done: a request refused with 429, one that never got a connection, and
// one that only reads. A write that may have reached Cloud is never repeated
// here. It reads each answer to its end, so that a cut one counts as none.
type retry struct {
	next    http.RoundTripper
	pace    *pacer
	timeout time.Duration
	log     *slog.Logger
}

// lostError says that a request got no whole answer.
type lostError struct {
	err      error
	sent     bool // it may have reached Cloud
	answered bool // Cloud is there, and refuses to be asked
}

func (e *lostError) Error() string { return human.Clean(e.err.Error()) }
func (e *lostError) Unwrap() error { return e.err }

var errPatience = errors.New("asks to be left alone")

var errTooLarge = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)

func isWrite(r *http.Request) bool { return r.Method == http.MethodPost || r.Method == http.MethodPut }

func (t *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, &lostError{err: err}
		}
	}
	var putOff time.Time // when the request was first refused with 429
	for attempt := 1; ; attempt++ {
		began, err := t.pace.wait(req.Context(), isWrite(req))
		if err != nil {
			return nil, &lostError{err: err, answered: errors.Is(err, errPatience)}
		}
		res, err := t.once(req, body)
		if err == nil {
			err = t.putOff(req, res, began, &putOff)
			if err != nil {
				return nil, &lostError{err: err, answered: true}
			}
			if res.StatusCode == http.StatusTooManyRequests {
				attempt--
				continue
			}
		}
		if attempt == attempts || req.Context().Err() != nil || !repeatable(req, res, err) {
			return res, err
		}
		pause := backoff << (attempt - 1)
		importer.Waiting(req.Context(), "an answer of Cloud")
		err = sleep(req.Context(), pause/2+rand.N(pause))
		importer.Waiting(req.Context(), "")
		if err != nil {
			return nil, &lostError{err: err}
		}
	}
}

// putOff makes the pacer wait when Cloud asks for patience. Too much of it is an
// error: the run should say so and end rather than stand still. since is when the
// request was first refused with 429.
func (t *retry) putOff(req *http.Request, res *http.Response, began time.Time, since *time.Time) error {
	limited, unavailable := res.StatusCode == http.StatusTooManyRequests,
		res.StatusCode == http.StatusServiceUnavailable
	if !limited && isWrite(req) {
		t.pace.passed(began)
	}
	if !limited && !unavailable {
		return nil
	}
	now := time.Now()
	wait, given := retryAfter(res.Header, now)
	if wait > maxWait && (limited || !isWrite(req)) {
		return fmt.Errorf("%w for %v (HTTP %d); the longest wait is %v", errPatience, wait.Round(time.Second),
			res.StatusCode, maxWait)
	}
	if limited && since.IsZero() {
		*since = now
	}
	switch {
	case unavailable:
		t.pace.hold(wait)
	case now.Sub(*since) > maxWait:
		return fmt.Errorf("refused the same request for %v (HTTP 429)", maxWait)
	case isWrite(req):
		t.pace.refused(began, wait, given)
	default: // reading has no pace of its own: "at once" would make it a race
		t.pace.hold(max(wait, defaultPause))
	}
	return nil
}

// repeatable reports whether a request may be sent again after that outcome.
func repeatable(req *http.Request, res *http.Response, err error) bool {
	var lost *lostError
	var badCert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &badCert), errors.Is(err, errTooLarge):
		return false
	case errors.As(err, &lost):
		return !lost.sent || !isWrite(req)
	case isWrite(req):
		return false
	}
	switch res.StatusCode {
	case http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// once sends the request and reads the answer into memory.
func (t *retry) once(req *http.Request, body []byte) (res *http.Response, err error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(req.Context(), t.timeout)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx,
		&httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	out := req.Clone(ctx)
	if body != nil {
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	// Without GetBody the transport cannot repeat a write by itself, which it
	// would otherwise do under an Idempotency-Key on a connection that broke.
	out.GetBody = nil
	status := 0
	defer func() {
		t.log.LogAttrs(req.Context(), slog.LevelDebug, "request",
			slog.String("method", req.Method), slog.String("path", req.URL.Path),
			slog.Int("status", status), slog.Duration("duration", time.Since(start)))
	}()
	res, err = t.next.RoundTrip(out)
	if err == nil {
		status = res.StatusCode
		err = readAnswer(res)
	}
	switch {
	case err == nil:
		return res, nil
	case errors.Is(err, context.DeadlineExceeded) && req.Context().Err() == nil:
		return nil, &lostError{err: fmt.Errorf("no whole answer within %v", t.timeout), sent: sent.Load()}
	default:
		return nil, &lostError{err: err, sent: sent.Load()}
	}
}

// readAnswer replaces the body by its bytes. Of an answer that says no, what
// can be read within bounds is enough: its status is what counts.
func readAnswer(res *http.Response) error {
	defer res.Body.Close()
	if res.StatusCode == http.StatusSwitchingProtocols {
		// The body would be the bare connection, which knows no deadline.
		res.Body = http.NoBody
		return nil
	}
	limit := int64(maxAnswer)
	yes := res.StatusCode >= 200 && res.StatusCode < 300
	if !yes {
		limit = maxRefusal
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if yes && err != nil {
		return err
	}
	if yes && int64(len(raw)) > limit {
		return errTooLarge
	}
	res.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}

// retryAfter reads the header's seconds or date. A date counts from the
// answer's own Date, so that two clocks need not agree.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, at.Sub(now)), true
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
