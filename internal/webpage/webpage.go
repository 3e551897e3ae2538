// Package webpage is the look of every HTML file that the program writes. A page
// needs nothing from elsewhere and sends nothing: its policy (CSP) allows one
// style sheet and at most one script, named by their hashes, and nothing more.
package webpage

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
)

//go:embed style.css
var style string

//go:embed page.html
var templates string

// Page is one HTML file. Texts in Data are escaped by the templates; those that
// come from outside are shown through "value" or "parts".
type Page struct {
	Title string
	// Body is a template that defines "body". It may use "footer" and "digest", with "icons" in
	// front the functions icon and mark, and the functions visible, value, parts and eights.
	Body   string
	Funcs  template.FuncMap // further ones
	Style  string           // added to the house's; the program's own text
	Script string           // the program's own text
	Data   any
}

// Write writes the page.
func Write(w io.Writer, p Page) error {
	t, err := template.New("").Funcs(template.FuncMap{
		"visible": human.Visible, "value": value, "parts": parts, "icon": icon, "mark": mark, "eights": eights,
	}).Funcs(p.Funcs).Parse(templates)
	if err != nil {
		return err
	}
	if _, err := t.Parse(p.Body); err != nil {
		return err
	}
	css := style + p.Style
	policy := "default-src 'none'; style-src " + hash(css) + "; base-uri 'none'; form-action 'none'"
	if p.Script != "" {
		policy += "; script-src " + hash(p.Script) + "; require-trusted-types-for 'script'; trusted-types 'none'"
	}
	out := bufio.NewWriter(w)
	err = t.ExecuteTemplate(out, "page", map[string]any{
		"Title": p.Title, "Policy": policy, "Data": p.Data,
		// Nothing of a bundle is in these two.
		"Style":  template.CSS(css),     //nolint:gosec // constant
		"Script": template.JS(p.Script), //nolint:gosec // constant
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// hash is how a Content-Security-Policy names a script or style that it allows.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// parts shows a text from outside with its escapes marked.
func parts(s string) template.HTML {
	var out strings.Builder
	for _, p := range human.Parts(s) {
		text := template.HTMLEscapeString(p.Text)
		if p.Escape {
			text = `<span class="escape">` + text + `</span>`
		}
		out.WriteString(text)
	}
	return template.HTML(out.String()) //nolint:gosec // escaped above
}

// value is parts, kept apart from the direction of what is around.
func value(s string) template.HTML { return `<span class="value">` + parts(s) + `</span>` }

// Mark is an icon and a word, never colour alone. Icon is one of the page's own.
type Mark struct{ Icon, Word string }

func mark(m Mark) template.HTML {
	class := template.HTML(template.HTMLEscapeString(m.Icon)) //nolint:gosec // escaped
	word := template.HTML(template.HTMLEscapeString(m.Word))  //nolint:gosec // escaped
	return `<span class="mark ` + class + `">` + icon(m.Icon) + word + `</span>`
}

func icon(name string) template.HTML {
	return `<svg class="icon" aria-hidden="true"><use href="#i-` + template.HTML(template.HTMLEscapeString(name)) + `"/></svg>` //nolint:gosec // escaped
}

// eights cuts a digest for reading aloud.
func eights(s string) []string {
	var out []string
	for len(s) > 8 {
		out, s = append(out, s[:8]), s[8:]
	}
	return append(out, s)
}
