package compare

import (
	"fmt"

	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// File is an opened bundle and the base name of its file.
type File struct {
	Name string
	*sealed.Opened
}

// side is a file as it is compared: a server bundle beside a cloud bundle as what
// the latter's own rules make of it for Cloud.
type side struct {
	File
	as    *schema.Bundle
	names transform.Names
}

func (f File) beside(other File) (side, error) {
	s := side{File: f, as: f.Bundle}
	if !f.Bundle.IsCloud() && other.Bundle.IsCloud() {
		var err error
		if s.as, _, err = transform.Apply(f.Bundle, other.Bundle.Origin.Rules, nil); err != nil {
			return s, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	s.names = transform.NamesOf(s.as)
	return s, nil
}

// isTransformed reports whether the side is compared as something else than it is.
func (s side) isTransformed() bool { return s.as != s.Bundle }

// Kind is what became of an item.
type Kind string

// Kinds of changes. An item of the last kind differs in nothing that can be
// compared.
const (
	Added         Kind = "added"
	Removed       Kind = "removed"
	Renamed       Kind = "renamed"
	Changed       Kind = "changed"
	NotComparable Kind = "not-comparable"
)

// Diff is how b differs from a.
type Diff struct {
	Format      string   `json:"format"`
	A           About    `json:"a"`
	B           About    `json:"b"`
	Same        bool     `json:"same"` // nothing that can be compared differs: no item was added, removed, renamed or changed
	Summary     Summary  `json:"summary"`
	Notes       []string `json:"notes"` // what the differences do not say
	Credentials []Item   `json:"credentials"`
	Connections []Item   `json:"connections"`
}

// About says which bundle a side is.
type About struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	ID     string `json:"id,omitzero"`
	Digest string `json:"digest,omitzero"`
}

// Summary counts items by kind, and secrets that could not be compared wherever
// they stand.
type Summary struct {
	Added         int `json:"added"`
	Removed       int `json:"removed"`
	Renamed       int `json:"renamed"`
	Changed       int `json:"changed"`
	NotComparable int `json:"not_comparable"`
}

// Item is one connection or credential that differs.
type Item struct {
	Kind   Kind    `json:"kind"`
	A      string  `json:"a,omitzero"` // its name there; hostile text
	B      string  `json:"b,omitzero"`
	PlaceA string  `json:"place_a,omitzero"` // such as connections[3]
	PlaceB string  `json:"place_b,omitzero"`
	Fields []Field `json:"fields"` // of a new or removed item: all that are not empty
}

// Field is one setting that differs. Of a secret A and B are the state only.
type Field struct {
	Field  string `json:"field"`
	LabelA string `json:"label_a"`
	LabelB string `json:"label_b"`
	Change Kind   `json:"change"` // added, removed, changed or not-comparable
	Secret bool   `json:"secret"`
	A      string `json:"a,omitzero"` // hostile text
	B      string `json:"b,omitzero"`
}

// Label is the panel's label, or both sides' where they differ.
func (f Field) Label() string {
	if f.LabelA == f.LabelB {
		return f.LabelB
	}
	return f.LabelA + " → " + f.LabelB
}

// Opened compares b with a. Order does not matter to it. Secrets are compared
// themselves where the keys open them on both sides. Its time is in proportion to the
// size of both.
func Opened(a, b File) (*Diff, error) {
	sideA, err := a.beside(b)
	if err != nil {
		return nil, err
	}
	sideB, err := b.beside(a)
	if err != nil {
		return nil, err
	}
	c := &comparison{a: sideA, b: sideB, diff: &Diff{Format: Format, A: a.about(), B: b.about()}}
	c.diff.Credentials = c.list(schema.Credentials)
	c.diff.Connections = c.list(schema.Connections)
	s := c.diff.Summary
	c.diff.Same = s.Added+s.Removed+s.Renamed+s.Changed == 0
	c.notes()
	return c.diff, nil
}

func (f File) about() About {
	return About{f.Name, f.Bundle.Format, f.Bundle.Manifest.ID, f.Digest}
}

type comparison struct {
	a, b side
	diff *Diff
}

// notes says what the differences do not.
func (c *comparison) notes() {
	note := func(text string) { c.diff.Notes = append(c.diff.Notes, text) }
	if c.diff.Summary.NotComparable > 0 {
		note("Fingerprints of different keys cannot be compared; with a recipient's key of both bundles the secrets themselves are.")
	}
	switch {
	case c.a.isTransformed() || c.b.isTransformed():
		note("The server bundle is compared as the transform rewrites it for Cloud.")
	case c.diff.Same && c.a.Digest != c.b.Digest:
		note("The content digests differ: they cover the bundle's id, its source, the order of items and every fingerprint.")
	}
}

// label is a field's label on a side. Compared through a transform, the server
// side's is that of the field which the rules made it from.
func (s side) label(l schema.List, field string) string {
	if !s.isTransformed() {
		return report.Label(s.Bundle.Format, l, field)
	}
	rules := s.as.Origin.Rules.Connections
	if l == schema.Credentials {
		rules = s.as.Origin.Rules.Credentials
	}
	for _, r := range rules.Fields {
		if r.To == field {
			return report.Label(schema.ServerFormat, l, r.From)
		}
	}
	return report.Label(schema.CloudFormat, l, field)
}
