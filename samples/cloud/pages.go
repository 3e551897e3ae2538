package cloud

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

//go:embed pages
var pageFiles embed.FS

// choices is what the lists of the forms offer. All of it is made up: Cloud's values
// are not known.
func choices() map[string][]string {
	return map[string][]string{
		"connections.service_provider": providerLabels(),
		"connections.encryption":       {"None", "STARTTLS", "SSL/TLS", "SSL", "TLS"},
		"credentials.service_provider": {"Google OAuth2 Provider", "Microsoft OAuth2 Provider"},
		"credentials.grant":            {"Authorization Code", "Client Credentials"},
	}
}

// pages are the admin pages of a sample Cloud.
type pages struct {
	cloud *Cloud
	token string // context token: whoever opens the host page has it
	host  *template.Template
	app   *template.Template
}

// Pages returns the admin pages on this sample Cloud's data. They serve from a
// listener of their own, which must answer for 127.0.0.1 and for localhost, or
// as Handler does beside REST:
//
//	/         the host page, in the manner of Jira Cloud, with decoys of its own (a field
//	          Name, a button Save, a search box). It embeds the app in a frame of another
//	          site: http://localhost:PORT within http://127.0.0.1:PORT, and the other way round
//	/app/     the app, which opens with the context token that the host page puts into its address
//	/app/api/ what the app asks for, under the same faults as REST
//
// In the app: Administration → OUTGOING MAILS → Outgoing Mail Connections, and
// Administration → OAUTH2 → OAuth2 Credentials, each with Add, and with ⋯ ("More
// actions") → Edit in each row. The query on / says what the pages look like,
// such as ?list=paged&relabel=Save=Store: for a rehearsal with a form profile
// of one's own. Whoever reaches the listener can read and change settings,
// though never read a secret; pages of other sites cannot.
func (c *Cloud) Pages() http.Handler {
	p := &pages{cloud: c, token: rand.Text()}
	all := template.Must(template.ParseFS(pageFiles, "pages/*.html")) // embedded: the binary itself is broken otherwise
	p.host, p.app = all.Lookup("host.html"), all.Lookup("app.html")
	static, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.serveHost)
	mux.HandleFunc("POST /pressed", noContent)
	mux.HandleFunc("GET /app/{$}", p.serveApp)
	mux.HandleFunc("GET /app/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		http.ServeFileFS(w, r, static, r.PathValue("file"))
	})
	api := c.items("/app/api/", schema.MaxItems)
	for _, what := range []string{"delete", "test"} { // what the menu of a row has beside Edit
		api.HandleFunc("POST /app/api/pressed/"+what, noContent)
	}
	mux.Handle("/app/api/", p.withToken(c.withFaults(api)))
	return onLoopback(mux)
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

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

// onLoopback refuses requests under names that are not this machine's own, by
// which a page elsewhere could otherwise reach the sample through a name of its
// own that leads here.
func onLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := otherSite(r.Host); !ok {
			http.Error(w, "this is served as 127.0.0.1 and localhost only", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer") // addresses hold a context token
		next.ServeHTTP(w, r)
	})
}

// otherSite returns the name under which the same listener is another site.
func otherSite(host string) (string, bool) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, "80"
	}
	switch name {
	case "127.0.0.1", "::1", "[::1]":
		return net.JoinHostPort("localhost", port), true
	case "localhost":
		return net.JoinHostPort("127.0.0.1", port), true
	}
	return "", false
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// show answers with a page. csp names what the page may do beyond its own
// scripts and styles.
func show(w http.ResponseWriter, t *template.Template, status int, csp string, data any) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; script-src 'self'; "+
		"style-src 'self' 'unsafe-inline'; "+csp)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (p *pages) serveHost(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if _, err := variantOf(query); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	other, _ := otherSite(r.Host)
	site := scheme(r) + "://" + other
	query.Set("jwt", p.token)
	csp := "form-action 'self'; connect-src 'self'; frame-ancestors 'none'; frame-src " + site
	show(w, p.host, http.StatusOK, csp, map[string]any{"App": site + "/app/?" + query.Encode(), "Site": site})
}

func (p *pages) serveApp(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	token := query.Get("jwt")
	if !p.good(token) {
		http.Error(w, "this page opens inside Jira only: reload Jira's page", http.StatusUnauthorized)
		return
	}
	query.Del("jwt")
	look, err := variantOf(query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	other, _ := otherSite(r.Host)
	host := scheme(r) + "://" + other
	show(w, p.app, http.StatusOK, "connect-src 'self'; frame-ancestors "+host, map[string]any{
		"Config": map[string]any{
			"token": token, "host": host, "variant": look, "slow": look["slow"],
			"providers": offered(), "choices": choices(),
			"fields": map[schema.List][]pageField{
				schema.Connections: fields(schema.Connections), schema.Credentials: fields(schema.Credentials)},
		},
	})
}

// pageField is a field as the app's forms draw it.
type pageField struct {
	Name     string      `json:"name"`
	Label    string      `json:"label"`
	Type     schema.Type `json:"type"`
	Required bool        `json:"required"`
}

func fields(l schema.List) []pageField {
	required := requiredFields(l, "")
	var out []pageField
	for _, f := range schema.Fields(schema.CloudFormat, l) {
		out = append(out, pageField{f.Name, f.Label, f.Type, slices.Contains(required, f.Name)})
	}
	return out
}

// pageProvider is a service provider and the fields that its form has no place
// for.
type pageProvider struct {
	Label    string   `json:"label"`
	Hidden   []string `json:"hidden"`
	Required []string `json:"required"`
}

func offered() []pageProvider {
	var out []pageProvider
	for _, known := range providers() {
		hidden := []string{"oauth2_credentials"}
		if known.OAuth2 {
			hidden = []string{"password", "host", "smtp_port"}
		}
		out = append(out, pageProvider{known.Label, hidden, requiredFields(schema.Connections, known.Label)})
	}
	return out
}
