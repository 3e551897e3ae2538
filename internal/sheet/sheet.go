// Package sheet reads tables of labelled columns as spreadsheets write them,
// and writes tables that spreadsheets open without harm.
//
// A sheet is CSV with one header row. Its labels come in any order and case,
// with any blanks between words. The delimiter (comma, semicolon or tab) is recognised
// from the header; the encoding is UTF-8, UTF-16 or, where a file is neither,
// Windows-1252. What was recognised beyond plain UTF-8 with commas is said
// through a warning, never assumed in silence.
//
// Cells are kept exactly: no blank is trimmed and nothing is interpreted, save
// that numbers and switches may have blanks around them. An apostrophe in front
// of "=", which other programs write against formulas, is part of the value.
//
// The cell of a secret column becomes a [schema.Secret] as it is read. No error
// and no warning contains a cell's value, except names in duplicates.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// Limits that a sheet is held to.
const (
	MaxFile    = 64 << 20  // bytes in a file
	MaxColumns = 256       // columns in a row
	MaxCell    = 256 << 10 // bytes in a cell
	MaxRows    = schema.MaxItems
)

// mostProblems is how many problems one error collects.
const mostProblems = schema.MostErrors

// Column is a labelled column of a layout.
type Column struct {
	Name     string // what rows are asked for
	Label    string // what stands in the header
	Required bool   // its absence is an error, not an empty value
	Secret   bool   // its values are had as secrets only
	Trim     bool   // blanks around its values mean nothing and are dropped
}

// Layout is one kind of table.
type Layout struct {
	Name    string // in the plural, for messages: "connections"
	Columns []Column
	Extra   bool // columns labelled "Extra: KEY" are taken too, named extra.KEY
}

// Table is what a file holds below its header.
type Table struct {
	Layout  int      // index of the layout that the header fits
	Columns []Column // those that the file has, in its order, extra ones included
	Rows    []Row    // blank rows left out
}

// Has reports whether the file has the column of that name.
func (t *Table) Has(name string) bool {
	for _, c := range t.Columns {
		if c.Name == name {
			return true
		}
	}
	return false
}

// Row is one row of values.
type Row struct {
	Number  int // as a spreadsheet counts: the header is row 1, blank rows count
	texts   map[string]string
	secrets map[string]schema.Secret
}

// Text returns the value of a column that is not secret; "" where the file has
// no such column.
func (r Row) Text(column string) string { return r.texts[column] }

// Secret returns the value of a secret column.
func (r Row) Secret(column string) schema.Secret { return r.secrets[column] }

// Place names one of the row's cells as messages do: "row 7, Port".
func (r Row) Place(c Column) string { return cellPlace(r.Number, c.Label) }

func rowPlace(row int) string                 { return fmt.Sprintf("row %d", row) }
func cellPlace(row int, column string) string { return fmt.Sprintf("row %d, %s", row, column) }

func invalid(place, format string, args ...any) error {
	return &schema.InvalidError{Problems: []schema.Problem{{Place: place, What: fmt.Sprintf(format, args...)}}}
}

// Problems collects what is wrong with a sheet, so that a person can put all of
// it right at once.
type Problems struct {
	list []schema.Problem
	hint string
}

// Add notes one problem. What must not contain a secret.
func (p *Problems) Add(place, format string, args ...any) {
	if !p.Full() {
		p.list = append(p.list, schema.Problem{Place: place, What: fmt.Sprintf(format, args...)})
	}
}

// Full reports whether enough is known to stop.
func (p *Problems) Full() bool { return len(p.list) >= mostProblems }

// Err returns nil or a *schema.InvalidError.
func (p *Problems) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	err := error(&schema.InvalidError{Problems: p.list})
	if p.hint != "" {
		err = schema.Hint(err, "%s", p.hint)
	}
	return err
}

// Read reads a table that has one of the layouts. It reads to the end: a file
// that is broken anywhere gives an error and no rows. warn receives what a
// person should look at, one line each.
func Read(raw []byte, layouts []Layout, warn func(schema.Warning)) (*Table, error) {
	if len(raw) > MaxFile {
		return nil, invalid("", "larger than %d MiB", MaxFile>>20)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, invalid("", "empty")
	}
	text, encoding, err := decodeText(raw)
	if err != nil {
		return nil, err
	}
	s, err := begin(text, layouts)
	if err != nil {
		return nil, err
	}
	say(warn, encoding, raw, s.delimiter)
	header, err := firstRow(s)
	if err != nil {
		return nil, err
	}
	t, places, err := readHeader(header, layouts)
	if err != nil {
		return nil, err
	}
	if err := t.readRows(s, places, warn); err != nil {
		return nil, err
	}
	if len(t.Rows) == 0 {
		return nil, invalid("", "has a header and no rows")
	}
	return t, nil
}

// say reports what was recognised beyond plain UTF-8 with commas.
func say(warn func(schema.Warning), encoding string, raw []byte, delimiter byte) {
	switch {
	case encoding == windows1252:
		warn(schema.Warning{What: "not valid UTF-8: read as Windows-1252; look at the umlauts and accents in the result"})
	case encoding != utf8Plain && !bytes.HasPrefix(raw, []byte{0xFF, 0xFE}) && !bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		warn(schema.Warning{What: "read as " + encoding + ", inferred from its zero bytes: there is no byte order mark"})
	case encoding != utf8Plain:
		warn(schema.Warning{What: "read as " + encoding})
	}
	switch delimiter {
	case ';':
		warn(schema.Warning{What: "columns are separated by semicolons"})
	case '\t':
		warn(schema.Warning{What: "columns are separated by tabs"})
	}
}

// firstRow returns the first row that is not blank: the header.
func firstRow(s *splitter) (record, error) {
	for {
		rec, ok, err := s.next(columnName)
		if err != nil {
			return rec, err
		}
		if !ok {
			return rec, invalid("", "empty")
		}
		if !blank(rec.cells) {
			return rec, nil
		}
	}
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func (t *Table) readRows(s *splitter, places []int, warn func(schema.Warning)) error {
	var problems Problems
	label := func(i int) string {
		if i < len(places) && places[i] >= 0 {
			return t.Columns[places[i]].Label
		}
		return columnName(i)
	}
	for !problems.Full() {
		rec, ok, err := s.next(label)
		if err != nil {
			// Cells cannot be told apart from here on.
			var broken *schema.InvalidError
			if len(problems.list) == 0 || !errors.As(err, &broken) {
				return err
			}
			problems.list = append(problems.list, broken.Problems...)
			break
		}
		if !ok {
			break
		}
		if blank(rec.cells) {
			continue
		}
		if len(t.Rows) == MaxRows {
			return invalid(rowPlace(rec.row), "more than %d rows", MaxRows)
		}
		if !t.fits(rec, len(places), &problems) {
			continue
		}
		row := t.row(rec, places, &problems)
		for _, c := range t.Columns {
			if w := row.doubt(c); w != "" {
				warn(schema.Warning{Noun: "cell", Name: row.Place(c), What: w})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return problems.Err()
}

// fits holds a row's length against the header's. Empty cells beyond the last
// column are what spreadsheets leave behind and do no harm.
func (t *Table) fits(rec record, width int, problems *Problems) bool {
	switch {
	case len(rec.cells) < width:
		problems.Add(rowPlace(rec.row), "has %d cells and the header %d", len(rec.cells), width)
		problems.hint = "a text with a line break in it stands in quotes; an empty cell keeps its delimiter"
		return false
	case len(rec.cells) > width && !blank(rec.cells[width:]):
		problems.Add(rowPlace(rec.row), "has %d cells and the header %d", len(rec.cells), width)
		problems.hint = "a text with the delimiter in it stands in quotes"
		return false
	default:
		return true
	}
}

func (t *Table) row(rec record, places []int, problems *Problems) Row {
	row := Row{Number: rec.row, texts: make(map[string]string, len(t.Columns)), secrets: map[string]schema.Secret{}}
	for i, at := range places {
		cell := rec.cells[i]
		switch {
		case at < 0:
			if strings.TrimSpace(cell) != "" {
				problems.Add(cellPlace(rec.row, columnName(i)), "has a value and no label in the header")
			}
		case t.Columns[at].Secret:
			if len(cell) > schema.MaxSecret {
				problems.Add(cellPlace(rec.row, t.Columns[at].Label), "longer than %d bytes", schema.MaxSecret)
				continue
			}
			row.secrets[t.Columns[at].Name] = schema.NewSecret(cell)
		case t.Columns[at].Trim:
			row.texts[t.Columns[at].Name] = strings.TrimSpace(cell)
		default:
			row.texts[t.Columns[at].Name] = cell
		}
	}
	return row
}

// doubt says what a person should look at in a cell. Of a secret it gives no
// more than that.
func (r Row) doubt(c Column) string {
	if c.Secret {
		value := r.secrets[c.Name].Reveal()
		if mangled(value) != "" || edged(value) {
			return "does not look like what was typed: a spreadsheet may have changed it, or a blank came along when it was copied"
		}
		return ""
	}
	value := r.texts[c.Name]
	if w := mangled(value); w != "" {
		return w
	}
	if edged(value) {
		return "begins or ends with a blank, which is kept"
	}
	return ""
}

// ReadFile reads a file of at most MaxFile bytes. exposed reports whether people
// other than its owner can read it; where the system does not say so in
// permission bits (Windows), it is false.
func ReadFile(path string) (raw []byte, exposed bool, err error) {
	f, info, err := safefile.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	if !info.Mode().IsRegular() {
		return nil, false, schema.Hint(invalid(path, "a pipe or a device, not a file"),
			"write it to a file that only you can read, and delete that afterwards")
	}
	raw, err = io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", path, err)
	}
	if len(raw) > MaxFile {
		return nil, false, invalid(path, "larger than %d MiB", MaxFile>>20)
	}
	return raw, safefile.Exposed(info), nil
}
