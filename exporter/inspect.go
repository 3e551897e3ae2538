package exporter

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

// AppPrefix begins the names of the app's Active Objects tables: the last six
// hex digits of the MD5 of the plugin key com.metainf.jira.plugin.emailissue.
const AppPrefix = "AO_544E33_"

// UnknownRows stands for a row count that could not be had in time.
const UnknownRows = -1

// Contents says what a source holds without any of its values: safe to show to
// anybody who may know that the app is in use.
type Contents struct {
	Kind     string   `json:"kind"`              // as in schema.Source
	Name     string   `json:"name"`              // as in schema.Source
	Encoding string   `json:"encoding,omitzero"` // of a backup's XML, or of a database
	Database Database `json:"database,omitzero"`
	Tables   []Table  `json:"tables"`          // by name
	Others   int      `json:"others,omitzero"` // Active Objects tables of other apps that are not listed
}

// Only narrows what is said to the tables named, if any are. A table that is not
// there is an error.
func (c *Contents) Only(names []string) error {
	if len(names) == 0 {
		return nil
	}
	var have, folded []string
	for _, t := range c.Tables {
		have, folded = append(have, t.Name), append(folded, FoldName(t.Name))
	}
	wanted := map[string]bool{}
	for _, n := range names {
		if !slices.Contains(folded, FoldName(n)) {
			return MissingTable(address.Shown(n), have)
		}
		wanted[FoldName(n)] = true
	}
	c.Tables = slices.DeleteFunc(c.Tables, func(t Table) bool { return !wanted[FoldName(t.Name)] })
	return nil
}

// Database is the database behind a source: in a backup the one that it was
// taken from.
type Database struct {
	Name    string `json:"name,omitzero"` // PostgreSQL, MySQL, MariaDB, Oracle, …
	Version string `json:"version,omitzero"`
}

// Table is one table. Names are as the source writes them.
type Table struct {
	Name    string   `json:"name"`
	Rows    int64    `json:"rows"` // or UnknownRows
	Columns []Column `json:"columns"`
}

// Column is one column, and of a database its type in the database's own words.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type,omitzero"`
}

// FoldName gives the form in which names of tables and columns are compared:
// sources and profiles spell them in upper or in lower case.
func FoldName(name string) string { return strings.ToUpper(name) }

// IsAppTable reports whether a table is the app's own.
func IsAppTable(name string) bool { return strings.HasPrefix(FoldName(name), AppPrefix) }

// IsActiveObjects reports whether a table belongs to any app.
func IsActiveObjects(name string) bool { return strings.HasPrefix(FoldName(name), "AO_") }

// Tables is a place that holds the app's tables: a Jira backup or a live
// database.
type Tables interface {
	// Inspect says what is there: the app's tables, or with all those of every
	// app. It reads no value.
	Inspect(ctx context.Context, all bool) (*Contents, error)

	// ReadTables hands every row of the tables that are wanted to take, and says
	// what was read. A table that is not there is an error that lists those of
	// the app that are; so is a column, by Wanted.Check. A column that is not there
	// is NULL in every row until then. The source has its name also beside an error.
	ReadTables(ctx context.Context, wanted []Wanted, take RowFunc, warn func(schema.Warning)) (schema.Source, error)
}

// Wanted is a table to read, and which of its columns, all in upper case.
type Wanted struct {
	Table   string
	Columns []string
}

// Check says which columns are wanted and not among those that the table has.
func (w Wanted) Check(have []string) error {
	var errs schema.Errors
	for _, want := range w.Columns {
		if !slices.ContainsFunc(have, func(h string) bool { return FoldName(h) == want }) {
			errs.Add(schema.Hint(fmt.Errorf("table %s has no column %s, which the profile names",
				schema.Quote(w.Table), schema.Quote(want)),
				"it has: %s", strings.Join(have, ", ")))
		}
	}
	return errs.Err()
}

// RowFunc takes a row of a wanted table: number counts from 1, and get gives the
// value of a wanted column.
type RowFunc func(table string, number int, get func(column string) Cell) error

// Cell is one value of a table as text. Booleans may be true/false or 1/0.
type Cell struct {
	Text string
	Null bool
	Err  error // why the value cannot be had, in place of it
}

// NewSource reads tables through a profile.
func NewSource(t Tables, p *schema.Profile) Source { return &tableSource{t, p} }

type tableSource struct {
	tables  Tables
	profile *schema.Profile
}

func (s *tableSource) Read(ctx context.Context, warn func(schema.Warning)) (*Content, error) {
	m, err := NewMapper(s.profile, warn)
	if err != nil {
		return nil, err
	}
	src, err := s.tables.ReadTables(ctx, m.Wanted(), m.Row, warn)
	if err != nil {
		var errs schema.Errors
		if kept := m.errs.Err(); kept != nil {
			errs.Add(fmt.Errorf("%s: %w", src.Name, kept))
		}
		errs.Add(err)
		return nil, errs.Err()
	}
	records, err := m.Records()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.Name, err)
	}
	return &Content{Source: src, Records: records, Doubts: m.doubts()}, nil
}

// MissingTable is the error for a table that a source lacks. have are the names
// of the Active Objects tables that it holds.
func MissingTable(name string, have []string) error {
	var ours []string
	for _, h := range have {
		if IsAppTable(h) {
			ours = append(ours, h)
		}
	}
	if len(ours) == 0 {
		err := fmt.Errorf("there is no table %s, nor any other %s table", schema.Quote(name), AppPrefix+"*")
		return schema.Hint(err, "is this the Jira that the app is installed on, and may this user read its tables? mailferry inspect --all shows the tables of every app")
	}
	err := fmt.Errorf("there is no table %s; of the app there are: %s", schema.Quote(name), schema.Quotes(ours))
	return schema.Hint(err, "find the right table with mailferry inspect --suggest-profile and name it in the profile")
}
