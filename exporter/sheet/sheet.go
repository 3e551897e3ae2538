// Package sheet is the source for people who type or paste Server's settings
// into a spreadsheet: CSV files and workbooks whose columns carry the labels of Server's admin
// panel.
package sheet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/exporter"
	table "github.com/mailferry/mailferry/internal/sheet"
	"github.com/mailferry/mailferry/schema"
)

var _ exporter.Source = (*Source)(nil)

// Source reads one sheet of connections, one of OAuth2 credentials, or both.
type Source struct {
	Encoding string // of CSV without a byte order mark, such as windows-1251; "" guesses
	paths    []string
}

// New returns a source over CSV files and workbooks. Which of them holds what is recognised by
// their headers, so their order is free; two of one kind are refused.
func New(paths ...string) *Source { return &Source{paths: paths} }

// Template is an empty sheet of one list, ready to be filled in.
func Template(list schema.List) []byte { return table.Template(schema.ServerFormat, list) }

// WorkbookTemplate is an empty workbook (.xlsx) with a tab for each list.
func WorkbookTemplate() ([]byte, error) { return table.WorkbookTemplate(schema.ServerFormat) }

// Read implements [exporter.Source]. The source's SHA-256 is over the files'
// bytes, one after the other in the order given.
func (s *Source) Read(ctx context.Context, warn func(schema.Warning)) (*exporter.Content, error) {
	if len(s.paths) == 0 {
		return nil, errors.New("no sheet given")
	}
	content := &exporter.Content{}
	sum := sha256.New()
	var names, kinds []string
	var errs schema.Errors
	holder := map[schema.List]string{}
	for _, path := range s.paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		raw, exposed, err := table.ReadFile(path)
		if err != nil {
			errs.Add(err)
			continue
		}
		name := filepath.Base(path)
		sheets, err := table.Parse(raw, schema.ServerFormat,
			table.Options{Encoding: s.Encoding, Warn: table.In(name, warn)})
		if err != nil {
			errs.Add(explain(path, err))
			continue
		}
		secrets := false
		for _, items := range sheets {
			if first, taken := holder[items.List]; taken {
				errs.Add(schema.Hint(fmt.Errorf("%s: a second sheet of %s; %s is the first", in(path, items),
					items.List, first),
					"put all %s into one sheet", items.List))
				continue
			}
			holder[items.List] = in(path, items)
			// That a secret is missing is the exporter's to say: the same site gives the
			// same bundle whatever it was read from.
			for _, it := range items.Rows {
				content.Records = append(content.Records, exporter.Record{Item: it.Item, Secret: it.Secret,
					Where: fmt.Sprintf("%s: row %d", in(name, items), it.Row)})
				secrets = secrets || !it.Secret.IsZero()
			}
		}
		if exposed && secrets {
			warn(schema.Warning{In: name,
				What: "holds secrets and other people on this machine can read it; chmod 600 it, and delete it once the bundle is written"})
		}
		sum.Write(raw)
		names = append(names, name)
		kind := "csv"
		if table.IsWorkbook(raw) {
			kind = "xlsx"
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	content.Source = schema.Source{Kind: strings.Join(kinds, "+"), Name: strings.Join(names, " + "),
		SHA256: hex.EncodeToString(sum.Sum(nil))}
	return content, nil
}

// in names a file, and of a workbook the tab.
func in(file string, items *table.Items) string {
	if items.Tab == "" {
		return file
	}
	return file + ", tab " + schema.Quote(items.Tab)
}

// explain puts the file's name in front of what is wrong with it.
func explain(path string, err error) error {
	err = fmt.Errorf("%s: %w", path, err)
	if len(schema.Hints(err)) == 0 {
		return schema.Hint(err, "mailferry export --print-template writes an empty sheet to compare with")
	}
	return err
}
