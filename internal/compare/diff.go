package compare

import (
	"fmt"

	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/schema"
)

// Side is one of the two bundles.
type Side struct {
	Name   string         // the file's base name, or Cloud's URL
	Bundle *schema.Bundle // server or cloud
	Digest string         // the content digest; "" where there is none
	// AsCloud is what Bundle becomes on Cloud. It is needed where Bundle is a
	// server bundle and the other side is a cloud bundle: the two are then
	// compared in Cloud's terms.
	AsCloud *schema.Bundle
}

// compared is what a side is compared as.
func (s Side) compared() *schema.Bundle {
	if s.AsCloud != nil {
		return s.AsCloud
	}
	return s.Bundle
}

// SameSecret compares the secrets themselves, for holders of a recipient's key.
// The names are those of the items as compared: in Cloud's terms where AsCloud
// was given.
type SameSecret func(l schema.List, nameA, nameB string) (same, known bool)

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
	Notes       []string `json:"notes"` // what is no difference of settings: order, readers, source
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

// Bundles compares b with a. Order does not matter to it; a note says that it differs.
// Its time is in proportion to the size of both.
func Bundles(a, b Side, same SameSecret) (*Diff, error) {
	if a.compared().IsCloud() != b.compared().IsCloud() {
		return nil, fmt.Errorf("a server bundle and a cloud bundle are compared through the transform")
	}
	c := &comparison{a: a, b: b, same: same}
	c.diff = &Diff{Format: Format, A: about(a), B: about(b)}
	c.diff.Credentials = c.list(schema.Credentials)
	c.diff.Connections = c.list(schema.Connections)
	s := c.diff.Summary
	c.diff.Same = s.Added+s.Removed+s.Renamed+s.Changed == 0
	c.notes()
	return c.diff, nil
}

func about(s Side) About {
	return About{s.Name, s.Bundle.Format, s.Bundle.Manifest.ID, s.Digest}
}

type comparison struct {
	a, b Side
	same SameSecret
	diff *Diff
}

// notes says what differs beside the settings.
func (c *comparison) notes() {
	note := func(format string, args ...any) { c.diff.Notes = append(c.diff.Notes, fmt.Sprintf(format, args...)) }
	ma, mb := c.a.Bundle.Manifest, c.b.Bundle.Manifest
	if c.diff.Summary.NotComparable > 0 {
		note("Fingerprints of different keys cannot be compared; with a recipient's key of both bundles the secrets themselves are.")
	}
	if c.a.AsCloud != nil || c.b.AsCloud != nil {
		note("The server bundle is compared as the transform rewrites it for Cloud.")
		return
	}
	if c.a.Digest == "" || c.b.Digest == "" {
		return
	}
	if ma.Source != mb.Source {
		note("The bundles come from different sources.")
	}
	if !sameReaders(ma.Recipients, mb.Recipients) {
		note("The lists of recipients differ.")
	}
	if !sameReaders(ma.Reviewers, mb.Reviewers) {
		note("The lists of reviewers differ.")
	}
	if c.diff.Same && c.a.Digest != c.b.Digest {
		note("The content digests differ: they cover the bundle's id, its source, the order of items and every fingerprint.")
	}
}

func sameReaders(a, b []schema.KeyHolder) bool {
	keys := map[string]int{}
	for _, r := range a {
		keys[r.Key]++
	}
	for _, r := range b {
		if keys[r.Key]--; keys[r.Key] < 0 {
			return false
		}
	}
	return len(a) == len(b)
}

// label is a field's label on a side. Compared through a transform, the server
// side's is that of the field which the rules made it from.
func (s Side) label(l schema.List, field string) string {
	if s.AsCloud == nil {
		return report.Label(s.Bundle.Format, l, field)
	}
	rules := s.AsCloud.Origin.Rules.Connections
	if l == schema.Credentials {
		rules = s.AsCloud.Origin.Rules.Credentials
	}
	for _, r := range rules.Fields {
		if r.To == field {
			return report.Label(schema.ServerFormat, l, r.From)
		}
	}
	return report.Label(schema.CloudFormat, l, field)
}
