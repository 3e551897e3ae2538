// Package vault opens the secrets in a sample Cloud's folder, for tests that
// compare what arrived with what was sent.
package vault

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// Secrets returns the secrets that the sample Cloud in dir has of a list's
// items, by item name. The sample may be at work meanwhile.
func Secrets(dir string, l schema.List) (map[string]schema.Secret, error) {
	key, err := os.ReadFile(filepath.Join(dir, "secrets.key"))
	if err != nil {
		return nil, err
	}
	id, err := age.ParseX25519Identity(strings.TrimSpace(string(key)))
	if err != nil {
		return nil, err
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "cloud.sqlite")),
		RawQuery: "_pragma=busy_timeout(10000)"}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query("SELECT name, secret FROM items WHERE list = ? AND secret IS NOT NULL", l)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]schema.Secret{}
	for rows.Next() {
		var name string
		var box []byte
		if err := rows.Scan(&name, &box); err != nil {
			return nil, err
		}
		raw, err := sealed.Decrypt(bytes.NewReader(box), schema.MaxSecret, id)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", l.One(), schema.Quote(name), err)
		}
		out[name] = schema.NewSecret(string(raw))
	}
	return out, rows.Err()
}
