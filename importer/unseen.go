package importer

import (
	"context"
	"fmt"
	"time"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// A Cloud without keys takes a repeated create for another one. What it may have
// from here and does not show is therefore looked for, for a bounded time, and
// never made again unless a person says by name that it is not there.

// unseen reports whether Cloud may have an item from an earlier write and the
// last look at its list did not show it.
func (p *planner) unseen(k itemKey) bool {
	_, looked := p.look.lists[k.List]
	return looked && !p.o.Cloud.Site().Keys && len(p.look.exact[k]) == 0 && !p.led.of(k).sent.IsZero()
}

// unfound says that of an item that was looked for.
func (p *planner) unfound(k itemKey) string {
	return "written, not found in the list (sent on " + p.led.of(k).sent.Minute() + ")"
}

// acceptAgain accepts the names of LedgerOptions.Again that may be made again, and says why
// the others may not.
func (p *planner) acceptAgain() (needless []Reason) {
	p.again = map[itemKey]bool{}
	for _, name := range p.o.Ledger.Again {
		k := itemKey{List: p.o.List, Name: name}
		var why string
		switch {
		case !p.selected[k]:
			name, why = address.Shown(name), "this import has no "+k.List.One()+" of that name"
		case len(p.look.exact[k]) > 0:
			why = "Cloud has it; writing it again would make a second"
		case !p.unseen(k):
			why = "the ledger has no write of it that is open"
		default:
			p.again[k] = true
			continue
		}
		needless = append(needless, Reason{Code: AgainNeedless, List: k.List, Name: name,
			Words: fmt.Sprintf("--again %s: %s", human.Pasted(name), why)})
	}
	return needless
}

// search looks at Cloud until it shows all that it may have, or patience is
// over. lost: something was looked for to the end and not found; a run looks for
// each write once.
func (r *run) search(ctx context.Context, lists ...schema.List) (lost bool, err error) {
	for start := time.Now(); ; {
		missing := r.missing()
		if len(missing) == 0 {
			return false, nil
		}
		if time.Since(start) >= r.o.Ledger.Patience {
			r.giveUp(missing)
			return true, nil
		}
		if err := r.lookAgain(ctx, len(missing), lists...); err != nil {
			return false, err
		}
	}
}

// notShown gives a result to an item that the last look did not show. A person
// is asked only where it was looked for to the end.
func (r *run) notShown(k itemKey, res *ItemReport) {
	if !r.gaveUp[k] {
		res.Result, res.Words = Open, "sent on "+r.p.led.of(k).sent.Minute()+", and not in the list yet"
		return
	}
	res.Result, res.Words = Unfound, r.p.unfound(k)
}

func (r *run) missing() []itemKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []itemKey
	for k := range r.p.selected {
		if !r.gaveUp[k] && r.p.unseen(k) {
			out = append(out, k)
		}
	}
	return out
}

func (r *run) giveUp(keys []itemKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range keys {
		r.gaveUp[k] = true
	}
}
