package importer

import (
	"context"
	"slices"

	"github.com/mailferry/mailferry/schema"
)

// DriftState is how an item of the bundle stands on Cloud.
type DriftState string

// The states.
const (
	InStep   DriftState = "same"
	Drifted  DriftState = "drift"   // Changes says where
	Absent   DriftState = "missing" // not on Cloud
	Multiple DriftState = "double"  // Cloud has several of that name
)

// What a drift report says about a secret. Cloud never shows one, so this is
// what the ledger knows.
const (
	SecretAsImported    = "as imported"    // Since says when
	SecretNotComparable = "not comparable" // Since's was of another export, or from outside the bundle
	SecretUnknown       = "unknown"
)

// DriftItem is one item of the bundle as Cloud has it now.
type DriftItem struct {
	List    schema.List `json:"list"`
	Name    string      `json:"name"`
	ID      string      `json:"id,omitzero"`
	State   DriftState  `json:"state"`
	Changes []Change    `json:"changes,omitzero"` // From is Cloud's, To the bundle's
	Near    []string    `json:"near,omitzero"`    // of a missing one: names alike on Cloud, ten at most
	Secret  string      `json:"secret,omitzero"`  // "" where none applies
	Since   schema.Time `json:"since,omitzero"`
}

// DriftReport compares a bundle with Cloud as it is, field by field.
type DriftReport struct {
	Cloud     string              `json:"cloud"`
	Rehearsal bool                `json:"rehearsal,omitzero"`
	Bundle    string              `json:"bundle"`
	Digest    string              `json:"digest"`
	Time      schema.Time         `json:"time"`
	Items     []DriftItem         `json:"items"`
	Extra     map[string][]string `json:"extra"` // by list: names on Cloud alone; no difference
	Notes     []string            `json:"notes,omitzero"`
}

// Differs reports whether anything of the bundle is not on Cloud as it should
// be. Secrets do not count: of none it is known that Cloud has another.
func (d *DriftReport) Differs() bool {
	return slices.ContainsFunc(d.Items, func(it DriftItem) bool { return it.State != InStep })
}

// Drift compares the bundle with Cloud. Include and Exclude narrow it; the
// ledger, where there is one, knows about secrets.
func Drift(ctx context.Context, o Options) (*DriftReport, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	led, err := readLedger(&o, true)
	if err != nil {
		return nil, err
	}
	items := o.Bundle.ByKey()
	l, err := lookAt(ctx, ReadOnly(o.Cloud), items, schema.Lists()...)
	if err != nil {
		return nil, err
	}
	site := o.Cloud.Site()
	out := &DriftReport{Cloud: site.URL, Rehearsal: site.Rehearsal, Time: o.now(),
		Bundle: o.Bundle.Manifest.ID, Digest: o.Digest,
		Items: []DriftItem{}, Extra: map[string][]string{}}
	selected := o.selected()
	for _, list := range schema.Lists() {
		for _, it := range o.Bundle.Items(list) {
			if selected[schema.KeyOf(it)] {
				d, err := driftOf(ctx, &o, led, l, it)
				if err != nil {
					return nil, err
				}
				out.Items = append(out.Items, d)
			}
		}
		out.Extra[string(list)] = []string{}
		for _, r := range l.lists[list] {
			if items[schema.KeyOf(r.Item)] == nil {
				out.Extra[string(list)] = append(out.Extra[string(list)], o.guard.Quotable(r.Item.ItemName()))
			}
		}
	}
	out.Notes = append(out.Notes, led.notes...)
	if n := len(led.opens()); n > 0 {
		out.Notes = append(out.Notes, "an import was cut off; running it again settles what it left")
	}
	return out, nil
}

func driftOf(ctx context.Context, o *Options, led *ledger, l *look, it schema.Item) (d DriftItem, err error) {
	k := schema.KeyOf(it)
	d = DriftItem{List: k.List, Name: k.Name, State: InStep}
	there := l.exact[k]
	switch len(there) {
	case 0:
		d.State, d.Near = Absent, o.guard.AllQuotable(l.near(it))
		return d, nil
	case 1:
		d.ID = there[0].ID
		if it, _, err = o.withDefaults(ctx, it, there[0].Item); err != nil {
			return d, err
		}
		if d.Changes = o.changes(there[0].Item, it); len(d.Changes) > 0 {
			d.State = Drifted
		}
	default:
		d.State = Multiple
	}
	if schema.SecretMarker(it) == nil {
		return d, nil
	}
	d.Secret = SecretUnknown
	switch w, _ := led.written(k); {
	case w.Secret == "" || w.ID != "" && d.ID != "" && w.ID != d.ID: // another item took its place
	case w.asImported(it):
		d.Secret, d.Since = SecretAsImported, w.Time
	default:
		d.Secret, d.Since = SecretNotComparable, w.Time
	}
	return d, nil
}
