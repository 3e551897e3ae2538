package panels

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Bare is a script with fixed selectors for the panel of Atlaskit as it is without options:
// what a person writes who knows the page, and the yardstick for a driver that does not.
// It works in the panel's own page without a frame around.
type Bare struct {
	t     testing.TB
	ctx   context.Context
	panel *Panel
}

// Bare opens the panel's own page in a tab.
func (p *Panel) Bare(t testing.TB, tab context.Context) *Bare {
	t.Helper()
	b := &Bare{t, tab, p}
	b.do(chromedp.Navigate(p.App))
	return b
}

// Add adds a connection.
func (b *Bare) Add(item Item) {
	b.t.Helper()
	l := b.panel.product.list(Connections)
	b.until(`document.querySelector('[data-testid^=field-]')`, named("main button", "Add"))
	fields := l.shown(item)
	decides := slices.IndexFunc(fields, func(f field) bool { return f.Key == l.Decides })
	b.set(fields[decides], item[l.Decides]) // which decides what else is there
	for _, f := range slices.Delete(fields, decides, decides+1) {
		b.set(f, item[f.Key])
	}
	b.click(`document.querySelector('form button[type=submit]')`)
	b.middle(`!document.querySelector('[data-testid^=field-]') && document.querySelector('[data-testid="acts-' + `+quote(item["name"])+` + '"]')`, "false")
}

func (b *Bare) set(f field, value string) {
	b.t.Helper()
	at := `document.querySelector('[data-testid=field-` + f.Key + `]')`
	b.middle(at, "false")
	switch {
	case f.Kind == toggle:
		if b.eval(`String(`+at+`.querySelector('input:checked') !== null)`) != value {
			b.click(at + `.querySelector('label[class]')`)
		}
	case f.Kind == choice && value != "":
		control := at + `.querySelector('[class*=-control]')`
		shows := control + `.textContent.includes(` + quote(value) + `)`
		if b.eval(`String(`+shows+`)`) != "true" {
			b.until(shows, control, named("[role=option]", value))
		}
	case f.Kind != choice && value != "":
		b.eval(`(() => { const e = ` + at + `.querySelector('input, textarea'); e.focus(); e.select(); return '' })()`)
		if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// named is the element of that selector with that text.
func named(selector, text string) string {
	return `[...document.querySelectorAll(` + quote(selector) + `)].find((e) => e.getClientRects().length && e.textContent.trim() === ` + quote(text) + `)`
}

// middle is the point where to press an element, once it rests and nothing is above it, where
// on is true. A list may close where its page scrolls: that is done only where it must be.
func (b *Bare) middle(element, on string) (at struct{ X, Y float64 }) {
	b.t.Helper()
	raw := b.eval(`(async () => { for (let on = ` + on + `, was = '', end = performance.now() + 20000; performance.now() < end;) {
		const e = ` + element + `, r = e && e.getClientRects().length && (e.scrollIntoView({block: performance.now() > end - 17000 ? 'center' : 'nearest'}), e.getBoundingClientRect());
		const is = r ? JSON.stringify({X: r.x + r.width / 2, Y: r.y + r.height / 2}) : '';
		if (is && is === was && (!on || e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)))) return is;
		was = is;
		await new Promise(requestAnimationFrame);
	}
	return '' })()`)
	if raw == "" {
		b.t.Fatalf("waited in vain for %s; the page has:\n%s", element, b.eval(`document.body.innerText`))
	}
	if err := json.Unmarshal([]byte(raw), &at); err != nil {
		b.t.Fatal(err)
	}
	return at
}

func (b *Bare) click(element string) {
	b.t.Helper()
	at := b.middle(element, "true")
	b.do(chromedp.MouseClickXY(at.X, at.Y))
}

// until presses again where nothing comes of it: a list that still moves may lose a press.
func (b *Bare) until(done string, presses ...string) {
	b.t.Helper()
	for came := ""; came != "true"; {
		for n, press := range presses {
			if n+1 == len(presses) || b.eval(`String(!`+presses[n+1]+`)`) == "true" {
				b.click(press)
			}
		}
		came = b.eval(`(async () => { for (let end = performance.now() + 3000; performance.now() < end; await new Promise(requestAnimationFrame))
			if (` + done + `) return 'true';
			return '' })()`)
	}
}

func (b *Bare) eval(expression string) string {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (b *Bare) do(a chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, a); err != nil {
		b.t.Fatal(err)
	}
}

func quote(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}
