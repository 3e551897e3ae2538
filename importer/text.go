package importer

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// printer writes plans, reports and drift: one item a line, and below what there
// is to say of it.
type printer struct {
	*human.Printer
	words int // columns of the widest word for what became of an item
}

func printerTo(w io.Writer, width int) printer {
	return printer{human.NewPrinter(w, human.Terminal{Width: width}), len("unsettled")}
}

// entry writes one item: a word, its name, and a remark.
func (p printer) entry(word, name, remark string) {
	text := human.Visible(name)
	if remark != "" {
		text += ": " + remark
	}
	p.Pair(2, p.words, word, human.Plain, text)
}

func (p printer) detail(text string) { p.Wrapped(2+p.words+2+2, human.Plain, text) }

func (p printer) sentence(text string) { p.Wrapped(0, human.Plain, text) }

func (p printer) changes(changes []Change) {
	for _, c := range changes {
		p.detail(c.Label + ": " + value(c.From) + " → " + value(c.To))
	}
}

func (p printer) notes(notes []string) {
	for _, n := range notes {
		p.Marked(0, "note: ", human.Plain, n)
	}
}

func value(s string) string { return human.Visible(cmp.Or(s, nothingThere)) }

const (
	nothingThere = "(empty)"
	wouldWrite   = "would write" // what a dry run says in the place of written
)

const (
	sampleCloud = "a sample Cloud, which proves the bundle and the run, not the vendor's pages"
	dryRun      = "nothing was written; this is what would be"
)

func rehearsal(yes bool) string {
	if yes {
		return " (rehearsal: " + sampleCloud + ")"
	}
	return ""
}

// counted lists "3 create, 1 change" in the order of kinds, without zeros.
func counted[K ~string](counts map[K]int, kinds ...K) string {
	return cmp.Or(strings.Join(countedOf(counts, kinds...), ", "), "nothing selected")
}

func countedOf[K ~string](counts map[K]int, kinds ...K) (out []string) {
	for _, k := range kinds {
		if n := counts[k]; n > 0 {
			out = append(out, strconv.Itoa(n)+" "+string(k))
		}
	}
	return out
}

// Text writes the plan for a person. width is the terminal's in columns; 0 stands
// for 80.
func (p *Plan) Text(w io.Writer, width int) error {
	out := printerTo(w, width)
	out.sentence("Plan for " + human.Visible(p.Cloud) + rehearsal(p.Rehearsal))
	for _, list := range schema.Lists() {
		if !slices.ContainsFunc(p.Items, func(it PlanItem) bool { return it.List == list }) {
			continue
		}
		out.Blank()
		out.sentence(string(list))
		for _, it := range p.Items {
			if it.List == list {
				out.planItem(it)
			}
		}
	}
	out.Blank()
	out.sentence(counted(p.Counts(), ActionCreate, ActionChange, ActionUnchanged, ActionConflict, ActionBlocked))
	return out.Flush()
}

func (p printer) planItem(it PlanItem) {
	remark := ""
	if it.After != "" {
		remark = "after credential " + human.Visible(it.After)
	}
	p.entry(string(it.Action), it.Name, remark)
	p.changes(it.Changes)
	for _, r := range it.Reasons {
		if r.Code != Conflict || len(it.Changes) == 0 {
			p.detail(r.Words)
		}
	}
	for _, n := range it.Notes {
		p.detail(n)
	}
}

// Text writes the report for a person. width is the terminal's in columns; 0
// stands for 80.
func (r *Report) Text(w io.Writer, width int) error {
	out := printerTo(w, width)
	if r.DryRun {
		out.words = len(wouldWrite)
	}
	out.sentence(r.title())
	if r.PlanDigest != "" {
		out.Line(human.Plain, "plan digest "+r.PlanDigest)
	}
	out.Blank()
	for _, it := range r.Items {
		out.entry(r.word(it), it.Name, it.remark())
		out.changes(it.changesShown())
		if it.Replaced != "" {
			out.detail("what it replaces is kept in " + human.Visible(it.Replaced))
		}
		for _, n := range it.Notes {
			out.detail(n)
		}
	}
	out.Blank()
	out.sentence(r.summary())
	out.notes(r.Notes)
	if len(r.Tasks) > 0 {
		out.Blank()
		out.sentence("Left for a person")
	}
	for _, t := range r.Tasks {
		text, between := t.Words, ": "
		for _, name := range t.Names {
			text, between = text+between+human.Visible(name), ", "
		}
		out.Marked(2, "[ ] ", human.Plain, text)
	}
	return out.Flush()
}

func (r *Report) title() string {
	s := r.heading() + rehearsal(r.Rehearsal)
	if r.DryRun {
		s += " — dry run: " + dryRun
	}
	return s
}

func (r *Report) heading() string {
	return fmt.Sprintf("Import of %s into %s", r.List, human.Visible(r.Cloud))
}

func (r *Report) summary() string {
	earlier := 0
	for _, it := range r.Items {
		if it.Earlier {
			earlier++
		}
	}
	if len(r.Items) == 0 {
		return "nothing selected"
	}
	var out []string
	if n := r.Counts[Written] - earlier; n > 0 || earlier > 0 {
		out = append(out, strconv.Itoa(n)+" "+map[bool]string{true: "would be written", false: "written"}[r.DryRun])
	}
	if earlier > 0 {
		out = append(out, strconv.Itoa(earlier)+" by an earlier run")
	}
	out = append(out, countedOf(r.Counts, Same, Skipped, Failed, Waits, Open, Unfound, NotTried)...)
	return strings.Join(out, ", ")
}

// word is what became of an item, by this run or before it.
func (r *Report) word(it ItemReport) string {
	switch {
	case it.Earlier:
		return "there"
	case r.DryRun && it.Result == Written:
		return wouldWrite
	}
	return string(it.Result)
}

// changesShown are the differences that are of interest once the run is over.
func (it ItemReport) changesShown() []Change {
	if it.Result != Skipped && it.Result != Written {
		return nil
	}
	return it.Changes
}

// remark is what stands behind an item's name.
func (it *ItemReport) remark() string {
	switch {
	case it.Earlier:
		return "already there since " + it.When.Minute()
	case it.Result == Skipped && len(it.Changes) > 0:
		return "Cloud's own stays"
	}
	return it.Words
}

// Text writes the drift for a person. width is the terminal's in columns; 0
// stands for 80.
func (d *DriftReport) Text(w io.Writer, width int) error {
	out := printerTo(w, width)
	out.sentence(d.heading() + rehearsal(d.Rehearsal))
	for _, list := range schema.Lists() {
		items := slices.DeleteFunc(slices.Clone(d.Items), func(it DriftItem) bool { return it.List != list })
		if len(items)+len(d.Extra[string(list)]) == 0 {
			continue
		}
		out.Blank()
		out.sentence(string(list))
		for _, it := range items {
			out.entry(string(it.State), it.Name, it.remark())
			for _, c := range it.Changes {
				out.detail(c.Label + ": Cloud has " + value(c.From) + ", the bundle " + value(c.To))
			}
		}
		for _, n := range d.Extra[string(list)] {
			out.entry("not ours", n, "")
		}
	}
	out.Blank()
	out.sentence(d.summary())
	out.notes(d.Notes)
	return out.Flush()
}

func (d *DriftReport) heading() string { return "The bundle and " + human.Visible(d.Cloud) }

func (d *DriftReport) summary() string {
	if d.Differs() {
		return "there are differences"
	}
	return "no difference"
}

func (it *DriftItem) remark() string {
	var out []string
	if len(it.Near) > 0 {
		out = append(out, "Cloud has "+schema.Quotes(it.Near))
	}
	label := secretLabel(it.List)
	switch it.Secret {
	case SecretAsImported:
		out = append(out, label+" as imported on "+it.Since.Minute())
	case SecretNotComparable:
		out = append(out, label+" not comparable with what was imported on "+it.Since.Minute())
	case SecretUnknown:
		out = append(out, label+" unknown")
	}
	return strings.Join(out, "; ")
}
