package importer

import (
	"fmt"
	"strings"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// ReplacedFormat is the format of what an overwrite replaced.
const ReplacedFormat = "mailferry/replaced/v1"

// replaced is an item as Cloud had it before an overwrite. Cloud shows no
// secrets, so there is none in it.
type replaced struct {
	Format string      `json:"format"`
	Cloud  string      `json:"cloud"`
	Time   schema.Time `json:"time"`
	List   schema.List `json:"list"`
	ID     string      `json:"id"`
	Item   schema.Item `json:"item"`
}

// keep seals what a change is about to replace into a file beside the ledger,
// before the request is sent. The file's name comes from what was there, so
// that a repeated change keeps it once.
func (r *run) keep(pi *PlanItem) error {
	was := replaced{ReplacedFormat, r.o.Cloud.Site().URL, r.o.now(), pi.List, pi.remote.ID, pi.remote.Item}
	raw, err := schema.MarshalIndent(was)
	if err != nil {
		return err
	}
	name, err := schema.DigestOf([]string{string(pi.List), pi.remote.ID, pi.Seen})
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s.%s-%s.replaced.age", strings.TrimSuffix(r.o.Ledger.Path, ".jsonl"), pi.List.One(),
		name[:16])
	file, err := sealed.Encrypt(raw, r.o.Conflicts.Keepers)
	if err == nil {
		err = r.o.files.Write(path, file)
	}
	if err != nil {
		return fmt.Errorf("keeping what is replaced: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[schema.KeyOf(pi.item)].Replaced = path
	return nil
}
