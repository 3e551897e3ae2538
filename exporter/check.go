package exporter

import (
	"errors"
	"fmt"

	"github.com/mailferry/mailferry/schema"
)

// short is a length that every text of an item and every key of an extra value
// may have, and a number of extra values: an item within it need not be held
// against the schema, which takes far longer than looking.
const short = 200

// check holds a record against the bundle's format, so that what does not fit is
// told by its place in the source. In the bundle, items are sorted.
func check(r Record) error {
	if len(r.Secret.Reveal()) > schema.MaxSecret {
		return fmt.Errorf("%s, %s: longer than %d bytes", r.Where, schema.SecretField(r.Item.List()), schema.MaxSecret)
	}
	if plain(r.Item) {
		return nil
	}
	err := schema.CheckItem(schema.ServerFormat, r.Item)
	var invalid *schema.InvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		p := invalid.Problems[0]
		return fmt.Errorf("%s, %s: %s", r.Where, p.Place, p.What)
	default:
		return fmt.Errorf("%s: %w", r.Where, err)
	}
}

// plain reports whether nothing can be wrong with an item's texts.
func plain(it schema.Item) bool {
	for _, f := range schema.FieldsOf(it) {
		if f.Type != schema.String {
			continue
		}
		if n := len(schema.Text(it, f.Name)); n > short || n == 0 && f.Required {
			return false
		}
	}
	extra := schema.Extra(it)
	for _, key := range extra {
		if n := len(schema.Text(it, "extra."+key)); len(key) > short || n > short || key == "" {
			return false
		}
	}
	return len(extra) <= short
}
