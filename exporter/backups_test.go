package exporter_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/jirabackup"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// unseen is what stands beside a backup in testdata/backups.
type unseen struct {
	Plain, Opaque            []string
	Values                   map[string]map[string]string
	Credentials, Connections []map[string]any
}

// TestASuggestedProfileIsRightOnBackupsNotSeen goes the way of an administrator
// who edits nothing but plain, opaque and codes that say nothing by themselves.
func TestASuggestedProfileIsRightOnBackupsNotSeen(t *testing.T) {
	for _, name := range []string{"sqlserver", "oracle", "mysql"} {
		t.Run(name, func(t *testing.T) {
			var want unseen
			raw := rig.Get(os.ReadFile(filepath.Join("testdata", "backups", name+".json"))).Or(t)
			rig.OK(t, json.Unmarshal(raw, &want))
			backup := zipped(t, filepath.Join("testdata", "backups", name+".xml"))
			tables := &watched{Tables: jirabackup.NewTables(backup, jirabackup.Options{})}
			p := suggest(t, tables)
			for _, rules := range p.Values {
				for _, r := range rules {
					if strings.ContainsAny(r.From, "=-@") {
						t.Errorf("a value that is no setting is shown: %q", r.From)
					}
				}
			}
			want.edit(t, p)
			c := rig.Get(exporter.NewSource(jirabackup.NewTables(backup, jirabackup.Options{}), p).Read(t.Context(), func(schema.Warning) {})).Or(t)
			b, secrets, err := export([]*exporter.Content{c}, exporter.Options{})
			if err != nil {
				t.Fatal(err)
			}
			sameItems(t, b.Credentials, want.Credentials, secrets)
			sameItems(t, b.Connections, want.Connections, secrets)
			for _, column := range tables.read {
				secret := func(name string) bool { return strings.HasSuffix(name, "."+column) } // counted, not shown
				if !slices.ContainsFunc(slices.Concat(want.Plain, want.Opaque), secret) && !slices.Contains([]string{"CONNECT_MODE", "PROTOCOL", "SERVER_TYPE", "ENCRYPTION", "SECURITY", "TLS_MODE",
					"PROVIDER", "SERVICE_PROVIDER", "VENDOR", "DEBUG", "DEBUG_ENABLED", "TRACE", "GRANT_TYPE", "FLOW"}, column) {
					t.Errorf("values of column %s were read", column)
				}
			}
		})
	}
}

// suggest writes a profile and reads it back, as the command and a person do.
func suggest(t *testing.T, tables exporter.Tables) *schema.Profile {
	t.Helper()
	contents := rig.Get(tables.Inspect(t.Context(), false)).Or(t)
	p, notes, err := exporter.SuggestProfile(contents.Tables)
	if err != nil {
		t.Fatal(err)
	}
	_, more, err := exporter.SuggestValues(t.Context(), tables, p)
	if err != nil {
		t.Fatal(err)
	}
	file := rig.Get(schema.MarshalIndent(p)).Or(t)
	t.Logf("%s\n%s", strings.Join(append(notes, more...), "\n"), file)
	back := &schema.Profile{}
	rig.OK(t, schema.DecodeFile("profile", file, back))
	return back
}

func (u *unseen) edit(t *testing.T, p *schema.Profile) {
	t.Helper()
	find := func(name string) *schema.ColumnProfile {
		for _, tp := range []*schema.TableProfile{&p.Connections, p.Credentials} {
			for i := range tp.Columns {
				if tp.Table+"."+tp.Columns[i].Column == name {
					return &tp.Columns[i]
				}
			}
		}
		t.Fatalf("column %s is not in the profile", name)
		return nil
	}
	for _, name := range u.Plain {
		find(name).Secret = schema.Plain
	}
	for _, name := range u.Opaque {
		find(name).Secret = schema.Opaque
	}
	for name, labels := range u.Values {
		rules := p.Values[find(name).Values]
		for from, to := range labels {
			i := slices.IndexFunc(rules, func(r schema.ValueRule) bool { return r.From == from })
			if i < 0 {
				t.Fatalf("%s: no line for %q to edit: %+v", name, from, rules)
			}
			rules[i].To = to
		}
	}
}

func sameItems(t *testing.T, got []schema.Item, want []map[string]any, secrets schema.Secrets) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d items, want %d", len(got), len(want))
		return
	}
	for _, w := range want {
		name := w["name"].(string)
		it := schema.Find(got, name)
		if it == nil {
			t.Errorf("no %q", name)
			continue
		}
		raw := rig.Get(schema.MarshalIndent(it)).Or(t)
		var g map[string]any
		rig.OK(t, json.Unmarshal(raw, &g))
		delete(g, "extra")
		for _, field := range []string{"password", "client_secret"} {
			wanted, has := w[field]
			marker := schema.SecretMarker(it)
			if text, plain := wanted.(string); has && plain {
				list := schema.Connections
				if field == "client_secret" {
					list = schema.Credentials
				}
				if secrets[schema.SecretKey{List: list, Name: name}].Reveal() != text {
					t.Errorf("%q: another %s", name, field)
				}
			} else if has && (marker == nil || marker.State != schema.Missing) {
				t.Errorf("%q: %s is not missing: %+v", name, field, marker)
			}
			if _, stands := g[field]; stands && !has {
				t.Logf("%q: %s is %+v", name, field, marker)
			}
			delete(g, field)
			delete(w, field)
		}
		if !reflect.DeepEqual(g, w) {
			t.Errorf("\n got %v\nwant %v", g, w)
		}
	}
}

// zipped puts an activeobjects.xml into a zip as Jira does.
func zipped(t *testing.T, file string) string {
	t.Helper()
	raw := rig.Get(os.ReadFile(file)).Or(t)
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, content := range map[string][]byte{"entities.xml": []byte("<entity-engine-xml/>"), "activeobjects.xml": raw} {
		w := rig.Get(z.Create(name)).Or(t)
		_, _ = w.Write(content)
	}
	rig.OK(t, z.Close())
	out := filepath.Join(t.TempDir(), "backup.zip")
	rig.OK(t, os.WriteFile(out, buf.Bytes(), 0o600))
	return out
}

// watched records the columns that are asked for.
type watched struct {
	exporter.Tables
	read []string
}

func (w *watched) ReadTables(ctx context.Context, wanted []exporter.Wanted, take exporter.RowFunc, warn func(schema.Warning)) (schema.Source, error) {
	for _, table := range wanted {
		w.read = append(w.read, table.Columns...)
	}
	return w.Tables.ReadTables(ctx, wanted, take, warn)
}

// TestOnlySettingsAreShownAsWords: a column called as a setting that holds
// something else shows nothing of it.
func TestOnlySettingsAreShownAsWords(t *testing.T) {
	var rows, many strings.Builder
	for i := range 20 {
		fmt.Fprintf(&many, "<row><string>c%d</string><string>SMTP</string><string>w%d</string></row>", i, i)
	}
	rows.WriteString("<row><string>a</string><string>SMTP</string><string>kQ0vX1Bk/Y8kQ0vX1Bk/Y8kQ0vX1Bk/Y8kQ0vX1Bk1=</string></row>" +
		"<row><string>b</string><string>LDAP</string><string>TLS</string></row>")
	for name, c := range map[string]struct{ rows, want string }{
		"ciphertext": {rows.String(), "column ENCRYPTION of AO_544E33_C does not read as one of settings"},
		"password":   {strings.ReplaceAll(rows.String(), "kQ0vX1Bk/Y8kQ0vX1Bk/Y8kQ0vX1Bk/Y8kQ0vX1Bk1=", "correct#horse"), "column ENCRYPTION of AO_544E33_C does not read as one of settings"},
		"many":       {many.String(), "column ENCRYPTION of AO_544E33_C does not read as one of settings"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "activeobjects.xml")
			text := `<backup xmlns="http://www.atlassian.com/ao"><data tableName="AO_544E33_C"><column name="NAME"/><column name="CONNECT_MODE"/><column name="ENCRYPTION"/>` + c.rows + `</data></backup>`
			rig.OK(t, os.WriteFile(file, []byte(text), 0o600))
			p := &schema.Profile{Connections: schema.TableProfile{Table: "AO_544E33_C", Columns: []schema.ColumnProfile{
				{Field: "name", Column: "NAME"}, {Field: "connect_mode", Column: "CONNECT_MODE"}, {Field: "encryption", Column: "ENCRYPTION"}}}}
			_, notes, err := exporter.SuggestValues(t.Context(), jirabackup.NewTables(file, jirabackup.Options{}), p)
			if err != nil || !strings.Contains(strings.Join(notes, "\n"), c.want) {
				t.Errorf("%q %v", notes, err)
			}
			if p.Values["encryption"] != nil || p.Connections.Columns[2].Values != "" || len(p.Values["connect_mode"]) == 0 {
				t.Errorf("%+v", p.Values)
			}
		})
	}
}

// TestASwitchUnderEncryptionIsAsked: what true means on the panel is for a person.
func TestASwitchUnderEncryptionIsAsked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "activeobjects.xml")
	text := `<backup xmlns="http://www.atlassian.com/ao"><data tableName="AO_544E33_C"><column name="USE_SSL"/><row><boolean>true</boolean></row></data></backup>`
	rig.OK(t, os.WriteFile(file, []byte(text), 0o600))
	p := &schema.Profile{Connections: schema.TableProfile{Table: "AO_544E33_C", Columns: []schema.ColumnProfile{{Field: "encryption", Column: "USE_SSL"}}}}
	_, notes, err := exporter.SuggestValues(t.Context(), jirabackup.NewTables(file, jirabackup.Options{}), p)
	if err != nil || !strings.Contains(strings.Join(notes, "\n"), `say under values.encryption what "true" means`) {
		t.Errorf("%q %v", notes, err)
	}
}
