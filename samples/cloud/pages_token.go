package cloud

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const tokenLife = time.Hour // of a context token

// token makes a context token: what makes it one of its kind, the end of its
// life, and a seal over both.
func (p *pages) token() string {
	text := rand.Text() + "." + strconv.FormatInt(time.Now().Add(tokenLife).Unix(), 10)
	return text + "." + base64.RawURLEncoding.EncodeToString(p.seal(text))
}

func (p *pages) seal(text string) []byte {
	mac := hmac.New(sha256.New, p.key)
	_, _ = mac.Write([]byte(text))
	return mac.Sum(nil)
}

// good reports whether this site made a context token that has not run out.
func (p *pages) good(token string) bool {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return false
	}
	seal, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil || !hmac.Equal(seal, p.seal(token[:at])) {
		return false
	}
	_, end, _ := strings.Cut(token[:at], ".")
	until, err := strconv.ParseInt(end, 10, 64)
	return err == nil && time.Now().Unix() <= until
}

// withToken lets requests of the app pass while its token is good.
func (p *pages) withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "JWT "); !p.good(token) {
			w.Header().Set("X-Session", "ended") // tells it from a fault that looks like it
			writeProblem(w, http.StatusUnauthorized, "your session has ended", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}
