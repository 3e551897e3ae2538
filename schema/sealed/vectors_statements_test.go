package sealed_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"time"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

const (
	approves = schema.DecisionApprove
	rejects  = schema.DecisionReject
)

// judge sets what is asked of the statements, and what they come to.
func (m *maker) judge(verdict string, require ...string) {
	m.header.set("require", require...)
	m.header.set("now", "2026-02-02T09:00:00Z")
	m.header.set("verdict", verdict)
}

// said is a recipe for a bundle with statements: anna's key and bea's are listed,
// one reviewer is asked for. say makes the statements about the untouched bundle.
func said(name, comment, verdict string, say func(m *maker, s sealed.StatementSubject) []schema.Statement, more ...func(*maker)) recipe {
	return recipe{name, comment, "valid", "valid", "", func(m *maker) {
		m.empty()
		m.bundle.Connections = []schema.Item{&schema.ServerConnection{Name: "Relay", Description: "Answers", Prefix: "[R]", ConnectMode: "SMTP", Host: "relay.example.com"},
			&schema.ServerConnection{Name: "Second", ConnectMode: "SMTP"}}
		m.sign = say
		m.lists("anna@corp.example", "anna")
		m.lists("bea@corp.example", "bea")
		m.judge(verdict, "reviewer=1")
		for _, edit := range more {
			edit(m)
		}
	}}
}

// reviewed is anna's word, edited.
func reviewed(decision string, edit func(*schema.StatementBody)) func(*maker, sealed.StatementSubject) []schema.Statement {
	return func(m *maker, s sealed.StatementSubject) []schema.Statement {
		return []schema.Statement{m.signs(s, "anna", schema.RoleReviewer, decision, edit)}
	}
}

var approved = reviewed(approves, nil)

// content is an edit of a bundle that was signed before.
func contentEdit(edit func(*schema.Bundle)) func(*maker) {
	return func(m *maker) { m.after = edit }
}

func relay(b *schema.Bundle) *schema.ServerConnection {
	return b.Connections[0].(*schema.ServerConnection)
}

func noon(day int) schema.Time { return schema.At(time.Date(2026, 2, day, 12, 0, 0, 0, time.UTC)) }

// edited changes an otherwise good statement of anna's.
func edited(edit func(m *maker, s *schema.Statement)) func(*maker, sealed.StatementSubject) []schema.Statement {
	return func(m *maker, subject sealed.StatementSubject) []schema.Statement {
		s := approved(m, subject)
		edit(m, &s[0])
		return s
	}
}

// vectorsOfStatements are bundles that open, and what their statements come to.
var vectorsOfStatements = []recipe{
	said("statement-approves", "an approval by a listed reviewer", "pass", approved),
	said("statement-none", "nobody has signed", "shut", nil),
	said("statement-two-reviewers", "two people approve, and two are asked for", "pass", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		return append(approved(m, s), m.signs(s, "bea", schema.RoleReviewer, approves, nil))
	}, func(m *maker) { m.judge("pass", "reviewer=2", "reviewer=bea@corp.example") }),
	said("statement-one-of-two", "two are asked for, one approves", "shut", approved, func(m *maker) { m.judge("shut", "reviewer=2") }),
	said("statement-rejects", "a rejection stands beside an approval", "shut", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		return append(approved(m, s), m.signs(s, "bea", schema.RoleReviewer, rejects, nil))
	}),
	said("statement-rejection-later-approved", "a later approval that does not name the rejection lifts nothing", "shut", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		return []schema.Statement{m.signs(s, "anna", schema.RoleReviewer, rejects, nil),
			m.signs(s, "anna", schema.RoleReviewer, approves, func(b *schema.StatementBody) { b.Time = noon(1) })}
	}),
	said("statement-rejection-taken-back", "an approval of the same person names the rejection", "pass", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		no := m.signs(s, "anna", schema.RoleReviewer, rejects, nil)
		signed, err := sealed.CheckStatement(no)
		must(m.t, err)
		return []schema.Statement{no, m.signs(s, "anna", schema.RoleReviewer, approves, func(b *schema.StatementBody) { b.Supersedes = []schema.StatementID{signed.ID} })}
	}),
	said("statement-rejection-taken-back-by-another", "somebody else's approval names it", "shut", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		no := m.signs(s, "anna", schema.RoleReviewer, rejects, nil)
		signed, err := sealed.CheckStatement(no)
		must(m.t, err)
		return []schema.Statement{no, m.signs(s, "bea", schema.RoleReviewer, approves, func(b *schema.StatementBody) { b.Supersedes = []schema.StatementID{signed.ID} })}
	}),
	said("statement-for-this-site", "an approval for one Cloud, on it", "pass", reviewed(approves, func(b *schema.StatementBody) { b.For = "https://corp.atlassian.net" }),
		func(m *maker) { m.header.set("site", "https://corp.atlassian.net") }),
	said("statement-for-another-site", "an approval for another Cloud", "shut", reviewed(approves, func(b *schema.StatementBody) { b.For = "https://corp.atlassian.net" }),
		func(m *maker) { m.header.set("site", "https://other.atlassian.net") }),
	said("statement-expired", "the statement's end has passed", "shut", reviewed(approves, func(b *schema.StatementBody) { b.Expires = noon(1) })),
	said("statement-dated-ahead", "dated more than ten minutes ahead", "shut", reviewed(approves, func(b *schema.StatementBody) { b.Time = noon(3) })),
	said("statement-key-outdated", "the key's end in allowed_signers has passed", "shut", approved, func(m *maker) {
		lines := m.header.header["allowed-signer"]
		lines[0] = strings.Replace(lines[0], `namespaces=`, `valid-before="20260101Z",namespaces=`, 1)
	}),
	said("statement-key-for-git", "the key may sign in another namespace alone", "shut", approved, func(m *maker) {
		lines := m.header.header["allowed-signer"]
		lines[0] = strings.Replace(lines[0], `"mailferry"`, `"git"`, 1)
	}),
	said("statement-unlisted", "signed with a key that nobody listed", "shut", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		return []schema.Statement{m.signs(s, "exporter", schema.RoleReviewer, approves, nil)}
	}),
	said("statement-wildcard", "listed under a wildcard principal", "shut", approved, func(m *maker) {
		m.header.header["allowed-signer"] = nil
		m.lists("*@corp.example", "anna")
	}),
	said("statement-self-review", "whoever exported it is no reviewer of it", "shut", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		return append(approved(m, s), m.signs(s, "anna", schema.RoleExporter, schema.DecisionMade, nil))
	}),
	said("statement-two-names", "one key under two names is one person", "shut", approved, func(m *maker) {
		m.lists("carl@corp.example", "anna")
		m.judge("shut", "reviewer=anna@corp.example", "reviewer=carl@corp.example")
	}),
	said("statement-look-alike", "names that differ by case are one person", "shut", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		return append(approved(m, s), m.signs(s, "bea", schema.RoleReviewer, approves, nil))
	}, func(m *maker) {
		m.header.header["allowed-signer"] = nil
		m.lists("anna@corp.example", "anna")
		m.lists("Anna@corp.example", "bea")
		m.judge("shut", "reviewer=2")
	}),
	said("statement-other-bundle", "about another bundle", "invalid", reviewed(approves, func(b *schema.StatementBody) { b.Bundle = strings.Repeat("f", 32) })),
	said("statement-other-digest", "about another content", "invalid", reviewed(approves, func(b *schema.StatementBody) { b.Digest = strings.Repeat("f", 64) })),
	said("statement-prefix-changed", "a text was moved to another field after the approval", "invalid", approved, contentEdit(func(b *schema.Bundle) {
		relay(b).Prefix, relay(b).Description = relay(b).Description, ""
	})),
	said("statement-bytes-moved", "bytes were moved from one field to the next", "invalid", approved, contentEdit(func(b *schema.Bundle) {
		relay(b).Description, relay(b).Prefix = "Answer", "s[R]"
	})),
	said("statement-connection-dropped", "a connection was dropped", "invalid", approved, contentEdit(func(b *schema.Bundle) { b.Connections = b.Connections[:1] })),
	said("statement-reordered", "two connections were exchanged", "invalid", approved, contentEdit(func(b *schema.Bundle) {
		b.Connections[0], b.Connections[1] = b.Connections[1], b.Connections[0]
	})),
	said("statement-source-changed", "the manifest's source was altered", "invalid", approved, contentEdit(func(b *schema.Bundle) { b.Manifest.Source.Name = "elsewhere.csv" })),
	said("statement-claims-changed", "claims outside the digest were altered: the approval stands", "pass", approved, contentEdit(func(b *schema.Bundle) { b.Manifest.Tool = "another" })),
	said("statement-own-part", "somebody's own sealed part, and markers to match", "invalid", approved, contentEdit(func(b *schema.Bundle) {
		_ = schema.Set(b.Connections[0], "username", "relay")
	}), func(m *maker) {
		m.after = func(b *schema.Bundle) {
			r, err := sealed.Keys{}.Recipient(vectorPublic(m.t, "ops.key"))
			must(m.t, err)
			mine := schema.Secrets{{List: schema.Connections, Name: "Relay"}: schema.NewSecret("mine")}
			must(m.t, sealed.Create(io.Discard, b, mine, sealed.Holders{Recipients: []sealed.Recipient{r}}))
			b.Manifest.Recipients, b.Manifest.Reviewers = m.listed(m.keys), m.listed(m.viewers)
		}
		m.header.set("secrets", `{"connections":{"Relay":"mine"}}`)
	}),
	said("statement-transformed-again", "origin altered and transformed again after the approval", "invalid", approved, func(m *maker) {
		m.cloud, m.again = true, true
		m.after = func(b *schema.Bundle) { relay(b).FromAddress = "me@evil.example" }
	}),
	said("statement-text-altered", "a rejection made into an approval", "invalid", func(m *maker, s sealed.StatementSubject) []schema.Statement {
		out := reviewed(rejects, nil)(m, s)
		out[0].Statement = swapText(m.t, out[0].Statement, "reject", "approve")
		return out
	}),
	said("statement-namespace", "signed in another namespace", "invalid", edited(func(m *maker, s *schema.Statement) { *s = m.signRaw("anna", s.Statement, "git") })),
	said("statement-rsa-2048", "an RSA key below 3072 bits", "invalid", edited(func(m *maker, s *schema.Statement) { *s = m.signRaw("rsa-2048", s.Statement, "mailferry") })),
	said("statement-unknown-member", "a signed text with an unknown member", "invalid", edited(func(m *maker, s *schema.Statement) {
		*s = m.signRaw("anna", swapText(m.t, s.Statement, `{`, `{"note":"x",`), "mailferry")
	})),
	said("statement-key-twice", "a signed text with a name twice", "invalid", edited(func(m *maker, s *schema.Statement) {
		*s = m.signRaw("anna", swapText(m.t, s.Statement, `"decision":"approve"`, `"decision":"reject","decision":"approve"`), "mailferry")
	})),
	said("statement-made-by-reviewer", "a reviewer cannot say made", "invalid", edited(func(m *maker, s *schema.Statement) {
		*s = m.signRaw("anna", swapText(m.t, s.Statement, `"approve"`, `"made"`), "mailferry")
	})),
	said("statement-ends-before", "a statement that ends before its time", "invalid", edited(func(m *maker, s *schema.Statement) {
		*s = m.signRaw("anna", swapText(m.t, s.Statement, `"time":"2026-02-01T09:00:00Z"`, `"time":"2026-02-01T09:00:00Z","expires":"2026-02-01T08:00:00Z"`), "mailferry")
	})),
	said("statement-armor-text", "text in front of the signature's armor", "invalid", edited(func(_ *maker, s *schema.Statement) { s.Signature = "x\n" + s.Signature })),
	said("statement-signature-longer", "bytes behind the signature's end", "invalid", edited(func(m *maker, s *schema.Statement) { s.Signature = lengthened(s.Signature) })),
}

// lengthened puts a byte behind the raw signature inside an armored one.
func lengthened(armored string) string {
	lines := strings.Split(strings.TrimSpace(armored), "\n")
	blob, err := base64.StdEncoding.DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	if err != nil {
		panic(err)
	}
	// The last field is a string of a string "ssh-ed25519" and a string of 64 bytes.
	const inner = 4 + 11 + 4 + 64
	i := len(blob) - inner - 4
	blob[i+3]++
	blob = append(bytes.Clone(blob), 0)
	out := base64.StdEncoding.EncodeToString(blob)
	var b strings.Builder
	b.WriteString(lines[0] + "\n")
	for len(out) > 70 {
		b.WriteString(out[:70] + "\n")
		out = out[70:]
	}
	b.WriteString(out + "\n" + lines[len(lines)-1] + "\n")
	return b.String()
}
