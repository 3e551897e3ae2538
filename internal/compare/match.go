package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// pair is an item with its counterpart, by index; -1 where there is none.
type pair struct{ a, b int }

func (c *comparison) list(l schema.List) []Item {
	as, bs := c.listsA.Items(l), c.listsB.Items(l)
	pairs := c.match(as, bs)
	out := []Item{}
	last, reordered := -1, false
	for _, p := range pairs {
		it := c.item(l, as, bs, p)
		if p.a >= 0 && p.b >= 0 {
			reordered = reordered || p.b < last
			last = p.b
		}
		if it == nil {
			continue
		}
		s := &c.diff.Summary
		switch it.Kind {
		case Added:
			s.Added++
		case Removed:
			s.Removed++
		case Renamed:
			s.Renamed++
		case Changed:
			s.Changed++
		}
		for _, f := range it.Fields {
			if f.Change == NotComparable {
				s.NotComparable++
			}
		}
		out = append(out, *it)
	}
	if reordered {
		c.diff.Notes = append(c.diff.Notes, fmt.Sprintf("The %s stand in another order.", l))
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
	// secrets tell which is which.
	join(func(it schema.Item) string { return content(it, true) }, func(_, _ schema.Item) bool { return true })
	join(func(it schema.Item) string { return content(it, false) }, func(a, b schema.Item) bool {
		f, differs := c.secret(a, b)
		return !differs || f.Change == NotComparable
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
	var b strings.Builder
	add := func(name, value string) {
		fmt.Fprintf(&b, "%d:%s%d:%s", len(name), name, len(value), value)
	}
	for _, f := range schema.FieldsOf(it) {
		switch {
		case f.Name == "name":
		case !f.Secret:
			add(f.Name, schema.Text(it, f.Name))
		case withSecret:
			if m := schema.SecretMarker(it); m != nil {
				add(f.Name, m.State+m.Fingerprint+m.Reason)
			}
		}
	}
	for _, key := range schema.Extra(it) {
		add("extra."+key, schema.Text(it, "extra."+key))
	}
	return b.String()
}

// item says how a pair differs; nil where it does not.
func (c *comparison) item(l schema.List, as, bs []schema.Item, p pair) *Item {
	out := &Item{Fields: []Field{}}
	var a, b schema.Item
	if p.a >= 0 {
		a = as[p.a]
		out.A, out.PlaceA = a.ItemName(), fmt.Sprintf("%s[%d]", l, p.a)
	}
	if p.b >= 0 {
		b = bs[p.b]
		out.B, out.PlaceB = b.ItemName(), fmt.Sprintf("%s[%d]", l, p.b)
	}
	for _, name := range fieldNames(a, b) {
		if f, differs := c.field(l, name, a, b); differs {
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

// fieldNames lists the fields of either item, the panel's first.
func fieldNames(a, b schema.Item) []string {
	one := a
	if one == nil {
		one = b
	}
	var names []string
	for _, f := range schema.FieldsOf(one) {
		if f.Name != "name" { // told by the item itself
			names = append(names, f.Name)
		}
	}
	var extra []string
	for _, it := range []schema.Item{a, b} {
		if it != nil {
			for _, key := range schema.Extra(it) {
				extra = append(extra, "extra."+key)
			}
		}
	}
	slices.Sort(extra)
	return append(names, slices.Compact(extra)...)
}

func (c *comparison) field(l schema.List, name string, a, b schema.Item) (Field, bool) {
	f := Field{Field: name, LabelA: c.label(c.a, l, name), LabelB: c.label(c.b, l, name)}
	if name == schema.SecretField(l) {
		s, differs := c.secret(a, b)
		s.Field, s.LabelA, s.LabelB = f.Field, f.LabelA, f.LabelB
		return s, differs
	}
	hasA, hasB := false, false
	if a != nil {
		_, hasA = schema.Get(a, name)
		f.A = schema.Text(a, name)
	}
	if b != nil {
		_, hasB = schema.Get(b, name)
		f.B = schema.Text(b, name)
	}
	switch {
	case hasA == hasB && f.A == f.B:
		return f, false
	case !hasA:
		f.Change = Added
	case !hasB:
		f.Change = Removed
	default:
		f.Change = Changed
	}
	return f, true
}

// secret compares what stands for secrets. One item may be nil.
func (c *comparison) secret(a, b schema.Item) (Field, bool) {
	f := Field{Secret: true}
	var ma, mb *schema.Marker
	if a != nil {
		ma = schema.SecretMarker(a)
	}
	if b != nil {
		mb = schema.SecretMarker(b)
	}
	f.A, f.B = state(ma), state(mb)
	switch {
	case ma == nil && mb == nil:
		return f, false
	case a != nil && b != nil && (c.a.NoSecrets || c.b.NoSecrets):
		f.Change = NotComparable
		return f, true
	case ma == nil:
		f.Change = Added
		return f, true
	case mb == nil:
		f.Change = Removed
		return f, true
	case ma.State != schema.Sealed || mb.State != schema.Sealed:
		f.Change = Changed
		return f, f.A != f.B
	}
	if c.same != nil {
		if same, known := c.same(a.List(), a.ItemName(), b.ItemName()); known {
			f.Change = Changed
			return f, !same
		}
	}
	if ma.KeyID() != mb.KeyID() {
		f.Change = NotComparable
		return f, true
	}
	f.Change = Changed
	return f, ma.Fingerprint != mb.Fingerprint
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
