package formprofile

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestWhatIsWaitedForIsSaidEveryFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		var log bytes.Buffer
		p := rig.Get(Shipped(schema.CloudSide)).Or(t)
		s, err := New("page+https://site.example/", Options{Profile: p, Waiting: func(what string) { got = append(got, what) },
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		done := s.Watch()
		inner := s.Watch()
		time.Sleep(6 * time.Second) // of synctest's clock: nothing is waited for yet
		s.waitFor("the list %s", s.quoted(schema.Connections))
		time.Sleep(6 * time.Second)
		inner()
		s.waitFor("the form")
		time.Sleep(4 * time.Second)
		done()
		time.Sleep(time.Minute)
		if want := []string{`the list "Outgoing Mail Connections"`, "the form"}; !slices.Equal(got, want) {
			t.Errorf("said %q, want %q", got, want)
		}
		if n := strings.Count(log.String(), "waiting for"); n != 2 {
			t.Errorf("the log has %d steps, want 2:\n%s", n, &log)
		}
	})
}
