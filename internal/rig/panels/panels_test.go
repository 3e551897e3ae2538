package panels_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/internal/rig/panels"
)

// A script with fixed selectors adds and edits a connection in each panel: the
// panels work, whatever a driver makes of them.
func TestEachPanelAddsAndEdits(t *testing.T) {
	for _, library := range panels.Libraries {
		t.Run(string(library), func(t *testing.T) { addAndEdit(t, library, panels.Options{}) })
	}
}

func TestEachPanelAddsAndEditsWhateverItsOptions(t *testing.T) {
	for _, library := range panels.Libraries {
		for seed := range uint64(2) {
			o := panels.Vary(library, seed+1)
			o.PageOf = 0
			t.Run(fmt.Sprintf("%s %d", library, seed+1), func(t *testing.T) { addAndEdit(t, library, o) })
		}
	}
}

func addAndEdit(t *testing.T, library panels.Library, o panels.Options) {
	t.Parallel()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%+v", o)
		}
	})
	server := library == panels.AUI
	sample := panels.Sample(server)
	o.Has.Credentials = sample.Credentials
	p := panels.Start(t, library, o)
	tab, _ := chromium.Tab(t)
	bare := p.Bare(t, tab)
	for _, item := range sample.Connections {
		bare.Save(panels.Connections, item)
	}
	changed := maps.Clone(sample.Connections[1])
	changed["description"], changed["encryption"], changed["password"] = "", "None", ""
	bare.Save(panels.Connections, changed)
	changed["password"] = sample.Connections[1]["password"] // an empty one stays as it was
	want := []panels.Item{sample.Connections[0], changed, sample.Connections[2]}
	got := p.Items(panels.Connections)
	for n := range want {
		if n >= len(got) {
			t.Fatalf("%d connections are there", len(got))
		}
		delete(got[n], "id")
		if !maps.Equal(got[n], want[n]) {
			t.Errorf("the panel holds\n%q, not\n%q", got[n], want[n])
		}
	}
	if p.Writes() != 4 {
		t.Errorf("%d writes", p.Writes())
	}
}

// Every row of a list that is shown in parts can be reached, whatever leads on.
func TestAListInPartsShowsEveryRow(t *testing.T) {
	for _, library := range panels.Libraries {
		t.Run(string(library), func(t *testing.T) {
			t.Parallel()
			tab, _ := chromium.Tab(t)
			for _, o := range []panels.Options{{}, {Next: "›"}, {Next: "Load more", Grows: true}, {Next: "scroll"}} {
				for _, name := range []string{"A", "B", "C", "D", "E"} {
					o.Has.Connections = append(o.Has.Connections, panels.Item{"name": name})
				}
				o.PageOf = 2
				if o.Next == "scroll" && library == panels.AUI {
					continue // its pages are the server's
				}
				p := panels.Start(t, library, o)
				p.Bare(t, tab)
				seen := map[string]bool{}
				chromium.Until(t, fmt.Sprintf("%q leads to every row", o.Next), func() bool {
					names, _ := chromedp.Run(tab, chromedp.Evaluate[string](rows)) // none while a page follows another
					for _, name := range strings.Fields(names) {
						seen[name] = true
					}
					return len(seen) == 5
				})
				if p.Writes() != 0 {
					t.Errorf("%d writes", p.Writes())
				}
			}
		})
	}
}

// rows gives the names of the rows that are there; where they are others than
// before it presses what leads on, or scrolls.
const rows = `(() => {
	const names = [...document.querySelectorAll('[data-testid^=acts-]')].map((e) => e.dataset.testid.slice(5)).join(' ');
	const next = document.querySelector('[aria-label="Go to next page"], .ant-pagination-next button, main [aria-label=next], .aui-nav-next a, main [aria-label*="ext page" i]')
		?? [...document.querySelectorAll('main button')].find((e) => ['Next', '›', 'Load more'].includes(e.textContent));
	scrollTo(0, 1e6);
	if (names && names !== window.before && next && !next.disabled) { window.before = names; next.click() }
	return names;
})()`
