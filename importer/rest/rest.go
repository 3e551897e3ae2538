// Package rest reaches a Cloud over the REST interface that
// schema/cloud-api.openapi.json describes: a gateway, or the sample Cloud. The
// vendor documents no such interface of its own.
//
// What Cloud answers is hostile until it is read: bounded in size and depth,
// strict where it is used, its words made harmless. Headers and bodies are never
// logged.
package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/mailferry/mailferry/importer"
	addr "github.com/mailferry/mailferry/internal/address"
	"github.com/mailferry/mailferry/internal/proxy"
	"github.com/mailferry/mailferry/schema"
)

// Options of a way into Cloud over HTTP.
type Options struct {
	Token    schema.Secret // sent as bearer token to the site's own origin alone; zero: none is sent
	CAFile   string        // certificates in PEM, trusted beside the system's
	CertFile string        // client certificate in PEM; needs KeyFile
	KeyFile  string
	Timeout  time.Duration // from sending a request to the end of its answer; 0: 30 s
	Log      *slog.Logger  // method, path, status and duration at debug level; nil: nowhere
}

// Open prepares the way to the Cloud at address without asking it anything yet.
// The address is https, or http on a loopback host, without user, query or
// fragment; a path in it is kept as a prefix. A proxy is read from
// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY as they stand now; one that
// cannot be read is an error.
func Open(_ context.Context, address string, opts Options) (importer.Cloud, error) {
	base, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	security, err := tlsConfig(opts)
	if err != nil {
		return nil, err
	}
	proxies, err := proxy.FromEnvironment()
	if err != nil {
		return nil, err
	}
	proxyOf := proxies.ProxyFunc()
	transport := &http.Transport{
		Proxy:           func(r *http.Request) (*url.URL, error) { return proxyOf(r.URL) },
		DialContext:     (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig: security,
	}
	site := importer.Site{URL: base.String(), Host: base.Host, Keys: true, MaxJobs: maxJobs}
	return open(base, site, transport, nil, opts)
}

// OpenHandler is Open for a Cloud in this process, such as the sample Cloud:
// real HTTP, but over memory, so that no port is opened. Closing it does not
// close what stands behind the handler. Site is kept as given, with what this
// package can do added.
func OpenHandler(handler http.Handler, site importer.Site, opts Options) (importer.Cloud, error) {
	ln := newMemory()
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: connectTimeout}
	go func() { _ = srv.Serve(ln) }() // always ends with http.ErrServerClosed
	site.Keys, site.MaxJobs = true, maxJobs
	transport := &http.Transport{DialContext: ln.dial}
	return open(&url.URL{Scheme: "http", Host: "sample.invalid"}, site, transport, srv, opts)
}

func open(base *url.URL, site importer.Site, transport *http.Transport, srv *http.Server, opts Options,
) (importer.Cloud, error) {
	if err := checkToken(opts.Token); err != nil {
		return nil, err
	}
	if opts.Timeout == 0 {
		opts.Timeout = answerTimeout
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	transport.TLSHandshakeTimeout = connectTimeout
	transport.MaxIdleConns = maxJobs
	transport.MaxIdleConnsPerHost = maxJobs // the default of 2 would dial anew for most parallel writes
	transport.IdleConnTimeout = idleTimeout
	transport.MaxResponseHeaderBytes = maxHeader
	transport.DisableCompression = true // a small answer stays small
	layer := &retry{next: transport, pace: newPacer(), timeout: opts.Timeout, log: opts.Log}
	c := &client{
		base: base, site: site, token: opts.Token, server: srv, transport: transport,
		http: &http.Client{Transport: layer,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	c.echoes.Add(opts.Token)
	return c, nil
}

// parseAddress never repeats an address that may hold a password.
func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil, schema.Hint(errors.New("the address of Cloud cannot be read"),
			"write it like https://gateway.corp.example")
	}
	switch {
	case u.User != nil:
		return nil, schema.Hint(errors.New("the address of Cloud has a user or password in it"),
			"leave it out and give the token with --token-file or MAILFERRY_CLOUD_TOKEN: command lines are seen by others")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return nil, schema.Hint(errors.New("the address of Cloud is not an https address"),
			"write it like https://gateway.corp.example")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, schema.Hint(errors.New("the address of Cloud has a query or fragment in it"),
			"end it before the ? or #")
	case u.Scheme == "http" && !addr.Loopback(u.Hostname()):
		return nil, schema.Hint(fmt.Errorf("the address of Cloud is plain http to %s", schema.Quote(u.Hostname())),
			"use https: the token and every secret would cross the network in the clear")
	}
	u.Host = strings.ToLower(u.Host)
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

func tlsConfig(opts Options) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if opts.CAFile != "" {
		pem, err := os.ReadFile(opts.CAFile)
		if err != nil {
			return nil, fmt.Errorf("CA file: %w", err)
		}
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			config.RootCAs = x509.NewCertPool()
		}
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, schema.Hint(fmt.Errorf("CA file %s: no certificate in PEM form in it", opts.CAFile),
				"it begins with -----BEGIN CERTIFICATE-----; openssl x509 -inform der -in FILE makes PEM of the other form")
		}
	}
	if (opts.CertFile == "") != (opts.KeyFile == "") {
		return nil, errors.New("a client certificate needs both its certificate file and its key file")
	}
	if opts.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(opts.CertFile, opts.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("client certificate %s: %w", opts.CertFile, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// ErrToken says that a token cannot be one. It says nothing of the token.
var ErrToken = errors.New("the token has a blank or another character that no token has")

func checkToken(token schema.Secret) error {
	if strings.ContainsFunc(token.Reveal(), notPrinted) {
		return schema.Hint(ErrToken, "is it the right file, with nothing but the token in it?")
	}
	return nil
}
