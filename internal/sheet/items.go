package sheet

import (
	"errors"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// Items is a sheet of connections or credentials.
type Items struct {
	List    schema.List
	Columns []Column
	Rows    []Item
}

// Item is a row as an item of the bundle format asked for. Its secret field is
// unset; the secret stands beside it.
type Item struct {
	Row    int // as a spreadsheet counts
	Item   schema.Item
	Secret schema.Secret // the zero Secret where the cell is empty
}

// lists are the lists of a bundle in the order in which they are imported.
func lists() []schema.List { return schema.Lists() }

// Parse reads a sheet of connections or of credentials, distinguished by its
// header, whose labels are those of the format's admin panel. Sheets in Server's
// terms may have further columns labelled "Extra: KEY".
func Parse(raw []byte, format string, warn func(schema.Warning)) (*Items, error) {
	var layouts []Layout
	for _, l := range lists() {
		layouts = append(layouts, layoutOf(format, l))
	}
	t, err := Read(raw, layouts, warn)
	if err != nil {
		return nil, err
	}
	list := lists()[t.Layout]
	var absent []string
	for _, c := range layouts[t.Layout].Columns {
		if !t.Has(c.Name) {
			absent = append(absent, c.Label)
		}
	}
	if len(absent) > 0 {
		warn(schema.Warning{What: "no column for " + strings.Join(absent, ", ") + ": taken as empty in every row"})
	}
	out := &Items{List: list, Columns: t.Columns}
	var problems Problems
	first := map[string]int{}
	for _, row := range t.Rows {
		it := Item{Row: row.Number, Item: schema.NewItem(format, list)}
		for _, c := range t.Columns {
			if c.Secret {
				it.Secret = row.Secret(c.Name)
				continue
			}
			if err := set(it.Item, format, c, row.Text(c.Name)); err != nil {
				problems.Add(row.Place(c), "%v", err)
			}
		}
		name := it.Item.ItemName()
		if before, twice := first[name]; twice && name != "" {
			problems.Add(cellPlace(row.Number, "Name"), "%s is already the name of row %d", schema.Quote(name), before)
		} else {
			first[name] = row.Number
		}
		out.Rows = append(out.Rows, it)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// errEmpty is said of a required cell without a value.
var errEmpty = errors.New("empty")

func set(it schema.Item, format string, c Column, cell string) error {
	if strings.HasPrefix(c.Name, "extra.") {
		if cell == "" {
			return nil
		}
		return schema.Set(it, c.Name, cell)
	}
	f, _ := schema.FieldByName(format, it.List(), c.Name)
	if c.Required && strings.TrimSpace(cell) == "" {
		return errEmpty
	}
	value, err := f.Parse(cell)
	if err != nil {
		return err
	}
	return schema.Set(it, c.Name, value)
}

// layoutOf makes a layout of a format's fields. A switch that has no column is
// off, so only texts that every item must have are required.
func layoutOf(format string, l schema.List) Layout {
	layout := Layout{Name: string(l), Extra: format == schema.ServerFormat}
	for _, f := range schema.Fields(format, l) {
		layout.Columns = append(layout.Columns, Column{
			Name: f.Name, Label: f.Label, Secret: f.Secret, Required: f.Required && f.Type != schema.Boolean,
			Trim: f.Type == schema.Integer || f.Type == schema.Boolean,
		})
	}
	return layout
}

// Template is an empty sheet of a format's list: the header row alone, as UTF-8
// with a byte order mark. The mark lets Excel open it as UTF-8, and save it as
// that again, where otherwise it would turn what the local code page lacks into
// question marks.
func Template(format string, l schema.List) []byte {
	var header []string
	for _, f := range schema.Fields(format, l) {
		header = append(header, f.Label)
	}
	var b strings.Builder
	_ = Write(&b, header, nil) // a strings.Builder takes everything
	return []byte(b.String())
}
