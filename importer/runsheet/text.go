package runsheet

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Text writes the run sheet as plain text, for a terminal, an editor or a
// printer: boxes to tick, nothing to click.
func Text(w io.Writer, s Sheet) error {
	p, err := layOut(s)
	if err != nil {
		return err
	}
	t := &text{bufio.NewWriterSize(w, 64<<10)}
	t.line("", "RUN SHEET: %s", p.Count)
	t.line("", "from %s", p.Source)
	t.line("", "bundle %s", p.BundleID)
	t.line("", "digest %s", p.Digest)
	if p.Created != "" {
		t.line("", "made %s by %s", p.Created, p.Tool)
	}
	t.heading("1. Before you start")
	for _, b := range before {
		t.wrapped("- ", b)
	}
	for _, n := range p.Notes {
		t.wrapped("! ", n)
	}
	t.line("", "")
	t.line("", "Secrets can be shown by (as the bundle says, unsigned):")
	for _, r := range p.Readers {
		t.line("  ", "%s", strings.TrimSpace(r.Label+"  "+r.Key))
	}
	for _, part := range p.Parts {
		t.heading(part.Number + ". " + part.Title)
		t.line("", "%s", part.Menu)
		t.wrapped("", part.Intro)
		for i, c := range part.Cards {
			t.line("", "")
			t.line("", "[ ] %d/%d  %s", i+1, part.Total, c.Name)
			for _, n := range c.Notes {
				t.wrapped("      ! ", n)
			}
			for _, f := range c.Fields {
				t.field(f)
			}
			for _, n := range c.Then {
				t.wrapped("      > ", n)
			}
		}
	}
	t.heading(fmt.Sprintf("%d. Afterwards", len(p.Parts)+2))
	for _, c := range p.After {
		t.line("", "")
		t.line("", "%s", c.Title)
		t.wrapped("  ", c.Text)
		for _, item := range c.Items {
			t.line("  ", "[ ] %s", item.Label)
		}
	}
	return t.out.Flush()
}

type text struct{ out *bufio.Writer } // whose first error stays until Flush

func (t *text) line(indent, format string, args ...any) {
	_, _ = t.out.WriteString(strings.TrimRight(indent+fmt.Sprintf(format, args...), " ") + "\n")
}

func (t *text) heading(title string) {
	t.line("", "\n\n%s\n%s\n", title, strings.Repeat("=", len([]rune(title))))
}

// wrapped writes a text in lines of some 90 characters, later ones indented as
// far as the mark in front of the first.
func (t *text) wrapped(mark, s string) {
	const width = 90
	line, pad := mark, strings.Repeat(" ", len(mark))
	empty := true
	for _, word := range strings.Fields(s) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > width {
			t.line("", "%s", line)
			line, empty = pad, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	t.line("", "%s", line)
}

func (t *text) field(f *field) {
	const label = 28
	put := func(name, value string) {
		t.line("      ", "%-*s %s", label, name, value)
	}
	switch {
	case f.Secret != nil && f.Secret.Sealed:
		put(f.Label, "(sealed in the bundle) "+f.Secret.Command)
		if f.Secret.Quote {
			put("", "NAME is this item's name, quoted as your shell needs it")
		}
		if f.Secret.Same != "" {
			put("", "the same as for "+f.Secret.Same)
		}
	case f.Secret != nil:
		put(f.Label, "(not in the bundle: "+f.Secret.Reason+")")
	case f.How == emptyIt:
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
	for _, n := range f.Notes {
		t.wrapped(strings.Repeat(" ", 6+label+1)+"! ", n)
	}
}
