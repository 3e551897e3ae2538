package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailferry/mailferry/exporter"
	addr "github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

// Options say how to reach a database.
type Options struct {
	// Ask gets the password from a person where none is configured and the
	// database wants one. Nil means that there is nobody to ask.
	Ask func(ctx context.Context, question string) (schema.Secret, error)

	// Timeout is for each statement, locks that it waits for included; 0 or
	// less means a minute.
	Timeout time.Duration
}

// Database is a database to read from. It holds no connection: each method
// makes one, reads in one read-only transaction, and closes it. It is not for
// use by several goroutines.
type Database struct {
	address  *address
	opts     Options
	dial     func(ctx context.Context, password schema.Secret) (session, error)
	name     string // host and database
	host     string // "" where nothing crosses a network
	password schema.Secret
	from     string   // where the password came from
	warnings []string // about that place
	meter    meter    // of the one connection that there is at a time
}

// session is one connection inside its read-only transaction.
type session interface {
	// query calls row with each row of the result, whose columns are texts. A
	// server that answers with another number of columns gives errShape.
	query(ctx context.Context, sql string, columns int, row func([]exporter.Cell) error) error
	encrypted() bool
	close()

	info() string // SQL for the database's name, version and encoding
	catalogue() string
	quote(name string) string
	// text returns the SQL that gives a column as text of at most maxCell+1
	// characters, or "" for a binary column.
	text(c exporter.Column) string
}

// Open checks an address and finds its password. It does not connect.
func Open(url string, opts Options) (*Database, error) {
	a, err := parseAddress(url)
	if err != nil {
		return nil, err
	}
	if opts.Timeout <= 0 {
		opts.Timeout = time.Minute
	}
	d := &Database{address: a, opts: opts}
	if a.kind == Postgres {
		return d, d.openPostgres()
	}
	return d, d.openMySQL()
}

// Name returns the host and the database, as a bundle names the source.
func (d *Database) Name() string { return d.name }

// found is a table in the catalogue.
type found struct {
	schema string
	exporter.Table
}

// Inspect implements exporter.Tables. Counting a huge table may take longer
// than the time-out; its rows are then exporter.UnknownRows.
func (d *Database) Inspect(ctx context.Context, all bool) (*exporter.Contents, error) {
	s, err := d.connect(ctx, func(schema.Warning) {})
	if err != nil {
		return nil, err
	}
	defer s.close()
	out := &exporter.Contents{Kind: d.address.kind, Name: d.name}
	err = d.query(ctx, s, s.info(), 3, func(c []exporter.Cell) error {
		out.Database = exporter.Database{Name: c[0].Text, Version: c[1].Text}
		out.Encoding = c[2].Text
		return nil
	})
	if err != nil {
		return nil, err
	}
	tables, err := d.catalogue(ctx, s)
	if err != nil {
		return nil, err
	}
	var schemas []string
	for _, t := range tables {
		switch {
		case !exporter.IsActiveObjects(t.Name):
			continue
		case !all && !exporter.IsAppTable(t.Name):
			out.Others++
			continue
		case !slices.Contains(schemas, t.schema):
			schemas = append(schemas, t.schema)
		}
		out.Tables = append(out.Tables, t.Table)
	}
	if len(schemas) > 1 {
		return nil, d.errorf("Active Objects tables stand in several schemas: %s", schema.Quotes(schemas)).
			hint("say which one with ?schema=")
	}
	for i, t := range out.Tables {
		name := s.quote(t.Name)
		if len(schemas) == 1 {
			name = s.quote(schemas[0]) + "." + name
		}
		if out.Tables[i].Rows, err = d.count(ctx, s, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ReadTables implements exporter.Tables. Binary columns read as NULL, with a
// warning.
func (d *Database) ReadTables(ctx context.Context, wanted []exporter.Wanted, take exporter.RowFunc,
	warn func(schema.Warning)) (schema.Source, error) {
	src := schema.Source{Kind: d.address.kind, Name: d.name}
	s, err := d.connect(ctx, warn)
	if err != nil {
		return src, err
	}
	defer s.close()
	tables, err := d.catalogue(ctx, s)
	if err != nil {
		return src, err
	}
	for _, w := range wanted {
		t, err := d.locate(w.Table, tables)
		if err != nil {
			return src, err
		}
		if err := d.readTable(ctx, s, t, w, take, warn); err != nil {
			return src, err
		}
	}
	return src, nil
}

// locate finds a table by its name without regard to case.
func (d *Database) locate(want string, tables []found) (found, error) {
	var match []found
	var names, have []string
	for _, t := range tables {
		have = append(have, t.Name)
		if exporter.FoldName(t.Name) == exporter.FoldName(want) {
			match = append(match, t)
			names = append(names, t.schema+"."+t.Name)
		}
	}
	switch {
	case len(match) == 1:
		return match[0], nil
	case len(match) == 0:
		err := exporter.MissingTable(want, have)
		return found{}, d.wrap(schema.Hint(err, "%s; tables that this user may not read do not show",
			schema.HintOf(err)))
	default:
		return found{}, d.errorf("table %s stands there more than once: %s", schema.Quote(want), schema.Quotes(names)).
			hint("of PostgreSQL say which schema with ?schema=; else rename the one that Jira does not use")
	}
}

func (d *Database) readTable(ctx context.Context, s session, t found, wanted exporter.Wanted, take exporter.RowFunc,
	warn func(schema.Warning)) error {
	var have []string
	for _, c := range t.Columns {
		have = append(have, c.Name)
	}
	if err := wanted.Check(have); err != nil {
		return d.wrap(err)
	}
	var columns, exprs []string
	order := ""
	for _, c := range t.Columns {
		upper := exporter.FoldName(c.Name)
		if upper == "ID" {
			order = " ORDER BY " + s.quote(c.Name)
		}
		if !slices.Contains(wanted.Columns, upper) {
			continue
		}
		if slices.Contains(columns, upper) {
			return d.errorf("table %s has two columns %s that differ by case only", schema.Quote(t.Name),
				schema.Quote(c.Name))
		}
		expr := s.text(c)
		if expr == "" {
			warn(schema.Warning{Noun: "column", Name: "column " + schema.Quote(t.Name+"."+c.Name),
				What: "binary, not read"})
			continue
		}
		columns, exprs = append(columns, upper), append(exprs, expr)
	}
	if len(exprs) == 0 {
		return nil
	}
	n := 0
	from := " FROM " + s.quote(t.schema) + "." + s.quote(t.Name) + order
	err := d.query(ctx, s, "SELECT "+strings.Join(exprs, ", ")+from, len(columns), func(cells []exporter.Cell) error {
		n++
		for i, c := range cells {
			switch {
			case utf8.RuneCountInString(c.Text) > maxCell:
				cells[i] = exporter.Cell{Err: fmt.Errorf("longer than %d characters", maxCell)}
			case !utf8.ValidString(c.Text):
				cells[i] = exporter.Cell{Err: errors.New("not valid UTF-8")}
			}
		}
		return take(wanted.Table, n, func(column string) exporter.Cell {
			if i := slices.Index(columns, column); i >= 0 {
				return cells[i]
			}
			return exporter.Cell{Null: true}
		})
	})
	if errors.Is(err, badText) {
		return d.errorf("%s row %d%s: not valid UTF-8, nor can the server convert it", wanted.Table, n+1,
			d.badColumn(ctx, columns, exprs, from, n))
	}
	return err
}

// badColumn finds the column whose text the server cannot convert in the row
// behind those that came, by asking for each alone, in a session of its own: the
// error ended the transaction.
func (d *Database) badColumn(ctx context.Context, columns, exprs []string, from string, rows int) string {
	for i, expr := range exprs {
		s, err := d.connect(ctx, func(schema.Warning) {})
		if err != nil {
			return ""
		}
		err = d.query(ctx, s, fmt.Sprintf("SELECT %s%s LIMIT 1 OFFSET %d", expr, from, rows), 1,
			func([]exporter.Cell) error { return nil })
		s.close()
		if errors.Is(err, badText) {
			return ", column " + columns[i]
		}
	}
	return ""
}

// catalogue returns the tables that the user may see, by schema and name.
func (d *Database) catalogue(ctx context.Context, s session) ([]found, error) {
	var out []found
	n, names := 0, 0
	wanted := d.address.params["schema"]
	seen := false
	err := d.query(ctx, s, s.catalogue(), 4, func(c []exporter.Cell) error {
		if n++; n > maxColumns {
			return fmt.Errorf("more than %d columns", maxColumns)
		}
		for _, cell := range c {
			if names += len(cell.Text); names > maxNames {
				return fmt.Errorf("names of tables and columns take more than %d MiB", maxNames>>20)
			}
		}
		if wanted != "" && c[0].Text != wanted {
			return nil
		}
		seen = true
		if last := len(out) - 1; last < 0 || out[last].schema != c[0].Text || out[last].Name != c[1].Text {
			out = append(out, found{c[0].Text, exporter.Table{Name: c[1].Text}})
		}
		t := &out[len(out)-1]
		t.Columns = append(t.Columns, exporter.Column{Name: c[2].Text, Type: c[3].Text})
		return nil
	})
	if err == nil && wanted != "" && !seen {
		return nil, d.errorf("there is no schema %s with tables that %s may read", schema.Quote(wanted),
			schema.Quote(d.address.user))
	}
	return out, err
}

// connect returns a session in its transaction. A person is asked for the
// password only once the database refuses to do without.
func (d *Database) connect(ctx context.Context, warn func(schema.Warning)) (session, error) {
	for _, w := range d.warnings {
		warn(schema.Warning{What: w})
	}
	d.meter.reset()
	s, err := d.dial(ctx, d.password)
	if refusesUser(err) && d.password.IsZero() && d.opts.Ask != nil {
		pw, askErr := d.opts.Ask(ctx, fmt.Sprintf("password of %s at %s: ", schema.Quote(d.address.user), d.name))
		if askErr != nil {
			return nil, d.wrap(askErr)
		}
		d.password, d.from = pw, "what was typed"
		d.meter.reset()
		if s, err = d.dial(ctx, pw); err != nil {
			err = d.explain(ctx, err)
			d.password = schema.Secret{}
			return nil, err
		}
	}
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	if d.host != "" && !s.encrypted() && !addr.Loopback(d.host) {
		warn(schema.Warning{What: fmt.Sprintf("the connection to %s is not encrypted: "+
			"whoever sees this network sees what is read", d.name)})
	}
	return s, nil
}

func (d *Database) query(ctx context.Context, s session, sql string, columns int,
	row func([]exporter.Cell) error) error {
	sctx, cancel := context.WithTimeoutCause(ctx, d.opts.Timeout+grace, errSilent)
	defer cancel()
	var ours error // what row says is no fault of the connection
	d.meter.reset()
	err := s.query(sctx, sql, columns, func(c []exporter.Cell) error {
		d.meter.reset()
		if row == nil {
			return errShape
		}
		ours = row(c)
		return ours
	})
	if ours != nil {
		return d.wrap(ours)
	}
	return d.explain(sctx, err)
}

// count returns the number of a table's rows, or UnknownRows where the server
// refuses to say in time.
func (d *Database) count(ctx context.Context, s session, table string) (n int64, err error) {
	// An error ends a PostgreSQL transaction but for what stands before a savepoint.
	if err := d.query(ctx, s, "SAVEPOINT counting", 0, nil); err != nil {
		return 0, err
	}
	err = d.query(ctx, s, "SELECT count(*) FROM "+table, 1, func(c []exporter.Cell) (err error) {
		n, err = strconv.ParseInt(c[0].Text, 10, 64)
		return err
	})
	if refused := otherReason; errors.As(err, &refused) {
		return exporter.UnknownRows, d.query(ctx, s, "ROLLBACK TO SAVEPOINT counting", 0, nil)
	}
	return n, err
}
