package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
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
)

// IsWorkbook reports whether a file is an Excel workbook (.xlsx, .xlsm).
func IsWorkbook(raw []byte) bool {
	if !bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return false
	}
	return IsZipOfWorkbook(bytes.NewReader(raw), int64(len(raw)))
}

// IsZipOfWorkbook is IsWorkbook of a zip archive that is not read whole.
func IsZipOfWorkbook(r io.ReaderAt, size int64) bool {
	z, err := zip.NewReader(r, size)
	return err == nil && slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "xl/workbook.xml" })
}

// tab is one sheet of a workbook.
type tab struct {
	name   string
	hidden bool
	rows   rows
}

// workbook opens the tabs of a workbook in their order. The library unzips all of
// it in memory, and nothing to disk, to at most MaxFile bytes.
func workbook(raw []byte) (tabs []tab, err error) {
	parts, err := partsOf(raw)
	if err != nil {
		return nil, broken()
	}
	if err := parts.checkSize(); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: MaxFile, UnzipXMLSizeLimit: MaxFile})
	if err != nil {
		return nil, broken()
	}
	for _, name := range f.GetSheetList() {
		visible, err := f.GetSheetVisible(name)
		if err != nil {
			return nil, broken()
		}
		t := tab{name: name, hidden: !visible}
		if part, err := parts.open(name); err == nil && visible { // a chart has no rows
			if t.rows, err = newTabRows(f, name, part); err != nil {
				return nil, broken()
			}
		}
		tabs = append(tabs, t)
	}
	return tabs, nil
}

// broken is what is said of a library's errors: they may quote a cell.
func broken() error {
	return schema.Hint(invalid("", "cannot be read as a workbook"), "open it in a spreadsheet program and save it as .xlsx anew")
}

// tabRows reads a tab's cells three times in step: their values as they are kept,
// as they are shown, and their kinds, which the library gives only of a tab that
// is wholly in memory.
type tabRows struct {
	kept, shown *excelize.Rows
	kinds       *kinds
	row         int
}

func newTabRows(f *excelize.File, name string, part io.Reader) (*tabRows, error) {
	kept, err := f.Rows(name)
	if err != nil {
		return nil, err
	}
	shown, err := f.Rows(name)
	return &tabRows{kept: kept, shown: shown, kinds: &kinds{dec: xml.NewDecoder(part)}}, err
}

func (t *tabRows) next(label func(int) string) (rec record, ok bool, err error) {
	if !t.kept.Next() || !t.shown.Next() {
		if errors.Join(t.kept.Error(), t.shown.Error()) != nil {
			return record{}, false, broken()
		}
		return record{}, false, nil
	}
	t.row++
	found, errFound := t.kinds.of(t.row)
	if t.kinds.far { // of which the library would fill the row
		return record{}, false, invalid(rowPlace(t.row), "has more than %d columns", MaxColumns)
	}
	kept, errKept := t.kept.Columns(excelize.Options{RawCellValue: true})
	shown, errShown := t.shown.Columns()
	if errors.Join(errKept, errShown, errFound) != nil {
		return record{}, false, broken()
	}
	rec = record{row: t.row, book: true}
	for i, value := range kept[:min(len(kept), MaxColumns)] {
		if len(value) > MaxCell {
			return rec, false, invalid(rec.place(i, label(i)), "longer than %d bytes", MaxCell)
		}
		as := value
		if i < len(shown) {
			as = shown[i]
		}
		cell, is := value, note(0)
		switch kind := found[i]; {
		case kind == "b":
			cell, is = as, isSwitch
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
	return kept != shown && strings.ContainsFunc(shown, func(r rune) bool { return !strings.ContainsRune("0123456789.,+-eE ", r) }) ||
		kept != shown && strings.Count(shown, "-") > 1
}

// kinds reads the kinds of a tab's cells: n of numbers and dates, b of switches,
// d of dates in ISO 8601.
type kinds struct {
	dec   *xml.Decoder
	row   int // the number of the row that comes next
	ended bool
	far   bool // a cell beyond MaxColumns has a value
}

// of returns the kinds of one row by column. Rows are asked for in order.
func (k *kinds) of(row int) (map[int]string, error) {
	for !k.ended && k.row < row {
		if err := k.toRow(); err != nil {
			return nil, err
		}
	}
	if k.ended || k.row != row {
		return nil, nil
	}
	found := map[int]string{}
	column := -1
	for {
		tok, err := k.dec.Token()
		if err != nil {
			return nil, err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			if e.Name.Local != "c" {
				k.far = k.far || column >= MaxColumns
				continue
			}
			column++
			kind := "n"
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "t":
					kind = a.Value
				case "r":
					if c, _, err := excelize.CellNameToCoordinates(a.Value); err == nil {
						column = c - 1
					}
				}
			}
			if kind == "n" || kind == "b" || kind == "d" {
				found[column] = kind
			}
		case xml.EndElement:
			if e.Name.Local == "row" {
				return found, nil
			}
		}
	}
}

// toRow goes to the beginning of the next row.
func (k *kinds) toRow() error {
	for {
		tok, err := k.dec.Token()
		if errors.Is(err, io.EOF) {
			k.ended = true
			return nil
		}
		if err != nil {
			return err
		}
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != "row" {
			continue
		}
		k.row++
		for _, a := range e.Attr {
			if a.Name.Local == "r" {
				if _, err := fmt.Sscan(a.Value, &k.row); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// parts are the files of a workbook that hold its tabs.
type parts struct {
	zip *zip.Reader
	tab map[string]string // file by the tab's name
}

// partsOf finds the tabs' files, as the workbook and its relations name them.
func partsOf(raw []byte) (*parts, error) {
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	p := &parts{zip: r, tab: map[string]string{}}
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id,attr"` // of either edition's namespace
		} `xml:"sheets>sheet"`
	}
	var relations struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	for name, v := range map[string]any{"xl/workbook.xml": &book, "xl/_rels/workbook.xml.rels": &relations} {
		if err := p.decode(name, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, s := range book.Sheets {
		for _, rel := range relations.Relationship {
			if rel.ID == s.ID {
				target := rel.Target
				if !strings.HasPrefix(target, "/") {
					target = "/xl/" + target
				}
				p.tab[s.Name] = path.Clean(target)[1:]
			}
		}
	}
	return p, nil
}

func (p *parts) decode(name string, v any) error {
	f, err := p.zip.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return xml.NewDecoder(io.LimitReader(f, 1<<20)).Decode(v) // names of tabs alone
}

// maxTags bounds the tags of a workbook: the library takes up to 400 bytes for
// each. A row of twelve cells has about a hundred.
const maxTags = 2_000_000

// checkSize unzips all parts and keeps none of them.
func (p *parts) checkSize() error {
	tags, left := 0, int64(MaxFile)
	chunk := make([]byte, 64<<10)
	for _, file := range p.zip.File {
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
			return schema.Hint(invalid("", "a workbook larger than %d MiB unzipped", MaxFile>>20), "save its tabs as CSV")
		case tags > maxTags:
			return schema.Hint(invalid("", "a workbook of more than %d elements", maxTags), "save its tabs as CSV, or leave out cells without a value")
		case !errors.Is(err, io.EOF):
			return broken()
		}
	}
	return nil
}

func (p *parts) open(tab string) (io.Reader, error) {
	f, err := p.zip.Open(p.tab[tab])
	if err != nil {
		return nil, err
	}
	return io.LimitReader(f, MaxFile), nil
}
