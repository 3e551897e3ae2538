package panels

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Bare is a script with fixed selectors for one panel: what a person writes who
// knows the page, and the yardstick for a driver that does not. It works on a
// panel with the zero Options, in its own page without a frame around.
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
	b.wait(adds)
	return b
}

// adds is the button that opens an empty form.
const adds = `[...document.querySelectorAll('main button, section a.aui-button-primary')].find((e) => e.textContent === 'Add')`

// selectors are what is fixed for a library.
type selectors struct {
	menu   string // of a row, below its actions
	act    string // of the open menu
	choice string // what opens a choice, below its field
	option string // of the open list
	toggle string // of a switch, below its field
	save   string
}

var fixed = map[Library]selectors{
	Atlaskit: {menu: "button", act: "[role=menuitem]", choice: "[class*=-control]", option: "[role=option]", toggle: "label[class]", save: "form button[type=submit]"},
	MUI:      {menu: "button", act: "[role=menuitem]", choice: "[role=combobox]", option: "[role=option]", toggle: "label", save: "form button[type=submit]"},
	Antd:     {menu: "button", act: "[role=menuitem]", choice: ".ant-select", option: ".ant-select-item-option", toggle: "button", save: "form button[type=submit]"},
	Aria:     {menu: "button", act: "[role=menuitem]", choice: "button", option: "[role=option]", toggle: "label", save: "form button[type=submit]"},
	AUI:      {menu: "button", act: "[role=menuitem]", toggle: "label", save: "form.aui input.submit"},
}

// Save adds an item, or changes the one of that name.
func (b *Bare) Save(list string, item Item) {
	b.t.Helper()
	s, l := fixed[b.panel.library], b.panel.product.list(list)
	if b.panel.Item(list, item["name"]) == nil {
		b.click(adds)
	} else {
		b.until(`document.querySelector('[data-testid^=field-]')`,
			`document.querySelector('[data-testid="acts-' + `+quote(item["name"])+` + '"]')?.querySelector(`+quote(s.menu)+`)`, b.named(s.act, "Edit"))
	}
	for _, f := range l.shown(item) {
		at := `document.querySelector('[data-testid=field-` + f.Key + `]')`
		b.wait(at)
		b.set(s, f, at, item[f.Key])
	}
	b.click(`document.querySelector(` + quote(s.save) + `)`)
	b.wait(`!document.querySelector('[data-testid^=field-]') && document.querySelector('[data-testid="acts-' + ` + quote(item["name"]) + ` + '"]')`)
}

func (b *Bare) set(s selectors, f field, at, value string) {
	b.t.Helper()
	switch {
	case f.Kind == readonly || f.Kind == choice && value == "":
	case f.Kind == toggle:
		if b.eval(`String(`+at+`.querySelector('input:checked, [aria-checked=true]') !== null)`) != value {
			b.click(at + `.querySelector(` + quote(s.toggle) + `)`)
		}
	case f.Kind == choice && s.choice == "":
		b.eval(`(() => { const e = ` + at + `.querySelector('select'); e.value = ` + quote(value) + `; e.dispatchEvent(new Event('change', {bubbles: true})); return '' })()`)
	case f.Kind == choice:
		b.until(at+`.textContent.includes(`+quote(value)+`)`, at+`.querySelector(`+quote(s.choice)+`)`, b.named(s.option, value))
	default:
		b.eval(`(() => { const e = ` + at + `.querySelector('input, textarea'); e.focus(); e.select(); return '' })()`)
		if value == "" {
			b.do(chromedp.KeyEvent("\b"))
		} else if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// named is the element of that selector with that text.
func (b *Bare) named(selector, text string) string {
	return `[...document.querySelectorAll(` + quote(selector) + `)].find((e) => e.getClientRects().length && e.textContent.trim() === ` + quote(text) + `)`
}

// wait waits for an element that is to be seen and rests.
func (b *Bare) wait(element string) {
	b.t.Helper()
	b.middle(element, "false")
}

// middle is the point where to press an element, once nothing is above it, where on is true.
func (b *Bare) middle(element, on string) (at struct{ X, Y float64 }) {
	b.t.Helper()
	raw := b.evalOver(`(async () => { for (let on = ` + on + `, was = '', end = performance.now() + 20000; performance.now() < end;) {
		const e = ` + element + `, r = e && e.getClientRects().length && (e.scrollIntoView({block: 'center'}), e.getBoundingClientRect());
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

// evalOver evaluates again in the page that follows where this one is left.
func (b *Bare) evalOver(expression string) string {
	b.t.Helper()
	for {
		v, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
		if err == nil {
			return v
		}
		if !strings.Contains(err.Error(), "navigated") {
			b.t.Fatalf("%s: %v", expression, err)
		}
	}
}

func (b *Bare) click(element string) {
	b.t.Helper()
	at := b.middle(element, "true")
	b.do(chromedp.MouseClickXY(at.X, at.Y))
}

// until presses again where nothing comes of it: a list that still moves may lose a press.
func (b *Bare) until(done string, presses ...string) {
	b.t.Helper()
	for {
		for _, press := range presses {
			b.click(press)
		}
		if b.evalOver(`(async () => { for (let end = performance.now() + 3000; performance.now() < end; await new Promise(requestAnimationFrame))
			if (`+done+`) return 'done';
			return '' })()`) != "" {
			return
		}
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
