package adminpage_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/adminpage"
	"github.com/mailferry/mailferry/importer/rest"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// site is a sample Cloud with its pages.
type site struct {
	*cloud.Cloud
	pages *adminsite.Site
	srv   *httptest.Server
	dir   string
}

func newSite(t testing.TB, o adminsite.Options) *site {
	t.Helper()
	return oddSite(t, cloud.Options{}, o, faulty.Faults{})
}

func oddSite(t testing.TB, o cloud.Options, p adminsite.Options, f faulty.Faults) *site {
	t.Helper()
	return newSiteBehind(t, o, p, func(pages http.Handler) http.Handler { return faulty.New(pages, f) })
}

// newSiteBehind serves the pages through what front makes of them.
func newSiteBehind(t testing.TB, o cloud.Options, p adminsite.Options, front func(http.Handler) http.Handler) *site {
	t.Helper()
	dir := t.TempDir()
	c := rig.Get(cloud.Open(dir, o)).Or(t)
	s := &site{Cloud: c, pages: adminsite.New(c.Pages(), p), dir: dir}
	s.srv = httptest.NewServer(front(s.pages))
	t.Cleanup(func() {
		s.srv.CloseClientConnections()
		s.srv.Close()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A lagging site takes a name as often as it is given, and its lists lag behind.
const (
	lag      = time.Second
	patience = 5 * lag
)

func laggingSite(t testing.TB, lag time.Duration) *site {
	t.Helper()
	return oddSite(t, cloud.Options{}, adminsite.Options{}, faulty.Faults{Lag: lag, Twins: true})
}

const nothingYet = "There is nothing here yet."

// shipped is the profile that comes with the program, and what the sample's
// empty lists say.
func shipped(t testing.TB, edit ...func(*schema.FormProfile)) *schema.FormProfile {
	t.Helper()
	p := rig.Get(formprofile.Shipped(schema.CloudSide)).Or(t)
	p.Connections.Empty, p.Credentials.Empty = nothingYet, nothingYet // else each look at an empty list takes its time
	for _, e := range edit {
		e(p)
	}
	return p
}

// shell is a browser without its own windows, whose pages are waited for no longer than limit.
func shell(t testing.TB, limit time.Duration) page.Options {
	t.Helper()
	return page.Options{Browser: chromium.Shell(t), Timeout: limit}
}

// byPage reaches the site by its pages in a browser of its own.
func (s *site) byPage(t testing.TB, query string, edit ...func(*schema.FormProfile)) importer.Cloud {
	t.Helper()
	return s.byPageWith(t, query, formprofile.Options{Profile: shipped(t, edit...), Browser: shell(t, 10*time.Second)})
}

func (s *site) byPageWith(t testing.TB, query string, o formprofile.Options) importer.Cloud {
	t.Helper()
	c := rig.Get(adminpage.Open("page+"+s.srv.URL+"/?"+query, o)).Or(t)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (s *site) byREST(t testing.TB) importer.Cloud {
	t.Helper()
	c := rig.Get(rest.OpenHandler(s.Handler(), importer.Site{URL: "sample:x", Host: "x", Keys: true}, rest.Options{Token: s.Token()})).Or(t)
	return c
}

const (
	smtp   = "General SMTP service"
	google = "GMail/GSuite with OAuth2"
)

// bundleWith has n connections of every kind and the credentials of some.
func bundleWith(n int) *schema.Bundle {
	sealed := &schema.Marker{State: schema.Sealed}
	b := &schema.Bundle{Format: schema.CloudFormat, Manifest: schema.Manifest{ID: "00112233445566778899aabbccddeeff"}}
	for i := range max(1, n/20) {
		b.Credentials = append(b.Credentials, &schema.CloudCredential{Name: fmt.Sprintf("Google %d", i), ServiceProvider: "Google OAuth2 Provider",
			ClientID: fmt.Sprintf("client-%d", i), ClientSecret: sealed, AuthorizationEndpoint: "https://accounts.example/auth",
			TokenEndpoint: "https://accounts.example/token", Grant: "Authorization Code"})
	}
	for i := range n {
		c := &schema.CloudConnection{Name: fmt.Sprintf("Büro „%d“ 🚢", i), Description: "two\nlines, \"quoted\"", FromEmailAddress: "a@corp.example",
			EmailPrefix: "[x]", ServiceProvider: smtp, Host: "smtp.corp.example", SMTPPort: 587, Encryption: "STARTTLS",
			Username: `CORP\mailer`, Password: sealed, Debug: i%2 == 0}
		switch i % 5 {
		case 1:
			c.ServiceProvider, c.OAuth2Credentials = google, b.Credentials[i%len(b.Credentials)].ItemName()
			c.Host, c.SMTPPort, c.Password, c.Username, c.Encryption = "", 0, nil, "a@corp.example", ""
		case 3: // typed into a form long ago: its lines end as HTML's do
			c.Description = "two\r\nlines"
		case 2: // a relay that asks for no password
			c.Description, c.EmailPrefix, c.Username, c.Password, c.Encryption, c.SMTPPort = "", "", "", nil, "", 0
		}
		b.Connections = append(b.Connections, c)
	}
	return b
}

func secretOf(_ schema.List, name string) schema.Secret {
	return schema.NewSecret(`sécret "of" ` + name)
}

func options(t testing.TB, c importer.Cloud, b *schema.Bundle, l schema.List) importer.Options {
	t.Helper()
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	return optionsFor(t, c, b, l, filepath.Join(t.TempDir(), "ledger.jsonl"), id)
}

func optionsFor(t testing.TB, c importer.Cloud, b *schema.Bundle, l schema.List, ledger string, id *age.X25519Identity) importer.Options {
	t.Helper()
	digest := rig.Get(b.Digest()).Or(t)
	return importer.Options{Cloud: c, Bundle: b, Digest: digest, List: l, Secrets: importer.SecretSource{Sealed: secretOf},
		Ledger:    importer.LedgerOptions{Path: ledger},
		Conflicts: importer.Conflicts{Keepers: []age.Recipient{id.Recipient()}}}
}

// importBoth runs both imports and returns the second report.
func importBoth(t testing.TB, c importer.Cloud, b *schema.Bundle) *importer.Report {
	t.Helper()
	o := options(t, c, b, schema.Credentials)
	if _, err := importer.Run(t.Context(), o); err != nil {
		t.Fatal(err, importer.Unsettled(err))
	}
	o.List = schema.Connections
	rep, err := importer.Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v %+v", err, rep)
	}
	return rep
}

// content is all that the site holds, secrets included, sorted.
func (s *site) content(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, l := range schema.Lists() {
		entries := rig.Get(s.Items(context.Background(), l)).Or(t)
		secrets := rig.Get(vault.Secrets(s.dir, l)).Or(t)
		for _, e := range entries {
			if c, ok := e.Item.(*schema.CloudConnection); ok {
				c.Description = strings.ReplaceAll(c.Description, "\r\n", "\n") // a browser writes one for the other
			}
			raw := rig.Get(schema.Marshal(e.Item)).Or(t)
			out = append(out, fmt.Sprintf("%s secret %q", raw, secrets[e.Item.ItemName()].Reveal()))
		}
	}
	slices.Sort(out)
	return out
}
