package importer

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// pass tries each item once, several at a time, and returns those whose end
// nobody saw or whose turn did not come. An error stops the run.
func (r *run) pass(ctx context.Context, todo []*PlanItem) (left []*PlanItem, err error) {
	writes, cancel := withGrace(ctx)
	defer cancel()
	var (
		mu     sync.Mutex
		next   int
		failed error
		row    int // open ends in a row: Cloud is not there
		wg     sync.WaitGroup
	)
	take := func() *PlanItem {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil || failed != nil || row > 2*r.o.Jobs+4 || next == len(todo) {
			return nil
		}
		next++
		return todo[next-1]
	}
	for range min(r.o.Jobs, len(todo)) {
		wg.Go(func() {
			for pi := take(); pi != nil; pi = take() {
				open, err := r.one(writes, pi)
				mu.Lock()
				if err != nil && failed == nil {
					failed = err
				}
				if row++; !open {
					row = 0
				} else {
					left = append(left, pi)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	left = append(left, todo[next:]...)
	if failed == nil {
		failed = ctx.Err()
	}
	return left, failed
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

// one writes one item. open: nobody saw the end of the request.
func (r *run) one(ctx context.Context, pi *PlanItem) (open bool, err error) {
	k := keyOf(pi.item)
	res := r.results[k]
	w := Write{Item: pi.item}
	if pi.sendSecret || pi.resume() {
		w.Secret, _, _ = r.o.secretOf(pi.item)
	}
	in := record{Type: typeIntent, Time: schema.At(r.o.Now()), List: k.list, Name: k.name, Plan: r.plan,
		Action: string(pi.Action), Item: r.p.views[k], Secret: r.led.fingerprint(k, w.Secret)}
	if pi.resume() {
		in.Action = string(Create)
	}
	if pi.Action == ChangeIt {
		in.ID = pi.remote.ID
		if err := r.keep(pi); err != nil {
			return false, err
		}
	}
	again := pi.intent != nil && pi.intent.Action == in.Action && pi.intent.Item == in.Item &&
		pi.intent.Secret == in.Secret && pi.intent.ID == in.ID
	if again {
		in.Key = pi.intent.Key
	} else if in.Key, err = newKey(); err != nil {
		return false, err
	}
	w.Key = in.Key
	if err := r.led.add(in); err != nil {
		return false, err
	}
	r.mu.Lock()
	r.wrote = true
	r.mu.Unlock()
	got, err := r.send(ctx, pi, w)
	out := record{Type: typeOutcome, Time: schema.At(r.o.Now()), Key: in.Key}
	var no *RefusedError
	switch {
	case err == nil:
		out.Result, out.ID = outWritten, got.ID
		res.Result, res.ID, res.When, res.Words, res.Earlier = Written, got.ID, out.Time, "", false
	case Unsettled(err):
		res.Result, res.Words = Open, err.Error()
		return true, nil
	case errors.As(err, &no) && no.Code == http.StatusConflict && again && !pi.resume():
		// Perhaps the first attempt came through after all: look again.
		res.Result, res.Words = Open, no.Words
		return true, nil
	case errors.As(err, &no) && no.Code == http.StatusConflict && pi.resume():
		out.Result, out.ID, out.Words = outFound, pi.remote.ID, no.Words
		res.Result, res.ID = Same, pi.remote.ID
		res.Notes = append(res.Notes, "made by someone else meanwhile; whether its secret is the bundle's cannot be told")
	case errors.As(err, &no):
		out.Result, out.Words = outRefused, no.Words
		res.Result, res.Words = Failed, no.Words
	case errors.Is(err, context.Canceled):
		out.Result, out.Words = outVoid, "interrupted before it was sent"
		res.Result = NotTried
		return false, errors.Join(err, r.led.add(out))
	default:
		out.Result, out.Words = outVoid, "not sent"
		res.Result, res.Words = Failed, err.Error()
		return false, errors.Join(err, r.led.add(out))
	}
	r.done(res)
	return false, r.led.add(out)
}

func (r *run) send(ctx context.Context, pi *PlanItem, w Write) (got Remote, err error) {
	if r.o.traced {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			WroteRequest:         func(httptrace.WroteRequestInfo) { r.o.Point("after-send") },
			GotFirstResponseByte: func() { r.o.Point("before-answer-read") },
		})
	}
	r.o.Point("before-send")
	if pi.Action == ChangeIt {
		got, err = r.o.Cloud.Update(ctx, pi.remote.ID, w)
	} else {
		got, err = r.o.Cloud.Create(ctx, w)
	}
	r.o.Point("after-answer")
	return got, err
}

func newKey() (string, error) {
	b := make([]byte, 16)
	_, err := rand.Read(b)
	return hex.EncodeToString(b), err
}
