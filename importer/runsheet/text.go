package runsheet

import (
	"fmt"
	"io"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
)

// Text writes the run sheet as plain text, for a terminal, an editor or a
// printer: boxes to tick, nothing to click.
func Text(w io.Writer, s Sheet) error {
	p, err := layOut(s)
	if err != nil {
		return err
	}
	t := text{human.NewPrinter(w, human.Terminal{Width: 90})}
	t.Line(human.Plain, "RUN SHEET: "+p.Count)
	t.Line(human.Plain, "from "+p.Source)
	t.Line(human.Plain, "bundle "+p.BundleID)
	t.Line(human.Plain, "digest "+p.Digest)
	if p.Created != "" {
		t.Line(human.Plain, "made "+p.Created+" by "+p.Tool)
	}
	t.heading("1. Before you start")
	for _, b := range before {
		t.Marked(0, "- ", human.Plain, b)
	}
	t.marked(0, "! ", p.Notes)
	t.Blank()
	t.Line(human.Plain, "Secrets can be shown by (as the bundle says, unsigned):")
	for _, r := range p.Readers {
		t.Line(human.Plain, "  "+strings.TrimSpace(r.Label+"  "+r.Key))
	}
	if p.Reveal != "" {
		t.Line(human.Plain, "They are shown one at a time, in this sheet's order, by:")
		t.Line(human.Plain, "  "+p.Reveal)
	}
	for _, part := range p.Parts {
		t.heading(part.Number + ". " + part.Title)
		t.Line(human.Plain, part.Menu)
		t.Wrapped(0, human.Plain, part.Intro)
		for i, c := range part.Cards {
			t.Blank()
			t.Line(human.Plain, fmt.Sprintf("[ ] %d/%d  %s", i+1, len(part.Cards), c.Name))
			t.marked(6, "! ", c.Notes)
			for _, f := range c.Fields {
				t.field(f)
			}
			t.marked(6, "> ", c.Then)
		}
	}
	t.heading(fmt.Sprintf("%d. Afterwards", len(p.Parts)+2))
	for _, c := range p.After {
		t.Blank()
		t.Line(human.Plain, c.Title)
		t.Wrapped(2, human.Plain, c.Text)
		for _, item := range c.Items {
			t.Line(human.Plain, "  [ ] "+item.Label)
		}
	}
	return t.Flush()
}

// text writes what a person reads in lines of some 90 columns, and what is to be
// copied in one, however long.
type text struct{ *human.Printer }

func (t text) heading(title string) {
	t.Blank()
	t.Blank()
	t.Heading(title)
	t.Blank()
}

func (t text) marked(indent int, mark string, lines []string) {
	for _, line := range lines {
		t.Marked(indent, mark, human.Plain, line)
	}
}

func (t text) field(f *field) {
	const label = 28
	put := func(name, value string) {
		t.Line(human.Plain, strings.TrimRight(fmt.Sprintf("      %-*s %s", label, name, value), " "))
	}
	switch f.How {
	case secretIt:
		put(f.Label, "(sealed in the bundle) "+f.Command)
		if f.All {
			put("", "and go on to this item's name")
		}
	case lackedIt:
		put(f.Label, "(not in the bundle: "+f.Value+")")
	case emptyIt:
		put(f.Label, "("+f.Value+")")
	default:
		name := f.Label
		if f.How == chooseIt {
			name += " (choose)"
		}
		for i, l := range strings.Split(f.Value, "\n") {
			if i > 0 {
				name = ""
			}
			put(name, l)
		}
	}
	t.marked(6+label+1, "! ", f.Notes)
}
