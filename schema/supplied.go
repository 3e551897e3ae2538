package schema

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// CheckSupplied says which secret is supplied for nothing: the bundle has no item
// of that name, in its own terms, or one whose secret it has already. A cloud
// bundle takes secrets only where one is missing; a server bundle, as the panel,
// also where none was. No secret is looked at.
func (b *Bundle) CheckSupplied(secrets Secrets) error {
	names, changes := "", "fill adds what is missing; export again to change a secret"
	if b.IsCloud() {
		names, changes = ", as they are on Cloud", "what is supplied on import fills in what the bundle lacks, and changes nothing"
	}
	items := b.ByKey()
	for _, key := range slices.SortedFunc(maps.Keys(secrets), compareKeys) {
		what := key.List.One() + " " + Quote(key.Name)
		it := items[key]
		if it == nil {
			return Hint(fmt.Errorf("the bundle has no %s", what), "names match exactly%s, blanks and case included", names)
		}
		switch m := SecretMarker(it); {
		case m != nil && m.State == Sealed:
			return Hint(fmt.Errorf("%s has a secret already", what), "%s", changes)
		case m == nil && b.IsCloud():
			return Hint(fmt.Errorf("%s lacks no secret", what), "%s", changes)
		}
	}
	return nil
}

func compareKeys(x, y SecretKey) int {
	return cmp.Or(cmp.Compare(x.List, y.List), cmp.Compare(x.Name, y.Name))
}
