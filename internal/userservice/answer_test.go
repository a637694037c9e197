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

// TestWhatIsASuccess is the rule of success (PLATFORM-API.md §4), where the
// emulator is too right to be of use.
func TestWhatIsASuccess(t *testing.T) {
	tests := []struct {
		name   string
		reply  reply
		device string
	}{
		{"as the contract has it", reply{status: 200, body: granted}, ""},
		{"keys in another case", reply{status: 200, body: strings.NewReplacer("Result", "result", "Status", "status", "Token\"", "token\"").Replace(granted)}, ""},
		{"any media type", reply{status: 200, body: granted, header: map[string]string{"Content-Type": "text/html"}}, ""},
		{"no media type", reply{status: 200, body: granted, header: map[string]string{"Content-Type": ""}}, ""},
		{"with a byte order mark", reply{status: 200, body: "\ufeff" + granted}, ""},
		{"with white space", reply{status: 200, body: " \r\n" + granted + "\n"}, ""},
		{"with more than is known",
			reply{status: 200, body: strings.Replace(granted, `{"Result"`, `{"Warnings":[{"a":1}],"Result"`, 1)}, "",
		},
		{"DeviceToken null", reply{status: 200, body: strings.Replace(granted, `{"AccessToken"`, `{"DeviceToken":null,"AccessToken"`, 1)}, ""},
		{"DeviceToken empty", reply{status: 200, body: strings.Replace(granted, `{"AccessToken"`, `{"DeviceToken":"","AccessToken"`, 1)}, ""},
		{"DeviceToken", reply{status: 200, body: strings.Replace(granted, `{"AccessToken"`, `{"DeviceToken":"d","AccessToken"`, 1)}, "d"},
		{"Errors null", reply{status: 200, body: strings.Replace(granted, `[]`, `null`, 1)}, ""},
		{"Errors of a kind", reply{status: 200, body: strings.Replace(granted, `[]`, `"none"`, 1)}, ""},
		{"Title of a kind", reply{status: 200, body: strings.Replace(granted, `"Title":""`, `"Title":0`, 1)}, ""},
		{"compressed in name", reply{status: 200, body: granted, header: map[string]string{"Content-Encoding": "identity"}}, ""},
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

// TestWhatIsNone is every other answer: one clear error, in one attempt, with
// nothing of the tokens that may be in it.
func TestWhatIsNone(t *testing.T) {
	without := func(part, instead string) string {
		if !strings.Contains(granted, part) {
			t.Fatalf("%q is not in an answer", part)
		}
		return strings.Replace(granted, part, instead, 1)
	}
	html := map[string]string{"Content-Type": "text/html; charset=utf-8"}
	tests := []struct {
		name  string
		reply reply
		want  string // the end of the error
	}{
		{"HTTP 201", reply{status: 201, body: granted}, " answered HTTP 201 Created, Status 200"},
		{"HTTP 202 and nothing", reply{status: 202}, " answered HTTP 202 Accepted: the answer is empty"},
		{"Status 201", reply{status: 200, body: without(`"Status":200`, `"Status":201`)}, " answered HTTP 200 OK, Status 201"},
		{"Status 0", reply{status: 200, body: without(`"Status":200`, `"Status":0`)}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"no Status", reply{status: 200, body: without(`"Status":200,`, ``)}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"Status as text", reply{status: 200, body: without(`"Status":200`, `"Status":"200"`)}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"Status past int", reply{status: 200, body: without(`"Status":200`, `"Status":1e99`)}, ": the answer is JSON, but not the platform's: it has no Status"},
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
		{"nothing", reply{status: 200}, " answered HTTP 200 OK: the answer is empty"},
		{"white space", reply{status: 200, body: " \n "}, ": the answer is empty"},
		{"cut off", reply{status: 200, body: granted[:60]}, ": the answer is cut off or damaged: it begins as JSON and cannot be read as such"},
		{"something after it", reply{status: 200, body: granted + granted}, ": the answer is cut off or damaged: it begins as JSON and cannot be read as such"},
		{"null", reply{status: 200, body: "null"}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"a list", reply{status: 200, body: "[" + granted + "]"}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"another object", reply{status: 200, body: `{"access_token":"` + accessText + `"}`}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"a token alone", reply{status: 200, body: accessText}, " answered HTTP 200 OK: answered with something that is not JSON"},
		{"a page", reply{status: 200, body: "<html>" + accessText, header: html}, ": answered with a web page (text/html) instead of JSON: a proxy, a sign-in page or another site is in the way"},
		{"a page that says it is not", reply{status: 200, body: "<html>" + accessText}, ": answered with a web page (text/html) instead of JSON: a proxy, a sign-in page or another site is in the way"},
		{"a page, forbidden", reply{status: 403, body: "<html>" + accessText, header: html}, " answered HTTP 403 Forbidden: answered with a web page (text/html) instead of JSON: a proxy, a sign-in page or another site is in the way"},
		{"plain text", reply{status: 404, body: accessText, header: map[string]string{"Content-Type": "text/plain"}}, " answered HTTP 404 Not Found: answered with text/plain instead of JSON"},
		{"no readable media type", reply{status: 200, body: accessText, header: map[string]string{"Content-Type": ";;"}}, ": answered with something that is not JSON"},
		{"compressed", reply{status: 200, body: "\x1f\x8b" + accessText, header: map[string]string{"Content-Encoding": "gzip"}}, ": the answer is compressed, which was not asked for"},
		{"HTTP status without a name", reply{status: 299, body: `{"Status":299}`}, " answered HTTP 299, Status 299"},
		{"HTTP 401 and another envelope",
			reply{status: 401, body: `{"error":"invalid_token"}`}, " answered HTTP 401 Unauthorized: the answer is JSON, but not the platform's: it has no Status",
		},
		{"Title and messages",
			reply{status: 422, body: `{"Result":null,"Status":422,"Title":"Invalid","Errors":[{"Key":"a","Message":"One."},{"Message":""},{},{"Key":"b","Message":"Two."}]}`},
			` answered HTTP 422 Unprocessable Entity, Status 422, "Invalid"; One.; Two.`,
		},
		{"Title alone, without Status", reply{status: 401, body: `{"Title":"Sign in"}`}, ` answered HTTP 401 Unauthorized, "Sign in"`},
		{"HTTP 200 and Status 401 inside",
			reply{status: 200, body: `{"Result":null,"Status":401,"Title":"Unauthorized","Errors":null}`}, ` answered HTTP 200 OK, Status 401, "Unauthorized"`,
		},
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
