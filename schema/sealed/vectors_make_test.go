package sealed_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"flag"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

var update = flag.Bool("update", false, "write the test vectors anew")

// recipe makes one vector. The outcomes and the place are what its author
// expects, written by hand; the digest is computed, and stock tools confirm it.
type recipe struct {
	name, comment       string
	recipient, reviewer string // outcomes; of nobody where empty
	place               string
	make                func(*maker)
}

// maker is a bundle on its way to a file. It begins as a server bundle with two
// passwords and a client secret, sealed to ops.key and readable by rev.key.
type maker struct {
	t       *testing.T
	bundle  *schema.Bundle
	secrets schema.Secrets
	keys    []string // of recipients; the first is the header's
	viewers []string // reviewers' keys
	header  vector
	pass    string // in place of keys

	cloud bool                         // transform it
	rules func(*schema.Rules)          // edits the rules of the transform
	after func(*schema.Bundle)         // edits what was sealed, and transformed
	part  func(i int, s string) string // edits the text of a sealed part
	seal  []string                     // keys that parts are sealed to, where others than keys
	text  func(string) string          // edits the document's text
	file  func([]byte) []byte          // edits the file
	sign  func(*maker, sealed.StatementSubject) []schema.Statement
	again bool // transform a second time, after the edit
}

const vectorRules = `{"format":"mailferry/rules/v1",
"credentials":{"fields":[{"from":"name","to":"name"},{"from":"service_provider","to":"service_provider"},{"from":"client_id","to":"client_id"},
 {"from":"client_secret","to":"client_secret"},{"from":"authorization_endpoint","to":"authorization_endpoint"},
 {"from":"token_endpoint","to":"token_endpoint"},{"from":"grant","to":"grant"}],
 "drops":[{"field":"callback_url","verified":true,"reason":"it belongs to one Jira"},{"field":"extra.*","verified":false,"reason":"no place"}]},
"connections":{"fields":[{"from":"name","to":"name"},{"from":"description","to":"description"},{"from":"from_address","to":"from_email_address"},
 {"from":"prefix","to":"email_prefix"},{"from":"connect_mode","to":"service_provider","values":"provider"},{"from":"encryption","to":"encryption"},
 {"from":"username","to":"username"},{"from":"password","to":"password"},{"from":"host","to":"host"},{"from":"port","to":"smtp_port"},
 {"from":"debug","to":"debug"},{"from":"oauth2_credentials","to":"oauth2_credentials"}],
 "drops":[{"field":"extra.*","verified":false,"reason":"no place"}]},
"values":{"provider":[{"from":"SMTP","to":"General SMTP service","verified":false}]}}`

const vectorID = "000102030405060708090a0b0c0d0e0f"

func vectorBundle() (*schema.Bundle, schema.Secrets) {
	b := &schema.Bundle{Format: schema.ServerFormat,
		Manifest: schema.Manifest{ID: vectorID, Created: schema.At(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)), Tool: "vectors",
			Source: schema.Source{Kind: "csv", Name: "connections.csv"}, History: []schema.Step{}},
		Credentials: []schema.Item{&schema.ServerCredential{Name: "google", ClientID: "client-1", TokenEndpoint: "https://oauth2.example.com/token"}},
		Connections: []schema.Item{
			&schema.ServerConnection{Name: "Desk", Description: "Answers", Prefix: "[D]", ConnectMode: "SMTP", Host: "mail.example.com", Port: 587, Encryption: "STARTTLS", Username: "desk"},
			&schema.ServerConnection{Name: "Billing", ConnectMode: "SMTP", Host: "smtp.example.net", Port: 465, Encryption: "SSL/TLS", Username: "billing"},
			&schema.ServerConnection{Name: "Sales", ConnectMode: "Google OAuth2", Username: "sales@example.com", OAuth2Credentials: "google"},
		}}
	return b, schema.Secrets{
		{List: schema.Connections, Name: "Desk"}:    schema.NewSecret("correct horse"),
		{List: schema.Connections, Name: "Billing"}: schema.NewSecret("battery staple"),
		{List: schema.Credentials, Name: "google"}:  schema.NewSecret("client-secret-1"),
	}
}

// TestVectorsAreWhatTheirGeneratorMakes makes every vector anew, byte for byte.
// With -update it writes them.
func TestVectorsAreWhatTheirGeneratorMakes(t *testing.T) {
	if *update {
		makeVectorKeys(t)
	}
	made := map[string]bool{}
	for _, r := range slices.Concat(vectorsThatOpen, vectorsOfDocuments, vectorsOfSeals, vectorsOfTransforms, vectorsOfStatements) {
		t.Run(r.name, func(t *testing.T) {
			if made[r.name] {
				t.Fatal("two have this name")
			}
			made[r.name] = true
			raw := r.build(t)
			path := filepath.Join(vectorDir, r.name)
			if *update {
				rig.OK(t, os.WriteFile(path, raw, 0o644))
			}
			if was, err := os.ReadFile(path); err != nil || !bytes.Equal(was, raw) {
				t.Errorf("the generator makes another file (%v); go test ./schema/sealed -run Vectors -update writes it", err)
			}
		})
	}
	for _, name := range vectorNames(t) {
		if !made[name] {
			t.Errorf("%s: the generator does not know it", name)
		}
	}
}

// build makes a vector's file. Its randomness depends on its name alone.
func (r recipe) build(t *testing.T) []byte {
	seed := fnv.New64a()
	_, _ = io.WriteString(seed, r.name)
	cryptotest.SetGlobalRandom(t, seed.Sum64())
	m := &maker{t: t, keys: []string{"ops.key"}, viewers: []string{"rev.key"}}
	m.bundle, m.secrets = vectorBundle()
	m.header.header = map[string][]string{}
	if r.make != nil {
		r.make(m)
	}
	m.header.set("comment", r.comment)
	m.header.set("place", r.place)
	if m.pass != "" {
		m.header.set("passphrase", m.pass+" "+r.recipient)
	} else {
		m.header.set("recipient", m.keys[0]+" "+r.recipient)
	}
	if r.reviewer != "" && len(m.viewers) > 0 {
		m.header.set("reviewer", m.viewers[0]+" "+r.reviewer)
	}
	doc := m.document()
	if r.recipient == "valid" && m.header.one("secrets") == "" && len(m.secrets) > 0 {
		m.header.set("secrets", secretsJSON(t, m.secrets))
	}
	if b, err := schema.Decode([]byte(doc)); err == nil && (r.recipient == "valid" || r.reviewer == "valid") {
		digest, err := b.Digest()
		must(t, err)
		m.header.set("digest", digest)
	}
	m.header.file = m.encrypt([]byte(doc), false, slices.Concat(m.keys, m.viewers))
	if m.file != nil {
		m.header.file = m.file(m.header.file)
	}
	return m.header.encode()
}

// document is the JSON text that goes into the file.
func (m *maker) document() string {
	ops := m.holders("ops.key")
	must(m.t, sealed.Create(io.Discard, m.bundle, m.secrets, ops))
	b := m.bundle
	b.Manifest.Recipients, b.Manifest.Reviewers = m.listed(m.keys), m.listed(m.viewers)
	if m.pass != "" {
		b.Manifest.Recipients, b.Manifest.Reviewers = []schema.KeyHolder{{Key: sealed.PassphraseKey}}, []schema.KeyHolder{}
	}
	transformed := func(b *schema.Bundle) *schema.Bundle {
		if !m.cloud {
			return b
		}
		rules, err := transform.ParseRules([]byte(vectorRules))
		must(m.t, err)
		if m.rules != nil {
			m.rules(rules)
		}
		c, _, err := transform.Apply(b, rules, nil)
		must(m.t, err)
		manifest := b.Manifest
		manifest.ID, manifest.Source = c.Manifest.ID, c.Manifest.Source
		c.Manifest = manifest
		return c
	}
	out := transformed(b)
	if m.sign != nil {
		subject, err := sealed.SubjectOf(out)
		must(m.t, err)
		var texts []string
		for _, s := range m.sign(m, subject) {
			text, err := schema.Marshal(s)
			must(m.t, err)
			texts = append(texts, string(text))
		}
		m.header.set("statement", texts...)
	}
	if m.again {
		m.after(b)
		out = transformed(b)
	} else if m.after != nil {
		m.after(out)
	}
	m.reseal(out)
	doc, err := out.Encode()
	must(m.t, err)
	text := string(doc)
	if m.text != nil {
		text = m.text(text)
	}
	return text
}

// reseal edits the sealed parts, and seals them to whom the vector wants.
func (m *maker) reseal(b *schema.Bundle) {
	to := m.keys
	if m.seal != nil {
		to = m.seal
	}
	for i, armored := range b.Sealed {
		plain, err := sealed.Decrypt(strings.NewReader(armored), 1<<20, vectorIdentity(m.t, "recipient", "ops.key"))
		if err != nil {
			continue
		}
		if m.part != nil {
			plain = []byte(m.part(i, string(plain)))
		}
		b.Sealed[i] = string(m.encrypt(plain, true, to))
	}
}

func (m *maker) encrypt(plain []byte, armored bool, keys []string) []byte {
	var to []age.Recipient
	for _, k := range keys {
		to = append(to, vectorRecipient(m.t, k))
	}
	if m.pass != "" {
		r, err := age.NewScryptRecipient(m.pass)
		must(m.t, err)
		r.SetWorkFactor(10)
		to = []age.Recipient{r}
	}
	if armored {
		out, err := sealed.Encrypt(plain, to)
		must(m.t, err)
		return out
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	must(m.t, err)
	_, err = w.Write(plain)
	must(m.t, errors.Join(err, w.Close()))
	return out.Bytes()
}

func (m *maker) holders(keys ...string) sealed.Holders {
	var h sealed.Holders
	for _, k := range m.listed(keys) {
		r, err := sealed.Keys{}.Recipient(k.Key)
		must(m.t, err)
		h.Recipients = append(h.Recipients, r)
	}
	return h
}

func (m *maker) listed(keys []string) []schema.KeyHolder {
	out := []schema.KeyHolder{}
	for _, k := range keys {
		out = append(out, schema.KeyHolder{Label: strings.TrimSuffix(k, ".key"), Key: vectorPublic(m.t, k)})
	}
	return out
}

// connection returns a connection of the bundle as Server has it.
func (m *maker) connection(name string) *schema.ServerConnection {
	return schema.Find(m.bundle.Connections, name).(*schema.ServerConnection)
}

// empty leaves nothing to seal.
func (m *maker) empty() {
	m.bundle.Credentials, m.bundle.Connections, m.secrets = []schema.Item{}, []schema.Item{}, nil
	m.bundle.Sealed = []string{}
}

// replace edits the document's text, which must hold the old one.
func (m *maker) replace(old, new string) {
	m.text = func(doc string) string { return swapText(m.t, doc, old, new) }
}

func swapText(t *testing.T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("there is no %s in %.400s", old, text)
	}
	return strings.Replace(text, old, new, 1)
}

func vectorPublic(t *testing.T, key string) string {
	if id, ok := sealed.RecipientOf(vectorIdentity(t, "recipient", key)); ok {
		return id.Key
	}
	raw, err := os.ReadFile(filepath.Join(vectorDir, "keys", key+".pub"))
	must(t, err)
	return strings.TrimSpace(string(raw))
}

func vectorRecipient(t *testing.T, key string) age.Recipient {
	if id, ok := sealed.RecipientOf(vectorIdentity(t, "recipient", key)); ok {
		return id.Age()
	}
	r, err := agessh.ParseRecipient(vectorPublic(t, key))
	must(t, err)
	return r
}

// signer is one of the SSH keys that statements are signed with.
func (m *maker) signer(name string) *sealed.Signer {
	s, err := sealed.LoadSigner(m.t.Context(), filepath.Join(vectorDir, "keys", name), nil)
	must(m.t, err)
	return s
}

// lists adds a line of an allowed_signers file.
func (m *maker) lists(principal, key string) {
	m.header.header["allowed-signer"] = append(m.header.header["allowed-signer"],
		principal+` namespaces="mailferry" `+strings.Join(strings.Fields(vectorPublic(m.t, key))[:2], " "))
}

// signs is a statement about the subject.
func (m *maker) signs(s sealed.StatementSubject, who, role, decision string, edit func(*schema.StatementBody)) schema.Statement {
	body := s.Body(role, decision, schema.At(time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC)))
	if edit != nil {
		edit(&body)
	}
	out, err := sealed.SignStatement(body, m.signer(who))
	must(m.t, err)
	return out
}

// signRaw signs any text in any namespace with any key.
func (m *maker) signRaw(key, text, namespace string) schema.Statement {
	raw, err := os.ReadFile(filepath.Join(vectorDir, "keys", key))
	must(m.t, err)
	signer, err := ssh.ParsePrivateKey(raw)
	must(m.t, err)
	sig, err := sshsig.Sign(strings.NewReader(text), signer, sshsig.HashSHA512, namespace)
	must(m.t, err)
	return schema.Statement{Format: schema.StatementFormat, Statement: text, Signature: string(sshsig.Armor(sig))}
}

// makeVectorKeys makes the keys that are not there yet.
func makeVectorKeys(t *testing.T) {
	save := func(name string, private, public string) {
		path := filepath.Join(vectorDir, "keys", name)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return
		}
		must(t, os.WriteFile(path, []byte(private), 0o600))
		if public != "" {
			must(t, os.WriteFile(path+".pub", []byte(public), 0o644))
		}
	}
	for _, name := range []string{"ops.key", "rev.key", "backup.key", "stranger.key"} {
		id, err := age.GenerateX25519Identity()
		must(t, err)
		save(name, id.String()+"\n", "")
	}
	for _, name := range []string{"pq-ops.key", "pq-rev.key"} {
		id, err := age.GenerateHybridIdentity()
		must(t, err)
		save(name, id.String()+"\n", "")
	}
	ssher := func(name string, private any) {
		block, err := ssh.MarshalPrivateKey(private, name)
		must(t, err)
		signer, err := ssh.NewSignerFromKey(private)
		must(t, err)
		save(name, string(pem.EncodeToMemory(block)), string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	}
	for _, name := range []string{"ssh-ed25519", "anna", "bea", "exporter"} {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		ssher(name, private)
	}
	for name, bits := range map[string]int{"ssh-rsa": 3072, "rsa-2048": 2048} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		must(t, err)
		ssher(name, private)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
