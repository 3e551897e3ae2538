package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// reason is what a server's error means, whatever its code is called there.
type reason int

const (
	otherReason reason = iota
	refusedUser
	badText // a value cannot be converted to UTF-8
)

// Error makes a reason the cause of what is said of it, in place of the server's
// words.
func (reason) Error() string { return "the server reports an error" }

// serverError is an error that the server itself reported.
type serverError struct {
	reason  reason
	message string // the server's own words: never of a badText, which may quote a value
}

func (e *serverError) Error() string { return e.message }

func asServerError(err error) *serverError {
	var s *serverError
	errors.As(err, &s)
	return s
}

func refusesUser(err error) bool {
	s := asServerError(err)
	return s != nil && s.reason == refusedUser
}

var (
	errSilent = errors.New("the server keeps silent")
	errNoTLS  = errors.New("the server offers no TLS")
	errShape  = errors.New("the server answers with something else than was asked for")
)

// failure is an error of this package: our words, and for errors.Is a cause
// that has none of the driver's, which might know the password.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

func (f *failure) hint(format string, args ...any) error { return schema.Hint(f, format, args...) }

func (d *Database) errorf(format string, args ...any) *failure {
	return &failure{text: d.address.kind + " " + d.name + ": " + fmt.Sprintf(format, args...)}
}

// wrap says which database an error of ours is about, and keeps its hint.
func (d *Database) wrap(err error) error {
	return &failure{text: d.address.kind + " " + d.name + ": " + err.Error(), cause: err}
}

// explain turns a driver's error into one line that says what to do. The
// driver's error itself is left behind.
func (d *Database) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errSilent) {
		f := d.errorf("given up: %v", cause)
		f.cause = cause
		return f
	}
	if s := asServerError(err); s != nil {
		what, hint := d.serverSays(s)
		f := d.errorf("%s", what)
		f.cause = s.reason
		return f.hint("%s", hint)
	}
	if d.meter.flooded() {
		// Not every driver passes on what reading from the connection said.
		return d.errorf("%v", errFlood).hint(notDatabase, d.address.kind)
	}
	var dns *net.DNSError
	var op *net.OpError
	var unknownCA x509.UnknownAuthorityError
	var badHost x509.HostnameError
	var badCert x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errShape):
		return d.errorf("%v", errShape).hint(notDatabase, d.address.kind)
	case errors.Is(err, errNoTLS):
		return d.errorf("the server offers no TLS, which the address asks for").
			hint("let its administrator turn TLS on, or ask for less with sslmode=prefer (PostgreSQL) or tls=preferred (MySQL)")
	case errors.As(err, &unknownCA), errors.As(err, &badHost), errors.As(err, &badCert), errors.As(err, &verify):
		return d.errorf("the server's certificate is not trusted: %s", innermost(err)).
			hint("name the authority that signed it with sslrootcert=FILE (PostgreSQL) or tls_ca=FILE (MySQL)")
	case errors.Is(err, syscall.ECONNREFUSED):
		return d.errorf("nothing answers there: connection refused").
			hint("is the database running, and does it listen on that address and port?")
	case errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial":
		return d.errorf("no connection can be made: %s", innermost(err)).
			hint("look at the address; dbconfig.xml in Jira's home folder has the one that Jira uses")
	case errors.Is(context.Cause(ctx), errSilent), isTimeout(err):
		return d.errorf("no answer in time").hint("is the database busy, or a firewall in between?")
	case slices.ContainsFunc(brokenOff, func(broken error) bool { return errors.Is(err, broken) }):
		return d.errorf("the connection broke off before everything was read").
			hint("try again; if it repeats, look at the server's log and at what stands in between")
	default:
		return d.errorf("%s", innermost(err))
	}
}

const notDatabase = "is that a %s server, and does nothing in between change what it says?"

// serverSays gives what a server's error means, and what to do about it.
func (d *Database) serverSays(s *serverError) (what, hint string) {
	said := human.Clean(s.message)
	if pw := d.password.Reveal(); pw != "" && strings.Contains(s.message, pw) {
		said = "(its words have the password in them)"
	}
	switch s.reason {
	case refusedUser:
		hint = "no password was given: put it into " + passwordPlaces[d.address.kind]
		if d.from != "" {
			hint = "the password came from " + d.from
		}
		return "the server refuses user " + schema.Quote(d.address.user) + ": " + said, hint
	case badText:
		said = "a value cannot be converted to UTF-8"
	}
	return "the server says: " + said, "dbconfig.xml in Jira's home folder has the database's name; to SELECT from the app's tables is " +
		"all the right that is needed; --timeout gives a busy database more time"
}

// brokenOff is what the system and the drivers say of a connection that ended.
var brokenOff = []error{
	io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, pgconn.ErrConnClosed,
	mysql.ErrInvalidConn, driver.ErrBadConn, mysql.ErrMalformPkt, sql.ErrConnDone,
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// innermost returns the text of the first error in the chain that wraps
// nothing: the plain fact, without the addresses and settings that drivers put
// around it.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if several, ok := err.(interface{ Unwrap() []error }); ok {
			// Of several attempts the last one counts: it asked for least.
			if all := several.Unwrap(); len(all) > 0 {
				next = all[len(all)-1]
			}
		}
		if next == nil {
			return human.Clean(err.Error())
		}
		err = next
	}
}
