package rest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/internal/rig/faulty"
	"github.com/mailferry/mailferry/samples/cloud"
	"github.com/mailferry/mailferry/schema"
)

func TestOnlySafeAddressesAreTaken(t *testing.T) {
	tests := []struct{ address, url, host, says string }{
		{"https://Gateway.corp.example", "https://gateway.corp.example", "gateway.corp.example", ""},
		{" https://gateway.corp.example:8443/jira/ ", "https://gateway.corp.example:8443/jira", "gateway.corp.example:8443", ""},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", ""},
		{"http://localhost", "http://localhost", "localhost", ""},
		{"http://[::1]:80", "http://[::1]:80", "[::1]:80", ""},
		{"http://gateway.corp.example", "", "", "plain http"},
		{"http://127.0.0.1.evil.example", "", "", "plain http"},
		{"http://localhost.evil.example", "", "", "plain http"},
		{"https://anna:canary@gateway.corp.example", "", "", "user or password"},
		{"https://canary@gateway.corp.example", "", "", "user or password"},
		{"https://anna:canary%zz@gateway", "", "", "cannot be read"},
		{"https://gateway/?token=canary", "", "", "query"},
		{"https://gateway/?", "", "", "query"},
		{"https://gateway/#canary", "", "", "fragment"},
		{"ftp://gateway", "", "", "not an https address"},
		{"gateway.corp.example", "", "", "not an https address"},
		{"https://", "", "", "not an https address"},
		{"https://:443", "", "", "not an https address"},
		{"https:gateway", "", "", "not an https address"},
		{"", "", "", "not an https address"},
	}
	for _, tt := range tests {
		t.Run(tt.address, func(t *testing.T) {
			way, err := Open(t.Context(), tt.address, Options{})
			if tt.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				if s := way.Site(); s.URL != tt.url || s.Host != tt.host || s.Rehearsal || !s.Keys {
					t.Errorf("got %+v", s)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.says) || schema.HintOf(err) == "" || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v (%s)", err, schema.HintOf(err))
			}
		})
	}
}

func TestATokenWithBlanksIsRefusedWithoutBeingShown(t *testing.T) {
	for _, token := range []string{"canary token", "canary\n", "canäry"} {
		_, err := Open(t.Context(), "https://gateway", Options{Token: schema.NewSecret(token)})
		if err == nil || strings.Contains(err.Error(), "can") {
			t.Errorf("got %v", err)
		}
	}
}

// pki is a private CA with a client certificate, as files.
type pki struct {
	cert, key string
	pool      *x509.CertPool
}

func newPKI(t *testing.T) pki {
	t.Helper()
	dir := t.TempDir()
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		rig.OK(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	key := rig.Get(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).Or(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, IsCA: true, BasicConstraintsValid: true}
	der := rig.Get(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)).Or(t)
	leaf := rig.Get(x509.ParseCertificate(der)).Or(t)
	raw := rig.Get(x509.MarshalPKCS8PrivateKey(key)).Or(t)
	p := pki{cert: file("client.pem", "CERTIFICATE", der), key: file("client.key", "PRIVATE KEY", raw), pool: x509.NewCertPool()}
	p.pool.AddCert(leaf)
	return p
}

func TestAPrivateCAAndAClientCertificateOpenTheWay(t *testing.T) {
	p := newPKI(t)
	c := sampleCloud(t, cloud.Options{}, faulty.Faults{})
	srv := httptest.NewUnstartedServer(c)
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: p.pool}
	srv.StartTLS()
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	rig.OK(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600))
	opts := Options{Token: c.Token(), CAFile: ca, CertFile: p.cert, KeyFile: p.key}
	if _, err := reach(t, srv.URL, opts).Create(t.Context(), support()); err != nil {
		t.Error(err)
	}
	if _, err := reach(t, srv.URL, Options{Token: c.Token(), CAFile: ca}).List(t.Context(), schema.Connections); err == nil {
		t.Error("without a client certificate: no error")
	}
	before := c.Requests()
	_, err := reach(t, srv.URL, Options{Token: c.Token(), CertFile: p.cert, KeyFile: p.key}).List(t.Context(), schema.Connections)
	if err == nil || !strings.Contains(schema.HintOf(err), "private CA") || c.Requests() != before {
		t.Errorf("without the CA: got %v (%s)", err, schema.HintOf(err))
	}
}

func TestCertificateFilesThatCannotBeUsedAreNamed(t *testing.T) {
	p := newPKI(t)
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for name, opts := range map[string]Options{
		"no CA file":            {CAFile: missing},
		"no certificate inside": {CAFile: p.key},
		"certificate alone":     {CertFile: p.cert},
		"key alone":             {KeyFile: p.key},
		"no key":                {CertFile: p.cert, KeyFile: missing},
		"not a key":             {CertFile: p.cert, KeyFile: p.cert},
	} {
		_, err := Open(t.Context(), "https://gateway", opts)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if name == "no certificate inside" && (!strings.Contains(err.Error(), p.key) || !strings.Contains(schema.HintOf(err), "BEGIN CERTIFICATE")) {
			t.Errorf("%s: %v (%s)", name, err, schema.HintOf(err))
		}
	}
}

func TestAProxySettingThatCannotBeReadIsNoDirectConnection(t *testing.T) {
	reached := false
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer srv.Close()
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"} {
		t.Setenv(name, "http://user:canary#1@proxy.example:8080")
		if _, err := Open(t.Context(), srv.URL, Options{}); err == nil || !strings.HasPrefix(err.Error(), name) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		t.Setenv(name, "")
	}
	if reached {
		t.Error("Cloud was reached")
	}
}

func TestTheProxyOfTheEnvironmentIsAskedForATunnel(t *testing.T) {
	ln := rig.Get(net.Listen("tcp", "127.0.0.1:0")).Or(t)
	defer ln.Close()
	lines := make(chan string, attempts)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				lines <- req.Method + " " + req.Host
				_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			}
			_ = conn.Close()
		}
	}()
	t.Setenv("HTTPS_PROXY", "http://"+ln.Addr().String())
	t.Setenv("NO_PROXY", "")
	way := reach(t, "https://gateway.invalid", Options{Token: schema.NewSecret("t")})
	if _, err := way.List(t.Context(), schema.Connections); err == nil {
		t.Error("no error")
	}
	if got := <-lines; got != "CONNECT gateway.invalid:443" {
		t.Errorf("got %s", got)
	}
}
