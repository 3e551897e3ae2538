package sealed_test

import (
	"bytes"
	"strings"

	"filippo.io/age/armor"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// vectorsThatOpen are bundles that every implementation has to take.
var vectorsThatOpen = []recipe{
	{"server-empty", "nothing to carry", "valid", "valid", "", func(m *maker) { m.empty() }},
	{"server-passwords", "two passwords and a client secret in one sealed part", "valid", "valid", "", nil},
	{"server-no-reviewer", "recipients alone", "valid", "", "", func(m *maker) { m.viewers = nil }},
	{"server-two-recipients", "either of two recipients opens everything", "valid", "valid", "", func(m *maker) {
		m.keys = []string{"backup.key", "ops.key"}
	}},
	{"server-every-field", "every field of a connection and a credential, extra values too", "valid", "valid", "", func(m *maker) {
		c := m.connection("Desk")
		c.FromAddress, c.Debug, c.Extra = "desk@example.com", true, map[string]string{"timeout": "10000", "b": "", "a.b": "1e400"}
		m.bundle.Credentials[0] = &schema.ServerCredential{Name: "google", ServiceProvider: "Google OAuth2 Provider", ClientID: "client-1",
			AuthorizationEndpoint: "https://accounts.example.com/auth", TokenEndpoint: "https://oauth2.example.com/token",
			CallbackURL: "https://jira.example.com/callback", Grant: "authorization_code", Extra: map[string]string{"scope": "mail"}}
	}},
	{"server-secret-missing", "markers that say why there is no secret", "valid", "valid", "", func(m *maker) {
		delete(m.secrets, schema.SecretKey{List: schema.Connections, Name: "Desk"})
		m.connection("Desk").Password = &schema.Marker{State: schema.Missing, Reason: "masked in the sheet"}
	}},
	{"server-unicode", "names and texts of many scripts, line separators, a direction mark", "valid", "valid", "", func(m *maker) {
		m.connection("Desk").Description = "Größe 😀 \u2028\u2029 \u202eabc\u202c 日本語 e\u0301 \u00e9 \"\\/\b\f\n\r\t\u0001"
	}},
	{"server-delete-character", "U+007F stands for itself in RFC 8785; jq writes it as an escape", "valid", "valid", "", func(m *maker) {
		m.connection("Desk").Description = "a\x7fb"
		m.header.set("stock-jq", "writes U+007F otherwise")
	}},
	{"server-astral-names", "names of members sort by UTF-16 units, not by code points; jq does the latter", "valid", "valid", "", func(m *maker) {
		m.connection("Desk").Extra = map[string]string{"\U0001f600": "1", "\ufb33": "2"}
		m.header.set("stock-jq", "sorts otherwise")
	}},
	{"server-written-otherwise", "escapes, blanks and another order of members are the same content as server-passwords", "valid", "valid", "", func(m *maker) {
		m.text = func(doc string) string {
			doc = swapText(m.t, doc, `"name":"Desk","description":"Answers"`, ` "\u0064escription" : "\u0041nswers" ,`+"\n\t"+`"name":"\u0044esk"`)
			return swapText(m.t, doc, `"port":587`, `"port": 587`)
		}
	}},
	{"server-blanks-behind", "blanks behind the document's end", "valid", "valid", "", func(m *maker) {
		m.text = func(doc string) string { return doc + " \t\r\n" }
	}},
	{"server-armored", "an armored file is taken too", "valid", "valid", "", func(m *maker) {
		m.file = func(raw []byte) []byte {
			var b bytes.Buffer
			w := armor.NewWriter(&b)
			_, err := w.Write(raw)
			must(m.t, err)
			must(m.t, w.Close())
			return b.Bytes()
		}
	}},
	{"server-post-quantum", "ML-KEM-768 with X25519, in both layers", "valid", "valid", "", func(m *maker) {
		m.keys, m.viewers = []string{"pq-ops.key"}, []string{"pq-rev.key"}
	}},
	{"server-ssh-ed25519", "an SSH key as recipient", "valid", "valid", "", func(m *maker) { m.keys = []string{"ssh-ed25519"} }},
	{"server-ssh-rsa", "an RSA key as recipient", "valid", "valid", "", func(m *maker) { m.keys = []string{"ssh-rsa"} }},
	{"server-passphrase", "a passphrase opens both layers", "valid", "", "", func(m *maker) { m.pass, m.viewers = "made-up-phrase", nil }},
	{"server-filled", "two sealed parts with a key id each: secrets that were added later", "valid", "valid", "", func(m *maker) {
		first := schema.Secrets{{List: schema.Connections, Name: "Desk"}: m.secrets[schema.SecretKey{List: schema.Connections, Name: "Desk"}]}
		must(m.t, sealed.AddSecrets(m.bundle, first, m.holders("ops.key")))
		all := m.secrets
		m.secrets = schema.Secrets{}
		for k, s := range all {
			if _, done := first[k]; !done {
				m.secrets[k] = s
			}
		}
		m.header.set("secrets", secretsJSON(m.t, all))
	}},
	{"server-equal-passwords", "within one part equal secrets have equal fingerprints", "valid", "valid", "", func(m *maker) {
		for k := range m.secrets {
			m.secrets[k] = schema.NewSecret("the same")
		}
	}},
	{"server-longest-secret", "16 KiB, the most that a secret has", "valid", "valid", "", func(m *maker) {
		m.secrets[schema.SecretKey{List: schema.Connections, Name: "Desk"}] = schema.NewSecret(strings.Repeat("ab", schema.MaxSecret/2))
	}},
	{"server-longest-name", "1,000 characters, of three bytes each", "valid", "valid", "", func(m *maker) {
		m.connection("Sales").Name = strings.Repeat("日", 1000)
	}},
	{"server-near-names", "names differ by case, blanks or Unicode form: they are several", "valid", "valid", "", func(m *maker) {
		for _, name := range []string{"desk", "Desk ", "Caf\u00e9", "Cafe\u0301"} {
			m.bundle.Connections = append(m.bundle.Connections, &schema.ServerConnection{Name: name, ConnectMode: "SMTP"})
		}
	}},
	{"server-credential-absent", "a connection may name a credential that the bundle does not have", "valid", "valid", "", func(m *maker) {
		m.connection("Sales").OAuth2Credentials = "elsewhere"
	}},
	{"server-part-not-for-all", "a sealed part that the recipient's key does not open leaves its secrets unknown", "valid", "valid", "", func(m *maker) {
		m.seal = []string{"backup.key"}
		m.header.set("secrets", "{}")
	}},
	{"server-secret-left-over", "a sealed secret of no item of the lists, as where somebody dropped the connection", "valid", "valid", "", func(m *maker) {
		m.after = func(b *schema.Bundle) { b.Connections = b.Connections[1:] }
		m.header.set("secrets", `{"connections":{"Billing":"battery staple"},"credentials":{"google":"client-secret-1"}}`)
	}},
	{"server-history", "claims outside the digest: the digest is that of server-passwords", "valid", "valid", "", func(m *maker) {
		m.bundle.Manifest.Record("rekey", "by hand", m.bundle.Manifest.Created.Time)
		m.bundle.Manifest.Tool, m.bundle.Manifest.History[len(m.bundle.Manifest.History)-1].Tool = "another tool", "another tool"
	}},
	{"server-listed-reader", "the list names a recipient whom the file does not open to", "valid", "valid", "", func(m *maker) {
		m.header.set("readers-listed", "no")
		m.after = func(b *schema.Bundle) {
			b.Manifest.Recipients = append(b.Manifest.Recipients, m.listed([]string{"stranger.key"})...)
		}
	}},
	{"cloud-empty", "the transform of server-empty", "valid", "valid", "", func(m *maker) { m.empty(); m.cloud = true }},
	{"cloud-passwords", "the transform of server-passwords: the sealed part is the server bundle's", "valid", "valid", "", func(m *maker) { m.cloud = true }},
	{"cloud-dropped", "a callback URL and extra values stay behind, in the origin alone", "valid", "valid", "", func(m *maker) {
		m.cloud = true
		m.bundle.Credentials[0].(*schema.ServerCredential).CallbackURL = "https://jira.example.com/callback"
		m.connection("Desk").Extra = map[string]string{"timeout": "10000"}
	}},
	{"cloud-renamed-credential", "a rule gives a credential another name; its secret is found by Server's", "valid", "valid", "", func(m *maker) {
		m.cloud = true
		m.rules = func(r *schema.Rules) { r.RenameCredentials = []schema.Rename{{From: "google", To: "google on Cloud"}} }
	}},
	{"cloud-mapped", "a rule maps a value", "valid", "valid", "", func(m *maker) {
		m.cloud = true
		m.rules = func(r *schema.Rules) {
			r.Values["provider"] = append(r.Values["provider"], schema.ValueRule{From: "Google OAuth2", To: "GMail", Verified: true})
		}
	}},
	{"cloud-embedded-statement", "a statement about the server bundle, in the origin", "valid", "valid", "", func(m *maker) {
		m.cloud = true
		m.after = func(b *schema.Bundle) {
			s := sealed.StatementSubject{Content: sealed.Content{Bundle: vectorID}, Recipients: b.Manifest.Recipients, Reviewers: b.Manifest.Reviewers}
			var err error
			s.Digest, err = b.Origin.Digest()
			must(m.t, err)
			b.Origin.Statements = []schema.Statement{m.signs(s, "exporter", schema.RoleExporter, schema.DecisionMade, nil)}
		}
		m.lists("exporter@corp.example", "exporter")
		m.judge("pass", "exporter=1")
	}},
	{"age-cut-off", "the file ends early", "damaged", "damaged", "", func(m *maker) {
		m.file = func(raw []byte) []byte { return raw[:len(raw)-1] }
	}},
	{"age-payload-altered", "one bit of the payload's last chunk", "damaged", "damaged", "", func(m *maker) { m.file = flipAt(-1) }},
	{"age-header-altered", "one bit of the header's MAC", "damaged", "damaged", "", func(m *maker) {
		m.file = func(raw []byte) []byte {
			out := bytes.Clone(raw)
			out[bytes.Index(out, []byte("\n--- "))+6] ^= 1
			return out
		}
	}},
	{"age-longer", "a byte behind the file's end", "damaged", "damaged", "", func(m *maker) {
		m.file = func(raw []byte) []byte { return append(bytes.Clone(raw), 0) }
	}},
	{"age-other-key", "sealed to somebody else", "no-match", "no-match", "", func(m *maker) {
		m.file = func([]byte) []byte { return m.encrypt([]byte("{}"), false, []string{"stranger.key"}) }
	}},
	{"age-not-encrypted", "the document itself, in the clear", "refused", "refused", "", func(m *maker) {
		m.file = func(raw []byte) []byte {
			doc, err := sealed.Decrypt(bytes.NewReader(raw), schema.MaxDocument, vectorIdentity(m.t, "recipient", "ops.key"))
			must(m.t, err)
			return doc
		}
	}},
}

func flipAt(i int) func([]byte) []byte {
	return func(raw []byte) []byte {
		out := bytes.Clone(raw)
		out[(len(out)+i)%len(out)] ^= 1
		return out
	}
}
