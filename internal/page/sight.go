package page

import (
	"regexp"
	"slices"

	"github.com/mailferry/mailferry/internal/human"
)

// Sight is what a scope shows, by the names that a person reads.
type Sight struct {
	Headings []string
	Buttons  []string
	Folds    []string   // of the buttons those that look as though they bring more fields up, tabs last
	Tabs     []string   // of the buttons the tabs that are selected
	Tables   [][]string // the columns of each
	Notice   string     // what stands in a table in the place of rows, or in the place of a table
}

// A button to change or to set something brings a field up where that is a secret, and else may
// do it at once.
var foldNames = regexp.MustCompile(`(?i)^(?:advanced|additional|more|show|expand|erweitert|weitere|mehr)\b.*\pL|` +
	`^(?:change|set|replace|edit|update|enter|new)\b.*(?:password|secret|token)|(?:passwort|kennwort|geheimnis)\b.* (?:ändern|ersetzen|setzen)$`)

// HasTab reports whether the form has a tab of that name.
func (l *Look) HasTab(name string) bool {
	return slices.ContainsFunc(namedAs(pressables(l.root), name), func(n *node) bool { return n.is("tab") })
}

// Sight is all that a person reads first.
func (l *Look) Sight() *Sight {
	out := &Sight{Headings: headings(l.root)}
	var others []string
	for _, n := range pressables(l.root) {
		name := human.Squeeze(n.name)
		if name == "" || n.flag("disabled") {
			continue
		}
		out.Buttons = append(out.Buttons, name)
		switch {
		case n.is("tab") && n.flag("selected"):
			out.Tabs = append(out.Tabs, name)
		case n.is("tab"):
			others = append(others, name)
		}
		folded := n.state["expanded"] == "false" || n.state["expanded"] == "" && n.is("button") &&
			foldNames.MatchString(name)
		if n.state["hasPopup"] == "" && !n.is("link", "tab", "treeitem") && folded && !destroys(n) {
			out.Folds = append(out.Folds, name)
		}
	}
	out.Folds = append(out.Folds, others...)
	l.root.each(func(n *node) bool {
		if !n.is("table", "grid", "treegrid") {
			return true
		}
		t := readTable(n)
		if names := (&Row{columns: t.columns}).Columns(); len(names) > 0 {
			out.Tables = append(out.Tables, slices.DeleteFunc(names, func(name string) bool { return name == "" }))
		}
		n.each(func(row *node) bool {
			if cells := cellsOf(row); row.is("row") && len(cells) == 1 && len(t.columns) > 1 && len(t.rows) == 0 {
				out.Notice = cells[0].cellText()
			}
			return !row.is("row")
		})
		return true
	})
	if len(out.Tables) == 0 {
		out.Notice = notice(l.root)
	}
	return out
}

// nothing are words by which pages say that something is not there.
var nothing = regexp.MustCompile(`(?i)\b(?:no|none|not|nothing|any|empty|yet|kein[en]?|nichts|leer)\b`)

// notice is what a page without a table says in its place: the first text beside its controls
// that says that there is nothing, or else the last, which most likely tells how to begin.
func notice(root *node) (text string) {
	root.each(func(n *node) bool {
		switch said := n.cellText(); {
		case n.is(pressRoles...), n.entered(), n.is("LabelText", "navigation", "banner", "contentinfo",
			"complementary"):
			return false
		case !n.is("StaticText", "heading"), human.FoldLabel(said) == "", nothing.MatchString(text):
		default:
			if means, _ := meaningOf(said); means != meansLoading {
				text = said
			}
		}
		return !n.is("heading")
	})
	return text
}
