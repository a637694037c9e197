package userservice_test

import (
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// The parts of answers that are made by hand. The tokens are opaque.
const (
	accessText  = "ACCESS-token-made-by-hand"
	refreshText = "REFRESH-token-made-by-hand"
	granted     = `{"Result":{"AccessToken":{"Token":"` + accessText + `","ExpiresIn":60},"RefreshToken":"` + refreshText + `"},"Status":200,"Title":"","Errors":[]}`
)

// TestLogin_AnswerWithTokens is the rule of success (PLATFORM-API.md §4), where
// the emulator is too right to be of use.
func TestLogin_AnswerWithTokens(t *testing.T) {
	tests := []struct {
		name   string
		reply  reply
		device string
	}{
		{"as the contract has it", reply{status: 200, body: granted}, ""},
		{"keys in another case", reply{status: 200, body: strings.NewReplacer("Result", "result", "Status", "status", "Token\"", "token\"").Replace(granted)}, ""},
		{"with more than is known",
			reply{status: 200, body: strings.Replace(granted, `{"Result"`, `{"Warnings":[{"a":1}],"Result"`, 1)}, "",
		},
		{"DeviceToken null", reply{status: 200, body: strings.Replace(granted, `{"AccessToken"`, `{"DeviceToken":null,"AccessToken"`, 1)}, ""},
		{"DeviceToken empty", reply{status: 200, body: strings.Replace(granted, `{"AccessToken"`, `{"DeviceToken":"","AccessToken"`, 1)}, ""},
		{"DeviceToken", reply{status: 200, body: strings.Replace(granted, `{"AccessToken"`, `{"DeviceToken":"d","AccessToken"`, 1)}, "d"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer, err := newClient(&test.reply, userservice.Config{}).Authorizer(admin()).Login(t.Context(), session.FormObject)
			if err != nil {
				t.Fatal(err)
			}
			if answer.AccessToken.Reveal() != accessText || answer.RefreshToken.Reveal() != refreshText || answer.DeviceToken.Reveal() != test.device {
				t.Errorf("tokens %q, %q, %q", answer.AccessToken.Reveal(), answer.RefreshToken.Reveal(), answer.DeviceToken.Reveal())
			}
		})
	}
}

// TestLogin_AnswerWithoutTokens is a success in which no session is: one clear
// error, in one attempt, with nothing of the tokens that may be in it.
func TestLogin_AnswerWithoutTokens(t *testing.T) {
	without := func(part, instead string) string {
		if !strings.Contains(granted, part) {
			t.Fatalf("%q is not in an answer", part)
		}
		return strings.Replace(granted, part, instead, 1)
	}
	tests := []struct {
		name  string
		reply reply
		want  string // the end of the error
	}{
		{"no Result", reply{status: 200, body: `{"Status":200}`}, ", Status 200: the answer holds no Result"},
		{"Result as text", reply{status: 200, body: `{"Status":200,"Result":"` + accessText + `"}`}, ", Status 200: the answer holds no access token"},
		{"Result as list", reply{status: 200, body: `{"Status":200,"Result":[` + granted + `]}`}, ", Status 200: the answer holds no access token"},
		{"Result empty", reply{status: 200, body: `{"Status":200,"Result":{}}`}, ", Status 200: the answer holds no access token"},
		{"no access token", reply{status: 200, body: without(`"Token":"`+accessText+`"`, `"Token":""`)}, ", Status 200: the answer holds no access token"},
		{"access token null", reply{status: 200, body: without(`"`+accessText+`"`, `null`)}, ", Status 200: the answer holds no access token"},
		{"access token as text",
			reply{status: 200, body: without(`{"Token":"`+accessText+`","ExpiresIn":60}`, `"`+accessText+`"`)},
			", Status 200: the answer holds no access token",
		},
		{"access token as a number", reply{status: 200, body: without(`"`+accessText+`"`, `1`)}, ", Status 200: the answer holds no access token"},
		{"no refresh token", reply{status: 200, body: without(`"`+refreshText+`"`, `""`)}, ", Status 200: the answer holds no refresh token"},
		{"refresh token null", reply{status: 200, body: without(`"`+refreshText+`"`, `null`)}, ", Status 200: the answer holds no refresh token"},
		{"a line break in a token", reply{status: 200, body: without(accessText, accessText+`\r\nX: y`)}, ": the answer's access token holds characters that no token has"},
		{"a space in a token", reply{status: 200, body: without(accessText, accessText+` x`)}, ": the answer's access token holds characters that no token has"},
		{"an umlaut in a token", reply{status: 200, body: without(accessText, accessText+`ä`)}, ": the answer's access token holds characters that no token has"},
		{"broken UTF-8 in a token", reply{status: 200, body: without(accessText, accessText+"\xff")}, ": the answer's access token holds characters that no token has"},
		{"Status 401 with tokens", reply{status: 200, body: without(`"Status":200`, `"Status":401`)}, " answered HTTP 200 OK, Status 401"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := login(t.Context(), newClient(&test.reply, userservice.Config{}), admin())
			failed := failureOf(t, err, accessText, refreshText)
			if !strings.HasPrefix(err.Error(), "login failed: POST "+platformURL+"/v1/Auth/Login answered HTTP ") || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("error %q\nwant it to end in %q", err, test.want)
			}
			if failed.HTTPStatus != test.reply.status || test.reply.requests != 1 || attempts(err) != 1 {
				t.Errorf("HTTP %d after %d requests, %d attempts", failed.HTTPStatus, test.reply.requests, attempts(err))
			}
		})
	}
}
