package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// Terminal says what a text may use.
type Terminal struct {
	Width  int  // columns; below 40 counts as 40, 0 as 80
	Colour bool // ANSI colours; whoever sets it knows that they are wanted
}

// Printer writes lines that fit a terminal. The package's own reports and
// diffs share it. Errors of the writer are told by Flush.
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
func (p *Printer) Wrapped(indent int, style Style, text string) {
	p.space(indent)
	p.hanging(indent, style, Visible(text))
}

const blanks = "                                                                "

func (p *Printer) space(n int) { _, _ = p.out.WriteString(blanks[:min(n, len(blanks))]) }

// isNarrow reports whether too little room is left right of a column.
func (p *Printer) isNarrow(column int) bool { return p.width-column < 24 }

// Pair writes a label and a value in two columns; the value wraps in its own.
// On a narrow terminal it stands below.
func (p *Printer) Pair(indent, column int, label string, style Style, value string) {
	if p.isNarrow(indent + column + 2) {
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

// Text writes the report for a terminal.
func Text(w io.Writer, r *Report, t Terminal) error {
	p := NewPrinter(w, t)
	p.Heading("Mailferry audit")
	p.Pair(0, 12, "Made", Plain, r.Created.UTC().Format("2006-01-02 15:04 UTC")+", "+r.Tool)
	if r.Policy != "" {
		p.Pair(0, 12, "Policy", Plain, r.Policy)
	}
	if len(r.Bundles) > 1 {
		s := r.summary()
		p.Pair(0, 12, "In all", Strong, fmt.Sprintf("%s in %d bundles", tallyText(s.Tally), len(r.Bundles)))
	}
	for _, b := range r.Bundles {
		p.Blank()
		p.bundle(b)
	}
	return p.Flush()
}

func (p *Printer) bundle(b *Bundle) {
	c, m, s := b.Content, b.Content.Manifest, b.summary()
	p.Heading(b.File)
	p.Pair(0, 12, "Digest", Strong, b.Digest)
	p.Pair(0, 12, "Summary", Strong, tallyText(s.Tally))
	p.Pair(0, 12, "Holds", Plain, holdsText(s))
	p.Pair(0, 12, "Bundle", Plain, b.Kind()+" "+m.ID)
	p.Pair(0, 12, "Source", Plain, sourceText(m.Source))
	p.Pair(0, 12, "Opened with", Plain, b.Sight.String())

	if rules := b.byRule(); len(rules) > 0 {
		p.Blank()
		p.Line(Strong, "What was found")
		for _, m := range rules {
			p.Blank()
			p.rule(m)
		}
	}
	shared := b.shared()
	if whole := b.Findings.Of("", 0); len(whole) > 0 {
		p.Blank()
		p.Line(Strong, "The bundle as a whole")
		p.findings(b, whole)
	}
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		for i, it := range c.Items(l) {
			p.Blank()
			p.Wrapped(0, Strong, fmt.Sprintf("%s %d of %d: %s", title(l.One()), i+1, len(c.Items(l)), Visible(it.ItemName())))
			p.settings(it, shared)
			p.findings(b, b.Findings.Of(l, i))
		}
	}
	p.readers(b)
	p.road(b)
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// settingColumn is the width of the labels' column.
const settingColumn = 22

func (p *Printer) settings(it schema.Item, shared map[string]*sameSecret) {
	for _, s := range Settings(it) {
		switch {
		case s.Marker != nil:
			p.Pair(3, settingColumn, s.Label, Plain, markerText(s.Marker, it.ItemName(), shared))
		case s.Value == "":
			p.Pair(3, settingColumn, s.Label, Faint, "–")
		default:
			p.Pair(3, settingColumn, s.Label, Plain, s.Value)
		}
	}
}

// markerText tells a secret's state. Fingerprints are cut: whole ones stand in
// the bundle, and these are for comparing by eye.
func markerText(m *schema.Marker, name string, shared map[string]*sameSecret) string {
	if m.State != schema.Sealed {
		return "missing: " + m.Reason
	}
	text := "sealed, fingerprint " + ShortFingerprint(m)
	if also := alsoOf(shared[m.Fingerprint], name); also != "" {
		text += ", the same as of " + also
	}
	return text
}

// ShortFingerprint is the key id and enough of the fingerprint to compare by
// eye within one bundle.
func ShortFingerprint(m *schema.Marker) string {
	if len(m.Fingerprint) < 25 {
		return m.Fingerprint
	}
	return m.Fingerprint[:25] + "…"
}

func alsoOf(s *sameSecret, name string) string {
	if s == nil {
		return ""
	}
	var others []string
	for _, n := range s.names {
		if n != name && len(others) < 3 {
			others = append(others, "“"+Visible(n)+"”")
		}
	}
	text := strings.Join(others, ", ")
	if more := s.total - 1 - len(others); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func severityStyle(s findings.Severity) (icon string, style Style) {
	switch s {
	case findings.Error:
		return "✗", Red
	case findings.Warning:
		return "!", Yellow
	default:
		return "·", Blue
	}
}

func (p *Printer) rule(m *met) {
	icon, style := severityStyle(m.Severity)
	count := fmt.Sprintf("%d×", m.Total)
	if m.Excepted > 0 {
		count += fmt.Sprintf(", %d excepted", m.Excepted)
	}
	word := string(m.Severity)
	if m.Excepted == m.Total {
		icon, word, style, count = "–", "excepted", Faint, fmt.Sprintf("%d×", m.Total)
	}
	p.Wrapped(0, style, fmt.Sprintf("%s %s: %s (%s, %s)", icon, word, m.Title, m.ID, count))
	p.Wrapped(3, Plain, m.Why)
	p.Wrapped(3, Plain, "→ "+m.Do)
}

func (p *Printer) findings(b *Bundle, list []findings.Finding) {
	for _, f := range list {
		icon, style := severityStyle(f.Severity)
		if f.Excepted != nil {
			p.Wrapped(3, Faint, fmt.Sprintf("– excepted until %s: %s (%s)", f.Excepted.Expires, f.Title, f.ID))
			p.Wrapped(5, Faint, b.label(&f)+": "+f.Detail)
			p.Wrapped(5, Faint, "because: "+Visible(f.Excepted.Reason))
			continue
		}
		p.Wrapped(3, style, fmt.Sprintf("%s %s: %s (%s)", icon, f.Severity, f.Title, f.ID))
		p.Wrapped(5, Plain, b.label(&f)+": "+f.Detail)
	}
}

func (p *Printer) readers(b *Bundle) {
	m := b.Content.Manifest
	p.Blank()
	p.Line(Strong, "Who can open it, by its own list")
	for _, list := range []struct {
		sight   string
		readers []schema.Reader
	}{{"recipients", m.Recipients}, {"reviewers", m.Reviewers}} {
		who := "unsigned claim"
		if by := b.signers(list.sight); len(by) > 0 {
			who = "signed by " + strings.Join(by, ", ")
		}
		sight := "sees settings and secrets"
		if list.sight == "reviewers" {
			sight = "sees settings"
		}
		p.Pair(3, settingColumn, title(list.sight), Faint, fmt.Sprintf("%d, %s; %s", len(list.readers), sight, who))
		for _, r := range list.readers {
			p.Pair(5, settingColumn-2, r.Label, Plain, r.Key)
		}
	}
}

func (p *Printer) road(b *Bundle) {
	p.Blank()
	p.Line(Strong, "The road so far")
	WriteRoad(p, Road(b.Content, b.Signatures))
}

// WriteRoad writes the chain; inspect shows it as audit does.
func WriteRoad(p *Printer, chain []Link) {
	indent := 5 + settingColumn
	if p.isNarrow(indent) {
		indent = 5
	}
	if len(chain) == 0 {
		p.Wrapped(3, Faint, "nothing is told")
	}
	for _, l := range chain {
		p.Pair(3, settingColumn, when(l.Time), Strong, Visible(l.Step)+decisionText(l.Decision))
		text := func(style Style, s string) { p.Wrapped(indent, style, s) }
		switch {
		case l.Signed:
			text(Green, "signed by "+Visible(l.Signer)+", key "+Visible(l.Key))
		case l.Key != "":
			text(Yellow, "unsigned claim: the statement of key "+Visible(l.Key)+" does not count, "+Visible(l.Remark))
		case l.Remark != "":
			text(Yellow, "unsigned claim: a statement does not count, "+Visible(l.Remark))
		default:
			text(Yellow, "unsigned claim")
		}
		if l.Comment != "" {
			text(Plain, Visible(l.Comment))
		}
		if l.Tool != "" {
			text(Faint, "with "+Visible(l.Tool)+unsignedText(l))
		}
		if l.Note != "" {
			text(Faint, Visible(l.Note)+unsignedText(l))
		}
	}
}

func unsignedText(l Link) string {
	if l.Signed {
		return " (unsigned claim)"
	}
	return ""
}

func decisionText(d string) string {
	switch d {
	case "":
		return ""
	case schema.DecisionApprove:
		return ": approved"
	case schema.DecisionReject:
		return ": rejected"
	default:
		return ": " + Visible(d)
	}
}

func when(t schema.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func tallyText(t findings.Tally) string {
	if t == (findings.Tally{}) {
		return "nothing found"
	}
	text := Count(t.Errors, "error") + ", " + Count(t.Warnings, "warning") + ", " + Count(t.Notes, "note")
	if t.Excepted > 0 {
		text += fmt.Sprintf(", %d excepted", t.Excepted)
	}
	return text
}

func holdsText(s summary) string {
	return fmt.Sprintf("%s, %s; %s sealed, %d missing", Count(s.Connections, "connection"), Count(s.Credentials, "credential"), Count(s.Sealed, "secret"), s.Missing)
}

func sourceText(s schema.Source) string {
	text := s.Kind + " " + s.Name
	if s.AppVersion != "" {
		text += ", app version " + s.AppVersion
	}
	if s.SHA256 != "" {
		text += ", SHA-256 " + s.SHA256
	}
	return text
}

// Count writes a number and its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
