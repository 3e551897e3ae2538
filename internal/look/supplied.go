package look

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mailferry/mailferry/schema"
)

// Supplied returns the secrets that are given beside a bundle without those
// that are masks, of which it warns; literal names items whose secrets are taken
// as they are. A secret for nothing is an error: the bundle has no item of that
// name, in its own terms, or one whose secret it has already. A cloud bundle takes
// secrets only where one is missing; a server bundle, as the panel, also where none
// was.
func Supplied(b *schema.Bundle, secrets schema.Secrets, literal []string,
	warn func(schema.Warning)) (schema.Secrets, error) {
	names, changes := "", "fill adds what is missing; export again to change a secret"
	if b.IsCloud() {
		names = ", as they are on Cloud"
		changes = "what is supplied on import fills in what the bundle lacks, and changes nothing"
	}
	out, items := schema.Secrets{}, b.ByKey()
	var errs schema.Errors
	for _, key := range slices.SortedFunc(maps.Keys(secrets), compareKeys) {
		what := key.List.One() + " " + schema.Quote(key.Name)
		it := items[key]
		if it == nil {
			err := fmt.Errorf("the bundle has no %s", what)
			errs.Add(schema.Hint(err, "names match exactly%s, blanks and case included", names))
			continue
		}
		switch m := schema.SecretMarker(it); {
		case m != nil && m.State == schema.Sealed:
			errs.Add(schema.Hint(fmt.Errorf("%s has a secret already", what), "%s", changes))
		case m == nil && b.IsCloud():
			errs.Add(schema.Hint(fmt.Errorf("%s lacks no secret", what), "%s", changes))
		case At(it, secrets[key], literal, warn):
			warn(schema.ItemWarning(it, "not taken: "+MaskReason+"; --literal-secret NAME takes it as it is"))
		default:
			out[key] = secrets[key]
		}
	}
	var have []string
	for key := range items {
		have = append(have, key.Name)
	}
	errs.Add(CheckLiteral(literal, have))
	return out, errs.Err()
}

func compareKeys(x, y schema.SecretKey) int {
	return cmp.Or(cmp.Compare(x.List, y.List), cmp.Compare(x.Name, y.Name))
}
