package sheet

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/mailferry/mailferry/schema"
)

// record is one row of cells. Its number counts rows as a spreadsheet does: a
// cell with line breaks makes no further row, and blank rows count.
type record struct {
	row   int
	cells []string
	notes []note // of a workbook's cells
	book  bool   // of a workbook
}

// place names a cell by its row and its column's label; of a workbook also as
// spreadsheets do.
func (r record) place(column int, label string) string {
	if r.book {
		return fmt.Sprintf("%s (%s%d)", cellPlace(r.row, label), letters(column), r.row)
	}
	return cellPlace(r.row, label)
}

// rows gives the rows of a table, one after the other. label names a column.
type rows interface {
	next(label func(column int) string) (rec record, ok bool, err error)
}

// splitter cuts text into records. encoding/csv would do but for two things:
// it counts lines where people see rows, and passes over blank rows uncounted.
type splitter struct {
	rest      string
	delimiter byte
	row       int
}

// columnName names a column before a header is known, as a spreadsheet does.
func columnName(i int) string { return "column " + letters(i) }

func letters(i int) string {
	name, _ := excelize.ColumnNumberToName(i + 1) // there are fewer columns than it knows
	return name
}

// next returns the next record; ok is false at the end. An error says the row
// and the column's index, and nothing of what stands there.
func (s *splitter) next(label func(column int) string) (rec record, ok bool, err error) {
	if s.rest == "" {
		return record{}, false, nil
	}
	s.row++
	rec.row = s.row
	for {
		if len(rec.cells) == MaxColumns {
			return rec, false, schema.Invalid(rowPlace(s.row), "has more than %d columns", MaxColumns)
		}
		at := func() string { return cellPlace(s.row, label(len(rec.cells))) }
		cell, end, err := s.cell(at)
		if err != nil {
			return rec, false, err
		}
		if len(cell) > MaxCell {
			return rec, false, schema.Invalid(at(), "longer than %d bytes", MaxCell)
		}
		rec.cells = append(rec.cells, cell)
		if end {
			return rec, true, nil
		}
	}
}

// cell takes one cell and what ends it off the text.
func (s *splitter) cell(at func() string) (cell string, end bool, err error) {
	if strings.HasPrefix(s.rest, `"`) {
		if cell, err = s.quoted(at); err != nil {
			return "", false, err
		}
	} else {
		n := strings.IndexAny(s.rest, string(s.delimiter)+"\r\n\"")
		if n < 0 {
			n = len(s.rest)
		}
		if n < len(s.rest) && s.rest[n] == '"' {
			return "", false, schema.Hint(schema.Invalid(at(), "a quote stands in a cell that does not begin with one"),
				`a cell that contains quotes is written in quotes, each doubled: "say ""yes"""`)
		}
		cell, s.rest = s.rest[:n], s.rest[n:]
	}
	switch {
	case s.rest == "":
		return cell, true, nil
	case s.rest[0] == s.delimiter:
		s.rest = s.rest[1:]
		return cell, false, nil
	case strings.HasPrefix(s.rest, "\r\n"):
		s.rest = s.rest[2:]
		return cell, true, nil
	default: // \n, or the lone \r of old spreadsheets for the Mac
		s.rest = s.rest[1:]
		return cell, true, nil
	}
}

func (s *splitter) quoted(at func() string) (string, error) {
	rest := s.rest[1:]
	var b strings.Builder
	for {
		n := strings.IndexByte(rest, '"')
		if n < 0 {
			return "", schema.Invalid(at(), "begins with a quote and is never closed")
		}
		b.WriteString(rest[:n])
		rest = rest[n+1:]
		if strings.HasPrefix(rest, `"`) {
			b.WriteByte('"')
			rest = rest[1:]
			continue
		}
		if rest != "" && rest[0] != s.delimiter && rest[0] != '\r' && rest[0] != '\n' {
			return "", schema.Hint(schema.Invalid(at(), "goes on after its closing quote"),
				`a quote within a quoted cell is doubled: "say ""yes"""`)
		}
		s.rest = rest
		return b.String(), nil
	}
}
