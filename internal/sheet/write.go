package sheet

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Write writes a table as a spreadsheet can open it: UTF-8 with a byte order
// mark (Excel reads a file without one in the local code page), commas, CRLF.
//
// A cell that a spreadsheet would take for a formula, because it begins with
// = + - @, their full-width forms, a tab, a carriage return or a line feed, gets
// an apostrophe in front, as OWASP advises against CSV injection. Such a cell
// does not read back as it was: Write is for reports, not for transport.
func Write(w io.Writer, header []string, rows [][]string) error {
	var b strings.Builder
	b.WriteString("\uFEFF")
	line(&b, header)
	for _, row := range rows {
		line(&b, row)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func line(b *strings.Builder, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if guarded := Guard(cell); guarded != cell || strings.ContainsAny(cell, ",;\t\r\n\"") {
			b.WriteString(`"` + strings.ReplaceAll(guarded, `"`, `""`) + `"`)
		} else {
			b.WriteString(cell)
		}
	}
	b.WriteString("\r\n")
}

// Guard puts an apostrophe in front of a text that a spreadsheet would take for
// a formula.
func Guard(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
