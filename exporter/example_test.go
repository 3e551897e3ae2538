package exporter_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/sheet"
)

// A sheet with the labels of Server's panel becomes a server bundle. The
// password is not in it: it stands beside, for sealed.Create.
func ExampleExport() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "connections.csv")
	text := "Name,Connect Mode,Host,Port,Username,Password\nService Desk,SMTP,mail.example.com,587,desk,correct horse\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		panic(err)
	}
	b, secrets, err := exporter.Export(context.Background(), exporter.Options{Sources: []exporter.Source{sheet.New(file)}})
	if err != nil {
		panic(err)
	}
	fmt.Println(b.Connections[0].ItemName(), len(secrets))
	for key, secret := range secrets {
		fmt.Println(key.Name, secret)
	}
	// Output:
	// Service Desk 1
	// Service Desk [secret]
}
