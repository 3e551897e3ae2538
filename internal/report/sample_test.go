package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/findings"
	"github.com/mailferry/mailferry/internal/report"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

var now = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)

// Values that try to be more than text, wherever they are shown.
const (
	hostileName = `<script>fetch("https://evil.example/")</script><img src=x onerror=alert(1)>`
	hostileText = "red\x1b[31m \u202eesrever\u202c null\x00 wide\u200bnot {{.}} ${x} &amp; </style></article>"
	formula     = `=HYPERLINK("https://evil.example","x")`
)

func mark(key, of string) *schema.Marker {
	return &schema.Marker{State: schema.Sealed, Fingerprint: key + ":" + fmt.Sprintf("%x", strings.Repeat(of+"~", 40))[:64]}
}

func at(s string) schema.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return schema.At(t)
}

// serverBundle is a bundle with a bit of everything, hostile values among it.
func serverBundle() *schema.Bundle {
	const key = "9f3c41aa"
	b := &schema.Bundle{
		Format: schema.ServerFormat,
		Manifest: schema.Manifest{
			ID: "4be1a0c35d7e92f86b0c1d2e3f405162", Created: at("2026-02-26T09:12:04Z"), Tool: "mailferry 1.0.0",
			Source:     schema.Source{Kind: "jira-backup", Name: "jira-backup-2026-02-25.zip", SHA256: strings.Repeat("5c1d", 16), AppVersion: "9.24.2"},
			Recipients: []schema.KeyHolder{{Label: "cloud team", Key: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}, {Key: "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"}},
			Reviewers:  []schema.KeyHolder{{Label: "audit, Anna", Key: "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"}},
			Counts:     schema.Counts{Credentials: 2, Connections: 6, Sealed: 5, Missing: 1},
			History: []schema.Step{
				{Step: "export", Time: at("2026-02-26T09:12:04Z"), Tool: "mailferry 1.0.0", Note: "6 connections, 2 credentials"},
				{Step: "rekey", Time: at("2026-02-27T16:40:31Z"), Tool: "mailferry 1.0.0", Note: "added reviewer audit, Anna"},
			},
		},
		Credentials: []schema.Item{
			&schema.ServerCredential{Name: "Google Workspace", ServiceProvider: "Google", ClientID: "8140-a1b2.apps.googleusercontent.com", ClientSecret: mark(key, "google"),
				AuthorizationEndpoint: "https://accounts.google.com/o/oauth2/auth", TokenEndpoint: "https://oauth2.googleapis.com/token", CallbackURL: "https://jira.corp.example/plugins/servlet/oauth"},
			&schema.ServerCredential{Name: "Old tenant", ServiceProvider: "Microsoft", ClientID: "0f3e", ClientSecret: mark(key, "tenant"), AuthorizationEndpoint: "http://login.corp.example/authorize", TokenEndpoint: "https://login.corp.example/token", Grant: "client_credentials"},
		},
		Connections: []schema.Item{
			&schema.ServerConnection{Name: "Customer Support", Description: "Mail to customers; owned by the service desk.", FromAddress: "support@corp.example", Prefix: "[Support]", ConnectMode: "SMTP",
				Encryption: "STARTTLS", Username: "support@corp.example", Password: mark(key, "support"), Host: "smtp.corp.example", Port: 587},
			&schema.ServerConnection{Name: "Facilities", FromAddress: "facilities@corp.example", ConnectMode: "SMTP",
				Encryption: "None", Username: "mailer@corp.example", Password: mark(key, "shared"), Host: "10.20.0.25", Port: 25, Debug: true},
			&schema.ServerConnection{Name: "HR", FromAddress: "hr@people.corp.example", Prefix: "[HR]", ConnectMode: "SMTP",
				Encryption: "SSL/TLS", Username: "mailer@corp.example", Password: mark(key, "shared"), Host: "smtp.office365.com", Port: 587, Extra: map[string]string{"SHARED_MAILBOX": "true", "TIMEOUT": "20000"}},
			&schema.ServerConnection{Name: "Google relay", FromAddress: "jira@corp.example", ConnectMode: "Google OAuth2", Username: "jira@corp.example", OAuth2Credentials: "Google Workspace"},
			&schema.ServerConnection{Name: "Suppоrt desk", FromAddress: "desk@corp.example", ConnectMode: "SMTP", Encryption: "TLS", Username: "desk@corp.example",
				Password: &schema.Marker{State: schema.Missing, Reason: "the password column holds ciphertext of an unknown cipher"}, Host: "smtp.corp.example", Port: 587},
			&schema.ServerConnection{Name: hostileName, Description: hostileText, FromAddress: formula, Prefix: strings.Repeat("W", 120), ConnectMode: "SMTP", Encryption: "STARTTLS",
				Username: "\"><svg onload=alert(1)>", Password: mark(key, "hostile"), Host: "javascript:alert(1)", Port: 2525, Extra: map[string]string{"<b>key</b>": "<i>value</i>"}},
		},
	}
	return b
}

const policyDoc = `{"format":"mailferry/policy/v1","rules":{"debug-on":"note"},"exceptions":[
 {"rule":"host-private","connection":"Facilities","reason":"Reached through the VPN relay until the move in May; agreed with Anna.","expires":"2026-05-31"},
 {"rule":"port-25","connection":"Facilities","reason":"the same relay","expires":"2026-01-31"}]}`

func sampleReport(t *testing.T) *report.Report {
	t.Helper()
	p := rig.Get(findings.DecodePolicy([]byte(policyDoc))).Or(t)
	return &report.Report{Created: now, Tool: "mailferry 1.0.0", Policy: "corp-policy.json", Bundles: []*report.Bundle{audited(t, "server.age", serverBundle(), p)}}
}

func audited(t *testing.T, file string, b *schema.Bundle, p *findings.Policy) *report.Bundle {
	t.Helper()
	digest := rig.Get(b.Digest()).Or(t)
	return &report.Bundle{
		File: file, Opened: &sealed.Opened{Bundle: b, Digest: digest, Parts: 1},
		Findings: findings.Audit(findings.Input{Bundle: b, Policy: p, Now: now, Notes: []transform.Note{
			{Kind: transform.Unverified, List: schema.Connections, Name: "Customer Support", Field: "connect_mode", From: "SMTP", Text: "General SMTP service is a guess"},
			{Kind: transform.Dropped, List: schema.Connections, Name: "HR", Field: "extra.SHARED_MAILBOX", From: "true", Text: "the vendor's guide maps it to nothing"},
		}}),
		Signatures: []report.Signature{
			{Signer: "ivan@corp.example", Key: "SHA256:2nXJkzVnVkF9rTz4c1m0h8yZ3aQ5pL7uD6sW9eR1tYk", Role: schema.RoleExporter, Decision: schema.DecisionMade, Time: at("2026-02-26T09:12:05Z"), State: "counts", Covers: []string{"content"}},
			{File: "server.age.1f2e3d4c.statement", Signer: "anna@corp.example", Key: "SHA256:Qm5vRz8k2LxT0pYw7cVb3nHj6fGd9sKa1uEi4oXr5tM", Role: schema.RoleReviewer, Decision: schema.DecisionApprove, Comment: "Fine once Facilities has a relay.", Time: at("2026-02-28T08:00:00Z"), State: "counts", Covers: []string{"content", "recipients"}},
			{File: "server.age.99aabbcc.statement", Key: "SHA256:zzzz", Role: schema.RoleReviewer, Decision: schema.DecisionApprove, Time: at("2026-02-28T09:00:00Z"), State: "unlisted", Why: "nobody listed signs with this key", Covers: []string{"content"}},
		},
	}
}
