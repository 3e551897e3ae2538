package findings

import (
	"reflect"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// FuzzPolicy: a policy is taken, and read back equal once it is written, or refused in
// one printable line.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(`{"format":"mailferry/policy/v1","rules":{"plain-text":"error"},"exceptions":[{"rule":"x","name":"\u001b","reason":"r"}]}`))
	f.Add([]byte(`{"format":"mailferry/policy/v1","note":"n","rules":{"debug-on":"off"},"exceptions":[` +
		`{"rule":"port-25","credential":"A","reason":"r","expires":"2026-12-31"}]}`))
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
			return
		}
		out := rig.Get(schema.Marshal(p)).Or(t)
		if again, err := DecodePolicy(out); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s is read back as %+v: %v", out, again, err)
		}
	})
}
