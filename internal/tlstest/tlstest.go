// Package tlstest makes certificates for the tests: an authority that no system
// trusts, and what it signs.
package tlstest

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

// An Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// PEM is the authority's own certificate.
	PEM string
}

// A Pair is a certificate with its key, both in PEM and parsed.
type Pair struct {
	Cert, Key string
	TLS       tls.Certificate
}

// New returns an authority of a name. It panics if the system has no random
// numbers, as do the other functions.
func New(name string) *Authority {
	a := &Authority{key: newKey()}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name, Organization: []string{"Example Motors"}}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate = sign(template, template, a.key, a.key, 24*time.Hour)
	a.PEM = encode("CERTIFICATE", a.certificate.Raw)
	return a
}

// Pool returns a pool that holds the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Server returns the certificate of a server with these names and addresses.
func (a *Authority) Server(hosts ...string) Pair { return a.issue(24*time.Hour, hosts) }

// Expired is Server with a certificate that was good until an hour ago.
func (a *Authority) Expired(hosts ...string) Pair { return a.issue(-time.Hour, hosts) }

// Client returns the certificate of a client.
func (a *Authority) Client() Pair { return a.issue(24*time.Hour, nil) }

func (a *Authority) issue(lifetime time.Duration, hosts []string) Pair {
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "client"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if len(hosts) > 0 {
		template.Subject.CommonName = hosts[0]
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	key := newKey()
	certificate := sign(template, a.certificate, key, a.key, lifetime)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	pair := Pair{Cert: encode("CERTIFICATE", certificate.Raw), Key: encode("PRIVATE KEY", der)}
	if pair.TLS, err = tls.X509KeyPair([]byte(pair.Cert), []byte(pair.Key)); err != nil {
		panic(err)
	}
	return pair
}

func sign(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey, lifetime time.Duration) *x509.Certificate {
	template.SerialNumber = new(big.Int).SetBytes([]byte(rand.Text()[:16]))
	template.NotBefore, template.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(lifetime)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return certificate
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
