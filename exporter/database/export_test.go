package database

import (
	"context"

	"github.com/mailferry/mailferry/schema"
)

// TryWrite runs a statement in the transaction that Inspect and ReadTables read
// in.
func TryWrite(ctx context.Context, url, statement string) error {
	d, err := Open(url, Options{})
	if err != nil {
		return err
	}
	s, err := d.connect(ctx, func(schema.Warning) {})
	if err != nil {
		return err
	}
	defer s.close()
	return d.query(ctx, s, statement, 0, nil)
}
