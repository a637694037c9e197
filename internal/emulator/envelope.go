package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// reply is an answer that is about to be sent.
type reply struct {
	httpStatus  int
	contentType string
	retryAfter  string
	body        envelope
}

// envelope is what every answer comes in (PLATFORM-API.md §4).
type envelope struct {
	Result any     `json:"Result"`
	Status int     `json:"Status"`
	Title  string  `json:"Title"`
	Errors []entry `json:"Errors"`
}

type entry struct {
	Key     string `json:"Key"`
	Message string `json:"Message"`
}

// tokens is the Result of a login and of a refresh.
type tokens struct {
	DeviceToken  *string     `json:"DeviceToken"`
	AccessToken  accessToken `json:"AccessToken"`
	RefreshToken string      `json:"RefreshToken"`
}

type accessToken struct {
	Token     string `json:"Token"`
	ExpiresIn int64  `json:"ExpiresIn"`
}

// granted is the answer to a request that succeeded.
func granted(result any) reply {
	return reply{httpStatus: http.StatusOK, body: envelope{Result: result, Status: http.StatusOK, Errors: []entry{}}}
}

// refusal is the answer to one that did not: a title, and what is wrong with
// which field.
func refusal(status int, title, key, message string) reply {
	return reply{httpStatus: status, body: envelope{Status: status, Title: title, Errors: []entry{{key, message}}}}
}

// write sends a reply as it is.
func (p *Platform) write(w http.ResponseWriter, r reply) {
	body, err := json.Marshal(r.body)
	if err != nil {
		panic(err) // a Result of ours is always JSON
	}
	p.writeBody(w, r, body)
}

// writeBody sends a reply with another body.
func (p *Platform) writeBody(w http.ResponseWriter, r reply, body []byte) {
	p.writeHeader(w, r, len(body))
	_, _ = w.Write(body)
}

func (p *Platform) writeHeader(w http.ResponseWriter, r reply, length int) {
	header := w.Header()
	header.Set("Date", p.Now().UTC().Format(http.TimeFormat))
	header.Set("Content-Type", "application/json; charset=utf-8")
	if r.contentType != "" {
		header.Set("Content-Type", r.contentType)
	}
	if r.retryAfter != "" {
		header.Set("Retry-After", r.retryAfter)
	}
	if length >= 0 {
		header.Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(r.httpStatus)
}
