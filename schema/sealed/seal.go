package sealed

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/mailferry/mailferry/schema"
)

// PartFormat is the format of a sealed part.
const PartFormat = "mailferry/sealed/v1"

// padTo is the unit that a sealed part's length is rounded up to, so that it
// shows little of how many secrets there are or how long.
const padTo = 1024

// destination is where a secret may be sent, in Server's terms.
type destination struct {
	Host          string `json:"host,omitzero"`
	Port          int    `json:"port,omitzero"`
	Encryption    string `json:"encryption,omitzero"`
	Username      string `json:"username,omitzero"`
	ClientID      string `json:"client_id,omitzero"`
	TokenEndpoint string `json:"token_endpoint,omitzero"`
}

func destinationOf(it schema.Item) destination {
	switch it := it.(type) {
	case *schema.ServerConnection:
		return destination{Host: it.Host, Port: it.Port, Encryption: it.Encryption, Username: it.Username}
	case *schema.ServerCredential:
		return destination{ClientID: it.ClientID, TokenEndpoint: it.TokenEndpoint}
	default:
		return destination{}
	}
}

// AddSecrets seals secrets to the readers' recipients as one more sealed part
// of a server bundle and writes their fingerprints into the markers. Secrets are
// bound to the destinations that the settings name at this moment. It does
// nothing where there are no secrets. [Create] does it too; a command that signs
// the content before the file is written does it first.
func AddSecrets(b *schema.Bundle, secrets schema.Secrets, to Holders) error {
	if len(secrets) == 0 {
		return nil
	}
	if b.IsCloud() {
		return fmt.Errorf("secrets are sealed into server bundles only")
	}
	if err := to.Check(); err != nil {
		return err
	}
	p := newPart(b.Manifest.ID)
	for it := range b.All() {
		s, l := secrets[schema.KeyOf(it)], it.List()
		if s.IsZero() {
			continue
		}
		fp := p.fingerprint(s)
		if err := schema.Set(it, schema.SecretField(l),
			&schema.Marker{State: schema.Sealed, Fingerprint: fp}); err != nil {
			return err
		}
		p.Secrets = append(p.Secrets, partSecret{l.One(), it.ItemName(), s.Reveal(), fp, destinationOf(it)})
	}
	if len(p.Secrets) != len(secrets) {
		return fmt.Errorf("%d secrets belong to no connection or credential of the bundle",
			len(secrets)-len(p.Secrets))
	}
	armored, err := sealPart(p, to)
	if err != nil {
		return err
	}
	b.Sealed = append(b.Sealed, armored)
	return nil
}

func sealPart(p part, to Holders) (string, error) {
	rs, err := to.age(to.Recipients)
	if err != nil {
		return "", err
	}
	plain, err := schema.Marshal(p)
	if err != nil {
		return "", err
	}
	// JSON allows blanks after its end: jq and every strict reader take them.
	plain = fmt.Appendf(plain, "%*s", padTo-len(plain)%padTo, "\n")
	out, err := Encrypt(plain, rs)
	return string(out), err
}

// Create writes a bundle file that opens to those readers. Secrets, of a server
// bundle, are sealed to its recipients as one more part, bound to the
// destinations that the settings name at this moment; their fingerprints go into
// the bundle's markers. Parts that the bundle has already are written as they
// are: see [Reseal].
//
// Create sets the manifest's lists of readers and its counts, and of the id, the
// time and the tool what is empty; everything else in it is the caller's. A bundle
// that Open would refuse is an error, and w is then to be thrown away.
func Create(w io.Writer, b *schema.Bundle, secrets schema.Secrets, to Holders) error {
	if err := to.Check(); err != nil {
		return err
	}
	if b.Manifest.ID == "" {
		b.Manifest.ID = schema.NewID()
	}
	if b.Manifest.Created.IsZero() {
		b.Manifest.Created = schema.At(time.Now())
	}
	b.Manifest.Tool = cmp.Or(b.Manifest.Tool, schema.Tool())
	if err := AddSecrets(b, secrets, to); err != nil {
		return err
	}
	b.Manifest.Recipients, b.Manifest.Reviewers = to.listed()
	b.Manifest.Counts = Count(b)
	if b.Manifest.Counts.Sealed > 0 && len(b.Sealed) == 0 {
		return fmt.Errorf("%d secrets are marked as sealed, and no sealed part has them", b.Manifest.Counts.Sealed)
	}
	doc, err := b.Encode()
	if err != nil {
		return err
	}
	rs, err := to.age(slices.Concat(to.Recipients, to.Reviewers))
	if err != nil {
		return err
	}
	return encrypt(w, doc, false, rs)
}

// Count counts a bundle's items and secrets.
func Count(b *schema.Bundle) schema.Counts {
	c := schema.Counts{Credentials: len(b.Credentials), Connections: len(b.Connections)}
	for it := range b.All() {
		if m := schema.SecretMarker(it); m != nil && m.State == schema.Sealed {
			c.Sealed++
		} else if m != nil {
			c.Missing++
		}
	}
	return c
}
