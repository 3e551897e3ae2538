package importer

import "github.com/mailferry/mailferry/schema"

// WithoutLook is the mutation that the crash harness has to catch: intents
// whose end nobody saw are tried again without having looked at Cloud.
func WithoutLook(o Options) Options {
	o.hooks.noLook = true
	return o
}

// AtPoints calls a function at each of Points.
func AtPoints(o Options, call func(name string)) Options {
	o.hooks.point = call
	return o
}

// Points are the moments around a write at which AtPoints calls, in
// the order of one write. Those of sending are told by the HTTP client and
// occur only where Cloud is reached over HTTP; those of pressing only for a
// create, where Cloud has no keys.
func Points() []string {
	return []string{
		"before-intent-sync", "after-intent-sync",
		"before-send", "before-pressed-sync", "after-pressed-sync", "after-send", "before-answer-read", "after-answer",
		"before-outcome-sync", "after-outcome-sync",
	}
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
			a.ID, a.Written, a.Secret = w.id, true, w.asImported(items[k])
		}
		out[k.Name] = a
	}
	return out, nil
}
