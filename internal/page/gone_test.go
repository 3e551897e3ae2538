package page

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
)

func TestAKilledBrowserIsGone(t *testing.T) {
	site, b := newSite(t), open(t, Options{})
	ctx := t.Context()
	p := rig.Get(b.Goto(ctx, site.framed("connections.html"))).Or(t)
	app := rig.Get(p.Within(ctx, HasButton("Add"))).Or(t)
	rig.OK(t, app.Press(ctx, "Add"))
	rig.OK(t, app.WaitFor(ctx, HasField("Host")))
	name := control(t, app, "Name")
	rig.OK(t, name.Set(ctx, "half"))
	rig.OK(t, b.link.Process().Kill())
	fails(t, p.WaitFor(ctx, Heading("never")), ErrGone)
	fails(t, name.Set(ctx, "whole"), ErrGone, "closed, or it crashed")
	fails(t, app.Press(ctx, "Save"), ErrGone)
	_, err := b.Goto(ctx, site.host)
	fails(t, err, ErrGone)
	if errors.Is(err, context.Canceled) {
		t.Fatal("a killed browser looks like a cancelled command")
	}
}

func TestACrashedTabIsGone(t *testing.T) {
	site, b := newSite(t), open(t, Options{})
	ctx := t.Context()
	p := rig.Get(b.Goto(ctx, site.host+"fields.html")).Or(t)
	name := control(t, p.Scope, "Name")
	if _, err := cdp.Call(ctx, p.tab, cdppage.Crash, cdp.Empty{}); err == nil {
		t.Fatal("the tab did not crash")
	}
	fails(t, name.Set(ctx, "x"), ErrGone)
	fails(t, p.WaitFor(ctx, HasField("Name")), ErrGone)
}

func TestClosingLeavesNothingBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	open(t, Options{}).Close()
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
	if err != nil || len(left) > 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	var said strings.Builder
	before := log.Writer()
	log.SetOutput(&said)
	defer log.SetOutput(before)
	site, b := newSite(t), open(t, Options{})
	p := rig.Get(b.Goto(t.Context(), site.host+"fields.html")).Or(t)
	c := control(t, p.Scope, "Password")
	rig.OK(t, c.SetSecret(t.Context(), hidden("hunter2")))
	rig.OK(t, b.link.Process().Kill())
	err := c.SetSecret(t.Context(), hidden("hunter3"))
	fails(t, err, ErrGone)
	if strings.Contains(said.String()+err.Error()+fmt.Sprintf("%+v", c), "hunter") {
		t.Fatalf("a secret was told: %s, %v", said.String(), err)
	}
}

func TestAProfileFolderKeepsWhoIsSignedIn(t *testing.T) {
	site, dir := newSite(t), filepath.Join(t.TempDir(), "profile")
	ctx := t.Context()
	for i, want := range []string{"nobody", "kept"} {
		b, err := Open(ctx, Options{ProfileDir: dir, Timeout: 10 * time.Second})
		rig.OK(t, err)
		p := rig.Get(b.Goto(ctx, site.host+"cookie.html")).Or(t)
		rig.OK(t, p.WaitFor(ctx, Text("signed in: "+want)))
		b.Close()
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Fatalf("run %d: %v, %v", i, info, err)
		}
	}
}

func TestOpenErrorsNameTheCause(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		says    string
	}{
		"no such program":     {Options{Browser: "/nonexistent/chrome"}, "/nonexistent/chrome"},
		"another machine":     {Options{Attach: "http://192.0.2.7:9222"}, "refusing to attach to a browser on 192.0.2.7"},
		"a name":              {Options{Attach: "ws://browser.corp.example:9222/devtools/browser/x"}, "not this machine"},
		"a look-alike":        {Options{Attach: "http://127.0.0.1.corp.example:9222"}, "not this machine"},
		"any address":         {Options{Attach: "0.0.0.0:9222"}, "not this machine"},
		"https":               {Options{Attach: "https://127.0.0.1:9222"}, "must be a port, http:// or ws://"},
		"nothing listens":     {Options{Attach: "127.0.0.1:1"}, "no browser answers at 127.0.0.1:1"},
		"a user in it":        {Options{Attach: "http://a:hunter2@127.0.0.1:1"}, "not a port or a DevTools URL"},
		"a program that ends": {Options{Browser: "true"}, "start the browser"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), test.options)
			fails(t, err, nil, test.says)
			if strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("an error tells a secret: %v", err)
			}
		})
	}
}

func TestALentBrowserIsUsedAndLeftRunning(t *testing.T) {
	site := newSite(t)
	port, _ := chromium.Lend(t)
	ctx := t.Context()
	for _, attach := range []string{port, "http://localhost:" + port, "ws://127.0.0.1:" + port} {
		b, err := Open(ctx, Options{Attach: attach, Timeout: 10 * time.Second})
		rig.OK(t, err)
		p := rig.Get(b.Goto(ctx, site.framed("fields.html"))).Or(t)
		app := rig.Get(p.Within(ctx, HasField("SMTP Port"))).Or(t)
		rig.OK(t, control(t, app, "SMTP Port").Set(ctx, "2525"))
		b.Close()
	}
}

func TestSigningInIsWaitedFor(t *testing.T) {
	site := newSite(t)
	port, _ := chromium.Lend(t)
	ctx := t.Context()
	b := open(t, Options{Attach: port})
	p := rig.Get(b.Goto(ctx, site.host+"login.html?token=hunter2")).Or(t)
	b.options.Timeout = 300 * time.Millisecond // of the wait in vain alone: a busy machine takes longer to begin
	asked := 0
	rig.OK(t, p.WaitSignedIn(ctx, func(text string) {
		asked++
		if !strings.Contains(text, `the heading "Every kind of field"`) || strings.Contains(text, "hunter2") {
			t.Errorf("asked: %s", text)
		}
		// The person signs in while the wait goes on.
		rig.OK(t, p.Press(ctx, "Log in"))
	}, Heading("Every kind of field"), HasField("Host")))
	if asked != 1 {
		t.Fatalf("asked %d times", asked)
	}
	if in := rig.Get(p.Look(ctx)).Or(t).Shows(HasButton("Log in")); in {
		t.Fatal("still at the sign-in page")
	}
}
