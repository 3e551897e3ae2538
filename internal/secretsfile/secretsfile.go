// Package secretsfile reads secrets that a source could not give: from a CSV
// file with the columns kind, name and secret, plain or as an age file, or from
// a person at the terminal.
package secretsfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
)

// Entry is the secret of one connection or credential.
type Entry struct {
	List   schema.List
	Name   string // exact, as in the bundle
	Secret schema.Secret
}

const (
	binaryIntro = "age-encryption.org/v1"
	armorIntro  = "-----BEGIN AGE ENCRYPTED FILE-----"
)

func layout() []sheet.Layout {
	return []sheet.Layout{{Name: "secrets", Columns: []sheet.Column{
		{Name: "kind", Label: "kind", Required: true, Trim: true},
		{Name: "name", Label: "name", Required: true},
		{Name: "secret", Label: "secret", Required: true, Secret: true},
	}}}
}

// Read reads a secrets file: CSV in any encoding that sheets come in, or such a
// CSV inside an age file, binary or armored, which one of ids must open. kind is
// connection or credential. An unknown kind, an empty name or secret and a
// second secret for one item are errors. warn is told of doubtful cells and of a
// plain file that other people on the machine can read.
func Read(path string, ids []age.Identity, warn func(string)) ([]Entry, error) {
	raw, exposed, err := sheet.ReadFile(path)
	if err != nil {
		return nil, err
	}
	encrypted := bytes.HasPrefix(raw, []byte(binaryIntro)) || bytes.HasPrefix(bytes.TrimSpace(raw), []byte(armorIntro))
	if encrypted {
		if raw, err = open(raw, ids); err != nil {
			return nil, wrap(path, err)
		}
	} else if exposed {
		warn(fmt.Sprintf("%s: holds secrets and other people on this machine can read it; chmod 600 it, or encrypt it with age", path))
	}
	entries, err := parse(raw, func(w string) { warn(path + ": " + w) })
	if err != nil {
		return nil, wrap(path, err)
	}
	return entries, nil
}

func wrap(path string, err error) error {
	hint := schema.HintOf(err)
	err = fmt.Errorf("%s: %w", path, err)
	if hint == "" {
		return err
	}
	return schema.Hint(err, "%s", hint)
}

// open decrypts to the end before anything is looked at.
func open(raw []byte, ids []age.Identity) ([]byte, error) {
	if len(ids) == 0 {
		return nil, schema.Hint(errors.New("encrypted, and no identity was given"), "name the key that opens it with -i")
	}
	in := io.Reader(bytes.NewReader(raw))
	if !bytes.HasPrefix(raw, []byte(binaryIntro)) {
		in = armor.NewReader(in)
	}
	out, err := age.Decrypt(in, ids...)
	if err != nil {
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			return nil, schema.Hint(errors.New("none of the identities given opens it"), "name the key that it was encrypted to with -i")
		}
		return nil, fmt.Errorf("not a whole age file: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(out, sheet.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("not a whole age file: %w", err)
	}
	return plain, nil
}

func parse(raw []byte, warn func(string)) ([]Entry, error) {
	t, err := sheet.Read(raw, layout(), warn)
	if err != nil {
		return nil, err
	}
	type key struct {
		list schema.List
		name string
	}
	var problems sheet.Problems
	first := map[key]int{}
	entries := make([]Entry, 0, len(t.Rows))
	for _, row := range t.Rows {
		at := fmt.Sprintf("row %d", row.Number)
		e := Entry{List: listOf(row.Text("kind")), Name: row.Text("name"), Secret: row.Secret("secret")}
		if e.List == "" {
			// The value is not repeated: columns may have been swapped.
			problems.Add(at+", kind", "neither connection nor credential")
		}
		if e.Name == "" {
			problems.Add(at+", name", "empty")
		}
		if e.Secret.IsZero() {
			problems.Add(at+", secret", "empty")
		}
		k := key{e.List, e.Name}
		if before, twice := first[k]; twice && e.List != "" && e.Name != "" {
			problems.Add(at, "a second secret for the %s of row %d", e.List.One(), before)
		}
		first[k] = row.Number
		entries = append(entries, e)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return entries, nil
}

func listOf(kind string) schema.List {
	for _, l := range []schema.List{schema.Credentials, schema.Connections} {
		if strings.EqualFold(kind, l.One()) {
			return l
		}
	}
	return ""
}
