package sealed_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

var admin = session.Account{
	Identity: session.Identity{
		UserServiceURL: "https://user.platform.example",
		Kind:           session.Admin,
		Login:          "operator@fleet.example",
	},
	Password: secret.New("Pa55word-from-DataHub"),
}

var stored = session.Session{
	AccessToken:  secret.New("eyJhbGciOi.access-token-claims.signature"),
	RefreshToken: secret.New("refresh-token-1234567890"),
	DeviceToken:  secret.New("9c5b94b1-35ad-49bb-b118-8e8fc24abf80"),
	IssuedAt:     time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC),
	ExpiresAt:    time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	Version:      42,
}

var salt = []byte("0123456789abcdef")

func seal(t testing.TB, box *sealed.Box, account session.Account, s session.Session) []byte {
	t.Helper()
	text, err := box.Seal(s, account, salt)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// wantUnusable checks that a text holds nothing for the account, and why.
func wantUnusable(t *testing.T, box *sealed.Box, text []byte, account session.Account, reason string) {
	t.Helper()
	got, err := box.Open(text, account)
	var unusable *sealed.UnusableError
	if !got.IsZero() || !errors.Is(err, session.ErrNoSession) || !errors.As(err, &unusable) || !strings.Contains(unusable.Reason, reason) {
		t.Errorf("Open = %+v, %v, want the zero session and ErrNoSession with %q", got, err, reason)
	}
}

// formatOne is stored, sealed for admin by the first version of the provider:
// the format does not change without its number.
const formatOne = "" +
	"VExNVFNFU1MBMDEyMzQ1Njc4OWFiY2RlZpNrBauCVRSuFzTMDb88wxKtZt4DFk/1Ffb2/6q4A7q4mUghE54ZMbo2ZIDBBTHXuSzc0B3YxgwpEn2i" +
	"Oe7m2HKUQq7c0APwfW/LOipHj8PYxPQEdiBYJER22jJfxjOTr/MMQMmvSIxgZ9HteBXQMhd9lOy0BZSTtkLHNfpTOrI3B+Xmlnpfq/gu5Db47ZjW" +
	"SQiwyw9EPIBPtQTJO/XLPaDhOxiPpaRVlrN9oPz6Iw9JEEnJW/aD/e8oO1xlbIC4/RSYQK9sItH6k54GCbyHLsOfXxPICMYx8FxHSqSMaJh2li8C" +
	"jrusqj9hQCFmF6X5/z13lMH9MI1VdCWv69Vruk0bC7gFtKjphnT63UJ5JfwuFqcYJGW8XEI="

func TestOpen_OpensWhatAnyProcessSealed(t *testing.T) {
	old, err := base64.StdEncoding.DecodeString(formatOne)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		text []byte
	}{
		{"by another process", seal(t, new(sealed.Box), admin, stored)},
		{"by the first version", old},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := new(sealed.Box).Open(test.text, admin)
			if err != nil {
				t.Fatal(err)
			}
			if !got.AccessToken.Equal(stored.AccessToken) || !got.RefreshToken.Equal(stored.RefreshToken) || !got.DeviceToken.Equal(stored.DeviceToken) ||
				!got.IssuedAt.Equal(stored.IssuedAt) || !got.ExpiresAt.Equal(stored.ExpiresAt) || got.Version != stored.Version {
				t.Errorf("Open = %+v, want %+v", got, stored)
			}
		})
	}
}

func TestOpen_ForAnotherAccountFails(t *testing.T) {
	var box sealed.Box
	text := seal(t, &box, admin, stored)
	changed := admin
	changed.Password = secret.New("changed")
	wantUnusable(t, &box, text, changed, "another password")
	another := admin
	another.Login = "another@fleet.example"
	wantUnusable(t, &box, text, another, "damaged")
	without := admin
	without.Password = secret.String{}
	wantUnusable(t, &box, text, without, "no password")
	if _, err := box.Seal(stored, without, salt); !errors.Is(err, sealed.ErrNoPassword) {
		t.Errorf("Seal without a password = %v, want ErrNoPassword", err)
	}
	if _, err := box.Seal(stored, admin, salt[1:]); err == nil {
		t.Error("Seal takes a salt that is too short")
	}
	wantUnusable(t, &box, seal(t, &box, admin, session.Session{}), admin, "other than a session")
}

func TestSeal_UsesANonceOnce(t *testing.T) {
	var (
		box  sealed.Box
		seen [][]byte
	)
	for range 3 {
		nonce := seal(t, &box, admin, stored)[25:49]
		if slices.ContainsFunc(seen, func(old []byte) bool { return bytes.Equal(old, nonce) }) {
			t.Error("a nonce was used twice")
		}
		seen = append(seen, nonce)
	}
}

// Each bit of a text is altered, and the text is cut after each byte.
func TestOpen_RefusesAlteredText(t *testing.T) {
	var box sealed.Box
	sealed.DeriveCheaply(&box)
	whole := seal(t, &box, admin, stored)
	for at := range whole {
		for bit := range 8 {
			text := slices.Clone(whole)
			text[at] ^= 1 << bit
			got, err := box.Open(text, admin)
			newer := at == len("TLMTSESS") && errors.Is(err, session.ErrNewerFormat)
			if !newer && !errors.Is(err, session.ErrNoSession) || !got.IsZero() {
				t.Errorf("with bit %d of byte %d altered: %+v, %v, want ErrNoSession", bit, at, got, err)
			}
		}
	}
	for size := range whole {
		if got, err := box.Open(whole[:size], admin); !errors.Is(err, session.ErrNoSession) || !got.IsZero() {
			t.Errorf("cut to %d bytes: %+v, %v, want ErrNoSession", size, got, err)
		}
	}
	if _, err := box.Open(whole, admin); err != nil {
		t.Errorf("what was not altered: %v", err)
	}
}

// FuzzOpen looks for texts that make Open panic, or that it takes for a
// session though they were not sealed.
func FuzzOpen(f *testing.F) {
	var box sealed.Box
	sealed.DeriveCheaply(&box)
	// The fuzzer runs in several processes, and what one has sealed is not to
	// open in another.
	account := admin
	account.Password = secret.New(rand.Text())
	whole := seal(f, &box, account, stored)
	f.Add(whole)
	for _, size := range []int{0, 8, 9, 25, 48, 49, 65, len(whole) - 1} {
		f.Add(whole[:size])
	}
	f.Add(append(slices.Clone(whole), whole...))
	f.Add(append([]byte("TLMTSESS\x02"), whole[9:]...))
	f.Add([]byte(`{"access_token":"a","refresh_token":"b"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := box.Open(text, account)
		switch {
		case err == nil && !bytes.Equal(text, whole):
			t.Errorf("%x was taken for a session", text)
		case err == nil && !got.AccessToken.Equal(stored.AccessToken):
			t.Error("the session is not the one that was sealed")
		case err != nil && (!errors.Is(err, session.ErrNoSession) && !errors.Is(err, session.ErrNewerFormat) || !got.IsZero()):
			t.Errorf("Open = %+v, %v, want the zero session and ErrNoSession", got, err)
		}
	})
}

// users returns accounts of n users of one group, which share a password.
func users(n int) []session.Account {
	accounts := make([]session.Account, n)
	for i := range accounts {
		accounts[i] = admin
		accounts[i].Kind, accounts[i].Login = session.User, fmt.Sprintf("device-%d", i)
		accounts[i].Password = secret.New("the group's instance key")
	}
	return accounts
}
