package database

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// Files are those that may be read for an address that does not name them.
func Files() []string {
	var out []string
	for _, variable := range []string{"PGPASSFILE", "PGSERVICEFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"} {
		if file := os.Getenv(variable); file != "" {
			out = append(out, file)
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		for _, file := range []string{".pgpass", ".pg_service.conf", ".postgresql/root.crt", ".postgresql/postgresql.crt",
			".postgresql/postgresql.key", ".my.cnf"} {
			out = append(out, filepath.Join(home, file))
		}
	}
	return out
}

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
	var o optionFile
	switch err := o.read(file, 0); {
	case errors.Is(err, os.ErrNotExist) && d.address.params["defaults_file"] == "":
		return nil
	case err != nil:
		return fmt.Errorf("the mysql option file: %w", err)
	}
	if d.password, d.from = schema.NewSecret(o.password), o.from; o.from != "" {
		d.warnings = readableByOthers(o.from)
	}
	return nil
}

// readableByOthers warns about a file with a password that others can read.
func readableByOthers(file string) []string {
	info, err := os.Stat(file)
	if err != nil || !safefile.Exposed(info) {
		return nil
	}
	return []string{fmt.Sprintf("%s holds a password and others may read it: chmod 600 it", schema.Quote(file))}
}
