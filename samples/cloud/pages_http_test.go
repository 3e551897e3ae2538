package cloud

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// asked is a request to pages without a browser.
func asked(t *testing.T, h http.Handler, method, address, body string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func content(t *testing.T, res *http.Response) string {
	t.Helper()
	raw := rig.Get(io.ReadAll(res.Body)).Or(t)
	return string(raw)
}

const hostSite, appSite = "http://127.0.0.1:8080", "http://localhost:8080"

// frame returns the address of the app's frame and the token in it.
func frame(t *testing.T, h http.Handler, query string, header ...string) (address, token string) {
	t.Helper()
	res := asked(t, h, "GET", hostSite+"/"+query, "", header...)
	found := regexp.MustCompile(`<iframe src="([^"]+)"`).FindStringSubmatch(content(t, res))
	if found == nil {
		t.Fatalf("%d without a frame", res.StatusCode)
	}
	u := rig.Get(url.Parse(html.UnescapeString(found[1]))).Or(t)
	return u.String(), u.Query().Get("jwt")
}

func TestThePagesStandBesideREST(t *testing.T) {
	s := serve(t, Options{})
	s.made(schema.Connections, connection)
	address, token := frame(t, s.cloud.Handler(), "")
	if !strings.HasPrefix(address, appSite+"/app/?") || token == "" {
		t.Fatalf("the app is at %q", address)
	}
	if r := s.do("GET", apiPrefix+"connections", ""); r.Status != 200 || !strings.Contains(r.Body, "Support") {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
}

func TestTheAppOpensWithTheTokenOfTheHostPageOnly(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	pages, others := c.Pages(), c.Pages()
	address, token := frame(t, pages, "")
	if res := asked(t, pages, "GET", address, ""); res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors "+hostSite) {
		t.Errorf("the app: %d, %s", res.StatusCode, res.Header.Get("Content-Security-Policy"))
	}
	_, foreign := frame(t, others, "")
	for name, bad := range map[string]string{"none": "", "of another site": foreign, "cut": token[:len(token)-1], "no token": "a.b.c"} {
		if res := asked(t, pages, "GET", appSite+"/app/?jwt="+url.QueryEscape(bad), ""); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: the app: %d", name, res.StatusCode)
		}
		if res := asked(t, pages, "GET", appSite+"/app/api/connections", "", "Authorization", "JWT "+bad); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: the list: %d", name, res.StatusCode)
		}
		if res := asked(t, pages, "POST", appSite+"/app/api/connections", connection, "Authorization", "JWT "+bad, "Content-Type", "application/json"); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: a save: %d", name, res.StatusCode)
		}
	}
	if n := len(rig.Get(c.Items(t.Context(), schema.Connections)).Or(t)); n != 0 {
		t.Errorf("%d connections were stored", n)
	}
}

func TestPagesShowNoSecret(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	pages := c.Pages()
	address, token := frame(t, pages, "?password=bullets")
	as := []string{"Authorization", "JWT " + token, "Content-Type", "application/json"}
	var shown []string
	for path, body := range map[string]string{"connections": connection, "credentials": credential} {
		made := asked(t, pages, "POST", appSite+"/app/api/"+path, body, as...)
		if made.StatusCode != http.StatusCreated {
			t.Fatalf("%d", made.StatusCode)
		}
		shown = append(shown, content(t, made))
		for _, p := range []string{path, path + "?limit=1", path + "/1", path + "/2"} {
			shown = append(shown, content(t, asked(t, pages, "GET", appSite+"/app/api/"+p, "", as...)))
		}
		shown = append(shown, content(t, asked(t, pages, "POST", appSite+"/app/api/"+path, body, as...))) // refused
	}
	shown = append(shown, content(t, asked(t, pages, "GET", address, "")))
	for _, text := range shown {
		if strings.Contains(text, "canary") {
			t.Errorf("a page shows a secret: %s", text)
		}
	}
}

func TestPagesRefuseForeignNamesAndVariantsThatThereAreNot(t *testing.T) {
	pages := open(t, t.TempDir(), Options{}).Pages()
	for address, want := range map[string]int{
		"http://rebound.example/":                421,
		"http://127.0.0.1.rebound.example:8080/": 421,
		"http://[::1]:8080/":                     200,
		hostSite + "/?list=pagedd":               400,
		hostSite + "/?lists=paged":               400,
		hostSite + "/?slow=1h":                   400,
		hostSite + "/?relabel=Name":              400,
		hostSite + "/nowhere":                    404,
	} {
		if res := asked(t, pages, "GET", address, ""); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", address, res.StatusCode, want)
		}
	}
}
