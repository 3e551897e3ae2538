package formprofile

import (
	"fmt"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// waitFor notes what the site is waited for from now on. It is made of the address and the
// profile alone: what a page shows may repeat a secret.
func (s *Site) waitFor(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	s.waited.Store(&what)
	s.options.Log.Debug("working the page", "waiting for", what)
}

// quoted is a list as its page is headed.
func (s *Site) quoted(l schema.List) string { return schema.Quote(s.options.Profile.List(l).Heading) }

// Watch has [Options.Waiting] called while something is waited for, until done is called.
// Inside of another Watch it does nothing.
func (s *Site) Watch() (done func()) {
	if s.options.Waiting == nil || s.watched {
		return func() {}
	}
	s.watched = true
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(waitingEvery)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				if what := s.waited.Load(); what != nil {
					s.options.Waiting(*what)
				}
			}
		}
	}()
	return func() {
		close(stop)
		<-ended
		s.watched = false
	}
}
