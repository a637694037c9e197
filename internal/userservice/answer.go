package userservice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// envelope is what every answer of the platform comes in (PLATFORM-API.md §4).
type envelope struct {
	Result *struct {
		DeviceToken *string
		AccessToken *struct {
			Token     string
			ExpiresIn json.RawMessage
		}
		RefreshToken string
	}
	Status int
	Title  string
	Errors []struct {
		Message string
	}
}

// encode writes a body without the escapes that JSON in HTML needs.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// read makes an answer of what was received, or says in report why it is none.
// The rule of success is PLATFORM-API.md §4: HTTP 200, Status 200, and two
// tokens. The media type is no part of it.
func (got received) read(report *Error, clean sanitiser) (session.Answer, *Error) {
	var e envelope
	err := json.Unmarshal(bytes.TrimPrefix(got.body, []byte("\ufeff")), &e)
	var mistyped *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &mistyped) {
		// The decoder's error quotes what it could not read.
		return session.Answer{}, report.because(got.unreadable(clean))
	}
	// A field of another type than the contract's is as good as not there;
	// the others were read, and may say what is wrong.
	access, refresh, device := e.tokens()
	clean = clean.and(access, refresh, device)
	report.Status, report.Title, report.Messages = e.Status, clean.words(e.Title), e.messages(clean)

	switch {
	case report.HTTPStatus != http.StatusOK || e.Status != http.StatusOK:
		if e.Status == 0 && report.Title == "" && len(report.Messages) == 0 {
			return session.Answer{}, report.because("the answer is JSON, but not the platform's: it has no Status")
		}
		return session.Answer{}, report
	case e.Result == nil:
		return session.Answer{}, report.because("the answer holds no Result")
	case access.IsEmpty():
		return session.Answer{}, report.because("the answer holds no access token")
	case refresh.IsEmpty():
		return session.Answer{}, report.because("the answer holds no refresh token")
	case !fitsHeader(access.Reveal()):
		return session.Answer{}, report.because("the answer's access token holds characters that no token has")
	}

	issued, expires := times(access.Reveal(), e.Result.AccessToken.ExpiresIn, got.answered)
	return session.Answer{
		Session: session.Session{
			AccessToken: access, RefreshToken: refresh, DeviceToken: device, IssuedAt: issued, ExpiresAt: expires,
			Owner: Owner(access, device),
		},
		ClockSkew: skew(got, access.Reveal()),
	}, nil
}

// tokens returns what the Result holds, empty where it does not.
func (e *envelope) tokens() (access, refresh, device secret.String) {
	if e.Result == nil {
		return access, refresh, device
	}
	if e.Result.AccessToken != nil {
		access = secret.New(e.Result.AccessToken.Token)
	}
	if e.Result.DeviceToken != nil {
		device = secret.New(*e.Result.DeviceToken)
	}
	return access, secret.New(e.Result.RefreshToken), device
}

// maxMessages is how many messages are shown. A real answer has one or two.
const maxMessages = 20

// messages returns the words of Errors, made safe to print.
func (e *envelope) messages(clean sanitiser) []string {
	var messages []string
	for _, each := range e.Errors {
		if each.Message == "" {
			continue
		}
		if len(messages) == maxMessages {
			return append(messages, "and more")
		}
		if words := clean.words(each.Message); words != "" {
			messages = append(messages, words)
		}
	}
	return messages
}

// fitsHeader reports whether a token can be sent as Authorization: Bearer.
func fitsHeader(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// emptyAnswer is the reason of an answer without a body.
const emptyAnswer = "the answer is empty"

// unreadable says what came instead of JSON, without quoting any of it.
func (got received) unreadable(clean sanitiser) string {
	body := bytes.TrimSpace(got.body)
	mediaType, _, err := mime.ParseMediaType(got.response.Header.Get("Content-Type"))
	isJSON := strings.HasSuffix(mediaType, "json")
	switch {
	case len(body) == 0:
		return emptyAnswer
	case got.response.Header.Get("Content-Encoding") != "":
		return "the answer is compressed, which was not asked for"
	case bytes.HasPrefix(body, []byte("{")):
		return "the answer is cut off or damaged: it begins as JSON and cannot be read as such"
	case mediaType == "text/html" || bytes.HasPrefix(body, []byte("<")):
		return "answered with a web page (text/html) instead of JSON: a proxy, a sign-in page or another site is in the way"
	case err != nil || isJSON:
		return "answered with something that is not JSON"
	default:
		return fmt.Sprintf("answered with %s instead of JSON", clean.words(mediaType))
	}
}

// untold is the life of a token that does not tell its own: the shortest that
// the platform's documents know (PLATFORM-API.md §5).
const untold = 2 * time.Hour

// times returns when a token was issued and when it ends. The token is trusted
// first; where it is silent, it ends the sooner of ExpiresIn seconds and two
// hours from the answer (PLATFORM-API.md §5).
func times(token string, expiresIn json.RawMessage, answered time.Time) (issued, expires time.Time) {
	answered = answered.UTC().Round(0) // without the monotonic clock, as it is kept
	issued, expires = jwt.Times(token)
	if issued.IsZero() {
		issued = answered
	}
	if expires.IsZero() {
		expires = answered.Add(min(untold, lifetime(expiresIn)))
	}
	return issued, expires
}

// lifetime reads ExpiresIn, which should be a number of seconds and may come
// as a string. What cannot be read says nothing, and counts as [untold]; what
// is zero or less is over at once.
func lifetime(raw json.RawMessage) time.Duration {
	text := string(raw)
	if unquoted := ""; json.Unmarshal(raw, &unquoted) == nil && text != "null" {
		text = strings.TrimSpace(unquoted)
	}
	seconds, err := strconv.ParseFloat(text, 64)
	switch {
	case math.IsInf(seconds, -1):
		return 0
	case err != nil, math.IsNaN(seconds), seconds > untold.Seconds():
		return untold
	default:
		return time.Duration(max(0, seconds) * float64(time.Second))
	}
}

// skew returns how far the platform's clock is ahead of the local one. Its
// time is compared with the middle of the request; the difference says nothing
// when half of the request's time, or the second to which the platform's time
// is given, may be all of it.
func skew(got received, token string) time.Duration {
	theirs, err := http.ParseTime(got.response.Header.Get("Date"))
	if err != nil {
		if theirs, _ = jwt.Times(token); theirs.IsZero() {
			return 0
		}
	}
	took := max(0, got.answered.Sub(got.sent))
	ahead := theirs.Sub(got.sent.Add(took / 2))
	if noise := took/2 + 2*time.Second; ahead.Abs() <= noise {
		return 0
	}
	return ahead.Round(time.Second)
}
