package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
)

// site serves the fixtures twice: as http://127.0.0.1, the host, and as http://localhost, which
// is another site, so that the browser keeps its frames in targets of their own.
type site struct {
	host, app string
}

func newSite(t testing.TB) *site {
	t.Helper()
	files := http.StripPrefix("/static/", http.FileServer(http.Dir("testdata")))
	mux := http.NewServeMux()
	mux.Handle("/static/", files)
	mux.HandleFunc("/part", func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		var part []string
		for i := from; i < from+20 && i < 70; i++ {
			part = append(part, fmt.Sprintf("item %d", i+1))
		}
		_ = json.NewEncoder(w).Encode(part)
	})
	mux.HandleFunc("/late", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(700 * time.Millisecond):
		case <-r.Context().Done():
		}
	})
	host, app := httptest.NewServer(mux), httptest.NewServer(mux)
	t.Cleanup(host.Close)
	t.Cleanup(app.Close)
	return &site{host: host.URL + "/static/", app: strings.Replace(app.URL, "127.0.0.1", "localhost", 1) + "/static/"}
}

// framed is a host page around the app's page.
func (s *site) framed(appPage string) string {
	return s.host + "host.html?app=" + url.QueryEscape(s.app+appPage)
}

func open(t testing.TB, options Options) *Browser {
	t.Helper()
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	b, err := Open(context.Background(), options)
	if err != nil {
		t.Fatalf("open a browser: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

// driver is what every test below works with: one browser, for starting one takes longer than
// most tests.
type driver struct {
	*site
	browser *Browser
}

func (d *driver) at(t *testing.T, address string) *Page {
	t.Helper()
	p, err := d.browser.Goto(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// impatient shortens the waits of a test that expects one to be in vain.
func (d *driver) impatient(t *testing.T, limit time.Duration) {
	before := d.browser.options.Timeout
	d.browser.options.Timeout = limit
	t.Cleanup(func() { d.browser.options.Timeout = before })
}

func TestDriver(t *testing.T) {
	d := &driver{site: newSite(t), browser: open(t, Options{})}
	for _, test := range []struct {
		promise string
		run     func(*testing.T, *driver)
	}{
		{"labels tied in every way are found", testLabels},
		{"fields take and show values", testFields},
		{"the page is told of what is typed", testPageHears},
		{"fields of other kinds are read, and not set blindly", testOddFields},
		{"fields that cannot be used say why", testUnusable},
		{"lists offer their choices and refuse others", testSelect},
		{"secrets are read only as secrets, and masks are told", testSecret},
		{"duplicate labels are ambiguous", testAmbiguous},
		{"a missing name lists what is there", testAbsent},
		{"a frame of another site is worked in, past the host's decoy", testFrames},
		{"a nested frame of another site is worked in", testNestedFrames},
		{"a frame stays the scope while pages change in it", testFrameNavigates},
		{"a connection is added on a slow page", testAddConnection},
		{"fields come and go with the provider", testProvider},
		{"validation messages are told in the page's words", testValidation},
		{"a page's refusal is told in its words", testRefusal},
		{"a toast over Save does not stop it", testToast},
		{"an open dialog is the scope", testDialogScope},
		{"a dialog without modality decides between equals", testOldDialog},
		{"browser dialogs are answered with no and reported", testBrowserDialog},
		{"browser validation is reported", testNativeValidation},
		{"what real components do is understood", testSnippets},
		{"rows are read by column", testRows},
		{"a row's menu works though drawn elsewhere", testRowMenu},
		{"a paged list is read to its end", testPagedRows},
		{"a lazy list is read to its end", testLazyRows},
		{"a list that seems to go on is not taken as read", testPaging},
		{"a growing list is read to its end", testGrowing},
		{"a list without end is left", testEndlessLists},
		{"a virtual list drawn elsewhere is chosen from", testCombobox},
		{"a list that the page does not tie to its field is found", testSilentCombobox},
		{"a combobox lists all that it offers", testComboboxOptions},
		{"comboboxes of other patterns are chosen from", testOtherComboboxes},
		{"a combobox in a modal dialog keeps the dialog open", testDialogCombobox},
		{"a wait in vain says what is there instead", testWaitInVain},
		{"a page that moves on is gone", testMovedOn},
		{"an address that cannot be opened is an error", testGotoErrors},
		{"without a window nobody is asked to sign in", testSignInWithoutWindow},
		{"a cancelled context ends a wait", testCancelled},
		{"where the pages lead to another site, nothing is done there", testLedElsewhere},
		{"a page that another takes the place of gets nothing", testMovedUnderTheDriver},
		{"what is typed goes to the field and nowhere else", testCursorPutElsewhere},
		{"a frame that another takes the place of gets nothing", testFrameReplaced},
		{"a frame of another site is no part of the app", testFrameOfAnotherSite},
		{"a window that the page opens is not worked", testWindowOpened},
		{"a form that would go to another site is not sent", testFormsThatSendElsewhere},
		{"what a site would have sent on to another is not", testSentOnElsewhere},
		{"a form that would go to another site can be left", testCancelSendsNothing},
		{"a site that was renamed is told", testRenamedSite},
		{"origins are written as browsers write them", testOriginsAsBrowsersWriteThem},
	} {
		t.Run(test.promise, func(t *testing.T) { test.run(t, d) })
	}
}

func fails(t *testing.T, err, kind error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v", kind)
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Fatalf("error %q is not %q", err, kind)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Fatalf("error %q does not say %q", err, part)
		}
	}
}

func control(t *testing.T, s *Scope, label string) *Control {
	t.Helper()
	return rig.Get(fieldOf(t.Context(), s, label)).Or(t)
}

// fieldOf finds one field.
func fieldOf(ctx context.Context, s *Scope, label string) (*Control, error) {
	form, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	return form.Field(ctx, label)
}

func holds(t *testing.T, s *Scope, label, want string) {
	t.Helper()
	if got := rig.Get(control(t, s, label).Get(t.Context())).Or(t); got != want {
		t.Fatalf("%s holds %q, want %q", label, got, want)
	}
}

func testFrames(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.framed("fields.html"))
	app := rig.Get(p.Within(ctx, Heading("every kind of field"))).Or(t)
	if len(p.frames) == 0 {
		t.Fatal("the frame is no target of its own, so this proves nothing")
	}
	rig.OK(t, control(t, app, "Name").Set(ctx, "in the frame"))
	holds(t, app, "name", "in the frame")
	rig.OK(t, control(t, app, "Password").SetSecret(ctx, hidden("new secret")))
	_, err := fieldOf(ctx, p.Scope, "Name")
	fails(t, err, ErrAmbiguous, "two fields named Name")
	_, err = p.Within(ctx, HasField("Name"))
	rig.OK(t, err) // the innermost one
	host := rig.Get(p.Within(ctx, Heading("Jira"))).Or(t)
	if host.frame == app.frame {
		t.Fatal("the host's own heading led to the app's frame")
	}
}

func testNestedFrames(t *testing.T, d *driver) {
	ctx := t.Context()
	for _, inner := range []string{d.app, strings.Replace(d.app, "localhost", "127.0.0.1", 1)} {
		p := d.at(t, d.framed("nested.html?app="+url.QueryEscape(inner+"fields.html")))
		app := rig.Get(p.Within(ctx, HasField("SMTP Port"))).Or(t)
		rig.OK(t, control(t, app, "SMTP Port").Set(ctx, "587"))
		holds(t, app, "SMTP Port", "587")
		rig.OK(t, control(t, app, "Encryption").Set(ctx, "STARTTLS"))
		rig.OK(t, app.WaitFor(ctx, Text(`"enc":"s"`)))
	}
}

func testFrameNavigates(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.framed("dialogs.html"))
	app := rig.Get(p.Within(ctx, Heading("Dialogs"))).Or(t)
	rig.OK(t, app.Press(ctx, "Leave"))
	rig.OK(t, app.WaitFor(ctx, Heading("Every kind of field")))
	holds(t, app, "Prefix", "")
}

func testWaitInVain(t *testing.T, d *driver) {
	p := d.at(t, d.host+"fields.html")
	d.impatient(t, 300*time.Millisecond)
	err := p.WaitFor(t.Context(), Heading("Outgoing Mail Connections"), Not(HasField("Host")))
	fails(t, err, ErrTimeout, `waited 300ms for the heading "Outgoing Mail Connections" and no longer the field "Host" in vain`,
		"the page shows: Every kind of field", "SMTP Port", "Archive")
	if strings.Contains(err.Error(), "old secret") || strings.Contains(err.Error(), "old name") {
		t.Fatalf("an error tells what fields hold: %v", err)
	}
	rig.OK(t, p.WaitFor(t.Context(), AnyOf(Heading("nowhere"), Text("KIND of field"))))
}

func testMovedOn(t *testing.T, d *driver) {
	ctx := t.Context()
	p := d.at(t, d.host+"connections.html")
	rig.OK(t, p.WaitFor(ctx, HasButton("Add")))
	rig.OK(t, p.Press(ctx, "Add"))
	rig.OK(t, p.WaitFor(ctx, HasField("Host")))
	name := control(t, p.Scope, "Name")
	rowless := rig.Get(p.Look(ctx)).Or(t)
	d.at(t, d.host+"dialogs.html") // as a session does that ends
	fails(t, name.Set(ctx, "x"), ErrGone, "the page moved on", "Dialogs")
	_, err := rowless.Field(ctx, "Host")
	fails(t, err, ErrGone)
}

func testGotoErrors(t *testing.T, d *driver) {
	for address, says := range map[string]string{
		"http://127.0.0.1:1/hunter2":               "open http://127.0.0.1:1: net::ERR_",
		"http://127.0.0.1:1/x;j=hunter2":           "ERR_",
		"http://127.0.0.1:1/x?token=hunter2":       "ERR_",
		"http://127.0.0.1:1/#hunter2":              "ERR_",
		"ftp://jira.corp.example/hunter2":          "not an http or https address: ftp://jira.corp.example",
		"http://anna:hunter2@jira.corp.example/":   "password in it",
		"file:///etc/passwd":                       "not an http or https address",
		"javascript:alert(1)":                      "not an http or https address",
		"https://":                                 "not an http or https address",
		"http://127.0.0.1:1/%zz?token=hunter2#abc": "not an http",
	} {
		_, err := d.browser.Goto(t.Context(), address)
		fails(t, err, nil, says)
		if strings.Contains(err.Error(), "hunter2") {
			t.Fatalf("an error tells a secret: %v", err)
		}
	}
}

func testSignInWithoutWindow(t *testing.T, d *driver) {
	p := d.at(t, d.host+"fields.html")
	asked := false
	rig.OK(t, p.WaitSignedIn(t.Context(), func(string) { asked = true }, Heading("Every kind of field")))
	d.impatient(t, 200*time.Millisecond) // of what is to come true, nothing waits for so little on a busy machine
	err := p.WaitSignedIn(t.Context(), func(string) { asked = true }, Heading("Outgoing Mail Connections"))
	fails(t, err, ErrTimeout, "no window", "--headed")
	if asked {
		t.Fatal("a person was asked to sign in where there is no window")
	}
}

func testCancelled(t *testing.T, d *driver) {
	p := d.at(t, d.host+"fields.html")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fails(t, p.WaitFor(ctx, Heading("nowhere")), context.Canceled)
	rig.OK(t, p.WaitFor(t.Context(), HasField("Prefix")))
}

// hidden is a secret as callers pass one.
type hidden string

func (h hidden) Reveal() string { return string(h) }
