package rest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// site is a sample Cloud behind faults.
type site struct {
	*cloud.Cloud
	*faulty.Front
	dir string
}

func sampleCloud(t testing.TB, o cloud.Options, f faulty.Faults) site {
	t.Helper()
	dir := t.TempDir()
	c := rig.Get(cloud.Open(dir, o)).Or(t)
	t.Cleanup(func() { _ = c.Close() })
	return site{c, faulty.New(c.Handler(), f), dir}
}

// serve serves a site on loopback.
func serve(t testing.TB, s site) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		srv.CloseClientConnections() // ends withheld answers, which the server would wait for
		srv.Close()
	})
	return srv
}

// reach opens the way to a sample Cloud at url.
func reach(t testing.TB, url string, opts Options) importer.Cloud {
	t.Helper()
	way := rig.Get(Open(t.Context(), url, opts)).Or(t)
	t.Cleanup(func() { _ = way.Close() })
	return way
}

func both(t testing.TB, f faulty.Faults) (site, importer.Cloud) {
	t.Helper()
	s := sampleCloud(t, cloud.Options{}, f)
	return s, reach(t, serve(t, s).URL, Options{Token: s.Token()})
}

// answering is a Cloud that always answers the same.
func answering(t testing.TB, status int, body string, header ...string) importer.Cloud {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return reach(t, srv.URL, Options{Token: schema.NewSecret("canary-token")})
}

func support() importer.Write {
	return importer.Write{
		Item: &schema.CloudConnection{Name: "Support", Description: "Größe \U0001F600,\n\"quoted\"", ServiceProvider: "General SMTP service",
			Username: `CORP\mailer`, Host: "smtp.corp.example", SMTPPort: 587},
		Secret: schema.NewSecret("canary-password"), Key: "key-1",
	}
}

// once does a fault to the first request of a method and to no other.
func once(method string, f faulty.Fault) faulty.Faults {
	left := 1
	return faulty.Faults{Script: func(r *http.Request) faulty.Fault {
		if r.Method != method || left == 0 {
			return faulty.Fault{}
		}
		left--
		return f
	}}
}

// always does a fault to every request of a method.
func always(method string, f faulty.Fault) faulty.Faults {
	return faulty.Faults{Script: func(r *http.Request) faulty.Fault {
		if r.Method != method {
			return faulty.Fault{}
		}
		return f
	}}
}

func stored(t testing.TB, c site) string {
	t.Helper()
	entries := rig.Get(c.Items(t.Context(), schema.Connections)).Or(t)
	var names []string
	for _, e := range entries {
		names = append(names, e.Item.ItemName())
	}
	return strings.Join(names, " ")
}

const short = 150 * time.Millisecond // a client's patience with an answer that never comes
