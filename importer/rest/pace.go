package rest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/mailferry/mailferry/importer"
)

// pacer spaces the writes of all jobs so that a Cloud which limits them is kept
// busy and seldom has to refuse. It holds nothing back until Cloud refuses for
// the first time; then the limit is what got through. Each further refusal
// halves it, and each write that gets through adds a little.
type pacer struct {
	limiter *rate.Limiter // of writes
	turn    chan struct{} // held by the one write that waits for the limiter: a new limit counts at once

	mu    sync.Mutex
	until time.Time // nothing is sent before
	since time.Time // start of counting: what began before belongs to an older refusal
	sent  int       // writes since, but those that Cloud is known to have refused
	row   int       // refusals in a row with nothing let through between
}

const (
	gain    = rate.Limit(0.1)  // writes a second for each that gets through: a tenth in a second
	slowest = rate.Limit(0.05) // writes a second
)

func newPacer() *pacer {
	return &pacer{limiter: rate.NewLimiter(rate.Inf, 1), turn: make(chan struct{}, 1)}
}

// wait returns when a request may be sent, with that moment. A Cloud that asks
// for more patience than there is ends it with errPatience.
func (p *pacer) wait(ctx context.Context, write bool) (began time.Time, err error) {
	for {
		left := time.Until(p.heldUntil())
		if left > maxWait {
			return began, fmt.Errorf("%w for %v more; the longest wait is %v", errPatience,
				left.Round(time.Second), maxWait)
		}
		if err := p.rest(ctx, left); err != nil {
			return began, err
		}
		if write {
			if err := p.slot(ctx); err != nil {
				return began, err
			}
		}
		if began, ok := p.begin(write); ok {
			return began, nil
		}
	}
}

func (p *pacer) slot(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
		return p.rest(ctx, p.limiter.Reserve().Delay())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rest sleeps, and says why where a person would wonder.
func (p *pacer) rest(ctx context.Context, d time.Duration) error {
	if d >= defaultPause/2 {
		importer.Waiting(ctx, "Cloud's limit")
		defer importer.Waiting(ctx, "")
	}
	return sleep(ctx, d)
}

// heldUntil is how long Cloud asks to be left alone.
func (p *pacer) heldUntil() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// begin reports false where Cloud has refused while the request waited.
func (p *pacer) begin(write bool) (now time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now = time.Now()
	if now.Before(p.until) {
		return now, false
	}
	if write && p.since.IsZero() {
		p.since = now
	}
	if write {
		p.sent++
	}
	return now, true
}

// hold sends nothing for a while, as Cloud asks.
func (p *pacer) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = latest(p.until, time.Now().Add(d))
}

// passed counts a write that Cloud's limit let through.
func (p *pacer) passed(began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limit := p.limiter.Limit(); limit != rate.Inf && !began.Before(p.since) {
		p.limiter.SetLimit(limit + gain)
	}
}

// refused counts a 429 to a request that began then. pause is what Cloud
// asks for; given is false where it asks for nothing.
func (p *pacer) refused(began time.Time, write bool, pause time.Duration, given bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case !write: // reading has no pace of its own: "at once" would make it a race
		pause = max(pause, defaultPause)
	case !began.Before(p.since):
		pause = p.halve(now, pause, given)
	}
	p.until = latest(p.until, now.Add(pause))
}

// halve sets the limit after a refusal that is not of the same moment as one
// before, and returns how long to pause.
func (p *pacer) halve(now time.Time, pause time.Duration, given bool) time.Duration {
	least := defaultPause
	if given {
		least = leastPause
	}
	if p.sent--; p.sent > 0 {
		p.row = 0
	}
	pause = max(pause, min(least<<min(p.row, 10), time.Minute))
	p.row++
	limit := p.limiter.Limit()
	if limit != rate.Inf {
		limit /= 2
	}
	if p.sent > 0 { // the jobs may have been slower than the limit
		limit = min(limit, rate.Limit(float64(p.sent)/(now.Sub(p.since)+pause).Seconds()))
	}
	p.limiter.SetLimit(max(limit, slowest))
	p.since, p.sent = now.Add(pause), 0
	return pause
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
