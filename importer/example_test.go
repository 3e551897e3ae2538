package importer_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/age"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/sheet"
	"github.com/mailferry/mailferry/importer"
	"github.com/mailferry/mailferry/importer/rest"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
	"github.com/mailferry/mailferry/transform"
)

// The whole road: a sheet becomes a server bundle, that a cloud bundle, and that
// two imports into Cloud, here a sample one.
func ExampleRun() {
	dir := must(os.MkdirTemp("", ""))
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "connections.csv")
	text := "Name,Connect Mode,Host,Port,Username,Password\nService Desk,SMTP,mail.example.com,587,desk,correct horse\n"
	check(os.WriteFile(file, []byte(text), 0o600))
	id := must(age.GenerateX25519Identity())
	to := sealed.Holders{Recipients: []sealed.Recipient{must(sealed.Keys{}.Recipient(id.Recipient().String()))}}
	ctx, ids := context.Background(), []age.Identity{id}

	server, secrets, err := exporter.Export(ctx, exporter.Options{Sources: []exporter.Source{sheet.New(file)}})
	check(err)
	var serverFile, cloudFile bytes.Buffer
	check(sealed.Create(&serverFile, server, secrets, to))
	opened := must(sealed.Open(&serverFile, ids, transform.Rerun))
	bundle, _, err := transform.Apply(opened.Bundle, transform.DefaultRules(), nil)
	check(err)
	check(sealed.Create(&cloudFile, bundle, nil, to)) // the secrets stay sealed as they are

	sample := must(cloud.Open(filepath.Join(dir, "cloud"), cloud.Options{}))
	defer func() { _ = sample.Close() }()
	o := must(importer.For(must(sealed.Open(&cloudFile, ids, transform.Rerun)), nil, nil))
	o.Cloud = must(rest.OpenHandler(sample.Handler(), importer.Site{URL: "sample:x", Keys: true}, rest.Options{Token: sample.Token()}))
	defer func() { _ = o.Cloud.Close() }()
	o.Ledger.Path = filepath.Join(dir, "ledger.jsonl")
	for _, o.List = range schema.Lists() {
		report := must(importer.Run(ctx, o))
		fmt.Println(report.List, report.Counts)
	}
	for _, remote := range must(o.Cloud.List(ctx, schema.Connections)) {
		fmt.Println(remote.Item.ItemName(), schema.Text(remote.Item, "host"))
	}
	// Output:
	// credentials map[]
	// connections map[written:1]
	// Service Desk mail.example.com
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
