package runsheet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/schema"
)

// write puts a run sheet into a file and returns its URL: people open it so.
func write(t *testing.T, s Sheet) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run-sheet.html")
	rig.OK(t, os.WriteFile(path, []byte(render(t, s)), 0o600))
	return "file://" + path
}

// newTab opens a tab of a person who wants no motion.
func newTab(t *testing.T) context.Context {
	t.Helper()
	ctx, _ := chromium.Tab(t)
	// A page that still scrolls smoothly moves away from under the mouse.
	rig.Get(chromedp.Call(ctx, emulation.SetEmulatedMedia, still(""))).Or(t)
	do(t, ctx, chromedp.EmulateViewport(1280, 900))
	return ctx
}

func still(media string) emulation.SetEmulatedMediaParams {
	return emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}
}

func visit(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("html.scripted")))
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	rig.OK(t, chromedp.Do(ctx, steps...))
}

func allowClipboard(t *testing.T, ctx context.Context) {
	t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := cdp.Call(ctx, chromedp.FromContext(ctx).Browser, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// waitCopied waits until the page says that it has copied.
func waitCopied(t *testing.T, ctx context.Context, what string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf("document.getElementById('status').textContent === %q", "Copied "+what))); err != nil {
		t.Fatalf("%s: %v; the page says %q", what, err, chromium.Eval[string](t, ctx, "document.getElementById('status').textContent"))
	}
}

// becomes waits until a text of the page is as it should be: the browser answers
// for a click before the page has acted on it.
func becomes(t *testing.T, ctx context.Context, what, expression, want string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf("(%s) === %q", expression, want))); err != nil {
		t.Fatalf("%s: %v; it is %q, want %q", what, err, chromium.Eval[string](t, ctx, expression), want)
	}
}

func TestCopyButtonsPutTheExactValueOnTheClipboard(t *testing.T) {
	s, ctx := site(t), newTab(t)
	visit(t, ctx, write(t, s))
	allowClipboard(t, ctx)
	for i, it := range s.Bundle.Connections {
		if i != 1 && it.ItemName() != hostileName {
			continue
		}
		for _, f := range schema.FieldsOf(it) {
			raw := schema.Text(it, f.Name)
			if f.Secret || f.Type == schema.Boolean || raw == "" {
				continue
			}
			what := f.Label + " of " + human.Visible(it.ItemName())
			// The row is found by its label, as a person would.
			nth := 1 + slices.IndexFunc(schema.FieldsOf(it), func(g schema.Field) bool { return g.Name == f.Name })
			do(t, ctx, chromedp.Click(chromedp.CSS(fmt.Sprintf("#connection-%d .row:nth-child(%d) button.copy", i+1, nth))))
			waitCopied(t, ctx, what)
			want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(raw)
			if got := chromium.Eval[string](t, ctx, "navigator.clipboard.readText()"); got != want {
				t.Errorf("%s: the clipboard holds %q, want %q", what, got, want)
			}
		}
	}
	do(t, ctx, chromedp.Click(chromedp.CSS("#connection-1 .row.secret button.copy")))
	waitCopied(t, ctx, "the command that shows Password of Service Desk")
	if got := chromium.Eval[string](t, ctx, "navigator.clipboard.readText()"); got != `mailferry reveal -i KEY cloud.age "Service Desk"` {
		t.Errorf("the command copied is %q", got)
	}
}

func TestWhereNothingCanBeCopiedTheValueIsSelected(t *testing.T) {
	ctx := newTab(t)
	visit(t, ctx, write(t, site(t)))
	chromium.Eval[bool](t, ctx, "navigator.clipboard.writeText = () => Promise.reject(new Error('no')); true")
	do(t, ctx, chromedp.Click(chromedp.CSS("#connection-1 .row:nth-child(3) button.copy")),
		chromedp.WaitVisible(chromedp.CSS("#status.shown")))
	if got := chromium.Eval[string](t, ctx, "getSelection().toString()"); got != "servicedesk@example.com" {
		t.Errorf("selected is %q", got)
	}
}

const ticked = "[...document.querySelectorAll('input[data-tick]')].filter((b) => b.checked).map((b) => b.dataset.tick).join(' ')"

func TestTicksSurviveReloadingAndBelongToOneBundle(t *testing.T) {
	s, ctx := site(t), newTab(t)
	url := write(t, s)
	visit(t, ctx, url)
	do(t, ctx, chromedp.Click(chromedp.CSS("#connection-2 .tick")), chromedp.Click(chromedp.CSS("[data-tick=dispose-paper]")))
	check := func(when, want, count string) {
		t.Helper()
		becomes(t, ctx, when+", the ticks", ticked, want)
		becomes(t, ctx, when+", the count", "document.getElementById('count').textContent", count)
	}
	check("after clicking", "connection-2 dispose-paper", "2 of 35")
	do(t, ctx, chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("html.scripted")))
	check("after reloading", "connection-2 dispose-paper", "2 of 35")
	if got := chromium.Eval[string](t, ctx, "document.querySelector('.contents a.done').textContent"); got != "HR" {
		t.Errorf("the contents mark %q as done", got)
	}

	do(t, ctx, chromedp.Click(chromedp.ID("hide")))
	shown := "getComputedStyle(document.querySelector('#connection-2 .fields')).display"
	becomes(t, ctx, "a finished card that is hidden", shown, "none")
	rig.Get(chromedp.Call(ctx, emulation.SetEmulatedMedia, still("print"))).Or(t)
	if got := chromium.Eval[string](t, ctx, shown+" + ' ' + getComputedStyle(document.querySelector('.copy')).display"); got != "block none" {
		t.Errorf("printed, fields and buttons are %q", got)
	}
	rig.Get(chromedp.Call(ctx, emulation.SetEmulatedMedia, still(""))).Or(t)

	other := site(t)
	other.Digest = strings.Repeat("0", 64)
	visit(t, ctx, write(t, other))
	check("in the sheet of another bundle", "", "0 of 35")
	visit(t, ctx, url)
	check("back again", "connection-2 dispose-paper", "2 of 35")
	do(t, ctx, chromedp.Click(chromedp.CSS("#connection-2 .tick")))
	check("unticked", "dispose-paper", "1 of 35")
	do(t, ctx, chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("html.scripted")))
	check("unticked and reloaded", "dispose-paper", "1 of 35")
}

func TestWithoutStorageTicksWorkAndThePageSaysSo(t *testing.T) {
	ctx := newTab(t)
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError'); } });",
	}); err != nil {
		t.Fatal(err)
	}
	visit(t, ctx, write(t, site(t)))
	do(t, ctx, chromedp.WaitVisible(chromedp.ID("forgetful")), chromedp.Click(chromedp.CSS("#connection-1 .tick")))
	becomes(t, ctx, "the ticks", ticked, "connection-1")
}

func TestKeyboardAloneReachesAndUsesEverything(t *testing.T) {
	s, ctx := site(t), newTab(t)
	visit(t, ctx, write(t, s))
	allowClipboard(t, ctx)
	name := "(() => { const e = document.activeElement; return e === document.body ? '' : e.dataset.tick || e.getAttribute('aria-label') || e.id || e.textContent; })()"
	press := func(key string) string {
		t.Helper()
		do(t, ctx, chromedp.KeyEvent(key))
		return chromium.Eval[string](t, ctx, name)
	}

	if got := press(kb.Tab); got != "Skip to the steps" {
		t.Fatalf("the first stop is %q", got)
	}
	if got := press(kb.Enter); got != "main" {
		t.Fatalf("skipping leads to %q", got)
	}
	want := chromium.Eval[[]string](t, ctx, `[...document.querySelectorAll("main a[href], main button, main input")].map((e) => e.dataset.tick || e.getAttribute("aria-label") || e.id || e.textContent)`)
	for i, w := range want {
		got := press(kb.Tab)
		if got != w {
			t.Fatalf("stop %d is %q, want %q", i, got, w)
		}
		if outline := chromium.Eval[string](t, ctx, "getComputedStyle(document.activeElement).outlineStyle"); outline != "solid" {
			t.Fatalf("%q has the focus and does not show it (%s)", got, outline)
		}
		switch got {
		case "connection-4":
			press(" ")
		case "Copy Host of Anonymous Relay":
			press(kb.Enter)
			waitCopied(t, ctx, "Host of Anonymous Relay")
		case "Copy SMTP Port of Anonymous Relay":
			press(" ")
			waitCopied(t, ctx, "SMTP Port of Anonymous Relay")
		}
	}
	becomes(t, ctx, "the ticks by keyboard", ticked, "connection-4")
	if got := chromium.Eval[string](t, ctx, "navigator.clipboard.readText()"); got != "25" {
		t.Errorf("copied by keyboard is %q", got)
	}
}

func TestPageFitsEveryWidth(t *testing.T) {
	ctx := newTab(t)
	url := write(t, site(t))
	for _, width := range []int64{320, 390, 768, 1280, 2560} {
		do(t, ctx, chromedp.EmulateViewport(width, 800))
		visit(t, ctx, url)
		if got := chromium.Eval[int64](t, ctx, "document.documentElement.scrollWidth"); got > width {
			t.Errorf("at a width of %d the page is %d wide", width, got)
		}
	}
}

func TestSheetPrintsOnA4(t *testing.T) {
	ctx := newTab(t)
	visit(t, ctx, write(t, site(t)))
	pdf := rig.Get(chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize()))).Or(t)
	// A4 in points, rounded up by the browser.
	if n := strings.Count(string(pdf), "/MediaBox [0 0 594.95996 841.91998]") + strings.Count(string(pdf), "/MediaBox [0 0 596 842]"); n < 3 {
		t.Errorf("%d pages of A4 in %d bytes", n, len(pdf))
	}
}
