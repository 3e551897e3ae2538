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

	"github.com/mailferry/mailferry/internal/rig"
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
	id := rig.Get(age.GenerateX25519Identity()).Or(f)
	r := rig.Get(sealed.Keys{}.Recipient(id.Recipient().String())).Or(f)
	b, secrets := vectorBundle()
	to := sealed.Holders{Recipients: []sealed.Recipient{r}}
	rig.OK(f, sealed.Create(io.Discard, b, secrets, to))
	return id, b, to
}

// FuzzFile: an age file that anybody made opens to its end or gives one printable
// error and nothing of its content.
func FuzzFile(f *testing.F) {
	id, b, to := fuzzKey(f)
	var file bytes.Buffer
	rig.OK(f, sealed.Create(&file, b, nil, to))
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
	plain := rig.Get(sealed.Decrypt(strings.NewReader(b.Sealed[0]), 1<<20, id)).Or(f)
	f.Add(plain)
	f.Add([]byte(`{"format":"mailferry/sealed/v1","bundle":"` + vectorID + `","keyid":"\u001b[2J\u202e","key":"","secrets":[{"kind":"connection"}]}`))
	f.Fuzz(func(t *testing.T, part []byte) {
		own := *b
		armored := rig.Get(sealed.Encrypt(part, []age.Recipient{id.Recipient()})).Or(t)
		own.Sealed = []string{string(armored)}
		doc := rig.Get(own.Encode()).Or(t)
		var file bytes.Buffer
		w := rig.Get(age.Encrypt(&file, id.Recipient())).Or(t)
		rig.Get(w.Write(doc)).Or(t)
		rig.OK(t, w.Close())
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
	v := rig.Get(os.ReadFile(filepath.Join(vectorDir, "statement-approves"))).Or(f)
	_, rest, _ := strings.Cut(string(v), "\nstatement: ")
	line, _, _ := strings.Cut(rest, "\n")
	good := rig.Get(schema.DecodeStatement([]byte(line))).Or(f)
	signed := rig.Get(sealed.CheckStatement(good)).Or(f)
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
