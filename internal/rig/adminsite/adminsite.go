// Package adminsite stands in front of a sample Cloud's admin pages: it asks
// for a sign-in, lets a session end half-way, refuses what a test wants
// refused, and counts what was pressed.
package adminsite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

// Options of a site. With the zero value nobody need sign in and nothing is
// refused beyond what the sample Cloud does.
type Options struct {
	SignIn *signin.Account // of requests, those of the app count against a session's life
	// Refuse, if set, is asked before each Save; what it returns stands on the
	// page as an alert, beside no field, and nothing is stored.
	Refuse func(schema.List, string) string
}

// Counts is what was pressed.
type Counts struct {
	Saves   int // that reached the site, the refused ones included
	Deletes int // of a row's menu; nothing is deleted
	Tests   int // Test Connection of a row's menu; no mail is sent
	Decoys  int // the host page's own Save, which has nothing to do with the app
	SignIns int
}

// Write is one Save that reached the site.
type Write struct {
	List   schema.List
	Name   string
	Update bool
	Secret bool // whether a secret came with it
	Status int  // 200, 201, or that of the refusal
}

// String is the write as one line of a log.
func (w Write) String() string {
	verb := "create"
	if w.Update {
		verb = "update"
	}
	return fmt.Sprintf("%s %s %s: %d", verb, w.List.One(), schema.Quote(w.Name), w.Status)
}

// Site is the pages behind their door.
type Site struct {
	pages   http.Handler
	options Options
	door    *signin.Door

	mu       sync.Mutex
	sessions map[string]string // by the app's token: the frame is of another site, and gets no cookie
	counts   Counts
	writes   []Write
}

// New puts a site in front of pages.
func New(pages http.Handler, o Options) *Site {
	return &Site{pages: pages, options: o, door: signin.New(o.SignIn), sessions: map[string]string{}}
}

// Counts returns what was pressed so far.
func (s *Site) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	counts.SignIns = s.door.Count()
	return counts
}

// Writes returns every Save that reached the site, in their order.
func (s *Site) Writes() []Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.writes)
}

// EndSessions signs everybody out, as a site does whose sessions ran out.
func (s *Site) EndSessions() { s.door.EndSessions() }

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/login":
		s.door.ServeHTTP(w, r)
	case path == "/" || path == "/pressed":
		s.serveHost(w, r)
	case path == "/app/":
		if !s.door.Lives(s.session(r.URL.Query().Get("jwt"))) {
			ended(w)
			return
		}
		s.pages.ServeHTTP(w, r)
	case strings.HasPrefix(path, "/app/api/"):
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "JWT ")
		if !s.door.Spend(s.session(token)) {
			ended(w)
			return
		}
		s.serveApp(w, r)
	default:
		s.pages.ServeHTTP(w, r)
	}
}

func ended(w http.ResponseWriter) {
	w.Header().Set("X-Session", "ended")
	problem(w, http.StatusUnauthorized, "your session has ended")
}

func problem(w http.ResponseWriter, status int, words string) {
	raw, _ := json.Marshal(map[string]any{"status": status, "detail": words})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// session returns the one in which the app was given a token.
func (s *Site) session(token string) string {
	if s.options.SignIn == nil {
		return signin.Open
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[token]
}

var frame = regexp.MustCompile(`<iframe src="([^"]+)"`)

func (s *Site) serveHost(w http.ResponseWriter, r *http.Request) {
	session, ok := s.door.Session(r)
	if !ok {
		s.door.Lead(w, r)
		return
	}
	answer := rig.Record(s.pages, r)
	s.mu.Lock()
	if r.URL.Path == "/pressed" {
		s.counts.Decoys++
	} else if found := frame.FindStringSubmatch(answer.Body.String()); found != nil {
		app, _ := url.Parse(html.UnescapeString(found[1]))
		s.sessions[app.Query().Get("jwt")] = session
	}
	s.mu.Unlock()
	rig.Send(w, answer, answer.Body.Bytes())
}

// serveApp counts what the app asks for.
func (s *Site) serveApp(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	list, _, update := strings.Cut(strings.TrimPrefix(r.URL.Path, "/app/api/"), "/")
	done := Write{List: schema.List(list), Update: update}
	switch {
	case r.Method == http.MethodGet:
		s.pages.ServeHTTP(w, r)
		return
	case list == "pressed":
		s.pages.ServeHTTP(answer, r)
	default:
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var item map[string]any
		_ = json.Unmarshal(body, &item)
		done.Name, _ = item["name"].(string)
		_, done.Secret = item[schema.SecretField(done.List)]
		if words := s.refusal(done); words != "" {
			problem(answer, http.StatusUnprocessableEntity, words)
			break
		}
		s.pages.ServeHTTP(answer, r)
	}
	done.Status = answer.Code
	s.count(r.URL.Path, done)
	rig.Send(w, answer, answer.Body.Bytes())
}

func (s *Site) refusal(of Write) string {
	if s.options.Refuse == nil {
		return ""
	}
	return s.options.Refuse(of.List, of.Name)
}

func (s *Site) count(path string, done Write) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch path {
	case "/app/api/pressed/delete":
		s.counts.Deletes++
	case "/app/api/pressed/test":
		s.counts.Tests++
	default:
		s.counts.Saves++
		s.writes = append(s.writes, done)
	}
}
