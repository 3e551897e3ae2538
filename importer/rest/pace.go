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

func newPacer() *pacer {
	return &pacer{limiter: rate.NewLimiter(rate.Inf, 1), turn: make(chan struct{}, 1)}
}

// wait returns when a request may be sent, with that moment. A Cloud that asks
// for more patience than there is ends it with errPatience.
func (p *pacer) wait(ctx context.Context, write bool) (began time.Time, err error) {
	for {
		p.mu.Lock()
		left := time.Until(p.until)
		p.mu.Unlock()
		if left > maxWait {
			return began, fmt.Errorf("%w for %v more; the longest wait is %v", errPatience,
				left.Round(time.Second), maxWait)
		}
		if err := rest(ctx, left); err != nil {
			return began, err
		}
		if write {
			p.turn <- struct{}{}
			err := rest(ctx, p.limiter.Reserve().Delay())
			<-p.turn
			if err != nil {
				return began, err
			}
		}
		if began, ok := p.begin(write); ok {
			return began, nil
		}
	}
}

// rest sleeps, and says why where a person would wonder.
func rest(ctx context.Context, d time.Duration) error {
	if d >= defaultPause/2 {
		importer.Waiting(ctx, "Cloud's limit")
		defer importer.Waiting(ctx, "")
	}
	return sleep(ctx, d)
}

// begin reports false where Cloud has refused while the request waited.
func (p *pacer) begin(write bool) (now time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now = time.Now()
	if now.Before(p.until) {
		return now, false
	}
	if write {
		p.sent++
		if p.since.IsZero() {
			p.since = now
		}
	}
	return now, true
}

// passed counts a write that Cloud's limit let through.
func (p *pacer) passed(began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limit := p.limiter.Limit(); limit != rate.Inf && !began.Before(p.since) {
		p.limiter.SetLimit(limit + gain)
	}
}

// hold sends nothing for a while, as Cloud asks.
func (p *pacer) hold(pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holdFrom(time.Now(), pause)
}

func (p *pacer) holdFrom(now time.Time, pause time.Duration) {
	if until := now.Add(pause); until.After(p.until) {
		p.until = until
	}
}

// refused halves the limit after a 429 to a write that began then, unless it is of
// the same moment as one before, and sends nothing for a while. pause is what
// Cloud asks for; given is false where it asks for nothing.
func (p *pacer) refused(began time.Time, pause time.Duration, given bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !began.Before(p.since) {
		least := defaultPause
		if given {
			least = leastPause
		}
		if p.sent--; p.sent > 0 {
			p.row = 0
		}
		pause = max(pause, min(least<<min(p.row, 10), longestPause))
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
	}
	p.holdFrom(now, pause)
}
