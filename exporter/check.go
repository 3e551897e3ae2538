package exporter

import (
	"fmt"
	"slices"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// check holds a record against the bundle's format, so that what does not fit is
// reported by its place in the source. In the bundle, items are sorted.
func check(r Record) error {
	var errs schema.Errors
	if len(r.Secret.Reveal()) > schema.MaxSecret {
		errs.Add(fmt.Errorf("%s, %s: longer than %d bytes", r.Where, schema.SecretField(r.Item.List()),
			schema.MaxSecret))
	}
	err := schema.CheckItem(r.Item)
	problems := schema.Problems(err)
	for _, p := range problems {
		errs.Add(fmt.Errorf("%s, %s: %s", r.Where, p.Place, p.What))
	}
	if err != nil && len(problems) == 0 {
		errs.Add(fmt.Errorf("%s: %w", r.Where, err))
	}
	return errs.Err()
}

// doubtful says what fits the format and will likely not do on Cloud: a mode that
// Server is not known to have, and a credential that is named and not there.
func doubtful(records []Record, doubt func(schema.Warning)) {
	mode, _ := schema.FieldByName(schema.ServerFormat, schema.Connections, "connect_mode")
	credentials := namesOf(records, schema.Credentials)
	for _, r := range records {
		c, ok := r.Item.(*schema.ServerConnection)
		if !ok {
			continue
		}
		if !slices.Contains(mode.Known, c.ConnectMode) {
			doubt(schema.ItemWarning(c, fmt.Sprintf("its Connect Mode %s is none that Server's panel is known to have%s", schema.Quote(c.ConnectMode), orElse(c.ConnectMode, mode.Known))))
		}
		if name := c.OAuth2Credentials; name != "" && !slices.Contains(credentials, name) {
			doubt(schema.ItemWarning(c, fmt.Sprintf("its credential %s is not in the bundle%s",
				schema.Quote(name), orElse(name, credentials))))
		}
	}
}

// orElse names what may be meant instead.
func orElse(name string, known []string) string {
	if near := human.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %s?", schema.Quote(near))
	}
	return ""
}
