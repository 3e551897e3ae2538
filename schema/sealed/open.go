package sealed

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

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
	parts   []part // those opened
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

// Open decrypts and checks a bundle file. A cloud bundle is transformed again
// from its origin by rerun, and refused where the result is another; rerun is
// required for that reason. With a recipient's key every secret is checked too:
// its fingerprint, and that the settings still name the destination it was
// sealed for.
func Open(raw []byte, ids []age.Identity, rerun Rerun) (*Opened, error) {
	return OpenAt(bytes.NewReader(raw), int64(len(raw)), ids, rerun)
}

// OpenAt is Open for a file of that size in bytes, of which neither ciphertext
// nor document need stand in memory. The file is decrypted to its authenticated
// end before a byte of it is parsed; src is not used once OpenAt has returned.
func OpenAt(src io.ReaderAt, size int64, ids []age.Identity, rerun Rerun) (*Opened, error) {
	o, parts, err := openAt(src, size, ids, rerun)
	if err != nil {
		return nil, err
	}
	return o, o.Bundle.Take(parts)
}

// ViewAt is OpenAt for who reads a bundle and writes none. The sealed parts,
// which may be most of a document, are checked and not kept: the bundle's are
// nil, and Reseal has nothing to seal.
func ViewAt(src io.ReaderAt, size int64, ids []age.Identity, rerun Rerun) (*Opened, error) {
	o, _, err := openAt(src, size, ids, rerun)
	if err != nil {
		return nil, err
	}
	o.parts = nil
	return o, nil
}

func openAt(src io.ReaderAt, size int64, ids []age.Identity, rerun Rerun) (*Opened, []*schema.SealedPart, error) {
	doc, n, err := decryptAt(src, size, schema.MaxDocument, ids...)
	if err != nil {
		return nil, nil, err
	}
	b, parts, err := schema.DecodeAt(doc, n)
	if err != nil {
		return nil, nil, err
	}
	o := &Opened{Bundle: b, secrets: schema.Secrets{}, ids: ids, Parts: len(parts)}
	if o.Header, err = ReadHeaderAt(src, size); err != nil {
		return nil, nil, err
	}
	if o.Digest, err = b.Digest(); err != nil {
		return nil, nil, err
	}
	if b.IsCloud() {
		if err := checkRerun(b, rerun); err != nil {
			return nil, nil, err
		}
	}
	return o, parts, o.openParts(parts)
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
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		have, want := b.Items(l), again.Items(l)
		for i := range min(len(have), len(want)) {
			if !sameItem(have[i], want[i]) {
				return altered("%s[%d]%s: is not what origin and rules give", l, i, firstDifference(have[i], want[i]))
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

// sameItem compares two items of a cloud bundle. Items of other kinds are never
// the same.
func sameItem(have, want schema.Item) bool {
	switch have := have.(type) {
	case *schema.CloudConnection:
		want, ok := want.(*schema.CloudConnection)
		if !ok || !sameMarker(have.Password, want.Password) {
			return false
		}
		x, y := *have, *want
		x.Password, y.Password = nil, nil
		return x == y
	case *schema.CloudCredential:
		want, ok := want.(*schema.CloudCredential)
		if !ok || !sameMarker(have.ClientSecret, want.ClientSecret) {
			return false
		}
		x, y := *have, *want
		x.ClientSecret, y.ClientSecret = nil, nil
		return x == y
	default:
		return false
	}
}

// firstDifference names the first field that differs, as the end of a place.
func firstDifference(have, want schema.Item) string {
	for _, f := range schema.FieldsOf(want) {
		h, _ := schema.Get(have, f.Name)
		w, _ := schema.Get(want, f.Name)
		if deref(h) != deref(w) {
			return "." + f.Name
		}
	}
	return ""
}

func sameMarker(x, y *schema.Marker) bool {
	return x == y || x != nil && y != nil && *x == *y
}

func deref(v any) any {
	if m, ok := v.(*schema.Marker); ok && m != nil {
		return *m
	}
	return v
}

// openParts opens the sealed parts that the identities reach and holds the
// settings against them.
func (o *Opened) openParts(sealed []*schema.SealedPart) error {
	parts := map[string]map[schema.SecretKey]*partSecret{} // by key id
	expect := Count(o.Bundle).Sealed
	for i, s := range sealed {
		at := fmt.Sprintf("sealed[%d]", i)
		plain, err := decrypt(s.Reader(), s.Len()*3/4, schema.MaxDocument, o.ids...)
		var wrong *WrongKeyError
		if errors.As(err, &wrong) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		p, secrets, err := readPart(plain, o.Bundle.SecretsID(), expect)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if _, twice := parts[p.KeyID]; twice {
			return altered("%s: its key id is another part's", at)
		}
		parts[p.KeyID] = secrets
		o.parts = append(o.parts, p)
		o.PartsOpened++
	}
	return o.matchMarkers(parts)
}

// readPart reads a part that was opened; expect is how many secrets it may hold.
func readPart(plain []byte, bundle string, expect int) (part, map[schema.SecretKey]*partSecret, error) {
	const least = 128 // bytes that a secret takes in a part
	p := part{Secrets: make([]partSecret, 0, min(expect, len(plain)/least))}
	if err := schema.Strict(plain, &p); err != nil {
		return p, nil, err
	}
	if err := schema.CheckFormat(p.Format, PartFormat); err != nil {
		return p, nil, err
	}
	if p.Bundle != bundle {
		return p, nil, altered("it belongs to another bundle")
	}
	raw, err := base64.StdEncoding.DecodeString(p.Key)
	if err != nil || len(raw) != 32 || len(p.KeyID) != 8 {
		return p, nil, altered("its fingerprint key is not one")
	}
	k := key{p.KeyID, raw}
	out := make(map[schema.SecretKey]*partSecret, len(p.Secrets))
	for i := range p.Secrets {
		s := &p.Secrets[i]
		at := fmt.Sprintf("secrets[%d]", i)
		id := schema.SecretKey{List: schema.List(s.Kind + "s"), Name: s.Name}
		if id.List != schema.Credentials && id.List != schema.Connections {
			return p, nil, altered("%s.kind: neither connection nor credential", at)
		}
		if s.Value == "" || len(s.Value) > schema.MaxSecret {
			return p, nil, altered("%s.value: empty or too long", at)
		}
		if !hmac.Equal([]byte(s.Fingerprint), []byte(k.fingerprint(schema.NewSecret(s.Value)))) {
			return p, nil, altered("%s.fingerprint: is not the secret's", at)
		}
		if _, twice := out[id]; twice {
			return p, nil, altered("%s: %s %s stands twice", at, s.Kind, schema.Quote(s.Name))
		}
		out[id] = s
	}
	return p, out, nil
}

// matchMarkers holds every marker against the part that it names. A part that
// the identities cannot open leaves its markers unchecked, and their secrets
// unavailable.
func (o *Opened) matchMarkers(parts map[string]map[schema.SecretKey]*partSecret) error {
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		for i, it := range o.Bundle.ServerItems(l) {
			m := schema.SecretMarker(it)
			if m == nil || m.State != schema.Sealed {
				continue
			}
			at := fmt.Sprintf("%s[%d].%s", l, i, schema.SecretField(l))
			secrets, opened := parts[m.KeyID()]
			if !opened {
				if o.PartsOpened == o.Parts {
					return altered("%s: no sealed part has its secret", at)
				}
				continue
			}
			id := schema.SecretKey{List: l, Name: it.ItemName()}
			s, ok := secrets[id]
			if !ok || s.Fingerprint != m.Fingerprint {
				return altered("%s: its fingerprint is not the one of the secret sealed for %s", at, schema.Quote(it.ItemName()))
			}
			if got := destinationOf(it); got != s.For {
				return altered("%s[%d]: the secret of %s was sealed for %s, and the settings now say %s", l, i, schema.Quote(it.ItemName()), s.For, got)
			}
			o.secrets[id] = schema.NewSecret(s.Value)
			delete(secrets, id)
		}
	}
	for _, secrets := range parts {
		for id := range secrets { // that no marker refers to
			// Of an item that is still there, nobody takes the marker away but
			// somebody who wants another secret, or another destination, for it.
			if o.Bundle.ServerItem(id) != nil {
				return altered("a secret is sealed for %s %s, and the settings do not refer to it", id.List.One(), schema.Quote(id.Name))
			}
			o.Unreferred = append(o.Unreferred, id)
		}
	}
	return nil
}

// String names a destination for people; none of it is secret.
func (d destination) String() string {
	if d.ClientID != "" || d.TokenEndpoint != "" {
		return fmt.Sprintf("client %s at %s", schema.Quote(d.ClientID), schema.Quote(d.TokenEndpoint))
	}
	s := []string{schema.Quote(d.Host)}
	if d.Port != 0 {
		s = append(s, fmt.Sprintf("port %d", d.Port))
	}
	if d.Encryption != "" {
		s = append(s, schema.Quote(d.Encryption))
	}
	if d.Username != "" {
		s = append(s, "user "+schema.Quote(d.Username))
	}
	return strings.Join(s, " ")
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

// ListedReaders reports whether the manifest lists as many readers as the file
// opens to. The list is a claim: where the numbers differ, it is a false one. Keys
// of plugins may open by several stanzas, and are not counted.
func (o *Opened) ListedReaders() bool {
	m := o.Bundle.Manifest
	for _, r := range append(append([]schema.Reader{}, m.Recipients...), m.Reviewers...) {
		if isPlugin(r.Key) {
			return true
		}
	}
	return len(m.Recipients)+len(m.Reviewers) == len(o.Header.Stanzas)
}

// Identities are those that the bundle was opened with.
func (o *Opened) Identities() []age.Identity { return o.ids }
