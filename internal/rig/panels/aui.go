package panels

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
)

// auiPage is what a page of AUI's is made of.
type auiPage struct {
	Options
	Lists []list
	List  *list
	Acts  []string
	Rows  []Item // of the list's page
	Item  *Item  // of a form's own page; its "id" is "" where one is added
	Wrong map[string]string
	After string   // where the next page is, or ""
	Pages []string // where each page is
}

// Value is what a field of the form shows.
func (a *auiPage) Value(of field) string {
	value, given := (*a.Item)[of.Key]
	switch {
	case !given && (*a.Item)["id"] == "":
		return of.Default
	case of.Key == "client_secret":
		return ""
	}
	return value
}

// Shown reports whether a field is there with the values that the form has.
func (a *auiPage) Shown(of field) bool {
	values := Item{}
	for _, f := range a.List.Fields {
		values[f.Key] = a.Value(f)
	}
	return slices.ContainsFunc(a.List.shown(values), func(f field) bool { return f.Key == of.Key })
}

var auiTemplates = template.Must(template.New("").Funcs(template.FuncMap{
	"inc": func(n int) int { return n + 1 },
	"of":  func(a *auiPage, of field) map[string]any { return map[string]any{"Page": a, "F": of} },
}).ParseFS(sources, "web/aui.html"))

// auiPages are Jira's own pages: one for each list, one for each form, made by the server.
func (p *Panel) auiPages(mux *http.ServeMux) {
	show := func(w http.ResponseWriter, page *auiPage) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := auiTemplates.ExecuteTemplate(w, "page", page); err != nil {
			panic(err) // the templates are this package's own
		}
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { show(w, p.auiList(Connections, r)) })
	mux.HandleFunc("GET /list/{list}", func(w http.ResponseWriter, r *http.Request) { show(w, p.auiList(r.PathValue("list"), r)) })
	mux.HandleFunc("GET /edit/{list}/{id...}", func(w http.ResponseWriter, r *http.Request) {
		page, item := p.aui(r.PathValue("list")), p.byID(r.PathValue("list"), r.PathValue("id"))
		page.Item = &item
		show(w, page)
	})
	mux.HandleFunc("POST /save/{list}/{id...}", func(w http.ResponseWriter, r *http.Request) {
		l, id, item := p.product.list(r.PathValue("list")), r.PathValue("id"), Item{}
		_ = r.ParseForm()
		for _, f := range l.Fields {
			item[f.Key] = r.PostFormValue(f.Key)
			if f.Kind == toggle {
				item[f.Key] = strconv.FormatBool(item[f.Key] != "")
			}
		}
		kept := Item{}
		for _, f := range l.shown(item) {
			kept[f.Key] = item[f.Key]
		}
		wait(r, saving)
		if wrong := p.check(l, id, kept); len(wrong) > 0 {
			page := p.aui(l.Key)
			page.Item, page.Wrong = &kept, wrong
			kept["id"] = id
			show(w, page)
			return
		}
		p.put(l.Key, id, kept)
		http.Redirect(w, r, "/list/"+l.Key, http.StatusSeeOther)
	})
}

func (p *Panel) byID(list, id string) Item {
	for _, item := range p.Items(list) {
		if item["id"] == id {
			return item
		}
	}
	return Item{}
}

// aui is a page with the list's fields as they are now.
func (p *Panel) aui(key string) *auiPage {
	l := *p.product.list(key)
	l.Fields = slices.Clone(l.Fields)
	for n, f := range l.Fields {
		if f.Of != "" {
			l.Fields[n].Options = append([]string{""}, p.names(f.Of)...)
		}
	}
	return &auiPage{Options: p.options, Lists: p.product.Lists, List: &l, Acts: p.product.Acts}
}

func (p *Panel) auiList(key string, r *http.Request) *auiPage {
	page := p.aui(key)
	at, _ := strconv.Atoi(r.FormValue("at"))
	size, total := p.options.PageOf, len(p.Items(key))
	page.Rows = p.Items(key)
	if size > 0 {
		page.Rows = page.Rows[min(at*size, total):min((at+1)*size, total)]
		for n := range (total + size - 1) / size {
			page.Pages = append(page.Pages, "?at="+strconv.Itoa(n))
		}
		if at+1 < len(page.Pages) {
			page.After = page.Pages[at+1]
		}
	}
	return page
}
