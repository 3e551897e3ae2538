package sealed_test

import (
	"encoding/base64"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// fault is a recipe for one fault of the document's text, which no key helps.
func fault(name, comment, place, old, new string) recipe {
	return recipe{name, comment, "invalid", "invalid", place, func(m *maker) { m.replace(old, new) }}
}

// cloudFault is the same in a cloud bundle.
func cloudFault(name, comment, place, old, new string) recipe {
	return recipe{name, comment, "invalid", "invalid", place, func(m *maker) { m.cloud = true; m.replace(old, new) }}
}

// inPlaceOf writes another value in the place of the credential's first object that
// begins so.
func inPlaceOf(name, comment, place, begin, value string) recipe {
	return recipe{name, comment, "invalid", "invalid", "credentials[0]." + place, func(m *maker) {
		m.text = func(doc string) string {
			i := strings.Index(doc, begin) + len(begin) - 1
			return doc[:i] + value + doc[i+strings.Index(doc[i:], "}")+1:]
		}
	}}
}

const deskStart = `"name":"Desk"`

// vectorsOfDocuments are no documents of the format: invalid with any key.
var vectorsOfDocuments = []recipe{
	fault("format-missing", "no format", "format", `"format":"mailferry/server-bundle/v1",`, ``),
	fault("format-later", "a version to come", "format", `server-bundle/v1`, `server-bundle/v2`),
	fault("format-other", "another document of mailferry's", "format", `server-bundle/v1`, `rules/v1`),
	fault("json-key-twice", "a name twice in one object", "connections[0].host", `"host":`, `"host":"x","host":`),
	fault("json-key-twice-escaped", "the same, written otherwise", "connections[0].host", `"host":`, `"\u0068ost":"x","host":`),
	{"json-trailing", "a second value behind the document", "invalid", "invalid", "something follows", func(m *maker) {
		m.text = func(doc string) string { return doc + `{}` }
	}},
	{"json-cut-off", "the document ends in the middle", "invalid", "invalid", "", func(m *maker) {
		m.text = func(doc string) string { return strings.TrimSuffix(doc, "}\n") }
	}},
	{"json-empty", "no document at all", "invalid", "invalid", "", func(m *maker) { m.text = func(string) string { return "" } }},
	{"json-byte-order-mark", "a byte order mark in front", "invalid", "invalid", "", func(m *maker) {
		m.text = func(doc string) string { return "\ufeff" + doc }
	}},
	fault("json-not-utf8", "a byte that is no UTF-8", "connections[0].host", `mail.example.com`, "mail\xff"),
	fault("json-lone-surrogate", "half of a surrogate pair", "connections[0].host", `mail.example.com`, `\ud800`),
	fault("json-comment", "a comment", "connections[0]", deskStart, `/* */`+deskStart),
	fault("json-trailing-comma", "a comma behind the last member", "manifest", `,"history":[]}`, `,"history":[],}`),
	fault("json-leading-zero", "a number with a leading zero", "connections[0]", `"port":587`, `"port":0587`),
	inPlaceOf("json-number-huge", "a number that no float64 holds", "client_secret.state", `"client_secret":{`, `{"state":1e999,"reason":"x"}`),
	fault("json-too-deep", "nested 17 deep", "connections[0].extra[0]", deskStart, deskStart+`,"extra":`+strings.Repeat(`[`, 14)+strings.Repeat(`]`, 14)),
	fault("top-unknown", "an unknown member of the document", "", `"sealed":[`, `"seals":[],"sealed":[`),
	fault("top-missing", "no list of credentials", "", `"credentials":`, `"credential":`),
	fault("manifest-unknown", "an unknown member of the manifest", "manifest", `"tool":`, `"tools":"","tool":`),
	fault("manifest-id-upper-case", "an id in upper case", "manifest.id", vectorID, strings.ToUpper(vectorID)),
	fault("manifest-id-short", "an id of 31 digits", "manifest.id", vectorID, vectorID[1:]),
	fault("manifest-time-zone", "a time with an offset", "manifest.created", `12:00:00Z`, `13:00:00+01:00`),
	fault("manifest-time-impossible", "a 31st of February", "manifest.created", `2026-01-31T`, `2026-02-31T`),
	fault("manifest-source-digest", "a source's SHA-256 of 63 digits", "manifest.source.sha256", `"kind":"csv"`, `"kind":"csv","sha256":"`+strings.Repeat("a", 63)+`"`),
	{"manifest-no-recipient", "a list of no recipients", "invalid", "invalid", "manifest.recipients", func(m *maker) {
		m.text = func(doc string) string {
			begin := strings.Index(doc, `"recipients":[`) + len(`"recipients":[`)
			return doc[:begin] + doc[begin+strings.Index(doc[begin:], "]"):]
		}
	}},
	fault("item-unknown-field", "a field of a later version", "connections[0]", deskStart, deskStart+`,"reply_to":"x"`),
	fault("item-field-case", "a field in another case", "connections[0]", deskStart, deskStart+`,"Prefix":"x"`),
	fault("item-renamed-key", "a renamed key", "connections[0]", `"description":`, `"descriptions":`),
	fault("item-without-name", "a connection without a name", "connections[0]", deskStart+`,`, ``),
	fault("item-empty-name", "an empty name", "connections[0].name", deskStart, `"name":""`),
	fault("item-name-twice", "two connections of one name", "connections[1].name", `"name":"Billing"`, deskStart),
	fault("item-name-too-long", "1,001 characters", "connections[0].name", deskStart, `"name":"`+strings.Repeat("é", 1001)+`"`),
	fault("item-null", "null is not the same as absent", "connections[0].description", `"description":"Answers"`, `"description":null`),
	fault("item-empty-text", "an empty text is left out instead", "connections[0].description", `"description":"Answers"`, `"description":""`),
	fault("item-port-text", "a port as text", "connections[0].port", `"port":587`, `"port":"587"`),
	fault("item-port-zero", "port 0", "connections[0].port", `"port":587`, `"port":0`),
	fault("item-port-high", "port 65536", "connections[0].port", `"port":587`, `"port":65536`),
	fault("item-port-fraction", "a port with a fraction", "connections[0].port", `"port":587`, `"port":587.5`),
	fault("item-debug-missing", "no switch", "connections[0]", `,"debug":false`, ``),
	fault("item-debug-number", "a switch as number", "connections[0].debug", `"debug":false`, `"debug":0`),
	fault("item-extra-number", "extra values are texts", "connections[0].extra.n", deskStart, deskStart+`,"extra":{"n":1}`),
	fault("item-extra-empty", "no extra values are left out instead", "connections[0].extra", deskStart, deskStart+`,"extra":{}`),
	inPlaceOf("marker-secret", "a secret in its own place", "client_secret", `"client_secret":{`, `"client-secret-1"`),
	inPlaceOf("marker-state", "an unknown state", "client_secret.state", `"client_secret":{`, `{"state":"open","reason":"x"}`),
	fault("marker-bare", "sealed without a fingerprint", "credentials[0].client_secret", `"state":"sealed","fingerprint"`, `"state":"sealed","reason"`),
	fault("marker-both", "sealed, and with a reason", "credentials[0].client_secret", `"state":"sealed",`, `"state":"sealed","reason":"x",`),
	fault("marker-no-reason", "missing without a reason", "credentials[0].client_secret", `"state":"sealed",`, `"state":"missing",`),
	{"marker-fingerprint-short", "a truncated fingerprint", "invalid", "invalid", "credentials[0].client_secret.fingerprint", func(m *maker) {
		m.text = func(doc string) string {
			i := strings.Index(doc, `"fingerprint":"`) + len(`"fingerprint":"`)
			return doc[:i+40] + doc[i+41:]
		}
	}},
	fault("sealed-not-armored", "a sealed part that is no armored age file", "sealed[0]", `-----BEGIN AGE ENCRYPTED FILE-----`, `-----BEGIN AGE`),
	fault("server-with-origin", "a server bundle has no origin", "", `"sealed":[`, `"origin":{"format":"mailferry/server-bundle/v1","manifest":{"id":"`+vectorID+
		`","source":{"kind":"csv","name":"x"}},"credentials":[],"connections":[],"rules":`+vectorRules+`,"statements":[]},"sealed":[`),
	fault("server-with-cloud-field", "Cloud's name of a field", "connections[0]", `"prefix":`, `"email_prefix":`),
	cloudFault("cloud-with-server-field", "Server's name of a field", "connections[0]", `"email_prefix":`, `"prefix":`),
	cloudFault("cloud-with-callback", "a callback URL stays behind", "credentials[0]", `"credentials":[{"name":"google",`, `"credentials":[{"name":"google","callback_url":"https://jira.example.com/cb",`),
	cloudFault("cloud-without-origin", "a cloud bundle has an origin", "", `"origin":{`, `"origins":{`),
	{"cloud-origin-null", "an origin that is null", "invalid", "invalid", "origin", func(m *maker) {
		m.cloud = true
		m.text = func(doc string) string {
			return doc[:strings.Index(doc, `"origin":`)] + `"origin":null,` + doc[strings.Index(doc, `"sealed":[`):]
		}
	}},
	cloudFault("cloud-origin-with-claims", "an origin has no claims", "origin.manifest", `"origin":{"format":"mailferry/server-bundle/v1","manifest":{`, `"origin":{"format":"mailferry/server-bundle/v1","manifest":{"tool":"x",`),
	cloudFault("cloud-origin-field", "an origin's connection in Cloud's terms", "origin.connections[0]", `,"connect_mode":"SMTP"`, `,"service_provider":"SMTP"`),
	cloudFault("cloud-rules-unknown", "rules with an unknown member", "origin.rules", `"rules":{`, `"rules":{"script":"x",`),
	cloudFault("cloud-statement-bare", "an embedded statement without a signature", "origin.statements[0]", `"statements":[]`, `"statements":[{"format":"mailferry/statement/v1","statement":"{}"}]`),
}

// sealedAway is a recipe for what a recipient's key alone can tell.
func sealedAway(name, comment, place string, make func(*maker)) recipe {
	return recipe{name, comment, "altered", "valid", place, make}
}

// edits is an alteration of the settings that leaves the seal as it is.
func edits(edit func(m *maker, desk *schema.ServerConnection)) func(*maker) {
	return func(m *maker) {
		m.after = func(b *schema.Bundle) { edit(m, b.Connections[0].(*schema.ServerConnection)) }
	}
}

func parts(old, new string) func(*maker) {
	return func(m *maker) {
		m.part = func(_ int, s string) string { return swapText(m.t, s, old, new) }
	}
}

// vectorsOfSeals contradict what was sealed.
var vectorsOfSeals = []recipe{
	sealedAway("sealed-other-host", "a connection points to another host", "connections[0]", edits(func(_ *maker, c *schema.ServerConnection) { c.Host = "mail.evil.example" })),
	sealedAway("sealed-other-port", "another port", "connections[0]", edits(func(_ *maker, c *schema.ServerConnection) { c.Port = 25 })),
	sealedAway("sealed-other-encryption", "no encryption any more", "connections[0]", edits(func(_ *maker, c *schema.ServerConnection) { c.Encryption = "" })),
	sealedAway("sealed-other-username", "another user name", "connections[0]", edits(func(_ *maker, c *schema.ServerConnection) { c.Username = "eve" })),
	sealedAway("sealed-other-client", "another client id", "credentials[0]", edits(func(m *maker, _ *schema.ServerConnection) {
		m.bundle.Credentials[0].(*schema.ServerCredential).ClientID = "client-2"
	})),
	sealedAway("sealed-other-endpoint", "another token endpoint", "credentials[0]", edits(func(m *maker, _ *schema.ServerConnection) {
		m.bundle.Credentials[0].(*schema.ServerCredential).TokenEndpoint = "https://evil.example/token"
	})),
	sealedAway("sealed-hosts-swapped", "two hosts are swapped", "connections[0]", edits(func(m *maker, c *schema.ServerConnection) {
		o := m.connection("Billing")
		c.Host, o.Host = o.Host, c.Host
	})),
	sealedAway("sealed-markers-swapped", "the markers of two passwords are swapped", "connections[0].password", edits(func(m *maker, c *schema.ServerConnection) {
		o := m.connection("Billing")
		c.Password, o.Password = o.Password, c.Password
	})),
	sealedAway("sealed-name-changed", "the connection of a secret has another name", "connections[0].password", edits(func(_ *maker, c *schema.ServerConnection) { c.Name = "Front" })),
	sealedAway("sealed-marker-gone", "the marker of a sealed secret is gone", "sealed[0]", edits(func(_ *maker, c *schema.ServerConnection) { c.Password = nil })),
	sealedAway("sealed-marker-missing", "the marker says missing where a secret is sealed", "sealed[0]", edits(func(_ *maker, c *schema.ServerConnection) {
		c.Password = &schema.Marker{State: schema.Missing, Reason: "x"}
	})),
	sealedAway("sealed-marker-invented", "a marker without a secret, under the part's key id", "connections[2].password", edits(func(m *maker, c *schema.ServerConnection) {
		m.connection("Sales").Password = &schema.Marker{State: schema.Sealed, Fingerprint: c.Password.KeyID() + ":" + strings.Repeat("ab", 32)}
	})),
	sealedAway("sealed-marker-of-nobody", "a marker under a key id that no part has", "connections[2].password", edits(func(m *maker, _ *schema.ServerConnection) {
		m.connection("Sales").Password = &schema.Marker{State: schema.Sealed, Fingerprint: "00000000:" + strings.Repeat("ab", 32)}
	})),
	sealedAway("sealed-other-bundle", "the sealed part of another bundle", "sealed[0]", parts(vectorID, strings.Repeat("f", 32))),
	sealedAway("sealed-id-changed", "the manifest has another id", "sealed[0]", edits(func(m *maker, _ *schema.ServerConnection) { m.bundle.Manifest.ID = strings.Repeat("ab", 16) })),
	sealedAway("sealed-other-value", "a secret that its fingerprint is not of", "sealed[0]", parts(`"value":"correct horse"`, `"value":"incorrect horse"`)),
	sealedAway("sealed-other-key", "fingerprints made with another key", "sealed[0]", func(m *maker) {
		m.part = func(_ int, s string) string {
			i := strings.Index(s, `"key":"`) + len(`"key":"`)
			return s[:i] + base64.StdEncoding.EncodeToString(make([]byte, 32)) + s[i+44:]
		}
	}),
	sealedAway("sealed-key-short", "a fingerprint key of 31 bytes", "sealed[0]: its fingerprint key", func(m *maker) {
		m.part = func(_ int, s string) string {
			i := strings.Index(s, `"key":"`) + len(`"key":"`)
			return s[:i] + base64.StdEncoding.EncodeToString(make([]byte, 31)) + s[i+44:]
		}
	}),
	sealedAway("sealed-empty-value", "an empty secret", "sealed[0]: secrets[1].value", parts(`"value":"correct horse"`, `"value":""`)),
	sealedAway("sealed-value-too-long", "a secret of 16,385 bytes", "sealed[0]: secrets[1].value", parts(`"value":"correct horse"`, `"value":"`+strings.Repeat("x", schema.MaxSecret+1)+`"`)),
	sealedAway("sealed-unknown-kind", "a secret of no known kind", "sealed[0]: secrets[1].kind", parts(`"kind":"connection"`, `"kind":"site"`)),
	sealedAway("sealed-secret-twice", "a secret twice in a part", "sealed[0]: secrets[2]", func(m *maker) {
		m.part = func(_ int, s string) string {
			begin, end := strings.Index(s, `{"kind":"connection"`), strings.Index(s, `,{"kind":"connection","name":"Billing"`)
			return s[:end] + "," + s[begin:end] + s[end:]
		}
	}),
	sealedAway("sealed-part-twice", "a sealed part twice", "sealed[1]", func(m *maker) {
		m.after = func(b *schema.Bundle) { b.Sealed = append(b.Sealed, b.Sealed[0]) }
	}),
	sealedAway("sealed-key-id-twice", "two parts under one key id", "sealed[1]: its key id", func(m *maker) {
		m.after = func(b *schema.Bundle) { b.Sealed = append(b.Sealed, b.Sealed[0]) }
		m.part = func(i int, s string) string {
			if i == 0 {
				return s
			}
			return s[:strings.Index(s, `"secrets":[`)] + `"secrets":[]}`
		}
	}),
	{"sealed-part-gone", "the sealed part is gone", "altered", "altered", "", func(m *maker) {
		m.after = func(b *schema.Bundle) { b.Sealed = []string{} }
	}},
	{"sealed-part-format", "a part of a version to come", "invalid", "valid", "sealed[0]: format", parts("mailferry/sealed/v1", "mailferry/sealed/v2")},
	{"sealed-part-unknown", "an unknown member of a part", "invalid", "valid", "sealed[0]: ", parts(`"keyid":`, `"note":"","keyid":`)},
	{"sealed-part-key-twice", "a name twice in a part", "invalid", "valid", "sealed[0]: keyid", parts(`"keyid":`, `"keyid":"","keyid":`)},
	{"sealed-part-damaged", "a sealed part with one character changed", "damaged", "valid", "sealed[0]", func(m *maker) {
		m.text = func(doc string) string {
			i := strings.Index(doc, `\n-----END AGE`) - 8
			c := byte('A')
			if doc[i] == c {
				c = 'B'
			}
			return doc[:i] + string(c) + doc[i+1:]
		}
	}},
}

// retold is a recipe for a cloud bundle that its origin and rules do not give.
func retold(name, comment, place string, edit func(*schema.Bundle)) recipe {
	return recipe{name, comment, "altered", "altered", place, func(m *maker) { m.cloud, m.after = true, edit }}
}

func cloudDesk(b *schema.Bundle) *schema.CloudConnection {
	return b.Connections[0].(*schema.CloudConnection)
}

// vectorsOfTransforms contradict what origin and rules give.
var vectorsOfTransforms = []recipe{
	retold("cloud-other-host", "another host than the origin's", "connections[0].host", func(b *schema.Bundle) { cloudDesk(b).Host = "mail.evil.example" }),
	retold("cloud-other-sender", "another sender", "connections[0].from_email_address", func(b *schema.Bundle) { cloudDesk(b).FromEmailAddress = "me@evil.example" }),
	retold("cloud-other-value", "a value that the rules do not give", "connections[0].service_provider", func(b *schema.Bundle) { cloudDesk(b).ServiceProvider = "Another" }),
	retold("cloud-bytes-moved", "bytes moved from one field to the next", "connections[0].description", func(b *schema.Bundle) {
		c := cloudDesk(b)
		c.Description, c.EmailPrefix = "Answer", "s"+c.EmailPrefix
	}),
	retold("cloud-other-debug", "a switch turned on", "connections[0].debug", func(b *schema.Bundle) { cloudDesk(b).Debug = true }),
	retold("cloud-dropped-connection", "a connection is gone", "connections: 2", func(b *schema.Bundle) { b.Connections = b.Connections[:2] }),
	retold("cloud-added-connection", "a connection too many", "connections: 4", func(b *schema.Bundle) {
		b.Connections = append(b.Connections, &schema.CloudConnection{Name: "Mine", ServiceProvider: "General SMTP service"})
	}),
	retold("cloud-reordered", "two connections in another order", "connections[0].name", func(b *schema.Bundle) {
		b.Connections[0], b.Connections[1] = b.Connections[1], b.Connections[0]
	}),
	retold("cloud-other-id", "another id", "manifest.id", func(b *schema.Bundle) { b.Manifest.ID = strings.Repeat("ab", 16) }),
	retold("cloud-other-source", "another source", "manifest.source", func(b *schema.Bundle) { b.Manifest.Source.Name = "elsewhere.csv" }),
	retold("cloud-other-origin", "the embedded origin is altered", "manifest.id", func(b *schema.Bundle) {
		b.Origin.Connections[0].(*schema.ServerConnection).FromAddress = "me@evil.example"
	}),
	retold("cloud-other-rules", "the embedded rules are altered", "manifest.id", func(b *schema.Bundle) { b.Origin.Rules.Values["provider"][0].To = "Another" }),
	retold("cloud-rules-re-point", "rules that write another field into the host", "origin", func(b *schema.Bundle) {
		b.Origin.Rules.Connections.Fields[8].From = "description"
	}),
	{"cloud-sealed-other-host", "origin and transform agree on another host: the seal does not", "altered", "valid", "connections[0]", func(m *maker) {
		m.cloud, m.again = true, true
		m.after = func(b *schema.Bundle) { b.Connections[0].(*schema.ServerConnection).Host = "mail.evil.example" }
	}},
}
