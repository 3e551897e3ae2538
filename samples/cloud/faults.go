package cloud

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Faults make a sample Cloud behave badly, the same way for the same seed and
// the same order of requests. The zero value is none.
type Faults struct {
	Latency time.Duration // how long an answer takes, the work in its middle; refusals of the limit come at once
	Rate    float64       // writes a second, of which one second's worth may come at once; above: 429. 0: no limit
	Fail    float64       // how probable an answer of 500, 502 or 503 is, from 0 to 1; before or after the request is done
	Drop    float64       // how probable it is that the connection is cut, before the request is read or at or in its answer
	Seed    uint64
}

const madeToFail = "made to fail"

// effect is what a fault does to a request that next would have answered.
type effect func(w http.ResponseWriter, r *http.Request, next http.Handler)

// faults is Faults at work.
type faults struct {
	Faults
	limiter *rate.Limiter

	mu     sync.Mutex
	random *rand.Rand
}

func newFaults(f Faults) (*faults, error) {
	if f.Latency < 0 || f.Rate < 0 || math.IsNaN(f.Rate) {
		return nil, fmt.Errorf("latency and rate cannot be negative")
	}
	for _, p := range []float64{f.Fail, f.Drop} {
		if !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("a probability lies between 0 and 1")
		}
	}
	out := &faults{Faults: f, random: rand.New(rand.NewPCG(f.Seed, f.Seed))}
	if f.Rate > 0 {
		out.limiter = rate.NewLimiter(rate.Limit(f.Rate), max(1, int(f.Rate)))
	}
	return out, nil
}

// befalling decides what befalls a request; mostly nothing, which is nil.
func (c *Cloud) befalling() effect {
	f := c.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.random.Float64() < f.Fail:
		return []effect{
			c.fail(http.StatusInternalServerError), c.fail(http.StatusServiceUnavailable), failAfter,
		}[f.random.IntN(3)]
	case f.random.Float64() < f.Drop:
		return []effect{dropBefore, dropAfter, cutAnswer}[f.random.IntN(3)]
	}
	return nil
}

func isWrite(r *http.Request) bool { return r.Method == http.MethodPost || r.Method == http.MethodPut }

// withFaults stands in front of everything: first the limit, as a gateway's
// would, then the fault, then the latency.
func (c *Cloud) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.faults.limiter != nil && isWrite(r) && !c.faults.limiter.Allow() {
			c.limited(w)
			return
		}
		if befall := c.befalling(); befall != nil {
			befall(w, r, c.late(next))
			return
		}
		c.late(next).ServeHTTP(w, r)
	})
}

// late spends half of the latency on the request's way in and what is then
// left of it on the answer's way out, so that the answer takes the latency and
// not the latency and the work.
func (c *Cloud) late(next http.Handler) http.Handler {
	latency := c.faults.Latency
	if latency == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		due := time.Now().Add(latency)
		c.pause(r, latency/2)
		a := record(next, r)
		c.pause(r, time.Until(due))
		a.head(w)
		_, _ = w.Write(a.body.Bytes())
	})
}

func (c *Cloud) limited(w http.ResponseWriter) {
	c.counts.limited.Add(1)
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(1/c.faults.Rate)))))
	writeProblem(w, http.StatusTooManyRequests, "too many writes", nil)
}

// pause ends the request without an answer where the client or the server ends
// meanwhile.
func (c *Cloud) pause(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-c.closed:
		panic(http.ErrAbortHandler)
	}
}

// fail answers with a status and does nothing.
func (c *Cloud) fail(status int) effect {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		c.pause(r, c.faults.Latency)
		writeProblem(w, status, madeToFail, nil)
	}
}

func failAfter(w http.ResponseWriter, r *http.Request, next http.Handler) {
	record(next, r)
	writeProblem(w, http.StatusBadGateway, madeToFail, nil)
}

func dropBefore(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

func dropAfter(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	record(next, r)
	panic(http.ErrAbortHandler)
}

func cutAnswer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := record(next, r)
	a.head(w)
	_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// recorded is an answer that was given to nobody yet.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func record(next http.Handler, r *http.Request) *recorded {
	a := &recorded{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(a, r)
	return a
}

func (a *recorded) Header() http.Header         { return a.header }
func (a *recorded) WriteHeader(status int)      { a.status = status }
func (a *recorded) Write(p []byte) (int, error) { return a.body.Write(p) }

// head sends the head of the whole answer.
func (a *recorded) head(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(a.status)
}
