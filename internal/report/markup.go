package report

import (
	"html/template"
	"strings"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

// Mark is an icon and a word, never colour alone. Icon is one of the page's own.
type Mark struct{ Icon, Word string }

// The functions below write the markup of what stands on a page a hundred
// thousand times; templates within templates take five times as long. All text
// goes through HTMLEscapeString.

func (m Mark) html() template.HTML {
	return `<span class="mark ` + escape(m.Icon) + `">` + icon(m.Icon) + escape(m.Word) + `</span>`
}

func icon(name string) template.HTML {
	return `<svg class="icon" aria-hidden="true"><use href="#i-` + escape(name) + `"/></svg>`
}

// value is a text from outside, kept apart from the direction of what is around.
func value(s string) template.HTML { return `<span class="value">` + escaped(s) + `</span>` }

// escaped is a text from outside with its escapes marked.
func escaped(s string) template.HTML {
	if isVisible(s) {
		return escape(s)
	}
	var out strings.Builder // a hostile text may be all escapes
	for _, p := range parts(s) {
		if p.Escape {
			out.WriteString(`<span class="escape">` + template.HTMLEscapeString(p.Text) + `</span>`)
		} else {
			template.HTMLEscape(&out, []byte(p.Text))
		}
	}
	return template.HTML(out.String()) //nolint:gosec // escaped just here
}

func escape(s string) template.HTML {
	return template.HTML(template.HTMLEscapeString(s)) //nolint:gosec // escaped just here
}

// settingRows writes the terms and descriptions of a list of settings.
func settingRows(list []Setting) template.HTML {
	var out strings.Builder
	write := func(h template.HTML) { out.WriteString(string(h)) }
	for _, s := range list {
		write("<dt>" + escaped(s.Label) + "</dt><dd>")
		switch m := s.Marker; {
		case m != nil && m.State == schema.Sealed:
			write(Mark{"seal", schema.Sealed}.html() + ` <span class="code">` + escape(ShortFingerprint(m)) + `</span>`)
			if s.Shared != "" {
				write(` <span class="small">the same as of ` + escape(s.Shared) + `</span>`)
			}
		case m != nil:
			write(Mark{"warning", m.State}.html() + " " + value(m.Reason))
		case s.Value == "":
			write(`<span class="empty">empty</span>`)
		case s.Code:
			write(`<span class="value code">` + escaped(s.Value) + `</span>`)
		default:
			write(value(s.Value))
		}
		write("</dd>\n")
	}
	return template.HTML(out.String()) //nolint:gosec // made of constants and escaped texts
}

func markOf(f findings.Finding) Mark {
	if f.Excepted != nil {
		return Mark{"off", "excepted " + string(f.Severity)}
	}
	return Mark{string(f.Severity), string(f.Severity)}
}
