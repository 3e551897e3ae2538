package database_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestIsURLKnowsDatabasesFromFiles(t *testing.T) {
	for s, want := range map[string]bool{
		"postgres://jira@db/jira": true, "postgresql://jira@db/jira": true, "mysql://jira@db/jira": true, "MariaDB://jira@db/jira": true,
		"backup.zip": false, "https://jira.corp.example": false, "postgres": false, "page+https://x": false,
	} {
		if got := database.IsURL(s); got != want {
			t.Errorf("IsURL(%q) = %v", s, got)
		}
	}
}

// The word hunter2 is the password in every address here, wherever a slip of
// the hand puts it.
func TestAnAddressWithAPasswordIsRefusedAndNeverRepeated(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for _, url := range []string{
		"postgres://jira:hunter2@db/jira",
		"mysql://jira:hunter2@db/jira",
		"postgres://jira:@db/jira",
		"postgres://db/jira?user=jira&password=hunter2",
		"mysql://jira@db/jira?password=hunter2",
		"postgres://jira@db/jira?sslpassword=hunter2",
		"postgres://jira:hunter2#x@db/jira",
		"postgres://jira:12#hunter2@db/jira",
		"postgres://jira:12/hunter2@db/jira",
		"mysql://jira:12?hunter2@db/jira",
		"mysql://jira:hunter2%zz@db/jira",
		"postgres://jira:x@hunter2@db/jira",
		"postgres://jira@hunter2@db/jira",
		"postgres://jira@db/jira#hunter2",
		"postgres://jira@db/jira?hunter2%zz",
		"postgres://jira%3Ahunter2@db/jira",
		"mysql://jira%2Fhunter2@db/jira",
		"postgres://jira@db/jira%3Fpassword=hunter2",
		"mysql://jira@db/host=h%20password=hunter2",
		"postgres://jira@db/jira?schema=x;password=hunter2",
		"postgres://jira@db/jira?sslrootcert=jira:hunter2%40db",
		"postgres://jira:hunter2@%2Frun%2Fpostgresql/jira",
		"postgres://jira@%2Frun%3Fpassword=hunter2/jira",
		"postgres://jira@%2Frun%zzhunter2/jira",
		"jdbc:postgresql://db:5432/jira?user=jira&password=hunter2",
		"jdbc:postgresql://db:5432/jira?user=jira&amp;password=hunter2",
		"jdbc:postgresql://jira:hunter2@db:5432/jira",
		"jdbc:mysql://db/jira?user=jira&trustCertificateKeyStorePassword=hunter2",
		"jdbc:mysql://db/jira?user=jira&sessionVariables=x;password=hunter2",
		"jdbc:mysql://address=(protocol=tcp)(host=db)(user=jira)(password=hunter2)/jira?user=jira",
		"JDBC:mariadb://db/jira?user=jira:hunter2",
		"jdbc:mysql://db/jira?user=jira#hunter2",
		"jdbc:mysql://db/jira?user=jira@hunter2",
		"jdbc:mysql://db/jira#hunter2?user=jira",
	} {
		_, err := database.Open(url, database.Options{})
		if err == nil {
			t.Errorf("%s is taken", url)
			continue
		}
		if text := err.Error() + schema.HintOf(err); strings.Contains(text, "hunter2") {
			t.Errorf("%s: the error repeats the password: %s", url, text)
		}
		if !strings.Contains(schema.HintOf(err)+err.Error(), "password") && !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: %v (hint: %s)", url, err, schema.HintOf(err))
		}
	}
}

// What is no word of ours may be the end of a password.
func TestWhatFollowsAQuestionMarkIsNotRepeated(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for _, url := range []string{
		"postgres://jira@db/jira?hunter2",
		"mysql://jira@db/jira?hunter2=1",
		"postgres://jira@db/jira?sslmode=hunter2",
		"mysql://jira@db/jira?tls=hunter2",
	} {
		_, err := database.Open(url, database.Options{})
		if err == nil || strings.Contains(err.Error()+schema.HintOf(err), "hunter2") {
			t.Errorf("%s: %v (hint: %s)", url, err, schema.HintOf(err))
		}
	}
}

func FuzzAPasswordIsNeverRepeated(f *testing.F) {
	f.Add("postgres", "", "", "")
	f.Add("mysql", "12/", "?x", "?tls=true")
	f.Add("postgres", "5432/d?schema=", "", "")
	f.Add("mysql", "%", "[::1]", "#x")
	f.Fuzz(func(t *testing.T, scheme, before, after, tail string) {
		t.Setenv("HOME", "/nonexistent")
		_, err := database.Open(scheme+"://jira:"+before+"hunter2"+after+"@db/jira"+tail, database.Options{})
		if err == nil {
			t.Fatal("an address with a password is taken")
		}
		if strings.Contains(err.Error()+schema.HintOf(err), "hunter2") {
			t.Errorf("the error repeats it: %v", err)
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", err)
		}
	})
}

func TestAnAddressThatSaysTooLittleOrTooMuchIsRefused(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	bad := filepath.Join(t.TempDir(), "not.pem")
	rig.OK(t, os.WriteFile(bad, []byte("no certificate"), 0o600))
	for url, want := range map[string]string{
		"oracle://jira@db/jira":                                   "not a postgres:// or mysql:// address",
		"postgres://jira@db":                                      "name of one database",
		"postgres://jira@db/":                                     "name of one database",
		"postgres://jira@db/a/b":                                  "name of one database",
		"mysql://db/jira":                                         "names no user",
		"mysql://jira@db/jira?schema=x":                           "unknown parameter",
		"postgres://jira@/jira?socket=/run":                       "unknown parameter",
		"postgres://jira@db/jira?schema=":                         "parameter schema stands twice, or is empty",
		"postgres://jira@db/jira?schema=a&schema=b":               "parameter schema stands twice, or is empty",
		"postgres://jira@db/jira?sslmode=perhaps":                 "sslmode is invalid",
		"postgres://jira@db/jira?sslmode=require&sslrootcert=/no": "/no",
		"mysql://jira@db/jira?tls=perhaps":                        "tls is true, skip-verify, preferred or false",
		"mysql://jira@db/jira?tls_ca=" + bad:                      "tls_ca goes with tls=true",
		"mysql://jira@db/jira?tls=true&tls_ca=" + bad:             "no certificate in PEM",
		"mysql://jira@db/jira?tls=true&tls_ca=/no":                "tls_ca",
		"mysql://jira@db/jira?defaults_file=/no":                  "option file",
		"mysql://jira@a,b/jira":                                   "several hosts",
		"jdbc:postgresql://db:5432/jira":                          "the jdbc address names no user",
		"jdbc:mysql://db/?user=jira":                              "name of one database",
		"jdbc:sqlserver://db;databaseName=jira":                   "not a postgres:// or mysql:// address",
	} {
		if _, err := database.Open(url, database.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

func TestASourceIsNamedByHostAndDatabaseOnly(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for url, want := range map[string]string{
		"postgres://jira@db.corp.example/jiradb":      "db.corp.example/jiradb",
		"postgres://jira@db.corp.example:5432/jiradb": "db.corp.example/jiradb",
		"postgres://jira@db.corp.example:6432/jiradb": "db.corp.example:6432/jiradb",
		"postgres://jira@[::1]:6432/jiradb":           "[::1]:6432/jiradb",
		"mysql://jira@db.corp.example/jiradb":         "db.corp.example/jiradb",
		"mysql://jira@db:3307/jiradb":                 "db:3307/jiradb",
		"mariadb://jira%40corp@db/jira":               "db/jira",
		"postgres://jira@%2Frun%2Fpostgresql/jiradb":  "localhost/jiradb",
		"mysql://jira@%2Frun%2Fsock:3307/jiradb":      "localhost/jiradb",
		"jdbc:postgresql://db:5432/jira?user=jira":    "db/jira",
	} {
		d, err := database.Open(url, database.Options{})
		if err != nil {
			t.Errorf("%s: %v", url, err)
		} else if d.Name() != want {
			t.Errorf("%s is named %s, want %s", url, d.Name(), want)
		}
	}
}
