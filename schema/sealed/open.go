package sealed

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/mailferry/mailferry/schema"
)

// Opened is a bundle that was decrypted to its end, decoded strictly and
// checked as far as the key reaches.
type Opened struct {
	Bundle *schema.Bundle
	Digest string // the content digest
	Header *Header

	// Parts and PartsOpened count the sealed parts, and those that the identities
	// open. With a reviewer's key none opens.
	Parts, PartsOpened int
	// Unreferred are secrets in the opened parts that no setting refers to.
	Unreferred []schema.SecretKey

	secrets schema.Secrets
	parts   []part // those opened, without their secrets
	ids     []age.Identity
}

// Rerun transforms an origin by its embedded rules, as package transform does.
type Rerun func(*schema.Origin) (*schema.Bundle, error)

// ErrAltered says that a bundle's parts contradict each other: somebody changed
// it after it was sealed or transformed.
var ErrAltered = errors.New("the bundle was altered after it was sealed")

type alteredError struct{ what string }

func (e *alteredError) Error() string   { return e.what }
func (e *alteredError) Is(t error) bool { return t == ErrAltered }

func altered(format string, args ...any) error {
	return schema.Hint(&alteredError{fmt.Sprintf(format, args...)},
		"somebody changed the bundle after it was sealed: send no secret anywhere, and ask the exporter for a new one")
}

// Open decrypts and checks a bundle file, to its authenticated end before a byte
// of it is parsed. A cloud bundle is transformed again from its origin by rerun,
// and refused where the result is another; rerun is required for that reason.
// With a recipient's key every secret is checked too: its fingerprint, and that
// the settings still name the destination it was sealed for.
func Open(r io.Reader, ids []age.Identity, rerun Rerun) (*Opened, error) {
	h, doc, err := decrypt(r, schema.MaxDocument, ids)
	if err != nil {
		return nil, err
	}
	b, err := schema.Decode(doc)
	if err != nil {
		return nil, err
	}
	o := &Opened{Bundle: b, Header: h, Parts: len(b.Sealed), ids: ids}
	if o.Digest, err = b.Digest(); err != nil {
		return nil, err
	}
	if b.IsCloud() {
		if err := checkRerun(b, rerun); err != nil {
			return nil, err
		}
	}
	if err := o.openParts(); err != nil {
		return nil, err
	}
	return o, nil
}

// checkRerun transforms the origin again. What the digest covers is compared
// value by value: equal values have equal digests.
func checkRerun(b *schema.Bundle, rerun Rerun) error {
	again, err := rerun(b.Origin)
	if err != nil {
		return altered("origin: cannot be transformed again: %v", err)
	}
	if again.Manifest.ID != b.Manifest.ID {
		return altered("manifest.id: is not the one that origin and rules give")
	}
	for _, l := range schema.Lists() {
		have, want := b.Items(l), again.Items(l)
		for i := range min(len(have), len(want)) {
			if differ := schema.Differences(have[i], want[i]); len(differ) > 0 {
				return altered("%s[%d].%s: is not what origin and rules give", l, i, differ[0].Name)
			}
		}
		if len(have) != len(want) {
			return altered("%s: %d entries, origin and rules give %d", l, len(have), len(want))
		}
	}
	if again.Format != b.Format || again.Manifest.Source != b.Manifest.Source {
		return altered("manifest.source: is not the one that origin and rules give")
	}
	return nil
}

// String names a destination for people; none of it is secret.
func (d destination) String() string {
	if d.ClientID != "" || d.TokenEndpoint != "" {
		return fmt.Sprintf("client %s at %s", schema.Quote(d.ClientID), schema.Quote(d.TokenEndpoint))
	}
	return fmt.Sprintf("%s port %d, encryption %s, user %s", schema.Quote(d.Host), d.Port,
		schema.Quote(d.Encryption), schema.Quote(d.Username))
}

// Reveals reports whether every sealed part opened: the identities are a
// recipient's.
func (o *Opened) Reveals() bool { return o.PartsOpened == o.Parts }

// Secret returns the secret of a connection or credential by its name on Server,
// or the zero Secret where it is missing or the key does not reach it.
func (o *Opened) Secret(l schema.List, name string) schema.Secret {
	return o.secrets[schema.SecretKey{List: l, Name: name}]
}

// Secrets returns every secret that the identities reach, by its name on Server.
// Only a recipient ever has any.
func (o *Opened) Secrets() schema.Secrets { return o.secrets }

// ListsHolders reports whether the manifest lists as many readers as the file
// opens to. The list is a claim: where the numbers differ, it is a false one. Keys
// of plugins may open by several stanzas, and are not counted.
func (o *Opened) ListsHolders() bool {
	m := o.Bundle.Manifest
	for _, r := range append(append([]schema.KeyHolder{}, m.Recipients...), m.Reviewers...) {
		if isPlugin(r.Key) {
			return true
		}
	}
	return len(m.Recipients)+len(m.Reviewers) == len(o.Header.Stanzas)
}

// Identities are those that the bundle was opened with.
func (o *Opened) Identities() []age.Identity { return o.ids }
