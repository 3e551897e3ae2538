package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// A page that does not come is waited for until the driver gives up. Whoever sits
// there reads for what before that.
func TestATerminalShowsWhatAPageIsWaitedFor(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(site.Close)
	p := sit(t, mailferryOnPath(t), t.TempDir(), "inspect", "page+"+site.URL)
	p.sees(`mailferry: waiting for "` + strings.TrimPrefix(site.URL, "http://") + `" to answer`)
	p.types("\x03")
	if code, screen := p.leaves(); code == 0 {
		t.Errorf("exit 0 of an interrupted inspection: %s", screen)
	}
}

func TestNothingIsSaidOfAPageWherePiped(t *testing.T) {
	e := &env{stderr: &bytes.Buffer{}, lookupenv: os.LookupEnv}
	if e.waiting() != nil {
		t.Error("a pipe is told what a page is waited for")
	}
}
