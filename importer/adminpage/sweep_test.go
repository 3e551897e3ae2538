package adminpage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mailferry/mailferry/importer/adminpage"
	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/panels"
	"github.com/mailferry/mailferry/schema"
)

// Rows, lists and choices of every make are read as they are.
func TestPanelsOfEveryMakeAreRead(t *testing.T) {
	for n, o := range []panels.Options{
		{Row: "two", List: "cards"}, {Row: "unnamed", List: "grid", Badge: true}, {Row: "icons", PageOf: 1}, {Row: "link", Badge: true}, {Row: "buttons", PageOf: 1, Grows: true, Next: "Load more"},
		{Row: "named", NoHead: true, List: "table", Form: "drawer", PageOf: 1, Next: "›"}, {Form: "page", PageOf: 1, Next: "scroll", Grows: true},
		{Choice: panels.Choice{Search: "yes", Clear: true, Groups: true, From: "timer", After: 2 * time.Second}},
		{Choice: panels.Choice{From: "typing"}}, {Choice: panels.Choice{Virtual: true, Inline: true}}, {Choice: panels.Choice{Search: "no", Inline: true, Groups: true}},
	} {
		// Each is drawn by one library, in turn: all by all take minutes.
		for _, library := range []panels.Library{[]panels.Library{panels.Atlaskit, panels.MUI, panels.Antd, panels.Aria}[n%4]} {
			t.Run(fmt.Sprint(library, " ", n), func(t *testing.T) {
				t.Parallel()
				sample := panels.Sample(false)
				o.Has = sample
				p := panels.Start(t, library, o)
				c := rig.Get(adminpage.Open("page+"+p.Address, formprofile.Options{Profile: shipped(t, plainOnly), Browser: shell(t, 6*time.Second)})).Or(t)
				defer c.Close()
				all := rig.Get(c.List(t.Context(), schema.Connections)).Or(t)
				if len(all) != len(sample.Connections) {
					t.Fatalf("%d rows", len(all))
				}
				for i, r := range all {
					for key, want := range sample.Connections[i] {
						if got := schema.Text(r.Item, key); key != "password" && got != want && !(key == "debug" && want == "false" && got == "") {
							t.Errorf("%s: %s is %q, want %q", sample.Connections[i]["name"], key, got, want)
						}
					}
				}
			})
		}
	}
}
