package importer_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// opened is a bundle with one secret whose credential the rules rename, opened
// with a recipient's key and with a reviewer's.
func opened(t *testing.T, cloud bool) (byRecipient, byReviewer *sealed.Opened, id age.Identity) {
	t.Helper()
	var ids []age.Identity
	var rs []sealed.Recipient
	for range 2 {
		id := rig.Get(age.GenerateX25519Identity()).Or(t)
		r, _ := sealed.RecipientOf(id)
		ids, rs = append(ids, id), append(rs, r)
	}
	to := sealed.Holders{Recipients: rs[:1], Reviewers: rs[1:]}
	b := &schema.Bundle{Format: schema.ServerFormat, Manifest: schema.Manifest{ID: schema.NewID(), Source: schema.Source{Kind: "csv", Name: "x.csv"}},
		Credentials: []schema.Item{&schema.ServerCredential{Name: "google", ClientID: "id", AuthorizationEndpoint: "https://accounts.google.com/o/oauth2/auth", TokenEndpoint: "https://oauth2.googleapis.com/token"}},
		Connections: []schema.Item{&schema.ServerConnection{Name: "Desk", ConnectMode: "Google OAuth2", Username: "g@example.com", OAuth2Credentials: "google"}}}
	b.Manifest.Record("export", "", time.Unix(1700000000, 0))
	var file bytes.Buffer
	rig.OK(t, sealed.Create(&file, b, schema.Secrets{{List: schema.Credentials, Name: "google"}: schema.NewSecret("hunter2")}, to))
	if cloud {
		rules := transform.DefaultRules()
		rules.RenameCredentials = []schema.Rename{{From: "google", To: "Google Cloud"}}
		history := b.Manifest.History
		var err error
		if b, _, err = transform.Apply(b, rules, nil); err != nil {
			t.Fatal(err)
		}
		b.Manifest.History = history
		b.Manifest.Record("transform", "", time.Unix(1700000000, 0))
		file.Reset()
		rig.OK(t, sealed.Create(&file, b, nil, to))
	}
	var os []*sealed.Opened
	for i := range ids {
		o := rig.Get(sealed.Open(bytes.NewReader(file.Bytes()), ids[i:i+1], transform.Rerun)).Or(t)
		os = append(os, o)
	}
	return os[0], os[1], ids[0]
}

func TestOptionsReachAsFarAsTheKeyThatOpened(t *testing.T) {
	o, byReviewer, id := opened(t, true)
	opts, err := importer.For(o, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := opts.Secrets.Sealed(schema.Credentials, "Google Cloud").Reveal(); got != "hunter2" {
		t.Errorf("the secret of the renamed credential is not reached: %d bytes", len(got))
	}
	var sealedTo bytes.Buffer
	w, err := age.Encrypt(&sealedTo, opts.Conflicts.Keepers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := age.Decrypt(&sealedTo, id); err != nil || len(opts.Conflicts.Keepers) != 1 {
		t.Errorf("evidence does not open to who opened the bundle: %v", err)
	}

	opts, err = importer.For(byReviewer, nil, nil)
	if err != nil || opts.Secrets.Sealed != nil || len(opts.Conflicts.Keepers) != 1 {
		t.Errorf("with a reviewer's key: secrets %v, %d recipients, %v", opts.Secrets.Sealed != nil, len(opts.Conflicts.Keepers), err)
	}
}

func TestOptionsTakeACloudBundleAndASelectionThatIsNotEmpty(t *testing.T) {
	o, _, _ := opened(t, true)
	if _, err := importer.For(o, []string{"D*"}, nil); err != nil {
		t.Error(err)
	}
	if _, err := importer.For(o, []string{"google"}, nil); err == nil || err.Error() != `no connection is selected by --include "google"` {
		t.Error(err)
	}
	if _, err := importer.For(o, []string{"[A-Z]*"}, nil); err == nil || err.Error() != `no connection is selected by --include "[A-Z]*"` {
		t.Error(err)
	}
	server, _, _ := opened(t, false)
	if _, err := importer.For(server, nil, nil); err == nil || !strings.Contains(err.Error(), "is a server bundle") {
		t.Error(err)
	}
}

func TestALedgersNameHasNoPathOfTheSite(t *testing.T) {
	for host, want := range map[string]string{
		"gateway.example.com": "cloud.age.gateway.example.com.ledger.jsonl", "127.0.0.1:8080": "cloud.age.127.0.0.1_8080.ledger.jsonl",
		"[::1]:80":    "cloud.age.__1_80.ledger.jsonl",
		"sample-../x": "cloud.age.sample-.._x.ledger.jsonl", `a\b`: "cloud.age.a_b.ledger.jsonl",
	} {
		if got := importer.LedgerBeside("cloud.age", importer.Site{Host: host}); got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
	// Nor of how the site was spelled: one Cloud has one ledger.
	for _, u := range []string{"https://bücher.example", "page+https://XN--BCHER-KVA.example.", "https://bu\u0308cher.example:0443/jira"} {
		if got := importer.LedgerBeside("c.age", importer.Site{URL: u, Host: "as typed"}); got != "c.age.xn--bcher-kva.example.ledger.jsonl" {
			t.Errorf("%s: %s", u, got)
		}
	}
}
