package secretsfile

import (
	"bytes"
	"encoding/csv"
	"maps"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
)

// FuzzSecretsFile holds every outcome to what is promised: secrets are whole and read
// back equal from another writer's CSV, and what is said is one printable line.
func FuzzSecretsFile(f *testing.F) {
	for _, seed := range []string{
		"kind,name,secret\nconnection,Desk,s\ncredential,Desk,s\n", "Kind;NAME;Secret\r\nConnection;\"a\nb\";=1+1\r\n",
		"secret\tkind\tname\ns\tcredential\tx\n", "kind,name,secret\nconnection,a,s\nconnection,a,t\n", "sep=;\nkind;name;secret\n;;\n",
		"\xff\xfek\x00i\x00n\x00d\x00", "kind,name,\x1b[2J\n", "kind,name,secret\nx,y,\xfc\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		line := func(s string) {
			for _, r := range s {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q", s)
				}
			}
		}
		secrets, err := parse(raw, sheet.Options{Warn: func(w schema.Warning) { line(w.String()) }})
		if err != nil {
			line(err.Error())
			return
		}
		var written bytes.Buffer
		w := csv.NewWriter(&written)
		_ = w.Write([]string{"kind", "name", "secret"})
		for k, secret := range secrets {
			if k.List == "" || k.Name == "" || secret.IsZero() {
				t.Fatalf("%s %q", k.List, k.Name)
			}
			_ = w.Write([]string{k.List.One(), k.Name, secret.Reveal()})
		}
		w.Flush()
		again, err := parse(written.Bytes(), sheet.Options{Encoding: "utf-8", Warn: func(schema.Warning) {}})
		if err != nil || !maps.EqualFunc(again, secrets, schema.Secret.Equal) {
			t.Errorf("%q is read back otherwise: %v", written.Bytes(), err)
		}
	})
}
