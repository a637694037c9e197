package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

const text = "P@ssw0rd-that-must-not-show"

// holder keeps a secret where fmt cannot call its methods.
type holder struct {
	hidden secret.String
	Shown  secret.String
}

func TestString_NeverPrintsItsText(t *testing.T) {
	s := secret.New(text)
	h := holder{hidden: s, Shown: s}

	type printing struct{ name, got string }
	printed := []printing{
		{"String", s.String()},
		{"GoString", s.GoString()},
		{"Sprint", fmt.Sprint(s)},
		{"error", fmt.Errorf("wrapped: %w (%v)", fmt.Errorf("inner %s", s), s).Error()},
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%10s", "%.3s"} {
		printed = append(printed, []printing{
			{verb, fmt.Sprintf(verb, s)},
			{verb + " of a pointer", fmt.Sprintf(verb, &s)},
			{verb + " of a holder", fmt.Sprintf(verb, h)},
			{verb + " of a pointer to a holder", fmt.Sprintf(verb, &h)},
			{verb + " of a slice", fmt.Sprintf(verb, []secret.String{s})},
			{verb + " of a map", fmt.Sprintf(verb, map[string]secret.String{"k": s})},
		}...)
	}

	inJSON, err := json.Marshal(map[string]any{"s": s, "p": &s, "h": h, "m": map[string]secret.String{"k": s}})
	if err != nil {
		t.Fatal(err)
	}
	printed = append(printed, printing{"JSON", string(inJSON)})
	inXML, err := xml.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	printed = append(printed, printing{"XML", string(inXML)})

	var logs bytes.Buffer
	slog.New(slog.NewJSONHandler(&logs, nil)).Info("json", "s", s, "h", h)
	slog.New(slog.NewTextHandler(&logs, nil)).Info("text", "s", s, "h", h, "p", &s)
	printed = append(printed, printing{"slog", logs.String()})

	hexText := fmt.Sprintf("%x", text)
	for _, p := range printed {
		if strings.Contains(p.got, text) || strings.Contains(strings.ToLower(p.got), hexText) || strings.Contains(p.got, text[:3]) {
			t.Errorf("%s shows the secret: %s", p.name, p.got)
		}
	}
	if got := fmt.Sprintf("%#v", s); got != "[redacted]" {
		t.Errorf("%%#v = %q, want [redacted]", got)
	}
	if !strings.Contains(string(inJSON), `"s":"[redacted]"`) {
		t.Errorf("JSON = %s, want [redacted] in place of the text", inJSON)
	}
}

func TestReveal_ReturnsTheText(t *testing.T) {
	for _, want := range []string{"", "x", text} {
		s := secret.New(want)
		if got := s.Reveal(); got != want {
			t.Errorf("Reveal = %q, want %q", got, want)
		}
		if got := s.IsEmpty(); got != (want == "") {
			t.Errorf("IsEmpty(%q) = %v", want, got)
		}
	}
	if (secret.String{}) != secret.New("") {
		t.Error("the zero value is not the empty secret")
	}
}

func TestEqual_ComparesTexts(t *testing.T) {
	a, again, b := secret.New("a"), secret.New("a"), secret.New("b")
	if !a.Equal(again) || a.Equal(b) || a.Equal(secret.String{}) || !(secret.String{}).Equal(secret.New("")) {
		t.Error("Equal does not compare the texts")
	}
}
