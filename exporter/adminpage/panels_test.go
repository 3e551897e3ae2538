package adminpage_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mailferry/mailferry/exporter/adminpage"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/internal/rig/panels"
	"github.com/mailferry/mailferry/schema"
)

// nine is a Server's content of nine connections made of a panel's sample.
func nine() panels.Store {
	has := panels.Sample(true)
	for i := 3; i < 9; i++ {
		item := maps.Clone(has.Connections[i%3])
		item["name"] += fmt.Sprint(" ", i)
		has.Connections = append(has.Connections, item)
	}
	return has
}

// From a page that nobody described to an export: the profile that a look suggests works
// unedited, and every field is read with nothing written.
func TestAPanelOfRealComponentsIsExported(t *testing.T) {
	for _, native := range []string{"select2", "chosen"} {
		t.Run(native, func(t *testing.T) {
			t.Parallel()
			isExported(t, panels.Options{Seed: rand.Uint64(), Row: "named", Fold: true, PageOf: 4, Choice: panels.Choice{Native: native}, Has: nine()})
		})
	}
}

func isExported(t *testing.T, o panels.Options) {
	t.Logf("shuffled by %d", o.Seed)
	p := panels.Start(t, panels.AUI, o)
	known, err := formprofile.Shipped(schema.ServerSide)
	if err != nil {
		t.Fatal(err)
	}
	opts := formprofile.Options{Profile: known, Browser: page.Options{Browser: chromium.Shell(t), Timeout: 10 * time.Second}}
	site, err := formprofile.New(p.Address, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	if opts.Profile, _, err = site.Suggest(t.Context()); err != nil {
		t.Fatal(err)
	}
	src := rig.Get(adminpage.New("page+"+p.Address, opts)).Or(t)
	got := rig.Get(src.Read(t.Context(), func(schema.Warning) {})).Or(t)
	want := append(o.Has.Credentials, o.Has.Connections...)
	if p.Writes() != 0 || len(got.Records) != len(want) {
		t.Fatalf("%d writes, %d records, want %d", p.Writes(), len(got.Records), len(want))
	}
	for i, r := range got.Records {
		for _, f := range schema.FieldsOf(r.Item) {
			have := schema.Text(r.Item, f.Name)
			switch {
			case f.Secret && r.Item.List() == schema.Credentials: // the page never shows it
				have = want[i][f.Name]
				if !r.Secret.IsZero() || r.Reason == "" {
					t.Errorf("%s: its secret is taken for one that the page shows", want[i]["name"])
				}
			case f.Secret:
				have = r.Secret.Reveal()
			}
			if have != want[i][f.Name] {
				t.Errorf("%s: %s is %q, want %q", want[i]["name"], f.Name, have, want[i][f.Name])
			}
		}
	}
}
