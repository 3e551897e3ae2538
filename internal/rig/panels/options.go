package panels

import "time"

// Options of a panel. The zero value draws it as plainly as its library does.
type Options struct {
	Has  Store  // what is there at first
	Seed uint64 // if set, words, order and menus are shuffled by it

	List   string // "" the library's usual one, "table" of plain HTML, "library", "grid", "cards"
	Row    string // "" a ⋯ menu named "Actions", "named" "Actions for NAME", "unnamed", "two" menus, "buttons", "icons", "link"
	Badge  bool   // beside the name, in its cell
	PageOf int    // rows a page; 0: all
	Next   string // the words of what leads on; "": the library's own paging. "scroll": the list grows at its end
	Grows  bool   // what leads on adds rows below the others
	NoHead bool   // header cells are <td>, as the library draws empty ones
	Form   string // "" a dialog, "drawer", "page", which AUI's always is
	Fold   bool   // some fields are behind "Advanced settings"
	Change bool   // an update has its password behind "Change password"
	Fixed  string // the key of a field that takes nothing
	Choice Choice
	Late   time.Duration // until a list has its rows
}

// Choice is how a panel's choices behave.
type Choice struct {
	Search  string // "" as the library usually has it, "yes", "no"
	Clear   bool
	Groups  bool
	Inline  bool // the menu opens beside its control, not at the end of the page
	Virtual bool // of a hundred options, only those in sight are drawn; Antd and Aria
	// From is where the options come from: "" are there, "request", "timer", or
	// "typing": only after something was typed.
	From   string
	After  time.Duration // until they are there
	Native string        // what stands before AUI's <select>: "" nothing, "select2", "chosen"
}

// of are the options as a library draws them.
func (o Options) of(l Library) Options {
	if o.List == "" {
		o.List = "library"
		if l == Atlaskit || l == AUI {
			o.List = "table"
		}
	}
	return o
}
