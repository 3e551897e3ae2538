package importer

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailferry/mailferry/schema"
)

// attempt is one item on its way to Cloud.
type attempt struct {
	pi    *PlanItem
	write Write
	again bool   // an earlier attempt under the same key may have reached Cloud
	mark  string // what the ledger says of the secret sent
	got   Remote
	err   error
}

// pass tries each of some items once, several at a time.
type pass struct {
	r      *run
	stop   context.Context // ends with the first error that concerns all, or as the run does
	writes context.Context // outlives it: the end of a write under way is worth waiting for
	jobs   chan struct{}   // one for each request under way

	mu   sync.Mutex
	left []*PlanItem
	row  int // open ends in a row: Cloud is not there
}

// pass returns the items whose end nobody saw or whose turn did not come. An
// error stops the run.
func (r *run) pass(ctx context.Context, todo []*PlanItem) (left []*PlanItem, err error) {
	writes, cancel := withGrace(ctx)
	defer cancel()
	group, stop := errgroup.WithContext(ctx)
	group.SetLimit(2*r.o.Jobs - 1) // while some wait for Cloud, others do for the disk; one job keeps the order
	p := &pass{r: r, stop: stop, writes: writes, jobs: make(chan struct{}, r.o.Jobs)}
	for _, pi := range todo {
		group.Go(func() error { return p.try(pi) })
	}
	if err = group.Wait(); err == nil {
		err = ctx.Err()
	}
	return p.left, err
}

// try takes one item from its intent to its outcome. No request leaves before
// its intent lasts.
func (p *pass) try(pi *PlanItem) error {
	if p.over() {
		p.saw(pi, true)
		return nil
	}
	a, err := p.r.prepare(pi)
	if err != nil {
		return err
	}
	if !p.send(a) {
		p.saw(pi, true)
		return p.r.unsent(a)
	}
	open, err := p.r.end(a)
	p.saw(pi, open)
	if concernsAll(a.err) {
		return a.err
	}
	return err
}

// send reports false where the pass was over before the turn of the attempt.
func (p *pass) send(a *attempt) bool {
	p.jobs <- struct{}{}
	defer func() { <-p.jobs }()
	if p.over() {
		return false
	}
	a.got, a.err = p.r.send(p.writes, a)
	return true
}

func (p *pass) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := 2*p.r.o.Jobs + 4
	if !p.r.o.Cloud.Site().Keys {
		most = 1 // each waits for its page to the end, and takes a person's word to be written again
	}
	return p.stop.Err() != nil || p.row > most
}

// saw counts what is left open.
func (p *pass) saw(pi *PlanItem, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !open {
		p.row = 0
		return
	}
	p.row++
	p.left = append(p.left, pi)
}

// concernsAll reports whether an error is not about one item alone: nothing was
// written then, or what was may be known elsewhere.
func concernsAll(err error) bool {
	var no *RefusedError
	var unfit *UnfitError
	return err != nil && !Unsettled(err) && !errors.As(err, &no) ||
		errors.As(err, &unfit) && unfit.Code == AnotherSite
}

// withGrace outlives ctx for a few seconds.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, cancel)
		context.AfterFunc(out, func() { t.Stop() })
	})
	return out, func() { stop(); cancel() }
}

// prepare writes the intent: when it returns, the ledger knows that Cloud may
// come to have the item.
func (r *run) prepare(pi *PlanItem) (*attempt, error) {
	k := schema.KeyOf(pi.item)
	a := &attempt{pi: pi, write: Write{Item: pi.item}}
	if pi.sendSecret || pi.resume() {
		a.write.Secret, _, _ = r.o.secretOf(pi.item)
	}
	if !a.write.Secret.IsZero() {
		a.mark = secretMark(pi.item)
	}
	in := record{Type: typeIntent, Time: r.o.now(), List: k.List, Name: k.Name, Plan: r.plan,
		Action: string(pi.Action), Item: r.p.views[k], Secret: a.mark}
	if pi.resume() {
		in.Action = string(ActionCreate)
	}
	if pi.Action == ActionChange {
		in.ID = pi.remote.ID
		if err := r.keep(pi); err != nil {
			return nil, err
		}
	}
	if was := pi.intent; was != nil &&
		was.Action == in.Action && was.Item == in.Item && was.Secret == in.Secret && was.ID == in.ID {
		in.Key, a.again = was.Key, true
	} else {
		in.Key = schema.NewID()
	}
	a.write.Key = in.Key
	if in.creates() && !r.o.Cloud.Site().Keys {
		a.write.Before = func() error {
			return r.led.add(record{Type: typePressed, Time: r.o.now(), Key: in.Key})
		}
	}
	r.mu.Lock()
	r.wrote = true
	delete(r.gaveUp, k)
	delete(r.p.again, k) // a person's word is good for one write
	r.mu.Unlock()
	return a, r.led.add(in)
}

func (r *run) send(ctx context.Context, a *attempt) (Remote, error) {
	ctx = context.WithValue(ctx, waitingKey{}, func(words string) {
		r.progress(func(p *Progress) { p.Waiting = words })
	})
	if a.pi.Action == ActionChange {
		return r.o.Cloud.Update(ctx, a.pi.remote.ID, a.write)
	}
	return r.o.Cloud.Create(ctx, a.write)
}

// unsent takes an intent back that nothing came of. One that an earlier attempt
// shares stays: that attempt may have reached Cloud.
func (r *run) unsent(a *attempt) error {
	if a.again {
		return nil
	}
	return r.led.add(record{Type: typeOutcome, Time: r.o.now(), Key: a.write.Key,
		Result: outVoid, Words: "not sent"})
}

// end writes what came of an attempt. open: nobody saw its end, and the next
// look at Cloud has to show.
func (r *run) end(a *attempt) (open bool, err error) {
	pi, res := a.pi, r.results[schema.KeyOf(a.pi.item)]
	out := record{Type: typeOutcome, Time: r.o.now(), Key: a.write.Key}
	var no *RefusedError
	switch {
	case a.err == nil:
		out.Result, out.ID = outWritten, a.got.ID
		res.Result, res.ID, res.When, res.Words, res.Earlier = Written, a.got.ID, out.Time, "", false
		if a.got.Item != nil {
			r.asSent(res, a.got.Item)
		}
	case Unsettled(a.err):
		res.Result, res.Words = Open, a.err.Error()
		return true, nil
	case errors.As(a.err, &no) && pi.resume():
		// It is there with every field equal, but not by the request repeated.
		out.Result, out.ID, out.Words = outFound, pi.remote.ID, no.Words
		res.Result, res.ID, res.Words = Same, pi.remote.ID, ""
		res.Notes = append(res.Notes, "on Cloud already; whether its secret is the one of this import cannot be told")
	case errors.As(a.err, &no) && a.maybeDone(no):
		// Perhaps the first attempt came through after all: look again.
		res.Result, res.Words = Open, no.Words
		return true, nil
	case errors.As(a.err, &no):
		out.Result, out.Words = outRefused, no.Words
		res.Result, res.Words = Failed, no.Words
	default:
		res.Result, res.Words = Failed, a.err.Error()
		if errors.Is(a.err, context.Canceled) {
			res.Result, res.Words = NotTried, ""
		}
		return false, r.unsent(a)
	}
	if err := r.led.add(out); err != nil {
		return false, err
	}
	r.done()
	return false, nil
}

// maybeDone reports whether a refusal may mean that an earlier attempt came
// through: the name is taken, or the key was used with another secret.
func (a *attempt) maybeDone(no *RefusedError) bool {
	return a.again && (no.Code == http.StatusConflict || no.Code == http.StatusUnprocessableEntity && a.mark == given)
}
