package database

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOptionFilesAreReadAsMySQLReadsThem(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"client group":          {"[client]\nuser=x\npassword=geheim\n", "geheim"},
		"blanks round it":       {"[client]\n  password =  geheim  \r\n", "geheim"},
		"another group":         {"[mysqld]\npassword=no\n[mysql]\npassword=no\n", ""},
		"the last counts":       {"[client]\npassword=a\n[mysqld]\npassword=b\n[client]\npassword=c\n", "c"},
		"quotes":                {"[client]\npassword=\"a # b\"\n", "a # b"},
		"quotes and a remark":   {"[client]\npassword='a#b' # the reader's\n", "a#b"},
		"a remark after it":     {"[client]\npassword=abc # the reader's\n", "abc"},
		"escapes":               {"[client]\npassword=a\\\\b\\sc\n", `a\b c`},
		"an escape is no chain": {"[client]\npassword=a\\\\sb\n", `a\sb`},
		"remarks and includes":  {"#x\n;y\n!includedir /etc/mysql\n\n[client]\npassword=p", "p"},
		"a name alone":          {"[client]\npassword\n", ""},
		"nothing":               {"", ""},
		"equals sign in it":     {"[client]\npassword=a=b\n", "a=b"},
		"lone quote":            {"[client]\npassword='\n", "'"},
		"byte order mark":       {"\ufeff[client]\npassword=p\n", "p"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientPassword(strings.NewReader(c.file))
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
	if _, err := clientPassword(strings.NewReader(strings.Repeat("[client]\npassword=x\n", maxOptionFile/10))); err == nil {
		t.Error("an endless option file is taken")
	}
}

func TestMySQLPasswordsComeFromWhereItsOwnClientLooks(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("MYSQL_PWD", "")
	write := func(name, password string, mode os.FileMode) string {
		file := filepath.Join(home, name)
		if err := os.WriteFile(file, []byte("[client]\npassword="+password+"\n"), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	password := func(url string) (string, string, []string) {
		d, err := Open(url, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d.password.Reveal(), d.from, d.warnings
	}
	if pw, from, _ := password("mysql://u@h/d"); pw != "" || from != "" {
		t.Errorf("out of nowhere: from %s", from)
	}
	own := write(".my.cnf", "of-home", 0o600)
	if pw, from, warned := password("mysql://u@h/d"); pw != "of-home" || from != own || warned != nil {
		t.Errorf("~/.my.cnf is not used: from %s, %v", from, warned)
	}
	t.Setenv("MYSQL_PWD", "of-env")
	if pw, from, _ := password("mysql://u@h/d"); pw != "of-env" || from != "MYSQL_PWD" {
		t.Errorf("MYSQL_PWD is not used: from %s", from)
	}
	open := write("readable.cnf", "of-file", 0o644)
	if pw, from, warned := password("mysql://u@h/d?defaults_file=" + open); pw != "of-file" || from != open || len(warned) != 1 {
		t.Errorf("defaults_file is not used: from %s, %v", from, warned)
	}
}

func TestPostgresPasswordsComeFromWhereItsOwnClientLooks(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PGPASSWORD", "")
	t.Setenv("PGPASSFILE", "")
	os.Unsetenv("PGPASSFILE")
	file := filepath.Join(home, ".pgpass")
	if err := os.WriteFile(file, []byte("other:*:*:*:no\nh:5432:d:u:of-file\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	d, err := Open("postgres://u@h/d", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d.password.Reveal() != "of-file" || d.from != file || len(d.warnings) != 1 {
		t.Errorf("~/.pgpass is not used: from %s, %v", d.from, d.warnings)
	}
	t.Setenv("PGPASSWORD", "of-env")
	if d, err = Open("postgres://u@h/d", Options{}); err != nil || d.password.Reveal() != "of-env" || d.from != "PGPASSWORD" {
		t.Errorf("PGPASSWORD is not used: %v, from %s", err, d.from)
	}
}
