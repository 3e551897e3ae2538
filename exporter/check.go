package exporter

import (
	"errors"
	"fmt"

	"github.com/mailferry/mailferry/schema"
)

// check holds a record against the bundle's format, so that what does not fit is
// reported by its place in the source. In the bundle, items are sorted.
func check(r Record) error {
	if len(r.Secret.Reveal()) > schema.MaxSecret {
		return fmt.Errorf("%s, %s: longer than %d bytes", r.Where, schema.SecretField(r.Item.List()), schema.MaxSecret)
	}
	err := schema.CheckItem(r.Item)
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
