package adminpage_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"github.com/mailferry/mailferry/samples/signin"
)

// person is somebody with a browser of their own, lent to the program.
type person struct {
	port string
	ctx  context.Context
}

func lendBrowser(t *testing.T) *person {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "lent-browser")
	if err != nil {
		t.Fatal(err)
	}
	browser := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--user-data-dir="+dir, "about:blank")
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = browser.Process.Kill()
		_ = browser.Wait()
		// Its helpers go on for a moment after it and write into the folder.
		until(t, "the folder is gone", func() bool { return os.RemoveAll(dir) == nil })
	})
	p := &person{}
	until(t, "the browser names its port", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
		lines := strings.Fields(string(text))
		if err != nil || len(lines) < 2 {
			return false
		}
		p.port = lines[0]
		allocator, stop := remote.NewAllocator(context.Background(), "ws://127.0.0.1:"+p.port+lines[1], remote.NoModifyURL)
		t.Cleanup(stop)
		var cancel context.CancelFunc
		p.ctx, cancel = chromedp.NewContext(allocator)
		t.Cleanup(cancel)
		return true
	})
	if err := chromedp.Do(p.ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// signIn fills in the login page, in whatever tab it stands.
func (p *person) signIn(t *testing.T, a *signin.Account) {
	t.Helper()
	until(t, "somebody could sign in", func() bool {
		infos, err := chromedp.Targets(p.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range infos {
			if info.Type != "page" || !strings.Contains(info.URL, "/login?") {
				continue
			}
			tab, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel())
			defer cancel()
			script := fmt.Sprintf(`document.querySelector("#username").value = %q, document.querySelector("#password").value = %q, document.querySelector("form").submit()`,
				a.User, a.Password.Reveal())
			got, err := chromedp.Call(tab, runtime.Evaluate, runtime.EvaluateParams{Expression: script})
			return err == nil && got.ExceptionDetails == nil
		}
		return false
	})
}
