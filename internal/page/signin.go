package page

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// WaitSignedIn returns once the page shows all conds, which say by what a person recognises
// that they are in, at the site of the address given. When they do not come up by themselves,
// notify is called once with what the person should do, and from then on only ctx ends the
// wait: a sign-in with a second factor takes as long as it takes, and may lead over other
// sites. No password is ever asked for. A browser without a window cannot be signed in to:
// there the error is [ErrTimeout] and says so, or an [*ElsewhereError] where the browser was
// led to another site. That is the error with a window, too, where another site shows conds and
// stays: it is no sign-in on its way.
func (p *Page) WaitSignedIn(ctx context.Context, notify func(string), conds ...Cond) error {
	limit, window := p.browser.options.Timeout, p.browser.options.Headed || p.browser.options.Attach != ""
	signedIn := allOf(conds)
	var at *ElsewhereError // another site that the browser is at
	moved := time.Now()    // it has shown conds since
	look := func() (*Look, bool, error) {
		snap, err := p.capture(ctx, frame{})
		if err != nil {
			return nil, false, err
		}
		v := p.Scope.view(snap, snap.docs[0].root)
		in := signedIn.test(v)
		if at = nil; snap.top.origin != p.given && !snap.top.failed {
			at = p.elsewhere(snap.top, in)
		}
		if at == nil || !at.App {
			moved = time.Now()
		}
		return v, in && at == nil, nil
	}
	stays := func(limit time.Duration) bool { return at != nil && at.App && time.Since(moved) > limit }
	err := watch(ctx, limit, signedIn.text, func() (*Look, bool, error) {
		v, in, err := look()
		if !window && stays(settleTime) {
			return v, false, at
		}
		return v, in, err
	})
	switch {
	case err == nil || !errors.Is(err, ErrTimeout):
		return err
	case !window && at != nil:
		return at
	case !window:
		return failure(ErrTimeout, "not signed in, and there is no window to sign in with (--headed and --attach give one): %v", err)
	}
	address, err := p.Address(ctx)
	if err != nil {
		return err
	}
	notify(fmt.Sprintf("sign in in the browser window (now at %s) and open the app at %s; waiting for %s",
		address, p.given, signedIn.text))
	moved = time.Now()
	return poll(ctx, math.MaxInt64, func() (bool, error) {
		_, in, err := look()
		if p.tab.gone.Err() == nil { // a sign-in leads over many pages, and each may be half there
			err = nil
		}
		if err == nil && stays(limit) {
			err = at
		}
		return in, err
	})
}
