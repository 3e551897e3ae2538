package page

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// WaitSignedIn returns once the page shows all conds, which say by what a person recognises that they are in. When they do not
// come up by themselves, notify is called once with what the person should do, and from then on only ctx ends the wait: a
// sign-in with a second factor takes as long as it takes. No password is ever asked for. A browser without a window
// cannot be signed in to: there the error is [ErrTimeout] and says so.
func (p *Page) WaitSignedIn(ctx context.Context, notify func(string), conds ...Cond) error {
	err := p.WaitFor(ctx, conds...)
	if err == nil || !errors.Is(err, ErrTimeout) {
		return err
	}
	if !p.browser.options.Headed && p.browser.options.Attach == "" {
		return failure(ErrTimeout, "not signed in, and there is no window to sign in with (--headed and --attach give one): %v", err)
	}
	address, err := p.Address(ctx)
	if err != nil {
		return err
	}
	notify(fmt.Sprintf("sign in in the browser window (now at %s) and open the app; waiting for %s", address, describe(conds)))
	for {
		shown, err := p.Shows(ctx, conds...)
		if shown && err == nil {
			return nil
		}
		// A sign-in leads over many pages, and any of them may be half there.
		if err != nil && p.tab.gone.Err() != nil {
			return err
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
