package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// epoch is when the session with number zero was issued.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// numbered returns a session whose fields all follow from its version, so that
// a mixture of two shows.
func numbered(version int64) session.Session {
	issued := epoch.Add(time.Duration(version) * time.Second)
	return session.Session{
		AccessToken:  secret.New(fmt.Sprintf("access-%d", version)),
		RefreshToken: secret.New(fmt.Sprintf("refresh-%d", version)),
		DeviceToken:  secret.New(fmt.Sprintf("device-%d", version)),
		IssuedAt:     issued,
		ExpiresAt:    issued.Add(2 * time.Hour),
		Version:      version,

		VerifiedAt:    issued.Add(time.Minute),
		NoVerifyUntil: issued.Add(time.Hour),
		Revocations:   []time.Time{issued.Add(-time.Minute), issued},
		LoginForm:     session.FormString,
		RenewedBy:     fmt.Sprintf("run-%d", version),
		Predecessor:   fmt.Sprintf("predecessor-%d", version),
	}
}

// equal reports whether two sessions are the same in every field that is stored. Times are
// compared as instants, to the nanosecond; their zones may differ.
func equal(a, b session.Session) bool {
	return a.AccessToken.Equal(b.AccessToken) &&
		a.RefreshToken.Equal(b.RefreshToken) &&
		a.DeviceToken.Equal(b.DeviceToken) &&
		a.IssuedAt.Equal(b.IssuedAt) &&
		a.ExpiresAt.Equal(b.ExpiresAt) &&
		a.Version == b.Version &&
		a.VerifiedAt.Equal(b.VerifiedAt) &&
		a.NoVerifyUntil.Equal(b.NoVerifyUntil) &&
		slices.EqualFunc(a.Revocations, b.Revocations, time.Time.Equal) &&
		a.LoginForm == b.LoginForm &&
		a.RenewedBy == b.RenewedBy &&
		a.Predecessor == b.Predecessor
}
