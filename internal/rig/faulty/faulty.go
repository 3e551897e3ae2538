// Package faulty stands in front of a sample Cloud and makes it answer as a
// site should not: to the request that a test chooses, in the way that it
// chooses. What a rehearsal may ask for (latency, a limit, failures at random)
// the sample Cloud does itself.
package faulty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
)

// Faults are what befalls the requests of the REST interface, and those that
// the app on the pages makes. The zero value is none.
type Faults struct {
	TokenLasts     int           // requests after which the token has expired; 0: never
	Lag            time.Duration // how long lists do not show an item that was made
	HideRetryAfter bool          // no answer tells when to come again
	Twins          bool          // a name may be taken more than once: whether the vendor's pages mind is not known
	// Script, if set, decides for each request. It is called by one request at
	// a time and must not read the body.
	Script func(*http.Request) Fault
}

// Front is a site behind its faults.
type Front struct {
	faults Faults
	site   http.Handler

	mu       sync.Mutex
	requests int
	made     map[string]time.Time // by the path of the item, where lists lag
}

// New puts faults in front of a sample Cloud's handler or pages.
func New(site http.Handler, f Faults) *Front {
	return &Front{faults: f, site: site, made: map[string]time.Time{}}
}

// Requests returns how many requests came that faults may befall.
func (f *Front) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/app/api/") {
		f.site.ServeHTTP(w, r)
		return
	}
	fault := f.next(r)
	site := f.site
	if f.faults.Twins {
		site = twins(site)
	}
	if f.faults.Lag > 0 {
		site = f.lagging(site)
	}
	if f.faults.HideRetryAfter {
		site = hiding(site)
	}
	fault.befall(w, r, site)
}

func (f *Front) next(r *http.Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	switch {
	case f.faults.TokenLasts > 0 && f.requests > f.faults.TokenLasts:
		return Fault{Do: Fail, Status: http.StatusUnauthorized}
	case f.faults.Script != nil:
		return f.faults.Script(r)
	}
	return Fault{}
}

func hiding(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := rig.Record(site, r)
		answer.Header().Del("Retry-After")
		rig.Send(w, answer, answer.Body.Bytes())
	})
}

// again ends the name under which the site keeps what has the name of another.
const again = " ~again~"

// twins is a site that takes what the one behind it refuses for its name. Keys are
// not honoured: of two requests under one key each makes an item.
func twins(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Header.Del("Idempotency-Key")
		answer := rig.Record(site, withBody(r, body))
		var item map[string]any
		for answer.Code == http.StatusConflict && json.Unmarshal(body, &item) == nil {
			item["name"] = fmt.Sprint(item["name"], again)
			body, _ = json.Marshal(item)
			answer = rig.Record(site, withBody(r, body))
		}
		rig.Send(w, answer, bytes.ReplaceAll(answer.Body.Bytes(), []byte(again), nil))
	})
}

func withBody(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// lagging takes out of a list what was made a short time ago.
func (f *Front) lagging(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.lag(w, r, rig.Record(site, r)) })
}

func (f *Front) lag(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
	body := answer.Body.Bytes()
	var item struct {
		ID string `json:"id"`
	}
	var list map[string]json.RawMessage
	var items []json.RawMessage
	switch {
	case answer.Code == http.StatusCreated && json.Unmarshal(body, &item) == nil:
		f.mu.Lock()
		f.made[r.URL.Path+"/"+item.ID] = time.Now()
		f.mu.Unlock()
	case r.Method == http.MethodGet && json.Unmarshal(body, &list) == nil &&
		json.Unmarshal(list["items"], &items) == nil:
		shown := slices.DeleteFunc(items, func(raw json.RawMessage) bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return json.Unmarshal(raw, &item) == nil && time.Since(f.made[r.URL.Path+"/"+item.ID]) < f.faults.Lag
		})
		list["items"], _ = json.Marshal(shown)
		body, _ = json.Marshal(list)
	}
	rig.Send(w, answer, body)
}

// rival makes an item of the same name with other settings, where r is a POST
// that the site would take.
func rival(site http.Handler, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var item map[string]any
	if err != nil || json.Unmarshal(body, &item) != nil {
		return
	}
	if id, isCredential := item["client_id"].(string); isCredential {
		item["client_id"] = id + " of somebody else"
	} else {
		item["description"] = "made by somebody else"
	}
	other, _ := json.Marshal(item)
	theirs := withBody(r, other)
	theirs.Header.Del("Idempotency-Key")
	rig.Record(site, theirs)
}
