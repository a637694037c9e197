package platform_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
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
