package page

import (
	"context"
	"errors"
	"fmt"
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
	var at *ElsewhereError
	moved := time.Now() // another site has shown conds since
	stays := func(limit time.Duration) bool {
		if at == nil || !at.App {
			moved = time.Now()
		}
		return time.Since(moved) > limit
	}
	err := watch(ctx, limit, describe(conds), func() (*view, bool, error) {
		v, in, now, err := p.signedIn(ctx, conds)
		if err == nil {
			at = now
		}
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
	notify(fmt.Sprintf("sign in in the browser window (now at %s) and open the app at %s; waiting for %s", address, p.given, describe(conds)))
	for moved = time.Now(); ; {
		_, in, now, err := p.signedIn(ctx, conds)
		at = now
		switch {
		case in && err == nil:
			return nil
		case err != nil && p.tab.gone.Err() != nil: // any other: a sign-in leads over many pages, and each may be half there
			return err
		case stays(limit):
			return at
		}
		timer := time.NewTimer(300 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// signedIn looks whether the page shows conds at the site of the address given. at is another
// site that the browser is at.
func (p *Page) signedIn(ctx context.Context, conds []Cond) (v *view, in bool, at *ElsewhereError, err error) {
	snap, found, err := p.capture(ctx, frame{})
	if err != nil {
		return nil, false, nil, err
	}
	if !found {
		return nil, false, nil, errors.New("the page has no content yet")
	}
	v = p.view(snap, snap.docs[0].root)
	in = all(conds, v)
	if snap.top.origin != p.given && !snap.top.failed {
		return v, false, p.elsewhere(snap.top, in), nil
	}
	return v, in, nil, nil
}
