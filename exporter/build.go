package exporter

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/selection"
	"github.com/mailferry/mailferry/schema"
)

// build merges what sources hold into the lists of a server bundle, sorted by
// name so that equal sites give equal bundles whatever they were read from. The
// markers of sealed secrets have no fingerprint yet: package sealed gives it.
//
// Two records of one name, a record that the format has no room for, a supplied
// secret for a name that is not there, and a selection that is empty are errors.
func build(contents []*Content, sel selection.Selection, supplied schema.Secrets) (*schema.Bundle, schema.Secrets, error) {
	b := &schema.Bundle{Format: schema.ServerFormat}
	b.Manifest.Source = mergeSources(contents)
	secrets := schema.Secrets{}
	where := map[schema.SecretKey]string{}
	used := map[schema.SecretKey]bool{}
	for _, c := range contents {
		for _, r := range c.Records {
			key := schema.SecretKey{List: r.Item.List(), Name: r.Item.ItemName()}
			if first, dup := where[key]; dup {
				return nil, nil, schema.Hint(
					fmt.Errorf("%s: %s %s is already in %s", r.Where, key.List.One(), schema.Quote(key.Name), first),
					"names tell connections apart: rename one of them on Server, or take one out of the sheet")
			}
			where[key] = r.Where
			if err := check(r); err != nil {
				return nil, nil, err
			}
			secret := r.Secret
			if s, ok := supplied[key]; ok {
				used[key] = true
				if secret.IsZero() {
					secret = s
				}
			}
			if m := marker(r, secret); m != nil {
				if err := schema.Set(r.Item, schema.SecretField(key.List), m); err != nil {
					return nil, nil, err
				}
			}
			if !secret.IsZero() {
				secrets[key] = secret
			}
			if key.List == schema.Credentials {
				b.Credentials = append(b.Credentials, r.Item)
			} else {
				b.Connections = append(b.Connections, r.Item)
			}
		}
	}
	if err := unused(supplied, used, where); err != nil {
		return nil, nil, err
	}
	if err := narrow(b, secrets, sel); err != nil {
		return nil, nil, err
	}
	byName := func(x, y schema.Item) int { return cmp.Compare(x.ItemName(), y.ItemName()) }
	slices.SortFunc(b.Credentials, byName)
	slices.SortFunc(b.Connections, byName)
	return b, secrets, nil
}

// unused says which supplied secret belongs to nothing. Where the secret is a name
// that the source has, the name is the secret, and not repeated.
func unused(supplied schema.Secrets, used map[schema.SecretKey]bool, where map[schema.SecretKey]string) error {
	first := schema.SecretKey{}
	for key, secret := range supplied {
		if _, swapped := where[schema.SecretKey{List: key.List, Name: secret.Reveal()}]; swapped && !used[key] {
			return schema.Hint(fmt.Errorf("the name of a %s stands where its secret belongs", key.List.One()),
				"name comes before secret: swap the two columns")
		}
		if !used[key] && (first.Name == "" || key.Name < first.Name) {
			first = key
		}
	}
	if first.Name == "" {
		return nil
	}
	return schema.Hint(fmt.Errorf("a secret is supplied for %s %s, which the source does not have", first.List.One(), schema.Quote(first.Name)),
		"names match exactly, blanks and case included")
}

// marker decides what stands in the secret's place, nil where none applies.
func marker(r Record, secret schema.Secret) *schema.Marker {
	switch {
	case !secret.IsZero():
		return &schema.Marker{State: schema.Sealed}
	case r.Reason != "":
		return &schema.Marker{State: schema.Missing, Reason: r.Reason}
	case NeedsSecret(r.Item):
		return &schema.Marker{State: schema.Missing, Reason: "the source holds none"}
	default:
		return nil
	}
}

// NeedsSecret reports whether Server's panel asks for a secret here: a
// credential always, a connection where it signs in with a username and not by
// OAuth2.
func NeedsSecret(it schema.Item) bool {
	c, ok := it.(*schema.ServerConnection)
	if !ok {
		return true
	}
	return c.Username != "" && !schema.UsesOAuth2(c)
}

func narrow(b *schema.Bundle, secrets schema.Secrets, sel selection.Selection) error {
	if len(b.Connections) == 0 && len(b.Credentials) == 0 {
		return schema.Hint(fmt.Errorf("%s holds no connection and no credential", schema.Quote(b.Manifest.Source.Name)),
			"look at what it holds with mailferry inspect")
	}
	if sel.All() {
		return nil
	}
	needed := map[string]bool{}
	b.Connections = slices.DeleteFunc(b.Connections, func(it schema.Item) bool {
		if sel.Has(it.ItemName()) {
			needed[it.(*schema.ServerConnection).OAuth2Credentials] = true
			return false
		}
		delete(secrets, schema.SecretKey{List: schema.Connections, Name: it.ItemName()})
		return true
	})
	if len(b.Connections) == 0 {
		return schema.Hint(fmt.Errorf("no connection is selected"), "--include and --exclude take patterns that match the whole name: '*desk*'")
	}
	b.Credentials = slices.DeleteFunc(b.Credentials, func(it schema.Item) bool {
		if needed[it.ItemName()] {
			return false
		}
		delete(secrets, schema.SecretKey{List: schema.Credentials, Name: it.ItemName()})
		return true
	})
	return nil
}

// mergeSources names several sources as one; their hashes are hashed together
// in order.
func mergeSources(contents []*Content) schema.Source {
	if len(contents) == 1 {
		return contents[0].Source
	}
	var kinds, names []string
	var out schema.Source
	h := sha256.New()
	for _, c := range contents {
		if !slices.Contains(kinds, c.Source.Kind) {
			kinds = append(kinds, c.Source.Kind)
		}
		names = append(names, c.Source.Name)
		fmt.Fprintln(h, c.Source.SHA256)
		out.AppVersion = cmp.Or(out.AppVersion, c.Source.AppVersion)
	}
	out.Kind, out.Name = strings.Join(kinds, "+"), strings.Join(names, " + ")
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	return out
}
