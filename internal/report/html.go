package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"iter"
	"strconv"
	"strings"

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
		bundles = append(bundles, b.view(i+1))
	}
	return webpage.Write(w, webpage.Page{Title: title, Body: auditPage,
		Funcs: template.FuncMap{"when": when, "decision": decisionText}, Data: map[string]any{
			"Made": schema.At(r.Created).Minute(), "Policy": r.Policy, "Bundles": bundles,
			"Footer": "Written by " + r.Tool + ". It shows no secret: passwords and client secrets stay sealed in the bundle.",
		}})
}

// DigestProgram is for the template: how stock tools make the digest.
func (b bundleView) DigestProgram() string { return schema.ContentJQ }

type bundleView struct {
	*Bundle
	Number                   int
	TallyText, Holds, Counts string
	ContentSigners           []string
	Tiles                    []tile
	Rules                    []ruleView
	Whole                    []foundView
	Lists                    []listView
	Readers                  []readers
	Road                     []Link
}

type tile struct {
	Icon   string
	Number int
	Word   string
}

type ruleView struct {
	*ruleGroup
	Mark  webpage.Mark
	Count string
	Where []whereView
	More  int
}

type whereView struct{ Anchor, Item string }

type foundView struct {
	findings.Finding
	Mark  webpage.Mark
	Label string
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
	Settings, Extra []Setting
	Found           []foundView
	Sound           webpage.Mark // what to show where nothing was found
}

func (b *Bundle) view(number int) bundleView {
	m, s := b.Content.Manifest, b.summary()
	v := bundleView{Bundle: b, Number: number, TallyText: tallyText(s.Tally), Holds: holdsText(s),
		Counts:         holdsText(summary{Counts: m.Counts}),
		ContentSigners: b.signers("content"), Tiles: tiles(s), Rules: b.ruleViews(number),
		Whole: b.found("", 0), Road: Road(b.Content, b.Signatures),
		Readers: b.readers()}
	shared := b.shared()
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		items := b.Content.Items(l)
		if len(items) > 0 || l == schema.Connections {
			v.Lists = append(v.Lists, listView{listTitle(l), len(items), func(yield func(card) bool) {
				for i, it := range items {
					if !yield(b.card(number, i, it, shared)) {
						return
					}
				}
			}})
		}
	}
	return v
}

func listTitle(l schema.List) string {
	if l == schema.Credentials {
		return "OAuth2 credentials"
	}
	return "Connections"
}

func (b *Bundle) card(bundle, i int, it schema.Item, shared map[string][]string) card {
	l := it.List()
	c := card{Anchor: anchor(bundle, l, i), Number: i + 1, Name: it.ItemName(), Found: b.found(l, i),
		Marks: marks(findings.Of(b.Findings, l, i)), Sound: webpage.Mark{Icon: "good", Word: "nothing found"}}
	for _, s := range settings(it, shared) {
		if s.Extra {
			c.Extra = append(c.Extra, s)
		} else {
			c.Settings = append(c.Settings, s)
		}
	}
	return c
}

func (b *Bundle) found(l schema.List, index int) []foundView {
	var out []foundView
	for _, f := range findings.Of(b.Findings, l, index) {
		m := webpage.Mark{Icon: string(f.Severity), Word: string(f.Severity)}
		if f.Excepted != nil {
			m = webpage.Mark{Icon: "off", Word: "excepted " + string(f.Severity)}
		}
		out = append(out, foundView{f, m, b.label(f)})
	}
	return out
}

// MarkerMark is a secret's state for the page.
func (s Setting) MarkerMark() webpage.Mark {
	if s.Marker.State == schema.Sealed {
		return webpage.Mark{Icon: "seal", Word: schema.Sealed}
	}
	return webpage.Mark{Icon: "warning", Word: s.Marker.State}
}

// Fingerprint is enough of a sealed secret's to compare by eye.
func (s Setting) Fingerprint() string { return ShortFingerprint(s.Marker) }

func tiles(s summary) []tile {
	if s.Tally == (findings.Tally{}) {
		return []tile{{"good", 0, "findings"}}
	}
	list := []tile{{"error", s.Errors, "errors"}, {"warning", s.Warnings, "warnings"},
		{"note", s.Notes, "notes"}, {"off", s.Excepted, "excepted"}}
	for i := range list {
		if list[i].Number == 0 {
			list[i].Icon = "off"
		}
		if list[i].Number == 1 {
			list[i].Word = strings.TrimSuffix(list[i].Word, "s")
		}
	}
	return list
}

func anchor(bundle int, l schema.List, index int) string {
	return fmt.Sprintf("b%d-%s-%d", bundle, l.One(), index+1)
}

func (b *Bundle) ruleViews(number int) []ruleView {
	var out []ruleView
	for _, g := range b.byRule() {
		v := ruleView{ruleGroup: g, Mark: webpage.Mark{Icon: string(g.Severity), Word: string(g.Severity)}, Count: g.count()}
		if g.Excepted == g.Total {
			v.Mark = webpage.Mark{Icon: "off", Word: "excepted"}
		}
		for _, f := range g.Where {
			v.Where = append(v.Where, whereView{anchor(number, f.List, f.Index), shortName(f.Item)})
		}
		if len(v.Where) > 0 {
			v.More = g.Total - len(v.Where)
		}
		out = append(out, v)
	}
	return out
}

// shortName keeps an overview an overview; the card has the whole name.
func shortName(s string) string {
	const most = 40
	for i := range s {
		if i >= most {
			return s[:i] + "…"
		}
	}
	return s
}

// marks counts what was found at an item.
func marks(found []findings.Finding) []webpage.Mark {
	var out []webpage.Mark
	t := findings.Count(found)
	for _, c := range []struct {
		icon  string
		count int
	}{{"error", t.Errors}, {"warning", t.Warnings}, {"note", t.Notes}} {
		if c.count > 0 {
			out = append(out, webpage.Mark{Icon: c.icon, Word: human.Count(c.count, c.icon)})
		}
	}
	if t.Excepted > 0 {
		out = append(out, webpage.Mark{Icon: "off", Word: strconv.Itoa(t.Excepted) + " excepted"})
	}
	return out
}
