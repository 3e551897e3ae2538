//go:build unix

package database_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/dbserver"
	"github.com/mailferry/mailferry/schema"
)

// engine is a running server with Jira's tables as the Active Objects plugin
// creates them there.
type engine struct {
	*dbserver.Server
	kind, noTLS, tlsWithCA, passwordVariable string
	lock                                     string // a statement that locks the connections table while its session lasts
	table                                    string // the connections table as the engine quotes it
	schema, grantAll                         string
	kill                                     string   // end the reader's sessions
	narrow                                   []string // make a user of that name who may read the credentials only
}

var postgresTables = []string{
	`CREATE TABLE "AO_544E33_MAIL_CONNECTION" ("ID" serial PRIMARY KEY, "NAME" varchar(255) NOT NULL, "DESCRIPTION" text, "FROM_ADDRESS" varchar(255),
		"CONNECT_MODE" varchar(255), "USERNAME" varchar(255), "PASSWORD" varchar(450), "HOST" varchar(255), "PORT" integer, "DEBUG" boolean,
		"SHARED" bit(1), "TIMEOUT" bigint, "WEIGHT" double precision, "ICON" bytea, "CREDENTIAL_ID" integer)`,
	`CREATE TABLE "AO_544E33_OAUTH2_CREDENTIAL" ("ID" serial PRIMARY KEY, "NAME" varchar(255), "CLIENT_ID" varchar(255), "CLIENT_SECRET" text)`,
	`CREATE TABLE "AO_544E33_AUDIT_LOG_ENTRY" ("ID" bigserial PRIMARY KEY, "SUBJECT" text)`,
	`CREATE TABLE "AO_60DB71_SPRINT" ("ID" bigserial PRIMARY KEY)`,
	`CREATE TABLE jiraissue (id numeric PRIMARY KEY)`,
}

var mysqlTables = []string{
	"CREATE TABLE `AO_544E33_MAIL_CONNECTION` (`ID` int AUTO_INCREMENT PRIMARY KEY, `NAME` varchar(255) NOT NULL, `DESCRIPTION` longtext, `FROM_ADDRESS` varchar(255)," +
		"`CONNECT_MODE` varchar(255), `USERNAME` varchar(255), `PASSWORD` varchar(450) CHARACTER SET latin1, `HOST` varchar(255), `PORT` int, `DEBUG` tinyint(1)," +
		"`SHARED` bit(1), `TIMEOUT` bigint, `WEIGHT` double, `ICON` longblob, `CREDENTIAL_ID` int) COLLATE utf8mb4_bin",
	"CREATE TABLE `AO_544E33_OAUTH2_CREDENTIAL` (`ID` int AUTO_INCREMENT PRIMARY KEY, `NAME` varchar(255), `CLIENT_ID` varchar(255), `CLIENT_SECRET` longtext)",
	"CREATE TABLE `AO_544E33_AUDIT_LOG_ENTRY` (`ID` bigint AUTO_INCREMENT PRIMARY KEY, `SUBJECT` longtext)",
	"CREATE TABLE `AO_60DB71_SPRINT` (`ID` bigint AUTO_INCREMENT PRIMARY KEY)",
	"CREATE TABLE jiraissue (id decimal(18,0) PRIMARY KEY)",
}

// rows fit both: the names are quoted with " and changed for MySQL.
var rows = []string{
	`INSERT INTO "AO_544E33_OAUTH2_CREDENTIAL" ("ID", "NAME", "CLIENT_ID", "CLIENT_SECRET") VALUES (7, 'Google', 'id.apps', 'plain-client-secret')`,
	`INSERT INTO "AO_544E33_MAIL_CONNECTION" ("ID", "NAME", "DESCRIPTION", "FROM_ADDRESS", "CONNECT_MODE", "USERNAME", "PASSWORD", "HOST", "PORT", "DEBUG", "SHARED", "TIMEOUT", "WEIGHT", "ICON", "CREDENTIAL_ID")
		VALUES (1, 'Service Desk ✉', E'two\nlines \\ slash', '', 'SMTP', 'CORP\\mailer', 'pa''ss wörd', 'smtp.corp.example', 587, true, b'1', 9007199254740993, 0.5, 'ab', NULL)`,
	`INSERT INTO "AO_544E33_MAIL_CONNECTION" ("ID", "NAME", "CONNECT_MODE", "USERNAME", "DEBUG", "SHARED", "CREDENTIAL_ID") VALUES (2, 'Sales', 'Google OAuth2', 'sales@corp.example', false, b'0', 7)`,
	`INSERT INTO "AO_544E33_AUDIT_LOG_ENTRY" ("SUBJECT") VALUES ('a'), ('b'), ('c')`,
}

func startPostgres(t *testing.T) engine {
	s := dbserver.StartPostgres(t)
	s.Exec(t, postgresTables...)
	for _, r := range rows {
		// Only the text with E is an escaped one in PostgreSQL.
		s.Exec(t, strings.ReplaceAll(r, `'CORP\\mailer'`, `E'CORP\\mailer'`))
	}
	return engine{s, "postgres", "sslmode=disable", "sslmode=verify-full&sslrootcert=" + s.CA, "PGPASSWORD",
		`BEGIN; LOCK TABLE "AO_544E33_MAIL_CONNECTION" IN ACCESS EXCLUSIVE MODE`, `"AO_544E33_MAIL_CONNECTION"`,
		"public", "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + dbserver.User,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + dbserver.User + "'",
		[]string{"CREATE ROLE narrow LOGIN PASSWORD '" + dbserver.Password + "'", "GRANT USAGE ON SCHEMA public TO narrow", `GRANT SELECT ON "AO_544E33_OAUTH2_CREDENTIAL" TO narrow`}}
}

func startMariaDB(t *testing.T, lowerCaseTableNames int) engine {
	s := dbserver.StartMariaDB(t, lowerCaseTableNames)
	s.Exec(t, mysqlTables...)
	for _, r := range rows {
		s.Exec(t, strings.NewReplacer(`"`, "`", "E'", "'").Replace(r))
	}
	return engine{s, "mysql", "tls=false", "tls=true&tls_ca=" + s.CA, "MYSQL_PWD",
		"LOCK TABLES `AO_544E33_MAIL_CONNECTION` WRITE", "`AO_544E33_MAIL_CONNECTION`",
		"jira", "GRANT ALL ON " + dbserver.Database + ".* TO " + dbserver.User + "@'%'", "KILL USER " + dbserver.User,
		[]string{"CREATE USER narrow@'%' IDENTIFIED BY '" + dbserver.Password + "'", "GRANT SELECT ON `AO_544E33_OAUTH2_CREDENTIAL` TO narrow@'%'"}}
}

func profile() *schema.Profile {
	return &schema.Profile{
		Format: schema.ProfileFormat, Verified: true,
		Connections: schema.TableProfile{Table: "ao_544e33_Mail_Connection", Columns: []schema.ColumnProfile{
			{Field: "name", Column: "name"}, {Field: "description", Column: "DESCRIPTION"}, {Field: "from_address", Column: "FROM_ADDRESS"},
			{Field: "connect_mode", Column: "CONNECT_MODE"}, {Field: "username", Column: "USERNAME"}, {Field: "password", Column: "PASSWORD", Secret: schema.Plain},
			{Field: "host", Column: "HOST"}, {Field: "port", Column: "PORT"}, {Field: "debug", Column: "DEBUG"},
			{Field: "extra.shared", Column: "SHARED"}, {Field: "extra.timeout", Column: "TIMEOUT"}, {Field: "extra.weight", Column: "WEIGHT"},
			{Field: "oauth2_credentials", Column: "CREDENTIAL_ID", Lookup: "ID"},
		}},
		Credentials: &schema.TableProfile{Table: "AO_544E33_OAUTH2_CREDENTIAL", Columns: []schema.ColumnProfile{
			{Field: "name", Column: "NAME"}, {Field: "client_id", Column: "CLIENT_ID"}, {Field: "client_secret", Column: "CLIENT_SECRET", Secret: schema.Opaque},
		}},
	}
}

func TestLivePostgres(t *testing.T) {
	e := startPostgres(t)
	testEngine(t, e)
	t.Run("asks for the schema where two have the tables", func(t *testing.T) { testSchemas(t, e) })
}

func TestLiveMariaDBWithUpperCaseTables(t *testing.T) {
	e := startMariaDB(t, 0)
	testEngine(t, e)
	t.Run("refuses tables that differ by case only", func(t *testing.T) { testCaseTwins(t, e) })
}

func TestLiveMariaDBWithLowerCaseTables(t *testing.T) { testEngine(t, startMariaDB(t, 1)) }

func testEngine(t *testing.T, e engine) {
	for name, test := range map[string]func(*testing.T, engine){
		"reads every type of value as the panel would show it": testRead,
		"inspects tables and counts without values":            testInspect,
		"says what is wrong in one line with a hint":           testRefusals,
		"asks for a password once the server wants one":        testAsk,
		"encrypts and checks certificates as told":             testTLS,
		"gives up when a statement takes too long":             testTimeout,
		"notices a connection that drops half-way":             testDrop,
		"stops when cancelled":                                 testCancel,
		"notices a server that ends the session":               testKill,
		"cannot write":                                         testReadOnly,
		"bounds what one value may hold":                       testHugeValue,
	} {
		t.Run(name, func(t *testing.T) {
			configure(t, e)
			test(t, e)
		})
	}
}

// configure gives the password, and hides the files of whoever runs the test.
func configure(t *testing.T, e engine) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv(e.passwordVariable, dbserver.Password)
}

func open(t *testing.T, url string, opts database.Options) *database.Database {
	t.Helper()
	d, err := database.Open(url, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func read(ctx context.Context, d *database.Database, p *schema.Profile) (*exporter.Content, []string, error) {
	var warned []string
	c, err := exporter.NewSource(d, p).Read(ctx, func(w schema.Warning) { warned = append(warned, w.String()) })
	return c, warned, err
}

func testRead(t *testing.T, e engine) {
	d := open(t, e.URL(), database.Options{})
	c, warned, err := read(t.Context(), d, profile())
	if err != nil {
		t.Fatal(err)
	}
	if want := (schema.Source{Kind: e.kind, Name: fmt.Sprintf("127.0.0.1:%d/jira", e.Port)}); c.Source != want {
		t.Errorf("source %+v, want %+v", c.Source, want)
	}
	if len(warned) != 0 {
		t.Errorf("warned: %q", warned)
	}
	if len(c.Records) != 3 {
		t.Fatalf("%d records", len(c.Records))
	}
	cred, desk, sales := c.Records[0], c.Records[1], c.Records[2]
	if !cred.Secret.IsZero() || cred.Reason == "" {
		t.Error("an opaque secret left the exporter")
	}
	if got := desk.Secret.Reveal(); got != "pa'ss wörd" {
		t.Errorf("password %q", got)
	}
	for field, want := range map[string]any{
		"name": "Service Desk ✉", "description": "two\nlines \\ slash", "from_address": nil, "connect_mode": "SMTP", "username": `CORP\mailer`,
		"host": "smtp.corp.example", "port": 587, "debug": true, "oauth2_credentials": nil,
		"extra.shared": "1", "extra.timeout": "9007199254740993", "extra.weight": "0.5",
	} {
		if got, _ := schema.Get(desk.Item, field); got != want && !(want == nil && (got == nil || got == "")) {
			t.Errorf("%s is %#v, want %#v", field, got, want)
		}
	}
	for field, want := range map[string]any{"debug": false, "oauth2_credentials": "Google", "extra.shared": "0"} {
		if got, _ := schema.Get(sales.Item, field); got != want {
			t.Errorf("%s is %#v, want %#v", field, got, want)
		}
	}

	p := profile()
	p.Connections.Columns[1].Column = "ICON"
	c, warned, err = read(t.Context(), d, p)
	if err != nil || len(warned) != 1 || !strings.Contains(warned[0], `.ICON"`) || !strings.Contains(warned[0], "binary") {
		t.Errorf("a binary column: %q, %v", warned, err)
	}
	if got := schema.Text(c.Records[1].Item, "description"); got != "" {
		t.Errorf("a binary column gave %q", got)
	}
}

func testInspect(t *testing.T, e engine) {
	d := open(t, e.URL(), database.Options{})
	c, err := d.Inspect(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, table := range c.Tables {
		rows[strings.ToUpper(table.Name)] = table.Rows
	}
	if fmt.Sprint(rows) != "map[AO_544E33_AUDIT_LOG_ENTRY:3 AO_544E33_MAIL_CONNECTION:2 AO_544E33_OAUTH2_CREDENTIAL:1]" || c.Others != 1 {
		t.Errorf("tables %v and %d others", rows, c.Others)
	}
	mail := c.Tables[1]
	if len(mail.Columns) != 15 || mail.Columns[1].Name != "NAME" || !strings.Contains(mail.Columns[1].Type, "var") {
		t.Errorf("columns %v", mail.Columns)
	}
	if c.Kind != e.kind || c.Database.Name == "" || c.Database.Version == "" || !strings.HasPrefix(strings.ToLower(c.Encoding), "utf") {
		t.Errorf("%+v", c)
	}
	if c, err = d.Inspect(t.Context(), true); err != nil || len(c.Tables) != 4 || c.Others != 0 {
		t.Errorf("with all: %v, %v", c, err)
	}
	if s := fmt.Sprint(c); strings.Contains(s, "pa'ss") || strings.Contains(s, "Service Desk") {
		t.Errorf("values are shown: %s", s)
	}
}

func testRefusals(t *testing.T, e engine) {
	const wrong = "hunter2-is-wrong"
	closed := rig.Get(net.Listen("tcp", "127.0.0.1:0")).Or(t)
	nobody := closed.Addr().(*net.TCPAddr).Port
	closed.Close()
	for name, c := range map[string]struct {
		url, password string
		profile       func(*schema.Profile)
		want, hint    string
	}{
		"down":             {e.URLAt(nobody), wrong, nil, "connection refused", "is the database running"},
		"refused password": {e.URL(), wrong, nil, `refuses user "jira_reader"`, "the password came from " + e.passwordVariable},
		"no password":      {e.URL(), "", nil, `refuses user "jira_reader"`, "no password was given"},
		"no user":          {strings.Replace(e.URL(), dbserver.User, "nobody_here", 1), wrong, nil, `refuses user "nobody_here"`, "the password came from"},
		"no table": {e.URL(), dbserver.Password, func(p *schema.Profile) { p.Connections.Table = "AO_544E33_CONN" },
			`there is no table "AO_544E33_CONN"`, "inspect --suggest-profile"},
		"no column": {e.URL(), dbserver.Password, func(p *schema.Profile) { p.Connections.Columns[0].Column = "TITLE" },
			`has no column "TITLE"`, "it has: ID, NAME, "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(e.passwordVariable, c.password)
			p := profile()
			if c.profile != nil {
				c.profile(p)
			}
			_, _, err := read(t.Context(), open(t, c.url, database.Options{}), p)
			wantFailure(t, err, c.want, c.hint)
			if c.password != "" {
				hideSecret(t, err, c.password)
			}
		})
	}
	t.Run("the tables that are there are listed", func(t *testing.T) {
		p := profile()
		p.Connections.Table = "AO_544E33_CONN"
		_, _, err := read(t.Context(), open(t, e.URL(), database.Options{}), p)
		if !strings.Contains(strings.ToUpper(err.Error()), `"AO_544E33_AUDIT_LOG_ENTRY", "AO_544E33_MAIL_CONNECTION", "AO_544E33_OAUTH2_CREDENTIAL"`) || strings.Contains(err.Error(), "60DB71") {
			t.Error(err)
		}
	})
	t.Run("a table that may not be read", func(t *testing.T) {
		e.Exec(t, e.narrow...)
		_, _, err := read(t.Context(), open(t, strings.Replace(e.URL(), dbserver.User, "narrow", 1), database.Options{}), profile())
		wantFailure(t, err, `there is no table "AO_544E33_MAIL_CONNECTION"`, "may not read")
	})
	t.Run("no database", func(t *testing.T) {
		_, err := open(t, strings.TrimSuffix(e.URL(), "jira")+"jirra", database.Options{}).Inspect(t.Context(), false)
		wantFailure(t, err, "the server says: ", "dbconfig.xml")
		if !strings.Contains(err.Error(), "jirra") {
			t.Error(err)
		}
	})
	t.Run("no such host", func(t *testing.T) {
		_, err := open(t, strings.Replace(e.URL(), "127.0.0.1", "no-such-host.invalid", 1), database.Options{}).Inspect(t.Context(), false)
		wantFailure(t, err, "no connection can be made: ", "dbconfig.xml")
	})
	t.Run("no such socket", func(t *testing.T) {
		_, err := open(t, e.kind+"://jira@"+escaped(filepath.Join(t.TempDir(), "none"))+"/jira", database.Options{}).Inspect(t.Context(), false)
		wantFailure(t, err, "no such file", "look at the address")
	})
}

// wantFailure holds an error to one line with the words and a hint.
func wantFailure(t *testing.T, err error, want, hint string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || !strings.Contains(schema.HintOf(err), hint) || schema.HintOf(err) == "" {
		t.Errorf("error: %v\nhint: %s\nwant %q and hint %q", err, schema.HintOf(err), want, hint)
	}
}

// hideSecret looks for the secret in everything that can be printed of an
// error: its text, and the fields of all errors that it wraps.
func hideSecret(t *testing.T, err error, secret string) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		if s := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(s, secret) {
			t.Errorf("the error shows the password: %s", s)
		}
	}
}

func testAsk(t *testing.T, e engine) {
	t.Setenv(e.passwordVariable, "")
	asked := 0
	answer := dbserver.Password
	d := open(t, e.URL(), database.Options{Ask: func(_ context.Context, question string) (schema.Secret, error) {
		asked++
		if !strings.Contains(question, dbserver.User) || !strings.Contains(question, "/jira") {
			t.Errorf("asks %q", question)
		}
		return schema.NewSecret(answer), nil
	}})
	for range 2 {
		rig.Get(d.Inspect(t.Context(), false)).Or(t)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	answer = "hunter2-is-wrong"
	wrong := open(t, e.URL(), database.Options{Ask: func(context.Context, string) (schema.Secret, error) { return schema.NewSecret(answer), nil }})
	_, err := wrong.Inspect(t.Context(), false)
	wantFailure(t, err, "refuses user", "what was typed")
	hideSecret(t, err, answer)
}

func testTLS(t *testing.T, e engine) {
	if _, err := open(t, e.URL(e.tlsWithCA), database.Options{}).Inspect(t.Context(), false); err != nil {
		t.Errorf("with the authority named: %v", err)
	}
	_, err := open(t, e.URL(strings.Split(e.tlsWithCA, "&")[0]), database.Options{}).Inspect(t.Context(), false)
	wantFailure(t, err, "certificate is not trusted", "authority")
	_, err = open(t, strings.Replace(e.URL(e.tlsWithCA), "127.0.0.1", "localhost", 1), database.Options{}).Inspect(t.Context(), false)
	wantFailure(t, err, "certificate is not trusted", "authority")
	if _, err := open(t, e.URL(e.noTLS), database.Options{}).Inspect(t.Context(), false); err != nil {
		t.Errorf("without TLS: %v", err)
	}
	if _, err := open(t, fmt.Sprintf("%s://%s@%s:%d/jira", e.kind, dbserver.User, escaped(e.Socket), e.Port), database.Options{}).Inspect(t.Context(), false); err != nil {
		t.Errorf("through the socket: %v", err)
	}
}

func testTimeout(t *testing.T, e engine) {
	release := e.Hold(t, e.lock)
	defer release()
	d := open(t, e.URL(), database.Options{Timeout: 300 * time.Millisecond})
	_, _, err := read(t.Context(), d, profile())
	wantFailure(t, err, "the server says: ", "--timeout")
	c, err := d.Inspect(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if c.Tables[1].Rows != exporter.UnknownRows || c.Tables[2].Rows != 1 {
		t.Errorf("counts beside a locked table: %v", c.Tables)
	}
}

func testDrop(t *testing.T, e engine) {
	const n = 3000
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf("(%d, 'Bulk %d', '%s', 'SMTP', false)", 100+i, i, strings.Repeat("x", 300)))
	}
	quote := strings.NewReplacer(`"`, e.table[:1])
	e.Exec(t, quote.Replace(`INSERT INTO "AO_544E33_MAIL_CONNECTION" ("ID", "NAME", "DESCRIPTION", "CONNECT_MODE", "DEBUG") VALUES `+strings.Join(values, ", ")))
	defer e.Exec(t, quote.Replace(`DELETE FROM "AO_544E33_MAIL_CONNECTION" WHERE "ID" >= 100`))
	c, _, err := read(t.Context(), open(t, e.URLAt(proxy(t, e.Port, 1<<30), e.noTLS), database.Options{}), profile())
	if err != nil || len(c.Records) != n+3 {
		t.Fatalf("through a proxy that holds: %v", err)
	}
	for _, cut := range []int{0, 10, 100, 1000, 500_000} {
		c, _, err := read(t.Context(), open(t, e.URLAt(proxy(t, e.Port, cut), e.noTLS), database.Options{}), profile())
		if c != nil {
			t.Errorf("cut after %d bytes: content in spite of it", cut)
		}
		wantFailure(t, err, "broke off", "try again")
		hideSecret(t, err, dbserver.Password)
	}
}

func testCancel(t *testing.T, e engine) {
	release := e.Hold(t, e.lock)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	// The lock would be waited for a minute.
	err := interrupted(t, ctx, e, cancel)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func testKill(t *testing.T, e engine) {
	err := interrupted(t, t.Context(), e, func() { e.Exec(t, e.kill) })
	if err == nil || !strings.Contains(err.Error(), "connection") {
		t.Error(err)
	}
	hideSecret(t, err, dbserver.Password)
}

// escaped is a socket's path as it stands in the host's place.
func escaped(path string) string { return strings.ReplaceAll(path, "/", "%2F") }

// interrupted reads the tables of the profile, and interrupts once the one row of
// the first is read.
func interrupted(t *testing.T, ctx context.Context, e engine, interrupt func()) error {
	m, err := exporter.NewMapper(profile(), func(schema.Warning) {})
	if err != nil {
		t.Fatal(err)
	}
	_, err = open(t, e.URL(), database.Options{}).ReadTables(ctx, m.Wanted(), func(table string, n int, get func(string) exporter.Cell) error {
		if table == "AO_544E33_OAUTH2_CREDENTIAL" {
			interrupt()
		}
		return m.Row(table, n, get)
	}, func(schema.Warning) {})
	return err
}

func testHugeValue(t *testing.T, e engine) {
	quote := strings.NewReplacer(`"`, e.table[:1])
	e.Exec(t, quote.Replace(`INSERT INTO "AO_544E33_MAIL_CONNECTION" ("ID", "NAME", "CONNECT_MODE", "DESCRIPTION", "DEBUG") VALUES (99, 'Huge', 'SMTP', repeat('x', 70000), false)`))
	defer e.Exec(t, quote.Replace(`DELETE FROM "AO_544E33_MAIL_CONNECTION" WHERE "ID" = 99`))
	_, _, err := read(t.Context(), open(t, e.URL(), database.Options{}), profile())
	if err == nil || !strings.Contains(err.Error(), "AO_544E33_MAIL_CONNECTION row 3, column DESCRIPTION: longer than 65536 characters") {
		t.Errorf("%v", err)
	}
}

// testReadOnly gives the reader every right and looks whether its transaction
// still refuses to write.
func testReadOnly(t *testing.T, e engine) {
	e.Exec(t, e.grantAll)
	if err := database.TryWrite(t.Context(), e.URL(), "DELETE FROM "+e.schema+"."+e.table); err == nil || !strings.Contains(strings.ToLower(err.Error()), "read") {
		t.Errorf("writing: %v", err)
	}
}
