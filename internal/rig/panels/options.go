package panels

import (
	"cmp"
	"math/rand/v2"
	"strings"
	"time"
)

// Options of a panel. The zero value draws it as plainly as its library does.
type Options struct {
	Server bool   // Server's fields on Jira's own page; always so with AUI
	Has    Store  // what is there at first
	Seed   uint64 // if set, words, order and menus are shuffled by it

	Menu    string // of the panel: "" links below headings, "tabs" behind a tab, "folds" below headings that fold
	List    string // "" the library's usual one, "table" of plain HTML, "library", "grid", "cards"
	Row     string // "" a ⋯ menu named "Actions", "named" "Actions for NAME", "unnamed", "two" menus, "old" (of AUI), "buttons", "icons", "link"
	Badge   bool   // beside the name, in its cell
	PageOf  int    // rows a page; 0: all
	Next    string // the words of what leads on; "": the library's own paging. "scroll": the list grows at its end
	Grows   bool   // what leads on adds rows below the others
	NoHead  bool   // header cells are <td>, as the library draws empty ones
	Form    string // "" a dialog, "drawer", "page"
	OneName bool   // the form is titled "Edit …" also when adding
	Fold    bool   // some fields are behind "Advanced settings"
	Change  bool   // an update has its password behind "Change password"
	Choice  Choice
	NoCheck bool          // the server alone says what is wrong
	Alert   bool          // what is wrong stands above the form, not beside the field
	Chosen  string        // the provider that a new connection's form has at first
	Masked  bool          // Server shows a password as ********, not as it is
	Legend  bool          // AUI: the legend alone names a switch
	Save    time.Duration // that saving takes; 0: 120 ms
	Late    time.Duration // until a list has its rows
}

// Choice is how a panel's choices behave.
type Choice struct {
	Search  string // "" as the library usually has it, "yes", "no"
	Clear   bool
	Groups  bool
	Inline  bool // the menu opens beside its control, not at the end of the page
	Under   bool // Atlaskit: the menu lies below the dialog that it belongs to, for want of a z-index
	Virtual bool // of a hundred options, only those in sight are drawn; Antd and Aria
	// From is where the options come from: "" are there, "request", "timer", or
	// "typing": only after something was typed.
	From  string
	After time.Duration // until they are there
	// Native is what stands before AUI's <select>: "" nothing, "select2", "chosen",
	// or "auiselect", which is none.
	Native string
	// Empty adds an empty option to choices that need no value: its words.
	Empty string
}

// of are the options as a library draws them.
func (o Options) of(l Library) Options {
	o.Server = o.Server || l == AUI
	o.Save = cmp.Or(o.Save, 120*time.Millisecond)
	if o.List == "" {
		o.List = "library"
		if l == Atlaskit || l == AUI {
			o.List = "table"
		}
	}
	if l == AUI && o.Form == "" {
		o.Form = "page"
	}
	return o
}

// Vary draws lots by a seed for what a panel of the library can be: print the
// seed where a test fails.
func Vary(library Library, seed uint64) Options {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	yes := func() bool { return r.IntN(2) == 0 }
	o := Options{
		Seed: seed, Row: pick("", "named", "unnamed", "two", "buttons", "icons", "link"), List: pick("", "table", "grid", "cards"),
		Menu: pick("", "tabs", "folds"), Form: pick("dialog", "drawer", "page"),
		Badge: yes(), NoHead: yes(), OneName: yes(), Fold: yes(), Change: yes(), NoCheck: yes(), Alert: yes(), Masked: yes(), Legend: yes(),
		Choice: Choice{
			Search: pick("", "yes", "no"), Clear: yes(), Groups: yes(), Inline: yes(), From: pick("", "", "request", "timer", "typing"),
			After: time.Duration(700+r.IntN(2300)) * time.Millisecond, Native: pick("", "select2", "chosen", "auiselect"),
		},
	}
	if library == AUI {
		o.List, o.Menu, o.Form = "", "", pick("dialog", "page")
	}
	if yes() {
		o.PageOf, o.Next = 2, pick("", "Next", "Next page", "›", "More", "Load more", "scroll")
		o.Grows = strings.HasSuffix(strings.ToLower(o.Next), "more")
	}
	return o
}
