package adminsite

import (
	"html"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

const hostSite, appSite = "http://127.0.0.1:8080", "http://localhost:8080"

// asked is a request to a site without a browser.
func asked(t *testing.T, s *Site, method, address, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return rig.Record(s, r)
}

func TestASessionEnds(t *testing.T) {
	c := rig.Get(cloud.Open(t.TempDir(), cloud.Options{})).Or(t)
	defer c.Close()
	site := New(c.Pages(), Options{SignIn: &signin.Account{User: "anna", Password: schema.NewSecret("made-up"), Requests: 2}})
	if res := asked(t, site, "GET", hostSite+"/?list=paged", ""); res.Code != 303 || res.Header().Get("Location") != "/login?next=%2F%3Flist%3Dpaged" {
		t.Fatalf("%d to %s", res.Code, res.Header().Get("Location"))
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if res := asked(t, site, "POST", hostSite+"/login", "username=anna&password=wrong", form...); res.Code != 401 || len(res.Result().Cookies()) != 0 {
		t.Fatalf("a wrong password: %d", res.Code)
	}
	in := asked(t, site, "POST", hostSite+"/login", "username=anna&password=made-up&next=/%3Flist%3Dpaged", form...)
	cookies := in.Result().Cookies()
	if in.Code != 303 || in.Header().Get("Location") != "/?list=paged" || len(cookies) != 1 {
		t.Fatalf("signed in: %d to %s", in.Code, in.Header().Get("Location"))
	}
	cookie := cookies[0].Name + "=" + cookies[0].Value
	found := frame.FindStringSubmatch(asked(t, site, "GET", hostSite+"/", "", "Cookie", cookie).Body.String())
	if found == nil {
		t.Fatal("the host page has no frame")
	}
	address := html.UnescapeString(found[1])
	_, token, _ := strings.Cut(address, "jwt=")
	for i, want := range []int{200, 200, 401, 401} {
		res := asked(t, site, "GET", appSite+"/app/api/connections", "", "Authorization", "JWT "+token)
		if res.Code != want || (want == 401) != (res.Header().Get("X-Session") == "ended") {
			t.Errorf("request %d: %d", i+1, res.Code)
		}
	}
	if res := asked(t, site, "GET", address, ""); res.Code != 401 {
		t.Errorf("the app opens after the session: %d", res.Code)
	}
	if res := asked(t, site, "GET", hostSite+"/", "", "Cookie", cookie); res.Code != 303 {
		t.Errorf("the host page opens after the session: %d", res.Code)
	}
}
