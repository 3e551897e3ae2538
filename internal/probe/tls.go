package probe

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailferry/mailferry/internal/human"
	"github.com/mailferry/mailferry/schema"
)

// tlsConfig is for a handshake with a server. Without verify it takes any
// certificate, and old versions, to say what is there: no secret is sent over it.
func (r *run) tlsConfig(s *Server, verify bool) *tls.Config {
	if verify {
		return &tls.Config{ServerName: s.name, RootCAs: r.roots, MinVersion: tls.VersionTLS12}
	}
	//nolint:gosec // to look
	return &tls.Config{ServerName: s.name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
}

// certificate judges what a handshake showed.
func (r *run) certificate(s *Server, state *tls.ConnectionState) {
	s.TLS = &TLS{Version: tls.VersionName(state.Version), old: state.Version < tls.VersionTLS12}
	for _, c := range state.PeerCertificates[:min(len(state.PeerCertificates), maxNames)] {
		s.TLS.Chain = append(s.TLS.Chain, r.shown(c))
	}
	if s.TLS.old {
		s.add(StepTLS, Failed, s.TLS.Version+" is too old: others refuse it")
	}
	leaf, now := state.PeerCertificates[0], r.Now()
	s.TLS.DaysLeft = int(leaf.NotAfter.Sub(now) / (24 * time.Hour))
	if wrong := r.distrust(s.name, state.PeerCertificates, now); len(wrong) > 0 {
		s.add(StepCertificate, Failed, "the certificate "+strings.Join(wrong, ", and "))
		return
	}
	s.TLS.Trusted = true
	left := fmt.Sprintf("the certificate is good for %s more", human.Count(s.TLS.DaysLeft, "day"))
	if leaf.NotAfter.Sub(now) < soon {
		s.add(StepCertificate, Warning, left)
		return
	}
	s.add(StepCertificate, Good, left)
}

// distrust says all that is wrong with a chain. Dates and name are looked at by
// themselves: the verifier stops at the first fault.
func (r *run) distrust(name string, chain []*x509.Certificate, now time.Time) (wrong []string) {
	leaf := chain[0]
	at := now
	switch {
	case now.After(leaf.NotAfter):
		wrong = append(wrong, "expired on "+leaf.NotAfter.UTC().Format(time.DateOnly))
		at = leaf.NotAfter
	case now.Before(leaf.NotBefore):
		wrong = append(wrong, "is not valid before "+leaf.NotBefore.UTC().Format(time.DateOnly))
		at = leaf.NotBefore
	}
	if leaf.VerifyHostname(name) != nil {
		names := r.shown(leaf).Names
		wrong = append(wrong, "is for "+cmp.Or(human.Few(names, len(names)), "no host")+", not for this host")
	}
	options := x509.VerifyOptions{Roots: r.roots, Intermediates: x509.NewCertPool(), CurrentTime: at}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err := leaf.Verify(options)
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
	case leaf.CheckSignatureFrom(leaf) == nil || leaf.Issuer.String() == leaf.Subject.String() && len(chain) == 1:
		wrong = append(wrong, "is signed by itself")
	case errors.As(err, &unknown):
		wrong = append(wrong, "is signed by "+r.words(leaf.Issuer.String())+", whom this machine does not trust")
	default:
		wrong = append(wrong, "is not trusted: "+r.words(err.Error()))
	}
	return wrong
}

// shown is a certificate as a report has it: all of its texts are the server's.
func (r *run) shown(c *x509.Certificate) Certificate {
	subject, issuer := r.words(c.Subject.String()), r.words(c.Issuer.String())
	out := Certificate{Subject: subject, Issuer: issuer, NotAfter: schema.At(c.NotAfter)}
	for _, n := range c.DNSNames {
		out.Names = append(out.Names, r.words(n))
	}
	for _, ip := range c.IPAddresses {
		out.Names = append(out.Names, ip.String())
	}
	out.Names = out.Names[:min(len(out.Names), maxNames)]
	return out
}
