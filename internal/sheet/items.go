package sheet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/schema"
)

// Items is a sheet of connections or credentials.
type Items struct {
	Tab     string // of a workbook; "" of a CSV
	List    schema.List
	Columns []schema.Field
	Rows    []Item
}

// Item is a row as an item of the bundle format asked for. Its secret field is
// unset; the secret stands beside it.
type Item struct {
	Row    int // as a spreadsheet counts
	Item   schema.Item
	Secret schema.Secret // the zero Secret where the cell is empty
}

// Parse reads sheets of connections or of credentials, distinguished by their
// headers, whose labels are those of the format's admin panel: one in a CSV, one or
// more in a workbook. Sheets in Server's terms may have further columns labelled
// "Extra: KEY".
func Parse(raw []byte, format string, o Options) ([]*Items, error) {
	var layouts []Layout
	for _, l := range schema.Lists() {
		layouts = append(layouts, Layout{Name: string(l), Columns: schema.Fields(format, l),
			Extra: format == schema.ServerFormat})
	}
	var errs schema.Errors
	var out []*Items
	for _, t := range read(raw, layouts, o, &errs) {
		var inTab schema.Errors
		items := t.items(format, schema.Lists()[t.Layout], layouts[t.Layout], o.Warn, &inTab)
		out = append(out, items)
		if err := inTab.Err(); err != nil && t.Tab != "" {
			errs.Add(fmt.Errorf("tab %s: %w", schema.Quote(t.Tab), err))
		} else {
			errs.Add(err)
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func (t *Table) items(format string, list schema.List, layout Layout, warn func(schema.Warning),
	errs *schema.Errors) *Items {
	var absent []string
	for _, c := range layout.Columns {
		if !slices.ContainsFunc(t.Columns, func(has schema.Field) bool { return has.Name == c.Name }) {
			absent = append(absent, c.Label)
		}
	}
	if len(absent) > 0 {
		w := schema.Warning{What: "no column for " + strings.Join(absent, ", ") + ": taken as empty in every row"}
		if t.Tab != "" {
			w.In = "tab " + schema.Quote(t.Tab)
		}
		warn(w)
	}
	out := &Items{Tab: t.Tab, List: list, Columns: t.Columns}
	first := map[string]int{}
	for _, row := range t.Rows {
		it := Item{Row: row.Number, Item: schema.NewItem(format, list)}
		for _, c := range t.Columns {
			if c.Secret {
				it.Secret = row.Secret(c.Name)
				continue
			}
			if err := set(it.Item, c, row.Text(c.Name)); err != nil {
				errs.Add(schema.Invalid(row.Place(c), "%v", err))
			}
		}
		name := it.Item.ItemName()
		if before, twice := first[name]; twice && name != "" {
			errs.Add(schema.Invalid(cellPlace(row.Number, "Name"), "%s is already the name of row %d",
				schema.Quote(name), before))
		} else {
			first[name] = row.Number
		}
		out.Rows = append(out.Rows, it)
	}
	return out
}

func set(it schema.Item, c schema.Field, cell string) error {
	if needed(c) && strings.TrimSpace(cell) == "" {
		return errors.New("empty")
	}
	value, err := c.Parse(cell)
	if err != nil || value == nil {
		return err
	}
	return schema.Set(it, c.Name, value)
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
