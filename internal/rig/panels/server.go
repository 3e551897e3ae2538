package panels

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// hostPage is the page of the site around the app: with fields of its own, as Jira has.
func hostPage(frame string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Jira</title><link rel=icon href="data:,"><h1>Jira administration</h1>
<input aria-label="Name" placeholder="search Jira">
<iframe title="Email This Issue" src="%s" style="width:100%%;height:1400px"></iframe>`, frame)
	})
}

var index = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Email This Issue</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/built/{{.Library}}.css">
<div id="root"></div><script>window.PANEL = {{.Panel}}</script><script src="/built/{{.Library}}.js"></script></html>`))

// app serves the panel itself.
func (p *Panel) app(library Library, pages string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /built/", http.StripPrefix("/built/", http.FileServerFS(os.DirFS(pages))))
	if library == AUI {
		p.auiPages(mux)
		return mux
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		o := p.options
		o.Has = Store{}
		_ = index.Execute(w, map[string]any{"Library": library, "Panel": struct {
			Options
			Product product
		}{o, p.product}})
	})
	mux.HandleFunc("GET /data/{list}", p.getList)
	mux.HandleFunc("POST /data/{list}", p.save)
	mux.HandleFunc("PUT /data/{list}/{id}", p.save)
	mux.HandleFunc("GET /options/{list}/{field}", p.getOptions)
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// page returns some items of a list without their secrets, and how many there are.
func (p *Panel) page(key string, from, size int) ([]Item, int) {
	items := p.Items(key)
	total := len(items)
	if size > 0 {
		items = items[min(max(from, 0), total):min(max(from, 0)+size, total)]
	}
	for _, f := range p.product.list(key).Fields {
		for _, item := range items {
			if f.Kind == secret {
				delete(item, f.Key)
			}
		}
	}
	return items, total
}

func (p *Panel) getList(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.FormValue("from"))
	size, _ := strconv.Atoi(r.FormValue("size"))
	wait(r, p.options.Late)
	items, total := p.page(r.PathValue("list"), from, size)
	answer(w, map[string]any{"items": items, "total": total})
}

func (p *Panel) save(w http.ResponseWriter, r *http.Request) {
	l, item := p.product.list(r.PathValue("list")), Item{}
	if err := json.NewDecoder(r.Body).Decode(&item); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	wait(r, saving)
	wrong := p.check(l, r.PathValue("id"), item)
	if len(wrong) == 0 {
		p.put(l.Key, r.PathValue("id"), item)
	}
	answer(w, map[string]any{"errors": wrong})
}

// offered are a choice's options; where they are many, those that are meant stand last.
func (p *Panel) offered(f field) []string {
	out := f.Options
	if f.Of != "" {
		out = p.names(f.Of)
	}
	if p.options.Choice.Virtual {
		var many []string
		for n := range 100 {
			many = append(many, fmt.Sprintf("Other %s %02d", strings.TrimSuffix(f.Label, ":"), n))
		}
		out = append(many, out...)
	}
	return out
}

func (p *Panel) getOptions(w http.ResponseWriter, r *http.Request) {
	if p.options.Choice.From != "" {
		wait(r, p.options.Choice.After)
	}
	var out []string
	fields := p.product.list(r.PathValue("list")).Fields
	if at := slices.IndexFunc(fields, func(f field) bool { return f.Key == r.PathValue("field") }); at >= 0 {
		out = p.offered(fields[at])
	}
	part := strings.ToLower(r.FormValue("q"))
	answer(w, slices.DeleteFunc(slices.Clone(out),
		func(s string) bool { return !strings.Contains(strings.ToLower(s), part) }))
}
