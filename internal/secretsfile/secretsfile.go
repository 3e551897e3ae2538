// Package secretsfile reads secrets that a source could not give: from a CSV
// file with the columns kind, name and secret, plain or as an age file, or from
// a person at the terminal.
package secretsfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func layout() []sheet.Layout {
	return []sheet.Layout{{Name: "secrets", Columns: []schema.Field{
		{Name: "kind", Label: "kind", Required: true},
		{Name: "name", Label: "name", Required: true},
		{Name: "secret", Label: "secret", Required: true, Secret: true},
	}}}
}

// Read reads a secrets file: a sheet, CSV or workbook, or one inside an age file,
// binary or armored, which one of ids must open: identities is called for such a
// file only. encoding is as in [sheet.Options]. kind is connection or credential. An unknown kind,
// an empty name or secret and a second secret for one item are errors. warn gets
// doubtful cells, and a plain file that other people on the machine can read.
func Read(path, encoding string, identities func() ([]age.Identity, error),
	warn func(schema.Warning)) (schema.Secrets, error) {
	raw, exposed, err := sheet.ReadFile(path)
	if err != nil {
		return nil, err
	}
	encrypted := sealed.IsAge(raw)
	if encrypted {
		if raw, err = open(raw, identities); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	} else if exposed {
		warn(schema.Warning{In: path, What: "holds secrets and other people on this machine can read it; chmod 600 it, or encrypt it with age"})
	}
	entries, err := parse(raw, sheet.Options{Encoding: encoding, Warn: sheet.In(path, warn)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

// open decrypts to the end before anything is looked at.
func open(raw []byte, identities func() ([]age.Identity, error)) ([]byte, error) {
	ids, err := identities()
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, schema.Hint(errors.New("encrypted, and no identity was given"),
			"name the key that opens it with -i")
	}
	plain, err := sealed.Decrypt(bytes.NewReader(raw), sheet.MaxFile, ids...)
	var wrong *sealed.WrongKeyError
	if errors.As(err, &wrong) {
		err = schema.Hint(err, "name the key that it was encrypted to with -i")
	}
	return plain, err
}

func parse(raw []byte, o sheet.Options) (schema.Secrets, error) {
	tables, err := sheet.Read(raw, layout(), o)
	if err != nil {
		return nil, err
	}
	var errs schema.Errors
	first, secrets := map[schema.SecretKey]string{}, schema.Secrets{}
	for _, t := range tables {
		prefix := ""
		if t.Tab != "" {
			prefix = "tab " + schema.Quote(t.Tab) + ", "
		}
		for _, row := range t.Rows {
			bad := func(column, what string) {
				place := prefix + row.Place(schema.Field{Name: column, Label: column})
				errs.Add(schema.Invalid(place, "%s", what))
			}
			k, secret := schema.SecretKey{List: listOf(row.Text("kind")), Name: row.Text("name")}, row.Secret("secret")
			if k.List == "" {
				// The value is not repeated: columns may have been swapped.
				bad("kind", "neither connection nor credential")
			}
			if k.Name == "" {
				bad("name", "empty")
			}
			if secret.IsZero() {
				bad("secret", "empty")
			}
			here := fmt.Sprintf("%srow %d", prefix, row.Number)
			if before, twice := first[k]; twice && k.List != "" && k.Name != "" {
				errs.Add(schema.Invalid(here, "a second secret for the %s of %s", k.List.One(), before))
			}
			first[k], secrets[k] = here, secret.At(here)
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return secrets, nil
}

func listOf(kind string) schema.List {
	for _, l := range schema.Lists() {
		if strings.EqualFold(strings.TrimSpace(kind), l.One()) {
			return l
		}
	}
	return ""
}
