package cloud

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mailferry/mailferry/schema"
)

const (
	tokenLife   = time.Hour // of a context token
	maxSessions = 1000
	openSession = "open" // of everybody, where nobody signs in
)

// EndSessions signs everybody out, as a site does whose sessions ran out.
func (p *Pages) EndSessions() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.sessions)
}

// session returns the id of the session that a request of the host page is in.
func (p *Pages) session(r *http.Request) (string, bool) {
	if p.options.SignIn == nil {
		return openSession, true
	}
	cookie, err := r.Cookie(p.cookie)
	if err != nil {
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.sessions[cookie.Value]
	return cookie.Value, ok
}

// token makes a context token: session, end of life, and a seal over both.
func (p *Pages) token(session string) string {
	text := session + "." + strconv.FormatInt(time.Now().Add(tokenLife).Unix(), 10)
	return text + "." + base64.RawURLEncoding.EncodeToString(p.seal(text))
}

func (p *Pages) seal(text string) []byte {
	mac := hmac.New(sha256.New, p.key)
	_, _ = mac.Write([]byte(text))
	return mac.Sum(nil)
}

// accepts returns the session of a context token while both live.
func (p *Pages) accepts(token string) (string, bool) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return "", false
	}
	seal, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil || !hmac.Equal(seal, p.seal(token[:at])) {
		return "", false
	}
	session, end, _ := strings.Cut(token[:at], ".")
	if until, err := strconv.ParseInt(end, 10, 64); err != nil || time.Now().Unix() > until {
		return "", false
	}
	if p.options.SignIn == nil {
		return session, session == openSession
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.sessions[session]
	return session, ok
}

// inSession lets requests of the app pass while their session lives, and counts
// them against its life.
func (p *Pages) inSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "JWT ")
		session, ok := p.accepts(token)
		if ok && p.options.SignIn != nil && p.options.SignIn.Requests > 0 {
			p.mu.Lock()
			p.sessions[session]++
			if p.sessions[session] > p.options.SignIn.Requests {
				delete(p.sessions, session)
				ok = false
			}
			p.mu.Unlock()
		}
		if !ok {
			w.Header().Set("X-Session", "ended") // tells it from a fault that looks like it
			writeProblem(w, http.StatusUnauthorized, "your session has ended", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// next is where to go after signing in: a path of this site only.
func nextPath(r *http.Request) string {
	next := r.FormValue("next")
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

func (p *Pages) serveLogin(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.session(r); ok {
		http.Redirect(w, r, nextPath(r), http.StatusSeeOther)
		return
	}
	p.showLogin(w, r, http.StatusOK, "")
}

func (p *Pages) showLogin(w http.ResponseWriter, r *http.Request, status int, problem string) {
	show(w, p.login, status, "form-action 'self'; frame-ancestors 'none'", map[string]any{"Next": nextPath(r), "Problem": problem})
}

func (p *Pages) serveSignIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if p.options.SignIn == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if r.FormValue("username") != p.options.SignIn.User || !p.options.SignIn.Password.Equal(schema.NewSecret(r.FormValue("password"))) {
		p.showLogin(w, r, http.StatusUnauthorized, "The user name or the password is wrong.")
		return
	}
	id := rand.Text()
	p.mu.Lock()
	if len(p.sessions) >= maxSessions {
		clear(p.sessions)
	}
	p.sessions[id] = 0
	p.counts.SignIns++
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: p.cookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, nextPath(r), http.StatusSeeOther)
}

func (p *Pages) serveDecoy(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.session(r); !ok {
		writeProblem(w, http.StatusUnauthorized, "your session has ended", nil)
		return
	}
	p.mu.Lock()
	p.counts.Decoys++
	p.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (p *Pages) servePressed(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch what := r.PathValue("what"); what {
	case "delete":
		p.counts.Deletes++
	case "test":
		p.counts.Tests++
	default:
		writeProblem(w, http.StatusNotFound, fmt.Sprintf("%s is nothing to press", schema.Quote(what)), nil)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
