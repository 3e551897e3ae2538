package sealed_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// party is somebody with a key.
type party struct {
	id   age.Identity
	text string
	pub  sealed.Recipient
}

func newParty(t *testing.T, pq bool) party {
	t.Helper()
	var p party
	if pq {
		id := rig.Get(age.GenerateHybridIdentity()).Or(t)
		p.id, p.text = id, id.String()
	} else {
		id := rig.Get(age.GenerateX25519Identity()).Or(t)
		p.id, p.text = id, id.String()
	}
	rec, _ := sealed.RecipientOf(p.id)
	var err error
	if p.pub, err = (sealed.Keys{}).Recipient(rec.Key); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p party) file(t *testing.T) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "key")
	rig.OK(t, os.WriteFile(f, []byte(p.text+"\n"), 0o600))
	return f
}

const (
	deskSecret   = "desk-pässword-c4nary"
	clientSecret = "client-secret-c4nary"
)

func content() (*schema.Bundle, schema.Secrets) {
	b := &schema.Bundle{Format: schema.ServerFormat,
		Manifest: schema.Manifest{ID: schema.NewID(), Created: schema.At(time.Unix(1700000000, 0)), Tool: "mailferry test",
			Source: schema.Source{Kind: "csv", Name: "x.csv"}, History: []schema.Step{}},
		Credentials: []schema.Item{&schema.ServerCredential{Name: "google", ClientID: "id", TokenEndpoint: "https://oauth2.googleapis.com/token"}},
		Connections: []schema.Item{
			&schema.ServerConnection{Name: "Desk", ConnectMode: "SMTP", Host: "mail.example.com", Port: 587, Encryption: "STARTTLS", Username: "desk"},
			&schema.ServerConnection{Name: "HR", ConnectMode: "SMTP", Host: "mail.example.com", Port: 587, Username: "hr"},
			&schema.ServerConnection{Name: "Relay", ConnectMode: "SMTP", Host: "relay.example.com", Port: 25},
			&schema.ServerConnection{Name: "G", ConnectMode: "Google OAuth2", Username: "g@example.com", OAuth2Credentials: "google"},
		}}
	s := schema.Secrets{
		{List: schema.Connections, Name: "Desk"}:   schema.NewSecret(deskSecret),
		{List: schema.Connections, Name: "HR"}:     schema.NewSecret(deskSecret),
		{List: schema.Credentials, Name: "google"}: schema.NewSecret(clientSecret),
	}
	return b, s
}

// bundle writes a server bundle, or its transform, for these readers.
func bundle(t *testing.T, to sealed.Holders, cloud bool) []byte {
	t.Helper()
	b, secrets := content()
	rig.OK(t, sealed.Create(io.Discard, b, secrets, to))
	if cloud {
		b = toCloud(t, b)
	}
	return write(t, b, to)
}

func toCloud(t *testing.T, b *schema.Bundle) *schema.Bundle {
	t.Helper()
	rules := transform.DefaultRules()
	c, _, err := transform.Apply(b, rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Manifest.Created, c.Manifest.Tool, c.Manifest.History = b.Manifest.Created, b.Manifest.Tool, b.Manifest.History
	return c
}

func write(t *testing.T, b *schema.Bundle, to sealed.Holders) []byte {
	t.Helper()
	var out bytes.Buffer
	rig.OK(t, sealed.Create(&out, b, nil, to))
	return out.Bytes()
}

func open(raw []byte, p party) (*sealed.Opened, error) {
	return sealed.Open(bytes.NewReader(raw), []age.Identity{p.id}, transform.Rerun)
}

func TestRecipientsOpenEverythingAndReviewersNoSecret(t *testing.T) {
	for _, pq := range []bool{false, true} {
		for _, cloud := range []bool{false, true} {
			t.Run(fmt.Sprintf("pq=%v,cloud=%v", pq, cloud), func(t *testing.T) {
				ops, rev := newParty(t, pq), newParty(t, pq)
				raw := bundle(t, sealed.Holders{Recipients: []sealed.Recipient{ops.pub}, Reviewers: []sealed.Recipient{rev.pub}}, cloud)
				o := rig.Get(open(raw, ops)).Or(t)
				if !o.Reveals() || o.Secret(schema.Connections, "Desk").Reveal() != deskSecret || o.Secret(schema.Credentials, "google").Reveal() != clientSecret {
					t.Error("the recipient does not get the secrets")
				}
				r := rig.Get(open(raw, rev)).Or(t)
				if r.Reveals() || len(r.Secrets()) != 0 {
					t.Error("the reviewer gets secrets")
				}
				if r.Digest != o.Digest || len(r.Bundle.Connections) != 4 {
					t.Error("the reviewer sees other settings")
				}
				if _, err := open(raw, newParty(t, pq)); !errors.As(err, new(*sealed.WrongKeyError)) {
					t.Errorf("a stranger: %v", err)
				}
				if bytes.Contains(raw, []byte("mail.example.com")) {
					t.Error("a setting is readable without a key")
				}
			})
		}
	}
}

func TestPassphraseOpensBothLayers(t *testing.T) {
	pass := schema.NewSecret("correct horse")
	raw := bundle(t, sealed.Holders{Passphrase: pass}, false)
	id := rig.Get(sealed.PassphraseIdentity(pass)).Or(t)
	o, err := sealed.Open(bytes.NewReader(raw), []age.Identity{id}, transform.Rerun)
	if err != nil || o.Secret(schema.Connections, "Desk").Reveal() != deskSecret {
		t.Fatalf("%v", err)
	}
	if o.Bundle.Manifest.Recipients[0].Key != sealed.PassphraseKey {
		t.Error("the manifest does not say passphrase")
	}
	wrong, _ := sealed.PassphraseIdentity(schema.NewSecret("wrong"))
	if _, err := sealed.Open(bytes.NewReader(raw), []age.Identity{wrong}, transform.Rerun); err == nil {
		t.Error("a wrong passphrase opens it")
	}
	if err := (sealed.Holders{Passphrase: pass, Recipients: []sealed.Recipient{newParty(t, false).pub}}).Check(); err == nil {
		t.Error("a passphrase does not stand alone")
	}
}

func TestFingerprintsShowEqualSecretsWithinOneKeyOnly(t *testing.T) {
	ops := newParty(t, false)
	to := sealed.Holders{Recipients: []sealed.Recipient{ops.pub}}
	fp := func() (desk, hr string) {
		o := rig.Get(open(bundle(t, to, false), ops)).Or(t)
		return schema.SecretMarker(o.Bundle.Connections[0]).Fingerprint, schema.SecretMarker(o.Bundle.Connections[1]).Fingerprint
	}
	d1, h1 := fp()
	d2, _ := fp()
	if d1 != h1 {
		t.Error("equal secrets have different fingerprints")
	}
	if d1[:8] == d2[:8] || d1[9:] == d2[9:] {
		t.Error("two exports have comparable fingerprints")
	}
}

func TestMixedAndDoubledReadersAreRefused(t *testing.T) {
	a, b, pq := newParty(t, false), newParty(t, false), newParty(t, true)
	for name, rs := range map[string]sealed.Holders{
		"nobody":                 {},
		"reviewers only":         {Reviewers: []sealed.Recipient{a.pub}},
		"pq with classic":        {Recipients: []sealed.Recipient{a.pub, pq.pub}},
		"pq reviewer":            {Recipients: []sealed.Recipient{a.pub}, Reviewers: []sealed.Recipient{pq.pub}},
		"twice":                  {Recipients: []sealed.Recipient{a.pub, a.pub}},
		"recipient and reviewer": {Recipients: []sealed.Recipient{a.pub, b.pub}, Reviewers: []sealed.Recipient{a.pub}},
	} {
		if rs.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestDamageIsAnErrorWithNothingReleased(t *testing.T) {
	ops := newParty(t, false)
	raw := bundle(t, sealed.Holders{Recipients: []sealed.Recipient{ops.pub}}, false)
	for _, n := range []int{0, 1, 20, len(raw) / 2, len(raw) - 17, len(raw) - 1} {
		if _, err := open(raw[:n], ops); err == nil {
			t.Errorf("cut to %d bytes opens", n)
		}
	}
	for n := 0; n < len(raw); n += 41 {
		bad := bytes.Clone(raw)
		bad[n] ^= 1
		if _, err := open(bad, ops); err == nil {
			t.Errorf("byte %d flipped opens", n)
		}
	}
	if _, err := open(append(bytes.Clone(raw), 'x'), ops); err == nil {
		t.Error("a byte more opens")
	}
}

func TestOtherFilesAreNamed(t *testing.T) {
	ops := newParty(t, false)
	for text, want := range map[string]string{
		"": "empty", " \n": "empty",
		`{"format":"mailferry/server-bundle/v1"}`: "plain JSON: a bundle is an age file",
		`{"a":1}`:      "plain JSON, not an age file",
		"PK\x03\x04xx": "a zip archive",
		"hello":        "not an age file",
	} {
		if _, err := open([]byte(text), ops); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// forge opens a bundle as one of its readers can, lets change alter the
// document, and writes a well-formed file again to the same readers.
func forge(t *testing.T, raw []byte, by party, to sealed.Holders, change func(*schema.Bundle)) []byte {
	t.Helper()
	doc := rig.Get(sealed.Decrypt(bytes.NewReader(raw), schema.MaxDocument, by.id)).Or(t)
	b, err := schema.Decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	change(b)
	b.Manifest.Recipients, b.Manifest.Reviewers = manifestReaders(to.Recipients), manifestReaders(to.Reviewers)
	var keys []age.Recipient
	for _, r := range append(append([]sealed.Recipient{}, to.Recipients...), to.Reviewers...) {
		keys = append(keys, r.Age())
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, keys...)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = b.Encode(); err != nil {
		t.Fatal(err)
	}
	rig.Get(w.Write(doc)).Or(t)
	rig.OK(t, w.Close())
	return out.Bytes()
}

func manifestReaders(list []sealed.Recipient) []schema.KeyHolder {
	out := []schema.KeyHolder{}
	for _, r := range list {
		out = append(out, schema.KeyHolder{Label: r.Label, Key: r.Key})
	}
	return out
}

func TestAReviewerWhoAltersTheBundleGetsNoSecretSent(t *testing.T) {
	ops, rev := newParty(t, false), newParty(t, false)
	to := sealed.Holders{Recipients: []sealed.Recipient{ops.pub}, Reviewers: []sealed.Recipient{rev.pub}}
	conn := func(b *schema.Bundle, i int) *schema.ServerConnection {
		return b.ServerItems(schema.Connections)[i].(*schema.ServerConnection)
	}
	other := bundle(t, to, false)
	for name, change := range map[string]func(*schema.Bundle){
		"re-points a host":      func(b *schema.Bundle) { conn(b, 0).Host = "evil.example" },
		"changes the port":      func(b *schema.Bundle) { conn(b, 0).Port = 2525 },
		"changes the user":      func(b *schema.Bundle) { conn(b, 0).Username = "eve" },
		"takes encryption away": func(b *schema.Bundle) { conn(b, 0).Encryption = "" },
		"re-points the endpoint": func(b *schema.Bundle) {
			b.Credentials[0].(*schema.ServerCredential).TokenEndpoint = "https://evil.example/"
		},
		"swaps two markers": func(b *schema.Bundle) {
			c := b.Credentials[0].(*schema.ServerCredential)
			c.ClientSecret, conn(b, 0).Password = conn(b, 0).Password, c.ClientSecret
		},
		"gives a password to another": func(b *schema.Bundle) { conn(b, 2).Username = "x"; conn(b, 2).Password = conn(b, 0).Password },
		"renames a connection":        func(b *schema.Bundle) { conn(b, 0).Name = "Desk 2" },
		"swaps two hosts": func(b *schema.Bundle) {
			conn(b, 0).Host, conn(b, 2).Host = conn(b, 2).Host, conn(b, 0).Host
		},
		"alters the id":        func(b *schema.Bundle) { b.Manifest.ID = schema.NewID() },
		"drops the seal":       func(b *schema.Bundle) { b.Sealed = nil },
		"doubles the seal":     func(b *schema.Bundle) { b.Sealed = append(b.Sealed, b.Sealed[0]) },
		"takes another's seal": func(b *schema.Bundle) { b.Sealed = otherSealed(t, other, rev) },
		"makes a seal of its own": func(b *schema.Bundle) {
			own := *b
			own.Sealed = nil
			_, secrets := content()
			clone := append([]schema.Item{}, b.Connections...)
			keep := *conn(b, 0).Password
			rig.OK(t, sealed.Create(io.Discard, &own, secrets, to))
			b.Connections, b.Sealed = clone, own.Sealed
			conn(b, 0).Password = &keep
		},
	} {
		t.Run(name, func(t *testing.T) {
			raw := forge(t, bundle(t, to, false), rev, to, change)
			if _, err := open(raw, ops); !errors.Is(err, sealed.ErrAltered) {
				t.Errorf("the recipient is told: %v", err)
			} else if strings.Contains(err.Error(), deskSecret) {
				t.Error("the error holds the secret")
			}
		})
	}
}

func otherSealed(t *testing.T, raw []byte, by party) []string {
	doc := rig.Get(sealed.Decrypt(bytes.NewReader(raw), schema.MaxDocument, by.id)).Or(t)
	b := rig.Get(schema.Decode(doc)).Or(t)
	return b.Sealed
}

func TestACloudBundleThatIsNotItsOriginsTransformIsRefused(t *testing.T) {
	ops, rev := newParty(t, false), newParty(t, false)
	to := sealed.Holders{Recipients: []sealed.Recipient{ops.pub}, Reviewers: []sealed.Recipient{rev.pub}}
	conn := func(b *schema.Bundle, i int) *schema.CloudConnection {
		return b.Connections[i].(*schema.CloudConnection)
	}
	for name, change := range map[string]func(*schema.Bundle){
		"host":                func(b *schema.Bundle) { conn(b, 0).Host = "evil.example" },
		"dropped":             func(b *schema.Bundle) { b.Connections = b.Connections[1:] },
		"reordered":           func(b *schema.Bundle) { b.Connections[0], b.Connections[1] = b.Connections[1], b.Connections[0] },
		"marker":              func(b *schema.Bundle) { conn(b, 1).Password = nil },
		"id":                  func(b *schema.Bundle) { b.Manifest.ID = schema.NewID() },
		"source":              func(b *schema.Bundle) { b.Manifest.Source.SHA256 = strings.Repeat("0", 64) },
		"origin's id":         func(b *schema.Bundle) { b.Origin.Manifest.ID = schema.NewID() },
		"origin's name":       func(b *schema.Bundle) { b.Origin.Connections[0].(*schema.ServerConnection).Name = "x" },
		"rules":               func(b *schema.Bundle) { b.Origin.Rules.Values["service_provider"][0].To = "x" },
		"rules that re-point": func(b *schema.Bundle) { b.Origin.Rules.Connections.Fields[8].To = "description" },
		"host on both sides": func(b *schema.Bundle) {
			conn(b, 0).Host = "evil.example"
			b.Origin.Connections[0].(*schema.ServerConnection).Host = "evil.example"
		},
		"encryption everywhere": func(b *schema.Bundle) { b.Origin.Connections[0].(*schema.ServerConnection).Encryption = "" },
	} {
		t.Run(name, func(t *testing.T) {
			raw := forge(t, bundle(t, to, true), rev, to, change)
			if _, err := open(raw, ops); !errors.Is(err, sealed.ErrAltered) {
				t.Errorf("the recipient is told: %v", err)
			}
			if _, err := open(raw, rev); !errors.Is(err, sealed.ErrAltered) {
				t.Errorf("a reviewer is told: %v", err)
			}
		})
	}
	// A forger who transforms again passes for a reviewer, whose key does not
	// reach the seal; the recipient's does.
	raw := forge(t, bundle(t, to, true), rev, to, func(b *schema.Bundle) {
		b.Origin.Connections[0].(*schema.ServerConnection).Host = "evil.example"
		again := rig.Get(transform.Rerun(b.Origin)).Or(t)
		b.Manifest.ID, b.Manifest.Source, b.Connections = again.Manifest.ID, again.Manifest.Source, again.Connections
	})
	if _, err := open(raw, rev); err != nil {
		t.Errorf("a consistent forgery is for statements to catch with a reviewer's key: %v", err)
	}
	if _, err := open(raw, ops); !errors.Is(err, sealed.ErrAltered) {
		t.Errorf("the recipient is told: %v", err)
	}
}

func TestSealedPartsTellLittleByTheirLength(t *testing.T) {
	ops := newParty(t, false)
	to := sealed.Holders{Recipients: []sealed.Recipient{ops.pub}}
	size := func(password string) int {
		b, _ := content()
		rig.OK(t, sealed.Create(io.Discard, b, schema.Secrets{{List: schema.Connections, Name: "Desk"}: schema.NewSecret(password)}, to))
		plain, err := sealed.Decrypt(strings.NewReader(b.Sealed[0]), 1<<20, ops.id)
		if err != nil || len(plain)%1024 != 0 {
			t.Fatalf("%d bytes, %v", len(plain), err)
		}
		return len(b.Sealed[0])
	}
	if size("x") != size(strings.Repeat("x", 100)) {
		t.Error("the length of a password shows")
	}
}

// run runs a real program.
func run(t *testing.T, stdin []byte, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", name, err, errs.String())
	}
	return out.String(), err
}

func TestAgeAndJqOpenABundleWithoutMailferry(t *testing.T) {
	modern := filepath.Join(t.TempDir(), "age")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", modern, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		name, age string
		pq        bool
	}{{"Debian's age", "age", false}, {"age 1.3, classic", modern, false}, {"age 1.3, post-quantum", modern, true}} {
		t.Run(c.name, func(t *testing.T) {
			ops, rev := newParty(t, c.pq), newParty(t, c.pq)
			raw := bundle(t, sealed.Holders{Recipients: []sealed.Recipient{ops.pub}, Reviewers: []sealed.Recipient{rev.pub}}, true)
			for _, p := range []party{ops, rev} {
				doc := rig.Get(run(t, raw, c.age, "-d", "-i", p.file(t))).Or(t)
				host, err := run(t, []byte(doc), "jq", "-r", ".connections[0].host")
				if err != nil || host != "mail.example.com\n" {
					t.Errorf("jq says %q, %v", host, err)
				}
				if strings.Contains(doc, deskSecret) {
					t.Error("the outer layer holds a secret")
				}
				inner := rig.Get(run(t, []byte(doc), "jq", "-r", ".sealed[0]")).Or(t)
				secrets, err := run(t, []byte(inner), c.age, "-d", "-i", p.file(t))
				if p.text == rev.text {
					if err == nil {
						t.Error("the reviewer's key opens the secrets")
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				value, err := run(t, []byte(secrets), "jq", "-r", `.secrets[] | select(.name=="Desk") | .value`)
				if err != nil || value != deskSecret+"\n" {
					t.Errorf("jq gives another password (%v)", err)
				}
			}
		})
	}
}

func TestKeysExplainWhatTheyAreNot(t *testing.T) {
	p := newParty(t, false)
	for text, want := range map[string]string{
		"":                 "is not an age recipient",
		"ssh-ed25519 AAAA": "not a whole SSH public key",
		"ssh-dss AAAA":     "not a whole SSH public key",
		p.text:             "a secret key was given",
		p.pub.Key[:40]:     "a character is wrong or missing",
		"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t": "needs an age plugin",
	} {
		_, err := (sealed.Keys{}).Recipient(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q…: %v", text, err)
		} else if text == p.text && strings.Contains(err.Error(), p.text[20:40]) {
			t.Error("the error holds the secret key")
		}
	}
	r, err := (sealed.Keys{}).Recipient("anna=" + p.pub.Key)
	if err != nil || r.Label != "anna" || r.Key != p.pub.Key {
		t.Errorf("%+v, %v", r, err)
	}
	rs, err := (sealed.Keys{}).RecipientsFile(strings.NewReader("# Operations\n" + p.pub.Key + "\n\n" + newParty(t, false).pub.Key + "\n"))
	if err != nil || len(rs) != 2 || rs[0].Label != "Operations" || rs[1].Label != "" {
		t.Errorf("%+v, %v", rs, err)
	}
	_, err = (sealed.Keys{}).Identities(strings.NewReader(p.text[:50]+"\n"), nil)
	if err == nil || strings.Contains(err.Error(), p.text[20:40]) {
		t.Errorf("a broken identity: %v", err)
	}
	if _, err = (sealed.Keys{}).Identities(strings.NewReader(p.pub.Key), nil); err == nil || !strings.Contains(err.Error(), "a recipient, not an identity") {
		t.Errorf("%v", err)
	}
}

func TestHeaderIsReadWithoutAKey(t *testing.T) {
	for _, pq := range []bool{false, true} {
		ops, rev := newParty(t, pq), newParty(t, pq)
		raw := bundle(t, sealed.Holders{Recipients: []sealed.Recipient{ops.pub}, Reviewers: []sealed.Recipient{rev.pub}}, false)
		h, err := sealed.ReadHeader(bytes.NewReader(raw))
		if err != nil || len(h.Stanzas) != 2 || h.PostQuantum != pq {
			t.Errorf("pq=%v: %+v, %v", pq, h, err)
		}
	}
}
