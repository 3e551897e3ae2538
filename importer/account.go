package importer

import (
	"bytes"
	"cmp"
	_ "embed"
	"io"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/webpage"
	"github.com/mailferry/mailferry/schema"
)

// account is a plan, a report or a drift report as people read it. It is laid out
// once, and written as text or as HTML.
type account struct {
	Heading   string
	Rehearsal bool
	DryRun    bool
	Groups    []group
	Summary   string
	Notes     []string
	Tasks     []Task

	PlanDigest string // of the saved plan that was applied

	// In HTML alone.
	Command, About, Count string
	Bundle, Digest        string
	Facts                 [][2]string
	Secrets               string // what the page says of them
	Key                   string // of the import that it reports
}

// group is what is said of some items; those of a plan have a title.
type group struct {
	Title string
	Lines []line
}

// line is one item: a word for what becomes of it, its name, a remark, and below
// what else there is to say.
type line struct {
	webpage.Mark
	Name, Remark string
	Details      []string
}

const nothingThere = "(empty)"

// add takes a group, unless there is nothing in it.
func (a *account) add(g group) {
	if len(g.Lines) > 0 {
		a.Groups = append(a.Groups, g)
	}
}

// addChanges says what stands between and around the two values of each change.
func (l *line) addChanges(changes []Change, before, between string) {
	value := func(text string) string { return human.Visible(cmp.Or(text, nothingThere)) }
	for _, c := range changes {
		l.Details = append(l.Details, c.Label+": "+before+value(c.From)+between+value(c.To))
	}
}

const (
	sampleCloud = "a sample Cloud, which proves the bundle and the run, not the vendor's pages"
	dryRun      = "nothing was written; this is what would be"
	wouldWrite  = "would write" // what a dry run says in the place of written
)

func (a *account) title() string {
	s := a.Heading
	if a.Rehearsal {
		s += " (rehearsal: " + sampleCloud + ")"
	}
	if a.DryRun {
		s += " — dry run: " + dryRun
	}
	return s
}

// text writes the account for a terminal of that many columns; 0 stands for 80.
func (a *account) text(w io.Writer, width int) error {
	out := human.NewPrinter(w, human.Terminal{Width: width})
	words := len("unsettled") // columns of the widest
	if a.DryRun {
		words = len(wouldWrite)
	}
	out.Wrapped(0, human.Plain, a.title())
	if a.PlanDigest != "" {
		out.Line(human.Plain, "plan digest "+a.PlanDigest)
	}
	for _, g := range a.Groups {
		out.Blank()
		if g.Title != "" {
			out.Wrapped(0, human.Plain, g.Title)
		}
		for _, l := range g.Lines {
			name := human.Visible(l.Name)
			if l.Remark != "" {
				name += ": " + l.Remark
			}
			out.Pair(2, words, l.Word, human.Plain, name)
			for _, detail := range l.Details {
				out.Wrapped(2+words+2+2, human.Plain, detail)
			}
		}
	}
	out.Blank()
	out.Wrapped(0, human.Plain, a.Summary)
	for _, n := range a.Notes {
		out.Marked(0, "note: ", human.Plain, n)
	}
	if len(a.Tasks) > 0 {
		out.Blank()
		out.Wrapped(0, human.Plain, "Left for a person")
	}
	for _, t := range a.Tasks {
		text, between := t.Words, ": "
		for _, name := range t.Names {
			text, between = text+between+human.Visible(name), ", "
		}
		out.Marked(2, "[ ] ", human.Plain, text)
	}
	return out.Flush()
}

//go:embed account.html.tmpl
var accountPage string

// html writes the account as one file that needs nothing else: no script, no
// font, no request. Its policy forbids all of them, whatever a name says.
func (a *account) html(w io.Writer) error {
	const style = ".tasks > li { padding-left: 1.6rem; }\n" +
		".tasks > li::before { content: \"☐\"; float: left; margin-left: -1.6rem; }\n" +
		".tasks ul { list-style: disc; padding-left: 1.2rem; } .tasks > li + li { margin-top: .5rem; }\n" +
		".kicker .mark { white-space: normal; }"
	return webpage.Write(w, webpage.Page{Title: a.title(), Body: accountPage, Data: a, Style: style})
}

// Marks show that a run was not in earnest.
func (a *account) Marks() (marks []webpage.Mark) {
	if a.Rehearsal {
		marks = append(marks, webpage.Mark{Icon: "note", Word: "Rehearsal: " + sampleCloud})
	}
	if a.DryRun {
		marks = append(marks, webpage.Mark{Icon: "warning", Word: "Dry run: " + dryRun})
	}
	return marks
}

const reportMark = `<main data-import="`

// reportKey is another for each import: what a browser keeps of one report does
// not show in another.
func reportKey(list schema.List, bundle, cloud string) string {
	return digestOf([]byte(string(list) + "\n" + bundle + "\n" + sameSite(cloud)))
}

// IsReport reports whether an HTML file is the report of an import.
func IsReport(page []byte) bool { return bytes.Contains(page, []byte(reportMark)) }

// IsReport reports whether an HTML file is the report of an earlier run of this
// import: of the same list and bundle, into the same Cloud.
func (o *Options) IsReport(page []byte) bool {
	return bytes.Contains(page, []byte(reportMark+reportKey(o.List, o.Bundle.Manifest.ID, o.Cloud.Site().URL)))
}

// counted lists "3 create", "1 change" in the order of kinds, without zeros.
func counted[K ~string](counts map[K]int, kinds ...K) (out []string) {
	for _, k := range kinds {
		if n := counts[k]; n > 0 {
			out = append(out, strconv.Itoa(n)+" "+string(k))
		}
	}
	return out
}

// summary is what counts say in one line.
func summary(counts []string) string { return cmp.Or(strings.Join(counts, ", "), "nothing selected") }
