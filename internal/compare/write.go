package compare

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/webpage"
	"github.com/mailferry/mailferry/schema"
)

// Format is the format of JSON diffs; diff-report.schema.json describes it.
const Format = "mailferry/diff-report/v1"

// JSON writes the diff as one document.
func JSON(w io.Writer, d *Diff) error {
	doc, err := schema.MarshalIndent(d)
	if err != nil {
		return err
	}
	_, err = w.Write(doc)
	return err
}

// String sums the diff up in one line.
func (s Summary) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{s.Added, "added"}, {s.Removed, "removed"}, {s.Renamed, "renamed"}, {s.Changed, "changed"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	text := strings.Join(parts, ", ")
	if parts == nil {
		text = "no difference in the settings"
	}
	if s.NotComparable > 0 {
		text += "; " + human.Count(s.NotComparable, "secret") + " not comparable"
	}
	return text
}

// lists are the two lists as people look for them.
func (d *Diff) lists() []struct {
	Title string
	Items []Item
} {
	return []struct {
		Title string
		Items []Item
	}{{"Connections", d.Connections}, {"OAuth2 credentials", d.Credentials}}
}

// split divides a list into what differs and the names of items of which only the
// secret could not be compared.
func split(items []Item) (differ []Item, uncertain []string) {
	for _, it := range items {
		if it.Kind == NotComparable {
			uncertain = append(uncertain, it.B)
		} else {
			differ = append(differ, it)
		}
	}
	return differ, uncertain
}

// said is what is shown of a secret that differs: never to what it changed.
func said(f Field) string {
	switch {
	case f.Change == NotComparable:
		return "not comparable"
	case f.A == schema.Sealed && f.B == schema.Sealed:
		return "changed"
	case f.Change == Added:
		return "added: " + f.B
	case f.Change == Removed:
		return "removed: was " + f.A
	default:
		return "was " + f.A + ", is " + f.B
	}
}

// Text writes the diff for a terminal.
func Text(w io.Writer, d *Diff, t human.Terminal) error {
	p := human.NewPrinter(w, t)
	p.Heading("Mailferry diff")
	for _, side := range []struct {
		sign string
		of   About
	}{{"− from", d.A}, {"+ to", d.B}} {
		p.Pair(0, 8, side.sign, human.Strong, side.of.Name)
		if side.of.Digest != "" {
			p.Pair(0, 8, "", human.Faint, "digest "+side.of.Digest)
		}
	}
	p.Blank()
	p.Wrapped(0, human.Strong, d.Summary.String())
	for _, n := range d.Notes {
		p.Wrapped(0, human.Faint, n)
	}
	for _, l := range d.lists() {
		differ, uncertain := split(l.Items)
		if len(l.Items) == 0 {
			continue
		}
		p.Blank()
		p.Heading(l.Title)
		for _, it := range differ {
			printItem(p, it)
		}
		if len(uncertain) > 0 {
			p.Wrapped(0, human.Faint, "? not comparable: only the secrets of "+schema.Quotes(uncertain))
		}
	}
	return p.Flush()
}

func printItem(p *human.Printer, it Item) {
	switch it.Kind {
	case Added:
		p.Wrapped(0, human.Green, "+ added: "+human.Visible(it.B))
	case Removed:
		p.Wrapped(0, human.Red, "− removed: "+human.Visible(it.A))
	case Renamed:
		p.Wrapped(0, human.Blue, "→ renamed: "+human.Visible(it.A)+" is now "+human.Visible(it.B))
	default:
		p.Wrapped(0, human.Yellow, "~ changed: "+human.Visible(it.B))
	}
	column := 26
	for _, f := range it.Fields { // "From Address → From Email Address" across the transform
		column = min(max(column, utf8.RuneCountInString(f.Label())), 36)
	}
	for _, f := range it.Fields {
		switch {
		case f.Secret:
			p.Pair(2, column, f.Label(), human.Plain, said(f))
		case f.Change == Added:
			p.Pair(2, column, f.Label(), human.Green, "+ "+human.Visible(f.B))
		case f.Change == Removed:
			p.Pair(2, column, f.Label(), human.Red, "− "+human.Visible(f.A))
		default:
			p.Pair(2, column, f.Label(), human.Red, "− "+human.Visible(f.A))
			p.Pair(2, column, "", human.Green, "+ "+human.Visible(f.B))
		}
	}
}

//go:embed diff.html
var page string

type listView struct {
	Title     string
	Items     []itemView
	Uncertain string
}

type itemView struct {
	Item
	Mark webpage.Mark
}

// Said is for the template: what is shown of a secret.
func (f Field) Said() string { return said(f) }

// HTML writes the diff as one page.
func HTML(w io.Writer, d *Diff) error {
	var lists []listView
	for _, l := range d.lists() {
		differ, uncertain := split(l.Items)
		if len(l.Items) == 0 {
			continue
		}
		v := listView{Title: l.Title, Uncertain: schema.Quotes(uncertain)}
		for _, it := range differ {
			v.Items = append(v.Items, itemView{it, webpage.Mark{Icon: string(it.Kind), Word: string(it.Kind)}})
		}
		lists = append(lists, v)
	}
	return webpage.Write(w, webpage.Page{Title: "Mailferry diff: " + d.A.Name + " and " + d.B.Name, Body: page,
		Data: map[string]any{"A": d.A, "B": d.B, "Summary": d.Summary.String(), "Same": d.Same(),
			"Notes": d.Notes, "Lists": lists}})
}
