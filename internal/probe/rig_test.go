package probe

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/mailserver"
	"github.com/mailferry/mailferry/schema"
)

const (
	mailHost = "mail.example.com"
	canary   = "canary-Plover-18 ü"
	sealedBy = "00000000:" + "aa"
)

// start starts a mail server for as long as the test runs.
func start(t *testing.T, s *mailserver.Server) int {
	t.Helper()
	port, stop := s.Start()
	t.Cleanup(stop)
	return port
}

// scripted listens and lets the test speak with whoever comes.
func scripted(t *testing.T, speak func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	rig.OK(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				speak(c)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// bundle is a server bundle in memory, with its secrets.
type bundle struct {
	schema.Bundle
	secrets map[string]schema.Secret
}

// connection adds a connection that signs in as user, or as nobody where user is "".
func (b *bundle) connection(name string, port int, encryption, user, password string) *schema.ServerConnection {
	c := &schema.ServerConnection{Name: name, ConnectMode: "SMTP", Host: mailHost, Port: port, Encryption: encryption,
		Username: user, FromAddress: strings.ToLower(name) + "@example.com"}
	if user != "" {
		c.Password = &schema.Marker{State: schema.Sealed, Fingerprint: sealedBy}
		b.secret(name, password)
	}
	b.Connections = append(b.Connections, c)
	return c
}

func (b *bundle) secret(name, value string) {
	if b.secrets == nil {
		b.secrets = map[string]schema.Secret{}
	}
	b.secrets[name] = schema.NewSecret(value)
}

// options try the bundle with every host on this machine.
func (b *bundle) options(a *mailserver.Authority) Options {
	b.Format = schema.ServerFormat
	o := Options{Bundle: &b.Bundle}
	o.Secret = func(_ schema.List, name string) schema.Secret { return b.secrets[name] }
	o.lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	o.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(address)
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
	}
	if a != nil {
		o.roots = a.Pool()
	}
	return o
}

// try runs a probe and holds its report against the schema and the secrets.
func (b *bundle) try(t *testing.T, o Options) *Report {
	t.Helper()
	r, err := Run(t.Context(), o)
	rig.OK(t, err)
	r.Tool, r.Bundle, r.Digest = "mailferry test", "server.age", strings.Repeat("0", 64)
	for name, render := range map[string]func(io.Writer, *Report) error{"JSON": JSON, "HTML": HTML,
		"text": func(w io.Writer, r *Report) error { return textOf(w, r) }} {
		var out bytes.Buffer
		rig.OK(t, render(&out, r))
		var v map[string]any
		if name == "JSON" {
			if err := schema.DecodeFile("probe-report", out.Bytes(), &v); err != nil {
				t.Errorf("%v\n%s", err, out.String())
			}
		}
		var guard schema.EchoGuard
		for _, s := range b.secrets {
			guard.Add(s)
		}
		if guard.Repeats(out.String(), 4) {
			t.Errorf("the report as %s holds a secret: %s", name, out.String())
		}
		if strings.ContainsAny(out.String(), "\x1b\u202e") {
			t.Errorf("the report as %s steers a terminal", name)
		}
	}
	return r
}

// of is the check of a step of the connection, credential or server of that name.
func (r *Report) of(t *testing.T, name, step string) Check {
	t.Helper()
	for _, res := range slices.Concat(r.Connections, r.Credentials) {
		if res.Name != name {
			continue
		}
		for _, c := range res.Checks {
			if c.Step == step {
				return c
			}
		}
		t.Fatalf("%s has no check %s: %+v", name, step, res.Checks)
	}
	t.Fatalf("there is no %s", name)
	return Check{}
}

func (c Check) want(t *testing.T, state State, text string) {
	t.Helper()
	if c.State != state || !strings.Contains(c.Text, text) {
		t.Errorf("%s is %s: %q; want %s: %q", c.Step, c.State, c.Text, state, text)
	}
}
