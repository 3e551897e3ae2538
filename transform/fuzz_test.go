package transform_test

import (
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

// FuzzRules: rules that are taken give the same bundle each time, and leave every
// connection's name, host, port and user, and every credential's client and
// endpoints, as they are on Server or out.
func FuzzRules(f *testing.F) {
	f.Add(transform.DefaultRulesFile())
	f.Add([]byte(`{"format":"mailferry/rules/v1","credentials":{"fields":[],"drops":[]},"connections":{"fields":[{"from":"description","to":"host"}],"drops":[]},"values":{}}`))
	same := map[string]string{"name": "name", "host": "host", "port": "smtp_port", "username": "username"}
	f.Fuzz(func(t *testing.T, file []byte) {
		rules, err := transform.ParseRules(file)
		if err != nil {
			for _, r := range err.Error() {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q", err)
				}
			}
			return
		}
		b := &schema.Bundle{Format: schema.ServerFormat, Credentials: []schema.Item{}, Connections: []schema.Item{
			&schema.ServerConnection{Name: "A", Description: "d", FromAddress: "a@example.com", Prefix: "p", ConnectMode: "SMTP", Host: "h", Port: 25, Username: "u", Encryption: "TLS"}}}
		c, _, err := transform.Apply(b, rules, nil)
		if err != nil {
			return
		}
		again, err := transform.Rerun(c.Origin)
		if err != nil || again.Manifest.ID != c.Manifest.ID || len(schema.Differences(again.Connections[0], c.Connections[0])) > 0 {
			t.Fatalf("another bundle the second time: %v", err)
		}
		for from, to := range same {
			was, _ := schema.Get(b.Connections[0], from)
			if now, is := schema.Get(c.Connections[0], to); is && now != was {
				t.Errorf("%s is %v on Server and %v on Cloud", from, was, now)
			}
		}
	})
}
