package database

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgpassfile"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

func (d *Database) openPostgres() error {
	a := d.address
	u := url.URL{Scheme: "postgres", User: url.User(a.user), Host: a.host, Path: "/" + a.database}
	if a.port != "" {
		u.Host = net.JoinHostPort(a.host, a.port)
	} else if strings.Contains(a.host, ":") {
		u.Host = "[" + a.host + "]"
	}
	q := url.Values{}
	for _, k := range []string{"sslmode", "sslrootcert", "sslcert", "sslkey"} {
		if v := a.params[k]; v != "" {
			q.Set(k, v)
		}
	}
	if a.socket != "" {
		q.Set("host", a.socket)
	}
	u.RawQuery = q.Encode()
	cfg, err := pgconn.ParseConfig(u.String())
	if err != nil {
		_, said, _ := strings.Cut(err.Error(), "`: ") // in front stands the address
		return fmt.Errorf("the postgres address or the PG… environment: %s", human.Clean(said))
	}
	d.host = cfg.Host
	if strings.HasPrefix(cfg.Host, "/") || strings.HasPrefix(cfg.Host, "@") {
		d.host = ""
	}
	d.name = sourceName(d.host, strconv.Itoa(int(cfg.Port)), "5432", a.database)
	passwords := passwordFile()
	if (d.host == "" || cfg.Password == "") && os.Getenv("PGPASSWORD") == "" {
		cfg.Password = filePassword(passwords, cfg)
	}
	d.password = schema.NewSecret(cfg.Password)
	switch {
	case d.password.IsZero():
	case os.Getenv("PGPASSWORD") != "":
		d.from = "PGPASSWORD"
	default:
		d.from = passwords
		d.warnings = readableByOthers(passwords)
	}
	cfg.ConnectTimeout = connectTimeout
	cfg.DialFunc = d.meter.dial
	// Whatever the database stores, texts arrive as UTF-8.
	cfg.RuntimeParams["client_encoding"] = "UTF8"
	cfg.RuntimeParams["application_name"] = "mailferry"
	d.dial = func(ctx context.Context, password schema.Secret) (session, error) {
		cfg := cfg.Copy()
		cfg.Password = password.Reveal()
		return dialPostgres(ctx, cfg, d.opts.Timeout)
	}
	return nil
}

// passwordFile is where the password comes from without PGPASSWORD.
func passwordFile() string {
	file := os.Getenv("PGPASSFILE")
	if home, err := os.UserHomeDir(); file == "" && err == nil {
		file = filepath.Join(home, ".pgpass")
	}
	return file
}

// behindPassword is a line of a password file with more behind its five fields.
var behindPassword = regexp.MustCompile(`(?m)^((?:(?:\\.|[^:\\\n])*:){4}(?:\\.|[^:\\\n])*):.*$`)

// filePassword looks a server up as libpq does, which ends the password at the next
// colon: pgx passes over a line with more behind it. A socket is looked up by its
// folder, and by localhost only where that is the one that servers use by default:
// pgx takes every socket for localhost, and would send the password of one server to
// another.
func filePassword(file string, cfg *pgconn.Config) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	entries, err := pgpassfile.ParsePassfile(bytes.NewReader(behindPassword.ReplaceAll(raw, []byte("$1"))))
	if err != nil {
		return ""
	}
	host := cfg.Host
	if host == "/var/run/postgresql" || host == "/tmp" {
		host = "localhost"
	}
	return entries.FindPassword(host, strconv.Itoa(int(cfg.Port)), cfg.Database, cfg.User)
}

// sourceName is what a bundle calls the source: no user, no path, no password.
func sourceName(host, port, usual, database string) string {
	switch {
	case host == "":
		host = "localhost"
	case port != usual:
		host = net.JoinHostPort(host, port)
	}
	return host + "/" + database
}

type postgres struct{ conn *pgconn.PgConn }

func dialPostgres(ctx context.Context, cfg *pgconn.Config, timeout time.Duration) (session, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, postgresError(err)
	}
	p := &postgres{conn}
	// Such a database refuses to hand out as UTF-8 what is none: that is ours to say,
	// of each value.
	raw := ""
	if conn.ParameterStatus("server_encoding") == "SQL_ASCII" {
		raw = "; SET LOCAL client_encoding = 'SQL_ASCII'"
	}
	// Every name is qualified below: a function of that name in a schema that
	// others may write to is never called.
	err = p.query(ctx, fmt.Sprintf("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = %d; SET LOCAL search_path = pg_catalog",
		max(1, timeout.Milliseconds()))+raw, 0, nil)
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *postgres) query(ctx context.Context, sql string, columns int, row func([]exporter.Cell) error) error {
	results := p.conn.Exec(ctx, sql)
	for results.NextResult() {
		r := results.ResultReader()
		for r.NextRow() {
			if row == nil || len(r.Values()) != columns {
				p.close()
				return errShape
			}
			var cells []exporter.Cell
			for _, v := range r.Values() {
				cells = append(cells, exporter.Cell{Text: string(v), Null: v == nil})
			}
			if err := row(cells); err != nil {
				p.close() // rather than read on to the result's end
				return err
			}
		}
	}
	return postgresError(results.Close())
}

func (p *postgres) encrypted() bool {
	_, ok := p.conn.Conn().(*tls.Conn)
	return ok
}

func (p *postgres) close() {
	// A goodbye only: closing ends the transaction whether it arrives or not.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = p.conn.Close(ctx)
}

func (p *postgres) info() string {
	return "SELECT 'PostgreSQL', current_setting('server_version'), current_setting('server_encoding')"
}

func (p *postgres) catalogue() string {
	return `SELECT table_schema::text, table_name::text, column_name::text, data_type::text
		FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
		ORDER BY table_schema, table_name, ordinal_position`
}

func (p *postgres) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (p *postgres) text(c exporter.Column) string {
	if c.Type == "bytea" {
		return ""
	}
	return fmt.Sprintf("left(%s::text, %d)", p.quote(c.Name), maxCell+1)
}

func postgresError(err error) error {
	var pg *pgconn.PgError
	switch {
	case !errors.As(err, &pg):
		if err != nil && strings.HasSuffix(innermost(err), "server refused TLS connection") {
			return errNoTLS
		}
		return err
	case pg.Code == "28P01" || pg.Code == "28000":
		return &serverError{refusedUser, pg.Message}
	case strings.HasPrefix(pg.Code, "22"):
		return &serverError{reason: badText}
	default:
		return &serverError{otherReason, pg.Message}
	}
}
