package schema

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"unicode"

	"github.com/gowebpki/jcs"

	"github.com/mailferry/mailferry/internal/rig"
)

// printable fails where a text would steer a terminal.
func printable(t *testing.T, what string) {
	t.Helper()
	for _, r := range what {
		if !unicode.IsPrint(r) {
			t.Fatalf("%q", what)
		}
	}
}

// FuzzDecode: an error is one printable line; what is taken is written and read back
// equal, with the same digest, which another library's RFC 8785 form gives too.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(encoded(f, serverBundle())))
	f.Add([]byte(`{"format":"mailferry/cloud-bundle/v1"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		b, err := Decode(doc)
		if err != nil {
			printable(t, err.Error())
			return
		}
		again, err := b.Encode()
		if err != nil {
			t.Fatalf("what was decoded is refused: %v", err)
		}
		c, err := Decode(again)
		if err != nil || !reflect.DeepEqual(b, c) {
			t.Fatalf("what was written is read otherwise: %v", err)
		}
		var content bytes.Buffer
		rig.OK(t, b.WriteContent(&content))
		if other, err := jcs.Transform(content.Bytes()); err != nil || !bytes.Equal(other, content.Bytes()) {
			t.Fatalf("another library writes\n%s\nof\n%s: %v", other, content.Bytes(), err)
		}
	})
}

// FuzzDigest: a change of any field's value changes the digest, and nothing else does.
func FuzzDigest(f *testing.F) {
	f.Add(uint(0), uint(1), "x", 1, true)
	f.Add(uint(2), uint(3), "", 0, false)
	f.Fuzz(func(t *testing.T, item, field uint, text string, number int, on bool) {
		before, b := serverBundle(), serverBundle()
		all := slices.Concat(b.Credentials, b.Connections)
		it := all[item%uint(len(all))]
		fields := FieldsOf(it)
		fd := fields[field%uint(len(fields))]
		value := map[Type]any{String: text, Integer: number, Boolean: on, SecretType: &Marker{State: Missing, Reason: text}}[fd.Type]
		if Set(it, fd.Name, value) != nil || CheckItem(it) != nil {
			return
		}
		old := slices.Concat(before.Credentials, before.Connections)[item%uint(len(all))]
		d1, err1 := before.Digest()
		d2, err2 := b.Digest()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if changed := len(Differences(old, it)) > 0; changed != (d1 != d2) {
			t.Errorf("%s changed: %v; digests differ: %v", fd.Name, changed, d1 != d2)
		}
	})
}

// FuzzItem: an item that is taken without the schema is one that the schema takes.
func FuzzItem(f *testing.F) {
	for _, it := range slices.Concat(serverBundle().Credentials, serverBundle().Connections) {
		raw := rig.Get(Marshal(it)).Or(f)
		f.Add(raw, true)
		f.Add(bytes.ReplaceAll(raw, []byte("connect_mode"), []byte("service_provider")), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, server bool) {
		format := CloudFormat
		if server {
			format = ServerFormat
		}
		for _, l := range []List{Credentials, Connections} {
			it := NewItem(format, l)
			if scan(raw) != nil || unmarshal(raw, it) != nil || !asWritten(it, raw) {
				continue
			}
			if err := validate(bundleFile(format), l.One(), raw, ""); err != nil {
				t.Errorf("the schema refuses what was taken: %v", err)
			}
		}
	})
}

// FuzzStatement: a statement file that is taken is written and read back equal, and
// the text that was signed stays what it is.
func FuzzStatement(f *testing.F) {
	f.Add([]byte(`{"format":"mailferry/statement/v1","statement":"{}","signature":"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := DecodeStatement(doc)
		if err != nil {
			printable(t, err.Error())
			return
		}
		out, err := MarshalIndent(s)
		if err != nil {
			printable(t, err.Error())
			return
		}
		if again, err := DecodeStatement(out); err != nil || again != s {
			t.Errorf("%+v is read back as %+v: %v", s, again, err)
		}
	})
}
