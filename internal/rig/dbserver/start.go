//go:build unix

package dbserver

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// StartPostgres starts a PostgreSQL. User signs in with Password, by SCRAM.
func StartPostgres(t testing.TB) *Server {
	t.Helper()
	const where = "/usr/lib/postgresql/*/bin/"
	dir, cred := folder(t)
	certificate(t, dir, cred)
	data := filepath.Join(dir, "data")
	s := &Server{Port: freePort(t), Socket: dir, CA: filepath.Join(dir, "ca.pem"), scheme: "postgres"}
	run(t, cred, dir, find(t, "initdb", "postgresql", where+"initdb"), "-D", data, "-U", "postgres", "--no-sync",
		"-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256")
	hba := "local all postgres trust\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		t.Fatal(err)
	}
	serve(t, cred, dir, "ready to accept connections", find(t, "postgres", "postgresql", where+"postgres"), "-D", data,
		"-h", "127.0.0.1", "-p", strconv.Itoa(s.Port), "-k", dir, "-F",
		"-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(dir, "server.pem"), "-c",
		"ssl_key_file="+filepath.Join(dir, "server.key"))
	s.in = "postgres"
	s.open = func(ctx context.Context, database string) (*session, error) {
		// Given in full, so that no PG… variable of a test gets in.
		c, err := pgconn.ParseConfig(fmt.Sprintf("host=%s port=%d user=postgres dbname=%s password=none sslmode=disable", dir, s.Port, database))
		if err != nil {
			return nil, err
		}
		conn, err := pgconn.ConnectConfig(ctx, c)
		if err != nil {
			return nil, err
		}
		return &session{
			exec:  func(ctx context.Context, sql string) error { return conn.Exec(ctx, sql).Close() },
			close: func() { _ = conn.Close(ctx) },
		}, nil
	}
	s.Exec(t, "CREATE ROLE "+User+" LOGIN PASSWORD '"+Password+"'", "CREATE DATABASE "+Database)
	s.in = Database
	s.Exec(t, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "+User, "GRANT USAGE ON SCHEMA public TO "+User)
	return s
}

// StartMariaDB starts a MariaDB with the setting lower_case_table_names that is
// given: 0 keeps the case of names, 1 stores them in lower case. User signs in
// over TCP with Password.
func StartMariaDB(t testing.TB, lowerCaseTableNames int) *Server {
	t.Helper()
	dir, cred := folder(t)
	certificate(t, dir, cred)
	data := filepath.Join(dir, "data")
	s := &Server{Port: freePort(t), Socket: filepath.Join(dir, "socket"), CA: filepath.Join(dir, "ca.pem"),
		scheme: "mysql"}
	run(t, cred, dir, find(t, "mariadb-install-db", "mariadb-server", "/usr/bin/mariadb-install-db"),
		"--no-defaults", "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db",
		"--lower-case-table-names="+strconv.Itoa(lowerCaseTableNames))
	argv := []string{find(t, "mariadbd", "mariadb-server", "/usr/sbin/mariadbd"), "--no-defaults", "--datadir=" + data,
		"--socket=" + s.Socket, "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.Port),
		"--pid-file=" + filepath.Join(dir, "pid"),
		"--lower-case-table-names=" + strconv.Itoa(lowerCaseTableNames), "--innodb-flush-log-at-trx-commit=0",
		"--innodb-buffer-pool-size=16M",
		"--ssl-ca=" + s.CA, "--ssl-cert=" + filepath.Join(dir, "server.pem"),
		"--ssl-key=" + filepath.Join(dir, "server.key")}
	if os.Getuid() == 0 {
		argv = append(argv, "--user=nobody")
	}
	serve(t, cred, dir, "ready for connections", argv...)
	s.open = func(ctx context.Context, database string) (*session, error) {
		c := mysql.NewConfig()
		c.User, c.Net, c.Addr, c.DBName, c.Logger = "root", "unix", s.Socket, database, &mysql.NopLogger{}
		connector, err := mysql.NewConnector(c)
		if err != nil {
			return nil, err
		}
		db := sql.OpenDB(connector)
		db.SetMaxOpenConns(1) // one session, with its locks
		return &session{
			exec: func(ctx context.Context, statement string) error {
				_, err := db.ExecContext(ctx, statement)
				return err
			},
			close: func() { _ = db.Close() },
		}, nil
	}
	s.Exec(t, "CREATE DATABASE "+Database+" CHARACTER SET utf8mb4",
		"CREATE USER "+User+"@'%' IDENTIFIED BY '"+Password+"'",
		"GRANT SELECT ON "+Database+".* TO "+User+"@'%'")
	s.in = Database
	return s
}
