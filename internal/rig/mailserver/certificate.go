package mailserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// Authority signs certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

// NewAuthority returns one that nobody else trusts.
func NewAuthority() *Authority {
	key := newKey()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"},
		IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(0, 0, -2), NotAfter: time.Now().AddDate(3, 0, 0), KeyUsage: x509.KeyUsageCertSign}
	der := must(x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key))
	return &Authority{must(x509.ParseCertificate(der)), key}
}

// Pool trusts the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// PEM is its certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Issue signs a certificate for a name or address that began yesterday and ends
// after so long; a nil authority signs by itself.
func (a *Authority) Issue(name string, lasts time.Duration) tls.Certificate {
	key := newKey()
	cert := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		DNSNames:  []string{name},
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().Add(lasts)}
	if ip := net.ParseIP(name); ip != nil {
		cert.DNSNames, cert.IPAddresses = nil, []net.IP{ip}
	}
	parent, signer := cert, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der := must(x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// PEMOf is a certificate and its key, each in PEM.
func PEMOf(c tls.Certificate) (cert, key []byte) {
	der := must(x509.MarshalPKCS8PrivateKey(c.PrivateKey))
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
