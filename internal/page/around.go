package page

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
)

// around is what stands near a list and belongs to it, its rows left out.
type around struct {
	list     *table
	from, to int     // the list's own place among the spots
	spots    []*spot // in the document's order
	rowCount int     // that the list itself declares, with header rows; 0 where it does not
	next     bool    // the document names a next one
	busy     bool    // the list or a row of it says that it is not all there
}

type spotKind int

const (
	spotText spotKind = iota
	spotControl
	spotPager // a part of the page that is named as one for paging
	spotHeading
	spotTable // another one
)

type spot struct {
	kind   spotKind
	node   *node
	at     int
	text   string
	means  meaning
	number int     // of the page that it leads to
	ends   bool    // with that number, after other words
	named  int     // which of the names of a next button it has; -1 where none
	claims []claim // that begin in it
	inList bool    // such as a caption, or a row with one cell for all columns
	pager  *node   // that it stands in
	layout layout
}

// layout is how the page lays out a spot.
type layout struct {
	Depth   int   `json:"depth"`  // in the document
	Shared  int   `json:"shared"` // ancestors that it has in common with the list
	With    []int `json:"with"`   // and with each heading and table
	Beside  bool  `json:"beside"` // in another column than the list
	Next    bool  `json:"next"`   // is a link with rel=next
	Current bool  `json:"current"`
	Clicks  bool  `json:"clicks"` // looks as though it could be pressed
	Still   bool  `json:"still"`  // looks as though it could not
}

// around looks for what belongs to the list and says something of how it goes on.
func (r *reading) around(ctx context.Context) (*around, error) {
	v, err := r.Look(ctx)
	if err != nil {
		return nil, err
	}
	a := &around{}
	if a.list, err = v.table(r.columns); err != nil {
		return nil, err
	}
	root := v.root
	if root.doc != a.list.root.doc { // a frame is not the list's, and the list may stand in one
		root = a.list.root.doc.root
	}
	a.walk(root, nil, false)
	a.read(r.next)
	var picked, borders []*spot
	for _, sp := range a.spots {
		switch {
		case sp.kind == spotHeading, sp.kind == spotTable:
			borders = append(borders, sp)
		case sp.kind == spotPager, len(sp.claims) > 0, sp.means != meansOther,
			sp.kind == spotControl && (sp.pager != nil || sp.node.is("link")): // a link may have rel=next
			picked = append(picked, sp)
		}
	}
	if err := a.measure(ctx, picked, borders); err != nil {
		return nil, err
	}
	a.spots = slices.DeleteFunc(picked, func(sp *spot) bool { return !a.owns(sp, borders) })
	return a, nil
}

func (a *around) measure(ctx context.Context, picked, borders []*spot) error {
	if n := len(picked) + len(borders); n > maxSpots {
		return failure(ErrIncomplete, "too much stands around the list to tell whether it ends: %d links and headings", n)
	}
	spots, args := slices.Concat(picked, borders), []any{len(picked)}
	for _, sp := range spots {
		args = append(args, sp.node)
	}
	var got struct {
		RowCount int      `json:"rowCount"`
		Next     bool     `json:"next"`
		Busy     bool     `json:"busy"`
		Spots    []layout `json:"spots"`
	}
	if err := a.list.root.runIn(ctx, true, "layout", &got, args...); err != nil {
		return err
	}
	if len(got.Spots) != len(spots) {
		return errors.New("browser: the page's own script changed what was read")
	}
	a.rowCount, a.next, a.busy = got.RowCount, got.Next, got.Busy
	for i, sp := range spots {
		sp.layout = got.Spots[i]
	}
	return nil
}

// walk collects the spots below n.
func (a *around) walk(n, pager *node, inList bool) {
	switch {
	case n.doc != a.list.root.doc:
		return
	case n == a.list.root:
		inList, a.from = true, len(a.spots)
		defer func() { a.to = len(a.spots) }()
	case inList && n.is("row", "listitem") && !a.spans(n), holdsTypedText(n),
		n.is("combobox") && pageChosen(n) == "", n.is("listbox", "menu", "tree", "ListMarker"):
		return
	}
	sp := &spot{node: n, at: len(a.spots), named: -1, inList: inList, pager: pager, text: n.name}
	deeper := false
	switch {
	case n.backend == 0 || a.list.root.within(n):
		sp, deeper = nil, true
	case n.is("StaticText", "image", "img", "progressbar"):
	case n.is("combobox"):
		sp.text = pageChosen(n)
	case n.is("heading"):
		sp.kind, sp.text = spotHeading, n.cellText()
	case n.is("table", "grid", "treegrid") && holdsData(n):
		sp.kind = spotTable
	case n.is(pressRoles...):
		sp.kind, sp.text = spotControl, n.cellText()
	case n.flag("focusable") && n.is("listitem", "generic"): // a pager's own make of a button, which may hold another
		sp.kind, sp.text, deeper = spotControl, n.cellText(), true
	case n.is("navigation", "region", "group", "list", "toolbar", "generic") && paging.MatchString(n.name):
		sp.kind, pager, deeper = spotPager, n, true
	default:
		sp, deeper = nil, true
	}
	if sp != nil {
		a.spots = append(a.spots, sp)
	}
	for _, child := range n.children {
		if deeper {
			a.walk(child, pager, inList)
		}
	}
}

// pageChosen says in words which page a list of all pages shows; it is "" of any other list.
func pageChosen(n *node) string {
	name := paging.FindStringIndex(n.name)
	if name == nil || perPage.MatchString(strings.TrimSpace(n.name[:name[0]])) {
		return ""
	}
	at, of, counts := 0, 0, true
	n.each(func(o *node) bool {
		if o.is("option", "MenuListOption") {
			of++
			m := pageOption.FindStringSubmatch(o.name)
			if counts = counts && m != nil && count(m[1]) == of; o.flag("selected") {
				at = of
			}
		}
		return true
	})
	if !counts || of < 2 {
		return ""
	}
	return fmt.Sprintf("Page %d of %d", at, of)
}

// spans reports whether a row of the list has one cell for all columns, as those have that hold
// a pager or a button.
func (a *around) spans(row *node) bool { return len(a.list.columns) > 1 && len(cellsOf(row)) == 1 }

// holdsData tells a table of its own from one that arranges things, a pager say.
func holdsData(n *node) bool {
	t := readTable(n)
	return len(t.columns) > 0 || len(t.rows) > 3
}

// read finds out what controls and texts mean.
func (a *around) read(next []string) {
	var line []*spot
	for i, sp := range a.spots {
		if i == a.from || i == a.to || sp.kind == spotHeading || sp.kind == spotTable {
			readLine(line)
			line = nil
		}
		if sp.kind != spotControl && sp.kind != spotText {
			continue
		}
		line = append(line, sp)
		if sp.kind == spotText || !unfolds(sp.node) {
			sp.means, sp.number = meaningOf(sp.text)
		}
		name := human.FoldLabel(sp.node.name)
		found := endsIn.FindStringSubmatch(sp.text)
		switch {
		case sp.kind == spotControl:
			sp.named = slices.IndexFunc(next, func(n string) bool { return human.FoldLabel(n) == name })
			if sp.named >= 0 {
				sp.means = meansNext // whatever its name may mean elsewhere
			}
		case found != nil && sp.means == meansOther:
			sp.means, sp.number, sp.ends = meansNumber, count(found[1]), true // "Pages: 1 |", before the link 2
		}
	}
	readLine(line)
}

// paragraphRoles are those of parts whose texts run on; in others each text is by itself.
var paragraphRoles = []string{"generic", "paragraph", "status", "caption", "listitem", "cell", "gridcell",
	"LabelText", "strong", "emphasis"}

// readLine finds the claims in texts that follow each other, those of one paragraph as one
// text: "1", "of" and "3".
func readLine(line []*spot) {
	var text strings.Builder
	var starts []int
	for i, sp := range line {
		switch in := sp.node.parent; {
		case i == 0:
		case sp.kind == spotText && line[i-1].kind == spotText && in == line[i-1].node.parent &&
			in.is(paragraphRoles...):
			text.WriteByte(' ')
		default:
			text.WriteByte('\t')
		}
		starts = append(starts, text.Len())
		text.WriteString(human.Squeeze(sp.text))
	}
	found, at := claimsIn(text.String())
	for i, c := range found {
		n, exact := slices.BinarySearch(starts, at[i])
		if !exact {
			n--
		}
		// A button with a number of rows chooses how many are shown, and one with a page's number leads to that.
		if line[n].kind == spotText || !c.perPart && (!c.pages || unfolds(line[n].node)) {
			line[n].claims = append(line[n].claims, c)
		}
	}
}

// unfolds reports whether pressing opens something or switches it instead of leading somewhere.
func unfolds(n *node) bool {
	return n.state["hasPopup"] != "" || n.state["expanded"] != "" ||
		n.is("tab") && !(bareNumber.MatchString(n.name) && n.parent != nil && paging.MatchString(n.parent.name)) ||
		n.is("treeitem", "DisclosureTriangle", "PopUpButton", "menuitemcheckbox", "menuitemradio")
}

// owns reports whether a spot belongs to the list rather than to something else on the page.
func (a *around) owns(sp *spot, borders []*spot) bool {
	follows := sp.at >= a.to
	// An arrow, a number or a word such as "More" stands on pages for much else.
	vague := sp.pager == nil && len(sp.claims) == 0 &&
		(sp.means == meansMore || sp.means == meansForward || sp.means == meansNumber)
	switch {
	case sp.inList:
		return true
	case vague && sp.layout.Beside, sp.means == meansMore && !follows:
		return false
	}
	for n := sp.node; n != nil && !a.list.root.within(n); n = n.parent {
		if foreign(n, sp.means) {
			return false
		}
	}
	between, before := 0, 0
	for i, b := range borders {
		shared, passed := sp.layout.With[i], b.at < sp.at
		switch {
		case b.kind == spotTable:
			// What is as near to two tables is of the one that it follows, a heading between them apart.
			parted := slices.ContainsFunc(borders, func(h *spot) bool { return h.kind == spotHeading && b.at < h.at && h.at < sp.at })
			nearer := passed && (follows && b.at >= a.to || !follows && !parted)
			if shared > sp.layout.Shared || shared == sp.layout.Shared && nearer {
				return false
			}
		case aboutLists(b.text):
		case follows && b.at >= a.to && passed:
			// A heading begins a section for what is in its container.
			if shared > sp.layout.Shared || b.layout.Depth == sp.layout.Shared+1 {
				return false
			}
		case !follows && !passed && b.at < a.from:
			between++
		case !follows && passed && shared >= sp.layout.Shared:
			before++
		}
	}
	// Before the list's own heading stands what is drawn beside it.
	return between == 0 || between == 1 && before == 0 && !vague
}

// foreign reports whether a part of the page that does not hold the list is about something else.
func foreign(n *node, means meaning) bool {
	switch n.role {
	case "complementary", "search", "article", "dialog", "alertdialog", "feed":
		return true
	case "banner", "contentinfo":
		return means == meansMore
	case "region":
		return !aboutLists(n.name)
	case "navigation":
		return n.name == "" && means == meansMore || n.name != "" && !aboutLists(n.name)
	}
	return false
}

// on reports whether a spot is something to press.
func (sp *spot) on() bool {
	return !sp.off() && (sp.kind == spotControl && !unfolds(sp.node) || sp.kind == spotText && sp.layout.Clicks)
}

func (sp *spot) off() bool { return sp.node.flag("disabled") || sp.layout.Still }

// leadsOn reports whether a spot is by its name for the rows after those that are shown.
func (sp *spot) leadsOn() bool {
	return sp.means == meansNext || sp.means == meansForward || sp.means == meansMore || sp.layout.Next
}

// goesOn lists the signs that the list has more parts than were read.
func (a *around) goesOn(r *reading) (signs []string) {
	add := func(text string) {
		if !slices.Contains(signs, text) {
			signs = append(signs, text)
		}
	}
	end := false   // by the page's own words
	ended := false // by a control to the next part that is disabled
	for _, sp := range a.spots {
		for _, c := range sp.claims {
			if c.pages && (c.at > 0 && c.at < c.of || c.at == 0 && c.of > r.turned) {
				add(c.text)
			}
			end = end || c.end && r.counts(c)
		}
		ended = ended || sp.off() && sp.leadsOn()
		if sp.means == meansLoading && sp.kind == spotText {
			add(sp.text)
		}
	}
	if a.busy {
		add("aria-busy")
	}
	if end {
		return signs
	}
	numbers, current := a.numbers()
	if current == 0 && !ended {
		current = r.turned
	}
	for _, sp := range a.spots {
		rows := rowsFrom.FindStringSubmatch(sp.text)
		if sp.on() && (sp.leadsOn() || current > 0 && sp.number > current && slices.Contains(numbers, sp) ||
			rows != nil && count(rows[1]) == r.rows+1) {
			add(sp.text)
		}
	}
	if a.next && !ended && r.turned == 1 { // what turns the list need not change it
		add("rel=next")
	}
	if len(signs) > 0 || ended {
		return signs
	}
	// The last control of a pager, which leads on in all of them, can be pressed and says nothing known.
	for _, pager := range a.spots {
		var last *spot
		for _, sp := range a.spots {
			if pager.kind == spotPager && sp.pager == pager.node && sp.kind == spotControl && sp.number == 0 &&
				!unfolds(sp.node) {
				last = sp
			}
		}
		if last != nil && last.on() && last.means == meansOther {
			add(pager.text)
		}
	}
	return signs
}

// numbers lists what leads to a page by its number, and the page that is shown, 0 where the
// page does not mark it.
func (a *around) numbers() (numbers []*spot, current int) {
	var all []*spot
	for _, sp := range a.spots {
		if sp.means == meansPage || sp.means == meansNumber {
			all = append(all, sp)
		}
	}
	sequence, named := false, slices.ContainsFunc(all, func(sp *spot) bool { return sp.means == meansPage })
	follows := func(i, j int) bool {
		return i >= 0 && j < len(all) && all[i].number+1 == all[j].number && (all[i].on() || all[j].on())
	}
	for i, sp := range all {
		// Bare numbers may be anything, sizes of a page say; one after the other they count pages.
		beside := follows(i, i+1) || !sp.ends && follows(i-1, i)
		sequence = sequence || beside || sp.means == meansPage
		switch {
		case named && sp.means == meansNumber && !beside: // where pages are called so, it is a size
		case sp.kind == spotControl || sp.layout.Clicks:
			numbers = append(numbers, sp)
			if sp.layout.Current || sp.node.flag("selected") || sp.off() {
				current = max(current, sp.number)
			}
		case beside:
			current = max(current, sp.number)
		}
	}
	if !sequence {
		return nil, 0
	}
	return numbers, current
}

// counts reports whether a claim is about the rows that are shown.
func (r *reading) counts(c claim) bool { return c.shown == 0 || c.shown == len(r.shown) }

// differs lists what tells of another number of rows than were read.
func (a *around) differs(r *reading) (out []string) {
	for _, sp := range a.spots {
		for _, c := range sp.claims {
			less := c.of < r.rows && !c.atLeast && !(c.perPart && c.of == len(r.shown))
			if !c.pages && r.counts(c) && (c.of > r.rows || less) && !slices.Contains(out, c.text) {
				out = append(out, c.text)
			}
		}
	}
	if a.rowCount-min(1, len(a.list.columns)) > r.rows {
		out = append(out, fmt.Sprintf("aria-rowcount %d", a.rowCount))
	}
	return out
}
