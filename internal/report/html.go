package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"iter"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/webpage"
	"github.com/mailferry/mailferry/schema"
)

//go:embed audit.html
var auditPage string

// HTML writes the report as one page.
func HTML(w io.Writer, r *Report) error {
	title := "Mailferry audit"
	if len(r.Bundles) == 1 {
		title += ": " + r.Bundles[0].File
	}
	var bundles []bundleView
	for i, b := range r.Bundles {
		bundles = append(bundles, bundleView{b, i + 1, b.summary()})
	}
	funcs := template.FuncMap{"when": when, "decision": decisionText, "tally": tallyText, "holds": holdsText,
		"marks": marks, "anchor": anchor, "program": func() string { return schema.ContentJQ }}
	return webpage.Write(w, webpage.Page{Title: title, Body: auditPage, Funcs: funcs, Data: map[string]any{
		"Made": schema.At(r.Created).Minute(), "Policy": r.Policy, "Bundles": bundles,
		"Footer": "Written by " + r.Tool + ". It shows no secret: passwords and client secrets stay sealed in the bundle.",
	}})
}

// bundleView is a bundle and its place among those of the page.
type bundleView struct {
	*Bundle
	Number  int
	Summary summary
}

type listView struct {
	Title string
	Count int
	Cards iter.Seq[card] // made where they are written: together they are several times the bundle
}

type card struct {
	Anchor, Name    string
	Number          int
	Marks           []webpage.Mark
	Settings, Extra []setting
	Found           []foundView
}

type foundView struct {
	findings.Finding
	Mark  webpage.Mark
	Label string
}

// Lists are the two lists as people look for them.
func (v bundleView) Lists() []listView {
	var out []listView
	shared := v.shared()
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		items := v.Bundle.Bundle.Items(l)
		if len(items) > 0 || l == schema.Connections {
			out = append(out, listView{listTitle(l), len(items), func(yield func(card) bool) {
				for i, it := range items {
					if !yield(v.card(i, it, shared)) {
						return
					}
				}
			}})
		}
	}
	return out
}

func listTitle(l schema.List) string {
	if l == schema.Credentials {
		return "OAuth2 credentials"
	}
	return "Connections"
}

func (v bundleView) card(i int, it schema.Item, shared map[string][]string) card {
	l, list, panel := it.List(), settings(it, shared), len(schema.FieldsOf(it))
	return card{anchor(v.Number, l, i), it.ItemName(), i + 1, marks(findings.Count(findings.Of(v.Findings, l, i))),
		list[:panel], list[panel:], v.Found(l, i)}
}

// Found is what was found at an item, or in the bundle as a whole where l is "".
func (v bundleView) Found(l schema.List, index int) []foundView {
	var out []foundView
	for _, f := range findings.Of(v.Findings, l, index) {
		m := webpage.Mark{Icon: string(f.Severity), Word: string(f.Severity)}
		if f.Excepted != nil {
			m = webpage.Mark{Icon: "off", Word: "excepted " + string(f.Severity)}
		}
		out = append(out, foundView{f, m, v.label(f)})
	}
	return out
}

// MarkerMark is a secret's state for the page.
func (s setting) MarkerMark() webpage.Mark {
	if s.Marker.State == schema.Sealed {
		return webpage.Mark{Icon: "seal", Word: schema.Sealed}
	}
	return webpage.Mark{Icon: "warning", Word: s.Marker.State}
}

// Fingerprint is enough of a sealed secret's to compare by eye.
func (s setting) Fingerprint() string { return shortFingerprint(s.Marker) }

// marks counts what was found.
func marks(t findings.Tally) []webpage.Mark {
	var out []webpage.Mark
	for _, c := range []struct {
		icon string
		n    int
		word string
	}{{"error", t.Errors, human.Count(t.Errors, "error")}, {"warning", t.Warnings, human.Count(t.Warnings, "warning")},
		{"note", t.Notes, human.Count(t.Notes, "note")}, {"off", t.Excepted, fmt.Sprintf("%d excepted", t.Excepted)}} {
		if c.n > 0 {
			out = append(out, webpage.Mark{Icon: c.icon, Word: c.word})
		}
	}
	return out
}

func anchor(bundle int, l schema.List, index int) string {
	return fmt.Sprintf("b%d-%s-%d", bundle, l.One(), index+1)
}

// Mark is the rule's severity for the page.
func (g *ruleGroup) Mark() webpage.Mark {
	if g.Excepted == g.Total {
		return webpage.Mark{Icon: "off", Word: "excepted"}
	}
	return webpage.Mark{Icon: string(g.Severity), Word: string(g.Severity)}
}

// More is how many items are not in Where.
func (g *ruleGroup) More() int {
	if len(g.Where) == 0 {
		return 0
	}
	return g.Total - len(g.Where)
}
