// Package cloud is the sample Cloud: a small server that the demo, rehearsals
// and tests import into. It serves the REST interface that
// schema/cloud-api.openapi.json describes, keeps what it is given in one SQLite
// file, and can be made slow, limited and faulty.
//
// It is the project's picture of Cloud, not Cloud: what the vendor's pages
// accept is not known here. It never deletes and never shows a secret.
package cloud

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"filippo.io/age"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/schema"
)

// provider is one choice of the Service provider field of connections.
type provider struct {
	Label  string
	OAuth2 bool // such connections must name a credential and a user
}

// providers returns the labels that the default rules map to. They are guesses
// after the labels that the vendor documents for incoming connections.
func providers() []provider {
	return []provider{
		{Label: "General SMTP service"},
		{Label: "GMail/GSuite with OAuth2", OAuth2: true},
		{Label: "Microsoft365 with OAuth2", OAuth2: true},
	}
}

// Options of a sample Cloud. The zero value is a well-behaved one.
type Options struct {
	Token  schema.Secret // accepted as bearer token; zero: one is made up
	Faults Faults
}

// Cloud is one sample Cloud on one folder. It is safe for concurrent use, also
// by several processes on the same folder.
type Cloud struct {
	db       *sql.DB
	write    sync.Mutex // one write at a time: waiting here is fairer than SQLite's busy loop
	identity *age.X25519Identity
	idemKey  []byte
	token    schema.Secret
	tokenSum [sha256.Size]byte
	faults   *faults
	limited  atomic.Int64
}

// Names of the files in the folder, each readable by its owner alone.
const (
	DatabaseFile = "cloud.sqlite"
	keyFile      = "secrets.key" // an age identity: opens every secret in the database
)

// Open opens the sample Cloud in dir and makes it where there is none: the
// folder with mode 0700, its files with 0600. Whoever can read the folder can
// open the secrets in it.
func Open(dir string, opts Options) (*Cloud, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		if errors.Is(err, syscall.ENOTDIR) {
			return nil, schema.Hint(fmt.Errorf("sample Cloud %s: not a folder", schema.Quote(dir)),
				"it keeps its data in a folder, and makes one where there is none")
		}
		return nil, fmt.Errorf("sample Cloud: %w", err)
	}
	c := &Cloud{token: opts.Token}
	if c.token.IsZero() {
		c.token = schema.NewSecret("sample-" + rand.Text() + rand.Text())
	}
	if c.faults, err = newFaults(opts.Faults); err != nil {
		return nil, err
	}
	if c.db, err = openDatabase(filepath.Join(abs, DatabaseFile)); err != nil {
		return nil, fmt.Errorf("sample Cloud %s: %w", schema.Quote(dir), err)
	}
	if err := c.prepare(abs); err != nil {
		_ = c.db.Close()
		return nil, fmt.Errorf("sample Cloud %s: %w", schema.Quote(dir), err)
	}
	c.tokenSum = sha256.Sum256([]byte(c.token.Reveal()))
	return c, nil
}

// Token returns the bearer token that the REST interface accepts.
func (c *Cloud) Token() schema.Secret { return c.token }

// Limited returns how many writes were answered with 429 since Open.
func (c *Cloud) Limited() int64 { return c.limited.Load() }

// Close closes the database.
func (c *Cloud) Close() error { return c.db.Close() }

// accepts compares a presented token in constant time.
func (c *Cloud) accepts(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], c.tokenSum[:]) == 1
}

// Serve listens on addr, such as 127.0.0.1:0, calls ready with the URL once it
// answers, and serves until ctx ends. It speaks plain HTTP and therefore
// refuses every address but a loopback one.
func (c *Cloud) Serve(ctx context.Context, addr string, ready func(url string)) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return schema.Hint(fmt.Errorf("%s is not an address", schema.Quote(addr)),
			"write it like 127.0.0.1:8080; port 0 picks one")
	}
	if !address.Loopback(host) {
		return schema.Hint(fmt.Errorf("%s is not a loopback address", schema.Quote(addr)),
			"the sample Cloud speaks plain HTTP: give it 127.0.0.1")
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("sample Cloud: %w", err)
	}
	srv := &http.Server{Handler: c.Handler(), ReadHeaderTimeout: headTime,
		ReadTimeout: readTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHead}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	ready("http://" + ln.Addr().String())
	select {
	case err := <-served:
		return fmt.Errorf("sample Cloud: %w", err)
	case <-ctx.Done():
		return srv.Close()
	}
}
