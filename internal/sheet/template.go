package sheet

import (
	"bytes"
	"errors"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/mailferry/mailferry/schema"
)

// WorkbookTemplate is an empty workbook of a format: a tab for each list, the
// connections in front. Its cells are text, so that nothing typed becomes a date or
// a number; the fields that take certain words offer them, and take others too.
func WorkbookTemplate(format string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	asText, err := f.NewStyle(&excelize.Style{NumFmt: 49}) // "@"
	if err != nil {
		return nil, err
	}
	for i, l := range []schema.List{schema.Connections, schema.Credentials} {
		tab := strings.ToUpper(string(l)[:1]) + string(l)[1:]
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), tab)
		} else {
			_, err = f.NewSheet(tab)
		}
		if err := errors.Join(err, fillTemplate(f, tab, schema.Fields(format, l), asText)); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func fillTemplate(f *excelize.File, tab string, fields []schema.Field, asText int) error {
	var errs []error
	for i, field := range fields {
		column := letters(i)
		errs = append(errs, f.SetColStyle(tab, column, asText), f.SetColWidth(tab, column, column, 22),
			f.SetCellStr(tab, column+"1", field.Label))
		offered := field.Known
		if field.Type == schema.Boolean {
			offered = []string{"true", "false"}
		}
		if len(offered) == 0 {
			continue
		}
		choice := excelize.NewDataValidation(true)
		choice.SetSqref(column + "2:" + column + "1048576")
		choice.ShowErrorMessage = false // the panel may have values that nobody has written down
		errs = append(errs, choice.SetDropList(offered), f.AddDataValidation(tab, choice))
	}
	return errors.Join(errs...)
}
