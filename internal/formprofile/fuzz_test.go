package formprofile_test

import (
	"reflect"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// FuzzProfile holds a profile that is taken to what pages are worked by: every
// field has a label of its own and every list a way to it. Written it is read back
// equal. An error is one printable line.
func FuzzProfile(f *testing.F) {
	for _, side := range []string{schema.ServerSide, schema.CloudSide} {
		p := rig.Get(formprofile.Shipped(side)).Or(f)
		doc := rig.Get(schema.MarshalIndent(p)).Or(f)
		f.Add(doc)
	}
	f.Add([]byte(`{"format":"mailferry/form-profile/v1","side":"\ud800"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := formprofile.Parse(doc, "")
		if err != nil {
			for _, r := range err.Error() {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q", err)
				}
			}
			return
		}
		for _, l := range schema.Lists() {
			list := p.List(l)
			if list.Path == "" && len(list.Menu) == 0 || len(list.Fields) != len(schema.Fields(p.Bundle(), l)) {
				t.Fatalf("%s: %+v", l, list)
			}
			for _, field := range list.Fields {
				if field.Label == "" {
					t.Fatalf("%s: %s has no label", l, field.Field)
				}
			}
		}
		out := rig.Get(schema.Marshal(p)).Or(t)
		if again, err := formprofile.Parse(out, p.Side); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s is read back as %+v: %v", out, again, err)
		}
	})
}
