package compare_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/compare"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	seal "github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// exported is a server bundle of one connection and one credential, written for a
// recipient and a reviewer and transformed where cloud is set.
func exported(t *testing.T, to seal.Holders, password string, cloud bool) []byte {
	t.Helper()
	c := conn("Desk", "mail.corp.example", nil)
	b := &schema.Bundle{Format: schema.ServerFormat, Manifest: schema.Manifest{ID: strings.Repeat("0f", 16), Created: schema.At(time.Unix(1700000000, 0)), Tool: "test",
		Source: schema.Source{Kind: "csv", Name: "x.csv"}, History: []schema.Step{}},
		Connections: []schema.Item{c}}
	secrets := schema.Secrets{{List: schema.Connections, Name: "Desk"}: schema.NewSecret(password)}
	rig.OK(t, seal.AddSecrets(b, secrets, to))
	if cloud {
		server := b
		var err error
		if b, _, err = transform.Apply(server, transform.DefaultRules(), nil); err != nil {
			t.Fatal(err)
		}
		b.Manifest.Created, b.Manifest.Tool, b.Manifest.History = server.Manifest.Created, server.Manifest.Tool, server.Manifest.History
	}
	var out bytes.Buffer
	rig.OK(t, seal.Create(&out, b, nil, to))
	return out.Bytes()
}

// Fingerprints of two exports are made by two keys: only a recipient's key says
// whether the passwords are equal.
func TestOpenedBundlesAreComparedAsFarAsTheKeyReaches(t *testing.T) {
	ops, rev := newKey(t), newKey(t)
	to := seal.Holders{Recipients: []seal.Recipient{public(t, ops)}, Reviewers: []seal.Recipient{public(t, rev)}}
	opened := func(raw []byte, id age.Identity) compare.File {
		o := rig.Get(seal.Open(bytes.NewReader(raw), []age.Identity{id}, transform.Rerun)).Or(t)
		return compare.File{Name: "x.age", Opened: o}
	}
	for _, c := range []struct {
		name           string
		cloudA, cloudB bool
		passwordB      string
		by             age.Identity
		same           bool
		want           []string
	}{
		{"a recipient, equal passwords", false, false, "hunter2", ops, true, nil},
		{"a recipient, different passwords", false, false, "hunter3", ops, false, []string{"password:changed"}},
		{"a reviewer", false, false, "hunter3", rev, true, []string{"password:not-comparable"}},
		{"a recipient, server and cloud", false, true, "hunter2", ops, true, nil},
		{"a recipient, cloud and server", true, false, "hunter3", ops, false, []string{"password:changed"}},
	} {
		d, err := compare.Opened(opened(exported(t, to, "hunter2", c.cloudA), c.by), opened(exported(t, to, c.passwordB, c.cloudB), c.by))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, it := range d.Connections {
			for _, f := range it.Fields {
				got = append(got, f.Field+":"+string(f.Change))
			}
		}
		if d.Same != c.same || !slices.Equal(got, c.want) {
			t.Errorf("%s: same %v, %q", c.name, d.Same, got)
		}
	}
}

func newKey(t *testing.T) age.Identity {
	t.Helper()
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	return id
}

func public(t *testing.T, id age.Identity) seal.Recipient {
	t.Helper()
	r, ok := seal.RecipientOf(id)
	if !ok {
		t.Fatal("no recipient")
	}
	return r
}
