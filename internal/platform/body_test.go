package platform_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// All that is allocated while 64 MiB are offered is counted, by the emulator's
// side, too.
func TestSend_HugeAnswerTakesLittleMemory(t *testing.T) {
	const bound = 8 << 20
	p := newPlatform()
	server := httptest.NewServer(p)
	defer server.Close()
	c := platform.New(platform.Config{})
	_, _ = ask(t, c, server.URL)
	p.Inject(emulator.Login, emulator.HugeBody())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ask(t, c, server.URL)
	runtime.ReadMemStats(&after)
	if _, worthIt := failureOf(t, err).Retry(); worthIt {
		t.Error("it is worth another attempt")
	}
	contains(t, err.Error(), "the answer is longer than 1048576 bytes")
	if cost := after.TotalAlloc - before.TotalAlloc; cost > bound {
		t.Errorf("%d bytes were allocated, want at most %d", cost, bound)
	}
}

// The bound is exact to the byte.
func TestSend_AnswerIsReadUpToTheBound(t *testing.T) {
	const longest = 1 << 20
	padded := func(size int) string { return granted + strings.Repeat(" ", size-len(granted)) }
	tests := []struct {
		name     string
		size     int
		declared bool
		good     bool
	}{
		{"the longest", longest, false, true},
		{"the longest, declared", longest, true, true},
		{"a byte more", longest + 1, false, false},
		{"a byte more, declared", longest + 1, true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer, err := askTransport(t, inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if test.declared {
					w.Header().Set("Content-Length", strconv.Itoa(test.size))
				}
				_, _ = io.WriteString(w, padded(test.size))
			})))
			if test.good {
				if err != nil || answer.Result == nil {
					t.Errorf("error %v", err)
				}
				return
			}
			mustFail(t, err, answerText)
			contains(t, err.Error(), "the answer is longer than 1048576 bytes")
		})
	}
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

func TestSend_BodyDeclaredTooLongIsNotRead(t *testing.T) {
	_, err := askTransport(t, roundTripper(func(request *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: request, ContentLength: 1<<20 + 1, Body: io.NopCloser(unread{t})}, nil
	}))
	mustFail(t, err)
	contains(t, err.Error(), "the answer is longer than 1048576 bytes")
}

// A few compressed bytes could become a great many.
func TestSend_AsksForNoCompression(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, granted)
	}))
	defer server.Close()
	if _, err := ask(t, platform.New(platform.Config{}), server.URL); err != nil {
		t.Error(err)
	}
	if asked != "" {
		t.Errorf("Accept-Encoding: %s", asked)
	}
}
