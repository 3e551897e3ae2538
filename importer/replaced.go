package importer

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/schema"
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
	raw, err := schema.MarshalIndent(replaced{ReplacedFormat, r.o.Cloud.Site().URL, schema.At(r.o.Now()), pi.List, pi.remote.ID, pi.remote.Item})
	if err != nil {
		return err
	}
	name, err := schema.DigestOf([]string{string(pi.List), pi.remote.ID, pi.Seen})
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s.%s-%s.replaced.age", strings.TrimSuffix(r.o.Ledger, ".jsonl"), pi.List.One(), name[:16])
	sealed, err := sealArmored(raw, r.o.Recipients)
	if err != nil {
		return fmt.Errorf("keeping what is replaced: %w", err)
	}
	if err := r.o.files.Write(path, []byte(sealed)); err != nil {
		return fmt.Errorf("keeping what is replaced: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[keyOf(pi.item)].Replaced = path
	return nil
}

func sealArmored(content []byte, to []age.Recipient) (string, error) {
	var out strings.Builder
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, to...)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(content); err != nil {
		return "", err
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		return "", err
	}
	return out.String(), nil
}
