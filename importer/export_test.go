package importer

import (
	"context"
	"encoding/json"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mailferry/mailferry/schema"
)

// WithoutLook is the mutation that the crash harness has to catch: what an
// earlier run left open is tried again, under another key, without having
// looked at Cloud.
func WithoutLook(o Options) (Options, error) {
	b := &blind{Cloud: o.Cloud, hidden: map[itemKey]bool{}}
	seen := o
	if err := seen.defaults(); err != nil {
		return o, err
	}
	led, err := readLedger(&seen, false)
	if err != nil {
		return o, err
	}
	for _, in := range led.opens() {
		b.hidden[itemKey{List: in.List, Name: in.Name}] = true
	}
	o.Cloud = b
	return o, nil
}

// blind is a Cloud that does not show what is hidden before the first write, and
// takes each write for a new one although it says otherwise.
type blind struct {
	Cloud
	hidden map[itemKey]bool
	wrote  atomic.Bool
}

func (b *blind) Site() Site {
	s := b.Cloud.Site()
	s.Keys = true
	return s
}

func (b *blind) List(ctx context.Context, list schema.List) ([]Remote, error) {
	all, err := b.Cloud.List(ctx, list)
	return slices.DeleteFunc(all, func(r Remote) bool { return !b.wrote.Load() && b.hidden[schema.KeyOf(r.Item)] }), err
}

func (b *blind) Create(ctx context.Context, w Write) (Remote, error) {
	b.wrote.Store(true)
	w.Key = schema.NewID()
	return b.Cloud.Create(ctx, w)
}

// AtPoints calls a function at each of Points.
func AtPoints(o Options, call func(name string)) Options {
	if o.files == nil {
		o.files = disk{}
	}
	o.Cloud, o.files = pointedCloud{o.Cloud, call}, pointedFiles{o.files, call}
	return o
}

// Points are the moments around a write at which AtPoints calls, in the order of
// one write. Those of sending occur only where Cloud is reached over HTTP; those
// of pressing only for a create, where Cloud has no keys.
func Points() []string {
	return []string{
		"before-intent-sync", "after-intent-sync",
		"before-send", "before-pressed-sync", "after-pressed-sync", "after-send", "before-answer-read", "after-answer",
		"before-outcome-sync", "after-outcome-sync",
	}
}

type pointedCloud struct {
	Cloud
	call func(string)
}

func (p pointedCloud) Create(ctx context.Context, w Write) (Remote, error) {
	p.call("before-send")
	defer p.call("after-answer")
	return p.Cloud.Create(p.trace(ctx), w)
}

func (p pointedCloud) Update(ctx context.Context, id string, w Write) (Remote, error) {
	p.call("before-send")
	defer p.call("after-answer")
	return p.Cloud.Update(p.trace(ctx), id, w)
}

func (p pointedCloud) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { p.call("after-send") },
		GotFirstResponseByte: func() { p.call("before-answer-read") },
	})
}

type pointedFiles struct {
	files
	call func(string)
}

func (p pointedFiles) Append(path string) (file, error) {
	f, err := p.files.Append(path)
	return &pointedFile{file: f, call: p.call}, err
}

// pointedFile calls for each record that a sync is the first to make last.
type pointedFile struct {
	file
	call    func(string)
	mu      sync.Mutex
	written []string // types of records since the last sync
}

func (p *pointedFile) Write(line []byte) (int, error) {
	n, err := p.file.Write(line)
	var r record
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = append(p.written, r.Type)
	return n, err
}

func (p *pointedFile) Sync() error {
	p.mu.Lock()
	types := p.written
	p.written = nil
	p.mu.Unlock()
	for _, t := range types {
		p.call("before-" + t + "-sync")
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	for _, t := range types {
		p.call("after-" + t + "-sync")
	}
	return nil
}

// Account is what the ledger says of one item.
type Account struct {
	ID      string
	Open    bool // an intent without an outcome
	Written bool
	Secret  bool // the secret written is the bundle's
}

// AccountOf reads the ledger's account of one list.
func AccountOf(o Options, list schema.List) (map[string]Account, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	led, err := readLedger(&o, false)
	if err != nil {
		return nil, err
	}
	out, items := map[string]Account{}, o.Bundle.ByKey()
	for k := range led.entries {
		if k.List != list {
			continue
		}
		a := Account{Open: led.of(k).open != nil}
		if w, ok := led.written(k); ok {
			a.ID, a.Written, a.Secret = w.ID, true, w.asImported(items[k])
		}
		out[k.Name] = a
	}
	return out, nil
}
