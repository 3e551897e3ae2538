package panels

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Bare is a script with fixed selectors for one panel: what a person writes who
// knows the page, and the yardstick for a driver that does not. It works in the
// panel's own page without a frame around, and turns no page of a list.
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
	b.Open(Connections)
	return b
}

// Open opens a list by the panel's menu.
func (b *Bare) Open(list string) {
	b.t.Helper()
	l := b.panel.product.list(list)
	link := b.named("nav a", l.Title)
	for _, before := range map[string][]string{"tabs": {"Administration"}, "folds": {l.Heading}}[b.panel.options.Menu] {
		b.wait(b.named("nav button", before))
		if b.eval(`String(!`+link+`)`) == "true" {
			b.click(b.named("nav button", before))
		}
	}
	b.click(link)
	b.wait(adds)
}

// adds is the button that opens an empty form.
const adds = `[...document.querySelectorAll('main button, section .aui-button-primary')].find((e) => e.textContent === 'Add')`

// selectors are what is fixed for a library.
type selectors struct {
	menu   string // of a row, below its actions
	act    string // of the open menu
	choice string // what opens a choice, below its field
	value  string // where a choice shows what is chosen
	option string // of the open list
	toggle string // of a switch, below its field
	save   string
}

var fixed = map[Library]selectors{
	Atlaskit: {menu: "button", act: "[role=menuitem]", choice: "[class*=-control]", value: "[class*=-control]", option: "[role=option]", toggle: "label[class]", save: "form button[type=submit]"},
	MUI:      {menu: "button", act: "[role=menuitem]", choice: "[role=combobox]", value: "[role=combobox]", option: "[role=option]", toggle: "label", save: "form button[type=submit]"},
	Antd:     {menu: "button", act: "[role=menuitem]", choice: ".ant-select", value: ".ant-select", option: ".ant-select-item-option", toggle: "button", save: "form button[type=submit]"},
	Aria:     {menu: "button", act: "[role=menuitem]", choice: "button", value: ".react-aria-SelectValue, input", option: "[role=option]", toggle: "label", save: "form button[type=submit]"},
	AUI:      {menu: "button", act: "[role=menuitem]", toggle: "label", save: "form.aui input.submit"},
}

// Save adds an item, or changes the one of that name.
func (b *Bare) Save(list string, item Item) {
	b.t.Helper()
	s, l, o := fixed[b.panel.library], b.panel.product.list(list), b.panel.options
	if o.Choice.Native == "auiselect" && b.panel.library == AUI {
		s.choice, s.value, s.option = "button", "input", "[role=option]"
	}
	adding := b.panel.Item(list, item["name"]) == nil
	if adding { // a press before the page's script has begun does nothing
		b.until(`document.querySelector('[data-testid^=field-]')`, adds)
	} else {
		b.until(`document.querySelector('[data-testid^=field-]')`, b.opens(s, item["name"])...)
	}
	if o.Fold {
		b.until(`document.querySelector('form [aria-expanded=true]')`, b.named("form button", "Advanced settings"))
	}
	fields := l.shown(item)
	slices.SortStableFunc(fields, func(x, y field) int { return cmp.Compare(btoi(y.Key == l.Decides), btoi(x.Key == l.Decides)) })
	if slices.ContainsFunc(fields, func(f field) bool { return f.Kind == secret }) && o.Change && !adding {
		b.click(`[...document.querySelectorAll('form button')].find((e) => e.textContent.startsWith('Change '))`)
	}
	for _, f := range fields {
		at := `document.querySelector('[data-testid=field-` + f.Key + `]')`
		b.wait(at)
		b.set(s, f, at, item[f.Key])
	}
	b.click(`document.querySelector(` + quote(s.save) + `)`)
	b.wait(`!document.querySelector('[data-testid^=field-]') && document.querySelector('[data-testid="acts-' + ` + quote(item["name"]) + ` + '"]')`)
}

// opens is what to press for a row's form.
func (b *Bare) opens(s selectors, name string) []string {
	acts := `document.querySelector('[data-testid="acts-' + ` + quote(name) + ` + '"]')`
	switch b.panel.options.Row {
	case "link":
		return []string{`[...document.querySelectorAll('a')].find((e) => e.textContent === ` + quote(name) + `)`}
	case "buttons", "icons":
		return []string{`[...(` + acts + `?.querySelectorAll('button, a') ?? [])].find((e) => [e.textContent, e.ariaLabel].includes('Edit'))`}
	}
	return []string{`[...(` + acts + `?.querySelectorAll(` + quote(s.menu) + `) ?? [])].at(-1)`, b.named(s.act, "Edit")}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
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
		shows := `[...` + at + `.querySelectorAll(` + quote(s.value) + `)].some((e) => (e.value ?? e.textContent).includes(` + quote(value) + `))`
		if b.eval(`String(`+shows+`)`) == "true" {
			break
		}
		opens := at + `?.querySelector(` + quote(s.choice) + `)`
		if search := b.panel.options.Choice; b.panel.library != AUI && (search.From == "typing" || search.Search == "yes") {
			if b.panel.library != Antd {
				opens = at + `?.querySelector('input')`
			}
			for closed := ""; closed != "true"; {
				b.click(opens)
				b.eval(`document.activeElement.select?.(), ''`)
				b.typed(value)
				b.click(b.named(s.option, value))
				closed = b.within(`!` + b.named(s.option, value) + ` && ` + shows)
			}
			break
		}
		b.until(shows, opens, b.named(s.option, value))
	default:
		b.eval(`(() => { const e = ` + at + `.querySelector('input, textarea'); e.focus(); e.select(); return '' })()`)
		b.typed(value)
	}
}

// typed takes the place of what is chosen in the field that has the focus.
func (b *Bare) typed(value string) {
	b.t.Helper()
	if value == "" {
		b.do(chromedp.KeyEvent("\b"))
	} else if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
		b.t.Fatal(err)
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

// middle is the point where to press an element, once nothing is above it, where
// on is true. A list may close where its page scrolls: that is done only where it must be.
func (b *Bare) middle(element, on string) (at struct{ X, Y float64 }) {
	b.t.Helper()
	raw := b.evalOver(`(async () => { for (let on = ` + on + `, was = '', end = performance.now() + 20000; performance.now() < end;) {
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
		for n, press := range presses {
			if n+1 == len(presses) || b.eval(`String(!`+presses[n+1]+`)`) == "true" {
				b.click(press)
			}
		}
		if b.within(done) == "true" {
			return
		}
	}
}

// within waits a moment until something is so, and says whether it is.
func (b *Bare) within(done string) string {
	b.t.Helper()
	return b.evalOver(`(async () => { for (let end = performance.now() + 3000; performance.now() < end; await new Promise(requestAnimationFrame))
		if (` + done + `) return 'true';
		return '' })()`)
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
