// Package server is the sample Server: the admin pages of the app on Jira
// Server, in its manner and with the labels that the vendor documents, for
// exports that read pages. What the pages look like beyond the labels is made
// up. Nothing that is pressed changes anything; every Save is counted, because
// an export must never press it.
package server

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/samples/signin"
	"github.com/mailferry/mailferry/schema"
)

//go:embed pages
var files embed.FS

// Options of a sample Server.
type Options struct {
	Connections []*schema.ServerConnection
	Credentials []*schema.ServerCredential
	Secrets     schema.Secrets  // what the site holds; shown as Variant.Password says
	SignIn      *signin.Account // nil: nobody need sign in; pages count against a session's life
	Variant     Variant
}

// Variant says what the pages look like. The zero value is the first of each.
type Variant struct {
	Password string            // of a stored secret: masked (bullets as the field's value), empty, filled (readable)
	Form     string            // page, dialog
	Labels   string            // how labels are tied to fields: for, wrap, labelledby, aria
	PageSize int               // rows of a list on one page, with Previous and Next; 0: all of them
	Relabel  map[string]string // other words for labels, buttons and menus
	Reorder  bool              // fields stand in reverse
}

// Counts is what was pressed.
type Counts struct {
	Opened  int // edit forms
	Saves   int // must stay 0 in an export
	Deletes int // the same
	SignIns int
}

// Server serves, under any name of the listener:
//
//	/                    the app's start page, with the menu: OUTGOING EMAILS ADMINISTRATION →
//	                     Outgoing Mail Connections, and SETTINGS → OAuth2 Client Credentials
//	/admin/connections   the lists, each row with ⋯ ("More actions") → Edit
//	/admin/credentials
//	/admin/…/N/edit      the form of the N-th item, with Save and Cancel
//	/login               user and password, where Options.SignIn is given; any page leads there
//
// Whoever reaches the listener, or has the account, reads what Options.Variant
// shows of secrets: it is for made-up ones.
type Server struct {
	options Options
	door    *signin.Door
	handler http.Handler
	pages   *template.Template

	mu     sync.Mutex
	counts Counts
}

// Open makes a sample Server of the given content.
func Open(options Options) *Server {
	s := &Server{options: options, door: signin.New(options.SignIn)}
	pages := template.New("").Funcs(template.FuncMap{"say": s.say})
	s.pages = template.Must(pages.ParseFS(files, "pages/*.html")) // embedded
	site := http.NewServeMux()
	site.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		s.show(w, "start.html", pageData{Title: "Email This Issue"})
	})
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		path := "/admin/" + string(l)
		site.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.serveList(w, r, l) })
		site.HandleFunc("GET "+path+"/{n}/edit", func(w http.ResponseWriter, r *http.Request) { s.serveForm(w, r, l) })
		for suffix, pressed := range map[string]func(*Counts){
			"": func(c *Counts) { c.Saves++ }, "/delete": func(c *Counts) { c.Deletes++ },
		} {
			site.HandleFunc("POST "+path+"/{n}"+suffix, func(w http.ResponseWriter, r *http.Request) {
				s.count(pressed)
				http.Redirect(w, r, path, http.StatusSeeOther)
			})
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/login", s.door)
	mux.HandleFunc("GET /static/{name}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "pages/"+r.PathValue("name"))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if id, ok := s.door.Session(r); !ok || !s.door.Spend(id) {
			s.door.Lead(w, r)
			return
		}
		site.ServeHTTP(w, r)
	})
	s.handler = mux
	return s
}

// ServeHTTP implements http.Handler. It refuses names that are not this
// machine's own: a page elsewhere could otherwise read the pages through a name
// of its own that leads here.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if !address.Loopback(host) {
		http.Error(w, "this is served on loopback only", http.StatusMisdirectedRequest)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s.handler.ServeHTTP(w, r)
}

// Counts returns what was pressed so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	counts.SignIns = s.door.Count()
	return counts
}

// EndSessions signs everybody out, as a site does whose sessions ran out.
func (s *Server) EndSessions() { s.door.EndSessions() }

func (s *Server) count(what func(*Counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what(&s.counts)
}

// say gives the words that the variant has for a label.
func (s *Server) say(text string) string { return cmp.Or(s.options.Variant.Relabel[text], text) }

// pageData is what the templates get.
type pageData struct {
	Title    string
	List     schema.List // of the menu's current entry, or empty
	Columns  []string
	Rows     []row
	Next     string // addresses of the parts before and after, or empty
	Previous string
	Paged    bool
	Dialog   bool
	Fields   []field
	Action   string
	Back     string
}

type row struct {
	Path  string
	Cells []string
}

func (s *Server) show(w http.ResponseWriter, name string, data pageData) {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
		"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes())
}

// title is the menu's word for a list, as the vendor documents it.
func title(l schema.List) string {
	if l == schema.Connections {
		return "Outgoing Mail Connections"
	}
	return "OAuth2 Client Credentials"
}

// columns are the fields that a list shows.
func columns(l schema.List) []string {
	if l == schema.Connections {
		return []string{"name", "from_address", "connect_mode", "host"}
	}
	return []string{"name", "service_provider", "client_id"}
}

func (s *Server) items(l schema.List) []schema.Item {
	var out []schema.Item
	if l == schema.Connections {
		for _, c := range s.options.Connections {
			out = append(out, c)
		}
		return out
	}
	for _, c := range s.options.Credentials {
		out = append(out, c)
	}
	return out
}

// item returns the item that a path names by its place in the list, from 1.
func (s *Server) item(r *http.Request, l schema.List) (schema.Item, bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if all := s.items(l); err == nil && n >= 1 && n <= len(all) {
		return all[n-1], true
	}
	return nil, false
}

func (s *Server) serveList(w http.ResponseWriter, r *http.Request, l schema.List) {
	path, size := "/admin/"+string(l), s.options.Variant.PageSize
	p := pageData{Title: title(l), List: l, Dialog: s.options.Variant.Form == "dialog", Paged: size > 0}
	for _, name := range columns(l) {
		f, _ := schema.FieldByName(schema.ServerFormat, l, name)
		p.Columns = append(p.Columns, f.Label)
	}
	all := s.items(l)
	from, to := 0, len(all)
	if size > 0 {
		part, err := strconv.Atoi(r.FormValue("page"))
		if err != nil || part < 1 || part > len(all)/size+1 {
			part = 1
		}
		from, to = min((part-1)*size, len(all)), min(part*size, len(all))
		if part > 1 {
			p.Previous = path + "?page=" + strconv.Itoa(part-1)
		}
		if to < len(all) {
			p.Next = path + "?page=" + strconv.Itoa(part+1)
		}
	}
	for i, it := range all[from:to] {
		one := row{Path: path + "/" + strconv.Itoa(from+i+1)}
		for _, name := range columns(l) {
			one.Cells = append(one.Cells, schema.Text(it, name))
		}
		p.Rows = append(p.Rows, one)
	}
	s.show(w, "list.html", p)
}

func (s *Server) serveForm(w http.ResponseWriter, r *http.Request, l schema.List) {
	it, ok := s.item(r, l)
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.count(func(c *Counts) { c.Opened++ })
	path := "/admin/" + string(l)
	p := pageData{Title: "Edit " + strings.TrimSuffix(title(l), "s"), List: l,
		Action: path + "/" + r.PathValue("n"), Back: path, Fields: s.fields(it)}
	if s.options.Variant.Reorder {
		slices.Reverse(p.Fields)
	}
	name := "form.html"
	if r.Header.Get("X-Requested-With") == "XMLHttpRequest" {
		name = "dialog.html"
	}
	s.show(w, name, p)
}
