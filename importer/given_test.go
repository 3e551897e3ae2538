package importer_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// A create with a secret from outside the bundle that nobody saw the end of is
// repeated under its key. Whether the secret given now is the one that was sent
// only Cloud can tell: it takes the same request, and refuses the key for
// another one.
func TestAnOpenCreateWithAGivenSecretIsRepeatedUnderItsKey(t *testing.T) {
	for _, tt := range []struct {
		name  string
		now   string // the secret given to the second run; "" none
		lag   time.Duration
		lost  bool // the first request never reached Cloud
		end   string
		want  importer.Result
		holds string // Cloud's secret afterwards
	}{
		{"the same", "first", 0, false, "done", importer.Written, "first"},
		{"another", "second", 0, false, "done", importer.Same, "first"},
		{"another, and the list lags", "second", time.Second, false, "done", importer.Same, "first"},
		{"none", "", 0, false, "done", importer.Same, "first"},
		{"another, and nothing was there", "second", 0, true, "done", importer.Written, "second"},
		{"none, and nothing was there", "", 0, true, "gate", importer.Waits, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var cut atomic.Bool
			cut.Store(true)
			s := oddSite(t, cloud.Options{}, faulty.Faults{Lag: tt.lag, Script: func(r *http.Request) faulty.Fault {
				switch {
				case !cut.Load() || r.Method != http.MethodPost:
					return faulty.Fault{}
				case tt.lost:
					return faulty.Fault{Do: faulty.DropBefore}
				}
				return faulty.Fault{Do: faulty.DropAfter}
			}})
			b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "00112233445566778899aabbccddeeff"}, Connections: []schema.Item{
				&schema.CloudConnection{Name: "A", ServiceProvider: "General SMTP service", Host: "smtp.example", SMTPPort: 587, Username: "mailer",
					Password: &schema.Marker{State: schema.Missing, Reason: "unknown"}}}}
			o := importInto(t, s.url, true, time.Minute, b, schema.Connections)
			gives := func(secret string) func(schema.List, string) schema.Secret {
				return func(schema.List, string) schema.Secret { return schema.NewSecret(secret) }
			}
			o.Secrets.Supplied = gives("first")
			ctx, stop := context.WithCancel(t.Context())
			o.Watch.Progress = func(p importer.Progress) {
				if p.Waiting != "" { // the end of a request is looked for
					stop()
				}
			}
			if rep, err := importer.Run(ctx, o); ending(err) != "partial" || rep.Counts[importer.Written] > 0 {
				t.Fatalf("the first run: %v, %+v", err, rep.Items)
			}
			cut.Store(false)
			o.Watch.Progress = nil
			o.Secrets.Supplied = gives(tt.now)
			rep, err := importer.Run(t.Context(), o)
			if ending(err) != tt.end || rep.Items[0].Result != tt.want {
				t.Fatalf("%v: %+v", err, rep.Items[0])
			}
			if tt.want == importer.Same && tt.now != "" && (len(rep.Items[0].Notes) == 0 || !strings.Contains(rep.Items[0].Notes[len(rep.Items[0].Notes)-1], "cannot be told")) {
				t.Errorf("notes are %q", rep.Items[0].Notes)
			}
			there, err := s.Items(t.Context(), schema.Connections)
			if err != nil || len(there) > 1 {
				t.Errorf("%v, Cloud has %d", err, len(there))
			}
			secrets, err := vault.Secrets(s.dir, schema.Connections)
			if err != nil || secrets["A"].Reveal() != tt.holds {
				t.Errorf("%v, another secret on Cloud", err)
			}
		})
	}
}
