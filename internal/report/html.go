package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/schema"
)

//go:embed style.css
var styleSheet string

//go:embed page.html
var pageTemplates string

//go:embed audit.html
var auditTemplates string

// Page is an HTML page in the house's look, written piece by piece. It needs no
// script and nothing from elsewhere: its policy (CSP) allows one style sheet,
// named by its hash, and nothing more.
type Page struct {
	out  *bufio.Writer
	tmpl *template.Template
	err  error
}

// NewPage begins a page. extra defines further templates, which may use "head",
// "foot" and "digest" and the functions value, parts, icon and mark, and which
// Write executes by name.
func NewPage(w io.Writer, title, extra string) *Page {
	p := &Page{out: bufio.NewWriterSize(w, 64<<10)}
	p.tmpl, p.err = template.New("page").Funcs(template.FuncMap{
		"visible": Visible, "value": inTemplate(markup.value), "parts": inTemplate(markup.escaped), "icon": inTemplate(markup.icon), "mark": inTemplate(markup.mark), "eights": eights,
		"when": when, "decision": decisionText,
	}).Parse(pageTemplates)
	if p.err == nil {
		_, p.err = p.tmpl.Parse(extra)
	}
	sum := sha256.Sum256([]byte(styleSheet))
	p.Write("head", map[string]any{
		"Title": title,
		// The style sheet is the program's own; nothing of a bundle is in it.
		"Style":     template.CSS(styleSheet), //nolint:gosec // constant
		"StyleHash": "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
	})
	return p
}

// Write executes one template.
func (p *Page) Write(name string, data any) {
	if p.err == nil {
		p.err = p.tmpl.ExecuteTemplate(p.out, name, data)
	}
}

// Close ends the page with a footer and returns the first error.
func (p *Page) Close(footer string) error {
	p.Write("foot", footer)
	if p.err != nil {
		return p.err
	}
	return p.out.Flush()
}

// eights cuts a digest for reading aloud.
func eights(s string) []string {
	var out []string
	for len(s) > 8 {
		out, s = append(out, s[:8]), s[8:]
	}
	return append(out, s)
}

type tile struct {
	Icon   string
	Number int
	Word   string
}

type ruleView struct {
	*met
	Mark  Mark
	Count string
	Where []whereView
	More  int
}

type whereView struct{ Anchor, Item string }

type readersView struct {
	Title, Sight string
	Signers      []string
	Readers      []schema.Reader
}

// HTML writes the report as one page.
func HTML(w io.Writer, r *Report) error {
	name := "Mailferry audit"
	if len(r.Bundles) == 1 {
		name += ": " + r.Bundles[0].File
	}
	p := NewPage(w, name, auditTemplates)
	type line struct {
		Number      int
		File, Tally string
	}
	var lines []line
	for i, b := range r.Bundles {
		lines = append(lines, line{i + 1, b.File, tallyText(findings.Count(b.Findings.All()))})
	}
	p.Write("top", map[string]any{"Made": r.Created.UTC().Format("2006-01-02 15:04 UTC"), "Policy": r.Policy, "Bundles": lines})
	for i, b := range r.Bundles {
		p.bundle(i+1, b)
	}
	return p.Close("Written by " + r.Tool + ". It shows no secret: passwords and client secrets stay sealed in the bundle.")
}

func (p *Page) bundle(number int, b *Bundle) {
	c, s := b.Content, b.summary()
	p.Write("bundle", map[string]any{
		"Number": number, "File": b.File, "Digest": b.Digest, "Holds": holdsText(s), "Kind": b.Kind(), "Manifest": c.Manifest,
		"Sight": b.Sight.String(), "ContentSigners": b.signers("content"), "Tiles": tiles(s), "Rules": b.ruleViews(number),
		"Whole": foundList(b, b.Findings.Of("", 0)),
	})
	shared := b.shared()
	for _, l := range []schema.List{schema.Connections, schema.Credentials} {
		items := c.Items(l)
		if len(items) == 0 && l == schema.Credentials {
			continue
		}
		heading := "Connections"
		if l == schema.Credentials {
			heading = "OAuth2 credentials"
		}
		p.Write("list", map[string]any{"Title": heading, "Count": len(items)})
		for i, it := range items {
			markup{p.out}.card(b, anchor(number, l, i), i+1, it, b.Findings.Of(l, i), shared)
		}
	}
	p.Write("tail", map[string]any{
		"Manifest": c.Manifest, "Counts": countsText(c.Manifest.Counts), "Road": Road(c, b.Signatures),
		"Readers": []readersView{
			{"Recipients", "see settings and secrets", b.signers("recipients"), c.Manifest.Recipients},
			{"Reviewers", "see settings, no secret", b.signers("reviewers"), c.Manifest.Reviewers},
		},
	})
}

func countsText(c schema.Counts) string {
	return holdsText(summary{Credentials: c.Credentials, Connections: c.Connections, Sealed: c.Sealed, Missing: c.Missing})
}

func tiles(s summary) []tile {
	if s.Tally == (findings.Tally{}) {
		return []tile{{"good", 0, "findings"}}
	}
	list := []tile{{"error", s.Errors, "errors"}, {"warning", s.Warnings, "warnings"}, {"note", s.Notes, "notes"}, {"off", s.Excepted, "excepted"}}
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
	for _, m := range b.byRule() {
		v := ruleView{met: m, Mark: Mark{string(m.Severity), string(m.Severity)}, Count: fmt.Sprintf("%d×", m.Total), More: m.Total - len(m.Where)}
		if m.Excepted == m.Total {
			v.Mark = Mark{"off", "excepted"}
		} else if m.Excepted > 0 {
			v.Count += fmt.Sprintf(", %d excepted", m.Excepted)
		}
		for _, f := range m.Where {
			v.Where = append(v.Where, whereView{anchor(number, f.List, f.Index), shortName(f.Item)})
		}
		if len(v.Where) == 0 {
			v.More = 0
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

func foundList(b *Bundle, list []findings.Finding) template.HTML {
	return inTemplate(func(m markup, list []findings.Finding) { m.findings(b, list) })(list)
}
