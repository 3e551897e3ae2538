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
	same := map[schema.List]map[string]string{
		schema.Connections: {"name": "name", "host": "host", "port": "smtp_port", "username": "username"},
		schema.Credentials: {"name": "name", "client_id": "client_id", "authorization_endpoint": "authorization_endpoint", "token_endpoint": "token_endpoint"},
	}
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
		b := &schema.Bundle{Format: schema.ServerFormat, Credentials: []schema.Item{
			&schema.ServerCredential{Name: "C", ServiceProvider: "Google", ClientID: "i", AuthorizationEndpoint: "https://a.example/a", TokenEndpoint: "https://a.example/t"},
		}, Connections: []schema.Item{
			&schema.ServerConnection{Name: "A", Description: "d", FromAddress: "a@example.com", Prefix: "p", ConnectMode: "SMTP", Host: "h", Port: 25, Username: "u", Encryption: "TLS"}}}
		c, _, err := transform.Apply(b, rules, nil)
		if err != nil {
			return
		}
		again, err := transform.Rerun(c.Origin)
		if err != nil || again.Manifest.ID != c.Manifest.ID {
			t.Fatalf("another bundle the second time: %v", err)
		}
		for l, fields := range same {
			server, cloud := b.Items(l)[0], c.Items(l)[0]
			if differ := schema.Differences(again.Items(l)[0], cloud); len(differ) > 0 {
				t.Fatalf("%s differ the second time: %+v", l, differ)
			}
			for from, to := range fields {
				was, _ := schema.Get(server, from)
				if now, is := schema.Get(cloud, to); is && now != was {
					t.Errorf("%s is %v on Server and %v on Cloud", from, was, now)
				}
			}
		}
	})
}
