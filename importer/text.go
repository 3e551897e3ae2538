package importer

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/webpage"
	"github.com/mailferry/mailferry/schema"
)

// when is how a report's page tells a time.
const when = "2006-01-02 15:04:05 UTC"

// Text writes the plan for a person. width is the terminal's in columns; 0 stands
// for 80.
func (p *Plan) Text(w io.Writer, width int) error {
	a := account{Heading: "Plan for " + human.Visible(p.Cloud), Rehearsal: p.Rehearsal,
		Summary: summary(counted(p.Counts(), actions()...))}
	for _, list := range schema.Lists() {
		g := group{Title: string(list)}
		for _, it := range p.Items {
			if it.List == list {
				g.Lines = append(g.Lines, it.line())
			}
		}
		a.add(g)
	}
	return a.text(w, width)
}

func (pi *PlanItem) line() line {
	l := line{Mark: webpage.Mark{Word: string(pi.Action)}, Name: pi.Name}
	if pi.After != "" {
		l.Remark = "after credential " + human.Visible(pi.After)
	}
	l.addChanges(pi.Changes, "", " → ")
	for _, r := range pi.Reasons {
		if r.Code != Conflict || len(pi.Changes) == 0 {
			l.Details = append(l.Details, r.Words)
		}
	}
	l.Details = append(l.Details, pi.Notes...)
	return l
}

// Text writes the report for a person. width is the terminal's in columns; 0
// stands for 80.
func (r *Report) Text(w io.Writer, width int) error { return r.account().text(w, width) }

// HTML writes the report as one file that needs nothing else.
func (r *Report) HTML(w io.Writer) error { return r.account().html(w) }

func (r *Report) account() *account {
	a := &account{
		Heading:   fmt.Sprintf("Import of %s into %s", r.List, human.Visible(r.Cloud)),
		Rehearsal: r.Rehearsal, DryRun: r.DryRun, Notes: r.Notes, Tasks: r.Tasks, PlanDigest: r.PlanDigest,
		Command: "import", About: "What was done", Count: human.Count(len(r.Items), r.List.One()),
		Bundle: r.Bundle, Digest: r.Digest, Key: reportKey(r.List, r.Bundle, r.Cloud),
		Facts: [][2]string{{"Begun", r.Started.Format(when)}, {"Ended", r.Finished.Format(when)},
			{"Ledger", r.Ledger}},
		Secrets: "It shows no secret: Cloud shows none, and those of the bundle went to Cloud alone.",
	}
	var g group
	earlier := 0
	for _, it := range r.Items {
		if it.Earlier {
			earlier++
		}
		g.Lines = append(g.Lines, it.line(r.DryRun))
	}
	a.add(g)
	var counts []string
	if written := r.Counts[Written]; written > 0 {
		word := map[bool]string{true: " would be written", false: " written"}[r.DryRun]
		counts = append(counts, strconv.Itoa(written-earlier)+word)
	}
	if earlier > 0 {
		counts = append(counts, strconv.Itoa(earlier)+" by an earlier run")
	}
	a.Summary = summary(append(counts,
		counted(r.Counts, Same, Skipped, Failed, Waits, Open, Unfound, NotTried)...))
	return a
}

func (it *ItemReport) line(dry bool) line {
	l := line{Mark: webpage.Mark{Icon: "warning", Word: string(it.Result)}, Name: it.Name, Remark: it.Words}
	switch it.Result {
	case Written:
		l.Icon = "good"
		if dry {
			l.Word = wouldWrite
		}
		l.addChanges(it.Changes, "", " → ")
	case Same:
		l.Icon = "off"
	case Skipped:
		l.Icon = "off"
		if len(it.Changes) > 0 {
			l.Remark = "Cloud's own stays"
		}
		l.addChanges(it.Changes, "", " → ")
	case Failed:
		l.Icon = "error"
	}
	if it.Earlier {
		l.Word, l.Remark = "there", "already there since "+it.When.Minute()
	}
	if it.Replaced != "" {
		l.Details = append(l.Details, "what it replaces is kept in "+human.Visible(it.Replaced))
	}
	l.Details = append(l.Details, it.Notes...)
	return l
}

// Text writes the drift for a person. width is the terminal's in columns; 0
// stands for 80.
func (d *DriftReport) Text(w io.Writer, width int) error { return d.account().text(w, width) }

// HTML writes the drift as one file of the report's kind.
func (d *DriftReport) HTML(w io.Writer) error { return d.account().html(w) }

func (d *DriftReport) account() *account {
	a := &account{
		Heading: "The bundle and " + human.Visible(d.Cloud), Rehearsal: d.Rehearsal,
		Summary: map[bool]string{true: "there are differences", false: "no difference"}[d.Differs()],
		Notes:   d.Notes, Command: "diff", About: "Bundle and Cloud", Count: human.Count(len(d.Items), "item"),
		Bundle: d.Bundle, Digest: d.Digest, Facts: [][2]string{{"Looked at", d.Time.Format(when)}},
		Secrets: "It shows no secret: Cloud shows none.",
	}
	for _, list := range schema.Lists() {
		g := group{Title: string(list)}
		for _, it := range d.Items {
			if it.List == list {
				g.Lines = append(g.Lines, it.line())
			}
		}
		for _, name := range d.Extra[string(list)] {
			g.Lines = append(g.Lines, line{Mark: webpage.Mark{Icon: "off", Word: "not ours"}, Name: name})
		}
		a.add(g)
	}
	return a
}

func (it *DriftItem) line() line {
	icon := map[bool]string{true: "good", false: "error"}[it.State == InStep]
	l := line{Mark: webpage.Mark{Icon: icon, Word: string(it.State)}, Name: it.Name}
	l.addChanges(it.Changes, "Cloud has ", ", the bundle ")
	var said []string
	if len(it.Near) > 0 {
		said = append(said, "Cloud has "+schema.Quotes(it.Near))
	}
	label := secretLabel(it.List)
	switch it.Secret {
	case SecretAsImported:
		said = append(said, label+" as imported on "+it.Since.Minute())
	case SecretNotComparable:
		said = append(said, label+" not comparable with what was imported on "+it.Since.Minute())
	case SecretUnknown:
		said = append(said, label+" unknown")
	}
	l.Remark = strings.Join(said, "; ")
	return l
}
