package platform_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"html"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// everything is a level below all others.
const everything = slog.Level(math.MinInt)

// A person that looks for a fault reads this.
func TestLog_TellsOfEachRequest(t *testing.T) {
	tests := []struct {
		name  string
		fault emulator.Fault
		want  []string
	}{
		{"an answer", emulator.Delay(0), []string{"status=200 | "}},
		{"refused", emulator.Status(401), []string{"status=401 error=refused | "}},
		{"blocked", emulator.StatusWithRetryAfter(429, "3600"), []string{"status=429 error=blocked | "}},
		{"failed once", emulator.InnerStatus(500), []string{`status=200 error="failure of the platform"`, "status=200 | "}},
		{"reset once", emulator.ConnectionReset(), []string{`status=0 error="no answer"`, "status=200 | "}},
		{"hung once", emulator.Hang(), []string{"duration=30s status=0 error=timeout", "status=200 | "}},
		{"of no use", emulator.NullResult(), []string{`status=200 error="no usable answer"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logs bytes.Buffer
				p := newPlatform()
				p.Inject(emulator.Login, test.fault)
				c := platform.New(platform.Config{
					Transport: platformInMemory(t, p), RequestTimeout: 30 * time.Second,
					Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: everything})),
				})
				sent := request(platformURL, password)
				sent.Check = func(answer platform.Answer) string {
					if answer.Result == nil {
						return "the answer holds no Result"
					}
					return ""
				}
				if _, err := c.Send(t.Context(), sent); err != nil {
					_, _ = c.Send(t.Context(), sent)
				}
				lines := strings.ReplaceAll(logs.String(), "\n", " | ")
				contains(t, lines, append(test.want, `level=DEBUG msg="request to the platform" method=POST url=`+platformURL+`/v1/Auth/Login duration=`)...)
			})
		})
	}
}

func TestLog_TellsOfACancelledRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		p := newPlatform()
		p.Inject(emulator.Login, emulator.Hang())
		c := platform.New(platform.Config{
			Transport: platformInMemory(t, p), Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: everything})),
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := c.Send(ctx, request(platformURL, password))
		mustFail(t, err)
		contains(t, logs.String(), "status=0 error=cancelled")
	})
}

// refusalOf answers 400 with words: the first is the title, too.
func refusalOf(words ...string) *reply {
	type entry struct{ Key, Message string }
	answer := struct {
		Status int
		Title  string
		Errors []entry
	}{Status: http.StatusBadRequest, Title: words[0]}
	for _, each := range words {
		answer.Errors = append(answer.Errors, entry{Message: each})
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return &reply{status: http.StatusBadRequest, body: string(body)}
}

// The secret is written in all the ways in which a server may write it.
func TestWords_SecretsAreTakenOut(t *testing.T) {
	secrets := []struct {
		name string
		text string
	}{
		{"plain", "correct-horse-battery-staple"},
		{"short", "pw1"},
		{"quotes", `ab"cd<ef>&'g"`},
		{"url", "a/b+c d%e?f=g&h"},
		{"non-ASCII", "pässwört-€-ßecret"},
		{"at the end", `slash\`},
	}
	forms := []struct {
		name  string
		write func(string) string
	}{
		{"as it is", func(s string) string { return s }},
		{"upper case", upperASCII},
		{"JSON", func(s string) string { return quotedJSON(s, false) }},
		{"JSON for HTML", func(s string) string { return quotedJSON(s, true) }},
		{"HTML", html.EscapeString},
		{"query", url.QueryEscape},
		{"path", url.PathEscape},
		{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
		{"base64 of URLs", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }},
		{"with a control", func(s string) string { return s[:1] + "\x00\x1b" + s[1:] }},
		{"with a zero mark", func(s string) string { return s[:1] + "\u200b" + s[1:] }},
	}
	for _, kind := range secrets {
		for _, form := range forms {
			t.Run(kind.name+" "+form.name, func(t *testing.T) {
				written := form.write(kind.text)
				r := refusalOf("wrong: "+written+"!", "<"+written+written+">")
				_, err := platform.New(platform.Config{Transport: r}).Send(t.Context(), request(platformURL, kind.text))
				mustFail(t, err)
				mustHide(t, err.Error(), kind.text, written)
				contains(t, err.Error(), `"wrong: [redacted]`, `!"`, "; <[redacted]")
			})
		}
	}
}

// quotedJSON is a text as JSON writes it, without the quotes around it.
func quotedJSON(text string, forHTML bool) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(forHTML)
	if err := encoder.Encode(text); err != nil {
		panic(err)
	}
	quoted := strings.TrimSpace(b.String())
	return quoted[1 : len(quoted)-1]
}

func upperASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return unicode.ToUpper(r)
		}
		return r
	}, text)
}

func TestWords_AreCutAndCleaned(t *testing.T) {
	long := strings.Repeat("word ", 100)
	tests := []struct {
		name        string
		words, want string
	}{
		{"as they are", "Too many requests. Try again later!", "Too many requests. Try again later!"},
		{"letters of all kinds", "Ungültig: 無効 €", "Ungültig: 無効 €"},
		{"lines", "one\r\ntwo\tthree", "one  two three"},
		{"what a terminal obeys", "\x1b[31mred\x1b[0m\a\x7f\u202e\u0085x", "[31mred[0mx"},
		{"spaces around", "  spaced  ", "spaced"},
		{"a part of a secret", "it begins with P@ssw0rd-of-t and so on", "it begins with [redacted] and so on"},
		{"too short a part", "it begins with P@ssw0rd-of", "it begins with P@ssw0rd-of"},
		{"some other token", "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJl is wrong", "token [redacted] is wrong"},
		{"a token cut short", "token eyJhbGciOiJIUzI1NiJ9.eyJz", "token [redacted]"},
		{"the claims of a token", "ab.eyJzdWIiOiJzb21lYm9keSJ9 is wrong", "ab.[redacted] is wrong"},
		{"long", long, strings.TrimSpace(long[:300]) + " …"},
		{"very long", strings.Repeat("x", 10<<10), strings.Repeat("x", 300) + "…"},
		{"a secret far behind", strings.Repeat("x", 290) + password, strings.Repeat("x", 290) + "[redacted]…"},
		{"many secrets", strings.Repeat(password+" ", 200), strings.TrimSpace(strings.Repeat("[redacted] ", 28)) + "…"},
		{"cut within a letter", strings.Repeat("€", 4<<10), strings.Repeat("€", 300) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := askTransport(t, refusalOf("Title", test.words))
			failed := failureOf(t, err)
			if len(failed.Messages) != 2 || failed.Messages[1] != test.want {
				t.Errorf("messages %q\nwant %q", failed.Messages, test.want)
			}
		})
	}
}

// A secret that does not print must not make every word one.
func TestWords_SecretOfBlanksTakesNothingOut(t *testing.T) {
	_, err := platform.New(platform.Config{Transport: refusalOf("Wrong")}).Send(t.Context(), request(platformURL, "\x00"))
	mustFail(t, err)
	contains(t, err.Error(), `"Wrong"; Wrong`)
}

func TestWords_ManyMessagesAreCut(t *testing.T) {
	words := make([]string, 1000)
	for i := range words {
		words[i] = "again"
	}
	words[3] = "\x1b" // nothing is left of it
	_, err := askTransport(t, refusalOf(words...))
	failed := failureOf(t, err)
	if len(failed.Messages) != 21 || failed.Messages[20] != "and more" || failed.Messages[3] != "again" {
		t.Errorf("%d messages: %q", len(failed.Messages), failed.Messages)
	}
}

// The keys tell refusals apart.
func TestWords_KeysOfErrorsAreTold(t *testing.T) {
	r := &reply{status: 422, body: `{"Result":null,"Status":422,"Title":"","Errors":[{"Key":"AppToken","Message":"Users exist for this application."},{"Message":"Two."},{"Key":"` + password + `","Message":"Three."}]}`}
	_, err := askTransport(t, r)
	if got := strings.Join(failureOf(t, err).Keys, ","); got != "AppToken,[redacted]" {
		t.Errorf("the keys are %s", got)
	}
}

// A server chooses it as freely as its words.
func TestWords_MediaTypeIsShownSafely(t *testing.T) {
	const key = "5ec2e7ab-0000-4000-8000-00000000c0de"
	r := &reply{status: 400, body: "?", header: map[string]string{"Content-Type": "text/" + key}}
	_, err := platform.New(platform.Config{Transport: r}).Send(t.Context(), request(platformURL, key))
	mustFail(t, err, key)
	contains(t, err.Error(), "answered with text/[redacted] instead of JSON")
}
