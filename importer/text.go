package importer

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/mailferry/mailferry/schema"
)

// shown returns a name or value for a terminal: as it is where every character
// shows as itself, else quoted. Long ones are cut.
func shown(s string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsFunc(s, odd) || utf8.RuneCountInString(s) > 60 {
		return schema.Quote(s)
	}
	return s
}

func shownAll(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = shown(n)
	}
	return strings.Join(out, ", ")
}

// page writes lines no wider than width, where that is possible at blanks; 0
// does not wrap.
type page struct {
	w     io.Writer
	width int
	err   error
}

// line writes text behind indent; what does not fit goes on under hang blanks.
func (p *page) line(indent string, hang int, format string, args ...any) {
	if p.err != nil {
		return
	}
	var b strings.Builder
	b.WriteString(indent)
	at, fresh := runewidth.StringWidth(indent), true
	for word := range strings.SplitSeq(fmt.Sprintf(format, args...), " ") {
		n := runewidth.StringWidth(word)
		if p.width > 0 && n > p.width-hang {
			if !fresh {
				b.WriteByte(' ')
				at++
			}
			at, fresh = p.broken(&b, at, hang, word), false
			continue
		}
		switch {
		case fresh:
		case p.width > 0 && at+1+n > p.width:
			b.WriteString("\n" + strings.Repeat(" ", hang))
			at = hang
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at, fresh = at+n, false
	}
	_, p.err = io.WriteString(p.w, strings.TrimRight(b.String(), " ")+"\n")
}

// broken writes a word that no line holds. It is broken before wide characters
// alone, as Chinese and Japanese are: a digest or a path stays in one piece.
func (p *page) broken(b *strings.Builder, at, hang int, word string) int {
	for _, r := range word {
		n := runewidth.RuneWidth(r)
		if n > 1 && at+n > p.width {
			b.WriteString("\n" + strings.Repeat(" ", hang))
			at = hang
		}
		b.WriteRune(r)
		at += n
	}
	return at
}

func (p *page) blank() {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, "\n")
	}
}

const (
	wordColumn = 11 // the result's or action's word
	nameColumn = 2 + wordColumn
)

// entry writes one item: a word, its name, and a remark.
func (p *page) entry(word, name, remark string) {
	text := shown(name)
	if remark != "" {
		text += ": " + remark
	}
	p.line(fmt.Sprintf("  %-*s", wordColumn, word), nameColumn+2, "%s", text)
}

func (p *page) detail(format string, args ...any) {
	p.line(strings.Repeat(" ", nameColumn+2), nameColumn+4, format, args...)
}

func (p *page) changes(changes []Change) {
	for _, c := range changes {
		if c.Secret {
			p.detail("%s: %s → %s", c.Label, c.From, c.To)
			continue
		}
		p.detail("%s: %s → %s", c.Label, value(c.From), value(c.To))
	}
}

func value(s string) string {
	if s == "" {
		return "(empty)"
	}
	return shown(s)
}

func rehearsal(yes bool) string {
	if yes {
		return " (rehearsal: a sample Cloud, which proves the bundle and the run, not the vendor's pages)"
	}
	return ""
}

// counted lists "3 create, 1 change" in the order of kinds, without zeros.
func counted[K ~string](counts map[K]int, kinds ...K) string {
	var out []string
	for _, k := range kinds {
		if n := counts[k]; n > 0 {
			out = append(out, strconv.Itoa(n)+" "+string(k))
		}
	}
	if len(out) == 0 {
		return "nothing selected"
	}
	return strings.Join(out, ", ")
}

// Text writes the plan for a person. width is the terminal's, 0 for no wrapping.
func (p *Plan) Text(w io.Writer, width int) error {
	out := &page{w: w, width: width}
	out.line("", 2, "Plan for %s%s", shown(p.Cloud), rehearsal(p.Rehearsal))
	for _, list := range bothLists() {
		if !slices.ContainsFunc(p.Items, func(it PlanItem) bool { return it.List == list }) {
			continue
		}
		out.blank()
		out.line("", 0, "%s", list)
		for _, it := range p.Items {
			if it.List != list {
				continue
			}
			remark := ""
			if it.After != "" {
				remark = "after credential " + shown(it.After)
			}
			out.entry(string(it.Action), it.Name, remark)
			out.changes(it.Changes)
			for _, r := range it.Reasons {
				if r.Code != Conflict || len(it.Changes) == 0 {
					out.detail("%s", r.Words)
				}
			}
			for _, n := range it.Notes {
				out.detail("%s", n)
			}
		}
	}
	out.blank()
	out.line("", 2, "%s", counted(p.Counts(), Create, ChangeIt, Unchanged, Conflicting, Blocked))
	return out.err
}

// Text writes the report for a person. width is the terminal's, 0 for no
// wrapping.
func (r *Report) Text(w io.Writer, width int) error {
	out := &page{w: w, width: width}
	out.line("", 2, "%s", r.title())
	if r.PlanDigest != "" {
		out.line("", 2, "plan digest %s", r.PlanDigest)
	}
	out.blank()
	for _, it := range r.Items {
		out.entry(string(it.Result), it.Name, it.remark())
		if it.Result == Skipped || it.Result == Written {
			out.changes(it.Changes)
		}
		if it.Replaced != "" {
			out.detail("what it replaces is kept in %s", shown(it.Replaced))
		}
		for _, n := range it.Notes {
			out.detail("%s", n)
		}
	}
	out.blank()
	out.line("", 2, "%s", r.summary())
	for _, n := range r.Notes {
		out.line("", 2, "note: %s", n)
	}
	if len(r.Tasks) > 0 {
		out.blank()
		out.line("", 0, "Left for a person")
		for _, t := range r.Tasks {
			text := t.Words
			if len(t.Names) > 0 {
				text += ": " + shownAll(t.Names)
			}
			out.line("  [ ] ", 6, "%s", text)
		}
	}
	return out.err
}

func (r *Report) title() string {
	s := fmt.Sprintf("Import of %s into %s%s", r.List, shown(r.Cloud), rehearsal(r.Rehearsal))
	if r.DryRun {
		s += " — dry run: nothing was written; this is what would be"
	}
	return s
}

func (r *Report) summary() string {
	s := counted(r.Counts, Written, Same, Skipped, Failed, Waits, Open, Unfound, NotTried)
	earlier := 0
	for _, it := range r.Items {
		if it.Earlier {
			earlier++
		}
	}
	if earlier > 0 {
		s += fmt.Sprintf(" (%d of those written by an earlier run)", earlier)
	}
	return s
}

// remark is what stands behind an item's name.
func (it *ItemReport) remark() string {
	switch {
	case it.Earlier:
		return "on " + day(it.When)
	case it.Result == Skipped && len(it.Changes) > 0:
		return "Cloud's own stays"
	}
	return it.Words
}

// Text writes the drift for a person. width is the terminal's, 0 for no
// wrapping.
func (d *DriftReport) Text(w io.Writer, width int) error {
	out := &page{w: w, width: width}
	out.line("", 2, "The bundle and %s%s", shown(d.Cloud), rehearsal(d.Rehearsal))
	for _, list := range bothLists() {
		if len(d.Extra[string(list)]) == 0 && !slices.ContainsFunc(d.Items, func(it DriftItem) bool { return it.List == list }) {
			continue
		}
		out.blank()
		out.line("", 0, "%s", list)
		for _, it := range d.Items {
			if it.List != list {
				continue
			}
			out.entry(string(it.State), it.Name, it.remark())
			for _, c := range it.Changes {
				out.detail("%s: Cloud has %s, the bundle %s", c.Label, value(c.From), value(c.To))
			}
		}
		for _, n := range d.Extra[string(list)] {
			out.entry("not ours", n, "")
		}
	}
	out.blank()
	verdict := "no difference"
	if d.Differs() {
		verdict = "there are differences"
	}
	out.line("", 2, "%s", verdict)
	for _, n := range d.Notes {
		out.line("", 2, "note: %s", n)
	}
	return out.err
}

func (it *DriftItem) remark() string {
	var out []string
	if len(it.Near) > 0 {
		out = append(out, "Cloud has "+schema.Quotes(it.Near))
	}
	label := ""
	if f, ok := schema.FieldByName(schema.CloudFormat, it.List, schema.SecretField(it.List)); ok {
		label = f.Label
	}
	switch it.Secret {
	case SecretAsImported:
		out = append(out, label+" as imported on "+day(it.Since))
	case SecretNotComparable:
		out = append(out, label+" not comparable with what was imported on "+day(it.Since))
	case SecretUnknown:
		out = append(out, label+" unknown")
	}
	return strings.Join(out, "; ")
}
