// Package panels serves admin panels of Email This Issue drawn with component
// libraries that products are really made of: Atlassian's design system, AUI,
// MUI, Ant Design, React Aria. The pages are written from the documents' field
// table and the libraries' own documents, without a look at the page driver that
// is held against them. Below is one small server with a store in memory, and
// one description of both lists; a file per library draws them.
package panels

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Library is what a panel is drawn with.
type Library string

// The libraries.
const (
	Atlaskit Library = "atlaskit" // Atlassian's design system for Cloud
	AUI      Library = "aui"      // Atlassian's design system for Server; pages made by the server
	MUI      Library = "mui"
	Antd     Library = "antd"
	Aria     Library = "aria" // React Aria Components
)

// Libraries are all of them.
var Libraries = []Library{Atlaskit, AUI, MUI, Antd, Aria}

// Lists of a panel.
const (
	Connections = "connections"
	Credentials = "credentials"
)

// Item is a connection or a credential by the field names of a bundle of the
// panel's side; a switch is "true" or "false". Beside them stands "id".
type Item map[string]string

// Store is what a panel holds.
type Store struct{ Credentials, Connections []Item }

// Panel is a panel that answers.
type Panel struct {
	// Address is where an administrator begins: the panel's own page, or the host
	// page of another site with the panel in a frame.
	Address string
	App     string // the panel's own page, without a site around it

	library Library
	options Options
	product product
	writes  atomic.Int64

	mu    sync.Mutex
	items map[string][]Item
	next  int
}

// Start serves a panel until the test ends. On Cloud, which every panel but AUI's
// is, the app stands in a frame of another site.
func Start(t testing.TB, library Library, o Options) *Panel {
	t.Helper()
	pages, err := Build()
	if err != nil {
		t.Fatalf("the panels cannot be built: %v", err)
	}
	o = o.of(library)
	p := &Panel{library: library, options: o, product: describe(library, o), items: map[string][]Item{}, next: 1}
	for list, items := range map[string][]Item{Connections: o.Has.Connections, Credentials: o.Has.Credentials} {
		for _, item := range items {
			p.put(list, "", maps.Clone(item))
		}
	}
	app := httptest.NewServer(p.counted(p.app(library, pages)))
	t.Cleanup(app.Close)
	p.App = app.URL + "/"
	p.Address = p.App
	if library != AUI {
		frame := strings.Replace(app.URL, "127.0.0.1", "localhost", 1) + "/"
		host := httptest.NewServer(p.counted(hostPage(frame)))
		t.Cleanup(host.Close)
		p.Address = host.URL + "/"
	}
	return p
}

// Items returns what the panel holds of a list now, in the order in which it came.
func (p *Panel) Items(list string) []Item {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Item, len(p.items[list]))
	for n, item := range p.items[list] {
		out[n] = maps.Clone(item)
	}
	return out
}

// Item returns the one of that name, or nil.
func (p *Panel) Item(list, name string) Item {
	for _, item := range p.Items(list) {
		if item["name"] == name {
			return item
		}
	}
	return nil
}

// Writes counts the requests so far that could change something: all but GET and
// HEAD, the refused ones included.
func (p *Panel) Writes() int { return int(p.writes.Load()) }

func (p *Panel) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			p.writes.Add(1)
		}
		h.ServeHTTP(w, r)
	})
}

// put stores an item: in the place of the one with that id, or as the last.
func (p *Panel) put(list, id string, item Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.IndexFunc(p.items[list], func(i Item) bool { return i["id"] == id && id != "" })
	if at < 0 {
		item["id"] = itoa(p.next)
		p.next++
		p.items[list] = append(p.items[list], item)
		return
	}
	old := p.items[list][at]
	for _, f := range p.product.list(list).Fields {
		// A secret is not shown again, and stays unless a new one is typed; what a
		// person cannot change stays too.
		if value, given := item[f.Key]; f.Kind == readonly || f.Kind == secret && (!given || value == "") {
			if value, had := old[f.Key]; had {
				item[f.Key] = value
			}
		}
	}
	item["id"] = id
	p.items[list][at] = item
}

// saving is how long it takes to save.
const saving = 120 * time.Millisecond

// wait lets a part of a page take its time; a page that is left ends it.
func wait(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}
