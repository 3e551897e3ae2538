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

// list is one of the two lists as people look for it.
type list struct {
	Title     string
	Items     []Item
	Uncertain string // names of items of which only the secret could not be compared
}

// lists are those that have something to show.
func (d *Diff) lists() []list {
	var out []list
	for _, l := range []list{{Title: "Connections", Items: d.Connections},
		{Title: "OAuth2 credentials", Items: d.Credentials}} {
		var differ []Item
		var uncertain []string
		for _, it := range l.Items {
			if it.Kind == NotComparable {
				uncertain = append(uncertain, it.B)
			} else {
				differ = append(differ, it)
			}
		}
		if len(l.Items) > 0 {
			out = append(out, list{l.Title, differ, schema.Quotes(uncertain)})
		}
	}
	return out
}

// Said is what is shown of a secret that differs: never to what it changed.
func (f Field) Said() string {
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
		p.Blank()
		p.Heading(l.Title)
		for _, it := range l.Items {
			printItem(p, it)
		}
		if l.Uncertain != "" {
			p.Wrapped(0, human.Faint, "? not comparable: only the secrets of "+l.Uncertain)
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
			p.Pair(2, column, f.Label(), human.Plain, f.Said())
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

// Mark is the item's kind for the page.
func (it Item) Mark() webpage.Mark { return webpage.Mark{Icon: string(it.Kind), Word: string(it.Kind)} }

// HTML writes the diff as one page.
func HTML(w io.Writer, d *Diff) error {
	return webpage.Write(w, webpage.Page{Title: "Mailferry diff: " + d.A.Name + " and " + d.B.Name, Body: page,
		Data: map[string]any{"A": d.A, "B": d.B, "Summary": d.Summary.String(), "Notes": d.Notes, "Lists": d.lists()}})
}
