package platform

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

const (
	// maxWords is how many characters of somebody else's words are shown.
	maxWords = 300
	// maxExamined is how many bytes of them are looked at, which leaves room
	// for long secrets to be taken out.
	maxExamined = 8 << 10
	// telling is the length in bytes from which a part of a secret is taken
	// out as well. Shorter parts occur by chance.
	telling = 12
)

// tokenShape is what a JSON Web Token looks like, also one that was cut short.
var tokenShape = regexp.MustCompile(`eyJ[\w-]{8,}[\w.=-]*|e[wy][\w-]{8,}\.[\w-]{8,}[\w.=-]*`)

// A sanitiser makes the words of the platform, or of whatever answers in its
// place, safe to print: no secret that was sent or received, also in part or
// in a usual encoding, nothing of the shape of a token, nothing that a
// terminal obeys, and not too long. A service that repeats what it was sent
// must not make the provider show it.
type sanitiser struct {
	secrets []string // as they would look in the folded words
}

func newSanitiser(secrets ...secret.String) sanitiser { return sanitiser{}.and(secrets...) }

// and returns a sanitiser that knows more secrets.
func (s sanitiser) and(secrets ...secret.String) sanitiser {
	known := s.secrets[:len(s.secrets):len(s.secrets)]
	for _, each := range secrets {
		if each.IsEmpty() {
			continue
		}
		text := strings.ToValidUTF8(each.Reveal(), "\ufffd")
		forms := []string{
			text, url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text),
			base64.RawStdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
		}
		// JSON has two usual ways to write some characters: as [JSON] does,
		// and with the escapes that JSON in HTML needs.
		if quoted, err := JSON(text); err == nil {
			forms = append(forms, string(quoted[1:len(quoted)-1]))
		}
		if quoted, err := json.Marshal(text); err == nil {
			forms = append(forms, string(quoted[1:len(quoted)-1]))
		}
		for i, form := range forms {
			if i == 0 || form != text {
				known = append(known, fold(printable(form)))
			}
		}
	}
	return sanitiser{known}
}

// words returns what of the words may be shown.
func (s sanitiser) words(words string) string {
	// What is not printed goes first: a secret with a control character in
	// it would not be found, and be whole again without it.
	text := printable(words)
	if text == "" {
		return ""
	}
	whole := len(text) <= maxExamined
	if !whole {
		text = strings.ToValidUTF8(text[:maxExamined], "")
	}
	hidden := make([]bool, len(text))
	folded := fold(text)
	for _, each := range s.secrets {
		hide(hidden, folded, each)
	}
	for _, at := range tokenShape.FindAllStringIndex(text, -1) {
		cover(hidden, at[0], at[1])
	}
	return strings.TrimSpace(show(text, hidden, whole))
}

// hide covers those parts of text that are a telling part of a secret. It
// takes time in proportion to the lengths of both, whatever they hold.
func hide(hidden []bool, text, known string) {
	size := min(telling, len(known))
	if size == 0 {
		return
	}
	found := make(map[string]bool)
	for i := range len(text) - size + 1 {
		found[text[i:i+size]] = false
	}
	for i := range len(known) - size + 1 {
		if _, ok := found[known[i:i+size]]; ok {
			found[known[i:i+size]] = true
		}
	}
	for i := range len(text) - size + 1 {
		if found[text[i:i+size]] {
			cover(hidden, i, i+size)
		}
	}
}

func cover(hidden []bool, from, to int) {
	for i := from; i < to; i++ {
		hidden[i] = true
	}
}

// show writes text with a mark in place of each part that is hidden.
func show(text string, hidden []bool, whole bool) string {
	var b strings.Builder
	count, inside := 0, false
	for i, r := range text {
		if count >= maxWords {
			whole = false
			break
		}
		covered := false
		for _, h := range hidden[i : i+utf8.RuneLen(r)] {
			covered = covered || h
		}
		switch {
		case !covered:
			b.WriteRune(r)
			count++
		case !inside:
			mark := secret.String{}.String()
			b.WriteString(mark)
			count += len(mark)
		}
		inside = covered
	}
	if !whole {
		b.WriteString("…")
	}
	return b.String()
}

// printable drops what a terminal might obey.
func printable(words string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(words, "\ufffd"))
}

// fold makes letters small where that does not change the length.
func fold(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
