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
	Fail    float64       // how probable an answer of 500, 502 or 503 is, from 0 to 1; done or not
	Drop    float64       // how probable a cut connection is: before the request, or at or in its answer
	Seed    uint64
}

// fault is what befalls one request.
type fault int

const (
	none fault = iota
	fail500
	fail503
	failAfter // done, and 502
	dropBefore
	dropAfter
	cutAnswer // done, and half of the answer
)

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

// next decides what befalls a request; mostly nothing.
func (f *faults) next() fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.random.Float64() < f.Fail:
		return []fault{fail500, fail503, failAfter}[f.random.IntN(3)]
	case f.random.Float64() < f.Drop:
		return []fault{dropBefore, dropAfter, cutAnswer}[f.random.IntN(3)]
	}
	return none
}

func isWrite(r *http.Request) bool { return r.Method == http.MethodPost || r.Method == http.MethodPut }

// withFaults stands in front of everything: first the limit, as a gateway's
// would, then the fault. Half of the latency is spent on the request's way in and
// what is then left of it on the answer's way out, so that the answer takes the
// latency and not the latency and the work.
func (c *Cloud) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.faults.limiter != nil && isWrite(r) && !c.faults.limiter.Allow() {
			c.limited.Add(1)
			w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(1/c.faults.Rate)))))
			writeProblem(w, http.StatusTooManyRequests, "too many writes", nil)
			return
		}
		due := time.Now().Add(c.faults.Latency)
		befalls := c.faults.next()
		pause(r, c.faults.Latency/2)
		a := &recorded{header: http.Header{}, status: http.StatusOK}
		switch befalls {
		case dropBefore:
			panic(http.ErrAbortHandler)
		case fail500:
			writeProblem(a, http.StatusInternalServerError, madeToFail, nil)
		case fail503:
			writeProblem(a, http.StatusServiceUnavailable, madeToFail, nil)
		default:
			next.ServeHTTP(a, r)
		}
		pause(r, time.Until(due))
		switch befalls {
		case dropAfter:
			panic(http.ErrAbortHandler)
		case failAfter:
			writeProblem(w, http.StatusBadGateway, madeToFail, nil)
			return
		}
		maps.Copy(w.Header(), a.header)
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
		w.WriteHeader(a.status)
		if befalls == cutAnswer {
			a.body.Truncate(a.body.Len() / 2)
		}
		_, _ = a.body.WriteTo(w)
		if befalls == cutAnswer {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	})
}

const madeToFail = "made to fail"

// pause ends the request without an answer where the client or the server ends
// meanwhile.
func pause(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// recorded is an answer that was given to nobody yet.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recorded) Header() http.Header         { return a.header }
func (a *recorded) WriteHeader(status int)      { a.status = status }
func (a *recorded) Write(p []byte) (int, error) { return a.body.Write(p) }
