package jirabackup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

const (
	// maxContents bounds the memory of Contents, in bytes, roughly: a real
	// backup has some hundred tables.
	maxContents = 16 << 20
	// itemCost is what a name costs beside its bytes.
	itemCost = 64
	// maxRow bounds the values of one row together.
	maxRow = 32 << 20
)

// Contents is what a backup holds, without its values.
type Contents struct {
	// Encoding is that of the document: UTF-8, US-ASCII, ISO-8859-1, UTF-16LE
	// or UTF-16BE.
	Encoding string
	// Size is the number of bytes of the document, inflated.
	Size int64
	// Meta says what the backup was made from: database.name,
	// database.version, driver.name and so on.
	Meta map[string]string
	// Tables are in the order in which the document first names them.
	Tables []Table
}

// Database is the name of the database that the backup was made from, such as
// PostgreSQL or Oracle, or "" where the backup does not say.
func (c *Contents) Database() string { return c.Meta["database.name"] }

// Table finds a table by its exact name, which is upper case in backups.
func (c *Contents) Table(name string) (*Table, bool) {
	for i := range c.Tables {
		if c.Tables[i].Name == name {
			return &c.Tables[i], true
		}
	}
	return nil, false
}

// A Table is one table of a backup.
type Table struct {
	Name string
	// Declared are the columns as the table is declared, with their types. It
	// is empty when the backup has data but no declaration.
	Declared []Column
	// Columns are the names in the order of the values of a row, which differs
	// from the declaration's. It is nil when the backup has no data for the
	// table, not even an empty list of rows.
	Columns []string
	Rows    int64

	declared, filled bool
}

// A Column is one column as its table declares it.
type Column struct {
	Name string
	// SQLType is a constant of java.sql.Types, such as 12 for VARCHAR; 0 where
	// the backup does not say.
	SQLType int
}

// Inspect reads the whole document and tells what it holds.
func (b *Backup) Inspect(ctx context.Context) (*Contents, error) {
	return b.Read(ctx, nil, nil)
}

// Read reads the whole document and calls row for each row of the wanted tables,
// in the document's order. Table names are exact and upper case. A wanted table
// that the backup lacks is no error; Contents tells. All of the document is
// checked: when Read fails, also behind the last wanted row, nothing that row was
// given should be used.
//
// row gets as many values as columns. Both slices are only lent: the values
// until row returns, the columns for the table. An error of row ends the reading
// and is returned as it is. Errors name the table, the row (from 1) and the
// column, the line and the byte of the inflated document, but never show a value.
func (b *Backup) Read(ctx context.Context, wanted []string, row func(table string, columns []string, values []Value) error) (*Contents, error) {
	doc, r := b.document()
	s, err := newScanner(ctx, r, b.chunk, doc.check)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entryName, err)
	}
	defer s.close()
	t := &tableReader{scanner: s, wanted: wanted, row: row, index: map[string]int{}}
	t.contents = &Contents{Encoding: string(s.enc), Meta: map[string]string{}}
	if err := t.read(); err != nil {
		var caller *rowError
		if errors.As(err, &caller) {
			return nil, caller.err
		}
		return nil, fmt.Errorf("%s: %w", entryName, err)
	}
	t.contents.Size = doc.size
	return t.contents, nil
}

// A rowError is the caller's own error on its way out.
type rowError struct{ err error }

func (e *rowError) Error() string { return e.err.Error() }

// A tableReader walks the elements of a backup.
type tableReader struct {
	*scanner
	contents *Contents
	index    map[string]int // of contents.Tables
	cost     int
	wanted   []string
	row      func(table string, columns []string, values []Value) error
	values   []Value
}

func (t *tableReader) read() error {
	if tok, err := t.next(textBlank); err != nil || tok == tokenEOF {
		return err
	}
	if string(t.local) != "backup" {
		return t.errorAt(t.pos, "root element is <%s>, not <backup> of %s", t.top(), nsBackup)
	}
	err := t.children(func() error {
		switch string(t.local) {
		case "database":
			return t.children(t.meta)
		case "table":
			return t.table()
		case "data":
			return t.data()
		}
		return t.skip()
	})
	if err != nil {
		return err
	}
	// Reading to the end checks what follows the root, and the archive's sum.
	_, err = t.next(textBlank)
	return err
}

// children calls child for each child of the element just opened, which child
// must consume to its end.
func (t *tableReader) children(child func() error) error {
	for {
		tok, err := t.next(textBlank)
		if err != nil || tok == tokenEnd {
			return err
		}
		if err := child(); err != nil {
			return err
		}
	}
}

// skip consumes the element just opened to its end.
func (t *tableReader) skip() error {
	for depth := len(t.nameEnds); len(t.nameEnds) >= depth; {
		if _, err := t.next(textSkip); err != nil {
			return err
		}
	}
	return nil
}

// keep takes the attribute of the element just opened as a string. It counts
// what Contents will hold.
func (t *tableReader) keep(name string) (string, error) {
	raw, ok := t.attribute("", name)
	if !ok {
		return "", t.errorAt(t.pos, "<%s> has no attribute %s", t.top(), name)
	}
	if t.cost += len(raw) + itemCost; t.cost > maxContents {
		return "", t.errorAt(t.pos, "names of tables and columns take more than %d MiB", maxContents>>20)
	}
	v, err := unescape(raw)
	if err != nil {
		return "", t.errorAt(t.pos, "attribute %s of <%s> %w", name, t.top(), err)
	}
	return v, nil
}

// keepName is keep for an attribute that must not be empty.
func (t *tableReader) keepName(name string) (string, error) {
	v, err := t.keep(name)
	if err == nil && v == "" {
		err = t.errorAt(t.pos, "attribute %s of <%s> is empty", name, t.top())
	}
	return v, err
}

func (t *tableReader) meta() error {
	if string(t.local) != "meta" {
		return t.skip()
	}
	key, err := t.keepName("key")
	if err != nil {
		return err
	}
	value, err := t.keep("value")
	if err != nil {
		return err
	}
	if _, ok := t.contents.Meta[key]; ok {
		return t.errorAt(t.pos, "<meta> %.100q stands twice", key)
	}
	t.contents.Meta[key] = value
	return t.skip()
}

// tableFor finds or adds the table that the element just opened names.
func (t *tableReader) tableFor(attribute string) (int, error) {
	name, err := t.keepName(attribute)
	if err != nil {
		return 0, err
	}
	i, ok := t.index[name]
	if !ok {
		i = len(t.contents.Tables)
		t.index[name] = i
		t.cost += itemCost
		t.contents.Tables = append(t.contents.Tables, Table{Name: name})
	}
	return i, nil
}

func (t *tableReader) table() error {
	i, err := t.tableFor("name")
	if err != nil {
		return err
	}
	table := &t.contents.Tables[i]
	if table.declared {
		return t.errorAt(t.pos, "table %.100q is declared twice", table.Name)
	}
	table.declared = true
	seen := map[string]bool{}
	return t.children(func() error {
		if string(t.local) != "column" {
			return t.skip()
		}
		name, err := t.newColumn(table, seen)
		if err != nil {
			return err
		}
		column := Column{Name: name}
		if raw, ok := t.attribute("", "sqlType"); ok {
			if column.SQLType, err = strconv.Atoi(string(raw)); err != nil {
				return t.errorAt(t.pos, "table %.100q column %.100q: sqlType is no number", table.Name, name)
			}
		}
		table.Declared = append(table.Declared, column)
		return t.skip()
	})
}

// newColumn reads the name of the column just opened.
func (t *tableReader) newColumn(table *Table, seen map[string]bool) (string, error) {
	name, err := t.keepName("name")
	if err != nil {
		return "", err
	}
	if seen[name] {
		return "", t.errorAt(t.pos, "table %.100q has two columns %.100q", table.Name, name)
	}
	seen[name] = true
	return name, nil
}

// data reads a <data> element: its columns, and its rows as far as wanted.
func (t *tableReader) data() error {
	i, err := t.tableFor("tableName")
	if err != nil {
		return err
	}
	table := &t.contents.Tables[i]
	if table.filled {
		return t.errorAt(t.pos, "data of table %.100q stands twice", table.Name)
	}
	table.filled = true
	table.Columns = []string{}
	wanted := slices.Contains(t.wanted, table.Name)
	seen := map[string]bool{}
	mode := textSkip
	if wanted {
		mode = textBlank
	}
	for {
		if !wanted && !t.emptyTag {
			n, err := t.skipRows()
			if table.Rows += n; err != nil {
				return t.inRow(table, table.Rows+1, err)
			}
		}
		tok, err := t.next(mode)
		if err != nil || tok == tokenEnd {
			return err
		}
		switch {
		case string(t.local) == "row":
			table.Rows++
			if wanted {
				err = t.readRow(table)
			} else {
				err = t.skip()
			}
			if err != nil {
				return t.inRow(table, table.Rows, err)
			}
		case string(t.local) == "column" && table.Rows == 0:
			name, err := t.newColumn(table, seen)
			if err != nil {
				return err
			}
			table.Columns = append(table.Columns, name)
			if err := t.skip(); err != nil {
				return err
			}
		default:
			return t.errorAt(t.pos, "table %.100q: <%s> stands where only rows may", table.Name, t.top())
		}
	}
}

func (t *tableReader) inRow(table *Table, row int64, err error) error {
	var caller *rowError
	if errors.As(err, &caller) {
		return err
	}
	return fmt.Errorf("table %.100q row %d: %w", table.Name, row, err)
}
