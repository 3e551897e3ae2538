package cloud

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/adminsite"
)

// TestFieldsHearOfTypingOnlyAsReactsDo is why a driver that sets a field's
// value by script must not seem to work on the sample: on a React page it does
// not.
func TestFieldsHearOfTypingOnlyAsReactsDo(t *testing.T) {
	c := open(t, t.TempDir(), Options{})
	pages := adminsite.New(c.Pages(), adminsite.Options{})
	srv := httptest.NewServer(pages)
	t.Cleanup(srv.Close)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("disable-gpu", true))...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	in := func(script string) string {
		t.Helper()
		return rig.Get(chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))).Or(t)
	}
	const helpers = `const wait = async find => { for (;;) { const e = find(); if (e) return e; await new Promise(requestAnimationFrame); } };
		const button = text => wait(() => Array.from(document.querySelectorAll('button, a')).find(b => b.textContent.includes(text)));
		const field = text => wait(() => Array.from(document.querySelectorAll('label')).find(l => l.textContent.startsWith(text))?.control);
		const saved = () => wait(() => document.querySelector('[aria-invalid=true]') && document.querySelector('button[type=submit]:enabled'));`
	var ids []string
	for range 2 {
		_, token := frame(t, pages, "")
		rig.Get(chromedp.Run(ctx, chromedp.Navigate(strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)+"/app/?jwt="+token))).Or(t)
		ids = append(ids, in(`(async () => { `+helpers+`
			(await button('Administration')).click(); (await button('OUTGOING MAILS')).click();
			(await button('Outgoing Mail Connections')).click(); (await button('Add')).click();
			const f = await field('Username'); return f.id + ' ' + f.className; })()`))
	}
	if first, second := strings.Fields(ids[0]), strings.Fields(ids[1]); first[0] == second[0] || first[1] == second[1] {
		t.Errorf("ids and classes are the same on each load: %q", ids)
	}
	if have := in(`(async () => { ` + helpers + `
		const name = await field('Name'), user = await field('Username');
		name.value = 'by script'; name.dispatchEvent(new Event('input', {bubbles: true}));
		user.focus(); document.execCommand('insertText', false, 'typed');
		(await button('Save')).click(); await saved();
		return name.value + '|' + user.value; })()`); have != "|typed" {
		t.Errorf("after a save the fields hold %q", have)
	}
	if writes := pages.Writes(); len(writes) != 1 || writes[0].Name != "" || writes[0].Status != 422 {
		t.Errorf("writes: %v", writes)
	}
}
