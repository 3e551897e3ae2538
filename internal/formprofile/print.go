package formprofile

import (
	"strings"

	"github.com/mailferry/mailferry/internal/human"
)

// Print writes it for people.
func (i *Inspection) Print(p *human.Printer) {
	p.Pair(0, 12, "source", human.Plain, i.Address)
	p.Pair(0, 12, "kind", human.Plain, "admin pages, by a form profile of "+i.Side+map[bool]string{true: " (verified)", false: " (unverified)"}[i.Verified])
	for _, l := range i.Lists {
		l.print(p)
	}
	p.Blank()
	if !i.Fits() {
		p.Line(human.Strong, "the pages are not as the profile says")
		p.Wrapped(0, human.Faint, "save it with --print-form-profile "+i.Side+", edit the lines that differ, and look again with --form-profile")
		return
	}
	p.Line(human.Strong, "everything that the profile expects is there")
	if !i.Verified {
		p.Wrapped(0, human.Faint, "save the profile with --print-form-profile "+i.Side+", set verified to true in it, and use it with --form-profile")
	}
}

func (l *Inspected) print(p *human.Printer) {
	const column = 16
	p.Blank()
	p.Line(human.Strong, human.Visible(l.Heading)+"  "+human.Count(l.Rows, "row"))
	if l.Problem != "" {
		p.Pair(2, column, "not read", human.Strong, l.Problem)
	}
	if l.Survey == nil {
		return
	}
	if len(l.Columns) > 0 {
		p.Pair(2, column, "columns", human.Plain, strings.Join(l.Columns, ", "))
	}
	with := func(choices []string) string {
		if len(choices) == 0 {
			return ""
		}
		return ", with " + strings.Join(choices, " or ")
	}
	for _, f := range l.Fields {
		is, state := "", "found"
		if f.Field == "" {
			state = "not in profile"
		} else {
			is = " is " + f.Field
		}
		text := f.Label + is + ": " + string(f.Kind) + with(f.With)
		if len(f.Choices) > 0 {
			text += "; offers " + strings.Join(f.Choices, ", ")
		}
		p.Pair(2, column, state, human.Plain, text)
		if f.Problem != "" {
			p.Pair(2, column, "not read", human.Strong, f.Problem)
		}
	}
	for _, m := range l.Missing {
		p.Pair(2, column, "missing", human.Strong, m.Label+" for "+m.Field+with(m.With))
	}
	for _, v := range l.Unoffered {
		p.Pair(2, column, "not offered", human.Strong, v+", which the profile names")
	}
}
