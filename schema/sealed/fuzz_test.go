package sealed_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"filippo.io/age"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

func printable(t *testing.T, err error) {
	t.Helper()
	for _, r := range err.Error() {
		if !unicode.IsPrint(r) {
			t.Fatalf("%q", err)
		}
	}
}

// fuzzKey is a recipient, and a bundle sealed to it.
func fuzzKey(f *testing.F) (*age.X25519Identity, *schema.Bundle, sealed.Holders) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	r, err := sealed.Keys{}.Recipient(id.Recipient().String())
	if err != nil {
		f.Fatal(err)
	}
	b, secrets := vectorBundle()
	to := sealed.Holders{Recipients: []sealed.Recipient{r}}
	if err := sealed.Create(io.Discard, b, secrets, to); err != nil {
		f.Fatal(err)
	}
	return id, b, to
}

// FuzzFile: an age file that anybody made opens to its end or gives one printable
// error and nothing of its content.
func FuzzFile(f *testing.F) {
	id, b, to := fuzzKey(f)
	var file bytes.Buffer
	if err := sealed.Create(&file, b, nil, to); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte(b.Sealed[0]))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, headErr := sealed.ReadHeader(bytes.NewReader(raw))
		plain, err := sealed.Decrypt(bytes.NewReader(raw), 1<<20, id)
		switch {
		case err != nil:
			printable(t, err)
			if len(plain) > 0 {
				t.Error("some of it is released")
			}
		case headErr != nil:
			t.Errorf("it opens, and its header cannot be read: %v", headErr)
		}
	})
}

// FuzzPart: whatever somebody seals into a part, the secrets that are given out are
// those of the settings' own markers, and go where the settings say.
func FuzzPart(f *testing.F) {
	id, b, _ := fuzzKey(f)
	plain, err := sealed.Decrypt(strings.NewReader(b.Sealed[0]), 1<<20, id)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add([]byte(`{"format":"mailferry/sealed/v1","bundle":"` + vectorID + `","keyid":"\u001b[2J\u202e","key":"","secrets":[{"kind":"connection"}]}`))
	f.Fuzz(func(t *testing.T, part []byte) {
		own := *b
		armored, err := sealed.Encrypt(part, []age.Recipient{id.Recipient()})
		if err != nil {
			t.Fatal(err)
		}
		own.Sealed = []string{string(armored)}
		doc, err := own.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		w, err := age.Encrypt(&file, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(doc); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		o, err := sealed.Open(&file, []age.Identity{id}, transform.Rerun)
		if err != nil {
			printable(t, err)
			return
		}
		if got := o.Secret(schema.Connections, "Desk").Reveal(); got != "correct horse" || len(o.Secrets()) != 3 {
			t.Errorf("%d secrets, and the desk's is another", len(o.Secrets()))
		}
	})
}

// FuzzSignature: no text but the signed one has the signature of another.
func FuzzSignature(f *testing.F) {
	v, err := os.ReadFile(filepath.Join(vectorDir, "statement-approves"))
	if err != nil {
		f.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(v), "\nstatement: ")
	line, _, _ := strings.Cut(rest, "\n")
	good, err := schema.DecodeStatement([]byte(line))
	if err != nil {
		f.Fatal(err)
	}
	signed, err := sealed.CheckStatement(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.Statement, good.Signature)
	f.Fuzz(func(t *testing.T, text, signature string) {
		s, err := sealed.CheckStatement(schema.Statement{Format: schema.StatementFormat, Statement: text, Signature: signature})
		if err != nil {
			printable(t, err)
			return
		}
		if s.Fingerprint() == signed.Fingerprint() && text != good.Statement {
			t.Errorf("a signature of %q is good for %q", good.Statement, text)
		}
	})
}
