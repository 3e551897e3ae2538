package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/mailferry/mailferry/schema"
)

var errPower = errors.New("the power is out")

// volatile is a file system that forgets what was not synced when the power
// goes: contents since the last Sync, names since the last SyncDir. Of the
// bytes not synced a part may survive, which is what tears a line.
type volatile struct {
	mu      sync.Mutex
	out     bool
	now     map[string]*content
	durable map[string]*content
	lies    bool // Sync does nothing, as on a disk that lies
}

type content struct {
	now    []byte
	synced int
}

func newVolatile() *volatile {
	return &volatile{now: map[string]*content{}, durable: map[string]*content{}}
}

// lose is the moment after power has come back.
func (v *volatile) lose() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.out = false
	v.now = map[string]*content{}
	for name, c := range v.durable {
		keep := c.synced + (len(c.now)-c.synced)/2
		v.now[name] = &content{bytes.Clone(c.now[:keep]), keep}
	}
	v.durable = map[string]*content{}
	for name, c := range v.now {
		v.durable[name] = c
	}
}

func (v *volatile) on() error {
	if v.out {
		return errPower
	}
	return nil
}

func (v *volatile) Read(path string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.now[path]
	if c == nil {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(c.now), v.on()
}

func (v *volatile) Write(path string, whole []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.on(); err != nil {
		return err
	}
	c := &content{now: bytes.Clone(whole)}
	v.now[path] = c
	if !v.lies {
		v.durable[path], c.synced = c, len(whole)
	}
	return nil
}

func (v *volatile) Append(path string) (file, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.now[path]
	if c == nil {
		return nil, fs.ErrNotExist
	}
	return &volatileFile{v, c}, v.on()
}

func (v *volatile) Remove(path string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.now, path)
	return v.on()
}

func (v *volatile) Lock(string) (func() error, error) { return func() error { return nil }, v.on() }

type volatileFile struct {
	v *volatile
	c *content
}

func (f *volatileFile) Write(p []byte) (int, error) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if err := f.v.on(); err != nil {
		return 0, err
	}
	f.c.now = append(f.c.now, p...)
	return len(p), nil
}

func (f *volatileFile) Sync() error {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if err := f.v.on(); err != nil {
		return err
	}
	if !f.v.lies {
		f.c.synced = len(f.c.now)
	}
	return nil
}

func (f *volatileFile) Close() error    { return nil }
func (f *volatileFile) Held(bool) error { return nil }

// powered imports on a machine whose power goes at the nth moment, and again
// until it is done. It returns what does not agree afterwards, and whether the
// power went at all.
func powered(t *testing.T, v *volatile, keys bool, list schema.List, n int, blind bool) (wrong error, went bool) {
	t.Helper()
	m := newMemory()
	m.site.Keys = keys
	off := func(Write) error {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.out {
			return errPower
		}
		return nil
	}
	m.before, m.after = off, off
	b := bundleOf(credential("G"), credential("H"), smtp("A"), smtp("B"), smtp("C"))
	o := optionsFor(t, m, b, list)
	o.files, o.Jobs = v, 2
	var mu sync.Mutex
	left := n
	o = AtPoints(o, func(string) {
		mu.Lock()
		defer mu.Unlock()
		if left--; left == 0 {
			v.mu.Lock()
			v.out, went = true, true
			v.mu.Unlock()
		}
	})
	rep, err := Run(t.Context(), o)
	if !went && err != nil {
		t.Fatal(err)
	}
	for again := 0; err != nil; again++ {
		if again == 6 {
			return fmt.Errorf("not done after %d runs, Cloud has %d of %d: %w", again, len(m.lists[list]), len(b.Items(list)), err), went
		}
		v.lose()
		if o.Ledger.Again, wrong = answers(rep, m.lists[list]); wrong != nil {
			return wrong, went
		}
		next := o
		if blind {
			if next, err = WithoutLook(o); err != nil {
				t.Fatal(err)
			}
		}
		rep, err = Run(t.Context(), next)
	}
	v.lose()
	return agrees(o, m, rep), went
}

// answers is the person who is asked for what was not found: a look at Cloud
// itself shows what is not there. It is an error to be asked for what is.
func answers(rep *Report, there []Remote) (again []string, err error) {
	if rep == nil {
		return nil, nil
	}
	for _, it := range rep.Items {
		if it.Result != Unfound {
			continue
		}
		for _, r := range there {
			if r.Item.ItemName() == it.Name {
				return nil, fmt.Errorf("asked for %s, which is there", it.Name)
			}
		}
		again = append(again, it.Name)
	}
	return again, nil
}

// agrees holds Cloud, the ledger and the report against each other and against
// the bundle.
func agrees(o Options, m *memory, rep *Report) error {
	if err := o.defaults(); err != nil {
		return err
	}
	led, err := readLedger(&o, false)
	if err != nil {
		return err
	}
	items := o.Bundle.Items(o.List)
	if got := len(m.lists[o.List]); got != len(items) {
		return fmt.Errorf("Cloud has %d of %d", got, len(items))
	}
	for i, it := range items {
		var there []Remote
		for _, r := range m.lists[o.List] {
			if r.Item.ItemName() == it.ItemName() {
				there = append(there, r)
			}
		}
		k := schema.KeyOf(it)
		w, ok := led.written(k)
		secret, _, _ := o.secretOf(it)
		switch {
		case len(there) != 1:
			return fmt.Errorf("%s is there %d times", k.Name, len(there))
		case len(compare(there[0].Item, it)) > 0:
			return fmt.Errorf("%s has other fields", k.Name)
		case m.secrets[there[0].ID] != secret.Reveal():
			return fmt.Errorf("%s has another secret", k.Name)
		case led.of(k).open != nil || !ok || w.ID != there[0].ID || w.Secret != secretMark(it):
			return fmt.Errorf("the ledger does not account for %s", k.Name)
		case rep.Items[i].Name != k.Name || rep.Items[i].Result != Written || rep.Items[i].ID != there[0].ID:
			return fmt.Errorf("the report says of %s: %s", k.Name, rep.Items[i].Result)
		}
	}
	return nil
}

func TestPowerLossAtAnyMomentChangesNothingInTheEnd(t *testing.T) {
	for _, keys := range []bool{true, false} {
		for _, list := range schema.Lists() {
			t.Run(fmt.Sprintf("%s, keys honoured %v", list, keys), func(t *testing.T) {
				moments := 0
				for n := 1; ; n++ {
					wrong, went := powered(t, newVolatile(), keys, list, n, false)
					if wrong != nil {
						t.Fatalf("power lost at moment %d: %v", n, wrong)
					}
					if !went {
						break
					}
					moments++
				}
				if want := 6 * len(bundleOf(credential("G"), credential("H")).Items(list)); moments < want {
					t.Errorf("the power went at %d moments only", moments)
				}
			})
		}
	}
}

// Without syncs that sync, the proof above has to fail: it can.
func TestPowerLossOnADiskThatLiesIsNoticed(t *testing.T) {
	for n := 1; ; n++ {
		v := newVolatile()
		v.lies = true
		wrong, went := powered(t, v, false, schema.Connections, n, false)
		if wrong != nil {
			return
		}
		if !went {
			t.Fatal("a disk that forgets everything went unnoticed")
		}
	}
}

// A Cloud that neither honours keys nor minds two of a name relies on the look
// alone: without it something has to be there twice.
func TestPowerLossWithoutTheLookBeforeARetryDoubles(t *testing.T) {
	for n := 1; ; n++ {
		wrong, went := powered(t, newVolatile(), false, schema.Connections, n, true)
		if wrong != nil && strings.Contains(wrong.Error(), "Cloud has 4 of 3") {
			return
		}
		if !went {
			t.Fatal("nothing was doubled")
		}
	}
}
