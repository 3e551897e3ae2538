package secretsfile

import (
	"testing"
	"unicode"
)

// FuzzSecretsFile holds every outcome to what is promised: entries are whole and
// name each item once, and what is said is one printable line.
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
		entries, err := parse(raw, line)
		if err != nil {
			line(err.Error())
			return
		}
		seen := map[string]bool{}
		for _, e := range entries {
			key := string(e.List) + "\x00" + e.Name
			if e.List == "" || e.Name == "" || e.Secret.IsZero() || seen[key] {
				t.Fatalf("%s %q", e.List, e.Name)
			}
			seen[key] = true
		}
	})
}
