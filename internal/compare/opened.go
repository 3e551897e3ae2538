package compare

import (
	"fmt"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// File is an opened bundle and the base name of its file.
type File struct {
	Name string
	*sealed.Opened
}

// Opened compares b with a. Of a server bundle and a cloud bundle the former is
// transformed by the latter's own rules. Secrets are compared themselves where the
// keys open them on both sides.
func Opened(a, b File) (*Diff, error) {
	sideA, err := a.side(b.Bundle)
	if err != nil {
		return nil, err
	}
	sideB, err := b.side(a.Bundle)
	if err != nil {
		return nil, err
	}
	namesA, namesB := transform.NamesOf(sideA.compared()), transform.NamesOf(sideB.compared())
	return Bundles(sideA, sideB, func(l schema.List, nameA, nameB string) (same, known bool) {
		x, y := a.Secret(l, namesA.Server(l, nameA)), b.Secret(l, namesB.Server(l, nameB))
		if x.IsZero() || y.IsZero() {
			return false, false
		}
		return x.Equal(y), true
	})
}

func (f File) side(other *schema.Bundle) (Side, error) {
	s := Side{Name: f.Name, Bundle: f.Bundle, Digest: f.Digest}
	if f.Bundle.IsCloud() || !other.IsCloud() {
		return s, nil
	}
	var err error
	if s.AsCloud, _, err = transform.Apply(f.Bundle, other.Origin.Rules, nil); err != nil {
		return s, fmt.Errorf("%s: %w", f.Name, err)
	}
	return s, nil
}
