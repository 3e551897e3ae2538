package sealed

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// part is what a sealed part says. It exists in memory only while secrets are
// sealed or opened.
type part struct {
	Format  string       `json:"format"`
	Bundle  string       `json:"bundle"`
	KeyID   string       `json:"keyid"`
	Key     []byte       `json:"key"` // of the fingerprints; each part has one of its own
	Secrets []partSecret `json:"secrets"`
}

type partSecret struct {
	Kind        string      `json:"kind"` // connection or credential
	Name        string      `json:"name"`
	Value       string      `json:"value"`
	Fingerprint string      `json:"fingerprint"`
	For         destination `json:"for"`
}

// place says where an item stands in its list.
type place struct {
	schema.Item
	index int
}

// openParts opens the sealed parts that the identities reach and holds the
// settings against them. A part that the identities cannot open leaves its
// markers unchecked, and their secrets unavailable.
func (o *Opened) openParts() error {
	o.secrets = schema.Secrets{}
	items := map[schema.SecretKey]place{}
	for _, l := range schema.Lists() {
		for i, it := range o.Bundle.ServerItems(l) {
			items[schema.KeyOf(it)] = place{it, i}
		}
	}
	opened := map[string]bool{} // by key id
	for i, armored := range o.Bundle.Sealed {
		at := fmt.Sprintf("sealed[%d]", i)
		plain, err := Decrypt(strings.NewReader(armored), schema.MaxDocument, o.ids...)
		var wrong *WrongKeyError
		if errors.As(err, &wrong) {
			continue
		}
		var p part
		if err == nil {
			err = schema.Strict(plain, &p)
		}
		if err == nil {
			err = o.takePart(&p, items)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if opened[p.KeyID] {
			return altered("%s: its key id is another part's", at)
		}
		opened[p.KeyID] = true
		p.Secrets = nil
		o.parts = append(o.parts, p)
		o.PartsOpened++
	}
	return o.checkMarkers(opened)
}

func newPart(bundle string) part {
	key, id := make([]byte, 32), make([]byte, 4)
	_, _ = rand.Read(key) // never fails: crypto/rand
	_, _ = rand.Read(id)
	return part{Format: PartFormat, Bundle: bundle, KeyID: hex.EncodeToString(id), Key: key}
}

// fingerprint is KEYID:HEX with the full HMAC-SHA-256 of the secret's bytes.
func (p *part) fingerprint(s schema.Secret) string {
	mac := hmac.New(sha256.New, p.Key)
	_, _ = io.WriteString(mac, s.Reveal())
	return p.KeyID + ":" + hex.EncodeToString(mac.Sum(nil))
}

func (p *part) check(bundle string) error {
	if err := schema.CheckFormat(p.Format, PartFormat); err != nil {
		return err
	}
	if p.Bundle != bundle {
		return altered("it belongs to another bundle")
	}
	if len(p.Key) != 32 || len(p.KeyID) != 8 {
		return altered("its fingerprint key is not one")
	}
	return nil
}

// takePart holds the secrets of a part against the markers and destinations of
// their items, and keeps them.
func (o *Opened) takePart(p *part, items map[schema.SecretKey]place) error {
	if err := p.check(o.Bundle.SecretsID()); err != nil {
		return err
	}
	left := map[schema.SecretKey]bool{} // secrets of no item
	for i := range p.Secrets {
		s := &p.Secrets[i]
		at := fmt.Sprintf("secrets[%d]", i)
		id := schema.SecretKey{List: schema.List(s.Kind + "s"), Name: s.Name}
		if id.List != schema.Credentials && id.List != schema.Connections {
			return altered("%s.kind: neither connection nor credential", at)
		}
		if s.Value == "" || len(s.Value) > schema.MaxSecret {
			return altered("%s.value: empty or too long", at)
		}
		value := schema.NewSecret(s.Value)
		if !hmac.Equal([]byte(s.Fingerprint), []byte(p.fingerprint(value))) {
			return altered("%s.fingerprint: is not the secret's", at)
		}
		it, ok := items[id]
		if left[id] || !o.secrets[id].IsZero() {
			return altered("%s: %s %s stands twice", at, s.Kind, schema.Quote(s.Name))
		}
		if !ok {
			left[id] = true
			o.Unreferred = append(o.Unreferred, id)
			continue
		}
		if err := checkSecret(s, it, id.List, p.KeyID); err != nil {
			return err
		}
		o.secrets[id] = value
	}
	return nil
}

// checkSecret holds one secret against the marker and the destination of its item.
func checkSecret(s *partSecret, it place, l schema.List, keyid string) error {
	switch m := schema.SecretMarker(it.Item); {
	case m == nil || m.State != schema.Sealed || m.KeyID() != keyid:
		// Nobody takes the marker away but somebody who wants another secret, or
		// another destination, for the item.
		return altered("a secret is sealed for %s %s, and the settings do not refer to it", s.Kind,
			schema.Quote(s.Name))
	case m.Fingerprint != s.Fingerprint:
		return altered("%s[%d].%s: its fingerprint is not the one of the secret sealed for %s", l, it.index,
			schema.SecretField(l), schema.Quote(s.Name))
	}
	if got := destinationOf(it.Item); got != s.For {
		return altered("%s[%d]: the secret of %s was sealed for %s, and the settings now say %s", l, it.index,
			schema.Quote(s.Name), s.For, got)
	}
	return nil
}

// checkMarkers looks for markers whose secret no part had.
func (o *Opened) checkMarkers(opened map[string]bool) error {
	for _, l := range schema.Lists() {
		for i, it := range o.Bundle.ServerItems(l) {
			m := schema.SecretMarker(it)
			if m == nil || m.State != schema.Sealed {
				continue
			}
			at := fmt.Sprintf("%s[%d].%s", l, i, schema.SecretField(l))
			switch {
			case !opened[m.KeyID()] && o.PartsOpened == o.Parts:
				return altered("%s: no sealed part has its secret", at)
			case opened[m.KeyID()] && o.Secret(l, it.ItemName()).IsZero():
				return altered("%s: its fingerprint is not the one of the secret sealed for %s", at,
					schema.Quote(it.ItemName()))
			}
		}
	}
	return nil
}

// Reseal seals an opened bundle's secrets anew, part by part, to other
// recipients. Fingerprints keep their keys, so the content and its digest stay
// as they are; secrets that nothing refers to are left out.
func Reseal(o *Opened, to Holders) error {
	if !o.Reveals() {
		return fmt.Errorf("the identities do not open every sealed part")
	}
	if err := to.Check(); err != nil {
		return err
	}
	mine := map[string][]partSecret{} // by key id
	for it := range o.Bundle.ServerAll() {
		if m := schema.SecretMarker(it); m != nil && m.State == schema.Sealed {
			s := o.secrets[schema.KeyOf(it)]
			mine[m.KeyID()] = append(mine[m.KeyID()],
				partSecret{it.List().One(), it.ItemName(), s.Reveal(), m.Fingerprint, destinationOf(it)})
		}
	}
	var out []string
	for _, p := range o.parts {
		if p.Secrets = mine[p.KeyID]; p.Secrets == nil {
			continue
		}
		armored, err := sealPart(p, to)
		if err != nil {
			return err
		}
		out = append(out, armored)
	}
	o.Bundle.Sealed = out
	return nil
}
