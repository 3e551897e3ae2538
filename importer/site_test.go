package importer_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/rest"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// site is a sample Cloud behind real HTTP.
type site struct {
	*cloud.Cloud
	url, dir string
	handler  atomic.Value // of handlerBox
	busy     sync.RWMutex // requests at work hold it for reading
}

// idle waits until nothing is at work that an importing process has begun and
// does not wait for any more.
func (s *site) idle() {
	s.busy.Lock()
	defer s.busy.Unlock()
}

type handlerBox struct{ http.Handler }

// swap puts another sample Cloud at the same address.
func (s *site) swap(h http.Handler) { s.handler.Store(handlerBox{h}) }

func newSite(t testing.TB, f cloud.Faults) *site {
	t.Helper()
	return oddSite(t, cloud.Options{Faults: f}, faulty.Faults{})
}

func oddSite(t testing.TB, o cloud.Options, f faulty.Faults) *site {
	t.Helper()
	s := &site{dir: t.TempDir()}
	o.Token = schema.NewSecret("token-of-the-test")
	var err error
	if s.Cloud, err = cloud.Open(s.dir, o); err != nil {
		t.Fatal(err)
	}
	s.swap(faulty.New(s.Cloud.Handler(), f))
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.busy.RLock()
		defer s.busy.RUnlock()
		s.handler.Load().(handlerBox).ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	s.url = srv.URL
	t.Cleanup(func() {
		srv.CloseClientConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return s
}

// reach is the way in that the command takes.
func reach(ctx context.Context, url string, keys bool, timeout time.Duration) (importer.Cloud, error) {
	c, err := rest.Open(ctx, url, rest.Options{Token: schema.NewSecret("token-of-the-test"), Timeout: timeout})
	if err == nil && !keys {
		c = keyless{c}
	}
	return c, err
}

// keyless is a Cloud that does not honour Idempotency-Keys.
type keyless struct{ importer.Cloud }

func (k keyless) Site() importer.Site {
	s := k.Cloud.Site()
	s.Keys = false
	return s
}

func (k keyless) Create(ctx context.Context, w importer.Write) (importer.Remote, error) {
	w.Key = ""
	return k.Cloud.Create(ctx, w)
}

func (k keyless) Update(ctx context.Context, id string, w importer.Write) (importer.Remote, error) {
	w.Key = ""
	return k.Cloud.Update(ctx, id, w)
}

// bundleWith has n connections of every kind and the credentials of some.
func bundleWith(n int) *schema.Bundle {
	sealed := &schema.Marker{State: schema.Sealed}
	b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "00112233445566778899aabbccddeeff"}}
	for i := range max(1, n/4) {
		b.Credentials = append(b.Credentials, &schema.CloudCredential{Name: fmt.Sprintf("Google %d", i), ServiceProvider: "Google",
			ClientID: fmt.Sprintf("client-%d", i), ClientSecret: sealed, AuthorizationEndpoint: "https://accounts.example/auth",
			TokenEndpoint: "https://accounts.example/token"})
	}
	for i := range n {
		c := &schema.CloudConnection{Name: fmt.Sprintf("Büro „%d“, \n🚢", i), Description: "mit\r\nUmbruch", FromEmailAddress: "a@corp.example",
			ServiceProvider: "General SMTP service", Host: "smtp.corp.example", SMTPPort: 587, Encryption: "STARTTLS",
			Username: `CORP\mailer`, Password: sealed, Debug: i%2 == 0}
		if i%3 == 0 {
			c.ServiceProvider, c.OAuth2Credentials = "GMail/GSuite with OAuth2", b.Credentials[i%len(b.Credentials)].ItemName()
			c.Host, c.SMTPPort, c.Password, c.Username = "", 0, nil, "a@corp.example"
		}
		b.Connections = append(b.Connections, c)
	}
	return b
}

// secretOf gives two of the connections the same password.
func secretOf(list schema.List, name string) schema.Secret {
	if list == schema.Connections && len(name)%2 == 0 {
		return schema.NewSecret("shared pässword\n")
	}
	return schema.NewSecret("secret of " + name)
}

// importOptions are those of a recipient; what differs is set by the caller.
func importOptions(c importer.Cloud, b *schema.Bundle, list schema.List, ledger string, id *age.X25519Identity) (importer.Options, error) {
	digest, err := b.Digest()
	return importer.Options{Cloud: c, Bundle: b, Digest: digest, List: list, Secrets: importer.SecretSource{Sealed: secretOf},
		Ledger:    importer.LedgerOptions{Path: ledger, Patience: patience},
		Conflicts: importer.Conflicts{Keepers: []age.Recipient{id.Recipient()}}}, err
}

// importInto makes the options of an import into the site at url; the way in is
// closed with the test.
func importInto(t testing.TB, url string, keys bool, timeout time.Duration, b *schema.Bundle, list schema.List) importer.Options {
	t.Helper()
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	c := rig.Get(reach(t.Context(), url, keys, timeout)).Or(t)
	t.Cleanup(func() { _ = c.Close() })
	o := rig.Get(importOptions(c, b, list, filepath.Join(t.TempDir(), "l.jsonl"), id)).Or(t)
	return o
}

// agrees holds Cloud, the ledger and the report against the bundle: each item
// there exactly once, with exactly its fields and its secret, written down in
// the ledger and said so in the report.
func agrees(ctx context.Context, s *site, o importer.Options, rep *importer.Report) error {
	there, err := s.Items(ctx, o.List)
	if err != nil {
		return err
	}
	secrets, err := vault.Secrets(s.dir, o.List)
	if err != nil {
		return err
	}
	account, err := importer.AccountOf(o, o.List)
	if err != nil {
		return err
	}
	items := o.Bundle.Items(o.List)
	if len(there) != len(items) || len(rep.Items) != len(items) {
		return fmt.Errorf("the bundle has %d, Cloud %d, the report %d", len(items), len(there), len(rep.Items))
	}
	byName := map[string]cloud.Entry{}
	for _, e := range there {
		byName[e.Item.ItemName()] = e
	}
	for i, it := range items {
		name := it.ItemName()
		e, ok := byName[name]
		if !ok {
			return fmt.Errorf("%q is not on Cloud", name)
		}
		for _, f := range schema.FieldsOf(it) {
			if a, b := schema.Text(e.Item, f.Name), schema.Text(it, f.Name); !f.Secret && a != b {
				return fmt.Errorf("%q: %s is %q on Cloud, not %q", name, f.Label, a, b)
			}
		}
		var want schema.Secret
		if schema.SecretMarker(it) != nil {
			want = o.Secrets.Sealed(o.List, name)
		}
		id := fmt.Sprint(e.ID)
		switch a, r := account[name], rep.Items[i]; {
		case !secrets[name].Equal(want):
			return fmt.Errorf("%q has another secret on Cloud", name)
		case a.Open || !a.Written || a.ID != id || (!want.IsZero() && !a.Secret):
			return fmt.Errorf("%q: the ledger says %+v", name, a)
		case r.Name != name || r.Result != importer.Written || r.ID != id:
			return fmt.Errorf("%q: the report says %s %s", name, r.Result, r.ID)
		}
	}
	return nil
}
