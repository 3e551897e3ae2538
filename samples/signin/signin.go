// Package signin is the login page of the sample sites, and the sessions behind
// it, so that what a person must do themselves can be tried: signing in, and
// signing in again when a session ended half-way.
package signin

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/mailferry/mailferry/schema"
)

// Account is the one user of a site.
type Account struct {
	User     string
	Password schema.Secret
	Requests int // after which a session ends; 0: it lasts
}

// Open is the session of everybody, where there is no account.
const Open = "open"

//go:embed login.html
var loginPage string

// Door stands in front of a site: it serves the login page and knows the
// sessions.
type Door struct {
	account *Account
	cookie  string // its name: cookies do not tell ports apart
	page    *template.Template

	mu       sync.Mutex
	sessions map[string]int // id → requests made
	count    int
}

// New returns the door of an account, or for nil one that is always open.
func New(account *Account) *Door {
	return &Door{account: account, cookie: "session-" + rand.Text()[:8], sessions: map[string]int{},
		page: template.Must(template.New("login").Parse(loginPage))} // embedded
}

// Session returns the id of the session that a request's cookie is of.
func (d *Door) Session(r *http.Request) (id string, ok bool) {
	if d.account == nil {
		return Open, true
	}
	cookie, err := r.Cookie(d.cookie)
	if err != nil {
		return "", false
	}
	return cookie.Value, d.Lives(cookie.Value)
}

// Lives reports whether a session has not ended.
func (d *Door) Lives(id string) bool {
	if d.account == nil {
		return id == Open
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.sessions[id]
	return ok
}

// Spend counts a request against a session's life and reports whether the
// session still lives.
func (d *Door) Spend(id string) bool {
	if d.account == nil {
		return id == Open
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.sessions[id]; !ok {
		return false
	}
	d.sessions[id]++
	if d.account.Requests > 0 && d.sessions[id] > d.account.Requests {
		delete(d.sessions, id)
		return false
	}
	return true
}

// EndSessions signs everybody out.
func (d *Door) EndSessions() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.sessions)
}

// Count returns how often somebody signed in.
func (d *Door) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// Lead sends the browser to the login page, and from there back.
func (d *Door) Lead(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
}

// ServeHTTP serves /login.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10) // a name and a password
	if _, ok := d.Session(r); ok {
		http.Redirect(w, r, next(r), http.StatusSeeOther)
		return
	}
	if r.Method != http.MethodPost {
		d.show(w, r, http.StatusOK, "")
		return
	}
	password := schema.NewSecret(r.PostFormValue("password"))
	if r.PostFormValue("username") != d.account.User || !d.account.Password.Equal(password) {
		d.show(w, r, http.StatusUnauthorized, "The user name or the password is wrong.")
		return
	}
	id := rand.Text()
	d.mu.Lock()
	d.sessions[id] = 0
	d.count++
	d.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: d.cookie, Value: id, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, next(r), http.StatusSeeOther)
}

// next is where to go after signing in: a path of this site only.
func next(r *http.Request) string {
	to := r.FormValue("next")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

func (d *Door) show(w http.ResponseWriter, r *http.Request, status int, problem string) {
	var b bytes.Buffer
	if err := d.page.Execute(&b, map[string]any{"Next": next(r), "Problem": problem}); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
