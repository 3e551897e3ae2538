package adminpage_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

// around is a site with a hand in between, which keeps all that the site is
// sent, adds a script to its pages, and answers in its place where lead says so.
type around struct {
	*site
	script string // of every page

	mu     sync.Mutex
	sent   bytes.Buffer
	orders string // a script that every host page runs
	lead   func(http.ResponseWriter, *http.Request) bool
}

func newAround(t *testing.T, p adminsite.Options, script string) *around {
	t.Helper()
	a := &around{script: script}
	a.site = newSiteBehind(t, cloud.Options{}, p, func(http.Handler) http.Handler { return a })
	return a
}

func (a *around) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := httputil.DumpRequest(r, true)
	a.mu.Lock()
	a.sent.Write(raw)
	lead, orders := a.lead, a.orders
	a.mu.Unlock()
	if r.URL.Path == "/orders" {
		fmt.Fprint(w, orders)
		return
	}
	if lead != nil && lead(w, r) {
		return
	}
	rec := httptest.NewRecorder()
	a.pages.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
		w.Header().Del("Content-Security-Policy")
		w.Header().Del("Content-Length")
		body = append(body, "<script>"+a.script+"</script>"...)
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

// change changes how the site answers from now on.
func (a *around) change(orders string, lead func(http.ResponseWriter, *http.Request) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.orders, a.lead = orders, lead
}

const (
	// obeys has a host page ask for orders, and carry them out.
	obeys = `if (document.body.dataset.appSite) setInterval(() => fetch('/orders').then(r => r.text()).then(eval), 20);`
	// tells its site what is entered, as it is entered.
	tells = `for (const kind of ['input', 'keydown', 'click']) addEventListener(kind, e => fetch('/typed', {method: 'POST', body: kind + ' ' + (e.key || e.target.value)}), true);`
)

// to answers at path with a redirect.
func to(path, address string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == path {
			http.Redirect(w, r, address, http.StatusFound)
		}
		return r.URL.Path == path
	}
}

// gotNothing holds that nothing was entered, pressed or saved on a site.
func (a *around) gotNothing(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, bad := range []string{"cret", "ro „", "B%C3%BCro", "POST /typed"} {
		if strings.Contains(a.sent.String(), bad) {
			t.Errorf("another site was sent %q", bad)
		}
	}
	if n := a.pages.Counts(); n.Saves+n.Deletes+n.Tests+n.Decoys != 0 {
		t.Errorf("pressed on another site: %+v", n)
	}
}

// passwords is a bundle of n connections with a password each.
func passwords(n int) *schema.Bundle {
	b := bundleWith(1)
	b.Credentials, b.Connections = nil, nil
	for i := range n {
		b.Connections = append(b.Connections, &schema.CloudConnection{Name: fmt.Sprintf("Büro „%d“ 🚢", i), ServiceProvider: smtp, Host: "smtp.corp.example",
			SMTPPort: 587, Encryption: "STARTTLS", Username: "mailer", Password: &schema.Marker{State: schema.Sealed}})
	}
	return b
}

// shut holds that a gate is shut because of another site.
func shut(t *testing.T, err error) {
	t.Helper()
	var gate *importer.GateError
	if !errors.As(err, &gate) || gate.Reasons[0].Code != importer.AnotherSite {
		t.Fatalf("%v", err)
	}
}

func says(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
}

func TestWhereTheAddressLeadsToAnotherSiteNothingIsWritten(t *testing.T) {
	t.Parallel()
	for name, led := range map[string]func(x, y *around){
		"by a redirect": func(x, y *around) { x.change("", to("/", y.srv.URL+"/")) },
		"by a script":   func(x, y *around) { x.change(`location = '`+y.srv.URL+`/'`, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			x, y := newAround(t, adminsite.Options{}, obeys), newAround(t, adminsite.Options{}, tells)
			led(x, y)
			o := options(t, x.byPage(t, ""), passwords(2), schema.Connections)
			_, err := importer.Run(t.Context(), o)
			shut(t, err)
			says(t, err, x.srv.URL, y.srv.URL)
			if hint := schema.HintOf(err); !strings.Contains(hint, "page+"+y.srv.URL+"/") {
				t.Errorf("hint: %s", hint)
			}
			y.gotNothing(t)
			x.gotNothing(t)
			if _, err := os.Stat(o.Ledger.Path); err == nil {
				t.Error("there is a ledger of it")
			}
		})
	}
	x := newAround(t, adminsite.Options{}, tells)
	name := strings.Replace(x.srv.URL, "127.0.0.1", "localhost", 1)
	x.change("", func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.Host, "127.") && to("/", name+"/")(w, r)
	})
	_, err := importer.Run(t.Context(), options(t, x.byPage(t, ""), passwords(1), schema.Connections))
	shut(t, err)
	says(t, err, x.srv.URL, name)
	x.gotNothing(t)
}

// Once something was written, what is left is partly done, and goes on where it
// should once the site is there again.
func TestASiteThatLeadsElsewhereHalfWayIsPartlyDone(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]string{
		"the page":        `location = 'Y/'`,
		"the app's frame": `const f = document.querySelector('iframe'); f.src.startsWith('Y') || (f.src = 'Y/')`,
	} {
		t.Run(name, func(t *testing.T) {
			frame := regexp.MustCompile(`<iframe src="[^"]*"`)
			y := newAround(t, adminsite.Options{}, tells)
			local := strings.Replace(y.srv.URL, "127.0.0.1", "localhost", 1)
			var x *around
			once := sync.OnceFunc(func() {
				x.change(strings.ReplaceAll(order, "Y", local), func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == "/" { // also when it is opened anew
						rec := httptest.NewRecorder()
						x.pages.ServeHTTP(rec, r)
						w.Header().Set("Content-Type", "text/html")
						fmt.Fprintf(w, "%s<script>%s</script>", frame.ReplaceAllString(rec.Body.String(), `<iframe src="`+local+`/"`), obeys)
					}
					return r.URL.Path == "/"
				})
			})
			x = newAround(t, adminsite.Options{Refuse: func(schema.List, string) string {
				once() // from the first Save on
				return ""
			}}, obeys)
			b := passwords(3)
			o := options(t, x.byPage(t, ""), b, schema.Connections)
			rep, err := importer.Run(t.Context(), o)
			var partly *importer.PartialError
			if !errors.As(err, new(*importer.UnfitError)) || !errors.As(err, &partly) {
				t.Fatalf("%v", err)
			}
			says(t, err, x.srv.URL, y.srv.URL[len("http://127.0.0.1"):]) // by one name or the other
			y.gotNothing(t)
			if !strings.HasPrefix(rep.Cloud, "page+"+x.srv.URL) || len(x.content(t)) == 0 || len(x.content(t)) == 3 {
				t.Errorf("%s has %d", rep.Cloud, len(x.content(t)))
			}
			x.change("", nil)
			if rep, err = importer.Run(t.Context(), o); err != nil {
				t.Fatalf("%v %+v", err, rep)
			}
			equal(t, x.content(t), byRESTOf(t, b))
		})
	}
}

func TestAFormThatGoesToAnotherSiteIsNotSaved(t *testing.T) {
	t.Parallel()
	y := newAround(t, adminsite.Options{}, tells)
	x := newAround(t, adminsite.Options{}, `new MutationObserver(() => document.querySelectorAll('form').forEach(f => f.action = '`+y.srv.URL+`/'))
		.observe(document.body, {childList: true, subtree: true})`)
	_, err := importer.Run(t.Context(), options(t, x.byPage(t, ""), passwords(1), schema.Connections))
	shut(t, err)
	says(t, err, x.srv.URL, y.srv.URL)
	if schema.HintOf(err) == "" {
		t.Error("no hint what to do")
	}
	y.gotNothing(t)
	if n := x.pages.Counts(); n.Saves != 0 {
		t.Errorf("pressed %+v", n)
	}
}

func TestASaveThatLeadsToAnotherSiteEndsTheRun(t *testing.T) {
	t.Parallel()
	// early shows the list before the site has answered.
	const early = `const ask = fetch; fetch = (to, how) => how?.method !== 'POST' ? ask(to, how)
		: (ask(to, how), new Promise(done => setTimeout(() => done(new Response('{}')), 300)));`
	for name, test := range map[string]struct {
		stores, moves bool
		script        string
	}{
		"sent on, and stored":           {true, false, ""},
		"sent on, and not stored":       {false, false, ""},
		"sent on once the list is back": {true, false, early},
		"saved, and the page leaves":    {true, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newAround(t, adminsite.Options{}, tells)
			y.change("", func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Access-Control-Allow-Origin", "*")
				w.Header().Set("Access-Control-Allow-Headers", "*, authorization")
				return r.Method == http.MethodOptions
			})
			x := newAround(t, adminsite.Options{}, test.script+obeys)
			var lead func(w http.ResponseWriter, r *http.Request) bool
			lead = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/" {
					x.change("", lead) // opened anew
				}
				if r.Method != http.MethodPost || r.URL.Path != "/app/api/connections" {
					return false
				}
				rec := httptest.NewRecorder()
				if test.stores {
					x.pages.ServeHTTP(rec, r)
				}
				if test.moves {
					x.change(`location = '`+y.srv.URL+`/'`, lead)
				}
				if test.moves || test.script != "" {
					time.Sleep(700 * time.Millisecond)
				}
				if !test.moves {
					http.Redirect(w, r, y.srv.URL+r.URL.Path, http.StatusTemporaryRedirect)
				}
				return true
			}
			x.change("", lead)
			o := options(t, x.byPage(t, ""), passwords(3), schema.Connections)
			o.Ledger.Patience = lag
			o.Secrets.Sealed = func(schema.List, string) schema.Secret { return schema.NewSecret("sécret, and no name") } // errors have names
			rep, err := importer.Run(t.Context(), o)
			if !errors.As(err, new(*importer.PartialError)) {
				t.Fatalf("%v", err)
			}
			says(t, err, x.srv.URL, y.srv.URL)
			if schema.HintOf(err) == "" {
				t.Error("no hint what to do")
			}
			y.gotNothing(t)
			if left := rep.Counts[importer.NotTried]; rep.Counts[importer.Written] != len(x.content(t)) || left != 2 && test.script == "" {
				t.Errorf("the run went on: %+v", rep.Counts)
			}
		})
	}
}

func TestASignInThatLeadsOverAnotherSiteComesBack(t *testing.T) {
	b := bundleWith(2)
	account := &signin.Account{User: "anna", Password: schema.NewSecret("sécret of anna"), Requests: 10}
	x := newAround(t, adminsite.Options{SignIn: account}, obeys)
	// What the login page would be is behind a page of another site, with a word of the app's.
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<h1>Administration</h1><a href="%s/login?%s&portal=1">Go on</a>`, x.srv.URL, r.URL.RawQuery)
	}))
	t.Cleanup(portal.Close)
	x.change("", func(w http.ResponseWriter, r *http.Request) bool {
		return r.Method == http.MethodGet && !r.URL.Query().Has("portal") && to("/login", portal.URL+"/?"+r.URL.RawQuery)(w, r)
	})
	person := lendBrowser(t)
	asked := 0
	c := x.byPageWith(t, "", formprofile.Options{Profile: shipped(t), Browser: page.Options{Attach: person.port, Timeout: 2 * time.Second},
		Notify: func(text string) {
			asked++
			says(t, errors.New(text), "now at "+portal.URL, x.srv.URL)
			person.inTab(t, portal.URL, `document.querySelector('a').click()`)
			person.signIn(t, account)
		}})
	importBoth(t, c, b)
	equal(t, x.content(t), byRESTOf(t, b))
	if asked < 3 {
		t.Errorf("asked %d times", asked)
	}
}
