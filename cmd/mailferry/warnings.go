package main

import (
	"fmt"
	"strings"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// warning keeps a warning until showWarnings.
func (e *env) warning(w schema.Warning) { e.pending = append(e.pending, w) }

// showWarnings writes the warnings that were kept. What is true of several things
// is one line with as many of their names as fit, or all with --verbose.
func (e *env) showWarnings() {
	kinds := map[schema.Warning][]string{}
	var order []schema.Warning
	for _, w := range e.pending {
		name := w.Name
		w.Name, w.Doubt = "", false
		if _, seen := kinds[w]; !seen {
			order = append(order, w)
		}
		kinds[w] = append(kinds[w], name)
	}
	e.pending = nil
	for _, w := range order {
		names := kinds[w]
		if w.Name = names[0]; w.Noun == "" || len(names) == 1 {
			e.warn(w.String())
			continue
		}
		w.Name = human.Count(len(names), w.Noun)
		e.warn(w.String() + ": " + e.fitting(w.Noun, names))
	}
}

// fitting joins as many names as one line of a terminal takes.
func (e *env) fitting(noun string, names []string) string {
	const room = 60 // columns; names beyond it are counted
	var b strings.Builder
	for i, name := range names {
		name = strings.TrimPrefix(name, noun+" ")
		if i > 0 && !e.verbose && b.Len()+len(name) > room {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name)
	}
	return b.String()
}
