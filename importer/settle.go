package importer

import (
	"fmt"
)

// settle brings intents without an outcome to an end by looking at Cloud, as
// far as looking can show. What it cannot show stays open:
//
//   - A create that is not on Cloud: the request may still be on its way. It is
//     repeated under its own key, which Cloud answers once where it honours
//     keys. Where it does not, see [planner.unseen].
//   - A create with a secret that is on Cloud with every field equal, on a
//     Cloud that honours keys: repeating it under its key shows whether it was
//     ours, and so whether the secret is. Without keys it counts as ours if
//     it was sent at all.
//   - A change of a secret: repeating it makes it so. A change is the same
//     however often it is made.
func (p *planner) settle() error {
	for _, in := range p.led.opens() {
		k := itemKey{List: in.List, Name: in.Name}
		if _, looked := p.look.lists[in.List]; !looked {
			continue
		}
		out := record{Type: typeOutcome, Time: p.o.now(), Key: in.Key}
		if in.creates() {
			p.settleCreate(k, in, &out)
		} else {
			p.settleChange(in, &out)
		}
		if out.Result == "" {
			continue
		}
		p.o.Watch.Log.Info("settled by looking at Cloud", "list", k.List, "name", k.Name, "result", out.Result)
		if err := p.led.add(out); err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) settleCreate(k itemKey, in, out *record) {
	there := p.look.exact[k]
	switch len(there) {
	case 0:
		return
	case 1:
	default:
		out.Result, out.Words = outLost, fmt.Sprintf("Cloud has %d of that name", len(there))
		return
	}
	out.ID = there[0].ID
	switch {
	case there[0].view != in.Item:
		out.Result, out.Words = outLost, "Cloud has one of that name with other fields"
	case !p.o.Cloud.Site().Keys && p.led.of(k).sent.IsZero():
		out.Result, out.Words = outFound, "found on Cloud, and nothing was sent"
	case in.Secret == "" || !p.o.Cloud.Site().Keys:
		out.Result, out.Words = outWritten, "found on Cloud"
	case in.Secret == given && p.lacksSecret(k):
		out.Result, out.Words = outFound,
			"found on Cloud; its secret is not given now, so the request cannot be repeated"
	}
}

func (p *planner) lacksSecret(k itemKey) bool {
	it := p.items[k]
	if it == nil {
		return true
	}
	_, _, missing := p.o.secretOf(it)
	return missing
}

func (p *planner) settleChange(in, out *record) {
	now := p.look.ids[itemKey{List: in.List, Name: in.ID}]
	switch {
	case now == nil && p.o.Cloud.Site().Keys:
		out.Result, out.Words = outVoid, "it is gone from Cloud"
	case now == nil || in.Secret != "":
	case now.view == in.Item:
		out.ID, out.Result, out.Words = now.ID, outWritten, "found on Cloud"
	default:
		out.ID, out.Result, out.Words = now.ID, outVoid, "not found on Cloud"
	}
}
