package sheet

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/mailferry/mailferry/schema"
)

// note says what a workbook keeps in a cell that holds no text.
type note byte

const (
	isNumber note = 1 + iota
	isDate
	isSwitch
	isError
	isUnstored
)

// unstored stands in place of the result of a formula that has none, as programs
// write it that do not calculate: such a cell is not empty.
const unstored = "a formula whose result is not stored"

// IsWorkbook reports whether a file is an Excel workbook (.xlsx, .xlsm).
func IsWorkbook(raw []byte) bool {
	if !bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return false
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	return err == nil && slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == WorkbookPart })
}

// WorkbookPart is the file in a zip archive that makes it a workbook.
const WorkbookPart = "xl/workbook.xml"

// readWorkbook reads the visible tabs of a workbook that have a known header, in
// their order. The library unzips all of it in memory, and nothing to disk, to at
// most MaxFile bytes.
func readWorkbook(raw []byte, layouts []Layout, o Options, errs *schema.Errors) []*Table {
	if err := checkSize(raw); err != nil {
		errs.Add(err)
		return nil
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw),
		excelize.Options{UnzipSizeLimit: MaxFile, UnzipXMLSizeLimit: MaxFile})
	if err != nil {
		errs.Add(broken())
		return nil
	}
	var tables []*Table
	var none error              // what the first tab without a table is
	var others []schema.Warning // tabs that are not read
	for _, name := range f.GetSheetList() {
		at := "tab " + schema.Quote(name)
		warn := func(w schema.Warning) { w.In = at; o.Warn(w) }
		if visible, err := f.GetSheetVisible(name); err != nil || !visible {
			warn(schema.Warning{What: "hidden, and not read"})
			continue
		}
		var inTab schema.Errors
		var t *Table
		rows, err := newTabRows(f, name)
		if err == nil {
			t, err = readTable(rows, layouts, warn, false, &inTab)
		}
		if no := (*errTable)(nil); errors.As(err, &no) {
			none = cmp.Or(none, fmt.Errorf("%s: %w", at, err))
			if !no.blank {
				others = append(others, schema.Warning{In: at, What: "not read: " + err.Error()})
			}
			continue
		}
		inTab.Add(err)
		if err := inTab.Err(); err != nil {
			errs.Add(fmt.Errorf("%s: %w", at, err))
		}
		if t != nil {
			t.Tab = name
			tables = append(tables, t)
		}
	}
	if len(tables) == 0 && errs.Count() == 0 {
		errs.Add(cmp.Or(none, schema.Invalid("", "empty")))
		return nil
	}
	for _, w := range others {
		o.Warn(w)
	}
	return tables
}

// broken is what is said of a library's errors: they may quote a cell.
func broken() error {
	return schema.Hint(schema.Invalid("", "cannot be read as a workbook"),
		"open it in a spreadsheet program and save it as .xlsx anew")
}

// tabRows reads a tab's cells twice in step: their values as they are kept, and as
// they are shown.
type tabRows struct {
	kept, shown *excelize.Rows
	kinds       map[cellAt]string
	merged      []string // such as F2:F4
	row         int
}

// cellAt is a cell by its row and column, which count from 1.
type cellAt struct{ row, column int }

func newTabRows(f *excelize.File, name string) (*tabRows, error) {
	kept, err := f.Rows(name)
	shown, errShown := f.Rows(name)
	if err != nil || errShown != nil {
		return nil, broken()
	}
	part, err := partOf(f, name)
	if err != nil {
		return nil, broken()
	}
	kinds, merged, err := kindsOf(part)
	return &tabRows{kept: kept, shown: shown, kinds: kinds, merged: merged}, err
}

// checkMerged refuses merged cells of a table's rows: all but the first have lost
// their value. Titles, cells of the header and blank rows have none to lose.
func (t *Table) checkMerged(ranges []string, places []int, errs *schema.Errors) {
	rowAt := func(number int) (i int, there bool) {
		return slices.BinarySearchFunc(t.Rows, number, func(r Row, n int) int { return cmp.Compare(r.Number, n) })
	}
	for _, merged := range ranges {
		from, to, _ := strings.Cut(merged, ":")
		left, top, err := excelize.CellNameToCoordinates(from)
		right, bottom, errTo := excelize.CellNameToCoordinates(to)
		if err != nil || errTo != nil {
			continue // no spreadsheet program merges anything by it either
		}
		first, holds := rowAt(top)
		beyond, _ := rowAt(bottom + 1)
		lost := 0
		for i, at := range places {
			if at >= 0 && left <= i+1 && i+1 <= right {
				lost += beyond - first
				if holds && i+1 == left {
					lost--
				}
			}
		}
		if lost > 0 {
			errs.Add(schema.Hint(schema.Invalid(merged, "merged cells, of which the first alone holds the value"),
				"split them, and write the value into each"))
		}
	}
}

func (t *tabRows) next(label func(int) string) (rec record, ok bool, err error) {
	if !t.kept.Next() || !t.shown.Next() {
		if errors.Join(t.kept.Error(), t.shown.Error()) != nil {
			return record{}, false, broken()
		}
		return record{}, false, nil
	}
	t.row++
	kept, errKept := t.kept.Columns(excelize.Options{RawCellValue: true})
	shown, errShown := t.shown.Columns()
	if errors.Join(errKept, errShown) != nil {
		return record{}, false, broken()
	}
	rec = record{row: t.row, book: true}
	for i, value := range kept[:min(len(kept), MaxColumns)] {
		if len(value) > MaxCell {
			return rec, false, schema.Invalid(rec.place(i, label(i)), "longer than %d bytes", MaxCell)
		}
		as := value
		if i < len(shown) {
			as = shown[i]
		}
		cell, is := value, note(0)
		switch kind := t.kinds[cellAt{t.row, i + 1}]; {
		case kind == "f":
			cell, is = unstored, isUnstored
		case kind == "b":
			cell, is = as, isSwitch
		case kind == "e":
			is = isError
		case kind == "d", kind == "n" && isFormatted(value, as):
			cell, is = as, isDate
		case kind == "n":
			is = isNumber
		}
		rec.cells, rec.notes = append(rec.cells, cell), append(rec.notes, is)
	}
	return rec, true, nil
}

// isFormatted reports whether a number is shown as something else: a date, a time,
// a currency. Digits that are rounded or grouped are a number still.
func isFormatted(kept, shown string) bool {
	return kept != shown && strings.ContainsFunc(shown,
		func(r rune) bool { return !strings.ContainsRune("0123456789.,+-eE ", r) }) ||
		kept != shown && strings.Count(shown, "-") > 1
}

// kindsOf says which cells of a tab hold no text: n are numbers and dates, b
// switches, d dates in ISO 8601, e errors, f formulas without a result. The library
// says it one cell at a time, and looks at all rows each time. A value beyond
// MaxColumns is refused here, before the library fills the row up to it.
//
// merged are the ranges of cells that are one cell for whoever looks at the tab.
func kindsOf(part []byte) (kinds map[cellAt]string, merged []string, err error) {
	kinds = map[cellAt]string{}
	var at cellAt
	// Of a cell: whether it has a formula, whether its result may be an empty text,
	// whether one is stored; and whether the decoder is within it.
	var formula, empty, stored, value bool
	dec := xml.NewDecoder(bytes.NewReader(part))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return kinds, merged, nil
		}
		if err != nil {
			return nil, nil, broken()
		}
		switch t := tok.(type) {
		case xml.CharData:
			stored = stored || value
			continue
		case xml.EndElement:
			if value = false; t.Name.Local == "c" && formula && !stored {
				kinds[at] = "f"
			}
			continue
		}
		e, _ := tok.(xml.StartElement)
		kind, place := "n", ""
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "t":
				kind = a.Value
			case "r", "ref":
				place = a.Value
			}
		}
		switch e.Name.Local {
		case "mergeCell":
			merged = append(merged, place)
		case "row":
			at = cellAt{row: at.row + 1}
			if n, err := strconv.Atoi(place); err == nil {
				at.row = n
			}
		case "c":
			at.column++
			if column, _, err := excelize.CellNameToCoordinates(place); err == nil {
				at.column = column
			}
			switch kind {
			case "n", "b", "d", "e":
				kinds[at] = kind
			}
			formula, empty, stored = false, kind == "str", false
		case "v", "f", "is":
			formula, value = formula || e.Name.Local == "f", e.Name.Local == "v"
			stored = stored || value && empty || e.Name.Local == "is"
			if at.column > MaxColumns {
				return nil, nil, schema.Invalid(rowPlace(at.row), "has more than %d columns", MaxColumns)
			}
		}
	}
}

// partOf finds the file in a workbook that holds a tab, as its relations name it.
func partOf(f *excelize.File, tab string) ([]byte, error) {
	var relations struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	part := func(name string) []byte {
		raw, _ := f.Pkg.Load(name)
		text, _ := raw.([]byte)
		return text
	}
	if err := xml.Unmarshal(part("xl/_rels/workbook.xml.rels"), &relations); err != nil {
		return nil, err
	}
	for _, s := range f.WorkBook.Sheets.Sheet {
		for _, rel := range relations.Relationship {
			if s.Name == tab && rel.ID == s.ID {
				target := rel.Target
				if !strings.HasPrefix(target, "/") {
					target = "/xl/" + target
				}
				return part(path.Clean(target)[1:]), nil
			}
		}
	}
	return nil, nil
}

// checkSize unzips all parts and keeps none of them.
func checkSize(raw []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return broken()
	}
	tags, left := 0, int64(MaxFile)
	chunk := make([]byte, 64<<10)
	for _, file := range archive.File {
		f, err := file.Open()
		if err != nil {
			return broken()
		}
		for err == nil && left >= 0 && tags <= maxTags {
			var n int
			n, err = f.Read(chunk)
			left -= int64(n)
			tags += bytes.Count(chunk[:n], []byte("<"))
		}
		_ = f.Close()
		switch {
		case left < 0:
			return schema.Hint(schema.Invalid("", "a workbook larger than %d MiB unzipped", MaxFile>>20),
				"save its tabs as CSV")
		case tags > maxTags:
			return schema.Hint(schema.Invalid("", "a workbook of more than %d elements", maxTags),
				"save its tabs as CSV, or leave out cells without a value")
		case !errors.Is(err, io.EOF):
			return broken()
		}
	}
	return nil
}
