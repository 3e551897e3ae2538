package cloud

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
	"github.com/mailferry/mailferry/schema/sealed"
)

// version is written to the database; another one is refused.
const version = 2

const layout = `
CREATE TABLE items (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	list     TEXT NOT NULL,
	name     TEXT NOT NULL,
	settings TEXT NOT NULL, -- the item as JSON, without its secret
	secret   BLOB           -- an age file, or NULL
);
CREATE INDEX items_name ON items (list, name);
CREATE TABLE keys (
	key     TEXT PRIMARY KEY,
	request BLOB NOT NULL, -- a keyed digest of the request: the body holds a secret
	status  INTEGER NOT NULL,
	id      INTEGER NOT NULL,
	answer  TEXT NOT NULL
);`

// openDatabase opens path so that a commit survives a power cut: WAL with
// synchronous=FULL.
func openDatabase(path string) (*sql.DB, error) {
	// SQLite would make the file with the umask's mode; its companions (-wal,
	// -shm) take over the mode that they find.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	slash := filepath.ToSlash(path)
	if !strings.HasPrefix(slash, "/") {
		slash = "/" + slash // C:/… on Windows
	}
	dsn := url.URL{Scheme: "file", Path: slash, RawQuery: url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(4)
	db.SetMaxOpenConns(8)
	return db, nil
}

// prepare makes what is missing in the folder. The database's write lock keeps
// two processes from making two keys.
func (c *Cloud) prepare(dir string) error {
	return c.transact(context.Background(), func(tx *sql.Tx) error {
		var found, tables int
		if err := tx.QueryRow("PRAGMA user_version").Scan(&found); err != nil {
			return schema.Hint(fmt.Errorf("%s is not a database of the sample Cloud", DatabaseFile),
				"choose an empty folder")
		}
		if err := tx.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return err
		}
		switch {
		case found == 0 && tables == 0:
			if _, err := tx.Exec(layout + fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
				return err
			}
		case found != version:
			return schema.Hint(fmt.Errorf("%s has version %d, not %d", DatabaseFile, found, version),
				"choose an empty folder")
		}
		return c.prepareKey(filepath.Join(dir, keyFile))
	})
}

// prepareKey reads the identity that secrets are sealed to, or makes one.
func (c *Cloud) prepareKey(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		c.identity, err = age.ParseX25519Identity(strings.TrimSpace(string(text)))
		if err != nil {
			return fmt.Errorf("%s: not an age identity", path) // the library's words may quote it
		}
	case errors.Is(err, fs.ErrNotExist):
		if c.identity, err = age.GenerateX25519Identity(); err != nil {
			return err
		}
		err = safefile.Write(path, false, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, c.identity)
			return err
		})
	}
	if err != nil {
		return err
	}
	c.idemKey, err = hkdf.Key(sha256.New, []byte(c.identity.String()), nil, "sample Cloud: Idempotency-Key", 32)
	return err
}

// transact runs do in one write transaction, durable once it returns nil.
func (c *Cloud) transact(ctx context.Context, do func(*sql.Tx) error) error {
	c.write.Lock()
	defer c.write.Unlock()
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// seal encrypts a secret for the database. No secret is nil.
func (c *Cloud) seal(s schema.Secret) ([]byte, error) {
	if s.IsZero() {
		return nil, nil
	}
	return sealed.Encrypt([]byte(s.Reveal()), []age.Recipient{c.identity.Recipient()})
}
