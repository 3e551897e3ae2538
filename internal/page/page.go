package page

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	addr "github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

// Page is what a browser's tab shows, frames included. Its [Scope] is the whole of it. A Page
// stays the same over navigations, and like its Browser it is for one goroutine at a time.
type Page struct {
	*Scope
	browser *Browser
	tab     *session
	given   string                                // the origin of the address given
	frames  map[target.ID]*session                // frames of other sites, by their target
	acts    int                                   // so far, that may have changed what fields hold
	worlds  map[docKey]runtime.ExecutionContextID // of this program's own, see [document.world]

	mu      sync.Mutex
	dialogs []string // since something was last pressed
	sentOn  error    // that what was sent was led on to another site, until it is told
}

func newPage(b *Browser) *Page {
	p := &Page{browser: b, frames: make(map[target.ID]*session), worlds: make(map[docKey]runtime.ExecutionContextID)}
	p.Scope = &Scope{page: p}
	return p
}

// noteDialog notes what a dialog of the browser's own says. The error says that there are too many.
func (p *Page) noteDialog(text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.dialogs) < maxDialogs {
		p.dialogs = append(p.dialogs, Clean(text))
		return nil
	}
	return schema.Hint(failure(errFlooded,
		"the page opens one dialog after another, more than %d; the last says %q", maxDialogs, Clean(text)),
		"open it in a browser of your own and see what it asks")
}

func (p *Page) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.dialogs)
}

// forget drops what dialogs said before: what comes up from now on belongs to what is done from now on.
func (p *Page) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialogs = nil
}

// Goto opens an http or https address in the tab and returns once its document has been read by
// the browser. What a page draws after that, and the frames in it, are for [Scope.Within] and
// [Scope.WaitFor] to wait for. An address with a password in it is refused. From then on only
// the site of the address given is worked: all but [Page.WaitSignedIn] fails with an
// [*ElsewhereError] where the tab shows another.
func (b *Browser) Goto(ctx context.Context, address string) (*Page, error) {
	parsed, err := url.Parse(address)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return nil, fmt.Errorf("not an http or https address: %s", Clean(addr.Shown(address)))
	}
	if _, has := parsed.User.Password(); has {
		return nil, fmt.Errorf("refusing an address with a password in it: %s", Clean(addr.Shown(address)))
	}
	shown := Clean(originOf(parsed)) // what follows it may be a secret
	p := b.page
	if err := p.tellSentOn(); err != nil {
		return nil, err
	}
	p.forget()
	clear(p.worlds)
	p.given = originOf(parsed)
	got, err := cdp.Call(ctx, p.tab, cdppage.Navigate, cdppage.NavigateParams{URL: address})
	if errors.Is(err, ErrTimeout) {
		// Under way still, it would be the next one's net::ERR_ABORTED.
		if _, err := cdp.Call(ctx, p.tab, cdppage.StopLoading, cdp.Empty{}); err != nil {
			return nil, fmt.Errorf("open %s: %w", shown, err)
		}
		return nil, failure(ErrTimeout, "open %s: the site did not answer within %s", shown, b.options.Timeout)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", shown, err)
	}
	if _, err := cdp.Call(ctx, p.tab, fetch.Disable, cdp.Empty{}); err != nil { // a sign-in may lead over other sites
		return nil, fmt.Errorf("open %s: %w", shown, err)
	}
	if got.ErrorText != "" {
		return nil, fmt.Errorf("open %s: %s", shown, Clean(got.ErrorText))
	}
	err = poll(ctx, b.options.Timeout, func() (bool, error) {
		var ready string
		err := p.tab.evaluate(ctx, "document.readyState", &ready)
		return err == nil && ready != "loading", ignoreTransient(err)
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", shown, err)
	}
	return p, nil
}

// Address is where the tab is now, for reports: as [redacted], cleaned and bounded.
func (p *Page) Address(ctx context.Context) (string, error) {
	got, err := cdp.Call(ctx, p.tab, cdppage.GetFrameTree, cdp.Empty{})
	if err != nil || got.FrameTree == nil || got.FrameTree.Frame == nil {
		return "", err
	}
	return Clean(redacted(got.FrameTree.Frame.URL)), nil
}

// redacted is the address of a page that was reached, without what may be a secret in it.
func redacted(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return "(unreadable address)"
	}
	return addr.Bare(parsed)
}

// Until calls test until it reports true, at first often and then every tenth of a second. It
// reports whether that came within the limit.
func Until(ctx context.Context, limit time.Duration, test func() (bool, error)) (bool, error) {
	deadline := time.Now().Add(limit)
	for wait := 4 * time.Millisecond; ; wait = min(wait*3/2, 100*time.Millisecond) {
		done, err := test()
		if done || err != nil || time.Now().After(deadline) {
			return done && err == nil, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		case <-timer.C:
		}
	}
}

// poll is [Until] that gives up with [ErrTimeout].
func poll(ctx context.Context, limit time.Duration, test func() (bool, error)) error {
	done, err := Until(ctx, limit, test)
	if !done && err == nil {
		return failure(ErrTimeout, "waited %s in vain", limit)
	}
	return err
}

// ignoreTransient drops the errors of a page that is just changing under the reader's hands.
func ignoreTransient(err error) error {
	if vanished(err) {
		return nil
	}
	return err
}
