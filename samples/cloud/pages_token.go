package cloud

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// good reports whether a context token is the one that this site's pages carry.
func (p *pages) good(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(p.token)) == 1
}

// withToken lets requests of the app pass that carry the token.
func (p *pages) withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "JWT "); !p.good(token) {
			w.Header().Set("X-Session", "ended") // a fault may look like it
			writeProblem(w, http.StatusUnauthorized, "your session has ended", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}
