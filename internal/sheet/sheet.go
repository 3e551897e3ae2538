// Package sheet reads tables of labelled columns as spreadsheets write them,
// and writes tables that spreadsheets open without harm.
//
// A sheet is CSV, or a tab of a workbook, with one header row. Its labels come in
// any order and case, with any blanks between words. The delimiter (comma, semicolon
// or tab) is recognised from the header; the encoding is UTF-8, UTF-16 or, where a
// file is neither, the code page that is given, or Windows-1252. What was recognised
// beyond plain UTF-8 with commas is said through a warning, never assumed in silence.
//
// Cells are kept exactly: no blank is trimmed and nothing is interpreted, save
// that numbers and switches may have blanks around them. An apostrophe in front
// of "=", which other programs write against formulas, is part of the value.
//
// The cell of a secret column becomes a [schema.Secret] as it is read. No error
// and no warning contains a cell's value, except names in duplicates.
package sheet

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/mailferry/mailferry/internal/safefile"
	"github.com/mailferry/mailferry/schema"
)

// Layout is one kind of table. Of its columns, a field's label or one of its aliases
// stands in the header; a secret's values are had as secrets only, and blanks around
// numbers and switches mean nothing.
type Layout struct {
	Name    string // in the plural, for messages: "connections"
	Columns []schema.Field
	Extra   bool // columns labelled "Extra: KEY" are taken too, named extra.KEY
}

// needed reports whether a column must be there, with a value: a switch that has no
// column is off.
func needed(c schema.Field) bool { return c.Required && c.Type != schema.Boolean }

// Table is what a file holds below its header.
type Table struct {
	Tab     string         // of a workbook; "" of a CSV
	Layout  int            // index of the layout that the header fits
	Columns []schema.Field // those that the file has, in its order, extra ones included
	Rows    []Row          // blank rows left out
	guessed bool           // the encoding is a guess
}

// Row is one row of values.
type Row struct {
	Number int             // as a spreadsheet counts: the header is row 1, blank rows count
	cells  map[string]cell // by the column's name
}

// cell is one value, a text or a secret.
type cell struct {
	text   string
	secret schema.Secret
	place  string
}

// Text returns the value of a column that is not secret; "" where the file has
// no such column.
func (r Row) Text(column string) string { return r.cells[column].text }

// Secret returns the value of a secret column.
func (r Row) Secret(column string) schema.Secret { return r.cells[column].secret }

// Place names one of the row's cells as messages do: "row 7, Port", and of a
// workbook "row 7, Port (J7)".
func (r Row) Place(c schema.Field) string {
	return cmp.Or(r.cells[c.Name].place, cellPlace(r.Number, c.Label))
}

func rowPlace(row int) string                 { return fmt.Sprintf("row %d", row) }
func cellPlace(row int, column string) string { return fmt.Sprintf("row %d, %s", row, column) }

// Options say how a file is read.
type Options struct {
	// Encoding is the code page of a CSV without a byte order mark, such as
	// windows-1251; "": what is neither UTF-8 nor UTF-16 is taken for Windows-1252,
	// and a secret with letters beyond ASCII in it refused.
	Encoding string
	Warn     func(schema.Warning) // what a person should look at
}

// In passes on warnings about a file: behind its name stands that of a tab.
func In(file string, warn func(schema.Warning)) func(schema.Warning) {
	return func(w schema.Warning) {
		w.In = strings.TrimSuffix(file+", "+w.In, ", ")
		warn(w)
	}
}

// errTable says that a tab holds no table of the layouts asked for.
type errTable struct {
	error
	blank bool // nothing at all
}

func (e *errTable) Unwrap() error { return e.error }

// Read reads the tables that have one of the layouts: one in a CSV, and each of the
// visible tabs of a workbook that has a known header. It reads to the end: a file
// that is broken anywhere gives an error and no table. The caller bounds raw, by
// MaxFile.
func Read(raw []byte, layouts []Layout, o Options) ([]*Table, error) {
	var errs schema.Errors
	tables := read(raw, layouts, o, &errs)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return tables, nil
}

// read is Read that goes on with what can be read.
func read(raw []byte, layouts []Layout, o Options, errs *schema.Errors) []*Table {
	if IsWorkbook(raw) {
		return readWorkbook(raw, layouts, o, errs)
	}
	text, in, err := decodeText(raw, o.Encoding)
	if err != nil {
		errs.Add(err)
		return nil
	}
	s, err := begin(text, layouts)
	if err != nil {
		errs.Add(err)
		return nil
	}
	say(o.Warn, in, s.delimiter)
	t, err := readTable(s, layouts, o.Warn, in == windows1252 && o.Encoding == "", errs)
	if errs.Add(err); t == nil {
		return nil
	}
	return []*Table{t}
}

// readTable reads a header and the rows below it. guessed says that the encoding
// is a guess.
func readTable(s rows, layouts []Layout, warn func(schema.Warning), guessed bool, errs *schema.Errors) (*Table, error) {
	header, err := firstRow(s)
	if err != nil {
		return nil, err
	}
	t, places, err := readHeader(header, layouts)
	if err != nil {
		return nil, err
	}
	t.guessed = guessed
	before := errs.Count()
	errs.Add(t.readRows(s, places, warn, errs))
	if tab, ok := s.(*tabRows); ok {
		t.checkMerged(tab.merged, places, errs)
	}
	if len(t.Rows) == 0 && errs.Count() == before {
		return nil, &errTable{error: schema.Invalid("", "has a header and no rows")}
	}
	return t, nil
}

// say reports what was recognised beyond plain UTF-8 with commas.
func say(warn func(schema.Warning), in safefile.Encoding, delimiter byte) {
	switch {
	case in == windows1252:
		warn(schema.Warning{What: "not valid UTF-8: read as Windows-1252; look at the umlauts and accents in the result"})
	case in == safefile.UTF8:
	default:
		warn(schema.Warning{What: "read as " + string(in)})
	}
	switch delimiter {
	case ';':
		warn(schema.Warning{What: "columns are separated by semicolons"})
	case '\t':
		warn(schema.Warning{What: "columns are separated by tabs"})
	}
}

// firstRow returns the first row that is not blank: the header.
func firstRow(s rows) (record, error) {
	for {
		rec, ok, err := s.next(columnName)
		if err != nil {
			return rec, err
		}
		if !ok {
			return rec, &errTable{schema.Invalid("", "empty"), true}
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

func (t *Table) readRows(s rows, places []int, warn func(schema.Warning), errs *schema.Errors) error {
	label := func(i int) string {
		if i < len(places) && places[i] >= 0 {
			return t.Columns[places[i]].Label
		}
		return columnName(i)
	}
	for {
		rec, ok, err := s.next(label)
		if err != nil || !ok {
			return err // of a CSV, cells cannot be told apart from here on
		}
		if blank(rec.cells) {
			continue
		}
		if len(t.Rows) == MaxRows {
			return schema.Invalid(rowPlace(rec.row), "more than %d rows", MaxRows)
		}
		if rec.book { // which leaves empty cells at the end out
			rec.cells = append(rec.cells, make([]string, max(0, len(places)-len(rec.cells)))...)
		}
		if err := fits(rec, len(places)); err != nil {
			errs.Add(err)
			continue
		}
		t.Rows = append(t.Rows, t.row(rec, places, warn, errs))
	}
}

// fits holds a row's length against the header's. Empty cells beyond the last
// column are what spreadsheets leave behind and do no harm.
func fits(rec record, width int) error {
	if len(rec.cells) >= width && blank(rec.cells[width:]) {
		return nil
	}
	return schema.Hint(schema.Invalid(rowPlace(rec.row), "has %d cells and the header %d", len(rec.cells), width),
		"each column has its label in the header; in a CSV, a text with a line break or the delimiter in it stands in quotes, "+
			"and an empty cell keeps its delimiter")
}

// row takes the values of the columns that have a label.
func (t *Table) row(rec record, places []int, warn func(schema.Warning), errs *schema.Errors) Row {
	row := Row{Number: rec.row, cells: map[string]cell{}}
	for i, at := range places {
		text, is := rec.cells[i], note(0)
		if i < len(rec.notes) {
			is = rec.notes[i]
		}
		label := columnName(i)
		if at >= 0 {
			label = t.Columns[at].Label
		}
		place := rec.place(i, label)
		if is == isUnstored {
			errs.Add(schema.Hint(schema.Invalid(place, "holds %s", unstored),
				"open the workbook in a spreadsheet program and save it there"))
			continue
		}
		if at < 0 {
			if strings.TrimSpace(text) != "" {
				errs.Add(schema.Invalid(place, "has a value and no label in the header"))
			}
			continue
		}
		c := t.Columns[at]
		if c.Secret {
			if err := t.wrongSecret(place, text, is); err != nil {
				errs.Add(err)
				continue
			}
			row.cells[c.Name] = cell{secret: schema.NewSecret(text), place: place}
		} else if c.Type == schema.Integer || c.Type == schema.Boolean {
			row.cells[c.Name] = cell{text: strings.TrimSpace(text), place: place}
			continue // as a number, or with blanks, it is as good
		} else {
			row.cells[c.Name] = cell{text: text, place: place}
		}
		if w := doubt(c, text, is); w != "" {
			warn(schema.Warning{Noun: "cell", Name: place, What: w, Doubt: c.Secret})
		}
	}
	return row
}

// wrongSecret says why a cell cannot hold the secret that was typed.
func (t *Table) wrongSecret(place, text string, is note) error {
	switch {
	case len(text) > schema.MaxSecret:
		return schema.Invalid(place, "longer than %d bytes", schema.MaxSecret)
	case t.guessed && strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }):
		return schema.Hint(schema.Invalid(place, "has letters beyond ASCII, and the file's encoding is a guess"),
			"say its code page, such as --encoding windows-1252 or --encoding windows-1251, or save it as \"CSV UTF-8\"")
	case is == isDate:
		return schema.Hint(schema.Invalid(place,
			"holds a date or another number with a form of its own, not the text that was typed"),
			"format the column as text, and type the value anew")
	case is == isError:
		return schema.Invalid(place, formulaError)
	}
	return nil
}

// doubt says what a person should look at in a cell. Of a secret it gives no
// more than that; package look says what is odd in the secret itself.
func doubt(c schema.Field, text string, is note) string {
	as := mangled(text)
	switch {
	case is == isNumber:
		return "is kept as a number, not as text: noughts in front, and digits behind the fifteenth, are lost"
	case is == isDate:
		return "is kept as a date or another number with a form of its own, not as the text that was typed"
	case is == isSwitch:
		return "is kept as true or false, not as the text that was typed"
	case is == isError:
		return formulaError
	case c.Secret && as != "":
		return "does not look like what was typed: a spreadsheet may have changed it"
	case as == "" && !c.Secret && strings.TrimSpace(text) != text: // which makes another name or user of it
		return "begins or ends with a blank, which is kept"
	}
	return as
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
		return nil, false, schema.Hint(schema.Invalid(path, "a pipe or a device, not a file"),
			"write it to a file that only you can read, and delete that afterwards")
	}
	raw, err = io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", path, err)
	}
	if len(raw) > MaxFile {
		return nil, false, schema.Invalid(path, "larger than %d MiB", MaxFile>>20)
	}
	return raw, safefile.Exposed(info), nil
}
