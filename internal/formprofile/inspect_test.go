package formprofile

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/schema"
)

// A site of which nothing came is an error, and not the problem of one list after
// the other, each waited for anew.
func TestInspectEndsWhereTheSiteNeverAnswers(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(site.Close)
	p, err := Shipped(schema.CloudSide)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Scheme+site.URL, Options{Profile: p, Browser: page.Options{Timeout: 3 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if found, err := s.Inspect(t.Context()); !errors.Is(err, page.ErrTimeout) {
		t.Errorf("found %+v, error %v", found, err)
	}
}
