package findings_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	seal "github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// A password filled in later has a fingerprint by another key: that it is shared is
// known with a recipient's key alone.
func TestAnAuditSeesAsFarAsTheKey(t *testing.T) {
	var ids []age.Identity
	var rs []seal.Recipient
	for range 2 {
		id := rig.Get(age.GenerateX25519Identity()).Or(t)
		r, _ := seal.RecipientOf(id)
		ids, rs = append(ids, id), append(rs, r)
	}
	to := seal.Holders{Recipients: rs[:1], Reviewers: rs[1:]}
	a, b := sound("A"), sound("B")
	a.Password, b.Password = nil, &schema.Marker{State: schema.Missing, Reason: "the source holds none"}
	doc := bundle(a, b)
	doc.Manifest = schema.Manifest{ID: strings.Repeat("0f", 16), Created: schema.At(time.Unix(1700000000, 0)), Tool: "test",
		Source: schema.Source{Kind: "csv", Name: "x.csv"}, History: []schema.Step{}}
	for _, name := range []string{"A", "B"} {
		secrets := schema.Secrets{{List: schema.Connections, Name: name}: schema.NewSecret("hunter2")}
		rig.OK(t, seal.AddSecrets(doc, secrets, to))
	}
	var file bytes.Buffer
	rig.OK(t, seal.Create(&file, doc, nil, to))
	for i, want := range []int{2, 0} {
		o := rig.Get(seal.Open(bytes.NewReader(file.Bytes()), ids[i:i+1], transform.Rerun)).Or(t)
		found := rig.Get(findings.AuditOpened(o, nil, now)).Or(t)
		got := strings.Count(strings.Join(linesOf(found), "\n"), "password-shared")
		if got != want {
			t.Errorf("key %d: %d shared passwords, want %d: %q", i, got, want, linesOf(found))
		}
	}
}
