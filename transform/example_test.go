package transform_test

import (
	"fmt"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/transform"
)

// Each value is carried, mapped or dropped by a rule, and what nobody has
// verified is said.
func ExampleApply() {
	server := &schema.Bundle{Format: schema.ServerFormat, Connections: []schema.Item{
		&schema.ServerConnection{Name: "Portal", ConnectMode: "Google OAuth2", Username: "portal@example.com", OAuth2Credentials: "google"},
	}}
	cloud, notes, err := transform.Apply(server, transform.DefaultRules(), nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(schema.Text(cloud.Connections[0], "service_provider"))
	for _, n := range notes {
		fmt.Println(n.Kind, n.Field, n.From, "→", n.To)
	}
	// Output:
	// GMail/GSuite with OAuth2
	// unverified connect_mode Google OAuth2 → GMail/GSuite with OAuth2
}
