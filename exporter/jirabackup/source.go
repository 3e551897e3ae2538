package jirabackup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

// SourceKind is what a bundle calls a backup.
const SourceKind = "jira-backup"

// NewSource reads connections and credentials from a backup through a profile.
func NewSource(path string, p *schema.Profile, opts Options) exporter.Source {
	return exporter.NewSource(NewTables(path, opts), p)
}

// NewTables returns the backup as tables to inspect or read. The file is opened,
// and read from its first byte to its last, by each method.
func NewTables(path string, opts Options) exporter.Tables { return &tables{path, opts} }

type tables struct {
	path string
	opts Options
}

// Inspect implements exporter.Tables.
func (t *tables) Inspect(ctx context.Context, all bool) (*exporter.Contents, error) {
	b, err := Open(t.path, t.opts)
	if err != nil {
		return nil, advise(err)
	}
	defer b.Close()
	c, err := b.Inspect(ctx)
	if err != nil {
		return nil, advise(fmt.Errorf("%s: %w", t.path, err))
	}
	out := &exporter.Contents{
		Kind: SourceKind, Name: filepath.Base(t.path), Encoding: c.Encoding,
		Database: exporter.Database{Name: c.Database(), Version: c.Meta["database.version"]},
	}
	for _, table := range c.Tables {
		switch {
		case all || exporter.IsAppTable(table.Name):
			out.Tables = append(out.Tables, exporter.Table{Name: table.Name, Rows: table.Rows, Columns: columns(table)})
		case exporter.IsActiveObjects(table.Name):
			out.Others++
		}
	}
	slices.SortFunc(out.Tables, func(x, y exporter.Table) int { return cmp.Compare(x.Name, y.Name) })
	return out, nil
}

// columns prefers the declaration, which has the types.
func columns(t Table) []exporter.Column {
	var out []exporter.Column
	for _, c := range t.Declared {
		out = append(out, exporter.Column{Name: c.Name, Type: typeName(c.SQLType)})
	}
	if t.Declared == nil {
		for _, name := range t.Columns {
			out = append(out, exporter.Column{Name: name})
		}
	}
	return out
}

// ReadTables implements exporter.Tables.
func (t *tables) ReadTables(ctx context.Context, take exporter.Taker, warn func(string)) (schema.Source, error) {
	src := schema.Source{Kind: SourceKind, Name: filepath.Base(t.path)}
	b, err := Open(t.path, t.opts)
	if err != nil {
		return src, advise(err)
	}
	defer b.Close()
	wanted := take.Tables()
	rows := map[string]int{}
	binary := map[string]bool{}
	var refused error // by what takes the rows: nothing is wrong with the file then
	c, err := b.Read(ctx, wanted, func(table string, columns []string, values []Value) error {
		if rows[table]++; rows[table] == 1 {
			if refused = take.CheckColumns(table, columns); refused != nil {
				return refused
			}
		}
		refused = take.Row(table, rows[table], func(column string) exporter.Cell {
			i := slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, column) })
			if i < 0 {
				return exporter.Cell{Null: true}
			}
			if at := table + "." + column; values[i].Kind == Binary && !values[i].Null && !binary[at] {
				binary[at] = true
				warn(fmt.Sprintf("column %s of table %s is binary: not read", schema.Quote(column), schema.Quote(table)))
			}
			return cell(values[i])
		})
		return refused
	})
	if refused != nil {
		return src, fmt.Errorf("%s: %w", t.path, err)
	}
	if err != nil {
		return src, advise(fmt.Errorf("%s: %w", t.path, err))
	}
	var have []string
	for _, table := range c.Tables {
		have = append(have, table.Name)
	}
	for _, name := range wanted {
		table, ok := c.Table(name)
		if !ok {
			return src, fmt.Errorf("%s: %w", t.path, exporter.MissingTable(name, have))
		}
		if table.Rows > 0 {
			continue // checked before its first row
		}
		columns := table.Columns
		if columns == nil {
			for _, c := range table.Declared {
				columns = append(columns, c.Name)
			}
		}
		if err := take.CheckColumns(name, columns); err != nil {
			return src, fmt.Errorf("%s: %w", t.path, err)
		}
	}
	src.SHA256, err = b.SHA256(ctx)
	return src, err
}

// cell gives a value as a database would. A number that Java wrote as a double
// may be a whole one: 587.0.
func cell(v Value) exporter.Cell {
	text := v.Text()
	if v.Kind == Double {
		text = strings.TrimSuffix(text, ".0")
	}
	return exporter.Cell{Text: text, Null: v.Null || v.Kind == Binary}
}

// advise adds what a person can do about errors that have a remedy.
func advise(err error) error {
	switch {
	case errors.Is(err, ErrTooLarge):
		return schema.Hint(err, "if you trust the file, raise the limit with --max-inflated")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return schema.Hint(err, "a backup is the one zip that Jira wrote, without a password, or the activeobjects.xml out of it: copy it again, or have Jira write a new one")
	}
}

// typeName names a constant of java.sql.Types, which backups write as numbers.
func typeName(sqlType int) string {
	switch sqlType {
	case 0:
		return ""
	case -7:
		return "BIT"
	case -6:
		return "TINYINT"
	case 5:
		return "SMALLINT"
	case 4:
		return "INTEGER"
	case -5:
		return "BIGINT"
	case 6:
		return "FLOAT"
	case 7:
		return "REAL"
	case 8:
		return "DOUBLE"
	case 2:
		return "NUMERIC"
	case 3:
		return "DECIMAL"
	case 1:
		return "CHAR"
	case 12:
		return "VARCHAR"
	case -1:
		return "LONGVARCHAR"
	case -15:
		return "NCHAR"
	case -9:
		return "NVARCHAR"
	case -16:
		return "LONGNVARCHAR"
	case 2005:
		return "CLOB"
	case 2011:
		return "NCLOB"
	case 91:
		return "DATE"
	case 92:
		return "TIME"
	case 93:
		return "TIMESTAMP"
	case 16:
		return "BOOLEAN"
	case -2:
		return "BINARY"
	case -3:
		return "VARBINARY"
	case -4:
		return "LONGVARBINARY"
	case 2004:
		return "BLOB"
	default:
		return "java.sql.Types " + strconv.Itoa(sqlType)
	}
}
