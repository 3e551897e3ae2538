//go:build unix

package database_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/go-json-experiment/json"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/exporter/jirabackup"
	"github.com/mailferry/mailferry/exporter/sheet"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/dbserver"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

const samples = "../../samples"

// TestOneSiteGivesEqualBundlesWhateverItWasReadFrom reads the sample site from
// its sheets, from its Jira backup, and from live databases that hold what the
// backup holds.
func TestOneSiteGivesEqualBundlesWhateverItWasReadFrom(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PGPASSWORD", dbserver.Password)
	t.Setenv("MYSQL_PWD", dbserver.Password)
	p := sampleProfile(t)
	backup := filepath.Join(samples, "jira-backup.zip")
	postgres, mariadb, lower := dbserver.StartPostgres(t), dbserver.StartMariaDB(t, 0), dbserver.StartMariaDB(t, 1)
	restore(t, backup, postgres, postgresSQL())
	restore(t, backup, mariadb, mysqlSQL())
	restore(t, backup, lower, mysqlSQL())
	live := func(s *dbserver.Server) exporter.Source {
		return exporter.NewSource(open(t, s.URL(), database.Options{}), p)
	}
	sources := map[string]exporter.Source{
		"backup": exporter.NewSource(jirabackup.NewTables(backup, jirabackup.Options{}), p), "XML": exporter.NewSource(jirabackup.NewTables(filepath.Join(samples, "backup", "activeobjects.xml"), jirabackup.Options{}), p),
		"PostgreSQL": live(postgres), "MariaDB": live(mariadb), "MariaDB with lower case": live(lower),
	}
	sheets := sheet.New(filepath.Join(samples, "server-connections.csv"), filepath.Join(samples, "server-credentials.csv"))

	// What the app keeps encrypted, and what the sheet leaves out, is supplied.
	_, typed := build(t, sheets, nil)
	supplied := schema.Secrets{{List: schema.Connections, Name: "Legal"}: schema.NewSecret("made-up-Osprey-81")}
	for key, secret := range typed {
		if key.List == schema.Credentials {
			supplied[key] = secret
		}
	}
	want, wantSecrets := build(t, sheets, supplied)
	if len(wantSecrets) < 10 || len(want.Connections) < 10 {
		t.Fatalf("the sample site is too small to show anything: %d connections", len(want.Connections))
	}
	wantContent := content(t, want) // before the seal writes fingerprints into it
	wantShown, _ := sealedAndOpened(t, want, wantSecrets)
	if len(wantShown) >= len(wantSecrets) {
		t.Fatal("the sample site has no secret that is used twice")
	}
	for name, source := range sources {
		got, secrets := build(t, source, supplied)
		if !slices.Equal(content(t, got), wantContent) {
			t.Errorf("%s gives other content than the sheets:\n%s\n%s", name, content(t, got), wantContent)
		}
		if len(secrets) != len(wantSecrets) {
			t.Errorf("%s gives %d secrets, the sheets %d", name, len(secrets), len(wantSecrets))
		}
		for key, secret := range wantSecrets {
			if !secrets[key].Equal(secret) {
				t.Errorf("%s gives another secret for %s", name, key.Name)
			}
		}
		// Sealed, opened and compared again: equal secrets, and equal fingerprints
		// at the same places.
		shown, opened := sealedAndOpened(t, got, secrets)
		if !slices.Equal(shown, wantShown) {
			t.Errorf("%s: equal fingerprints stand at\n%s, of the sheets at\n%s", name, shown, wantShown)
		}
		for key, secret := range wantSecrets {
			if !opened[key].Equal(secret) {
				t.Errorf("%s: the seal gives another secret for %s", name, key.Name)
			}
		}
	}

	// Without what is supplied, the reasons why secrets are missing agree too.
	want, _ = build(t, sources["backup"], nil)
	for name, source := range sources {
		if got, _ := build(t, source, nil); !slices.Equal(content(t, got), content(t, want)) {
			t.Errorf("%s gives other content than the backup", name)
		}
	}
}

func build(t *testing.T, source exporter.Source, supplied schema.Secrets) (*schema.Bundle, schema.Secrets) {
	t.Helper()
	b, secrets, err := exporter.Export(t.Context(), exporter.Options{Sources: []exporter.Source{source}, Secrets: supplied})
	if err != nil {
		t.Fatal(err)
	}
	return b, secrets
}

// sealedAndOpened seals the secrets into a copy of the bundle, writes and opens
// the file, and returns the groups of items with equal fingerprints and the
// secrets.
func sealedAndOpened(t *testing.T, b *schema.Bundle, secrets schema.Secrets) (groups []string, opened schema.Secrets) {
	t.Helper()
	id := rig.Get(age.GenerateX25519Identity()).Or(t)
	rec := rig.Get(sealed.Keys{}.Recipient(id.Recipient().String())).Or(t)
	to := sealed.Holders{Recipients: []sealed.Recipient{rec}}
	doc := *b
	doc.Manifest = schema.Manifest{ID: schema.NewID(), Created: schema.At(time.Unix(1, 0)), Tool: "test", Source: b.Manifest.Source, History: []schema.Step{}}
	doc.Sealed = nil
	var file bytes.Buffer
	rig.OK(t, sealed.Create(&file, &doc, secrets, to))
	o := rig.Get(sealed.Open(&file, []age.Identity{id}, nil)).Or(t)
	names := map[string][]string{}
	for _, it := range slices.Concat(o.Bundle.Credentials, o.Bundle.Connections) {
		if m := schema.SecretMarker(it); m != nil {
			names[m.Fingerprint] = append(names[m.Fingerprint], it.ItemName())
		}
	}
	for _, n := range names {
		groups = append(groups, strings.Join(n, "+"))
	}
	slices.Sort(groups)
	return groups, o.Secrets()
}

// content is everything in a bundle but its manifest, item by item. No
// fingerprint stands in it before it is sealed.
func content(t *testing.T, b *schema.Bundle) []string {
	t.Helper()
	var out []string
	for _, it := range slices.Concat(b.Credentials, b.Connections) {
		raw := rig.Get(json.Marshal(it, json.Deterministic(true))).Or(t)
		out = append(out, string(raw))
	}
	return out
}

func sampleProfile(t *testing.T) *schema.Profile {
	t.Helper()
	raw := rig.Get(os.ReadFile(filepath.Join(samples, "profile.json"))).Or(t)
	var p schema.Profile
	rig.OK(t, schema.DecodeFile("profile", raw, &p))
	return &p
}

// sqlOf says how an engine writes what a backup holds.
type sqlOf struct {
	quote  string
	types  map[string]string // by the name of the type in java.sql.Types
	escape *strings.Replacer
	bytes  string // a binary value
}

func postgresSQL() sqlOf {
	return sqlOf{`"`, map[string]string{"INTEGER": "integer", "BIGINT": "bigint", "VARCHAR": "text", "BIT": "boolean", "DOUBLE": "double precision", "TIMESTAMP": "timestamp", "BINARY": "bytea"},
		strings.NewReplacer("'", "''"), `'\x00ff'`}
}

func mysqlSQL() sqlOf {
	return sqlOf{"`", map[string]string{"INTEGER": "int", "BIGINT": "bigint", "VARCHAR": "longtext", "BIT": "bit(1)", "DOUBLE": "double", "TIMESTAMP": "datetime(3)", "BINARY": "longblob"},
		strings.NewReplacer("'", "''", `\`, `\\`), "x'00ff'"}
}

// declareTypes gives the columns of the sample backup the types that it declares.
func declareTypes(t *testing.T, tables []exporter.Table) {
	t.Helper()
	raw := rig.Get(os.ReadFile(filepath.Join(samples, "backup", "activeobjects.xml"))).Or(t)
	var doc struct {
		Tables []struct {
			Name    string `xml:"name,attr"`
			Columns []struct {
				Name string `xml:"name,attr"`
				Type int    `xml:"sqlType,attr"`
			} `xml:"column"`
		} `xml:"table"`
	}
	rig.OK(t, xml.Unmarshal(raw, &doc))
	names := map[int]string{4: "INTEGER", -5: "BIGINT", 12: "VARCHAR", -7: "BIT", 8: "DOUBLE", 93: "TIMESTAMP", -2: "BINARY"}
	types := map[string]string{}
	for _, table := range doc.Tables {
		for _, c := range table.Columns {
			types[table.Name+"."+c.Name] = names[c.Type]
		}
	}
	for _, table := range tables {
		for i, c := range table.Columns {
			table.Columns[i].Type = types[table.Name+"."+c.Name]
		}
	}
}

// restore puts a backup's tables into a database as Jira would.
func restore(t *testing.T, path string, server *dbserver.Server, engine sqlOf) {
	t.Helper()
	tables := jirabackup.NewTables(path, jirabackup.Options{})
	contents := rig.Get(tables.Inspect(t.Context(), true)).Or(t)
	declareTypes(t, contents.Tables)
	q := func(name string) string { return engine.quote + name + engine.quote }
	var statements []string
	for _, table := range contents.Tables {
		var columns []string
		for _, c := range table.Columns {
			if engine.types[c.Type] == "" {
				t.Fatalf("no type for %s", c.Type)
			}
			columns = append(columns, q(c.Name)+" "+engine.types[c.Type])
		}
		statements = append(statements, fmt.Sprintf("CREATE TABLE %s (%s)", q(table.Name), strings.Join(columns, ", ")))
	}
	var every []exporter.Wanted
	byName := map[string]exporter.Table{}
	for _, table := range contents.Tables {
		every = append(every, exporter.Wanted{Table: table.Name})
		byName[table.Name] = table
	}
	insert := func(name string, _ int, get func(column string) exporter.Cell) error {
		table := byName[name]
		var into, literals []string
		for _, c := range table.Columns {
			into = append(into, q(c.Name))
			v := get(c.Name)
			literal := "'" + engine.escape.Replace(v.Text) + "'"
			switch {
			case c.Type == "BINARY":
				literal = engine.bytes
			case v.Null:
				literal = "NULL"
			case c.Type == "TIMESTAMP":
				literal = "'" + strings.NewReplacer("T", " ", "Z", "").Replace(v.Text) + "'"
			case c.Type != "VARCHAR":
				literal = v.Text
			}
			literals = append(literals, literal)
		}
		statements = append(statements, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", q(table.Name), strings.Join(into, ", "), strings.Join(literals, ", ")))
		return nil
	}
	rig.Get(tables.ReadTables(t.Context(), every, insert, func(schema.Warning) {})).Or(t)
	server.Exec(t, statements...)
}
