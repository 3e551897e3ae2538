package human

import (
	"bufio"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Terminal says what a text may use.
type Terminal struct {
	Width  int  // columns; below 40 counts as 40, 0 as 80
	Colour bool // ANSI colours; whoever sets it knows that they are wanted
}

// Printer writes lines that fit a terminal. Flush returns the
// writer's first error.
type Printer struct {
	out    *bufio.Writer
	width  int
	colour bool
}

// NewPrinter returns a printer; call Flush at the end.
func NewPrinter(w io.Writer, t Terminal) *Printer {
	if t.Width == 0 {
		t.Width = 80
	}
	return &Printer{bufio.NewWriterSize(w, 64<<10), max(t.Width, 40), t.Colour}
}

// Flush writes what is left and returns the first error.
func (p *Printer) Flush() error { return p.out.Flush() }

// Style is how a piece of text stands out.
type Style string

// Styles, as ANSI select graphic rendition.
const (
	Strong Style = "1"
	Faint  Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Blue   Style = "34"
	Plain  Style = ""
)

// Line writes one line as it is. text must be neutral: see Visible.
func (p *Printer) Line(style Style, text string) {
	p.styled(style, text)
	_ = p.out.WriteByte('\n')
}

func (p *Printer) styled(style Style, text string) {
	if p.colour && style != Plain && text != "" {
		_, _ = p.out.WriteString("\x1b[" + string(style) + "m" + text + "\x1b[0m")
		return
	}
	_, _ = p.out.WriteString(text)
}

// Blank writes an empty line.
func (p *Printer) Blank() { _ = p.out.WriteByte('\n') }

// Heading writes a section's title with a rule below.
func (p *Printer) Heading(text string) {
	text = Visible(text)
	p.Wrapped(0, Strong, text)
	p.Line(Faint, strings.Repeat("─", min(runewidth.StringWidth(text), p.width)))
}

// Wrapped writes text within the width, every line indented.
func (p *Printer) Wrapped(indent int, style Style, text string) { p.Marked(indent, "", style, text) }

// Marked is Wrapped behind a mark, such as a bullet or a box to tick: further
// lines begin below the text.
func (p *Printer) Marked(indent int, mark string, style Style, text string) {
	p.space(indent)
	_, _ = p.out.WriteString(mark)
	p.hanging(indent+runewidth.StringWidth(mark), style, Visible(text))
}

func (p *Printer) space(n int) { _, _ = p.out.WriteString(strings.Repeat(" ", n)) }

// IsNarrow reports whether too little room is left right of a column.
func (p *Printer) IsNarrow(column int) bool { return p.width-column < 24 }

// Pair writes a label and a value in two columns; the value wraps in its own.
// On a narrow terminal it stands below.
func (p *Printer) Pair(indent, column int, label string, style Style, value string) {
	if p.IsNarrow(indent + column + 2) {
		if label != "" {
			p.Wrapped(indent, Faint, label)
			indent += 2
		}
		p.Wrapped(indent, style, value)
		return
	}
	label = runewidth.Truncate(Visible(label), column, "…")
	p.space(indent)
	_, _ = p.out.WriteString(label)
	p.space(column - runewidth.StringWidth(label) + 2)
	p.hanging(indent+column+2, style, Visible(value))
}

// hanging writes text from the column indent on, where the line already is.
// Text is broken at blanks, and within a word that is longer than the line.
func (p *Printer) hanging(indent int, style Style, text string) {
	room := p.width - indent
	if len(text) <= room { // bytes are never fewer than columns
		p.Line(style, text)
		return
	}
	for first := true; ; first = false {
		line, rest := cut(text, room)
		if !first {
			p.space(indent)
		}
		p.Line(style, line)
		if rest == "" {
			return
		}
		text = rest
	}
}

// cut takes as much of s as fits.
func cut(s string, room int) (line, rest string) {
	width, blank := 0, -1
	for i, r := range s {
		width += runewidth.RuneWidth(r)
		if width > room && i > 0 {
			if r == ' ' {
				return s[:i], s[i+1:]
			}
			if blank > 0 {
				return s[:blank], s[blank+1:]
			}
			return s[:i], s[i:]
		}
		if r == ' ' {
			blank = i
		}
	}
	return s, ""
}
