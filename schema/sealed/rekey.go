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
func (o *Opened) Rekey(keys Keys, r Rekey) (to Holders, changes []HolderChange, err error) {
	if !o.ListsHolders() {
		return Holders{}, nil, ErrHolderList
	}
	put := func(rec Recipient, sight, change string) {
		changes = append(changes, HolderChange{rec.KeyHolder, sight, change})
		switch {
		case change == Loses:
		case sight == SightRecipient:
			to.Recipients = append(to.Recipients, rec)
		default:
			to.Reviewers = append(to.Reviewers, rec)
		}
	}
	m, removed := o.Bundle.Manifest, map[string]bool{} // by key and label
	for i, h := range slices.Concat(m.Recipients, m.Reviewers) {
		sight := SightRecipient
		if i >= len(m.Recipients) {
			sight = SightReviewer
		}
		if h.Key == PassphraseKey {
			return Holders{}, nil, schema.Hint(errors.New("it opens with a passphrase, which stands alone"),
				"export or transform again for recipients")
		}
		if slices.Contains(r.Remove, h.Key) || h.Label != "" && slices.Contains(r.Remove, h.Label) {
			removed[h.Key], removed[h.Label] = true, true
			put(Recipient{KeyHolder: h}, sight, Loses)
			continue
		}
		rec, err := keys.Recipient(h.Key)
		if err != nil {
			return Holders{}, nil, fmt.Errorf("manifest: %s: %w", sight, err)
		}
		rec.Label = h.Label
		put(rec, sight, Keeps)
	}
	for _, name := range r.Remove {
		if !removed[name] {
			return Holders{}, nil, &NotListedError{name}
		}
	}
	for _, rec := range r.AddRecipients {
		put(rec, SightRecipient, Gains)
	}
	for _, rec := range r.AddReviewers {
		put(rec, SightReviewer, Gains)
	}
	return to, changes, to.Check()
}

// Unvouched returns the recipients that a change keeps only because the file lists
// them: anybody who could write the file could have put them there. Whoever opens
// the bundle vouches for a key by having its identity, or by knowing it.
func (o *Opened) Unvouched(changes []HolderChange, known []Recipient) []schema.KeyHolder {
	vouched := Holders{Recipients: slices.Clone(known)}
	for _, id := range o.ids {
		if r, ok := RecipientOf(id); ok {
			vouched.Recipients = append(vouched.Recipients, r)
		}
	}
	var out []schema.KeyHolder
	for _, c := range changes {
		if c.Change == Keeps && c.Sight == SightRecipient && !vouched.have(c.Key) {
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
	sealedTo := func(key string) bool {
		return slices.ContainsFunc(o.Bundle.Manifest.Recipients, func(h schema.KeyHolder) bool { return h.Key == key })
	}
	if !to.Passphrase.IsZero() && !sealedTo(PassphraseKey) {
		return schema.Hint(errors.New("its secrets are sealed to keys, and a passphrase would not open them"),
			"give the recipients with -r, or transform with a recipient's key")
	}
	for _, r := range to.Recipients {
		if !sealedTo(r.Key) {
			return schema.Hint(fmt.Errorf("recipient %s would see no secret: they are sealed to others",
				schema.Quote(r.String())),
				"transform with a recipient's key, which seals them anew, or let a recipient rekey the bundle first")
		}
	}
	return nil
}

func (r Holders) have(key string) bool {
	return slices.ContainsFunc(slices.Concat(r.Recipients, r.Reviewers),
		func(rec Recipient) bool { return rec.Key == key })
}

// Lost lists the readers of a manifest that are not among these: a file written
// to these does not open to them.
func (r Holders) Lost(m schema.Manifest) []schema.KeyHolder {
	return slices.DeleteFunc(slices.Concat(m.Recipients, m.Reviewers), func(l schema.KeyHolder) bool {
		return l.Key == PassphraseKey || r.have(l.Key) // who asks for a passphrase names it
	})
}

// Include reports whether a file written to these opens to one of the
// identities, as far as their public keys are known.
func (r Holders) Include(ids []age.Identity) bool {
	return slices.ContainsFunc(ids, func(id age.Identity) bool {
		mine, known := RecipientOf(id)
		switch {
		case !known || mine.Key == "": // a plugin's
			return true
		case mine.Key == PassphraseKey:
			return !r.Passphrase.IsZero()
		}
		return r.have(mine.Key)
	})
}
