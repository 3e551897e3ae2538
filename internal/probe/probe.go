// Package probe tries the connections and credentials of a bundle from the machine
// that it runs on: names, TCP, TLS, what a mail server offers, and, with the
// secrets of a recipient, whether it lets the user in and takes the sender. No mail
// is sent and nothing is changed. What Cloud reaches is another question.
//
// All that a server says is hostile: it is bounded while it is read, held against
// the secrets ([schema.EchoGuard]), cleaned and cut. No report holds a secret.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/internal/proxy"
	"github.com/mailferry/mailferry/internal/selection"
	"github.com/mailferry/mailferry/schema"
)

// Options say what to try.
type Options struct {
	Bundle *schema.Bundle
	// Patterns of connections' names, as [selection.New] reads them. With any, the
	// credentials are those that the selected connections use.
	Include, Exclude []string

	// Login signs in and names senders, with what Secret gives: the secret of an
	// item by its name in the bundle, or the zero Secret. Its destination must be
	// held against the seal already, as sealed.Open does it.
	Login  bool
	Secret func(schema.List, string) schema.Secret
	// Unprotected names connections that are signed in for though the server has no
	// TLS, or a certificate that is not trusted: their passwords cross the network
	// readable to others.
	Unprotected []string

	Progress func(done, total int) // of hosts; called one at a time. nil: nobody looks
	Now      func() time.Time      // nil: time.Now

	// Of tests; nil is the network and the system's authorities.
	roots  *x509.CertPool
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// run is one run of Run.
type run struct {
	Options
	sel     selection.Selection
	guard   schema.EchoGuard
	proxy   func(*url.URL) (*url.URL, error)
	report  *Report
	servers map[string]*Server
	hosts   []*host
	byHost  map[string]*host
}

// host is what is tried at one host, by one goroutine.
type host struct {
	name     string
	servers  []*Server
	attempts []*attempt

	pace    *rate.Limiter
	refused map[string]bool // accounts that one password was not accepted for: no other is tried
}

// Run tries a bundle. The report has the order of the bundle. An error is one of
// the environment, or the context's.
func Run(ctx context.Context, o Options) (*Report, error) {
	r, err := newRun(o)
	if err != nil {
		return nil, err
	}
	whole, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	r.plan()
	if len(r.report.Connections) == 0 && !r.sel.All() {
		return nil, schema.Hint(errors.New("every connection is left out"), "mailferry audit lists the names")
	}
	var g errgroup.Group
	g.SetLimit(hostsAtOnce)
	var mu sync.Mutex
	done := 0
	for _, h := range r.hosts {
		g.Go(func() error {
			r.try(whole, h)
			mu.Lock()
			defer mu.Unlock()
			if done++; r.Progress != nil {
				r.Progress(done, len(r.hosts))
			}
			return nil
		})
	}
	_ = g.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.judge()
	return r.report, nil
}

func newRun(o Options) (*run, error) {
	if o.Bundle == nil || o.Login && o.Secret == nil {
		return nil, errors.New("a probe needs a bundle, and secrets to sign in with")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.dial == nil {
		o.dial = (&net.Dialer{}).DialContext
	}
	if o.lookup == nil {
		o.lookup = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	config, err := proxy.FromEnvironment()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, it := range o.Bundle.Connections {
		names = append(names, it.ItemName())
	}
	sel, err := selection.New(o.Include, o.Exclude, names)
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, sel: sel, proxy: config.ProxyFunc(), servers: map[string]*Server{},
		byHost: map[string]*host{}}
	r.report = &Report{Format: Format, Created: schema.At(o.Now()), Login: o.Login,
		Servers: []*Server{}, Connections: []*Result{}, Credentials: []*Result{}}
	if o.Secret != nil {
		for it := range o.Bundle.All() {
			r.guard.Add(o.Secret(it.List(), it.ItemName()))
		}
	}
	return r, nil
}

// try does all that is to be done at one host.
func (r *run) try(ctx context.Context, h *host) {
	var g errgroup.Group
	g.SetLimit(portsAtOnce)
	for _, s := range h.servers {
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, lookTime)
			defer cancel()
			if ctx.Err() != nil {
				s.add(StepName, Unknown, "not tried: "+timeUp)
				return nil
			}
			r.look(ctx, s)
			return nil
		})
	}
	_ = g.Wait()
	for _, a := range h.attempts {
		if a.kind == signIn {
			r.signIn(ctx, h, a)
		} else {
			r.askToken(ctx, h, a)
		}
	}
}

// admit says why something is not tried at a host, or "" once its time has come.
func (h *host) admit(ctx context.Context, a *attempt) string {
	switch {
	case h.refused[a.account()] && !a.secret.IsZero():
		return "not tried: a " + a.kind.secret + " of this " + a.who +
			" was not accepted here, and one more try could lock the account"
	case h.pace.Wait(ctx) != nil:
		return "not tried: " + timeUp
	}
	return ""
}

func (r *run) look(ctx context.Context, s *Server) {
	if s.Protocol == HTTPS {
		r.lookHTTPS(ctx, s)
	} else if r.resolve(ctx, s) {
		r.lookSMTP(ctx, s)
	}
}

// resolve asks for the addresses of a name, of both kinds.
func (r *run) resolve(ctx context.Context, s *Server) bool {
	if a, err := netip.ParseAddr(s.name); err == nil {
		s.Addresses = []string{a.String()}
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	found, err := r.lookup(ctx, s.name)
	var dns *net.DNSError
	switch {
	case err == nil && len(found) > 0:
	case err == nil, errors.As(err, &dns) && dns.IsNotFound:
		s.add(StepName, Failed, "no address is known for this name")
		return false
	case ctx.Err() != nil, errors.As(err, &dns) && dns.IsTimeout:
		s.add(StepName, Failed, "the name servers did not answer")
		return false
	default:
		s.add(StepName, Failed, r.words(err.Error()))
		return false
	}
	for _, a := range found[:min(len(found), maxAddresses)] {
		s.Addresses = append(s.Addresses, a.Unmap().String())
	}
	s.add(StepName, Good, strings.Join(s.Addresses, ", "))
	return true
}

// words makes fit to be shown what a server said, or had a hand in: its first line,
// so that nothing is put together again of what stands in pieces in several.
func (r *run) words(said string) string {
	line, _, more := strings.Cut(strings.TrimSpace(r.guard.Quotable(said)), "\n")
	if more {
		line += " …"
	}
	return human.Clean(line)
}

// wireName is a host as it goes over the network. One that cannot go is asked for as
// it is.
func wireName(host string) string {
	name, err := address.WireName(host)
	if err != nil {
		return strings.ToLower(host)
	}
	return name
}
