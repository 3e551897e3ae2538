package schema

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a Secret shows of itself.
const Redacted = "[secret]"

var errSecretMarshal = errors.New("a secret does not marshal itself; it leaves only through Reveal")

// Secret is a password or client secret in memory. It cannot print, log or
// marshal itself: every verb of package fmt and every slog handler shows
// [Redacted], and marshalling is an error. The value lies behind a function, so
// printers that walk unexported fields by reflection see an address at most.
// The zero Secret is "no secret". Compare with Equal; == does not compile.
type Secret struct {
	reveal func() string
	place  string
}

// NewSecret wraps value. The empty string gives the zero Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the value itself. It is the only way out: whoever reviews
// where secrets go searches for this name.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// At returns the secret with where it was read, such as "row 7": messages name it
// so where what should be its owner's name may be a secret too.
func (s Secret) At(place string) Secret {
	s.place = place
	return s
}

// Place is where the secret was read, or "".
func (s Secret) Place() string { return s.place }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.reveal == nil }

// Equal compares two secrets in constant time for equal lengths.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

// Format implements fmt.Formatter for every verb, %p and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// String returns Redacted.
func (s Secret) String() string { return Redacted }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON always fails.
func (s Secret) MarshalJSON() ([]byte, error) { return nil, errSecretMarshal }

// MarshalText always fails.
func (s Secret) MarshalText() ([]byte, error) { return nil, errSecretMarshal }

// MarshalBinary always fails.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, errSecretMarshal }

// GobEncode always fails.
func (s Secret) GobEncode() ([]byte, error) { return nil, errSecretMarshal }

// SecretKey names an item, and so whose a secret is: a list and a name. Those of
// Secrets are in Server's terms.
type SecretKey struct {
	List List
	Name string
}

// KeyOf names an item by its own list and name.
func KeyOf(it Item) SecretKey { return SecretKey{List: it.List(), Name: it.ItemName()} }

// Secrets are secrets in memory by whose they are.
type Secrets map[SecretKey]Secret
