package cloud

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mailferry/mailferry/schema"
)

// requiredFields returns the fields that an item of that list must have, for
// the given service provider of a connection.
func requiredFields(l schema.List, provider string) []string {
	if l == schema.Credentials {
		return []string{"name", "service_provider", "client_id"}
	}
	req := []string{"name", "service_provider"}
	for _, p := range providers() {
		if p.Label != provider {
			continue
		}
		if p.OAuth2 {
			return append(req, "username", "oauth2_credentials")
		}
		return append(req, "host")
	}
	return req
}

// check holds an item to the rules, as the one with that id or as a new one
// (0), and returns a *RefusedError with everything that is wrong.
func (c *Cloud) check(ctx context.Context, tx *sql.Tx, id int64, it schema.Item) error {
	l := it.List()
	var problems []Problem
	bad := func(field, format string, args ...any) {
		problems = append(problems, Problem{field, fmt.Sprintf(format, args...)})
	}
	for _, f := range schema.FieldsOf(it) {
		v, ok := schema.Get(it, f.Name)
		if !ok {
			continue
		}
		switch v := v.(type) {
		case string:
			if most := f.MaxLength; utf8.RuneCountInString(v) > most {
				bad(f.Name, "has more than %d characters", most)
			}
		case int:
			if v < f.Min || v > f.Max {
				bad(f.Name, "is not between %d and %d", f.Min, f.Max)
			}
		case *schema.Marker:
			return fmt.Errorf("%s: a marker is no secret", f.Name)
		}
	}
	for _, name := range requiredFields(l, schema.Text(it, "service_provider")) {
		if schema.Text(it, name) == "" {
			bad(name, "is required")
		}
	}
	if con, ok := it.(*schema.CloudConnection); ok {
		if con.ServiceProvider != "" && !slices.Contains(providerLabels(), con.ServiceProvider) {
			bad("service_provider", "is not one of: %s", strings.Join(providerLabels(), ", "))
		}
		if con.OAuth2Credentials != "" {
			if _, known, err := find(ctx, tx, schema.Credentials, con.OAuth2Credentials); err != nil {
				return err
			} else if !known {
				bad("oauth2_credentials", "no credential has this name")
			}
		}
	}
	if len(problems) > 0 {
		return &RefusedError{http.StatusUnprocessableEntity, problems}
	}
	if other, taken, err := find(ctx, tx, l, it.ItemName()); err != nil {
		return err
	} else if taken && other != id {
		return refused(http.StatusConflict, "name", "another %s has this name", l.One())
	}
	return nil
}

func providerLabels() []string {
	var out []string
	for _, p := range providers() {
		out = append(out, p.Label)
	}
	return out
}

// find looks an item up by the exact code points of its name.
func find(ctx context.Context, q querier, l schema.List, name string) (id int64, ok bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT id FROM items WHERE list = ? AND name = ?", l, name).Scan(&id)
	if err == sql.ErrNoRows {
		return 0, false, nil
	}
	return id, err == nil, err
}
