package schema

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// wire is a bundle as it is written.
type wire struct {
	Format      string   `json:"format"`
	Manifest    Manifest `json:"manifest"`
	Credentials []Item   `json:"credentials"`
	Connections []Item   `json:"connections"`
	Origin      *Origin  `json:"origin,omitzero"`
	Sealed      []string `json:"sealed"`
}

// Encode returns the bundle as one line of JSON with members in the schema's
// order. A bundle that Decode would refuse is an error, so that nobody receives
// a file that no mailferry opens.
func (b *Bundle) Encode() ([]byte, error) {
	doc, err := b.marshal()
	if err != nil {
		return nil, err
	}
	_, err = Decode(doc)
	return doc, err
}

func (b *Bundle) marshal() ([]byte, error) {
	doc, err := Marshal(wire{b.Format, b.Manifest, b.Credentials, b.Connections, b.Origin, b.Sealed})
	return append(doc, '\n'), err
}

// CheckItem says what Decode would refuse of one item of a bundle.
func CheckItem(it Item) error {
	raw, err := Marshal(it)
	if err != nil {
		return err
	}
	_, err = decodeItem(it.format(), it.List(), "", raw)
	return err
}

// Marshal writes v as JSON with map keys in a fixed order and nil lists as [].
func Marshal(v any) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) }

// MarshalIndent is Marshal for people: one member a line.
func MarshalIndent(v any) ([]byte, error) {
	out, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}
