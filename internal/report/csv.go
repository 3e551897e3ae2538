package report

import (
	"io"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/sheet"
)

// CSV writes one line a finding, for spreadsheets; no cell is one that a
// spreadsheet takes for a formula.
func CSV(w io.Writer, r *Report) error {
	header := []string{"Bundle", "Digest", "Severity", "Rule", "Title", "List", "Item", "Setting", "Place",
		"Detail", "Why", "Do", "Excepted because", "Excepted until"}
	var rows [][]string
	for _, b := range r.Bundles {
		for _, f := range b.Findings {
			row := []string{b.File, b.Digest, string(f.Severity), f.ID, f.Title, string(f.List), f.Item,
				b.label(f), f.Place(), f.Detail, f.Why, f.Do, "", ""}
			if f.Excepted != nil {
				row[12], row[13] = f.Excepted.Reason, f.Excepted.Expires
			}
			for i := range row {
				row[i] = human.Visible(row[i])
			}
			rows = append(rows, row)
		}
	}
	return sheet.Write(w, header, rows)
}
