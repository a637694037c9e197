package platform

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// NewTransport returns a transport for the services of the platform, which
// clients may share: TLS 1.2 at the least, the proxy of the environment
// (HTTPS_PROXY, NO_PROXY), and connections that are closed soon, as a provider
// process sends a request or two. It reads the files of t; its error is a
// [*TLSError].
func NewTransport(t TLS) (http.RoundTripper, error) {
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	return newTransport(config), nil
}

// newTransport is [NewTransport] for what has been read.
func newTransport(config *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  proxyOfEnvironment,
		OnProxyConnectResponse: acceptProxy,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		// An answer is small. Compression would save nothing, and lets a few
		// bytes blow up to a great many.
		DisableCompression: true,
	}
}

// doNotFollow hands a redirect to the caller as the answer that it is: a
// request with a password goes to the configured service and nowhere else.
func doNotFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// soundLocations drops a Location that is no URL. [http.Client] fails on one,
// which would look like an answer that was lost, and have the request sent
// again.
type soundLocations struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (s soundLocations) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if _, err := url.Parse(response.Header.Get("Location")); err != nil {
		response.Header.Del("Location")
	}
	return response, nil
}

// errProxySetting stands for the only error that net/http has for the
// environment's proxy: where HTTP_PROXY may have come from a request's header.
var errProxySetting = errors.New("the environment holds HTTP_PROXY, which is not used while it also holds REQUEST_METHOD, as that of a CGI program does")

func proxyOfEnvironment(request *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(request)
	if err != nil {
		return nil, errProxySetting
	}
	return proxy, nil
}

// proxyRefusal is a proxy that does not let a connection through.
type proxyRefusal struct{ status int }

func (e *proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy of the environment (HTTPS_PROXY) refused the connection with HTTP %d %s", e.status, http.StatusText(e.status))
}

func acceptProxy(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return &proxyRefusal{response.StatusCode}
	}
	return nil
}
