package compare

import (
	"fmt"

	"github.com/mailferry/mailferry/schema"
)

// pair is an item with its counterpart, by index; -1 where there is none.
type pair struct{ a, b int }

func (c *comparison) list(l schema.List) []Item {
	as, bs := c.a.as.Items(l), c.b.as.Items(l)
	s := &c.diff.Summary
	counts := map[Kind]*int{Added: &s.Added, Removed: &s.Removed, Renamed: &s.Renamed, Changed: &s.Changed}
	var out []Item
	for _, p := range c.match(as, bs) {
		it := c.item(l, as, bs, p)
		if it == nil {
			continue
		}
		if n := counts[it.Kind]; n != nil {
			*n++
		}
		for _, f := range it.Fields {
			if f.Change == NotComparable {
				s.NotComparable++
			}
		}
		out = append(out, *it)
	}
	return out
}

// match finds each item's counterpart: by name, and of those left over by equal
// content, which makes a renamed item. First come, first served keeps it linear.
func (c *comparison) match(as, bs []schema.Item) []pair {
	toB := make([]int, len(as))
	taken := make([]bool, len(bs))
	for i := range toB {
		toB[i] = -1
	}
	join := func(key func(schema.Item) string, accept func(a, b schema.Item) bool) {
		free := map[string][]int{}
		for j, b := range bs {
			if !taken[j] {
				k := key(b)
				free[k] = append(free[k], j)
			}
		}
		for i, a := range as {
			if toB[i] >= 0 {
				continue
			}
			k := key(a)
			if queue := free[k]; len(queue) > 0 && accept(a, bs[queue[0]]) {
				toB[i], taken[queue[0]], free[k] = queue[0], true, queue[1:]
			}
		}
	}
	join(schema.Item.ItemName, func(_, _ schema.Item) bool { return true })
	// Equal markers first: of two renamed items with the same settings the
	// secrets show which is which.
	join(func(it schema.Item) string { return content(it, true) }, func(_, _ schema.Item) bool { return true })
	join(func(it schema.Item) string { return content(it, false) }, func(a, b schema.Item) bool {
		var f Field
		return !c.secret(&f, a, b) || f.Change == NotComparable
	})
	var pairs []pair
	for i := range as {
		pairs = append(pairs, pair{i, toB[i]})
	}
	for j := range bs {
		if !taken[j] {
			pairs = append(pairs, pair{-1, j})
		}
	}
	return pairs
}

// content is equal for items that differ at most in their names.
func content(it schema.Item, withSecret bool) string {
	values := map[string]any{}
	for _, f := range schema.FieldsOf(it) {
		if f.Name != "name" && (withSecret || !f.Secret) {
			values[f.Name], _ = schema.Get(it, f.Name)
		}
	}
	for _, key := range schema.Extra(it) {
		values["extra."+key] = schema.Text(it, "extra."+key)
	}
	out, _ := schema.Marshal(values)
	return string(out)
}

// item says how a pair differs; nil where it does not.
func (c *comparison) item(l schema.List, as, bs []schema.Item, p pair) *Item {
	out := new(Item)
	var a, b schema.Item
	if p.a >= 0 {
		a = as[p.a]
		out.A, out.PlaceA = a.ItemName(), fmt.Sprintf("%s[%d]", l, p.a)
	}
	if p.b >= 0 {
		b = bs[p.b]
		out.B, out.PlaceB = b.ItemName(), fmt.Sprintf("%s[%d]", l, p.b)
	}
	for _, d := range schema.Differences(a, b) {
		if d.Name == "name" { // shown by the item itself
			continue
		}
		f := Field{Field: d.Name, LabelA: c.a.label(l, d.Name), LabelB: c.b.label(l, d.Name), Secret: d.Secret}
		if c.field(&f, a, b) {
			out.Fields = append(out.Fields, f)
		}
	}
	uncertain := len(out.Fields) > 0
	for _, f := range out.Fields {
		uncertain = uncertain && f.Change == NotComparable
	}
	switch {
	case a == nil:
		out.Kind = Added
	case b == nil:
		out.Kind = Removed
	case out.A != out.B:
		out.Kind = Renamed
	case len(out.Fields) == 0:
		return nil
	case uncertain:
		out.Kind = NotComparable
	default:
		out.Kind = Changed
	}
	return out
}

// field says how an item's field differs, and whether it does after all: the
// markers of two secrets do not say everything. One item may be nil.
func (c *comparison) field(f *Field, a, b schema.Item) bool {
	if f.Secret {
		return c.secret(f, a, b)
	}
	hasA, hasB := false, false
	if a != nil {
		_, hasA = schema.Get(a, f.Field)
		f.A = schema.Text(a, f.Field)
	}
	if b != nil {
		_, hasB = schema.Get(b, f.Field)
		f.B = schema.Text(b, f.Field)
	}
	f.Change = change(hasA, hasB)
	return true
}

func change(hasA, hasB bool) Kind {
	switch {
	case !hasA:
		return Added
	case !hasB:
		return Removed
	}
	return Changed
}

// secret is field for what stands for secrets.
func (c *comparison) secret(f *Field, a, b schema.Item) bool {
	var ma, mb *schema.Marker
	if a != nil {
		ma = schema.SecretMarker(a)
	}
	if b != nil {
		mb = schema.SecretMarker(b)
	}
	f.A, f.B, f.Change = state(ma), state(mb), change(ma != nil, mb != nil)
	switch {
	case ma == nil || mb == nil:
		return ma != mb
	case ma.State != schema.Sealed || mb.State != schema.Sealed:
		return f.A != f.B
	}
	if x, y := c.a.secret(a), c.b.secret(b); !x.IsZero() && !y.IsZero() {
		return !x.Equal(y)
	}
	if ma.KeyID() != mb.KeyID() {
		f.Change = NotComparable
		return true
	}
	return ma.Fingerprint != mb.Fingerprint
}

// secret is that of an item as it is compared, as far as the key reaches.
func (s side) secret(it schema.Item) schema.Secret {
	return s.Secret(it.List(), s.names.Server(it.List(), it.ItemName()))
}

func state(m *schema.Marker) string {
	switch {
	case m == nil:
		return ""
	case m.State == schema.Missing:
		return "missing: " + m.Reason
	default:
		return m.State
	}
}
