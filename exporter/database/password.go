package database

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// mysqlPassword looks where the address says, then where MySQL's own client
// does.
func (d *Database) mysqlPassword() error {
	file := d.address.params["defaults_file"]
	if file == "" {
		if pw := os.Getenv("MYSQL_PWD"); pw != "" {
			d.password, d.from = schema.NewSecret(pw), "MYSQL_PWD"
			return nil
		}
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		file = filepath.Join(home, ".my.cnf")
	}
	f, err := os.Open(file)
	switch {
	case errors.Is(err, os.ErrNotExist) && d.address.params["defaults_file"] == "":
		return nil
	case err != nil:
		return fmt.Errorf("the mysql option file: %w", err)
	}
	defer f.Close()
	pw, err := clientPassword(f)
	if err != nil {
		return fmt.Errorf("the mysql option file %s: %w", schema.Quote(file), err)
	}
	d.password = schema.NewSecret(pw)
	if !d.password.IsZero() {
		d.from = file
		d.warnings = readableByOthers(file)
	}
	return nil
}

// clientPassword reads the password of the [client] group of a MySQL option
// file. The last one counts, as in MySQL; !include is not followed.
func clientPassword(r io.Reader) (string, error) {
	limited := &io.LimitedReader{R: r, N: maxOptionFile}
	lines := bufio.NewScanner(limited)
	password, group := "", ""
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		switch {
		case line == "" || line[0] == '#' || line[0] == ';' || line[0] == '!':
		case line[0] == '[':
			group, _, _ = strings.Cut(line[1:], "]")
		case group == "client":
			if key, value, found := strings.Cut(line, "="); found && strings.TrimSpace(key) == "password" {
				password = optionValue(strings.TrimSpace(value))
			}
		}
	}
	if lines.Err() != nil || limited.N <= 0 {
		return "", errors.New("too long for an option file")
	}
	return password, nil
}

// optionValue reads a value as MySQL does: quoted as a whole it is taken
// without the quotes, unquoted it ends at a #; \b \t \n \r \\ and \s (a blank)
// are escapes in both.
func optionValue(s string) string {
	if quote := s[:min(1, len(s))]; quote == `"` || quote == "'" {
		if end := closing(s, quote[0]); end > 0 {
			s = s[1:end]
		}
	} else {
		s, _, _ = strings.Cut(s, "#")
		s = strings.TrimSpace(s)
	}
	return strings.NewReplacer(`\b`, "\b", `\t`, "\t", `\n`, "\n", `\r`, "\r", `\s`, " ", `\\`, `\`, `\"`, `"`, `\'`, "'").Replace(s)
}

// closing returns where the quote that s begins with is closed, or 0.
func closing(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return 0
}

// readableByOthers warns about a file with a password that others can read.
func readableByOthers(file string) []string {
	st, err := os.Stat(file)
	if err != nil || runtime.GOOS == "windows" || st.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s holds a password and others may read it: chmod 600 it", schema.Quote(file))}
}
