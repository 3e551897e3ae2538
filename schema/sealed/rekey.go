package sealed

import (
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

	"github.com/mailferry/mailferry/schema"
)

// Sights that a key gives.
const (
	SightRecipient = "recipient" // settings and secrets
	SightReviewer  = "reviewer"  // settings, no secret
)

// What becomes of a key's sight when a bundle is written anew.
const (
	Gains = "gains"
	Keeps = "keeps"
	Loses = "loses"
)

// HolderChange is what becomes of one key.
type HolderChange struct {
	schema.KeyHolder
	Sight  string `json:"sight"`  // SightRecipient or SightReviewer
	Change string `json:"change"` // Gains, Keeps or Loses
}

// Rekey says how the readers of a bundle are to change.
type Rekey struct {
	AddRecipients, AddReviewers []Recipient
	Remove                      []string // keys, or labels of the bundle's list
}

// ErrHolderList says that a bundle lists other readers than it opens to. The list
// is a claim of whoever wrote the file last, and this one is false.
var ErrHolderList = errors.New("the list of readers is not the one that the file was written for")

// NotListedError says that a key or label to remove is not in the bundle's list.
type NotListedError struct{ Name string }

func (e *NotListedError) Error() string {
	return schema.Quote(e.Name) + " is not in the bundle's list"
}

// Rekey works out who may open the bundle when it is written anew: the readers
// that it lists, less those removed, with those added. Nothing is sealed yet. The
// list is anybody's word: see Unvouched before secrets are sealed to it. A list
// that is false for certain is ErrHolderList.
func (o *Opened) Rekey(keys Keys, r Rekey) (Holders, []HolderChange, error) {
	if !o.ListsHolders() {
		return Holders{}, nil, ErrHolderList
	}
	m, c := o.Bundle.Manifest, rekeying{Rekey: r, keys: keys, removed: map[string]bool{}}
	recipients, err := c.keep(SightRecipient, m.Recipients)
	if err != nil {
		return Holders{}, nil, err
	}
	reviewers, err := c.keep(SightReviewer, m.Reviewers)
	if err != nil {
		return Holders{}, nil, err
	}
	for _, name := range r.Remove {
		if !c.removed[name] {
			return Holders{}, nil, &NotListedError{name}
		}
	}
	c.add(SightRecipient, r.AddRecipients)
	c.add(SightReviewer, r.AddReviewers)
	to := Holders{Recipients: append(recipients, r.AddRecipients...), Reviewers: append(reviewers, r.AddReviewers...)}
	return to, c.changes, to.Check()
}

type rekeying struct {
	Rekey
	keys    Keys
	removed map[string]bool // keys and labels
	changes []HolderChange
}

// keep returns the readers of a list that are not removed.
func (c *rekeying) keep(sight string, listed []schema.KeyHolder) ([]Recipient, error) {
	var out []Recipient
	for _, r := range listed {
		if r.Key == PassphraseKey {
			return nil, schema.Hint(errors.New("it opens with a passphrase, which stands alone"),
				"export or transform again for recipients")
		}
		if slices.Contains(c.Remove, r.Key) || r.Label != "" && slices.Contains(c.Remove, r.Label) {
			c.removed[r.Key], c.removed[r.Label] = true, true
			c.changes = append(c.changes, HolderChange{r, sight, Loses})
			continue
		}
		rec, err := c.keys.Recipient(r.Key)
		if err != nil {
			return nil, fmt.Errorf("manifest: %s: %w", sight, err)
		}
		rec.Label = r.Label
		out = append(out, rec)
		c.changes = append(c.changes, HolderChange{r, sight, Keeps})
	}
	return out, nil
}

func (c *rekeying) add(sight string, list []Recipient) {
	for _, r := range list {
		c.changes = append(c.changes, HolderChange{r.holder(), sight, Gains})
	}
}

// Unvouched returns the recipients that a change keeps only because the file lists
// them: anybody who could write the file could have put them there. Whoever opens
// the bundle vouches for a key by having its identity, or by knowing it.
func (o *Opened) Unvouched(changes []HolderChange, known []Recipient) []schema.KeyHolder {
	keys := map[string]bool{}
	for _, r := range known {
		keys[r.Key] = true
	}
	for _, id := range o.ids {
		if r, ok := RecipientOf(id); ok {
			keys[r.Key] = true
		}
	}
	var out []schema.KeyHolder
	for _, c := range changes {
		if c.Change == Keeps && c.Sight == SightRecipient && !keys[c.Key] {
			out = append(out, c.KeyHolder)
		}
	}
	return out
}

// ResealFor sees to it that the sealed parts open to the recipients given. With a
// recipient's key they are sealed anew. With a reviewer's they stay as they are,
// and a recipient whom the bundle does not list, and who would see no secret, is
// refused.
func (o *Opened) ResealFor(to Holders) error {
	if o.Parts == 0 {
		return nil
	}
	if o.Reveals() {
		return Reseal(o, to)
	}
	sealedTo := map[string]bool{}
	for _, r := range o.Bundle.Manifest.Recipients {
		sealedTo[r.Key] = true
	}
	if !to.Passphrase.IsZero() && !sealedTo[PassphraseKey] {
		return schema.Hint(errors.New("its secrets are sealed to keys, and a passphrase would not open them"),
			"give the recipients with -r, or transform with a recipient's key")
	}
	for _, r := range to.Recipients {
		if !sealedTo[r.Key] {
			return schema.Hint(fmt.Errorf("recipient %s would see no secret: they are sealed to others",
				schema.Quote(r.holder().String())),
				"transform with a recipient's key, which seals them anew, or let a recipient rekey the bundle first")
		}
	}
	return nil
}

// Lost lists the readers of a manifest that are not among these: a file written
// to these does not open to them.
func (r Holders) Lost(m schema.Manifest) []schema.KeyHolder {
	given := map[string]bool{PassphraseKey: true} // named by asking for it
	for _, rec := range slices.Concat(r.Recipients, r.Reviewers) {
		given[rec.Key] = true
	}
	return slices.DeleteFunc(slices.Concat(m.Recipients, m.Reviewers),
		func(l schema.KeyHolder) bool { return given[l.Key] })
}

// Include reports whether a file written to these opens to one of the
// identities, as far as their public keys are known.
func (r Holders) Include(ids []age.Identity) bool {
	given := map[string]bool{"": true, PassphraseKey: !r.Passphrase.IsZero()} // "": a plugin's
	for _, rec := range slices.Concat(r.Recipients, r.Reviewers) {
		given[rec.Key] = true
	}
	return slices.ContainsFunc(ids, func(id age.Identity) bool {
		mine, known := RecipientOf(id)
		return !known || given[mine.Key]
	})
}
