package importer

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"io"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/webpage"
	"github.com/mailferry/mailferry/schema"
)

//go:embed report.html.tmpl
var reportPage string

//go:embed drift.html.tmpl
var driftPage string

// HTML writes the report as one file that needs nothing else: no script, no
// font, no request. Its policy forbids all of them, whatever a name says.
func (r *Report) HTML(w io.Writer) error {
	return webpage.Write(w, webpage.Page{
		Title: r.title(), Body: reportPage, Data: r,
		Style: ".tasks > li { padding-left: 1.6rem; } .tasks > li::before { content: \"☐\"; float: left; margin-left: -1.6rem; }\n" +
			".tasks ul { list-style: disc; padding-left: 1.2rem; } .tasks > li + li { margin-top: .5rem; }\n" +
			".kicker .mark { white-space: normal; }",
		Funcs: template.FuncMap{
			"heading": r.heading, "special": r.special, "summary": r.summary, "key": func() string { return reportKey(r.List, r.Bundle, r.Cloud) },
			"count":   func() string { return human.Count(len(r.Items), r.List.One()) },
			"outcome": r.mark, "changes": ItemReport.changesShown,
			"remark": func(it ItemReport) string { return it.remark() },
			"filled": filled,
		},
	})
}

func filled(s string) string { return cmp.Or(s, nothingThere) }

// reportKey is another for each import: what a browser keeps of one report does
// not show in another.
func reportKey(list schema.List, bundle, cloud string) string {
	return digestOf([]byte(string(list) + "\n" + bundle + "\n" + sameSite(cloud)))
}

const reportMark = `<main data-import="`

// IsReport reports whether an HTML file is the report of an import.
func IsReport(page []byte) bool { return bytes.Contains(page, []byte(reportMark)) }

// IsReport reports whether an HTML file is the report of an earlier run of this
// import: of the same list and bundle, into the same Cloud.
func (o *Options) IsReport(page []byte) bool {
	return bytes.Contains(page, []byte(reportMark+reportKey(o.List, o.Bundle.Manifest.ID, o.Cloud.Site().URL)))
}

// HTML writes the drift as one file of the report's kind.
func (d *DriftReport) HTML(w io.Writer) error {
	return webpage.Write(w, webpage.Page{
		Title: d.heading(), Body: driftPage, Data: d,
		Funcs: template.FuncMap{
			"heading": d.heading, "summary": d.summary, "filled": filled,
			"special": (&Report{Rehearsal: d.Rehearsal}).special,
			"count":   func() string { return human.Count(len(d.Items), "item") },
			"remark":  func(it DriftItem) string { return it.remark() },
			"notOurs": func() webpage.Mark { return webpage.Mark{Icon: "off", Word: "not ours"} },
			"state": func(it DriftItem) webpage.Mark {
				icon := map[bool]string{true: "good", false: "error"}[it.State == InStep]
				return webpage.Mark{Icon: icon, Word: string(it.State)}
			},
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
func (r *Report) mark(it ItemReport) webpage.Mark {
	m := webpage.Mark{Icon: "warning", Word: r.word(it)}
	switch it.Result {
	case Written:
		m.Icon = "good"
	case Same, Skipped:
		m.Icon = "off"
	case Failed:
		m.Icon = "error"
	}
	return m
}
