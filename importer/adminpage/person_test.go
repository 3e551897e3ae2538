package adminpage_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
	"github.com/mailferry/mailferry/samples/signin"
)

// person is somebody with a browser of their own, lent to the program.
type person struct {
	port string
	ctx  context.Context
}

func lendBrowser(t *testing.T) *person {
	t.Helper()
	port, path := chromium.Lend(t)
	allocator, stop := remote.NewAllocator(context.Background(), "ws://127.0.0.1:"+port+path, remote.NoModifyURL)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	p := &person{port, ctx}
	rig.OK(t, chromedp.Do(p.ctx))
	return p
}

// signIn fills in the login page, in whatever tab it stands.
func (p *person) signIn(t *testing.T, a *signin.Account) {
	t.Helper()
	p.inTab(t, "/login?", fmt.Sprintf(`document.querySelector("#username").value = %q, document.querySelector("#password").value = %q, document.querySelector("form").submit()`,
		a.User, a.Password.Reveal()))
}

// inTab runs a script in the tab whose address has the part, once there is one.
func (p *person) inTab(t *testing.T, part, script string) {
	t.Helper()
	chromium.Until(t, "somebody could work at "+part, func() bool {
		infos := rig.Get(chromedp.Targets(p.ctx)).Or(t)
		for _, info := range infos {
			if info.Type != "page" || !strings.Contains(info.URL, part) {
				continue
			}
			tab, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel())
			defer cancel()
			got, err := chromedp.Call(tab, runtime.Evaluate, runtime.EvaluateParams{Expression: script})
			return err == nil && got.ExceptionDetails == nil
		}
		return false
	})
}
