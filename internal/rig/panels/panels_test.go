package panels_test

import (
	"fmt"
	"maps"
	"testing"

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
