package importer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// Run imports one of the two lists. Its report is there whenever Cloud was read
// at all, also with an error:
//
//   - *GateError: nothing was written.
//   - *PartialError: something is left; running again goes on.
//   - any other: the run could not begin, and nothing was written.
//
// When ctx ends, Run stops between two writes: those under way are given a few
// seconds, so that their outcome is known.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.List != schema.Credentials && o.List != schema.Connections {
		return nil, errors.New("an import is of credentials or of connections")
	}
	if o.Secrets.Sealed == nil {
		return nil, schema.Hint(errors.New("an import needs a recipient's key: this one does not open the secrets"),
			"a reviewer's key plans: mailferry plan")
	}
	stale := o.adopt()
	if err := o.defaults(); err != nil {
		return nil, err
	}
	for {
		led, err := openLedger(&o)
		if err != nil {
			return nil, err
		}
		r := &run{o: &o, led: led, started: o.now(),
			results: map[itemKey]*ItemReport{}, gaveUp: map[itemKey]bool{}}
		rep, err := r.do(ctx, stale)
		if closeErr := led.close(); closeErr != nil {
			closeErr = placed(o.Ledger.Path, closeErr)
			if err == nil {
				err = &PartialError{Cause: closeErr}
			} else {
				err = errors.Join(err, closeErr)
			}
		}
		if !errors.Is(err, errBegun) {
			return rep, err
		}
	}
}

// DryRun is Run with a Cloud and files that are read and never written: the same
// code, the same questions, the same report, and nothing written anywhere.
func DryRun(ctx context.Context, o Options) (*Report, error) {
	if o.Cloud != nil {
		o.Cloud = ReadOnly(o.Cloud)
	}
	if o.files == nil {
		o.files = disk{}
	}
	o.files = dry{o.files}
	rep, err := Run(ctx, o)
	if rep != nil {
		rep.DryRun = true
	}
	return rep, err
}

type run struct {
	o       *Options
	led     *ledger
	p       *planner
	plan    string // digest of the saved plan that is applied
	started schema.Time
	wait    time.Duration // before the last look

	mu      sync.Mutex
	gaveUp  map[itemKey]bool // what was looked for to the end of patience
	results map[itemKey]*ItemReport
	prog    Progress
	wrote   bool // a request to write was sent
}

func (r *run) do(ctx context.Context, stale []Reason) (*Report, error) {
	var err error
	if r.p, err = newPlanner(r.o, r.led); err != nil {
		return nil, err
	}
	if err := r.p.refresh(ctx, schema.Lists()...); err != nil {
		return nil, unwritten(err)
	}
	if _, err := r.search(ctx, schema.Lists()...); err != nil {
		return nil, unwritten(err)
	}
	stale = append(stale, r.p.acceptAgain()...)
	plan, err := r.p.plan(ctx)
	if err != nil {
		return nil, unwritten(err)
	}
	if r.o.Plan != nil {
		if r.plan, err = r.o.Plan.PlanDigest(); err != nil {
			return nil, err
		}
		if len(stale) == 0 { // with other options every item would be another
			stale = r.p.moved(r.o.Plan, r.plan, plan)
		}
	}
	if err = shut(stale); err == nil {
		err = r.o.gate(plan)
	}
	todo := r.toWrite(plan, err != nil)
	if err == nil && r.nothingReady(plan, todo) {
		err = shut(waiting(plan, r.o.List))
	}
	if err != nil {
		return r.report(plan), err
	}
	if err := r.led.start(r.o); err != nil {
		return nil, err
	}
	cause := r.write(ctx, todo)
	if r.wrote { // an answer is Cloud's word alone
		if err := r.lookBack(ctx); cause == nil {
			cause = err
		}
	}
	rep := r.report(plan)
	if left := rep.left(); left > 0 || cause != nil {
		if cause != nil && ctx.Err() == nil && !rep.wroteAny() {
			return rep, unwritten(cause)
		}
		return rep, &PartialError{Left: left, Cause: cause}
	}
	return rep, nil
}

// toWrite gives every item of this import a result as far as it has one already,
// and returns those that are to be written. shut: none are.
func (r *run) toWrite(plan *Plan, shut bool) []*PlanItem {
	var todo []*PlanItem
	for i := range plan.Items {
		pi := &plan.Items[i]
		if pi.List != r.o.List {
			continue
		}
		res := &ItemReport{List: pi.List, Name: pi.Name, Changes: pi.Changes, Notes: pi.Notes, item: pi.item}
		r.results[schema.KeyOf(pi.item)] = res
		switch {
		case pi.Action == ActionConflict:
			res.Result, res.Words = Skipped, pi.Reasons[0].Words
		case pi.unfound():
			res.Result, res.Words = Unfound, r.p.unfound(schema.KeyOf(pi.item))
		case pi.Action == ActionBlocked:
			res.Result, res.Words = Waits, pi.Reasons[0].Words
		case pi.After != "":
			res.Result, res.Words = Waits, pi.credential.Words
		case pi.Action == ActionUnchanged && !pi.resume():
			r.same(res, pi.remote)
		case shut:
			res.Result = NotTried
		case pi.Action == ActionChange && r.o.Conflicts.Confirm != nil && !r.o.Conflicts.Confirm(*pi):
			res.Result, res.Words = Skipped, "left as it is on Cloud, as answered"
		default:
			res.Result = NotTried
			todo = append(todo, pi)
		}
	}
	return todo
}

// unfound reports whether only a person can say if Cloud has the item.
func (pi *PlanItem) unfound() bool {
	return pi.Action == ActionBlocked && pi.Reasons[0].Code == NotFound
}

// resume reports whether a create that was cut off has to be repeated under its
// key although everything visible is equal.
func (pi *PlanItem) resume() bool {
	return pi.Action == ActionUnchanged && pi.intent != nil && pi.intent.creates()
}

// same gives the result of an item that is on Cloud as the bundle has it.
func (r *run) same(res *ItemReport, remote *Remote) {
	res.Result, res.ID = Same, remote.ID
	w, ok := r.led.written(schema.KeyOf(res.item))
	if ok && (w.ID == "" || remote.ID == "" || w.ID == remote.ID) {
		res.Result, res.When = Written, w.Time
		res.Earlier = w.earlier
	}
}

func (r *run) nothingReady(plan *Plan, todo []*PlanItem) bool {
	if len(todo) > 0 || len(waiting(plan, r.o.List)) == 0 {
		return false
	}
	for _, res := range r.results {
		if res.Result != Waits {
			return false
		}
	}
	return true
}

// write writes the items, in rounds: what a round leaves open, because nobody
// saw the end of a request, is looked for on Cloud before it is tried again.
// Where something that was written is not found, nothing more is.
func (r *run) write(ctx context.Context, todo []*PlanItem) error {
	r.prog = Progress{Total: len(todo)}
	for fruitless := 0; len(todo) > 0 && fruitless < rounds; fruitless++ {
		left, err := r.pass(ctx, todo)
		if err != nil || len(left) == 0 {
			return err
		}
		if err := r.lookAgain(ctx, len(left), r.o.List); err != nil {
			return err
		}
		lost, err := r.search(ctx, r.o.List)
		if err != nil || lost {
			return err
		}
		before := len(todo)
		if todo, err = r.again(ctx, left); err != nil {
			return err
		}
		if len(todo) < before {
			fruitless, r.wait = -1, 0
		}
	}
	return nil
}

// lookAgain waits and looks at Cloud for n items, some times if need be; each
// wait is twice the one before.
func (r *run) lookAgain(ctx context.Context, items int, lists ...schema.List) error {
	r.progress(func(p *Progress) { p.Waiting = fmt.Sprintf("Cloud, to look again for %d", items) })
	defer r.progress(func(p *Progress) { p.Waiting = "" })
	for n := 1; ; n++ {
		r.wait = min(max(2*r.wait, firstWait), longestWait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(r.wait):
		}
		err := r.p.refresh(ctx, lists...)
		if err == nil || n == rounds || ctx.Err() != nil ||
			errors.Is(err, ErrUnauthorized) || errors.As(err, new(*UnfitError)) {
			return err
		}
		r.o.Watch.Log.Warn("Cloud cannot be looked at", "error", err)
	}
}

// again decides anew on what a round left open.
func (r *run) again(ctx context.Context, left []*PlanItem) ([]*PlanItem, error) {
	var todo []*PlanItem
	for _, was := range left {
		pi, err := r.p.decide(ctx, was.item)
		if err != nil {
			return nil, err
		}
		res := r.results[schema.KeyOf(pi.item)]
		switch {
		case pi.Action == ActionCreate || pi.Action == ActionChange || pi.resume():
			todo = append(todo, &pi)
			continue
		case pi.Action == ActionUnchanged:
			r.same(res, pi.remote)
			res.Words = ""
		case pi.unfound():
			res.Result, res.Words = Unfound, r.p.unfound(schema.KeyOf(pi.item))
		default:
			res.Result, res.Words = Failed, pi.Reasons[0].Words
		}
		r.done()
	}
	return todo, nil
}

// lookBack looks at Cloud once more after the last write, settles what is still
// open, and holds every result against what Cloud shows.
func (r *run) lookBack(ctx context.Context) error {
	last, cancel := withGrace(ctx)
	defer cancel()
	err := r.p.refresh(last, r.o.List)
	if err == nil {
		if _, err = r.search(ctx, r.o.List); ctx.Err() != nil {
			err = nil // interrupted: what the last look showed has to do
		}
	}
	if err != nil {
		return fmt.Errorf("looking at Cloud afterwards: %w", err)
	}
	for k, res := range r.results {
		there := r.p.look.exact[k]
		switch res.Result {
		case Written, Same:
			switch {
			case r.p.unseen(k):
				r.notShown(k, res)
			case len(there) == 0:
				res.Result, res.Words = Failed, "was written and is gone from Cloud"
			case len(there) > 1:
				res.Result, res.Words = Failed, fmt.Sprintf("Cloud has %d of that name", len(there))
			default:
				r.asSent(res, there[0].Item)
			}
		case Open, Unfound:
			r.settled(k, res, there)
		}
	}
	return nil
}

// asSent holds what Cloud shows of an item against what was sent.
func (r *run) asSent(res *ItemReport, shows schema.Item) {
	if other := compare(shows, res.item); len(other) > 0 {
		res.Result, res.Words = Failed, "Cloud shows another "+labels(other)+" than was sent"
	}
}

// settled gives a result to an item that was left open, after a look.
func (r *run) settled(k itemKey, res *ItemReport, there []shown) {
	w, ok := r.led.written(k)
	switch open := r.led.of(k).open != nil; {
	case r.p.unseen(k):
		r.notShown(k, res)
	case open && len(there) == 0:
		res.Result, res.Words = Failed, res.Words+"; it is not on Cloud"
	case open:
	case len(there) != 1 || len(compare(there[0].Item, res.item)) > 0:
		res.Result, res.Words = Failed, res.Words+"; it is not on Cloud as the bundle has it"
	case ok && w.Item == r.p.views[k]:
		res.Result, res.ID, res.When, res.Words = Written, there[0].ID, w.Time, ""
	default:
		res.Result, res.ID, res.Words = Same, there[0].ID, ""
	}
}

// done counts an item and reports it to whoever watches.
func (r *run) done() { r.progress(func(p *Progress) { p.Done++ }) }

func (r *run) progress(change func(*Progress)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.prog)
	if r.o.Watch.Progress != nil {
		r.o.Watch.Progress(r.prog)
	}
}
