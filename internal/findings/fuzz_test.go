package findings

import (
	"testing"
	"unicode"
)

// FuzzPolicy: a policy is taken, or refused in one printable line.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(`{"format":"mailferry/policy/v1","rules":{"plain-text":"error"},"exceptions":[{"rule":"x","name":"\u001b","reason":"r"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := DecodePolicy(doc)
		if (err == nil) == (p == nil) {
			t.Fatalf("policy %v and error %v", p, err)
		}
		if err != nil {
			for _, r := range err.Error() {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q", err)
				}
			}
		}
	})
}
