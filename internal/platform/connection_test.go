package platform_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// brokenTransport returns an error of the transport's that quotes what it should not.
type brokenTransport struct{ err error }

func (b brokenTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

// The texts of net/http quote what they like.
func TestSend_ConnectionErrorQuotesNothing(t *testing.T) {
	refused := strings.TrimSuffix(syscall.ECONNREFUSED.Error(), ".")
	tests := []struct {
		name  string
		err   error
		want  string
		cause error
	}{
		{"refused",
			&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, ": no connection: " + refused, syscall.ECONNREFUSED,
		},
		{"refused for no reason", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New(password)}, ": no connection", nil},
		{"no such host",
			&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "user.example"}}, ": the host name user.example cannot be resolved", nil,
		},
		{"a host that is a secret", &net.DNSError{Err: "no such host", Name: password + ".example"}, ": the host name [redacted].example cannot be resolved", nil},
		{"proxy",
			&net.OpError{Op: "proxyconnect", Net: "tcp", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
			": the proxy of the environment (HTTPS_PROXY) cannot be reached: " + refused, syscall.ECONNREFUSED,
		},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, ": the connection was closed before the whole answer had come", syscall.ECONNRESET},
		{"end of file", io.EOF, ": the connection was closed before the whole answer had come", io.ErrUnexpectedEOF},
		{"timed out", &net.OpError{Op: "read", Net: "tcp", Err: timedOut{}}, ": the connection timed out", nil},
		{"malformed", errors.New(`malformed HTTP response "` + password + `"`), ": the connection broke, or what came over it is not HTTP", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := askTransport(t, brokenTransport{test.err})
			failed := failureOf(t, err)
			if want := "login failed: POST " + platformURL + "/v1/Auth/Login" + test.want; err.Error() != want {
				t.Errorf("error %q\nwant  %q", err, want)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("the cause is %v, want %v", failed.Err, test.cause)
			}
			if failed.Err != nil {
				mustHide(t, failed.Err.Error(), password)
			}
			if _, worthIt := failed.Retry(); failed.HTTPStatus != 0 || !failed.Temporary() || !worthIt || failed.FromPlatform() {
				t.Errorf("error = %+v, want a failure that may pass", failed)
			}
		})
	}
}

// timedOut is an error as the system's resolver has it.
type timedOut struct{}

func (timedOut) Error() string   { return "timed out: " + password }
func (timedOut) Timeout() bool   { return true }
func (timedOut) Temporary() bool { return true }

// addressWithoutListener is the near end of a connection: nothing listens there,
// and nothing else gets its port before the test ends.
func addressWithoutListener(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection.LocalAddr().String()
}

func TestSend_NothingListensIsUnreachable(t *testing.T) {
	address := addressWithoutListener(t)
	_, err := ask(t, platform.New(platform.Config{}), "http://"+address)
	failed := failureOf(t, err)
	if _, worthIt := failed.Retry(); !worthIt || !failed.Unreachable() {
		t.Errorf("error = %+v, want an unreachable platform that is worth another attempt", failed)
	}
	contains(t, err.Error(), "login failed: POST http://"+address+"/v1/Auth/Login: no connection: ")
}

// The answers are bytes that net/http would quote.
func TestSend_AnswerThatIsNotHTTPIsNotQuoted(t *testing.T) {
	tests := []struct {
		name         string
		answer, want string
	}{
		{"another protocol", "SSH-2.0-" + answerText + "\r\n", "the connection broke, or what came over it is not HTTP"},
		{"an endless header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat(answerText, 64<<10) + "\r\n\r\n", "the connection broke, or what came over it is not HTTP"},
		{"a malformed header", "HTTP/1.1 200 OK\r\n" + answerText + "\r\n\r\n", "the connection broke, or what came over it is not HTTP"},
		{"a cut header", "HTTP/1.1 200 OK\r\nX: " + answerText, "the connection was closed before the whole answer had come"},
		{"a malformed chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + answerText + "\r\n", "HTTP 200 OK: the connection broke, or what came over it is not HTTP"},
		{"less than promised", "HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n" + granted, "HTTP 200 OK: the connection was closed before the whole answer had come"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go answerRaw(listener, test.answer)
			_, err = ask(t, platform.New(platform.Config{}), "http://"+listener.Addr().String())
			if _, worthIt := failureOf(t, err).Retry(); !worthIt {
				t.Errorf("%v is not worth another attempt", err)
			}
			contains(t, err.Error(), test.want)
		})
	}
}

// answerRaw reads a request and writes bytes, for each connection.
func answerRaw(listener net.Listener, answer string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			buffer := make([]byte, 64<<10)
			for read := ""; !strings.HasSuffix(read, "}"); {
				n, err := connection.Read(buffer)
				if err != nil {
					return
				}
				read += string(buffer[:n])
			}
			_, _ = io.WriteString(connection, answer)
		}()
	}
}
