package platform_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// The ruling is that of PLATFORM-API.md §4. The emulator never answers in the
// ways that are tried here.
func TestRead_SuccessNeedsAllOfTheRuling(t *testing.T) {
	const result = `{"Token":"` + answerText + `"}`
	tests := []struct {
		name   string
		reply  reply
		result string
	}{
		{"as the contract has it", reply{status: 200, body: granted}, result},
		{"in lower case", reply{status: 200, body: `{"result":` + result + `,"status":200,"title":null,"errors":[]}`}, result},
		{"Result null", reply{status: 200, body: `{"Result":null,"Status":200}`}, ""},
		{"Result null, in lower case", reply{status: 200, body: `{"result": null,"status":200}`}, ""},
		{"no Result", reply{status: 200, body: `{"Status":200,"Title":"","Errors":[]}`}, ""},
		{"an empty list", reply{status: 200, body: `{"Result":[],"Status":200}`}, "[]"},
		{"a text", reply{status: 200, body: `{"Result":"null","Status":200}`}, `"null"`},
		{"any media type", reply{status: 200, body: granted, header: map[string]string{"Content-Type": "text/html"}}, result},
		{"no media type", reply{status: 200, body: granted, header: map[string]string{"Content-Type": ""}}, result},
		{"with a byte order mark", reply{status: 200, body: "\ufeff" + granted}, result},
		{"with white space", reply{status: 200, body: " \r\n" + granted + "\n"}, result},
		{"Errors null", reply{status: 200, body: strings.Replace(granted, `[]`, `null`, 1)}, result},
		{"Errors of a kind", reply{status: 200, body: strings.Replace(granted, `[]`, `"none"`, 1)}, result},
		{"Title of a kind", reply{status: 200, body: strings.Replace(granted, `"Title":""`, `"Title":0`, 1)}, result},
		{"compressed in name", reply{status: 200, body: granted, header: map[string]string{"Content-Encoding": "identity"}}, result},
		{"with more than is known", reply{status: 200, body: strings.Replace(granted, `{"Result"`, `{"Warnings":[{"a":1}],"Result"`, 1)}, result},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer, err := askTransport(t, &test.reply)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(answer.Result); got != test.result || (test.result == "") != (answer.Result == nil) {
				t.Errorf("Result %q, want %q", got, test.result)
			}
		})
	}
}

// Where it may be, the answer is the Result alone.
func TestRead_BareListWhereItMayBe(t *testing.T) {
	tests := []struct {
		name   string
		reply  reply
		result string // empty: it is an error
	}{
		{"a list", reply{status: 200, body: ` [{"Id":1}] `}, `[{"Id":1}]`},
		{"an empty list", reply{status: 200, body: `[]`}, `[]`},
		{"in an envelope", reply{status: 200, body: `{"Result":[{"Id":1}],"Status":200}`}, `[{"Id":1}]`},
		{"an object", reply{status: 200, body: `{"Id":1}`}, ""},
		{"a list that is cut off", reply{status: 200, body: `[{"Id":1}`}, ""},
		{"another status", reply{status: 203, body: `[]`}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked := request(platformURL, password)
			asked.BareList = true
			answer, err := platform.New(platform.Config{Transport: &test.reply}).Send(t.Context(), asked)
			if got := string(answer.Result); got != test.result || (err == nil) != (test.result != "") {
				t.Errorf("Result %q, error %v, want %q", got, err, test.result)
			}
			var list []struct{ ID int }
			if err == nil && answer.Decode(&list) != nil {
				t.Error("the list cannot be decoded")
			}
		})
	}
}

// Nothing that may be secret is in the error.
func TestRead_AnyOtherAnswerIsOneClearError(t *testing.T) {
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
		{"nothing", reply{status: 200}, " answered HTTP 200 OK: the answer is empty"},
		{"white space", reply{status: 200, body: " \n "}, ": the answer is empty"},
		{"cut off", reply{status: 200, body: granted[:60]}, ": the answer is cut off or damaged: it begins as JSON and cannot be read as such"},
		{"something after it", reply{status: 200, body: granted + granted}, ": the answer is cut off or damaged: it begins as JSON and cannot be read as such"},
		{"null", reply{status: 200, body: "null"}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"a list", reply{status: 200, body: "[" + granted + "]"}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"another object", reply{status: 200, body: `{"access_token":"` + answerText + `"}`}, ": the answer is JSON, but not the platform's: it has no Status"},
		{"a token alone", reply{status: 200, body: answerText}, " answered HTTP 200 OK: answered with something that is not JSON"},
		{"a page", reply{status: 200, body: "<html>" + answerText, header: html}, ": answered with a web page (text/html) instead of JSON"},
		{"a page that says it is not", reply{status: 200, body: "<html>" + answerText}, ": answered with a web page (text/html) instead of JSON"},
		{"a page, forbidden", reply{status: 403, body: "<html>" + answerText, header: html}, " answered HTTP 403 Forbidden: answered with a web page (text/html) instead of JSON"},
		{"plain text", reply{status: 404, body: answerText, header: map[string]string{"Content-Type": "text/plain"}}, " answered HTTP 404 Not Found: answered with text/plain instead of JSON"},
		{"no readable media type", reply{status: 200, body: answerText, header: map[string]string{"Content-Type": ";;"}}, ": answered with something that is not JSON"},
		{"compressed", reply{status: 200, body: "\x1f\x8b" + answerText, header: map[string]string{"Content-Encoding": "gzip"}}, ": the answer is compressed, which was not asked for"},
		{"HTTP status without a name", reply{status: 299, body: `{"Result":null,"Status":299}`}, " answered HTTP 299, Status 299"},
		{"HTTP 401 and another envelope",
			reply{status: 401, body: `{"error":"invalid_token"}`}, " answered HTTP 401 Unauthorized: the answer is JSON, but not the platform's: it has no Status",
		},
		{"Title and messages",
			reply{status: 422, body: `{"Result":null,"Status":422,"Title":"Invalid","Errors":[{"Key":"a","Message":"One."},{"Message":""},{},{"Key":"b","Message":"Two."}]}`},
			` answered HTTP 422 Unprocessable Entity, Status 422, "Invalid"; One; Two`,
		},
		{"Title alone, without Status", reply{status: 401, body: `{"Title":"Sign in"}`}, ` answered HTTP 401 Unauthorized, "Sign in": the answer is JSON, but not the platform's: it has no Status`},
		{"HTTP 200 and Status 401 inside",
			reply{status: 200, body: `{"Result":null,"Status":401,"Title":"Unauthorized","Errors":null}`}, ` answered HTTP 200 OK, Status 401, "Unauthorized"`,
		},
		{"a gateway's own, with a status",
			reply{status: 401, body: `{"timestamp":"2026-06-01","status":401,"error":"Unauthorized","path":"/v1/Auth/Login"}`},
			" answered HTTP 401 Unauthorized: the answer is JSON, but not the platform's: it has nothing else of an envelope than a Status",
		},
		{"codes", reply{status: 401, body: `{"Status":401,"Title":"","Errors":[{"Key":"a","Message":"One.","Code":1002},{"Message":"Two.","Code":0},{"Code":3},{"Message":"Four.","Code":"4"}]}`},
			" answered HTTP 401 Unauthorized, Status 401; One (Code 1002); Two; Four",
		},
		{"entries of other kinds", reply{status: 400, body: `{"Status":400,"Errors":["One.",7,null,{"Message":"Two."},{"Message":3}]}`},
			" answered HTTP 400 Bad Request, Status 400; One; Two",
		},
		{"problem details",
			reply{status: 400, header: map[string]string{"Content-Type": "application/problem+json"},
				body: `{"type":"x","title":"One or more validation errors occurred.","status":400,"traceId":"00","errors":{"password":["The password field is required."],"$.loginFields":["One.","Two."],"":["Three."],"text":"Four.","number":5}}`},
			` answered HTTP 400 Bad Request, Status 400, "One or more validation errors occurred."; Three; $.loginFields: One; $.loginFields: Two; password: The password field is required; text: Four`,
		},
		{"a refusal in lower case",
			reply{status: 403, body: `{"result":null,"status":403,"title":"Forbidden","errors":[{"key":"a","message":"One."}]}`},
			` answered HTTP 403 Forbidden, Status 403, "Forbidden"; One`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := askTransport(t, &test.reply)
			failed := failureOf(t, err)
			if !strings.HasPrefix(err.Error(), "login failed: POST "+platformURL+"/v1/Auth/Login answered HTTP ") || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("error %q\nwant it to end in %q", err, test.want)
			}
			if _, worthIt := failed.Retry(); failed.HTTPStatus != test.reply.status || worthIt {
				t.Errorf("error = %+v, want HTTP %d, for good", failed, test.reply.status)
			}
		})
	}
}

// The words of an answer may repeat the secrets in its Result.
func TestRead_WordsDoNotRepeatTheResult(t *testing.T) {
	words := `,"Status":422,"Title":"No ` + answerText + `","Errors":[{"Message":"Not ` + answerText + `."}]}`
	tests := []struct {
		name   string
		result string
		want   string
	}{
		{"in an object", `{"Instances":[{"Id":1,"Key":"` + answerText + `"}]}`, `Status 422, "No [redacted]"; Not [redacted]`},
		{"in a list", `[null,true,["` + answerText + `"]]`, `Status 422, "No [redacted]"; Not [redacted]`},
		{"a text", `"` + answerText + `"`, `Status 422, "No [redacted]"; Not [redacted]`},
		{"too much to search", `["` + answerText + `","` + strings.Repeat("x", 64<<10) + `"]`, `Status 422`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := askTransport(t, &reply{status: 422, body: `{"Result":` + test.result + words})
			mustFail(t, err)
			if !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("error %q\nwant it to end in %q", err, test.want)
			}
		})
	}
}

// The answer is a success, and of no use.
func TestCheck_AnswerWithoutWhatIsNeededIsAnError(t *testing.T) {
	sent := request(platformURL, password)
	sent.Check = func(answer platform.Answer) string {
		if string(answer.Result) != `{"Token":"`+answerText+`"}` {
			t.Errorf("it is asked of %s", answer.Result)
		}
		return "the answer holds no key"
	}
	answer, err := platform.New(platform.Config{Transport: &reply{status: 200, body: granted}}).Send(t.Context(), sent)
	failed := failureOf(t, err)
	if !strings.HasSuffix(err.Error(), " answered HTTP 200 OK, Status 200: the answer holds no key") || !failed.FromPlatform() || answer.Result != nil {
		t.Errorf("error %q", err)
	}
}

func TestDecode_ReadsTheResult(t *testing.T) {
	type instance struct {
		ID   string `json:"Id"`
		Name *string
		Size int
	}
	name := "Fleet"
	tests := []struct {
		name   string
		result string
		want   instance
		err    string
	}{
		{"an object", `{"Id":"a","Name":"Fleet","Size":3}`, instance{"a", &name, 3}, ""},
		{"in lower case", `{"id":"a","name":"Fleet"}`, instance{"a", &name, 0}, ""},
		{"null and unknown fields", `{"Id":"a","Name":null,"New":[{}]}`, instance{"a", nil, 0}, ""},
		{"null", `null`, instance{}, ""},
		{"a field of another type", `{"Id":"a","Size":"` + answerText + `"}`, instance{}, ", Status 200: the answer's Result cannot be read: Size is of another type than expected"},
		{"another type", `["` + answerText + `"]`, instance{}, ", Status 200: the answer's Result cannot be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer, err := askTransport(t, &reply{status: 200, body: `{"Result":` + test.result + `,"Status":200}`})
			if err != nil {
				t.Fatal(err)
			}
			var got instance
			err = answer.Decode(&got)
			if test.err != "" {
				if mustFail(t, err); !strings.HasSuffix(err.Error(), test.err) {
					t.Errorf("error %q\nwant it to end in %q", err, test.err)
				}
				if syntax := (*json.UnmarshalTypeError)(nil); errors.As(err, &syntax) {
					t.Error("the decoder's error is in the chain, which may quote a secret")
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("read %+v, error %v, want %+v", got, err, test.want)
			}
		})
	}
}
