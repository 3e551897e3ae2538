package jirabackup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

// SourceKind is what a bundle calls a backup.
const SourceKind = "jira-backup"

// NewTables returns the backup as tables to inspect or read: a zip that holds
// activeobjects.xml, zip64 included, or a bare activeobjects.xml. The file is
// opened, and read from its first byte to its last, by each method.
func NewTables(path string, opts Options) exporter.Tables { return &tables{path, opts} }

type tables struct {
	path string
	opts Options
}

// Inspect implements exporter.Tables.
func (t *tables) Inspect(ctx context.Context, all bool) (*exporter.Contents, error) {
	b, err := open(t.path, t.opts)
	if err != nil {
		return nil, advise(err)
	}
	defer b.close()
	c, err := b.read(ctx, nil, nil)
	if err != nil {
		return nil, advise(fmt.Errorf("%s: %w", t.path, err))
	}
	out := &exporter.Contents{
		Kind: SourceKind, Name: filepath.Base(t.path), Encoding: c.encoding,
		Database: exporter.Database{Name: c.meta["database.name"], Version: c.meta["database.version"]},
	}
	for _, table := range c.tables {
		switch {
		case all || exporter.IsAppTable(table.name):
			t := exporter.Table{Name: table.name, Rows: table.rows}
			for _, name := range table.columns {
				t.Columns = append(t.Columns, exporter.Column{Name: name})
			}
			out.Tables = append(out.Tables, t)
		case exporter.IsActiveObjects(table.name):
			out.Others++
		}
	}
	slices.SortFunc(out.Tables, func(x, y exporter.Table) int { return cmp.Compare(x.Name, y.Name) })
	return out, nil
}

// ReadTables implements exporter.Tables. It warns of a bare activeobjects.xml.
func (t *tables) ReadTables(ctx context.Context, wanted []exporter.Wanted, take exporter.RowFunc,
	warn func(schema.Warning)) (schema.Source, error) {
	src := schema.Source{Kind: SourceKind, Name: filepath.Base(t.path)}
	b, err := open(t.path, t.opts)
	if err != nil {
		return src, advise(err)
	}
	defer b.close()
	if b.entry == nil {
		warn(schema.Warning{In: src.Name, What: "has no checksum, so that a value damaged on the way would not show: " +
			"the zip that Jira wrote has one"})
	}
	var names []string
	for _, w := range wanted {
		names = append(names, w.Table)
	}
	c, err := b.read(ctx, names, taker(take, warn))
	var refused *rowError
	switch {
	case errors.As(err, &refused):
		return src, fmt.Errorf("%s: %w", t.path, refused.error)
	case err != nil:
		return src, advise(fmt.Errorf("%s: %w", t.path, err))
	}
	if err := checkTables(c, wanted); err != nil {
		return src, fmt.Errorf("%s: %w", t.path, err)
	}
	src.SHA256, err = b.sha256(ctx)
	return src, err
}

// taker gives take the rows of the wanted tables. Whether they have all columns is
// checked behind the last, where nothing is lost but time.
func taker(take exporter.RowFunc, warn func(schema.Warning)) rowFunc {
	rows := map[string]int{}
	binary := map[string]bool{}
	return func(table string, columns []string, values []value) error {
		rows[table]++
		return take(table, rows[table], func(column string) exporter.Cell {
			i := slices.IndexFunc(columns, func(c string) bool { return exporter.FoldName(c) == column })
			if i < 0 {
				return exporter.Cell{Null: true}
			}
			if at := table + "." + column; values[i].binary && !binary[at] {
				binary[at] = true
				warn(schema.Warning{Noun: "column", Name: "column " + schema.Quote(table+"."+column),
					What: "binary, not read"})
			}
			return values[i].Cell
		})
	}
}

// checkTables refuses a backup that lacks tables or columns.
func checkTables(c *contents, wanted []exporter.Wanted) error {
	var errs schema.Errors
	for _, w := range wanted {
		table, ok := c.table(w.Table)
		if !ok {
			var have []string
			for _, t := range c.tables {
				have = append(have, t.name)
			}
			errs.Add(exporter.MissingTable(w.Table, have))
			continue
		}
		errs.Add(w.Check(table.columns))
	}
	return errs.Err()
}

// advise adds what a person can do about errors that have a remedy.
func advise(err error) error {
	switch {
	case errors.Is(err, ErrTooLarge):
		return schema.Hint(err, "if you trust the file, raise the limit with --max-inflated")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), schema.HintOf(err) != "":
		return err
	default:
		return schema.Hint(err, "a backup is the one zip that Jira wrote, without a password, or the activeobjects.xml out of it: "+
			"copy it again, or have Jira write a new one")
	}
}
