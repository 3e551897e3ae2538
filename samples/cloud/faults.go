package cloud

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/mailferry/mailferry/schema"
)

// Faults make a sample Cloud behave badly, the same way for the same seed and
// the same order of requests. The zero value is none.
type Faults struct {
	Latency        time.Duration // how long an answer takes, the work in its middle; refusals of the limit come at once
	Rate           float64       // writes a second, of which one second's worth may come at once; above: 429. 0: no limit
	HideRetryAfter bool          // 429 without Retry-After
	TokenLasts     int           // requests after which the token has expired; 0: never
	Lag            time.Duration // how long lists do not show an item that was made
	Twins          bool          // a name may be taken more than once
	Chances        []Chance      // tried in their order for each request
	Seed           uint64
	// Script, if set, decides for each request that the limit let pass;
	// where it returns the zero Fault, Chances are tried. It is called by one
	// request at a time and must not read the body.
	Script func(*http.Request) Fault
}

// Chance is a fault and how probable it is for one request, from 0 to 1.
type Chance struct {
	P     float64
	Fault Fault
}

// Failing spreads probability p over 500, 502 and 503, before and after the
// request is done.
func Failing(p float64) []Chance {
	return spread(p, Fault{Do: Fail, Status: 500}, Fault{Do: Fail, Status: 503}, Fault{Do: FailAfter, Status: 502})
}

// Dropping spreads probability p over the moments at which a connection can be
// cut.
func Dropping(p float64) []Chance {
	return spread(p, Fault{Do: DropBefore}, Fault{Do: DropAfter}, Fault{Do: CutAnswer})
}

func spread(p float64, faults ...Fault) []Chance {
	var out []Chance
	for i, f := range faults {
		// Chances are tried one after the other: the later ones see only the
		// requests that the earlier ones left.
		each := p / float64(len(faults))
		out = append(out, Chance{each / (1 - float64(i)*each), f})
	}
	return out
}

// Effect is what a fault does to a request.
type Effect string

// The effects.
const (
	None       Effect = ""
	Fail       Effect = "fail"        // answer Status, nothing done
	FailAfter  Effect = "fail-after"  // do it, answer Status
	DropBefore Effect = "drop-before" // cut the connection before the body is read
	DropAfter  Effect = "drop-after"  // do it, cut before the answer
	CutAnswer  Effect = "cut-answer"  // do it, cut in the middle of the answer's body
	Hang       Effect = "hang"        // nothing done, no answer until the client or the server ends
	HangAfter  Effect = "hang-after"  // do it, no answer
	Garble     Effect = "garble"      // do it, answer with malformed JSON
	Endless    Effect = "endless"     // do it, answer with a body that does not end
	Rival      Effect = "rival"       // somebody else makes an item of that name just before
	Redirect   Effect = "redirect"    // 307 to To, nothing done
)

// Fault is one thing to do to one request. The zero Fault does nothing.
type Fault struct {
	Do         Effect
	Status     int    // of Fail and FailAfter
	RetryAfter string // the Retry-After header of Fail and FailAfter, or none
	To         string // of Redirect: scheme and host; the request's path follows
}

// faults is Faults at work.
type faults struct {
	Faults
	mu       sync.Mutex
	random   *rand.Rand
	limiter  *rate.Limiter
	requests int
	made     map[int64]time.Time // by id, where lists lag
}

func newFaults(f Faults) (*faults, error) {
	if f.Latency < 0 || f.Lag < 0 || f.Rate < 0 || math.IsNaN(f.Rate) || f.TokenLasts < 0 {
		return nil, fmt.Errorf("latency, lag, rate and the token's life cannot be negative")
	}
	for _, c := range f.Chances {
		if !(c.P >= 0 && c.P <= 1) {
			return nil, fmt.Errorf("the probability of %s is not between 0 and 1", c.Fault.Do)
		}
	}
	out := &faults{Faults: f, random: rand.New(rand.NewPCG(f.Seed, f.Seed)), made: map[int64]time.Time{}}
	if f.Rate > 0 {
		out.limiter = rate.NewLimiter(rate.Limit(f.Rate), max(1, int(f.Rate)))
	}
	return out, nil
}

// next decides what befalls a request.
func (f *faults) next(r *http.Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Script != nil {
		if out := f.Script(r); out.Do != None {
			return out
		}
	}
	for _, c := range f.Chances {
		if f.random.Float64() < c.P {
			return c.Fault
		}
	}
	return Fault{}
}

// born starts the time for which lists do not show an item.
func (f *faults) born(id int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Lag > 0 {
		f.made[id] = time.Now()
	}
}

// shown takes out of a list what it does not show yet.
func (f *faults) shown(entries []Entry) []Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(entries, func(e Entry) bool { return time.Since(f.made[e.ID]) < f.Lag })
}

func (f *faults) expired() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	return f.TokenLasts > 0 && f.requests > f.TokenLasts
}

func isWrite(r *http.Request) bool { return r.Method == http.MethodPost || r.Method == http.MethodPut }

// withFaults stands in front of everything: first the limit, as a gateway's
// would, then the fault, then the latency.
func (c *Cloud) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.counts.requests.Add(1)
		if c.faults.expired() {
			unauthorized(w)
			return
		}
		if c.faults.limiter != nil && isWrite(r) && !c.faults.limiter.Allow() {
			c.limited(w)
			return
		}
		c.serveFault(w, r, c.late(next), c.faults.next(r))
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
		a.head(w, a.body.Len())
		_, _ = w.Write(a.body.Bytes())
	})
}

func (c *Cloud) limited(w http.ResponseWriter) {
	c.counts.limited.Add(1)
	if !c.faults.HideRetryAfter {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(1/c.faults.Rate)))))
	}
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

func (c *Cloud) serveFault(w http.ResponseWriter, r *http.Request, next http.Handler, f Fault) {
	switch f.Do {
	case None:
		next.ServeHTTP(w, r)
	case Fail:
		c.pause(r, c.faults.Latency)
		failWith(w, f)
	case FailAfter:
		record(next, r)
		failWith(w, f)
	case DropBefore:
		panic(http.ErrAbortHandler)
	case DropAfter:
		record(next, r)
		panic(http.ErrAbortHandler)
	case CutAnswer:
		a := record(next, r)
		a.head(w, a.body.Len())
		_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Hang, HangAfter:
		if f.Do == HangAfter {
			record(next, r)
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody)) // only then a client that leaves is noticed
		c.pause(r, math.MaxInt64)
	case Garble:
		a := record(next, r)
		half := a.body.Bytes()[:a.body.Len()/2]
		a.head(w, len(half))
		_, _ = w.Write(half)
	case Endless:
		a := record(next, r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		chunk := append([]byte(`{"items":["`), bytes.Repeat([]byte("x"), 64<<10)...)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	case Rival:
		c.rival(r)
		next.ServeHTTP(w, r)
	case Redirect:
		w.Header().Set("Location", f.To+r.URL.Path)
		w.WriteHeader(http.StatusTemporaryRedirect)
	default:
		panic(fmt.Sprintf("fault %q is not known", f.Do))
	}
}

func failWith(w http.ResponseWriter, f Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	writeProblem(w, f.Status, "made to fail", nil)
}

// rival makes an item of the same name with other settings, if r is a POST of
// something that the sample Cloud would take.
func (c *Cloud) rival(r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	r.Body = io.NopCloser(bytes.NewReader(body))
	list := schema.List(strings.TrimPrefix(r.URL.Path, apiPrefix))
	if err != nil || r.Method != http.MethodPost || list != schema.Credentials && list != schema.Connections {
		return
	}
	it, secret, err := decodeItem(list, body)
	if err != nil {
		return
	}
	switch it := it.(type) {
	case *schema.CloudCredential:
		it.ClientID += " of somebody else"
	case *schema.CloudConnection:
		it.Description = "made by somebody else"
	}
	_, _ = c.Create(r.Context(), it, secret)
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

// head sends the recorded answer's head with another length.
func (a *recorded) head(w http.ResponseWriter, length int) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(a.status)
}
