package cloud

import (
	"context"
	"database/sql"
	"path/filepath"

	"github.com/mailferry/mailferry/internal/rig/vault"
	"github.com/mailferry/mailferry/schema"
)

// secrets opens the stored secrets of a list, by item name.
func (c *Cloud) secrets(l schema.List) (map[string]schema.Secret, error) {
	var seq, name, file string
	if err := c.db.QueryRow("PRAGMA database_list").Scan(&seq, &name, &file); err != nil {
		return nil, err
	}
	return vault.Secrets(filepath.Dir(file), l)
}

// add makes an item as a POST does.
func (c *Cloud) add(ctx context.Context, it schema.Item, secret schema.Secret) (e Entry, err error) {
	box, err := c.seal(secret)
	if err != nil {
		return e, err
	}
	err = c.transact(ctx, func(tx *sql.Tx) (err error) {
		e, err = c.create(ctx, tx, it, box)
		return err
	})
	return e, err
}
