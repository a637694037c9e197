package platform_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/tlstest"
)

// secureServer serves HTTPS, quietly.
func secureServer(t *testing.T, handler http.Handler, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// The server knows nothing newer than 1.1. It is refused for that, and not for
// its certificate, which is not trusted either.
func TestTLS_OlderThan12IsRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		newest uint16
		want   string
	}{
		{"TLS 1.1", tls.VersionTLS11, "the TLS handshake failed: tls: protocol version not supported"},
		{"TLS 1.2", tls.VersionTLS12, "the server's TLS certificate is not trusted"},
		{"TLS 1.3", tls.VersionTLS13, "the server's TLS certificate is not trusted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform()
			server := secureServer(t, p, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: test.newest}) //nolint:gosec // An old server is what this is about.
			c := platform.New(platform.Config{})
			_, err := ask(t, c, server.URL)
			failed := failureOf(t, err)
			contains(t, err.Error(), test.want)
			if _, worthIt := failed.Retry(); worthIt || failed.HTTPStatus != 0 || p.Counts().Login != 0 {
				t.Errorf("error = %+v after %d logins, want no answer, and no other attempt", failed, p.Counts().Login)
			}
		})
	}
}

func TestTLS_CertificateOfAnotherHostIsRefused(t *testing.T) {
	server := secureServer(t, newPlatform(), nil)
	trusting, ok := server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatalf("the server's client has the transport %T", server.Client().Transport)
	}
	transport := &http.Transport{TLSClientConfig: trusting.TLSClientConfig.Clone()}
	defer transport.CloseIdleConnections()
	// The certificate is good for 127.0.0.1, but not for the name.
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	c := platform.New(platform.Config{Transport: transport})
	_, err := ask(t, c, "https://another.host")
	mustFail(t, err)
	contains(t, err.Error(), "the server's TLS certificate is not trusted: x509: certificate is valid for", "not another.host")
	if _, err := ask(t, c, "https://"+server.Listener.Addr().String()); err != nil {
		t.Error(err)
	}
}

// The server speaks TLS and was asked as if it did not.
func TestTLS_ServerAskedWithoutItIsNamed(t *testing.T) {
	server := httptest.NewUnstartedServer(newPlatform())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	nginx := &reply{status: http.StatusBadRequest, body: "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"}
	for _, c := range []*platform.Client{platform.New(platform.Config{}), platform.New(platform.Config{Transport: nginx})} {
		_, err := ask(t, c, strings.Replace(server.URL, "https:", "http:", 1))
		failed := failureOf(t, err)
		if _, worthIt := failed.Retry(); worthIt || failed.Kind != platform.WantsTLS || failed.FromPlatform() {
			t.Errorf("error = %+v, want that it wants TLS", failed)
		}
		contains(t, err.Error(), "answered HTTP 400 Bad Request: what listens there speaks TLS, and the URL is http")
	}
	// An answer of the platform's is its own, whatever it is about.
	own := &reply{status: http.StatusBadRequest, body: `{"Result":null,"Status":400,"Title":"Use HTTPS","Errors":[]}`}
	_, err := ask(t, platform.New(platform.Config{Transport: own}), platformURL)
	if failed := failureOf(t, err); failed.Kind != platform.Answered {
		t.Errorf("error = %+v, want the platform's answer", failed)
	}
}

func TestTLS_PlainServerIsNamed(t *testing.T) {
	server := httptest.NewServer(newPlatform())
	defer server.Close()
	_, err := ask(t, platform.New(platform.Config{}), strings.Replace(server.URL, "http:", "https:", 1))
	if _, worthIt := failureOf(t, err).Retry(); worthIt {
		t.Error("it is worth another attempt")
	}
	contains(t, err.Error(), "what listens there does not speak TLS")
}

// file writes a text into a file.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "text.pem")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// askTLS sends the request by a transport with these settings.
func askTLS(t *testing.T, settings platform.TLS, url string) error {
	t.Helper()
	transport, err := platform.NewTransport(settings)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(t, platform.New(platform.Config{Transport: transport}), url)
	return err
}

// TestServerIsTrusted has servers that the system knows nothing of, and what makes
// them trusted or not.
func TestServerIsTrusted(t *testing.T) {
	corporate, other := tlstest.New("Corporate CA"), tlstest.New("Other CA")
	both := "Comments may be in it.\n" + other.PEM + corporate.PEM
	for _, test := range []struct {
		name     string
		server   tlstest.Pair
		settings platform.TLS
		kind     platform.Kind
		want     string // empty: trusted
	}{
		{"authority in a file", corporate.Server("127.0.0.1"), platform.TLS{CACertFile: file(t, corporate.PEM)}, 0, ""},
		{"authority in a text", corporate.Server("127.0.0.1"), platform.TLS{CACertPEM: corporate.PEM}, 0, ""},
		{"one of two authorities", corporate.Server("127.0.0.1"), platform.TLS{CACertPEM: both}, 0, ""},
		{"nothing set", corporate.Server("127.0.0.1"), platform.TLS{}, platform.Untrusted, `it is signed by CN=Corporate CA,O=Example Motors, which this machine does not know as an authority`},
		{"another authority", corporate.Server("127.0.0.1"), platform.TLS{CACertPEM: other.PEM}, platform.Untrusted, `signed by CN=Corporate CA,O=Example Motors`},
		{"name of its own", corporate.Server("telematics.internal"), platform.TLS{CACertPEM: corporate.PEM, ServerName: "telematics.internal"}, 0, ""},
		{"another name", corporate.Server("telematics.internal"), platform.TLS{CACertPEM: corporate.PEM}, platform.WrongName, "x509: cannot validate certificate for 127.0.0.1"},
		{"another name than the one that is set", corporate.Server("127.0.0.1"), platform.TLS{CACertPEM: corporate.PEM, ServerName: "telematics.internal"}, platform.WrongName, "wanted to match telematics.internal"},
		{"one that has expired", corporate.Expired("127.0.0.1"), platform.TLS{CACertPEM: corporate.PEM}, platform.BadCertificate, "certificate has expired"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform()
			server := secureServer(t, p, &tls.Config{Certificates: []tls.Certificate{test.server.TLS}, MinVersion: tls.VersionTLS12})
			err := askTLS(t, test.settings, server.URL)
			if test.want == "" {
				if err != nil || p.Counts().Login != 1 {
					t.Errorf("%d logins, error %v", p.Counts().Login, err)
				}
				return
			}
			failed := failureOf(t, err)
			contains(t, err.Error(), "the server's TLS certificate is not trusted: ", test.want)
			if _, worthIt := failed.Retry(); worthIt || failed.Kind != test.kind || !failed.Unreachable() || p.Counts().Login != 0 {
				t.Errorf("kind = %v, retry = %v, unreachable = %v after %d logins", failed.Kind, worthIt, failed.Unreachable(), p.Counts().Login)
			}
		})
	}
}

// TestRootsAreAdded shows that an authority of one's own takes no other away:
// SSL_CERT_FILE stands for the system's here, as it does on Linux.
func TestRootsAreAdded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system's authorities can be replaced on Linux")
	}
	system, own := tlstest.New("System CA"), tlstest.New("Own CA")
	if os.Getenv("SYSTEM_SERVER") == "" {
		servers := []*httptest.Server{
			secureServer(t, newPlatform(), &tls.Config{Certificates: []tls.Certificate{system.Server("127.0.0.1").TLS}, MinVersion: tls.VersionTLS12}),
			secureServer(t, newPlatform(), &tls.Config{Certificates: []tls.Certificate{own.Server("127.0.0.1").TLS}, MinVersion: tls.VersionTLS12}),
		}
		// The system's authorities are read once in a process.
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRootsAreAdded$")
		child.Env = append(os.Environ(), "SSL_CERT_FILE="+file(t, system.PEM), "SYSTEM_SERVER="+servers[0].URL, "OWN_SERVER="+servers[1].URL, "OWN_CA="+own.PEM)
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	settings := platform.TLS{CACertPEM: os.Getenv("OWN_CA")}
	for _, url := range []string{os.Getenv("SYSTEM_SERVER"), os.Getenv("OWN_SERVER")} {
		if err := askTLS(t, settings, url); err != nil {
			t.Error(err)
		}
	}
}

// TestClientCertificate has servers that know their clients by certificates.
func TestClientCertificate(t *testing.T) {
	authority, other := tlstest.New("Fleet CA"), tlstest.New("Other CA")
	known, stranger := authority.Client(), other.Client()
	for _, test := range []struct {
		name     string
		settings platform.TLS
		want     string // empty: let in
	}{
		{"in files", platform.TLS{ClientCertFile: file(t, known.Cert), ClientKeyFile: file(t, known.Key)}, ""},
		{"in texts", platform.TLS{ClientCertPEM: known.Cert, ClientKeyPEM: secret.New(known.Key)}, ""},
		{"in one file", platform.TLS{ClientCertFile: file(t, known.Cert+known.Key), ClientKeyFile: file(t, known.Key+known.Cert)}, ""},
		{"none", platform.TLS{}, "the server wants a TLS certificate by which it knows the client, or another one: tls: "},
		{"of another authority", platform.TLS{ClientCertPEM: stranger.Cert, ClientKeyPEM: secret.New(stranger.Key)}, "or another one: tls: "},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(test.name+" with "+tls.VersionName(version), func(t *testing.T) {
				p := newPlatform()
				server := secureServer(t, p, &tls.Config{
					Certificates: []tls.Certificate{authority.Server("127.0.0.1").TLS},
					ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(), MinVersion: version, MaxVersion: version,
				})
				settings := test.settings
				settings.CACertPEM = authority.PEM
				var err error
				if test.want != "" && version == tls.VersionTLS13 {
					err = askAfterTheHandshake(t, settings, server.URL)
				} else {
					err = askTLS(t, settings, server.URL)
				}
				if test.want == "" {
					if err != nil || p.Counts().Login != 1 {
						t.Errorf("%d logins, error %v", p.Counts().Login, err)
					}
					return
				}
				failed := failureOf(t, err)
				kind, want := platform.ClientUntrusted, test.want
				if test.settings.ClientCertPEM == "" && version == tls.VersionTLS12 {
					// TLS 1.2 has no alert of its own for it.
					kind, want = platform.NoHandshake, "the TLS handshake failed: tls: handshake failure"
				}
				contains(t, err.Error(), want)
				if _, worthIt := failed.Retry(); worthIt || failed.Kind != kind || !failed.Unreachable() || p.Counts().Login != 0 {
					t.Errorf("kind = %v, retry = %v, unreachable = %v after %d logins", failed.Kind, worthIt, failed.Unreachable(), p.Counts().Login)
				}
			})
		}
	}
	nginx := &reply{status: http.StatusBadRequest, body: "<html><title>400 No required SSL certificate was sent</title></html>"}
	_, err := ask(t, platform.New(platform.Config{Transport: nginx}), "https://platform.example")
	if failed := failureOf(t, err); failed.Kind != platform.ClientUntrusted || failed.FromPlatform() {
		t.Errorf("error = %+v, want that the server wants a certificate", failed)
	}
	contains(t, err.Error(), "the server wants a TLS certificate by which it knows the client")
}

// askAfterTheHandshake is askTLS for a server that turns the client down after
// the client's side of the handshake, as with TLS 1.3. Whether a request finds
// the connection closed or the alert is a matter of luck, so that the alert is
// waited for, and then handed on as the error of the request.
func askAfterTheHandshake(t *testing.T, settings platform.TLS, url string) error {
	t.Helper()
	transport, err := platform.NewTransport(settings)
	if err != nil {
		t.Fatal(err)
	}
	plain, ok := transport.(*http.Transport)
	if !ok {
		t.Fatalf("the transport is a %T", transport)
	}
	dialer := &tls.Dialer{Config: plain.TLSClientConfig}
	connection, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, alert := connection.Read(make([]byte, 1))
	_, err = ask(t, platform.New(platform.Config{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
		return nil, alert
	})}), url)
	return err
}

// TestTLSSettingsThatCannotBeUsed names the attribute and quotes no key.
func TestTLSSettingsThatCannotBeUsed(t *testing.T) {
	pair, other := tlstest.New("CA").Client(), tlstest.New("CA").Client()
	broken := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for _, test := range []struct {
		name          string
		settings      platform.TLS
		setting, want string
	}{
		{"no file", platform.TLS{CACertFile: missing}, "tls.ca_cert_file", "open " + missing + ": "},
		{"no certificate", platform.TLS{CACertFile: file(t, "")}, "tls.ca_cert_file", "It holds no certificate in PEM"},
		{"a key in place of a certificate", platform.TLS{CACertPEM: pair.Key}, "tls.ca_cert_pem", "It holds no certificate in PEM"},
		{"a certificate that is damaged", platform.TLS{CACertPEM: pair.Cert + broken}, "tls.ca_cert_pem", "certificate number 2 cannot be read"},
		{"no key", platform.TLS{ClientCertPEM: pair.Cert}, "tls.client_cert_pem", "set tls.client_key_file or tls.client_key_pem"},
		{"no certificate for a key", platform.TLS{ClientKeyFile: file(t, pair.Key)}, "tls.client_key_file", "set tls.client_cert_file or tls.client_cert_pem"},
		{"a certificate in place of a key", platform.TLS{ClientCertPEM: pair.Cert, ClientKeyPEM: secret.New(pair.Cert)}, "tls.client_key_pem", "It holds no private key in PEM"},
		{"a key of another", platform.TLS{ClientCertFile: file(t, pair.Cert), ClientKeyFile: file(t, other.Key)}, "tls.client_key_file", "not the key of the certificate in tls.client_cert_file"},
		{"an encrypted key", platform.TLS{ClientCertPEM: pair.Cert, ClientKeyPEM: secret.New("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")}, "tls.client_key_pem", "encrypted with a passphrase"},
		{"a key of SSH", platform.TLS{ClientCertPEM: pair.Cert, ClientKeyPEM: secret.New("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")}, "tls.client_key_pem", "one of SSH"},
		{"a damaged key", platform.TLS{ClientCertPEM: pair.Cert, ClientKeyPEM: secret.New("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, "tls.client_key_pem", "The key cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := platform.NewTransport(test.settings)
			var wrong *platform.TLSError
			if !errors.As(err, &wrong) || wrong.Setting != test.setting {
				t.Fatalf("error = %#v, want one of %s", err, test.setting)
			}
			contains(t, err.Error(), test.want)
			for line := range strings.Lines(pair.Key) {
				if !strings.HasPrefix(line, "-----") {
					mustHide(t, err.Error(), line)
				}
			}
		})
	}
}
