package rest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/mailferry/mailferry/importer"
)

// pacer spaces the writes of all jobs so that a Cloud which limits them is kept
// busy and seldom has to refuse. It knows no limit until Cloud names one by
// refusing; until then it holds nothing back.
//
// From refusal to refusal it learns the limit: what got through, by the time it
// took with the pause after it, is what Cloud grants on average. It goes on a
// little below that and rises along a cubic curve: quickly at first, flat about
// the pace that was right, then faster again to find out whether more is
// granted by now.
type pacer struct {
	mu    sync.Mutex
	until time.Time // nothing is sent before
	next  time.Time // the next write's slot, where limited

	limited   bool      // Cloud has refused before
	exploring bool      // too little got through to tell the limit: rise steeply
	low, high float64   // writes a second: where the curve starts, and where it is flat
	since     time.Time // start of the curve and of counting
	sent      int       // writes since then
	turn      int       // counts refusals, the ones that come together as one
	streak    int       // refusals in a row with nothing let through between
}

const (
	defaultPause = time.Second // where a refusal names none: limits are mostly by the second
	leastPause   = 20 * time.Millisecond
	flatAfter    = 10.0 // seconds from the start of the curve to its flat part
	telling      = 20   // writes from which their number tells the limit
	slowest      = 0.05 // writes a second
)

// wait returns when the request may be sent, with the turn that it belongs to. A
// Cloud that asks for more patience than there is ends it with errPatience.
func (p *pacer) wait(ctx context.Context, write bool) (turn int, err error) {
	for {
		at, turn := p.slot(write)
		if left := p.held(); left > maxWait {
			return 0, fmt.Errorf("%w for %v more; the longest wait is %v", errPatience, left.Round(time.Second), maxWait)
		}
		if err := p.rest(ctx, time.Until(at)); err != nil {
			return 0, err
		}
		if p.begin(write, turn) {
			return turn, nil
		}
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

// held is how long Cloud asks to be left alone.
func (p *pacer) held() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until)
}

func (p *pacer) slot(write bool) (at time.Time, turn int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at = latest(time.Now(), p.until)
	if write && p.limited {
		at = latest(at, p.next)
		p.next = at.Add(time.Duration(float64(time.Second) / p.rate(at)))
	}
	return at, p.turn
}

// begin reports false where Cloud has refused since the slot was given: the
// slot is void then.
func (p *pacer) begin(write bool, turn int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if write && p.limited && turn != p.turn || now.Before(p.until) {
		return false
	}
	if write {
		if p.since.IsZero() {
			p.since = now
		}
		p.sent++
	}
	return true
}

// rate is the pace at a moment of the curve.
func (p *pacer) rate(at time.Time) float64 {
	t := max(0, at.Sub(p.since).Seconds())
	if p.exploring {
		return p.low * math.Pow(1.5, t)
	}
	x := t/flatAfter - 1
	return p.high + (p.high-p.low)*x*x*x
}

// hold sends nothing for a while, as Cloud asks.
func (p *pacer) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = latest(p.until, time.Now().Add(d))
}

// overload takes note of a 429 to a request of that turn.
func (p *pacer) overload(turn int, write bool, pause time.Duration, given bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !write || turn != p.turn {
		// Of the same refusal as one before, or of no pace of ours: only the
		// wait is news.
		if !given && write {
			return
		}
		if !given || !write {
			pause = max(pause, defaultPause) // reading has no pace of its own: "at once" would make it a race
		}
		p.until = latest(p.until, now.Add(pause))
		return
	}
	p.turn++
	p.sent-- // this one
	if p.sent > 0 {
		p.streak = 0
	} else {
		p.streak++
	}
	floor := leastPause // Retry-After: 0 must not become a race
	if !given {
		floor = defaultPause
	}
	pause = max(pause, min(floor<<min(p.streak, 10), time.Minute))
	p.learn(now, pause)
	p.until = latest(p.until, now.Add(pause))
	p.next, p.since, p.sent = p.until, p.until, 0
}

// learn sets the curve by what got through until now.
func (p *pacer) learn(now time.Time, pause time.Duration) {
	granted := float64(max(p.sent, 1)) / max(now.Sub(p.since)+pause, time.Millisecond).Seconds()
	switch {
	case !p.limited:
		p.exploring = p.sent < telling
		p.low, p.high = granted*0.95, granted*1.1
	case p.streak > 0: // not even one: the pace was far too high
		p.low, p.high = p.low/2, p.low
	default:
		pace := p.rate(now)
		p.low = min(max(granted*0.95, pace*0.5), pace*0.95)
		p.high = max(min(granted*1.1, pace*0.98), p.low)
		if p.exploring { // the steep rise went a step too far, no more
			p.low, p.high, p.exploring = pace*0.8, pace*0.95, false
		}
	}
	p.low = max(p.low, slowest)
	p.high = max(p.high, p.low*1.02) // else the curve would never rise
	p.limited = true
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
