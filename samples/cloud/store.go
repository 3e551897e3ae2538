package cloud

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// Entry is an item as it is stored, without its secret.
type Entry struct {
	ID   int64
	Item schema.Item // *schema.CloudCredential or *schema.CloudConnection, without a marker
}

// RefusedError is the sample Cloud's no to one item.
type RefusedError struct {
	Status   int // HTTP status: 404, 409 or 422
	Problems []Problem
}

// Problem is what is wrong with one field, or with the item where Field is
// empty. It never contains the value of a secret.
type Problem struct {
	Field  string `json:"field,omitzero"`
	Detail string `json:"detail"`
}

func (e *RefusedError) Error() string {
	var s []string
	for _, p := range e.Problems {
		if p.Field != "" {
			s = append(s, p.Field+": "+p.Detail)
		} else {
			s = append(s, p.Detail)
		}
	}
	return strings.Join(s, "; ")
}

func refused(status int, field, format string, args ...any) *RefusedError {
	return &RefusedError{status, []Problem{{field, fmt.Sprintf(format, args...)}}}
}

// querier is what reading needs of a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Items returns a whole list in the order in which its items were made.
func (c *Cloud) Items(ctx context.Context, l schema.List) ([]Entry, error) {
	return c.page(ctx, l, 0, -1)
}

// page returns up to n items with ids above after; n < 0 means all.
func (c *Cloud) page(ctx context.Context, l schema.List, after int64, n int) ([]Entry, error) {
	rows, err := c.db.QueryContext(ctx,
		"SELECT id, settings FROM items WHERE list = ? AND id > ? ORDER BY id LIMIT ?", l, after, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		e, err := scanEntry(rows, l)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

func scanEntry(row interface{ Scan(...any) error }, l schema.List) (Entry, error) {
	e := Entry{Item: schema.NewItem(schema.CloudFormat, l)}
	var settings []byte
	if err := row.Scan(&e.ID, &settings); err != nil {
		return Entry{}, err
	}
	return e, schema.Strict(settings, e.Item)
}

// get returns one item; a *RefusedError with status 404 where there is none.
func get(ctx context.Context, q querier, l schema.List, id int64) (Entry, error) {
	e, err := scanEntry(q.QueryRowContext(ctx, "SELECT id, settings FROM items WHERE list = ? AND id = ?", l, id), l)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, refused(http.StatusNotFound, "", "no such %s", l.One())
	}
	return e, err
}

// Load adds items as they might stand on a Cloud already: all or none, and
// without secrets, which a sheet of Cloud's labels does not have. Credentials
// come first, whatever the order given.
func (c *Cloud) Load(ctx context.Context, items []schema.Item) error {
	return c.transact(ctx, func(tx *sql.Tx) error {
		for _, l := range schema.Lists() {
			for _, it := range items {
				if it.List() != l {
					continue
				}
				if err := c.check(ctx, tx, 0, it); err != nil {
					return fmt.Errorf("%s %s: %w", l.One(), schema.Quote(it.ItemName()), err)
				}
				if _, err := c.insert(ctx, tx, it, nil); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// create makes an item. What the sample Cloud does not take is a *RefusedError
// that lists every field in question. It takes the secret sealed
// already: sealing takes long for a time in which nobody else can write.
func (c *Cloud) create(ctx context.Context, tx *sql.Tx, it schema.Item, box []byte) (Entry, error) {
	if err := c.check(ctx, tx, 0, it); err != nil {
		return Entry{}, err
	}
	if it.List() == schema.Credentials && box == nil {
		return Entry{}, refused(http.StatusUnprocessableEntity, schema.SecretField(schema.Credentials), "is required")
	}
	return c.insert(ctx, tx, it, box)
}

func (c *Cloud) insert(ctx context.Context, tx *sql.Tx, it schema.Item, box []byte) (Entry, error) {
	settings, err := schema.Marshal(it)
	if err != nil {
		return Entry{}, err
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO items (list, name, settings, secret) VALUES (?, ?, ?, ?)",
		it.List(), it.ItemName(), settings, box)
	if err != nil {
		return Entry{}, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return Entry{}, err
	}
	return get(ctx, tx, it.List(), id)
}

func (c *Cloud) update(ctx context.Context, tx *sql.Tx, id int64, it schema.Item, box []byte) (Entry, error) {
	l := it.List()
	if _, err := get(ctx, tx, l, id); err != nil {
		return Entry{}, err
	}
	if err := c.check(ctx, tx, id, it); err != nil {
		return Entry{}, err
	}
	settings, err := schema.Marshal(it)
	if err != nil {
		return Entry{}, err
	}
	if _, err := tx.ExecContext(ctx,
		"UPDATE items SET name = ?, settings = ?, secret = coalesce(?, secret) WHERE id = ?",
		it.ItemName(), settings, box, id); err != nil {
		return Entry{}, err
	}
	return get(ctx, tx, l, id)
}
