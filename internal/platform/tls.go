package platform

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// TLS says which servers are trusted, and by which certificate they know the
// client. The zero value trusts the system's authorities and shows no
// certificate. Each certificate and key is in a file or in a text, and a file
// comes before a text.
type TLS struct {
	// CACertFile and CACertPEM hold one or more certificates of authorities that
	// are trusted besides those of the system.
	CACertFile, CACertPEM string
	// ClientCertFile and ClientCertPEM hold the client's certificate and those
	// between it and its authority, ClientKeyFile and ClientKeyPEM its key.
	ClientCertFile, ClientCertPEM string
	ClientKeyFile                 string
	ClientKeyPEM                  secret.String
	// ServerName is the name that a server's certificate must have, and that is
	// asked for in the handshake (SNI), in place of the host of the URL.
	ServerName string
}

// A TLSError is a certificate or a key that cannot be used. Its text holds
// nothing of the key.
type TLSError struct {
	// Setting is the attribute that is wrong, such as "tls.ca_cert_file".
	Setting string
	problem string
}

// Error says what is wrong with the value of the setting.
func (e *TLSError) Error() string { return e.problem }

// The settings, as the provider block names them.
const (
	caCert     = "tls.ca_cert"
	clientCert = "tls.client_cert"
	clientKey  = "tls.client_key"
)

// config reads the files. Its error is a [*TLSError].
func (t TLS) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	authorities, from, err := readPEM(caCert, t.CACertFile, t.CACertPEM)
	if err != nil {
		return nil, err
	}
	if from != "" {
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			return nil, &TLSError{from, "The authorities that this system trusts cannot be read, so that none can be added to them: " + err.Error() + "."}
		}
		if err := addAuthorities(config.RootCAs, authorities, from); err != nil {
			return nil, err
		}
	}
	own, err := t.own()
	if err != nil {
		return nil, err
	}
	if own != nil {
		// Shown whatever authorities the server says that it knows: what it says
		// of a certificate tells more than what it says of none.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
	}
	return config, nil
}

// addAuthorities adds the certificates in a text. One that cannot be read is an
// error: [x509.CertPool.AppendCertsFromPEM] would pass over it.
func addAuthorities(pool *x509.CertPool, text []byte, setting string) error {
	found := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		found++
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return &TLSError{setting, fmt.Sprintf("Its certificate number %d cannot be read: %v.", found, err)}
		}
		pool.AddCert(certificate)
	}
	if found == 0 {
		return &TLSError{setting, "It holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----."}
	}
	return nil
}

// own returns the client's certificate with its key, or nil.
func (t TLS) own() (*tls.Certificate, error) {
	certificates, certificatesFrom, err := readPEM(clientCert, t.ClientCertFile, t.ClientCertPEM)
	if err != nil {
		return nil, err
	}
	key, keyFrom, err := readPEM(clientKey, t.ClientKeyFile, t.ClientKeyPEM.Reveal())
	switch {
	case err != nil:
		return nil, err
	case certificatesFrom == "" && keyFrom == "":
		return nil, nil
	case keyFrom == "":
		return nil, &TLSError{certificatesFrom, "A client's certificate takes its key: set tls.client_key_file or tls.client_key_pem as well."}
	case certificatesFrom == "":
		return nil, &TLSError{keyFrom, "A client's key takes its certificate: set tls.client_cert_file or tls.client_cert_pem as well."}
	}
	if err := addAuthorities(x509.NewCertPool(), certificates, certificatesFrom); err != nil {
		return nil, err
	}
	if problem := unusableKey(key); problem != "" {
		return nil, &TLSError{keyFrom, problem}
	}
	own, err := tls.X509KeyPair(certificates, key)
	if err != nil {
		// The error's text is one of a fixed list, or a parser's that may quote
		// the key.
		if strings.Contains(err.Error(), "does not match") {
			return nil, &TLSError{keyFrom, "It is not the key of the certificate in " + certificatesFrom + "."}
		}
		return nil, &TLSError{keyFrom, "The key cannot be read: it must be an unencrypted RSA, ECDSA or Ed25519 key in PEM (PKCS #1, PKCS #8 or SEC 1)."}
	}
	return &own, nil
}

// unusableKey says what keeps a key from being read, where a person can do
// something about it.
func unusableKey(text []byte) string {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
			return "The key is encrypted with a passphrase. Store it without one, for example with `openssl pkey`, in a file that only you may read."
		case block.Type == "OPENSSH PRIVATE KEY":
			return "The key is one of SSH. A key of TLS is needed, which begins with -----BEGIN PRIVATE KEY-----."
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return ""
		}
	}
	return "It holds no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----."
}

// readPEM returns the text of a setting and the attribute that it comes from,
// which is empty where there is none.
func readPEM(setting, file, text string) ([]byte, string, error) {
	switch {
	case file != "":
		read, err := os.ReadFile(file)
		if err != nil {
			return nil, "", &TLSError{setting + "_file", fmt.Sprintf("The file cannot be read: %v.", err)}
		}
		return read, setting + "_file", nil
	case text != "":
		return []byte(text), setting + "_pem", nil
	default:
		return nil, "", nil
	}
}
