package report_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
)

func look(t *testing.T, ctx context.Context, width int64, media, scheme string) {
	t.Helper()
	rig.OK(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)))
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media,
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}); err != nil {
		t.Fatal(err)
	}
}

// faint lists texts whose contrast with what is behind them is below the 4.5 : 1
// of WCAG 2 AA.
const faint = `(() => {
	const rgb = c => c.match(/[\d.]+/g).map(Number);
	const lum = c => { const [r, g, b] = rgb(c).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
	const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, a = rgb(c); if (a.length < 4 || a[3] > 0) return c; } return 'rgb(255,255,255)'; };
	const bad = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; n = walk.nextNode();) {
		if (!n.data.trim()) continue;
		const e = n.parentElement, a = lum(getComputedStyle(e).color), b = lum(behind(e));
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) bad.push(n.data.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
	}
	return bad;
})()`

func TestThePageReadsBackInABrowser(t *testing.T) {
	r := sampleReport(t)
	var out bytes.Buffer
	rig.OK(t, report.HTML(&out, r))
	path := filepath.Join(t.TempDir(), "audit report.html")
	rig.OK(t, os.WriteFile(path, out.Bytes(), 0o600))
	url := "file://" + strings.ReplaceAll(path, " ", "%20")
	ctx, w := chromium.Tab(t)
	rig.OK(t, chromedp.Do(ctx, chromedp.Navigate(url)))

	t.Run("every value is there as text", func(t *testing.T) {
		names := chromium.Eval[[]string](t, ctx, `[...document.querySelectorAll('[id^=b1-connection-] h3 .value')].map(e => e.textContent)`)
		if len(names) != 6 || names[5] != hostileName {
			t.Errorf("the cards are %q", names)
		}
		rows := chromium.Eval[map[string]string](t, ctx, `Object.fromEntries([...document.querySelectorAll('#b1-connection-6 dt')].map(e => [e.textContent, e.nextElementSibling.textContent]))`)
		for label, want := range map[string]string{
			"From Address": formula, "Host": "javascript:alert(1)", "Port": "2525", "Prefix": strings.Repeat("W", 120), "Debug": "false", "OAuth2 Credentials": "empty",
			"<b>key</b>": "<i>value</i>", "Description": human.Visible(hostileText),
		} {
			if rows[label] != want {
				t.Errorf("%s shows %q, want %q", label, rows[label], want)
			}
		}
		if digest := chromium.Eval[string](t, ctx, `document.querySelector('.digest').textContent`); digest != r.Bundles[0].Digest {
			t.Errorf("the digest shows as %q", digest)
		}
		if n := chromium.Eval[int](t, ctx, `document.querySelectorAll('script, img, iframe, object, embed, link, form, base, main [onload], main [onerror], main [style]').length`); n != 0 {
			t.Errorf("%d elements that the report never writes", n)
		}
		if found := chromium.Eval[int](t, ctx, `document.querySelectorAll('.card .found > li .rule, .block .found > li .rule').length`); found != len(r.Bundles[0].Findings) {
			t.Errorf("%d findings on cards, want %d", found, len(r.Bundles[0].Findings))
		}
		if broken := chromium.Eval[[]string](t, ctx, `[...document.querySelectorAll('a')].map(a => a.getAttribute('href')).filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))`); len(broken) > 0 {
			t.Errorf("links lead nowhere: %q", broken)
		}
		if road := chromium.Eval[string](t, ctx, `[...document.querySelectorAll('.road li')].map(e => e.querySelector('.mark').textContent).join()`); road != "signed,unsigned claim,signed,unsigned claim" {
			t.Errorf("the road shows %q", road)
		}
	})

	backgrounds := map[string]bool{}
	for _, c := range []struct {
		width         int64
		media, scheme string
	}{{1280, "screen", "light"}, {1280, "screen", "dark"}, {390, "screen", "light"}, {390, "screen", "dark"}, {320, "screen", "light"}, {680, "print", "light"}, {680, "print", "dark"}} {
		t.Run(strings.Join([]string{c.media, c.scheme}, " "), func(t *testing.T) {
			look(t, ctx, c.width, c.media, c.scheme)
			if over := chromium.Eval[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("%d wide: %d pixels too much", c.width, over)
			}
			if bad := chromium.Eval[[]string](t, ctx, faint); len(bad) > 0 {
				t.Errorf("%d wide: hard to read: %q", c.width, bad)
			}
			if c.media == "screen" {
				backgrounds[chromium.Eval[string](t, ctx, `getComputedStyle(document.body).backgroundColor`)] = true
			}
		})
	}
	if len(backgrounds) != 2 {
		t.Errorf("light and dark have the backgrounds %v: the style sheet does not apply", backgrounds)
	}

	policy := chromium.Eval[string](t, ctx, `document.querySelector('meta[http-equiv=Content-Security-Policy]').content`)
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("the page's policy is %q", policy)
	}
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Errorf("printing: %v", err)
	}
	if asked := w.Requests(); !slices.Equal(asked, []string{url}) {
		t.Errorf("the page asked for %q", asked)
	}
}
