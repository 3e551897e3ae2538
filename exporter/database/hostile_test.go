//go:build unix

package database_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/mailferry/mailferry/exporter/database"
	"github.com/mailferry/mailferry/internal/rig"
)

const knownToServer = "canary-7bd1"

// hostile listens and lets serve answer each connection; it returns the address.
func hostile(t *testing.T, serve func(net.Conn)) string {
	l := rig.Get(net.Listen("tcp", "127.0.0.1:0")).Or(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	return l.Addr().String()
}

// row is one text in as many columns.
func row(columns int) [][]byte {
	var out [][]byte
	for range columns {
		out = append(out, []byte("x"))
	}
	return out
}

func answer(b *pgproto3.Backend, columns int) {
	b.Send(&pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, columns)})
	b.Send(&pgproto3.DataRow{Values: row(columns)})
	b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'T'})
	_ = b.Flush()
}

// hostilePostgres lets everybody in and answers BEGIN and the first question.
func hostilePostgres(login, begin, question func(*pgproto3.Backend)) func(net.Conn) {
	return func(c net.Conn) {
		b := pgproto3.NewBackend(c, c)
		if _, err := b.ReceiveStartupMessage(); err != nil {
			return
		}
		b.Send(&pgproto3.AuthenticationOk{})
		login(b)
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if b.Flush() != nil {
			return
		}
		for n := 0; ; n++ {
			if _, err := b.Receive(); err != nil {
				return
			}
			if n == 0 {
				begin(b)
			} else {
				question(b)
			}
		}
	}
}

func TestHostilePostgresIsOneClearError(t *testing.T) {
	quiet := func(*pgproto3.Backend) {}
	begun := func(b *pgproto3.Backend) {
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte("BEGIN")})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'T'})
		_ = b.Flush()
	}
	tests := map[string]struct {
		login, begin, question func(*pgproto3.Backend)
		want                   string
	}{
		"answers BEGIN with a row": {quiet, func(b *pgproto3.Backend) { answer(b, 1) }, quiet, "something else than was asked for"},
		"gives no column":          {quiet, begun, func(b *pgproto3.Backend) { answer(b, 0) }, "something else than was asked for"},
		"gives a column too few":   {quiet, begun, func(b *pgproto3.Backend) { answer(b, 2) }, "something else than was asked for"},
		"gives a column too many":  {quiet, begun, func(b *pgproto3.Backend) { answer(b, 4) }, "something else than was asked for"},
		"sends settings without end": {func(b *pgproto3.Backend) {
			for b.Flush() == nil {
				b.Send(&pgproto3.ParameterStatus{Name: strings.Repeat("k", 1<<20)})
			}
		}, begun, quiet, "more than a row can hold"},
		"sends a row without end": {quiet, begun, func(b *pgproto3.Backend) {
			b.Send(&pgproto3.DataRow{Values: [][]byte{make([]byte, 64<<20), nil, nil}})
			_ = b.Flush()
		}, "more than a row can hold"},
		"repeats the password": {func(b *pgproto3.Backend) {
			b.Send(&pgproto3.ErrorResponse{Code: "28P01", Message: "no " + knownToServer + " \x1b[2J"})
		}, quiet, quiet, "the server refuses user \"u\": (its words have the password in them)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PGPASSWORD", knownToServer)
			at := hostile(t, hostilePostgres(tt.login, tt.begin, tt.question))
			wantRefused(t, "postgres://u@"+at+"/db?sslmode=disable", tt.want)
		})
	}
}

func wantRefused(t *testing.T, url, want string) {
	t.Helper()
	_, err := open(t, url, database.Options{}).Inspect(t.Context(), false)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), knownToServer) || strings.ContainsAny(err.Error(), "\x1b\n") {
		t.Errorf("%v; want %s", err, want)
	}
}

func TestPreferredTLSIsNotBlamedForWhatCameAfterIt(t *testing.T) {
	at := hostile(t, func(c net.Conn) {
		request := make([]byte, 8)
		if _, err := io.ReadFull(c, request); err == nil && binary.BigEndian.Uint32(request[4:]) == 80877103 {
			_, _ = c.Write([]byte{'N'})
			return
		}
		b := pgproto3.NewBackend(c, c)
		b.Send(&pgproto3.ErrorResponse{Code: "53300", Message: "too many"})
		_ = b.Flush()
		_, _ = io.Copy(io.Discard, c)
	})
	wantRefused(t, "postgres://u@"+at+"/db?sslmode=prefer", "the server says: too many")
	at = hostile(t, func(c net.Conn) { _, _ = c.Write([]byte("NHTTP/1.1 400")) })
	_, err := open(t, "postgres://u@"+at+"/db?sslmode=prefer", database.Options{}).Inspect(t.Context(), false)
	if err == nil || strings.Contains(err.Error(), "TLS") {
		t.Error(err)
	}
}

// packet is MySQL's, with a body that is less than 16 MiB long.
func packet(n byte, body ...byte) []byte {
	return append([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), n}, body...)
}

// result is a set of one row.
func result(columns int) []byte {
	out, n := packet(1, byte(columns)), byte(2)
	for range columns {
		// catalogue, schema, table, its name, column, its name; 12 bytes of type
		out = append(out, packet(n, 3, 'd', 'e', 'f', 0, 0, 0, 1, 'c', 0, 12, 33, 0, 255, 0, 0, 0, 253, 0, 0, 0, 0, 0)...)
		n++
	}
	out = append(out, packet(n, 0xfe, 0, 0, 2, 0)...)
	var cells []byte
	for range columns {
		cells = append(cells, 1, 'x')
	}
	out = append(out, packet(n+1, cells...)...)
	return append(out, packet(n+2, 0xfe, 0, 0, 2, 0)...)
}

// hostileMySQL lets everybody in and answers questions that begin so.
func hostileMySQL(answers map[string]func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		greeting := append([]byte("\x0a8.0.0\x00\x01\x00\x00\x00abcdefgh\x00"), 0x01, 0xa2, 33, 2, 0, 0x08, 0, 21)
		greeting = append(append(greeting, make([]byte, 10)...), "abcdefghijkl\x00mysql_native_password\x00"...)
		ok := []byte{0, 0, 0, 2, 0, 0, 0}
		_, _ = c.Write(packet(0, greeting...))
		for first := true; ; first = false {
			head := make([]byte, 4)
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
			if _, err := io.ReadFull(c, body); err != nil {
				return
			}
			known := false
			for begin, give := range answers {
				if !first && strings.HasPrefix(string(body[1:]), begin) {
					known = true
					give(c)
				}
			}
			switch {
			case known:
			case strings.HasPrefix(string(body[1:]), "SHOW"):
				_, _ = c.Write(result(2))
			default:
				_, _ = c.Write(packet(head[3]+1, ok...))
			}
		}
	}
}

func TestHostileMySQLIsOneClearError(t *testing.T) {
	columns := func(n int) func(net.Conn) { return func(c net.Conn) { _, _ = c.Write(result(n)) } }
	tests := map[string]struct {
		answers map[string]func(net.Conn)
		want    string
	}{
		"gives a column too few for its status": {map[string]func(net.Conn){"SHOW": columns(1)}, "something else than was asked for"},
		"gives a column too few":                {map[string]func(net.Conn){"SELECT IF": columns(2)}, "something else than was asked for"},
		"gives a column too many":               {map[string]func(net.Conn){"SELECT IF": columns(4)}, "something else than was asked for"},
		"sends a row without end": {map[string]func(net.Conn){"SELECT IF": func(c net.Conn) {
			r := result(3)
			_, _ = c.Write(r[:len(r)-len(packet(0, 0xfe, 0, 0, 2, 0))-len(packet(0, 1, 'x', 1, 'x', 1, 'x'))])
			part := append([]byte{0xff, 0xff, 0xff, 0}, make([]byte, 0xffffff)...)
			for part[3] = 6; ; part[3]++ {
				if _, err := c.Write(part); err != nil {
					return
				}
			}
		}}, "more than a row can hold"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("MYSQL_PWD", knownToServer)
			wantRefused(t, "mysql://u@"+hostile(t, hostileMySQL(tt.answers))+"/db?tls=false", tt.want)
		})
	}
}
