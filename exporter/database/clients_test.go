//go:build unix

package database_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/dbserver"
	"github.com/mailferry/mailferry/schema"
)

// TestPgpassIsReadAsPsqlReadsIt signs in with one file by psql and by us: both
// must get in, or neither.
func TestPgpassIsReadAsPsqlReadsIt(t *testing.T) {
	s := dbserver.StartPostgres(t)
	file := filepath.Join(t.TempDir(), ".pgpass")
	t.Setenv("HOME", filepath.Dir(file))
	t.Setenv("PGPASSWORD", "")
	os.Unsetenv("PGPASSWORD")
	t.Setenv("PGPASSFILE", file)
	// A password that has to be escaped in the file, and a socket's folder too.
	s.Exec(t, `ALTER ROLE `+dbserver.User+` PASSWORD 'pa:ss\word # x'`)
	const password = `pa\:ss\\word # x`
	folder := strings.ReplaceAll(s.Socket, ":", `\:`)
	socket := escaped(s.Socket)
	for name, c := range map[string]struct {
		line, host, url string
		in              bool
	}{
		"the socket's folder":        {folder + ":*:*:*", s.Socket, "postgres://USER@" + socket + ":PORT/jira", true},
		"any host":                   {"*:PORT:jira:USER", s.Socket, "postgres://USER@" + socket + ":PORT/jira", true},
		"localhost is not this one":  {"localhost:*:*:*", s.Socket, "postgres://USER@" + socket + ":PORT/jira", false},
		"another folder":             {"/run/elsewhere:*:*:*", s.Socket, "postgres://USER@" + socket + ":PORT/jira", false},
		"another port":               {"*:1:*:*", s.Socket, "postgres://USER@" + socket + ":PORT/jira", false},
		"another database":           {"*:*:other:*", s.Socket, "postgres://USER@" + socket + ":PORT/jira", false},
		"over the network":           {"127.0.0.1:PORT:*:*", "127.0.0.1", "postgres://USER@127.0.0.1:PORT/jira", true},
		"a socket's line, over TCP":  {folder + ":*:*:*", "127.0.0.1", "postgres://USER@127.0.0.1:PORT/jira", false},
		"as dbconfig.xml has it":     {"*:*:*:USER", "127.0.0.1", "jdbc:postgresql://127.0.0.1:PORT/jira?user=USER", true},
		"more behind the password":   {"*:*:*:*:" + password, "127.0.0.1", "postgres://USER@127.0.0.1:PORT/jira", true},
		"the same at a socket":       {folder + ":*:*:*:" + password, s.Socket, "postgres://USER@" + socket + ":PORT/jira", true},
		"another password before it": {"*:*:*:*:no", "127.0.0.1", "postgres://USER@127.0.0.1:PORT/jira", false},
		"a remark, and another line": {"#x\nother:*:*:*:no\n*:*:*:*", s.Socket, "postgres://USER@" + socket + ":PORT/jira", true},
	} {
		t.Run(name, func(t *testing.T) {
			fill := strings.NewReplacer("USER", dbserver.User, "PORT", fmt.Sprint(s.Port))
			rig.OK(t, os.WriteFile(file, []byte(fill.Replace(c.line)+":"+password+"\n"), 0o600))
			out, err := exec.Command("psql", "-w", "-h", c.host, "-p", fmt.Sprint(s.Port), "-U", dbserver.User, "-d", dbserver.Database, "-c", "SELECT 1").CombinedOutput()
			if (err == nil) != c.in {
				t.Errorf("psql: %v\n%s", err, out)
			}
			url := fill.Replace(c.url)
			d := rig.Get(database.Open(url, database.Options{})).Or(t)
			if _, err := d.Inspect(t.Context(), false); (err == nil) != c.in {
				t.Errorf("ours: %v", err)
			}
		})
	}
}

// TestOptionNamesAreThoseOfMariaDBsClient signs in with one option file by
// MariaDB's client and by us.
func TestOptionNamesAreThoseOfMariaDBsClient(t *testing.T) {
	s := dbserver.StartMariaDB(t, 0)
	file := filepath.Join(t.TempDir(), "my.cnf")
	t.Setenv("HOME", filepath.Dir(file))
	t.Setenv("MYSQL_PWD", "")
	os.Unsetenv("MYSQL_PWD")
	for options, in := range map[string]bool{
		"password=PW":                                true,
		"pass=PW":                                    true,
		"pas = 'PW' # remark":                        true,
		"PassWord=PW":                                true,
		"loose-password=PW":                          true,
		"loose_loose-PASS=PW":                        true,
		"password=PW\nskip-password":                 false,
		"password=PW\nloose_disable-pass":            false,
		"skip-password\npassword=PW":                 true,
		"password=no\n[client-mariadb]\npassword=PW": true,
		"password=PW\n[client-server]\npassword=no":  false,
		"loose-nothing=x\n[CLIENT]\npassword=PW":     true,
		"password=no\n[client]\npassword=\"PW\"":     true,
	} {
		t.Run(options, func(t *testing.T) {
			text := "[client]\n" + strings.ReplaceAll(options, "PW", dbserver.Password) + "\n"
			rig.OK(t, os.WriteFile(file, []byte(text), 0o600))
			out, err := exec.Command("mariadb", "--defaults-file="+file, "-h127.0.0.1", fmt.Sprintf("-P%d", s.Port), "-u"+dbserver.User, dbserver.Database, "-e", "SELECT 1").CombinedOutput()
			if (err == nil) != in {
				t.Errorf("mariadb: %v\n%s", err, out)
			}
			d := rig.Get(database.Open(s.URL("defaults_file="+file), database.Options{})).Or(t)
			if _, err := d.Inspect(t.Context(), false); (err == nil) != in {
				t.Errorf("ours: %v", err)
			}
		})
	}
}

// TestAValueThatIsNoUTF8IsNamed beside what else is wrong: one that the server hands
// over as it is, and one that the server cannot convert, which ends the reading.
func TestAValueThatIsNoUTF8IsNamed(t *testing.T) {
	s := dbserver.StartPostgres(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PGPASSWORD", dbserver.Password)
	for encoding, want := range map[string]string{
		"SQL_ASCII": `
row 1, column PORT: not a whole number
row 2, column PASSWORD: not valid UTF-8
row 2, column PORT: not a whole number
row 3, column name: not valid UTF-8
row 3, column PORT: not a whole number`,
		"WIN1252": `
row 1, column PORT: not a whole number
row 2, column PASSWORD: not valid UTF-8, nor can the server convert it`,
	} {
		t.Run(encoding, func(t *testing.T) {
			name := strings.ToLower(encoding)
			s.Exec(t, "CREATE DATABASE "+name+" ENCODING '"+encoding+"' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
			s.ExecIn(t, name, postgresTables[0], postgresTables[1], "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+dbserver.User,
				`ALTER TABLE "AO_544E33_MAIL_CONNECTION" ALTER "NAME" DROP NOT NULL, ALTER "PORT" TYPE text`,
				`INSERT INTO "AO_544E33_MAIL_CONNECTION" ("ID", "NAME", "CONNECT_MODE", "PASSWORD", "PORT") VALUES
					(1, 'a', 'SMTP', 'secret-a', '587.00'), (2, 'b', 'SMTP', E'secret-\x81', '587.00'), (3, E'secret-\x8d', 'SMTP', 'c', '587.00')`)
			_, _, err := read(t.Context(), open(t, strings.TrimSuffix(s.URL(), "jira")+name, database.Options{}), profile())
			var got []string
			for _, line := range schema.ErrorLines(err) {
				_, line, _ = strings.Cut(line, "AO_544E33_MAIL_CONNECTION ")
				got = append(got, line)
			}
			if strings.Join(got, "\n") != strings.TrimSpace(want) {
				t.Errorf("said %q of %v", got, err)
			}
		})
	}
}
