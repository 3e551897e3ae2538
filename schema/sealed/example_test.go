package sealed_test

import (
	"bytes"
	"fmt"
	"time"

	"filippo.io/age"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// desk is a server bundle of one connection, and its password.
func desk() (*schema.Bundle, schema.Secrets) {
	b := &schema.Bundle{Format: schema.ServerFormat, Connections: []schema.Item{
		&schema.ServerConnection{Name: "Desk", ConnectMode: "SMTP", Host: "mail.example.com", Port: 587, Username: "desk"},
	}}
	b.Manifest.Source = schema.Source{Kind: "csv", Name: "connections.csv"}
	b.Manifest.Record("export", "", time.Now())
	return b, schema.Secrets{{List: schema.Connections, Name: "Desk"}: schema.NewSecret("correct horse")}
}

// holder makes a key pair: who has the identity opens what is sealed to the
// recipient.
func holder() (age.Identity, sealed.Recipient) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	r, err := sealed.Keys{}.Recipient(id.Recipient().String())
	if err != nil {
		panic(err)
	}
	return id, r
}

// A recipient sees everything, a reviewer every setting and no secret.
func ExampleCreate() {
	ops, opsKey := holder()
	reviewer, reviewerKey := holder()
	b, secrets := desk()
	var file bytes.Buffer
	to := sealed.Holders{Recipients: []sealed.Recipient{opsKey}, Reviewers: []sealed.Recipient{reviewerKey}}
	if err := sealed.Create(&file, b, secrets, to); err != nil {
		panic(err)
	}
	for _, id := range []age.Identity{ops, reviewer} {
		o, err := sealed.Open(bytes.NewReader(file.Bytes()), []age.Identity{id}, transform.Rerun)
		if err != nil {
			panic(err)
		}
		fmt.Println(schema.Text(o.Bundle.Connections[0], "host"), o.Reveals())
	}
	// Output:
	// mail.example.com true
	// mail.example.com false
}

// A secret leaves only through Reveal.
func ExampleOpen() {
	ops, opsKey := holder()
	b, secrets := desk()
	var file bytes.Buffer
	if err := sealed.Create(&file, b, secrets, sealed.Holders{Recipients: []sealed.Recipient{opsKey}}); err != nil {
		panic(err)
	}
	o, err := sealed.Open(&file, []age.Identity{ops}, transform.Rerun)
	if err != nil {
		panic(err)
	}
	secret := o.Secret(schema.Connections, "Desk")
	fmt.Println(secret, secret.Reveal())
	// Output: [secret] correct horse
}
