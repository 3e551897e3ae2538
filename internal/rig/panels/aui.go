package panels

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strconv"
)

// mask stands in a page for a password that it does not show.
const mask = "********"

// auiPage is what a page of AUI's is made of.
type auiPage struct {
	Options
	Lists  []list
	List   *list
	Acts   []string
	Rows   []row    // of the list's page
	Forms  []form   // of the dialogs, or the one of a form's own page
	After  string   // where the next page is, or ""
	Pages  []string // where each page is
	Single bool     // a form's own page
}

// row is an item in its list.
type row struct {
	Row   string // how its form is reached
	Item  Item
	Links []link
}

// link is one of the things that can be done with an item.
type link struct{ Label, Class, Href, ID string }

func (a *auiPage) row(item Item) row {
	out := row{Row: a.Row, Item: item}
	for _, label := range a.Acts {
		l := link{Label: label, Href: "#", ID: item["id"]}
		if label == "Edit" {
			l.Class = "edit"
			if a.Form != "dialog" {
				l.Href = "/edit/" + a.List.Key + "/" + item["id"]
			}
		}
		out.Links = append(out.Links, l)
	}
	return out
}

// Edit is the link that opens the form.
func (r row) Edit() link {
	return r.Links[slices.IndexFunc(r.Links, func(l link) bool { return l.Class == "edit" })]
}

// More names the menu.
func (r row) More() string {
	switch r.Row {
	case "named":
		return "Actions for " + r.Item["name"]
	case "unnamed":
		return ""
	}
	return "More"
}

// form is the form of an item; Item["id"] is "" where one is added.
type form struct {
	*auiPage
	Item  Item
	Wrong map[string]string
}

// Title is that of the form's page or dialog.
func (f form) Title() string {
	if f.Item["id"] == "" && !f.OneName {
		return "Add " + f.List.One
	}
	return "Edit " + f.List.One
}

// Value is what a field shows.
func (f form) Value(of field) string {
	value, given := f.Item[of.Key]
	switch {
	case !given && f.Item["id"] == "":
		return of.Default
	case of.Key == "client_secret":
		return ""
	case of.Kind == secret && f.Masked && value != "":
		return mask
	}
	return value
}

// Shown reports whether a field is there with the values that the form has.
func (f form) Shown(of field) bool {
	return slices.ContainsFunc(f.List.shown(Item{f.List.Decides: f.Value(f.decider())}), func(s field) bool { return s.Key == of.Key })
}

func (f form) decider() field {
	for _, of := range f.List.Fields {
		if of.Key == f.List.Decides {
			return of
		}
	}
	return field{}
}

var auiTemplates = template.Must(template.New("").Funcs(template.FuncMap{
	"inc": func(n int) int { return n + 1 },
	"of": func(f form, of field) map[string]any {
		return map[string]any{"Form": f, "F": of, "Value": f.Value(of), "Wrong": f.Wrong[of.Key]}
	},
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
		show(w, p.auiForm(r.PathValue("list"), p.byID(r.PathValue("list"), r.PathValue("id")), nil))
	})
	mux.HandleFunc("POST /save/{list}/{id...}", func(w http.ResponseWriter, r *http.Request) {
		l, id, item := p.product.list(r.PathValue("list")), r.PathValue("id"), Item{}
		_ = r.ParseForm()
		for _, f := range l.Fields {
			item[f.Key] = r.PostFormValue(f.Key)
			if f.Kind == toggle {
				item[f.Key] = strconv.FormatBool(item[f.Key] != "")
			}
			if f.Kind == secret && item[f.Key] == mask {
				item[f.Key] = ""
			}
		}
		kept := Item{}
		for _, f := range l.shown(item) {
			kept[f.Key] = item[f.Key]
		}
		wait(r, p.options.Save)
		if wrong := p.check(l, id, kept); len(wrong) > 0 {
			kept["id"] = id
			show(w, p.auiForm(l.Key, kept, wrong))
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
		if f.Kind == choice {
			l.Fields[n].Options = p.offered(f)
			if f.Of != "" {
				l.Fields[n].Options = append([]string{p.options.Choice.Empty}, l.Fields[n].Options...)
			}
		}
	}
	return &auiPage{Options: p.options, Lists: p.product.Lists, List: &l, Acts: p.product.Acts}
}

func (p *Panel) auiForm(key string, item Item, wrong map[string]string) *auiPage {
	page := p.aui(key)
	page.Single = true
	page.Forms = []form{{page, item, wrong}}
	return page
}

func (p *Panel) auiList(key string, r *http.Request) *auiPage {
	page := p.aui(key)
	at, _ := strconv.Atoi(r.FormValue("at"))
	size, total := p.options.PageOf, len(p.Items(key))
	items := p.Items(key)
	if size > 0 {
		items = items[min(at*size, total):min((at+1)*size, total)]
		for n := range (total + size - 1) / size {
			page.Pages = append(page.Pages, "?at="+strconv.Itoa(n))
		}
		if at+1 < len(page.Pages) {
			page.After = page.Pages[at+1]
		}
	}
	for _, item := range items {
		page.Rows = append(page.Rows, page.row(item))
	}
	page.Next = cmp.Or(page.Next, "Next page")
	if p.options.Form == "dialog" {
		for _, item := range append([]Item{{}}, items...) {
			page.Forms = append(page.Forms, form{page, item, nil})
		}
	}
	return page
}
