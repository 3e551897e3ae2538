package look

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mailferry/mailferry/internal/human"
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
	changes := "fill adds what is missing; export again to change a secret"
	if b.IsCloud() {
		changes = "what is supplied on import fills in what the bundle lacks, and changes nothing"
	}
	out, items := schema.Secrets{}, b.ByKey()
	var errs schema.Errors
	errs.Add(Unknown(secrets, slices.Collect(maps.Keys(items)), "the bundle"))
	for _, key := range slices.SortedFunc(maps.Keys(secrets), compareKeys) {
		it := items[key]
		if it == nil {
			continue
		}
		what := key.List.One() + " " + schema.Quote(key.Name)
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

// Unknown says which secrets are given for items that are not in have, whose owner
// is named. It repeats no name: where the columns of a secrets file were swapped,
// the names are the secrets.
func Unknown(secrets schema.Secrets, have []schema.SecretKey, owner string) error {
	known, folded, names := map[schema.SecretKey]bool{}, map[string]bool{}, map[schema.List][]string{}
	for _, key := range have {
		known[key], folded[human.FoldName(key.Name)] = true, true
		names[key.List] = append(names[key.List], key.Name)
	}
	inOrder := func(x, y schema.SecretKey) int {
		a, b := secrets[x].Place(), secrets[y].Place()
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b), compareKeys(x, y))
	}
	var errs schema.Errors
	for _, key := range slices.SortedFunc(maps.Keys(secrets), inOrder) {
		if known[key] {
			continue
		}
		at := cmp.Or(secrets[key].Place(), "a row") + " of the secrets file"
		if folded[human.FoldName(secrets[key].Reveal())] {
			errs.Add(schema.Hint(schema.Invalid(at, "a name stands where its secret belongs"),
				"name comes before secret: swap the two columns"))
			continue
		}
		hint := "names match exactly, blanks and case included"
		if errs.Count() < schema.MostErrors { // more are not shown
			if near := human.Nearest(key.Name, names[key.List]); near != "" {
				hint = "did you mean " + schema.Quote(near) + "? " + hint
			}
		}
		errs.Add(schema.Hint(schema.Invalid(at, "%s has no %s of that name", owner, key.List.One()), "%s", hint))
	}
	return errs.Err()
}

func compareKeys(x, y schema.SecretKey) int {
	return cmp.Or(cmp.Compare(x.List, y.List), cmp.Compare(x.Name, y.Name))
}
