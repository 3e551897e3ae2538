package page

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"golang.org/x/net/idna"
)

// ElsewhereError says that the pages led to another site than that of the address given, or
// that a form would be sent to one. What was about to be read, entered or pressed was not.
type ElsewhereError struct {
	Given   string // the origin (scheme, host and port) of the address given
	Reached string // the origin that was reached instead
	Address string // of the page reached, without query and fragment; "" where the page is right and a frame or a form in it is not
	App     bool   // the page reached shows what the app is known by: the site may have been renamed
	Sent    bool   // the site had what was entered sent on to there, which was stopped

	frame string // the origin of the app's frame, where another took its place
	form  bool   // it is where a form would be sent
}

func (e *ElsewhereError) Error() string {
	switch {
	case e.Sent:
		return fmt.Sprintf("what was sent to the site was led on to %s, and not sent there; the address given is %s",
			e.Reached, e.Given)
	case e.form:
		return fmt.Sprintf("the form would be sent to %s, which is not the site that shows it; the address given is %s", e.Reached, e.Given)
	case e.frame != "":
		return fmt.Sprintf("a frame of %s stands where the app's, of %s, did; the address given is %s",
			e.Reached, e.frame, e.Given)
	case e.App:
		return fmt.Sprintf("the app shows itself at %s, and not at %s, the address given", e.Reached, e.Given)
	}
	return fmt.Sprintf("the browser is at %s, and not at %s, the address given", e.Reached, e.Given)
}

// originOf is the origin of an address as browsers write it. A host that browsers rewrite in
// still other ways is then taken for another site, never another site for this one.
func originOf(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + ip.String() + "]"
	} else if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if port == "" || port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + host + ":" + port
}

// noOrigin is what the browser says of a document that is of no site, such as one in a sandbox.
const noOrigin = "null"

// trueOrigin is the origin of a document of which the browser tells that of its address. One
// without an address has that of the document around it; in a sandbox it has none, which the
// document itself says when it is asked.
func (d *document) trueOrigin() string {
	switch {
	case strings.HasPrefix(d.url, "about:") && d.parent != nil:
		return d.parent.origin
	case d.origin == "" || d.origin == "://":
		return noOrigin
	}
	return d.origin
}

// checkTop compares the site that the tab shows with that of the address given, and those that
// the page has sent anything to.
func (p *Page) checkTop(top *document) error {
	if err := p.tellSentOn(); err != nil {
		return err
	}
	switch {
	case top.failed:
		return failure(ErrGone, "the page is gone: the browser could not load %s", Clean(redacted(top.url)))
	case top.origin != p.given:
		return p.elsewhere(top, false)
	}
	return nil
}

// tellSentOn is an error, once, where the site had what was sent to it sent on to another.
func (p *Page) tellSentOn() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.sentOn = nil }()
	return p.sentOn
}

func (p *Page) elsewhere(top *document, app bool) *ElsewhereError {
	return &ElsewhereError{Given: p.given, Reached: siteName(top.origin), Address: Clean(redacted(top.url)), App: app}
}

// replaced is the error where a frame that was of one site is of another.
func (p *Page) replaced(was, is string) error {
	return &ElsewhereError{Given: p.given, Reached: siteName(is), frame: Clean(was)}
}

func siteName(origin string) string {
	if origin == noOrigin {
		return "a page of no site"
	}
	return Clean(origin)
}

// callOwn calls what world has set up, on an element of that world.
const callOwn = "function(...args) { return mailferry.apply(this, args); }"

// world is this program's own in the document: what the page's scripts make of the language and
// of the document's functions is not seen there, nor is the function of page.js, which is sent
// into it once.
func (d *document) world(ctx context.Context) (runtime.ExecutionContextID, error) {
	p := d.session.page
	if id := p.worlds[d.key]; id != 0 {
		return id, nil
	}
	made, err := cdp.Call(ctx, d.session, cdppage.CreateIsolatedWorld,
		cdppage.CreateIsolatedWorldParams{FrameID: d.key.frame, WorldName: "mailferry"})
	if err != nil {
		return 0, err
	}
	_, err = cdp.Call(ctx, d.session, runtime.Evaluate,
		runtime.EvaluateParams{Expression: "globalThis.mailferry = " + pageJS, ContextID: made.ExecutionContextID})
	if err == nil {
		p.worlds[d.key] = made.ExecutionContextID
	}
	return made.ExecutionContextID, err
}

// resolve gives a handle on the node's element, in a world of this program's own or in the page's.
func (n *node) resolve(ctx context.Context, inPage bool) (runtime.RemoteObjectID, error) {
	d := n.doc
	if n.object != "" && !inPage {
		return n.object, nil
	}
	world, err := d.world(ctx)
	if err != nil {
		return "", err
	}
	params := dom.ResolveNodeParams{BackendNodeID: n.backend, ExecutionContextID: world}
	if inPage {
		params.ExecutionContextID = 0
	}
	got, err := cdp.Call(ctx, d.session, dom.ResolveNode, params)
	if err != nil {
		delete(d.session.page.worlds, d.key) // it may have gone
		return "", err
	}
	if got.Object == nil || got.Object.ObjectID == "" {
		return "", errDetached // of a document that this world is not of
	}
	if !inPage {
		n.object = got.Object.ObjectID
	}
	return got.Object.ObjectID, nil
}

// pageJS is the one function that is called in a page, with the name of what it is to do.
//
//go:embed page.js
var pageJS string

// guarded is what that function returns.
type guarded struct {
	Top   string          `json:"top"`   // the tab's origin, where it is not the one given
	Own   string          `json:"own"`   // the document's, where it is not the one that was looked at
	Moved bool            `json:"moved"` // the element is in another document now, or in none
	Value json.RawMessage `json:"value"`
}

// run calls one of the functions of page.js with the node's element as its "this".
// Arguments travel as data, never as source text; a node arrives as its element. The call
// itself first compares the origins of the element's document and of the tab with those
// expected, and gives an [ElsewhereError] without running the function where they differ.
func (n *node) run(ctx context.Context, function string, result any, args ...any) error {
	return n.runIn(ctx, false, function, result, args...)
}

// runIn is run in a world of this program's own or in the page's. In that, handlers are seen that
// its scripts have set, and they may forge all that is read: nothing is entered or pressed by it.
func (n *node) runIn(ctx context.Context, inPage bool, function string, result any, args ...any) error {
	object, err := n.resolve(ctx, inPage)
	if err != nil {
		return err
	}
	d, p := n.doc, n.doc.session.page
	params := runtime.CallFunctionOnParams{
		FunctionDeclaration: callOwn,
		ObjectID:            object,
		ReturnByValue:       new(true),
		UserGesture:         new(true),
	}
	if inPage {
		params.FunctionDeclaration = pageJS
	}
	for _, arg := range append([]any{p.given, d.origin, function}, args...) {
		to := &runtime.CallArgument{}
		var err error
		if of, is := arg.(*node); is {
			to.ObjectID, err = of.resolve(ctx, inPage)
		} else {
			to.Value, err = json.Marshal(arg)
		}
		if err != nil {
			return err
		}
		params.Arguments = append(params.Arguments, to)
	}
	got, err := cdp.Call(ctx, d.session, runtime.CallFunctionOn, params)
	if err != nil {
		return err
	}
	if got.ExceptionDetails != nil || got.Result == nil {
		return errors.New("browser: the page's own script failed while it was being read")
	}
	var out guarded
	if err := json.Unmarshal(got.Result.Value, &out); err != nil {
		return errors.New("browser: an answer that cannot be read")
	}
	switch {
	case out.Top != "":
		return &ElsewhereError{Given: p.given, Reached: siteName(out.Top), Address: Clean(out.Top)}
	case out.Own != "":
		return p.replaced(d.origin, out.Own)
	case out.Moved:
		return errDetached
	case result == nil || len(out.Value) == 0:
		return nil
	}
	return json.Unmarshal(out.Value, result)
}
