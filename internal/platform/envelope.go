package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// An Answer is one that the platform gave in its envelope, and that is a
// success: HTTP 200 and Status 200 (PLATFORM-API.md §4).
type Answer struct {
	// Result is what the envelope holds, as JSON; nil when it is null or not
	// there, which some services answer for what does not exist
	// (PLATFORM-API.md §8).
	Result json.RawMessage
	// Header is the answer's.
	Header http.Header
	// Sent and Answered are when the request left and the headers came, by
	// the local clock.
	Sent, Answered time.Time

	report *RequestError
}

// Decode reads Result into what result points at, and leaves that as it is when
// there is no Result. Keys are matched without regard to case; those that are not
// known are left out. The error, for a Result of another shape, is a
// [*RequestError] that quotes none of it.
func (a Answer) Decode(result any) error {
	if a.Result == nil {
		return nil
	}
	err := json.Unmarshal(a.Result, result)
	if err == nil {
		return nil
	}
	reason := "the answer's Result cannot be read"
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) && mistyped.Field != "" {
		reason += ": " + mistyped.Field + " is of another type than expected"
	}
	report := *a.report
	return report.because(Unusable, reason)
}

// envelope is what every answer of the platform comes in (PLATFORM-API.md §4).
// Some services write its keys in lower case (PLATFORM-API.md §8.1), which is the
// same to the decoder. Errors is a list of entries; where ASP.NET could not bind a
// body, it is an object of lists of messages.
type envelope struct {
	Result json.RawMessage
	Status int
	Title  *string
	Errors json.RawMessage
}

// isNone reports that there is nothing of an envelope but a Status, which a
// gateway's own JSON has, too.
func (e *envelope) isNone() bool { return e.Result == nil && e.Title == nil && e.Errors == nil }

// JSON writes a body without the escapes that JSON in HTML needs.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// read makes an answer of what was received, or says in report why it is none.
// The media type is no part of the rule of success.
func read(body []byte, answer Answer, report *RequestError, clean sanitiser) (Answer, *RequestError) {
	var e envelope
	err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &e)
	var mistyped *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &mistyped) {
		// The decoder's error quotes what it could not read.
		return Answer{}, report.because(Foreign, unreadable(body, answer.Header, clean))
	}
	// A field of another type than the contract's is as good as not there;
	// the others were read, and may say what is wrong.
	if string(e.Result) != "null" {
		answer.Result = e.Result
	}
	isSuccess := report.HTTPStatus == http.StatusOK && e.Status == http.StatusOK
	if !isSuccess && e.isNone() {
		return Answer{}, report.because(Foreign, notTheEnvelope(e.Status))
	}
	report.Status = e.Status
	if texts, ok := textsIn(answer.Result); ok {
		clean = clean.and(texts...)
		if e.Title != nil {
			report.Title = clean.words(*e.Title)
		}
		report.Messages, report.Keys = e.messages(clean)
	}
	switch {
	case !isSuccess && e.Status == 0:
		return Answer{}, report.because(Foreign, notTheEnvelope(0))
	case !isSuccess:
		return Answer{}, report
	}
	answer.report = report
	return answer, nil
}

// notTheEnvelope says that an answer is somebody else's JSON.
func notTheEnvelope(status int) string {
	if status != 0 {
		return "the answer is JSON, but not the platform's: it has nothing else of an envelope than a Status"
	}
	return "the answer is JSON, but not the platform's: it has no Status"
}

// maxSearched is how much of a Result is searched for texts, in bytes.
const maxSearched = 64 << 10

// textsIn returns all texts in a Result, at any depth. The platform's words
// beside it may repeat what is secret in it, and which of them are is not known
// here. It is not ok when there is too much to search: then the words are not
// shown.
func textsIn(result json.RawMessage) (texts []secret.String, ok bool) {
	if len(result) > maxSearched {
		return nil, false
	}
	var value any
	_ = json.Unmarshal(result, &value) // nil stays nil; the rest was read before
	var search func(any)
	search = func(value any) {
		switch value := value.(type) {
		case string:
			texts = append(texts, secret.New(value))
		case []any:
			for _, each := range value {
				search(each)
			}
		case map[string]any:
			for _, each := range value {
				search(each)
			}
		}
	}
	search(value)
	return texts, true
}

// maxMessages is how many messages are shown. A real answer has one or two.
const maxMessages = 20

// messages returns the words of Errors, and its keys, made safe to print.
func (e *envelope) messages(clean sanitiser) (messages, keys []string) {
	for _, each := range e.entries() {
		if each.Message == "" {
			continue
		}
		if len(messages) == maxMessages {
			return append(messages, "and more"), keys
		}
		words := clean.words(each.Message)
		if words == "" {
			continue
		}
		if each.Code != 0 {
			words = strings.TrimSuffix(words, ".") + " (Code " + strconv.Itoa(each.Code) + ")"
		}
		messages = append(messages, words)
		if key := clean.words(each.Key); key != "" {
			keys = append(keys, key)
		}
	}
	return messages, keys
}

// entry is one of Errors.
type entry struct {
	Key, Message string
	Code         int
}

// entries reads Errors in either of its forms. What has another is left out.
func (e *envelope) entries() []entry {
	var raw []json.RawMessage
	if json.Unmarshal(e.Errors, &raw) == nil {
		entries := make([]entry, 0, len(raw))
		for _, each := range raw {
			var read entry
			if json.Unmarshal(each, &read) != nil {
				_ = json.Unmarshal(each, &read.Message)
			}
			entries = append(entries, read)
		}
		return entries
	}
	var byField map[string]json.RawMessage
	_ = json.Unmarshal(e.Errors, &byField)
	var entries []entry
	for _, field := range slices.Sorted(maps.Keys(byField)) {
		var words []string
		if json.Unmarshal(byField[field], &words) != nil {
			words = make([]string, 1)
			_ = json.Unmarshal(byField[field], &words[0])
		}
		for _, each := range words {
			if field != "" && each != "" {
				each = field + ": " + each
			}
			entries = append(entries, entry{Key: field, Message: each})
		}
	}
	return entries
}

// emptyAnswer is the reason of an answer without a body.
const emptyAnswer = "the answer is empty"

// unreadable says what came instead of JSON, without quoting any of it.
func unreadable(body []byte, header http.Header, clean sanitiser) string {
	body = bytes.TrimSpace(body)
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	isJSON := strings.HasSuffix(mediaType, "json")
	switch {
	case len(body) == 0:
		return emptyAnswer
	case header.Get("Content-Encoding") != "":
		return "the answer is compressed, which was not asked for"
	case bytes.HasPrefix(body, []byte("{")):
		return "the answer is cut off or damaged: it begins as JSON and cannot be read as such"
	case mediaType == "text/html" || bytes.HasPrefix(body, []byte("<")):
		return "answered with a web page (text/html) instead of JSON"
	case err != nil || isJSON:
		return "answered with something that is not JSON"
	default:
		return fmt.Sprintf("answered with %s instead of JSON", clean.words(mediaType))
	}
}
