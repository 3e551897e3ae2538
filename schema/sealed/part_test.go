package sealed_test

import (
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

func TestABundleOfManyPostQuantumReadersOpens(t *testing.T) {
	var to sealed.Holders
	var last party
	for range 700 {
		last = newParty(t, true)
		to.Recipients = append(to.Recipients, last.pub)
	}
	o, err := open(bundle(t, to, false), last)
	if err != nil || !o.Reveals() || len(o.Header.Stanzas) != 700 {
		t.Errorf("700 readers: %v", err)
	}
}

func TestAPartIsHeldToTheSettingsHoweverItIsWritten(t *testing.T) {
	ops := newParty(t, false)
	to := sealed.Holders{Recipients: []sealed.Recipient{ops.pub}}
	raw := bundle(t, to, false)
	for name, c := range map[string]struct {
		change func(head, secrets string) string
		want   string // of the error; "" opens with every secret
	}{
		"secrets last":  {func(h, s string) string { return "{" + h + "," + s + "}" }, ""},
		"secrets first": {func(h, s string) string { return "{" + s + "," + h + "}" }, ""},
		"blanks and escapes": {func(h, s string) string {
			return " { " + s + "\n,\t" + strings.Replace(h, "format", `f\u006frmat`, 1) + "}"
		}, ""},
		"another host, first": {func(h, s string) string {
			return "{" + strings.Replace(s, "mail.example", "evil.example", 1) + "," + h + "}"
		}, "was sealed for"},
		"twice, first": {func(h, s string) string { return "{" + s + "," + s + "," + h + "}" }, "stands twice"},
		"an item twice, first": {func(h, s string) string {
			return "{" + strings.TrimSuffix(s, "]") + "," + s[strings.Index(s, "[")+1:] + "," + h + "}"
		}, "stands twice"},
		"no secrets":       {func(h, _ string) string { return "{" + h + "}" }, "is not the one of the secret"},
		"null":             {func(h, _ string) string { return `{"secrets":null,` + h + "}" }, "is not the one of the secret"},
		"an object":        {func(h, _ string) string { return `{"secrets":{},` + h + "}" }, "not as the format wants it"},
		"no key":           {func(h, s string) string { return "{" + s + "," + h[:strings.Index(h, `,"key":`)] + "}" }, "fingerprint key"},
		"an unknown field": {func(h, s string) string { return "{" + strings.Replace(s, `"kind"`, `"x":1,"kind"`, 1) + "," + h + "}" }, "not a known field"},
		"of the other list": {func(h, s string) string {
			return "{" + strings.Replace(s, `"credential"`, `"connection"`, 1) + "," + h + "}"
		}, "is not the one of the secret"},
	} {
		t.Run(name, func(t *testing.T) {
			file := forge(t, raw, ops, to, func(b *schema.Bundle) {
				plain := rig.Get(sealed.Decrypt(strings.NewReader(b.Sealed[0]), schema.MaxDocument, ops.id)).Or(t)
				head, secrets, _ := strings.Cut(strings.TrimSpace(string(plain)), `,"secrets":`)
				part := rig.Get(sealed.Encrypt([]byte(c.change(head[1:], `"secrets":`+strings.TrimSuffix(secrets, "}"))), []age.Recipient{ops.pub.Age()})).Or(t)
				b.Sealed[0] = string(part)
			})
			o, err := open(file, ops)
			switch {
			case c.want == "" && (err != nil || len(o.Secrets()) != 3):
				t.Errorf("%v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("told: %v", err)
			}
		})
	}
}
