package userservice_test

import (
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// The benchmarks have an answer at once: what is measured is what the client
// itself takes.

func BenchmarkLogin(b *testing.B) {
	c := newClient(&reply{status: 200, body: grant(tokenFor(here, 24*time.Hour), `,"ExpiresIn":86400`)}, userservice.Config{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := login(b.Context(), c, admin()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	c := newClient(&reply{status: 200, body: grant(tokenFor(here, 24*time.Hour), `,"ExpiresIn":86400`)}, userservice.Config{})
	stale := session.Session{AccessToken: secret.New(tokenFor(here, 24*time.Hour)), RefreshToken: secret.New(refreshText)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := refresh(b.Context(), c, stale); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefusal has words to make safe, at their longest.
func BenchmarkRefusal(b *testing.B) {
	words := make([]string, 20)
	for i := range words {
		words[i] = "It begins with " + password + " and goes on, and on, and on."
	}
	c := newClient(refusalOf(words...), userservice.Config{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := login(b.Context(), c, admin()); err == nil {
			b.Fatal("no error")
		}
	}
}
