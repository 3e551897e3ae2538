package jirabackup_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/jirabackup"
	"github.com/mailferry/mailferry/exporter/sheet"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

var update = flag.Bool("update", false, "write samples/backup, samples/jira-backup.zip and samples/secrets.csv anew from the sample sheets")

const samples = "../../samples"

// TestTheSampleBackupIsTheSampleSheets holds the sample backup to the sample
// sheets: the same site, exported two ways.
func TestTheSampleBackupIsTheSampleSheets(t *testing.T) {
	credentials, connections := sampleRecords(t)
	files := map[string][]byte{
		"backup/activeobjects.xml": sampleXML(t, credentials, connections),
		"backup/entities.xml":      []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Jira's own data stands here; the sample has none. -->\n<entity-engine-xml>\n</entity-engine-xml>\n"),
		"secrets.csv":              sampleSecrets(t, credentials),
	}
	for name, want := range files {
		path := filepath.Join(samples, name)
		if *update {
			rig.OK(t, os.WriteFile(path, want, 0o644))
		}
		got := rig.Get(os.ReadFile(path)).Or(t)
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the sheets give: go test -run Sample ./exporter/jirabackup -update", name)
		}
	}
	if *update {
		writeSampleZip(t, files)
	}
	z := rig.Get(zip.OpenReader(filepath.Join(samples, "jira-backup.zip"))).Or(t)
	defer z.Close()
	if len(z.File) != 2 {
		t.Errorf("the sample zip has %d entries", len(z.File))
	}
	for _, f := range z.File {
		r := rig.Get(f.Open()).Or(t)
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, files["backup/"+f.Name]) {
			t.Errorf("%s in the sample zip differs from the one in samples/backup: %v", f.Name, err)
		}
	}
}

func writeSampleZip(t *testing.T, files map[string][]byte) {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range []string{"entities.xml", "activeobjects.xml"} {
		w, err := z.Create(name) // without a time, so that the same sheets give the same zip
		if err != nil {
			t.Fatal(err)
		}
		rig.Get(w.Write(files["backup/"+name])).Or(t)
	}
	rig.OK(t, z.Close())
	rig.OK(t, os.WriteFile(filepath.Join(samples, "jira-backup.zip"), out.Bytes(), 0o644))
}

func sampleRecords(t *testing.T) (credentials, connections []exporter.Record) {
	t.Helper()
	c := rig.Get(sheet.New(filepath.Join(samples, "server-credentials.csv"), filepath.Join(samples, "server-connections.csv")).Read(t.Context(), func(schema.Warning) {})).Or(t)
	for _, r := range c.Records {
		if r.Item.List() == schema.Credentials {
			credentials = append(credentials, r)
		} else {
			connections = append(connections, r)
		}
	}
	return credentials, connections
}

func sampleSecrets(t *testing.T, credentials []exporter.Record) []byte {
	t.Helper()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"kind", "name", "secret"}}
	for _, r := range credentials {
		rows = append(rows, []string{"credential", r.Item.ItemName(), r.Secret.Reveal()})
	}
	rig.OK(t, w.WriteAll(rows))
	return out.Bytes()
}

// sampleTable is a table of the sample backup. A column is written with the
// element of its type; a row's values are texts, or nil for NULL.
type sampleTable struct {
	name    string
	columns []sampleColumn // in the order of the values, not of the declaration
	rows    [][]any
}

type sampleColumn struct {
	name, element string
	sqlType       int
}

func sampleXML(t *testing.T, credentials, connections []exporter.Record) []byte {
	t.Helper()
	modes := map[string]string{}
	for _, v := range sampleProfile(t).Values["connect_mode"] {
		modes[v.To] = v.From
	}
	ids := map[string]string{}
	cred := sampleTable{name: "AO_544E33_OAUTH2_CREDENTIAL", columns: []sampleColumn{
		{"ID", "integer", 4}, {"NAME", "string", 12}, {"SERVICE_PROVIDER", "string", 12}, {"CLIENT_ID", "string", 12}, {"CLIENT_SECRET", "string", 12},
		{"AUTHORIZATION_ENDPOINT", "string", 12}, {"TOKEN_ENDPOINT", "string", 12}, {"CALLBACK_URL", "string", 12}, {"GRANT_TYPE", "string", 12},
	}}
	for i, r := range credentials {
		id := fmt.Sprint(3 + 2*i)
		ids[r.Item.ItemName()] = id
		// Ciphertext of no cipher: what stands there is no secret of anybody's.
		box := sha256.Sum256([]byte("sample " + r.Item.ItemName()))
		cred.rows = append(cred.rows, []any{id, field(r, "name"), field(r, "service_provider"), field(r, "client_id"), "{AES}" + base64.StdEncoding.EncodeToString(box[:]),
			field(r, "authorization_endpoint"), field(r, "token_endpoint"), field(r, "callback_url"), field(r, "grant")})
	}
	conn := sampleTable{name: "AO_544E33_MAIL_CONNECTION", columns: []sampleColumn{
		{"ID", "integer", 4}, {"NAME", "string", 12}, {"DESCRIPTION", "string", 12}, {"FROM_ADDRESS", "string", 12}, {"PREFIX", "string", 12},
		{"CONNECT_MODE", "string", 12}, {"ENCRYPTION", "string", 12}, {"USERNAME", "string", 12}, {"PASSWORD", "string", 12},
		{"HOST", "string", 12}, {"PORT", "integer", 4}, {"DEBUG", "boolean", -7}, {"OAUTH2_CREDENTIAL_ID", "integer", 4},
		{"SHARED_MAILBOX", "string", 12}, {"LAST_USED", "timestamp", 93}, {"SIGNATURE_IMAGE", "binary", -2},
	}}
	for i, r := range connections {
		var credential, password, image any
		if name := schema.Text(r.Item, "oauth2_credentials"); name != "" {
			if credential = ids[name]; credential == "" {
				t.Fatalf("no credential %s in the sample sheet", name)
			}
		}
		if s := r.Secret.Reveal(); s != "" {
			password = s
		}
		if i == 0 {
			image = base64.StdEncoding.EncodeToString([]byte("no picture"))
		}
		mode := schema.Text(r.Item, "connect_mode")
		if modes[mode] == "" {
			t.Fatalf("the sample profile does not map to %s", mode)
		}
		conn.rows = append(conn.rows, []any{fmt.Sprint(1 + i), field(r, "name"), field(r, "description"), field(r, "from_address"), field(r, "prefix"),
			modes[mode], field(r, "encryption"), field(r, "username"), password, field(r, "host"), field(r, "port"), schema.Text(r.Item, "debug"), credential,
			field(r, "extra.shared_mailbox"), fmt.Sprintf("2026-01-%02dT08:15:30.000Z", 1+i), image})
	}
	return writeXML(auditLog("AO_544E33_AUDIT_LOG_ENTRY", 40), conn, cred, auditLog("AO_544E33_AUDIT_LOG_RECIPIENT", 25), sampleTable{name: "AO_544E33_FIELD_RULE", columns: []sampleColumn{
		{"ID", "integer", 4}, {"NAME", "string", 12},
	}}, sampleTable{name: "AO_60DB71_SPRINT", columns: []sampleColumn{{"CLOSED", "boolean", -7}, {"ID", "integer", -5}, {"NAME", "string", 12}, {"VELOCITY", "double", 8}},
		rows: [][]any{{"false", "1", "Sprint 1", "12.5"}, {"true", "2", "Sprint \\ 2", nil}}})
}

// field is a field's value, nil where it is empty.
func field(r exporter.Record, name string) any {
	if s := schema.Text(r.Item, name); s != "" {
		return s
	}
	return nil
}

// auditLog makes up rows, some of which hold what a careless reader would take
// for the table that it looks for.
func auditLog(name string, n int) sampleTable {
	table := sampleTable{name: name, columns: []sampleColumn{{"ID", "integer", -5}, {"CREATED", "timestamp", 93}, {"SUBJECT", "string", 12}, {"BODY", "string", 12}}}
	for i := range n {
		body := any(fmt.Sprintf("Dear customer,\nyour request SD-%d was received.\n-- \nC:\\mail\\out\\%d.eml", 100+i, i))
		switch i % 5 {
		case 1:
			body = `<data tableName="AO_544E33_MAIL_CONNECTION"><row><string>not this one</string></row></data>`
		case 2:
			body = "a form feed \f, an escape \x1b and ]]> <!-- survive"
		case 3:
			body = nil
		case 4:
			body = ""
		}
		table.rows = append(table.rows, []any{fmt.Sprint(1000 + i), fmt.Sprintf("2026-02-01T10:%02d:00.000Z", i), fmt.Sprintf("[Service Desk] (SD-%d) Re: Drucker & Toner", 100+i), body})
	}
	return table
}

// writeXML writes a backup as Jira does: database, then tables with their
// columns by name, then the data with columns in an order of its own.
func writeXML(tables ...sampleTable) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version='1.0' encoding='UTF-8'?>\n<backup xmlns=\"http://www.atlassian.com/ao\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n  <database>\n" +
		"    <meta key=\"database.name\" value=\"PostgreSQL\"/>\n    <meta key=\"database.version\" value=\"13.4\"/>\n  </database>\n")
	for _, t := range tables {
		fmt.Fprintf(&b, "  <table name=%q>\n", t.name)
		declared := slices.Clone(t.columns)
		slices.SortFunc(declared, func(x, y sampleColumn) int { return strings.Compare(x.name, y.name) })
		for _, c := range declared {
			fmt.Fprintf(&b, "    <column name=%q primaryKey=\"%v\" autoIncrement=\"%v\" sqlType=\"%d\"/>\n", c.name, c.name == "ID", c.name == "ID", c.sqlType)
		}
		b.WriteString("  </table>\n")
	}
	for _, t := range tables {
		fmt.Fprintf(&b, "  <data tableName=%q>\n", t.name)
		for _, c := range t.columns {
			fmt.Fprintf(&b, "    <column name=%q/>\n", c.name)
		}
		for _, row := range t.rows {
			b.WriteString("    <row>\n")
			for i, v := range row {
				element := t.columns[i].element
				if v == nil {
					fmt.Fprintf(&b, "      <%s xsi:nil=\"true\"/>\n", element)
					continue
				}
				fmt.Fprintf(&b, "      <%s>%s</%s>\n", element, escape(v.(string)), element)
			}
			b.WriteString("    </row>\n")
		}
		b.WriteString("  </data>\n")
	}
	b.WriteString("</backup>\n")
	return b.Bytes()
}

// escape is the backup's own escaping beneath that of XML.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r < 0x20 && r != '\t' && r != '\n' && r != '\r':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xd;").Replace(b.String())
}

func sampleProfile(t *testing.T) *schema.Profile {
	t.Helper()
	raw := rig.Get(os.ReadFile(filepath.Join(samples, "profile.json"))).Or(t)
	var p schema.Profile
	rig.OK(t, schema.DecodeFile("profile", raw, &p))
	return &p
}

func TestTheSampleSaysThatItIsUnverified(t *testing.T) {
	p := sampleProfile(t)
	var warned []string
	c := rig.Get(exporter.NewSource(jirabackup.NewTables(filepath.Join(samples, "jira-backup.zip"), jirabackup.Options{}), p).Read(t.Context(), func(w schema.Warning) { warned = append(warned, w.String()) })).Or(t)
	if p.Verified || !slices.ContainsFunc(warned, func(s string) bool { return strings.Contains(s, "the profile is unverified") }) {
		t.Errorf("warned %q", warned)
	}
	if c.Source.Kind != "jira-backup" || c.Source.Name != "jira-backup.zip" || len(c.Source.SHA256) != 64 {
		t.Errorf("source %+v", c.Source)
	}
}
