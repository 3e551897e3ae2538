package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// Text writes the report for a terminal.
func Text(w io.Writer, r *Report, t human.Terminal) error {
	p := printer{human.NewPrinter(w, t)}
	p.Heading("Mailferry audit")
	p.Pair(0, 12, "Made", human.Plain, schema.At(r.Created).Minute()+", "+r.Tool)
	if r.Policy != "" {
		p.Pair(0, 12, "Policy", human.Plain, r.Policy)
	}
	if len(r.Bundles) > 1 {
		s := r.summary()
		p.Pair(0, 12, "In all", human.Strong, fmt.Sprintf("%s in %d bundles", tallyText(s.Tally), len(r.Bundles)))
	}
	for _, b := range r.Bundles {
		p.Blank()
		p.bundle(b)
	}
	return p.Flush()
}

type printer struct{ *human.Printer }

func (p printer) bundle(b *Bundle) {
	c, m, s := b.Bundle, b.Bundle.Manifest, b.summary()
	p.Heading(b.File)
	p.Pair(0, 12, "Digest", human.Strong, b.Digest)
	p.Pair(0, 12, "Summary", human.Strong, tallyText(s.Tally))
	p.Pair(0, 12, "Holds", human.Plain, holdsText(s.Counts))
	p.Pair(0, 12, "Bundle", human.Plain, b.Kind()+" "+m.ID)
	p.Pair(0, 12, "Source", human.Plain, sourceText(m.Source))
	p.Pair(0, 12, "Opened with", human.Plain, b.OpenedWith())

	if rules := b.Rules(); len(rules) > 0 {
		p.Blank()
		p.Line(human.Strong, "What was found")
		for _, g := range rules {
			p.Blank()
			p.rule(g)
		}
	}
	shared := b.shared()
	if whole := findings.Of(b.Findings, "", 0); len(whole) > 0 {
		p.Blank()
		p.Line(human.Strong, "The bundle as a whole")
		p.findings(b, whole)
	}
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		for i, it := range c.Items(l) {
			p.Blank()
			p.Wrapped(0, human.Strong, fmt.Sprintf("%s %d of %d: %s", title(l.One()), i+1, len(c.Items(l)),
				human.Visible(it.ItemName())))
			p.settings(it, shared)
			p.findings(b, findings.Of(b.Findings, l, i))
		}
	}
	p.readers(b)
	p.road(b)
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// settingColumn is the width of the labels' column.
const settingColumn = 22

func (p printer) settings(it schema.Item, shared map[string][]string) {
	for _, s := range settings(it, shared) {
		switch {
		case s.Marker != nil:
			p.Pair(3, settingColumn, s.Label, human.Plain, markerText(s))
		case s.Value == "":
			p.Pair(3, settingColumn, s.Label, human.Faint, "–")
		default:
			p.Pair(3, settingColumn, s.Label, human.Plain, s.Value)
		}
	}
}

// markerText describes a secret's state. Fingerprints are cut: whole ones stand
// in the bundle, and these are for comparing by eye.
func markerText(s setting) string {
	if s.Marker.State != schema.Sealed {
		return "missing: " + s.Marker.Reason
	}
	text := "sealed, fingerprint " + shortFingerprint(s.Marker)
	if s.Shared != "" {
		text += ", the same as of " + s.Shared
	}
	return text
}

// shortFingerprint is the key id and enough of the fingerprint to compare by
// eye within one bundle.
func shortFingerprint(m *schema.Marker) string {
	if len(m.Fingerprint) < 25 {
		return m.Fingerprint
	}
	return m.Fingerprint[:25] + "…"
}

func severityStyle(s findings.Severity) (icon string, style human.Style) {
	switch s {
	case findings.Error:
		return "✗", human.Red
	case findings.Warning:
		return "!", human.Yellow
	default:
		return "·", human.Blue
	}
}

func (p printer) rule(m *ruleGroup) {
	icon, style := severityStyle(m.Severity)
	word := string(m.Severity)
	if m.Excepted == m.Total {
		icon, word, style = "–", "excepted", human.Faint
	}
	p.Wrapped(0, style, fmt.Sprintf("%s %s: %s (%s, %s)", icon, word, m.Title, m.ID, m.Count()))
	p.Wrapped(3, human.Plain, m.Why)
	p.Wrapped(3, human.Plain, "→ "+m.Do)
}

func (p printer) findings(b *Bundle, list []findings.Finding) {
	for _, f := range list {
		icon, style := severityStyle(f.Severity)
		if f.Excepted != nil {
			p.Wrapped(3, human.Faint, fmt.Sprintf("– excepted until %s: %s (%s)", f.Excepted.Expires, f.Title, f.ID))
			p.Wrapped(5, human.Faint, b.label(f)+": "+f.Detail)
			p.Wrapped(5, human.Faint, "because: "+human.Visible(f.Excepted.Reason))
			continue
		}
		p.Wrapped(3, style, fmt.Sprintf("%s %s: %s (%s)", icon, f.Severity, f.Title, f.ID))
		p.Wrapped(5, human.Plain, b.label(f)+": "+f.Detail)
	}
}

func (p printer) readers(b *Bundle) {
	p.Blank()
	p.Line(human.Strong, "Who can open it, by its own list")
	for _, list := range b.Readers() {
		who := "unsigned claim"
		if len(list.Signers) > 0 {
			who = "signed by " + strings.Join(list.Signers, ", ")
		}
		p.Pair(3, settingColumn, list.Title, human.Faint, fmt.Sprintf("%d, %s; %s", len(list.Readers), list.Sight, who))
		for _, r := range list.Readers {
			p.Pair(5, settingColumn-2, r.Label, human.Plain, r.Key)
		}
	}
}

func (p printer) road(b *Bundle) {
	p.Blank()
	p.Line(human.Strong, "The road so far")
	WriteRoad(p.Printer, b.Road())
}

// WriteRoad writes the chain; inspect shows it as audit does.
func WriteRoad(p *human.Printer, chain []Link) {
	indent := 5 + settingColumn
	if p.IsNarrow(indent) {
		indent = 5
	}
	if len(chain) == 0 {
		p.Wrapped(3, human.Faint, "the bundle says nothing of it")
	}
	for _, l := range chain {
		p.Pair(3, settingColumn, when(l.Time), human.Strong, human.Visible(l.Step)+decisionText(l.Decision))
		text := func(style human.Style, s string) { p.Wrapped(indent, style, s) }
		switch {
		case l.Signed:
			text(human.Green, "signed by "+human.Visible(l.Signer)+", key "+human.Visible(l.Key))
		case l.Key != "":
			text(human.Yellow, "unsigned claim: the statement of key "+human.Visible(l.Key)+
				" does not count, "+human.Visible(l.Remark))
		case l.Remark != "":
			text(human.Yellow, "unsigned claim: a statement does not count, "+human.Visible(l.Remark))
		default:
			text(human.Yellow, "unsigned claim")
		}
		if l.Comment != "" {
			text(human.Plain, human.Visible(l.Comment))
		}
		if l.Tool != "" {
			text(human.Faint, "with "+human.Visible(l.Tool)+unsignedText(l))
		}
		if l.Note != "" {
			text(human.Faint, human.Visible(l.Note)+unsignedText(l))
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
	return map[string]string{schema.DecisionApprove: ": approved", schema.DecisionReject: ": rejected"}[d]
}

func when(t schema.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.Minute()
}

func tallyText(t findings.Tally) string {
	if t == (findings.Tally{}) {
		return "nothing found"
	}
	text := human.Count(t.Errors, "error") + ", " +
		human.Count(t.Warnings, "warning") + ", " + human.Count(t.Notes, "note")
	if t.Excepted > 0 {
		text += fmt.Sprintf(", %d excepted", t.Excepted)
	}
	return text
}

func holdsText(s schema.Counts) string {
	return fmt.Sprintf("%s, %s; %s sealed, %d missing", human.Count(s.Connections, "connection"),
		human.Count(s.Credentials, "credential"), human.Count(s.Sealed, "secret"), s.Missing)
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
