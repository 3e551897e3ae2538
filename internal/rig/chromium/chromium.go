// Package chromium starts Chromium for tests: a tab that is watched while it
// shows a page, or a browser with a port, as a person lends one.
package chromium

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// quiet keeps the browser's own business off the machine and the network.
func quiet() []string {
	return []string{"disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync"}
}

// program is the path of the browser. A machine without one fails the test.
func program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("no %s on the PATH", names[0])
	return ""
}

// whole is the path of a whole browser.
func whole(t testing.TB) string {
	t.Helper()
	return program(t, "chromium", "chromium-browser", "google-chrome")
}

// Shell is the path of Chromium without its own windows and menus, which starts in a third of
// the time: the driver's own tests, those that kill a browser and the scripts drive a whole one.
func Shell(t testing.TB) string {
	t.Helper()
	return program(t, "chromium-headless-shell")
}

// Watch is what a tab did beside showing its page.
type Watch struct {
	mu         sync.Mutex
	requests   []string
	complaints []string
}

// Requests are the addresses that the tab asked for.
func (w *Watch) Requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// Tab starts a browser of the test's own and opens a tab in it. Whatever its
// console reports, a breach of the page's policy above all, fails the test at
// its end; so does a dialog.
func Tab(t testing.TB) (context.Context, *Watch) {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(whole(t)),
		chromedp.UserDataDir(t.TempDir()))
	for _, name := range quiet() {
		opts = append(opts, chromedp.Flag(name, true))
	}
	if os.Getuid() == 0 {
		opts = append(opts, chromedp.NoSandbox) // Chromium's sandbox refuses to run as root
	}
	// The test's own context ends before its cleanups, which ask the browser to close.
	alloc, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	w := &Watch{}
	if err := chromedp.Listen(ctx, w.saw); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.complaints) > 0 {
			t.Errorf("the browser complains: %q", w.complaints)
		}
	})
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return ctx, w
}

func (w *Watch) saw(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		w.requests = append(w.requests, event.Request.URL)
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelVerbose { // advice on markup
			return
		}
		w.complaints = append(w.complaints, event.Entry.Text)
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, event.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		w.complaints = append(w.complaints, "a dialog: "+event.Message)
	}
}

// Eval evaluates an expression in the tab's page, and waits where it promises.
func Eval[T any](t testing.TB, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Lend starts a browser as a person would who lends it, and returns its port on
// 127.0.0.1 and the path of its DevTools address there.
func Lend(t testing.TB) (port, path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "lent-browser")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--headless=new", "--no-sandbox", "--remote-debugging-port=0", "--user-data-dir=" + dir}
	for _, name := range quiet() {
		args = append(args, "--"+name)
	}
	browser := exec.Command(whole(t), append(args, "about:blank")...)
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = browser.Process.Kill()
		_ = browser.Wait()
		// Its helpers go on for a moment after it and write into the folder.
		Until(t, "the browser's folder is gone", func() bool { return os.RemoveAll(dir) == nil })
	})
	Until(t, "the browser names its port", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
		lines := strings.Fields(string(text))
		if err != nil || len(lines) < 2 {
			return false
		}
		port, path = lines[0], lines[1]
		return true
	})
	return port, path
}

// Until waits half a minute for something that happens outside this process, and
// fails the test where it does not.
func Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
