package importer

import (
	"context"
	"sync"

	"github.com/mailferry/mailferry/schema"
)

// ReadOnly returns a Cloud that is read and never written, for plans and dry
// runs: a write is answered as though it had been done, without reaching Cloud.
// Closing is left to whoever opened Cloud.
func ReadOnly(c Cloud) Cloud {
	return &readOnly{inner: c, made: map[schema.List][]Remote{}, changed: map[string]schema.Item{}}
}

type readOnly struct {
	inner   Cloud
	mu      sync.Mutex
	made    map[schema.List][]Remote
	changed map[string]schema.Item // by list and id
}

func (r *readOnly) Site() Site { return r.inner.Site() }

// List shows what would have been written as well, so that a look afterwards
// finds what it expects.
func (r *readOnly) List(ctx context.Context, list schema.List) ([]Remote, error) {
	all, err := r.inner.List(ctx, list)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Remote, 0, len(all)+len(r.made[list]))
	for _, it := range all {
		if now, ok := r.changed[string(list)+"/"+it.ID]; ok {
			it.Item = now
		}
		out = append(out, it)
	}
	return append(out, r.made[list]...), nil
}

func (r *readOnly) Create(_ context.Context, w Write) (Remote, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := w.Item.List()
	done := Remote{ID: "", Item: w.Item}
	r.made[list] = append(r.made[list], done)
	return done, nil
}

func (r *readOnly) Update(_ context.Context, id string, w Write) (Remote, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed[string(w.Item.List())+"/"+id] = w.Item
	return Remote{ID: id, Item: w.Item}, nil
}

func (r *readOnly) Offered(ctx context.Context, it schema.Item, field string) (Offer, error) {
	return r.inner.Offered(ctx, it, field)
}

func (r *readOnly) Echoes() *schema.EchoGuard { return r.inner.Echoes() }

func (r *readOnly) Close() error { return nil }
