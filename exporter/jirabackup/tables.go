package jirabackup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/exporter"
)

// contents is what a backup holds, without its values.
type contents struct {
	encoding string
	meta     map[string]string // database.name, database.version, driver.name and so on
	tables   []*table          // in the order in which the document first names them
	byName   map[string]*table // folded
}

// table finds a table, whatever the case of its name.
func (c *contents) table(name string) (*table, bool) {
	t, ok := c.byName[exporter.FoldName(name)]
	return t, ok
}

// A table is one table of a backup. Its name is as the document first spells it.
type table struct {
	name    string
	columns []string // in the order of the values, or without those as they are declared
	rows    int64
}

// A rowFunc takes a row of a wanted table: as many values as columns, both lent
// for the call.
type rowFunc func(table string, columns []string, values []value) error

// A reader walks the elements of a backup.
type reader struct {
	*scanner
	contents *contents
	cost     int
	wanted   []string // names, folded
	row      rowFunc
	values   []value // of the row
	plain    bool    // an element without a prefix is the backup format's own

	declared, filled map[string]string // tables, as spelt, by folded name
}

// readDocument reads the whole document and calls row for each row of the wanted
// tables, in the document's order. Their names are in upper case, in both. A
// wanted table that the backup lacks is no error. When readDocument fails, also
// behind the last wanted row, nothing that row was given should be used.
//
// An error of row ends the reading and is returned as a [*rowError]. Errors name
// the table, the row (from 1) and the column, and the byte of the inflated
// document, but never show a value.
func readDocument(in io.Reader, wanted []string, row rowFunc) (*contents, error) {
	r := &reader{
		scanner:  newScanner(in),
		contents: &contents{meta: map[string]string{}, byName: map[string]*table{}},
		wanted:   wanted, row: row,
		declared: map[string]string{}, filled: map[string]string{},
	}
	if err := r.document(); err != nil {
		return nil, fmt.Errorf("%s: %w", entryName, err)
	}
	r.contents.encoding = r.in.encoding
	return r.contents, nil
}

// A rowError is the taker's own error: nothing is wrong with the file.
type rowError struct{ error }

func (e *rowError) Unwrap() error { return e.error }

func (r *reader) document() error {
	tok, err := r.next(false)
	if errors.Is(err, io.EOF) {
		return r.errorf("the document has no root element")
	}
	if err != nil {
		return err
	}
	root, _ := tok.(xml.StartElement)
	if r.junk || !is(root, "backup") {
		return r.errorf("root element is <%.100s>, not <backup> of %s", root.Name.Local, nsBackup)
	}
	ns, _ := attribute(root, "", "xmlns")
	r.plain = ns == nsBackup
	err = r.children("backup", func(e xml.StartElement) error {
		switch {
		case is(e, "database"):
			return r.children("database", r.meta)
		case is(e, "table"):
			return r.table(e)
		case is(e, "data"):
			return r.data(e)
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	// Reading to the end checks what follows the root, and the archive's sum.
	switch _, err := r.next(false); {
	case err == nil || r.junk:
		return r.errorf("something stands behind the root element")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// attribute gives an attribute that must be there. It counts what contents will
// hold.
func (r *reader) attribute(e xml.StartElement, name string) (string, error) {
	v, ok := attribute(e, "", name)
	if !ok {
		return "", r.errorf("<%s> has no attribute %s", e.Name.Local, name)
	}
	if r.cost += len(v) + nameCost; r.cost > maxContents {
		return "", r.errorf("names of tables and columns take more than %d MiB", maxContents>>20)
	}
	if r.in.damaged([]byte(v)) {
		return "", r.errorf("attribute %s of <%s> holds a character that %s does not have", name,
			e.Name.Local, r.in.encoding)
	}
	v, err := unescape(strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(v))
	if err != nil {
		return "", r.errorf("attribute %s of <%s> %w", name, e.Name.Local, err)
	}
	return v, nil
}

// name is attribute for one that must not be empty, nor be in seen.
func (r *reader) name(e xml.StartElement, attribute string, seen map[string]string) (string, error) {
	name, err := r.attribute(e, attribute)
	if err != nil {
		return "", err
	}
	key := exporter.FoldName(name)
	other, twice := seen[key]
	switch {
	case name == "":
		return "", r.errorf("attribute %s of <%s> is empty", attribute, e.Name.Local)
	case twice && other == name:
		return "", r.errorf("<%s> %.100q stands twice", e.Name.Local, name)
	case twice:
		return "", r.errorf("<%s> %.100q and %.100q differ in upper and lower case only", e.Name.Local, other, name)
	}
	seen[key] = name
	return name, nil
}

func (r *reader) meta(e xml.StartElement) error {
	if !is(e, "meta") {
		return r.skip()
	}
	key, err := r.attribute(e, "key")
	if err != nil {
		return err
	}
	value, err := r.attribute(e, "value")
	if err != nil {
		return err
	}
	if _, twice := r.contents.meta[key]; twice || key == "" {
		return r.errorf("<meta> %.100q stands twice, or has no name", key)
	}
	r.contents.meta[key] = value
	return r.skip()
}

// tableFor finds or adds the table that the element just opened names. That a
// table is declared in one spelling and filled in another does not matter.
func (r *reader) tableFor(e xml.StartElement, attribute string, seen map[string]string) (*table, error) {
	name, err := r.name(e, attribute, seen)
	if err != nil {
		return nil, err
	}
	t, ok := r.contents.table(name)
	if !ok {
		t = &table{name: name}
		r.contents.byName[exporter.FoldName(name)] = t
		r.contents.tables = append(r.contents.tables, t)
	}
	return t, nil
}

// table reads a <table>, which declares the columns.
func (r *reader) table(e xml.StartElement) error {
	t, err := r.tableFor(e, "name", r.declared)
	if err != nil {
		return err
	}
	declared := &table{name: t.name}
	seen := map[string]string{}
	err = r.children("table", func(e xml.StartElement) error {
		if !is(e, "column") {
			return r.skip()
		}
		return r.column(declared, e, seen)
	})
	if t.columns == nil {
		t.columns = declared.columns
	}
	return err
}

// data reads a <data>: the columns in the order of the values, and the rows as
// far as they are wanted.
func (r *reader) data(e xml.StartElement) error {
	t, err := r.tableFor(e, "tableName", r.filled)
	if err != nil {
		return err
	}
	r.secret = true
	defer func() { r.secret = false }()
	declared := t.columns
	t.columns = nil
	_, changed := attribute(e, "", "xmlns")
	sieved := r.plain && !changed
	name := exporter.FoldName(t.name)
	wanted := slices.Contains(r.wanted, name)
	seen := map[string]string{}
	for {
		// Behind a column, since a <data/> is over where its tag is.
		if !wanted && sieved && len(t.columns) > 0 {
			n, err := r.in.dropRows()
			if t.rows += n; err != nil {
				return r.inRow(t, t.rows+1, r.broken(err))
			}
		}
		tok, err := r.next(false)
		if err != nil {
			return err
		}
		if wanted && r.junk {
			return r.errorf("table %.100q: text where only rows may stand", t.name)
		}
		e, ok := tok.(xml.StartElement)
		switch {
		case !ok:
			if t.columns == nil {
				t.columns = declared
			}
			return nil
		case is(e, "row"):
			if t.rows++; wanted {
				err = r.readRow(t, name)
			} else {
				err = r.skip()
			}
			err = r.inRow(t, t.rows, err)
		case is(e, "column") && t.rows == 0:
			err = r.column(t, e, seen)
		default:
			err = r.errorf("table %.100q: <%.100s> stands where only rows may", t.name, e.Name.Local)
		}
		if err != nil {
			return err
		}
	}
}

func (r *reader) column(t *table, e xml.StartElement, seen map[string]string) error {
	name, err := r.name(e, "name", seen)
	if err != nil {
		return fmt.Errorf("table %.100q: %w", t.name, err)
	}
	t.columns = append(t.columns, name)
	return r.skip()
}

// readRow reads the row just opened and hands it on.
func (r *reader) readRow(t *table, name string) error {
	r.values = r.values[:0]
	size := 0
	err := r.children("row", func(e xml.StartElement) error {
		i := len(r.values)
		if i == len(t.columns) {
			return r.errorf("more values than the table's %d columns", i)
		}
		v, err := r.value(e)
		if err != nil {
			return fmt.Errorf("column %.100q: %w", t.columns[i], err)
		}
		if size += len(v.Text); size > maxRow {
			return r.errorf("values are longer than %d MiB together", maxRow>>20)
		}
		r.values = append(r.values, v)
		return nil
	})
	if err != nil {
		return err
	}
	if len(r.values) < len(t.columns) {
		return r.errorf("%d values for %d columns", len(r.values), len(t.columns))
	}
	if err := r.row(name, t.columns, r.values); err != nil {
		return &rowError{err}
	}
	return nil
}

func (r *reader) inRow(t *table, row int64, err error) error {
	var takers *rowError
	if err == nil || errors.As(err, &takers) {
		return err
	}
	return fmt.Errorf("table %.100q row %d: %w", t.name, row, err)
}
