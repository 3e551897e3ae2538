package importer

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/webpage"
)

//go:embed report.html.tmpl
var reportPage string

// HTML writes the report as one file that needs nothing else: no script, no
// font, no request. Its policy forbids all of them, whatever a name says.
func (r *Report) HTML(w io.Writer) error {
	return webpage.Write(w, webpage.Page{
		Title: r.title(), Body: reportPage, Data: r,
		Style: ".tasks > li { padding-left: 1.6rem; } .tasks > li::before { content: \"☐\"; float: left; margin-left: -1.6rem; }\n" +
			".tasks ul { list-style: disc; padding-left: 1.2rem; } .tasks > li + li { margin-top: .5rem; }\n" +
			".kicker .mark { white-space: normal; }",
		Funcs: template.FuncMap{
			"heading": r.heading, "special": r.special, "summary": r.summary,
			"count":   func() string { return human.Count(len(r.Items), r.List.One()) },
			"outcome": Result.mark, "changes": ItemReport.changesShown,
			"remark": func(it ItemReport) string { return it.remark() },
			"filled": func(s string) string { return cmp.Or(s, nothingThere) },
		},
	})
}

// special marks a run that was not in earnest.
func (r *Report) special() (marks []webpage.Mark) {
	if r.Rehearsal {
		marks = append(marks, webpage.Mark{Icon: "note", Word: "Rehearsal: " + sampleCloud})
	}
	if r.DryRun {
		marks = append(marks, webpage.Mark{Icon: "warning", Word: "Dry run: " + dryRun})
	}
	return marks
}

// mark shows a result by an icon and its word.
func (res Result) mark() webpage.Mark {
	m := webpage.Mark{Icon: "warning", Word: string(res)}
	switch res {
	case Written:
		m.Icon = "good"
	case Same, Skipped:
		m.Icon = "off"
	case Failed:
		m.Icon = "error"
	}
	return m
}
