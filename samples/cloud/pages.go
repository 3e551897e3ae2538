package cloud

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

//go:embed pages
var pageFiles embed.FS

// PageOptions of the sample Cloud's admin pages. The zero value asks nobody to
// sign in, refuses nothing beyond what the store does, and shows the plainest
// pages.
type PageOptions struct {
	SignIn  *SignIn
	Variant Variant             // what pages look like where their address does not say otherwise
	Choices map[string][]string // what lists offer, by "connections.encryption", "credentials.service_provider" and "credentials.grant"; nil: DefaultChoices
	// Refuse, if set, is asked before each Save; what it returns stands on the
	// page as an alert, beside no field, and nothing is stored.
	Refuse func(schema.List, string) string
}

// SignIn is the one user of the admin pages; of requests, those of the app
// count against a session's life.
type SignIn = signin.Account

// DefaultChoices returns what the lists of the forms offer beside the service
// providers of connections. All of it is made up: Cloud's values are not known.
func DefaultChoices() map[string][]string {
	return map[string][]string{
		"connections.encryption":       {"None", "STARTTLS", "SSL/TLS", "SSL", "TLS"},
		"credentials.service_provider": {"Google", "Microsoft"},
		"credentials.grant":            {"Authorization Code", "Client Credentials"},
	}
}

// PageCounts is what was pressed on the admin pages.
type PageCounts struct {
	Saves   int // that reached the site, the refused ones included
	Deletes int // of a row's menu; nothing is deleted
	Tests   int // Test Connection of a row's menu; no mail is sent
	Decoys  int // the host page's own Save, which has nothing to do with the app
	SignIns int
}

// PageWrite is one Save that reached the site.
type PageWrite struct {
	List   schema.List
	ID     int64 // 0 where nothing was stored
	Name   string
	Update bool
	Secret bool // whether a secret came with it
	Status int  // 200, 201, or that of the refusal
}

// Pages are the admin pages of a sample Cloud. Addresses of the listener that
// serves them, which must answer for 127.0.0.1 and for localhost:
//
//	/         the host page, in the manner of Jira Cloud, with decoys of its own (a field Name, a button Save, a search box). It
//	          embeds the app in a frame of another site: http://localhost:PORT within http://127.0.0.1:PORT, and the other way round
//	/login    user and password, where PageOptions.SignIn is given; any page leads there
//	/app/     the app, which opens with the context token that the host page puts into its address
//	/app/api/ what the app asks for, under the same faults as REST
//
// In the app: Administration → OUTGOING MAILS → Outgoing Mail Connections, and
// Administration → OAUTH2 → OAuth2 Credentials, each with Add, and with ⋯ ("More
// actions") → Edit in each row. A query on / chooses a [Variant]. Without
// SignIn whoever reaches the listener can read and change settings, though
// never read a secret; pages of other sites cannot.
type Pages struct {
	cloud   *Cloud
	options PageOptions
	key     []byte // of context tokens
	door    *signin.Door
	handler http.Handler
	host    *template.Template
	app     *template.Template

	mu     sync.Mutex
	counts PageCounts
	writes []PageWrite
}

// Pages returns admin pages on this sample Cloud's data. They serve from a
// listener of their own, or as Handler does beside REST.
func (c *Cloud) Pages(options PageOptions) *Pages {
	if options.Choices == nil {
		options.Choices = DefaultChoices()
	}
	p := &Pages{cloud: c, options: options, key: []byte(rand.Text()), door: signin.New(options.SignIn)}
	all := template.Must(template.ParseFS(pageFiles, "pages/*.html")) // embedded: the binary itself is broken otherwise
	p.host, p.app = all.Lookup("host.html"), all.Lookup("app.html")
	static, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.serveHost)
	mux.Handle("/login", p.door)
	mux.HandleFunc("POST /pressed", p.serveDecoy)
	mux.HandleFunc("GET /app/{$}", p.serveApp)
	for _, kind := range []string{"js", "css"} {
		names, err := fs.Glob(static, "*."+kind)
		if err != nil {
			panic(err)
		}
		for _, name := range names {
			mux.HandleFunc("GET /app/"+name, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "max-age=3600")
				http.ServeFileFS(w, r, static, name)
			})
		}
	}
	api := http.NewServeMux()
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		path := "/app/api/" + string(l)
		api.HandleFunc("GET "+path, p.serveItems(l))
		api.HandleFunc("GET "+path+"/{id}", c.serveGet(l))
		api.HandleFunc("POST "+path, p.serveSave(l))
		api.HandleFunc("PUT "+path+"/{id}", p.serveSave(l))
	}
	api.HandleFunc("POST /app/api/pressed/{what}", p.servePressed)
	mux.Handle("/app/api/", p.inSession(c.withFaults(api)))
	p.handler = onLoopback(mux)
	return p
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// Counts returns what was pressed so far.
func (p *Pages) Counts() PageCounts {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := p.counts
	counts.SignIns = p.door.Count()
	return counts
}

// Writes returns every Save that reached the site, in their order.
func (p *Pages) Writes() []PageWrite {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.writes)
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
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "+csp)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (p *Pages) serveHost(w http.ResponseWriter, r *http.Request) {
	session, ok := p.door.Session(r)
	if !ok {
		p.door.Lead(w, r)
		return
	}
	query := r.URL.Query()
	if _, err := p.options.Variant.with(query); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	other, _ := otherSite(r.Host)
	site := scheme(r) + "://" + other
	query.Set("jwt", p.token(session))
	show(w, p.host, http.StatusOK, "form-action 'self'; connect-src 'self'; frame-ancestors 'none'; frame-src "+site, map[string]any{
		"App": site + "/app/?" + query.Encode(), "Site": site, "User": p.userName(),
	})
}

func (p *Pages) serveApp(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	token := query.Get("jwt")
	if session, ok := p.sealed(token); !ok || !p.door.Lives(session) {
		http.Error(w, "this page opens inside Jira only, and for a while: reload Jira's page", http.StatusUnauthorized)
		return
	}
	query.Del("jwt")
	variant, err := p.options.Variant.with(query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	other, _ := otherSite(r.Host)
	host := scheme(r) + "://" + other
	show(w, p.app, http.StatusOK, "connect-src 'self'; frame-ancestors "+host, map[string]any{
		"Config": map[string]any{
			"token": token, "host": host, "variant": variant, "slow": variant.slow().Milliseconds(), "providers": p.offered(), "choices": p.choices(variant),
			"fields": map[schema.List][]pageField{
				schema.Connections: p.fields(schema.Connections, variant), schema.Credentials: p.fields(schema.Credentials, variant)},
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

func (p *Pages) fields(l schema.List, v Variant) []pageField {
	required := p.cloud.RequiredFields(l, "")
	var out []pageField
	for _, f := range schema.Fields(schema.CloudFormat, l) {
		out = append(out, pageField{f.Name, f.Label, f.Type, slices.Contains(required, f.Name)})
	}
	if v.Reorder {
		slices.Reverse(out)
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

func (p *Pages) offered() []pageProvider {
	var out []pageProvider
	for _, known := range p.cloud.providers {
		hidden := []string{"oauth2_credentials"}
		if known.OAuth2 {
			hidden = []string{"password", "host", "smtp_port"}
		}
		out = append(out, pageProvider{known.Label, hidden, p.cloud.RequiredFields(schema.Connections, known.Label)})
	}
	return out
}

func (p *Pages) choices(v Variant) map[string][]string {
	out := map[string][]string{}
	for field, values := range p.options.Choices {
		out[field] = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return slices.Contains(v.Withhold, s) })
	}
	labels := p.cloud.providerLabels()
	out["connections.service_provider"] = slices.DeleteFunc(labels, func(s string) bool { return slices.Contains(v.Withhold, s) })
	return out
}

func (p *Pages) userName() string {
	if p.options.SignIn == nil {
		return "Sample Administrator"
	}
	return p.options.SignIn.User
}

// String is the write as one line of a log.
func (w PageWrite) String() string {
	verb := "create"
	if w.Update {
		verb = "update"
	}
	return fmt.Sprintf("%s %s %s: %d", verb, w.List.One(), schema.Quote(w.Name), w.Status)
}
