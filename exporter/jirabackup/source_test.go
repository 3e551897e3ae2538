package jirabackup_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/jirabackup"
	"github.com/mailferry/mailferry/schema"
)

func writeBackup(t *testing.T, document string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "activeobjects.xml")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readBackup(t *testing.T, path string, p *schema.Profile) (*exporter.Content, []string, error) {
	t.Helper()
	var warned []string
	c, err := exporter.NewSource(jirabackup.NewTables(path, jirabackup.Options{}), p).Read(t.Context(), func(w schema.Warning) { warned = append(warned, w.String()) })
	return c, warned, err
}

func smallProfile() *schema.Profile {
	return &schema.Profile{
		Format: schema.ProfileFormat, Verified: true,
		Connections: schema.TableProfile{Table: "ao_544e33_conn", Columns: []schema.ColumnProfile{
			{Field: "name", Column: "name"}, {Field: "connect_mode", Column: "MODE"}, {Field: "username", Column: "USERNAME"},
			{Field: "port", Column: "PORT"}, {Field: "debug", Column: "DEBUG"}, {Field: "extra.flag", Column: "FLAG"},
		}},
	}
}

const smallTable = `<backup xmlns="http://www.atlassian.com/ao" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <table name="AO_544E33_CONN"><column name="DEBUG"/><column name="FLAG"/><column name="MODE"/><column name="NAME"/><column name="PORT"/><column name="USERNAME"/></table>
 <table name="AO_544E33_OTHER"/><table name="AO_60DB71_X"/>
 `

func TestOraclesValuesReadLikeEveryOtherDatabases(t *testing.T) {
	for name, row := range map[string]string{
		"PostgreSQL": `<integer>587</integer><boolean>true</boolean><string>CORP\\mailer</string><integer>1</integer>`,
		"Oracle":     `<integer>587</integer><integer>1</integer><string>CORP\\mailer</string><integer>1</integer>`,
		"a double":   `<double>587.0</double><integer>1</integer><string>CORP\\mailer</string><double>1.0</double>`,
	} {
		t.Run(name, func(t *testing.T) {
			path := writeBackup(t, smallTable+`<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/>
				<row>`+row+`<string>Desk</string><string>SMTP</string></row></data></backup>`)
			c, _, err := readBackup(t, path, smallProfile())
			if err != nil {
				t.Fatal(err)
			}
			got := c.Records[0].Item.(*schema.ServerConnection)
			if got.Port != 587 || !got.Debug || got.Username != `CORP\mailer` || got.Extra["flag"] != "1" {
				t.Errorf("%+v", got)
			}
			if c.Records[0].Where != "AO_544E33_CONN row 1" {
				t.Errorf("stands at %s", c.Records[0].Where)
			}
		})
	}
}

func TestBinaryValuesAreSkippedWithOneWarning(t *testing.T) {
	row := `<row><integer>25</integer><integer>0</integer><binary>AAAA</binary><string xsi:nil="true"/><string>%s</string><string>SMTP</string></row>`
	c, warned, err := readBackup(t, writeBackup(t, smallTable+`<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/>`+
		fmt.Sprintf(row, "a")+fmt.Sprintf(row, "b")+`</data></backup>`), smallProfile())
	if err != nil || len(c.Records) != 2 || len(warned) != 2 || !strings.Contains(warned[0], "no checksum") || !strings.Contains(warned[1], `.USERNAME"`) || !strings.Contains(warned[1], "binary") {
		t.Errorf("%q, %v", warned, err)
	}
}

func TestNamesOfTablesAndColumnsAreComparedWithoutRegardToCase(t *testing.T) {
	const columns = `<column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/>`
	const row = `<row><integer>25</integer><integer>0</integer><string>u</string><string/><string>a</string><string>SMTP</string></row>`
	for _, declared := range []string{"", "AO_544E33_CONN", "ao_544e33_conn", "Ao_544E33_Conn"} {
		for _, filled := range []string{"AO_544E33_CONN", "ao_544e33_conn", "ao_544e33_CONN"} {
			for _, columns := range []string{columns, strings.NewReplacer("PORT", "port", "NAME", "name", "MODE", "Mode", "FLAG", "flag").Replace(columns)} {
				doc := `<backup xmlns="http://www.atlassian.com/ao">`
				data := `<data tableName="` + filled + `">` + columns + row + `</data>`
				doc += data
				if declared != "" {
					doc += `<table name="` + declared + `">` + columns + `</table>`
				}
				path := writeBackup(t, doc+"</backup>")
				c, _, err := readBackup(t, path, smallProfile())
				if err != nil || len(c.Records) != 1 {
					t.Errorf("%q filled as %q: %+v, %v", declared, filled, c, err)
					continue
				}
				if got := c.Records[0].Item.(*schema.ServerConnection); got.Name != "a" || got.Port != 25 || got.Username != "u" || c.Records[0].Where != "AO_544E33_CONN row 1" {
					t.Errorf("%q filled as %q: %+v", declared, filled, c.Records[0])
				}
				shown, err := jirabackup.NewTables(path, jirabackup.Options{}).Inspect(t.Context(), false)
				if err != nil || len(shown.Tables) != 1 || shown.Tables[0].Rows != 1 || len(shown.Tables[0].Columns) != 6 {
					t.Errorf("%q filled as %q: %+v, %v", declared, filled, shown, err)
				}
			}
		}
	}
}

func TestTwoNamesThatDifferByCaseOnlyAreAnErrorThatNamesBoth(t *testing.T) {
	for _, doc := range []string{
		`<table name="AO_544E33_Conn"/><table name="AO_544E33_CONN"/>`,
		`<data tableName="AO_544E33_CONN"/><table name="AO_544E33_OTHER"/><data tableName="AO_544E33_Conn"/>`,
		`<table name="ao_544e33_conn"/><data tableName="AO_544E33_CONN"/><data tableName="AO_544E33_Conn"/>`,
		`<table name="AO_60DB71_X"><column name="AO_544E33_CONN"/><column name="AO_544E33_Conn"/></table>`,
		`<data tableName="AO_544E33_CONN_"><column name="AO_544E33_CONN"/><column name="AO_544E33_Conn"/></data>`,
	} {
		path := writeBackup(t, `<backup xmlns="http://www.atlassian.com/ao">`+doc+`</backup>`)
		_, _, readErr := readBackup(t, path, smallProfile())
		_, inspectErr := jirabackup.NewTables(path, jirabackup.Options{}).Inspect(t.Context(), true)
		for _, err := range []error{readErr, inspectErr} {
			if err == nil || !strings.Contains(err.Error(), `"AO_544E33_CONN"`) || !strings.Contains(err.Error(), `"AO_544E33_Conn"`) {
				t.Errorf("%s: %v", doc, err)
			}
		}
	}
}

func TestABackupWithoutWhatTheProfileNamesSaysWhatItHas(t *testing.T) {
	for name, c := range map[string]struct{ data, want, hint string }{
		"no table":                              {`<backup xmlns="http://www.atlassian.com/ao"><table name="AO_544E33_B"/><table name="AO_544E33_A"/><table name="AO_60DB71_X"/></backup>`, `there is no table "AO_544E33_CONN"; of the app there are: "AO_544E33_B", "AO_544E33_A"`, "inspect --suggest-profile"},
		"another app's Jira":                    {`<backup xmlns="http://www.atlassian.com/ao"><table name="AO_60DB71_X"/></backup>`, `there is no table "AO_544E33_CONN", nor any other AO_544E33_* table`, "inspect --all"},
		"no column":                             {smallTable + `<data tableName="AO_544E33_CONN"><column name="ID"/><column name="TITLE"/><row><integer>1</integer><string>x</string></row></data></backup>`, `has no column "NAME"`, "it has: ID, TITLE"},
		"no column and no rows":                 {smallTable + `<data tableName="AO_544E33_CONN"><column name="ID"/></data></backup>`, `has no column "NAME"`, "it has: ID"},
		"no column in declaration":              {`<backup xmlns="http://www.atlassian.com/ao"><table name="AO_544E33_CONN"><column name="ID"/></table></backup>`, `has no column "NAME"`, "it has: ID"},
		"broken behind the table":               {smallTable + `<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/></data></oops>`, "", ""},
		"a row without a name":                  {smallTable + `<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/><row><integer>1</integer><integer>1</integer><string/><string/><string/><string/></row></data></backup>`, "AO_544E33_CONN row 1: has no name", ""},
		"a port that is no number":              {smallTable + `<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/><row><string>hunter2</string><integer>1</integer><string/><string/><string>a</string><string>b</string></row></data></backup>`, "AO_544E33_CONN row 1, column PORT: not a whole number", ""},
		"half a character":                      {smallTable + `<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/><row><string>x</string><integer>1</integer><string/><string/><string>hunter2\ud83d</string><string>b</string></row><row><string>587.00</string><integer>1</integer><string/><string/><string>c</string><string>b</string></row></data></backup>`, `AO_544E33_CONN row 1, column name: byte 576: holds half a surrogate pair as \uXXXX; AO_544E33_CONN row 1, column PORT: not a whole number; AO_544E33_CONN row 2, column PORT: not a whole number`, "type that field anew"},
		"half a character in a broken document": {smallTable + `<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/><row><string>x</string><integer>1</integer><string/><string/><string>hunter2\ud83d</string><string>b</string></row><row><string>587.00</string><integer>1</integer><string/><string/><string>c</string><string>b</string></row></data></oops>`, `row 2, column PORT: not a whole number; `, "type that field anew"},
		"a boolean that is neither":             {smallTable + `<data tableName="AO_544E33_CONN"><column name="PORT"/><column name="DEBUG"/><column name="USERNAME"/><column name="FLAG"/><column name="NAME"/><column name="MODE"/><row><integer>1</integer><integer>2</integer><string/><string/><string>a</string><string>b</string></row></data></backup>`, "AO_544E33_CONN row 1, column DEBUG: neither true nor false", ""},
	} {
		t.Run(name, func(t *testing.T) {
			content, _, err := readBackup(t, writeBackup(t, c.data), smallProfile())
			if err == nil || content != nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(schema.HintOf(err), c.hint) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error: %v\nhint: %s\nwant %q and hint %q", err, schema.HintOf(err), c.want, c.hint)
			}
			if !strings.Contains(err.Error(), "activeobjects.xml") {
				t.Errorf("the file is not named: %v", err)
			}
		})
	}
}

func TestATableWithoutRowsGivesNoRecords(t *testing.T) {
	c, _, err := readBackup(t, writeBackup(t, smallTable+`</backup>`), smallProfile())
	if err != nil || len(c.Records) != 0 {
		t.Errorf("%v", err)
	}
}

func TestInspectingABackupShowsTablesAndNoValues(t *testing.T) {
	tables := jirabackup.NewTables(filepath.Join(samples, "jira-backup.zip"), jirabackup.Options{})
	c, err := tables.Inspect(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, table := range c.Tables {
		names = append(names, fmt.Sprintf("%s:%d", table.Name, table.Rows))
	}
	want := "AO_544E33_AUDIT_LOG_ENTRY:40 AO_544E33_AUDIT_LOG_RECIPIENT:25 AO_544E33_FIELD_RULE:0 AO_544E33_MAIL_CONNECTION:14 AO_544E33_OAUTH2_CREDENTIAL:3"
	if got := strings.Join(names, " "); got != want || c.Others != 1 {
		t.Errorf("got %s and %d others", got, c.Others)
	}
	if c.Kind != "jira-backup" || c.Name != "jira-backup.zip" || c.Encoding != "UTF-8" || c.Database != (exporter.Database{Name: "PostgreSQL", Version: "13.4"}) {
		t.Errorf("%+v", c)
	}
	if columns := c.Tables[3].Columns; len(columns) != 16 || columns[0] != (exporter.Column{Name: "ID"}) {
		t.Errorf("%+v", columns)
	}
	if s := fmt.Sprintf("%+v", c); strings.Contains(s, "made-up") || strings.Contains(s, "Service Desk") {
		t.Error("values are shown")
	}
	if c, err = tables.Inspect(t.Context(), true); err != nil || len(c.Tables) != 6 || c.Others != 0 {
		t.Errorf("with all: %+v, %v", c, err)
	}
}

func TestABackupPastTheLimitSaysHowToRaiseIt(t *testing.T) {
	_, err := jirabackup.NewTables(filepath.Join(samples, "jira-backup.zip"), jirabackup.Options{MaxInflated: 1000}).Inspect(t.Context(), false)
	if !errors.Is(err, jirabackup.ErrTooLarge) || !strings.Contains(schema.HintOf(err), "--max-inflated") {
		t.Errorf("%v, hint %q", err, schema.HintOf(err))
	}
}

func TestReadingABackupStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := exporter.NewSource(jirabackup.NewTables(filepath.Join(samples, "jira-backup.zip"), jirabackup.Options{}), sampleProfile(t)).Read(ctx, func(schema.Warning) {})
	if c != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
