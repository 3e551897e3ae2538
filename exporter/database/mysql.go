package database

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/schema"
)

func (d *Database) openMySQL() error {
	a := d.address
	cfg := mysql.NewConfig()
	cfg.User, cfg.DBName = a.user, a.database
	cfg.Timeout = connectTimeout
	cfg.DialFunc = d.meter.dial
	cfg.ReadTimeout, cfg.WriteTimeout = d.opts.Timeout+grace, d.opts.Timeout+grace
	cfg.Logger = &mysql.NopLogger{} // the driver's own words on stderr would come on top of ours
	if a.socket != "" {
		cfg.Net, cfg.Addr = "unix", a.socket
	} else {
		d.host = cmp.Or(a.host, "127.0.0.1")
		cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(d.host, cmp.Or(a.port, "3306"))
	}
	d.name = sourceName(a.host, cmp.Or(a.port, "3306"), "3306", a.database)
	if err := mysqlTLS(cfg, a, d.host); err != nil {
		return err
	}
	if err := d.mysqlPassword(); err != nil {
		return err
	}
	d.dial = func(ctx context.Context, password schema.Secret) (session, error) {
		cfg := cfg.Clone()
		cfg.Passwd = password.Reveal()
		return d.dialMySQL(ctx, cfg)
	}
	return nil
}

func mysqlTLS(cfg *mysql.Config, a *address, host string) error {
	mode := cmp.Or(a.params["tls"], "preferred")
	ca := a.params["tls_ca"]
	switch {
	case mode != "true" && mode != "false" && mode != "preferred" && mode != "skip-verify":
		return fmt.Errorf("the mysql address: tls is true, skip-verify, preferred or false")
	case ca != "" && mode != "true":
		return fmt.Errorf("the mysql address: tls_ca goes with tls=true")
	case a.socket != "":
		return nil
	case ca != "":
		pem, err := os.ReadFile(ca)
		if err != nil {
			return fmt.Errorf("the mysql address: tls_ca: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return fmt.Errorf("the mysql address: tls_ca: %s holds no certificate in PEM", schema.Quote(ca))
		}
		cfg.TLS = &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}
	default:
		cfg.TLSConfig = mode
	}
	return nil
}

type mariadb struct {
	db  *sql.DB
	tx  *sql.Tx
	ssl bool
}

func (d *Database) dialMySQL(ctx context.Context, cfg *mysql.Config) (_ session, err error) {
	// The driver ties the transaction to its context: a shorter one for
	// connecting would end it. The time-outs in cfg bound that instead.
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, mysqlError(err)
	}
	m := &mariadb{db: sql.OpenDB(connector)}
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	m.db.SetMaxOpenConns(1)
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return nil, mysqlError(err)
	}
	if err := d.limitStatements(ctx, conn); err != nil {
		return nil, err
	}
	m.tx, err = conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, mysqlError(err)
	}
	err = m.query(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'", 2, func(c []exporter.Cell) error {
		m.ssl = c[1].Text != ""
		return nil
	})
	return m, err
}

// limitStatements sets the server's own time-out: in seconds on MariaDB, in
// milliseconds and for SELECT only on MySQL, neither of which knows the other's.
// Servers from before either have none; the deadline on our side does then.
func (d *Database) limitStatements(ctx context.Context, conn *sql.Conn) error {
	const unknownVariable = 1193
	for _, set := range []string{
		fmt.Sprintf("max_statement_time = %.3f", d.opts.Timeout.Seconds()),
		fmt.Sprintf("max_execution_time = %d", max(1, d.opts.Timeout.Milliseconds())),
	} {
		_, err := conn.ExecContext(ctx, "SET SESSION "+set)
		if my := (*mysql.MySQLError)(nil); !errors.As(err, &my) || my.Number != unknownVariable {
			return mysqlError(err)
		}
	}
	return nil
}

func (m *mariadb) query(ctx context.Context, query string, columns int, row func([]exporter.Cell) error) error {
	rows, err := m.tx.QueryContext(ctx, query)
	if err != nil {
		return mysqlError(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return mysqlError(err)
	}
	if len(names) != columns {
		return errShape
	}
	values := make([]sql.NullString, columns)
	into := make([]any, columns)
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return mysqlError(err)
		}
		var cells []exporter.Cell
		for _, v := range values {
			cells = append(cells, exporter.Cell{Text: v.String, Null: !v.Valid})
		}
		if err := row(cells); err != nil {
			return err
		}
	}
	return mysqlError(rows.Err())
}

func (m *mariadb) encrypted() bool { return m.ssl }

func (m *mariadb) close() {
	if m.tx != nil {
		_ = m.tx.Rollback()
	}
	_ = m.db.Close()
}

func (m *mariadb) info() string {
	return "SELECT IF(version() LIKE '%MariaDB%', 'MariaDB', 'MySQL'), version(), @@character_set_database"
}

func (m *mariadb) catalogue() string {
	return `SELECT table_schema, table_name, column_name, column_type FROM information_schema.columns
		WHERE table_schema = database() ORDER BY table_schema, table_name, ordinal_position`
}

func (m *mariadb) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// text adds 0 to a BIT, whose text would be a raw byte.
func (m *mariadb) text(c exporter.Column) string {
	kind, _, _ := strings.Cut(strings.ToLower(c.Type), "(")
	switch {
	case strings.HasSuffix(kind, "blob") || strings.HasSuffix(kind, "binary"):
		return ""
	case kind == "bit":
		return "CAST(" + m.quote(c.Name) + " + 0 AS CHAR)"
	default:
		return fmt.Sprintf("LEFT(CONVERT(%s USING utf8mb4), %d)", m.quote(c.Name), maxCell+1)
	}
}

func mysqlError(err error) error {
	var my *mysql.MySQLError
	switch {
	case errors.Is(err, mysql.ErrNoTLS):
		return errNoTLS
	case !errors.As(err, &my):
		return err
	}
	switch my.Number {
	case 1045, 1130, 1698, 1862: // access denied, host not allowed, password expired
		return &serverError{refusedUser, my.Message}
	case 1300, 1366, 3988: // invalid characters: the message quotes them
		return &serverError{reason: badText}
	default:
		return &serverError{otherReason, my.Message}
	}
}
