package report

import (
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// Mark is an icon and a word, never colour alone. Icon is one of the page's own.
type Mark struct{ Icon, Word string }

// markup writes what stands on a page a hundred thousand times, such as a card;
// templates take five times as long and ten times the memory.
type markup struct {
	out interface {
		io.Writer
		io.StringWriter
	}
}

// constant is markup of this program. Nothing but constants converts to it
// without being seen.
type constant string

func (m markup) raw(s constant) { _, _ = m.out.WriteString(string(s)) }

// text writes a text as it is, escaped for HTML.
func (m markup) text(s string) {
	if strings.ContainsAny(s, "&<>\"'\x00") {
		template.HTMLEscape(m.out, []byte(s))
		return
	}
	_, _ = m.out.WriteString(s)
}

// escaped writes a text from outside with its escapes marked.
func (m markup) escaped(s string) {
	if isVisible(s) {
		m.text(s)
		return
	}
	for _, p := range parts(s) {
		if !p.Escape {
			m.text(p.Text)
			continue
		}
		m.raw(`<span class="escape">`)
		m.text(p.Text)
		m.raw(`</span>`)
	}
}

// value writes a text from outside, kept apart from the direction of what is
// around.
func (m markup) value(s string) {
	m.raw(`<span class="value">`)
	m.escaped(s)
	m.raw(`</span>`)
}

func (m markup) icon(name string) {
	m.raw(`<svg class="icon" aria-hidden="true"><use href="#i-`)
	m.text(name)
	m.raw(`"/></svg>`)
}

func (m markup) mark(mark Mark) {
	m.raw(`<span class="mark `)
	m.text(mark.Icon)
	m.raw(`">`)
	m.icon(mark.Icon)
	m.text(mark.Word)
	m.raw(`</span>`)
}

// settings writes the terms and descriptions of a list of settings.
func (m markup) settings(list []Setting) {
	for _, s := range list {
		m.raw(`<dt>`)
		m.escaped(s.Label)
		m.raw(`</dt><dd>`)
		switch secret := s.Marker; {
		case secret != nil && secret.State == schema.Sealed:
			m.mark(Mark{"seal", schema.Sealed})
			m.raw(` <span class="code">`)
			m.text(ShortFingerprint(secret))
			m.raw(`</span>`)
			if s.Shared != "" {
				m.raw(` <span class="small">the same as of `)
				m.text(s.Shared)
				m.raw(`</span>`)
			}
		case secret != nil:
			m.mark(Mark{"warning", secret.State})
			m.raw(" ")
			m.value(secret.Reason)
		case s.Value == "":
			m.raw(`<span class="empty">empty</span>`)
		case s.Code:
			m.raw(`<span class="value code">`)
			m.escaped(s.Value)
			m.raw(`</span>`)
		default:
			m.value(s.Value)
		}
		m.raw("</dd>\n")
	}
}

// findings writes the entries of a list of findings.
func (m markup) findings(b *Bundle, list []findings.Finding) {
	for i := range list {
		f := &list[i]
		m.raw(`<li>`)
		m.mark(markOf(f))
		m.raw(`<span class="rule">`)
		m.text(f.ID)
		m.raw("</span>\n<h4>")
		m.text(f.Title)
		m.raw("</h4>\n<p><b>")
		m.escaped(b.label(f))
		m.raw(`</b>: `)
		m.value(f.Detail)
		m.raw("</p>\n")
		if e := f.Excepted; e != nil {
			m.raw(`<p class="excepted">Excepted until `)
			m.text(e.Expires)
			m.raw(`: `)
			m.value(e.Reason)
		} else {
			m.raw(`<p class="do">`)
			m.text(f.Why)
			m.raw(` `)
			m.text(f.Do)
		}
		m.raw("</p></li>\n")
	}
}

// card writes one item: its settings, and what was found there.
func (m markup) card(b *Bundle, anchor string, number int, it schema.Item, found []findings.Finding, shared map[string]*sameSecret) {
	m.raw(`<article class="card" id="`)
	m.text(anchor)
	m.raw("\">\n<header><h3><span class=\"number\">")
	m.text(strconv.Itoa(number))
	m.raw(`</span>`)
	m.value(it.ItemName())
	m.raw(`</h3>`)
	for _, mark := range marks(found) {
		m.mark(mark)
	}
	m.raw("</header>\n<div class=\"two\">\n<div class=\"settings\">\n<dl class=\"facts\">\n")
	settings := Settings(it)
	panel := len(settings)
	for i := range settings {
		if s := &settings[i]; s.Marker != nil {
			s.Shared = alsoOf(shared[s.Marker.Fingerprint], it.ItemName())
		}
		if settings[i].Extra {
			panel = min(panel, i)
		}
	}
	m.settings(settings[:panel])
	m.raw("</dl>\n")
	if extra := settings[panel:]; len(extra) > 0 {
		m.raw("<h4>Settings beside the panel's</h4>\n<dl class=\"facts\">\n")
		m.settings(extra)
		m.raw("</dl>\n")
	}
	m.raw("</div>\n<ul class=\"found\">")
	m.findings(b, found)
	if len(found) == 0 {
		m.raw(`<li>`)
		m.mark(Mark{"good", "nothing found"})
		m.raw(`</li>`)
	}
	m.raw("</ul>\n</div>\n</article>\n")
}

// marks counts what was found at an item.
func marks(found []findings.Finding) []Mark {
	if len(found) == 0 {
		return nil
	}
	var out []Mark
	t := findings.Count(slices.Values(found))
	for _, c := range []struct {
		icon  string
		count int
	}{{"error", t.Errors}, {"warning", t.Warnings}, {"note", t.Notes}} {
		if c.count > 0 {
			out = append(out, Mark{c.icon, Count(c.count, c.icon)})
		}
	}
	if t.Excepted > 0 {
		out = append(out, Mark{"off", strconv.Itoa(t.Excepted) + " excepted"})
	}
	return out
}

func markOf(f *findings.Finding) Mark {
	if f.Excepted != nil {
		return Mark{"off", "excepted " + string(f.Severity)}
	}
	return Mark{string(f.Severity), string(f.Severity)}
}

// inTemplate makes a template's function of one of the above.
func inTemplate[T any](write func(markup, T)) func(T) template.HTML {
	return func(v T) template.HTML {
		var out strings.Builder
		write(markup{&out}, v)
		return template.HTML(out.String()) //nolint:gosec // escaped by markup
	}
}
