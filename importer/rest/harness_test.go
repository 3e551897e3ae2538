package rest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

// sampleCloud serves a sample Cloud with the given faults on loopback.
func sampleCloud(t testing.TB, faults cloud.Faults) (*cloud.Cloud, *httptest.Server) {
	t.Helper()
	c, err := cloud.Open(t.TempDir(), cloud.Options{Faults: faults, PageSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(c.Handler())
	t.Cleanup(func() {
		_ = c.Close() // ends withheld answers, which the server would wait for
		srv.Close()
	})
	return c, srv
}

// reach opens the way to a sample Cloud at url.
func reach(t testing.TB, url string, opts Options) importer.Cloud {
	t.Helper()
	way, err := Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = way.Close() })
	return way
}

func both(t testing.TB, faults cloud.Faults) (*cloud.Cloud, importer.Cloud) {
	t.Helper()
	c, srv := sampleCloud(t, faults)
	return c, reach(t, srv.URL, Options{Token: c.Token()})
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
func once(method string, f cloud.Fault) cloud.Faults {
	left := 1
	return cloud.Faults{Script: func(r *http.Request) cloud.Fault {
		if r.Method != method || left == 0 {
			return cloud.Fault{}
		}
		left--
		return f
	}}
}

// always does a fault to every request of a method.
func always(method string, f cloud.Fault) cloud.Faults {
	return cloud.Faults{Script: func(r *http.Request) cloud.Fault {
		if r.Method != method {
			return cloud.Fault{}
		}
		return f
	}}
}

func stored(t testing.TB, c *cloud.Cloud) string {
	t.Helper()
	entries, err := c.Items(t.Context(), schema.Connections)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Item.ItemName())
	}
	return strings.Join(names, " ")
}

const short = 150 * time.Millisecond // a client's patience with an answer that never comes
