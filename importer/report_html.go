package importer

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"unicode"
)

//go:embed report.html.tmpl
var reportHTML string

// HTML writes the report as one file that needs nothing else: no script, no
// font, no request. Its policy forbids all of them, whatever a name says.
func (r *Report) HTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"remark": func(it ItemReport) string { return it.remark() },
		"value":  func(s string) string { return visible(value(s)) },
		"text":   visible,
	}).Parse(reportHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		*Report
		Title, Summary string
	}{r, r.title(), r.summary()})
}

// visible takes out characters that show nothing or turn the direction of what
// follows.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return '\uFFFD'
		}
		return r
	}, s)
}
