package database

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
)

// printed is what MariaDB's own reader finds in a file, a line each.
func printed(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.Command("my_print_defaults", append([]string{"--defaults-file=" + file}, clientGroups...)...).Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("this test needs my_print_defaults: install Debian's package mariadb-client-core")
	}
	if err != nil {
		return "refused"
	}
	return string(out)
}

// passwordIn is what our reader finds, and whether it takes the file at all.
func passwordIn(file string) (string, error) {
	var o optionFile
	err := o.read(file, 0)
	return o.password, err
}

// TestOptionFilesAreReadAsMySQLReadsThem holds our reader to the clients' own:
// printed is what that gives.
func TestOptionFilesAreReadAsMySQLReadsThem(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		rig.OK(t, os.MkdirAll(filepath.Dir(file), 0o755))
		rig.OK(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	other := write("other.cnf", "[client-mariadb]\npassword=included\n")
	write("d/b.cnf", "[client]\npassword=of-b\n")
	write("d/a.cnf", "[client]\npassword=of-a\n")
	write("d/c.txt", "[client]\npassword=of-c\n")
	circle := filepath.Join(dir, "circle.cnf")
	for name, c := range map[string]struct{ file, want, printed string }{
		"client group":            {"[client]\nuser=x\npassword=geheim\n", "geheim", "--user=x\n--password=geheim\n"},
		"blanks round it":         {"[client]\n  password =  geheim  \r\n", "geheim", "--password=geheim\n"},
		"another group":           {"[mysqld]\npassword=no\n[mysql]\npassword=no\n", "", ""},
		"groups of clients":       {"[client-mariadb]\npassword=a\n[Client-Server]\npassword=b\n", "b", "--password=a\n--password=b\n"},
		"blanks in a group":       {"[ client]\npassword=a\n[client \t] x\npassword=b\n", "b", "--password=b\n"},
		"the last counts":         {"[client]\npassword=a\n[mysqld]\npassword=b\n[client]\npassword=c\n", "c", "--password=a\n--password=c\n"},
		"quotes":                  {"[CLIENT]\npassword=\"a # b\"\n", "a # b", "--password=a # b\n"},
		"quotes and a remark":     {"[client]\npassword='a#b' # the reader's\n", "a#b", "--password=a#b\n"},
		"quotes within":           {"[client]\npassword=a'b#c'd # e\n", "a'b#c'd", "--password=a'b#c'd\n"},
		"quotes that differ":      {"[client]\npassword='ab\"\n", "'ab\"", "--password='ab\"\n"},
		"a remark after it":       {"[client]\npassword=abc # the reader's\n", "abc", "--password=abc\n"},
		"a remark at once":        {"[client]\npassword=abc#the reader's\n", "abc", "--password=abc\n"},
		"escapes":                 {"[client]\npassword=a\\\\b\\sc\\q\\\n", `a\b c\q\`, "--password=a\\b c\\q\\\n"},
		"an escape is no chain":   {"[client]\npassword=a\\\\sb\n", `a\sb`, "--password=a\\sb\n"},
		"remarks and an include":  {"#x\n;y\n!include " + other + "\n\n[client]\nuser=p\n", "included", "--password=included\n--user=p\n"},
		"a folder":                {"!includedir " + filepath.Join(dir, "d") + "\n", "of-b", "--password=of-a\n--password=of-b\n"},
		"an include not there":    {"! include /nosuch.cnf\n!includes x\n[client]\npassword=p\n", "p", "--password=p\n"},
		"a circle":                {"[client]\npassword=p\n!include " + circle + "\n", "p", strings.Repeat("--password=p\n", 11)},
		"a name alone":            {"[client]\npassword=x\npassword\n", "", "--password=x\n--password\n"},
		"nothing":                 {"", "", ""},
		"equals sign in it":       {"[client]\npassword=a=b\n", "a=b", "--password=a=b\n"},
		"lone quote":              {"[client]\npassword='\n", "'", "--password='\n"},
		"umlauts, and a blank":    {"[client]\npassword=schön\xa0\n", "schön", "--password=schön\n"},
		"short and loose":         {"[client]\nloose-pass=x\n", "x", "--loose-pass=x\n"},
		"upper case":              {"[client]\nLOOSE_PASSW=x\n", "x", "--LOOSE_PASSW=x\n"},
		"too short":               {"[client]\npassword=x\npa=y\n", "x", "--password=x\n--pa=y\n"},
		"taken back":              {"[client]\npassword=x\nskip-password\n", "", "--password=x\n--skip-password\n"},
		"byte order mark":         {"\ufeff[client]\npassword=p\n", "p", "refused"},
		"an option without group": {"password=p\n", "error", "refused"},
		"a group without end":     {"[client\npassword=p\n", "error", "refused"},
		"a folder not there":      {"!includedir /nosuch\n[client]\npassword=p\n", "error", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			file := write("circle.cnf", c.file)
			if got := printed(t, file); got != c.printed {
				t.Errorf("my_print_defaults prints %q, not %q", got, c.printed)
			}
			got, err := passwordIn(file)
			if err != nil {
				got = "error"
			}
			if got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "password=p") || !strings.Contains(err.Error(), " line ")) {
				t.Error(err)
			}
		})
	}
	if _, err := passwordIn(write("long.cnf", strings.Repeat("[client]\npassword=x\n", maxOptionFile/10))); err == nil {
		t.Error("an endless option file is taken")
	}
	open := write("open.cnf", "[client]\npassword=anybody's\n")
	rig.OK(t, os.Chmod(open, 0o666))
	if got, err := passwordIn(open); got != "" || err != nil || printed(t, open) != "" {
		t.Errorf("a file that anybody may write is read: %v", err)
	}
}

// TestPasswordsInOptionFilesAreReadToTheByte tries values made of what is special.
func TestPasswordsInOptionFilesAreReadToTheByte(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.cnf")
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "b", "n", "s", "#", "'", `"`, `\`, `\\`, " ", "=", "\t", "é", "à", "\xa0", ";", "!", "[", "]"}
	for range 300 {
		value := ""
		for range random.IntN(9) {
			value += parts[random.IntN(len(parts))]
		}
		rig.OK(t, os.WriteFile(file, []byte("[client]\npassword="+value+"\n"), 0o600))
		got, err := passwordIn(file)
		if want := printed(t, file); err != nil || "--password="+got+"\n" != want {
			t.Errorf("%q: got %q, %v, my_print_defaults prints %q", value, got, err, want)
		}
	}
}

func TestMySQLPasswordsComeFromWhereItsOwnClientLooks(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("MYSQL_PWD", "")
	write := func(name, password string, mode os.FileMode) string {
		file := filepath.Join(home, name)
		rig.OK(t, os.WriteFile(file, []byte("[client]\npassword="+password+"\n"), mode))
		return file
	}
	password := func(url string) (string, string, []string) {
		d := rig.Get(Open(url, Options{})).Or(t)
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
