package platform_test

import (
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

func TestRequestError_TellsEndpointStatusAndWords(t *testing.T) {
	const login = "POST https://user.telematicssdk.com/v1/Auth/Login"
	tests := []struct {
		name string
		err  platform.RequestError
		want string
	}{
		{"all of it",
			platform.RequestError{
				Operation: "login", Endpoint: login, HTTPStatus: 429, Status: 429, Title: `Too "many"`, Messages: []string{"One.", "Two."},
				Wait: time.Minute, Reason: "because",
			},
			"login failed: " + login + ` answered HTTP 429 Too Many Requests, Status 429, "Too \"many\"", asking to wait 1m0s; One; Two: because`,
		},
		{"no answer", platform.RequestError{Operation: "login", Endpoint: login, Reason: "no connection"}, "login failed: " + login + ": no connection"},
		{"nothing was said", platform.RequestError{Operation: "login", Endpoint: login, HTTPStatus: 599}, "login failed: " + login + " answered HTTP 599"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.err.Error(); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
