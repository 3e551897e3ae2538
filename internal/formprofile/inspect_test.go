package formprofile

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/schema"
)

// A site of which nothing came is an error, and not the problem of one list after
// the other, each waited for anew.
func TestInspectEndsWhereTheSiteNeverAnswers(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(site.Close)
	p := rig.Get(Shipped(schema.CloudSide)).Or(t)
	s, err := New(Scheme+site.URL, Options{Profile: p, Browser: page.Options{Browser: chromium.Shell(t), Timeout: 3 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if found, err := s.Inspect(t.Context()); !errors.Is(err, page.ErrTimeout) {
		t.Errorf("found %+v, error %v", found, err)
	}
}

// However a page fails, what a step waits for is waited for once where it took all of its patience.
func TestAStepIsNotBegunAgainOnceItsPatienceIsOver(t *testing.T) {
	var opened atomic.Int64
	pages := map[string]string{
		"a list that never comes": `<h1>OUTGOING MAILS</h1><button>Outgoing Mail Connections</button>`,
		"a site that hangs":       "",
	}
	for name, body := range pages {
		for patience, want := range map[time.Duration]int64{time.Nanosecond: 1, time.Hour: 2} {
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					http.NotFound(w, r)
					return
				}
				opened.Add(1)
				if body == "" {
					<-r.Context().Done()
				}
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, body)
			}))
			p, err := Shipped(schema.CloudSide)
			if err != nil {
				t.Fatal(err)
			}
			s, err := New(Scheme+site.URL, Options{Profile: p, Browser: page.Options{Browser: chromium.Shell(t), Timeout: time.Second}, Patience: patience})
			if err != nil {
				t.Fatal(err)
			}
			opened.Store(0)
			_, err = s.Rows(t.Context(), schema.Connections)
			if n := opened.Load(); !errors.Is(err, page.ErrTimeout) || n != want {
				t.Errorf("%s, patience %s: opened %d times, want %d: %v", name, patience, n, want, err)
			}
			opened.Store(0)
			if _, err := s.Rows(t.Context(), schema.Connections); err == nil || opened.Load() != 1 {
				t.Errorf("%s: the step after that opened it %d times, want once: %v", name, opened.Load(), err)
			}
			s.Close()
			site.Close()
		}
	}
}
