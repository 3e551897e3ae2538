package sealed

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mailferry/mailferry/schema"
)

// part is what a sealed part says. It exists in memory only while secrets are
// sealed or opened.
type part struct {
	Format  string     `json:"format"`
	Bundle  string     `json:"bundle"`
	KeyID   string     `json:"keyid"`
	Key     string     `json:"key"`
	Secrets secretList `json:"secrets"`
}

type partSecret struct {
	Kind        string      `json:"kind"` // connection or credential
	Name        string      `json:"name"`
	Value       string      `json:"value"`
	Fingerprint string      `json:"fingerprint"`
	For         destination `json:"for"`
}

// secretList is the secrets of a part. They are written from memory, and read
// one by one: of most nothing but the value is kept.
type secretList struct {
	list []partSecret
	read func(*jsontext.Decoder) error
}

// MarshalJSONTo writes the list.
func (l *secretList) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, l.list)
}

// UnmarshalJSONFrom leaves the list to whoever opens the part.
func (l *secretList) UnmarshalJSONFrom(dec *jsontext.Decoder) error { return l.read(dec) }

// opening is the work of opening a bundle's sealed parts and holding the
// settings against them.
type opening struct {
	*Opened
	items []placed // on Server, in the order in which secrets are sealed
	next  int      // in items: the one that the next secret is expected to belong to
	index map[schema.SecretKey]int
	left  map[schema.SecretKey]bool // of the part at hand: secrets of no item
	fault error                     // as it is: a decoder puts words of its own around it
}

// placed is an item and where it stands.
type placed struct {
	item  schema.Item
	list  schema.List
	index int
}

// openParts opens the sealed parts that the identities reach and holds the
// settings against them. A part that the identities cannot open leaves its
// markers unchecked, and their secrets unavailable.
func (o *Opened) openParts(sealed []*schema.SealedPart) error {
	w := opening{Opened: o}
	opened := map[string]bool{} // by key id
	for i, s := range sealed {
		at := fmt.Sprintf("sealed[%d]", i)
		plain, err := openAgain(s.Reader, o.ids)
		var wrong *WrongKeyError
		if errors.As(err, &wrong) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		p, err := w.part(plain)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if opened[p.KeyID] {
			return altered("%s: its key id is another part's", at)
		}
		opened[p.KeyID] = true
		o.parts = append(o.parts, p)
		o.PartsOpened++
	}
	return o.checkMarkers(opened)
}

// part reads a part that was opened and takes its secrets. Its plaintext is
// decrypted to its authenticated end before a byte is decoded, and decrypted
// again for that: it never stands in memory.
func (w *opening) part(plain func() (io.Reader, error)) (part, error) {
	if w.items == nil {
		for _, l := range []schema.List{schema.Credentials, schema.Connections} {
			for i, it := range w.Bundle.ServerItems(l) {
				w.items = append(w.items, placed{it, l, i})
			}
		}
		w.secrets = make(schema.Secrets, Count(w.Bundle).Sealed)
	}
	w.next, w.left = 0, map[schema.SecretKey]bool{}
	var p part
	late := false
	p.Secrets.read = func(dec *jsontext.Decoder) error {
		if late = p.Format == "" || p.Bundle == "" || p.KeyID == "" || p.Key == ""; late {
			return dec.SkipValue()
		}
		k, err := p.check(w.Bundle.SecretsID())
		if err != nil {
			w.fault = err
			return err
		}
		return w.take(dec, k)
	}
	err := schema.StrictFrom(plain, &p)
	if err == nil && late { // its members stand in another order: they are known now
		err = schema.StrictFrom(plain, &p)
	}
	if w.fault != nil {
		return p, w.fault
	}
	if err != nil {
		return p, err
	}
	p.Secrets.read = nil // it would keep all that the opening needed
	_, err = p.check(w.Bundle.SecretsID())
	return p, err
}

// check holds what a part says of itself against its bundle's id.
func (p *part) check(bundle string) (key, error) {
	if err := schema.CheckFormat(p.Format, PartFormat); err != nil {
		return key{}, err
	}
	if p.Bundle != bundle {
		return key{}, altered("it belongs to another bundle")
	}
	raw, err := base64.StdEncoding.DecodeString(p.Key)
	if err != nil || len(raw) != 32 || len(p.KeyID) != 8 {
		return key{}, altered("its fingerprint key is not one")
	}
	return keyOf(p.KeyID, raw), nil
}

// take reads the secrets of a part with that key.
func (w *opening) take(dec *jsontext.Decoder, k key) error {
	if dec.PeekKind() != '[' {
		var list []partSecret
		return json.UnmarshalDecode(dec, &list) // which says what is wrong
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for i := 0; dec.PeekKind() != ']'; i++ {
		var s partSecret
		if err := json.UnmarshalDecode(dec, &s); err != nil {
			return err
		}
		if w.fault = w.secret(fmt.Sprintf("secrets[%d]", i), &s, k); w.fault != nil {
			return w.fault
		}
	}
	_, err := dec.ReadToken()
	return err
}

// secret holds one secret against the marker and the destination of its item.
func (w *opening) secret(at string, s *partSecret, k key) error {
	id := schema.SecretKey{List: schema.List(s.Kind + "s"), Name: s.Name}
	if id.List != schema.Credentials && id.List != schema.Connections {
		return altered("%s.kind: neither connection nor credential", at)
	}
	if s.Value == "" || len(s.Value) > schema.MaxSecret {
		return altered("%s.value: empty or too long", at)
	}
	value := schema.NewSecret(s.Value)
	if !hmac.Equal([]byte(s.Fingerprint), []byte(k.fingerprint(value))) {
		return altered("%s.fingerprint: is not the secret's", at)
	}
	it, ok := w.find(id)
	if !ok {
		if w.left[id] {
			return altered("%s: %s %s stands twice", at, s.Kind, schema.Quote(s.Name))
		}
		w.left[id] = true
		w.Unreferred = append(w.Unreferred, id)
		return nil
	}
	id.Name = it.item.ItemName() // the settings' own, so that the part's can go
	switch m := schema.SecretMarker(it.item); {
	case !w.secrets[id].IsZero():
		return altered("%s: %s %s stands twice", at, s.Kind, schema.Quote(s.Name))
	case m == nil || m.State != schema.Sealed || m.KeyID() != k.id:
		// Nobody takes the marker away but somebody who wants another secret, or
		// another destination, for the item.
		return altered("a secret is sealed for %s %s, and the settings do not refer to it", s.Kind, schema.Quote(s.Name))
	case m.Fingerprint != s.Fingerprint:
		return altered("%s[%d].%s: its fingerprint is not the one of the secret sealed for %s", it.list, it.index, schema.SecretField(it.list), schema.Quote(s.Name))
	}
	if got := destinationOf(it.item); got != s.For {
		return altered("%s[%d]: the secret of %s was sealed for %s, and the settings now say %s", it.list, it.index, schema.Quote(s.Name), s.For, got)
	}
	w.secrets[id] = value
	return nil
}

// find returns the item of a secret. Secrets are sealed in the items' order, so
// that it is the next one as a rule.
func (w *opening) find(id schema.SecretKey) (placed, bool) {
	for ; w.next < len(w.items); w.next++ {
		it := w.items[w.next]
		if it.list == id.List && it.item.ItemName() == id.Name {
			w.next++
			return it, true
		}
		if m := schema.SecretMarker(it.item); m != nil && m.State == schema.Sealed {
			break // it has a secret, perhaps in another part
		}
	}
	if w.index == nil {
		w.index = make(map[schema.SecretKey]int, len(w.items))
		for i, it := range w.items {
			w.index[schema.SecretKey{List: it.list, Name: it.item.ItemName()}] = i
		}
	}
	i, ok := w.index[id]
	if !ok {
		return placed{}, false
	}
	w.next = i + 1
	return w.items[i], true
}

// checkMarkers looks for markers whose secret no part had.
func (o *Opened) checkMarkers(opened map[string]bool) error {
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
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
				return altered("%s: its fingerprint is not the one of the secret sealed for %s", at, schema.Quote(it.ItemName()))
			}
		}
	}
	return nil
}

// Reseal seals an opened bundle's secrets anew, part by part, to other
// recipients. Fingerprints keep their keys, so the content and its digest stay
// as they are; secrets that nothing refers to are left out.
func Reseal(o *Opened, to Readers) error {
	if !o.Reveals() {
		return fmt.Errorf("the identities do not open every sealed part")
	}
	if err := to.Check(); err != nil {
		return err
	}
	mine := map[string][]partSecret{} // by key id
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		for _, it := range o.Bundle.ServerItems(l) {
			if m := schema.SecretMarker(it); m != nil && m.State == schema.Sealed {
				s := o.Secret(l, it.ItemName())
				mine[m.KeyID()] = append(mine[m.KeyID()], partSecret{l.One(), it.ItemName(), s.Reveal(), m.Fingerprint, destinationOf(it)})
			}
		}
	}
	var out []string
	for _, p := range o.parts {
		if p.Secrets.list = mine[p.KeyID]; p.Secrets.list == nil {
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
