package platform_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// loginVariable makes the test binary log in at the URL that it holds, and say
// what came of it. net/http reads the environment's proxy once in a process,
// so that each of these tests needs one of its own.
const loginVariable = "TELEMATICS_TEST_LOGIN_URL"

func TestMain(m *testing.M) {
	if at := os.Getenv(loginVariable); at != "" {
		if _, err := platform.New(platform.Config{}).Send(context.Background(), request(at, password)); err != nil {
			fmt.Println(err)
		} else {
			fmt.Println("logged in")
		}
		return
	}
	os.Exit(m.Run())
}

// loginInProcess logs in with an environment and returns what was said.
func loginInProcess(t *testing.T, at string, environment ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self)
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch strings.ToUpper(name) {
		case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUEST_METHOD":
		default:
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, loginVariable+"="+at)
	command.Env = append(command.Env, environment...)
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	mustHide(t, string(said), password, "proxy-PASSWORD")
	return string(said)
}

// A proxy notes what it is asked for, and leads every tunnel to one address.
type proxy struct {
	to     string // nowhere, with 407, if empty
	mu     sync.Mutex
	asked  []string
	header http.Header
}

// ServeHTTP implements [http.Handler].
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	p.header = r.Header.Clone()
	p.mu.Unlock()
	if p.to == "" {
		http.Error(w, "proxy-PASSWORD is wrong", http.StatusProxyAuthRequired)
		return
	}
	there, err := new(net.Dialer).DialContext(r.Context(), "tcp", p.to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(there, here)
		_ = there.Close()
	}()
	_, _ = io.Copy(here, there)
}

// requests are what the proxy was asked for.
func (p *proxy) requests() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.asked, ", ")
}

// serveProxy serves a proxy and returns its address with a name and password.
func serveProxy(t *testing.T, p *proxy) string {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http://", "http://somebody:proxy-PASSWORD@", 1)
}

// Only the proxy leads to the TLS server, whose certificate the environment
// names.
func TestProxy_LeadsToThePlatform(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the environment names no certificates there")
	}
	emulated := newPlatform()
	server := secureServer(t, emulated, nil)
	certificates := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(certificates, block, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &proxy{to: server.Listener.Addr().String()}
	address := serveProxy(t, p)
	said := loginInProcess(t, "https://example.com", "HTTPS_PROXY="+address, "SSL_CERT_FILE="+certificates)
	if said != "logged in\n" {
		t.Errorf("it said: %s", said)
	}
	if got := p.requests(); got != "CONNECT example.com:443" {
		t.Errorf("the proxy was asked for %q, want a tunnel", got)
	}
	if got := p.header.Get("Proxy-Authorization"); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("the proxy was given %q, want its password", got)
	}
	for _, name := range []string{"InstanceId", "Authorization"} {
		if p.header.Get(name) != "" {
			t.Errorf("the proxy was given %s, which is for the platform", name)
		}
	}
	if emulated.Counts().LoggedIn != 1 {
		t.Errorf("counts = %+v, want one login", emulated.Counts())
	}
}

func TestProxy_RefusalIsTheProxys(t *testing.T) {
	t.Parallel()
	p := &proxy{}
	said := loginInProcess(t, "https://platform.invalid", "HTTPS_PROXY="+serveProxy(t, p))
	contains(t, said, "login failed: POST https://platform.invalid/v1/Auth/Login: the proxy of the environment (HTTPS_PROXY) refused the connection with HTTP 407 Proxy Authentication Required\n")
	if got := p.requests(); got != "CONNECT platform.invalid:443" {
		t.Errorf("the proxy was asked for %q, want one tunnel", got)
	}
}

func TestProxy_UnreachableOneIsNamed(t *testing.T) {
	t.Parallel()
	said := loginInProcess(t, "https://platform.invalid", "HTTPS_PROXY=http://somebody:proxy-PASSWORD@"+addressWithoutListener(t))
	contains(t, said, "the proxy of the environment (HTTPS_PROXY) cannot be reached: ")
}

// net/http refuses this setting alone.
func TestProxy_SettingOfACGIProgramIsAnError(t *testing.T) {
	t.Parallel()
	emulated := newPlatform()
	server := httptest.NewServer(emulated)
	defer server.Close()
	said := loginInProcess(t, server.URL, "HTTP_PROXY=http://somebody:proxy-PASSWORD@127.0.0.1:1", "REQUEST_METHOD=POST")
	contains(t, said, "login failed: POST "+server.URL+"/v1/Auth/Login: the environment holds HTTP_PROXY, which is not used while it also holds REQUEST_METHOD")
	if counts := emulated.Counts(); counts.Login != 0 {
		t.Errorf("counts = %+v, want no login", counts)
	}
}

// One of the hosts does not exist: the proxy must not be asked for the others.
func TestProxy_NoProxyIsKeptTo(t *testing.T) {
	t.Parallel()
	t.Run("by name", func(t *testing.T) {
		p := &proxy{}
		said := loginInProcess(t, "https://user.platform.invalid", "HTTPS_PROXY="+serveProxy(t, p), "NO_PROXY=.platform.invalid")
		contains(t, said, "login failed")
		if got := p.requests(); got != "" {
			t.Errorf("the proxy was asked for %q", got)
		}
	})
	t.Run("loopback", func(t *testing.T) {
		p := &proxy{}
		server := httptest.NewServer(newPlatform())
		defer server.Close()
		address := serveProxy(t, p)
		said := loginInProcess(t, server.URL, "HTTPS_PROXY="+address, "HTTP_PROXY="+address)
		if got := p.requests(); got != "" || said != "logged in\n" {
			t.Errorf("the proxy was asked for %q; it said: %s", got, said)
		}
	})
}
