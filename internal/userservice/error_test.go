package userservice_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

func TestError_SaysWhatAStatusMeans(t *testing.T) {
	tests := []struct {
		http, inner                 int
		code                        int
		refused, temporary, blocked bool
	}{
		{http: 0, inner: 0, code: 0, temporary: true},
		{http: 200, inner: 0, code: 0},
		{http: 200, inner: 200, code: 200},
		{http: 200, inner: 400, code: 400, refused: true},
		{http: 200, inner: 429, code: 429, temporary: true, blocked: true},
		{http: 200, inner: 500, code: 500, temporary: true},
		{http: 307, inner: 0, code: 307},
		{http: 400, inner: 400, code: 400, refused: true},
		{http: 401, inner: 0, code: 401},
		{http: 401, inner: 500, code: 401, refused: true},
		{http: 404, inner: 0, code: 404},
		{http: 408, inner: 0, code: 408, temporary: true},
		{http: 429, inner: 0, code: 429, temporary: true, blocked: true},
		{http: 499, inner: 0, code: 499},
		{http: 500, inner: 401, code: 500, temporary: true},
		{http: 599, inner: 0, code: 599, temporary: true},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("HTTP %d, Status %d", test.http, test.inner), func(t *testing.T) {
			err := userservice.Error{RequestError: &platform.RequestError{HTTPStatus: test.http, Status: test.inner, Wait: time.Minute}}
			if err.Code() != test.code || err.Refused() != test.refused || err.Temporary() != test.temporary {
				t.Errorf("code %d, refused %t, temporary %t, want %d, %t, %t",
					err.Code(), err.Refused(), err.Temporary(), test.code, test.refused, test.temporary)
			}
			want := time.Duration(0)
			if test.blocked {
				want = time.Minute
			}
			if wait, blocked := err.Blocked(); wait != want || blocked != test.blocked {
				t.Errorf("blocked for %s, %t, want %s, %t", wait, blocked, want, test.blocked)
			}
		})
	}
}

func TestError_IsFoundWithItsCause(t *testing.T) {
	cause := io.ErrUnexpectedEOF
	wrapped := fmt.Errorf("opening the token: %w", &userservice.Error{RequestError: &platform.RequestError{Operation: "refresh", Err: cause}})
	var failed *userservice.Error
	if !errors.As(wrapped, &failed) || failed.Operation != "refresh" || !errors.Is(wrapped, cause) {
		t.Errorf("errors.As and errors.Is do not find what is in %v", wrapped)
	}
}
