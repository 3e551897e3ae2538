package report

import (
	"encoding/csv"
	"io"

	"github.com/mailferry/mailferry/internal/sheet"
)

// CSV writes one line a finding, for spreadsheets: a byte order mark, CRLF, and
// no cell that a spreadsheet takes for a formula.
func CSV(w io.Writer, r *Report) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	row := []string{"Bundle", "Digest", "Severity", "Rule", "Title", "List", "Item", "Setting", "Place", "Detail", "Why", "Do", "Excepted because", "Excepted until"}
	if err := out.Write(row); err != nil {
		return err
	}
	for _, b := range r.Bundles {
		for _, f := range b.Findings {
			row = append(row[:0], b.File, b.Digest, string(f.Severity), f.ID, f.Title, string(f.List), f.Item, b.label(f), f.Place(), f.Detail, f.Why, f.Do, "", "")
			if f.Excepted != nil {
				row[12], row[13] = f.Excepted.Reason, f.Excepted.Expires
			}
			for i := range row {
				row[i] = sheet.Guard(Visible(row[i]))
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
