package cloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mailferry/mailferry/schema"
)

const tokenLife = time.Hour // of a context token

// EndSessions signs everybody out, as a site does whose sessions ran out.
func (p *Pages) EndSessions() { p.door.EndSessions() }

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

// sealed returns the session of a context token that this site made and that
// has not run out.
func (p *Pages) sealed(token string) (session string, ok bool) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return "", false
	}
	seal, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil || !hmac.Equal(seal, p.seal(token[:at])) {
		return "", false
	}
	session, end, _ := strings.Cut(token[:at], ".")
	until, err := strconv.ParseInt(end, 10, 64)
	return session, err == nil && time.Now().Unix() <= until
}

// inSession lets requests of the app pass while their session lives, and counts
// them against its life.
func (p *Pages) inSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "JWT ")
		if session, ok := p.sealed(token); !ok || !p.door.Spend(session) {
			w.Header().Set("X-Session", "ended") // tells it from a fault that looks like it
			writeProblem(w, http.StatusUnauthorized, "your session has ended", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *Pages) serveDecoy(w http.ResponseWriter, r *http.Request) {
	if _, ok := p.door.Session(r); !ok {
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
