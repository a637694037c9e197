package vaultstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mitchellh/go-homedir"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
)

// atEnd ends what the tests of the package share.
var atEnd []func()

// TestMain gives the tests a home and an environment that say nothing of the
// machine's own Vault.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv(holderVariable) != "" {
		return m.Run() // with what the tests have prepared
	}
	home, err := os.MkdirTemp("", "vaultstore-home-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(home) }()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "VAULT_") {
			_ = os.Unsetenv(name)
		}
	}
	// The tests have homes of their own, one after the other.
	homedir.DisableCache = true
	_ = os.Setenv("HOME", home)
	_ = os.Setenv("USERPROFILE", home)
	defer func() {
		for _, end := range atEnd {
			end()
		}
	}()
	return m.Run()
}

// holderVariable makes a process of the tests one that holds a lease.
const holderVariable = "TELEMATICS_TEST_HOLDER"

var admin = session.Account{
	Identity: session.Identity{
		UserServiceURL: "https://user.platform.example",
		Kind:           session.Admin,
		Login:          "operator@fleet.example",
	},
	Password: secret.New("Pa55word-from-DataHub"),
}

// numbered returns a session that its version tells from others.
func numbered(version int64) session.Session {
	issued := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC).Add(time.Duration(version) * time.Minute)
	return session.Session{
		AccessToken:  secret.New("eyJhbGciOi.access-token-claims.signature"),
		RefreshToken: secret.New("refresh-token-1234567890"),
		DeviceToken:  secret.New("9c5b94b1-35ad-49bb-b118-8e8fc24abf80"),
		IssuedAt:     issued,
		ExpiresAt:    issued.Add(2 * time.Hour),
		Version:      version,
	}
}

// open returns a store that has its client.
func open(t testing.TB, config vaultstore.Config) *vaultstore.Store {
	t.Helper()
	store, err := vaultstore.Open(config)
	if err == nil {
		err = vaultstore.Connect(store)
	}
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func acquire(t testing.TB, store session.Store, account session.Account) session.Lock {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	lease, err := store.Acquire(ctx, account)
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	return lease
}

func save(t testing.TB, store session.Store, account session.Account, s session.Session) {
	t.Helper()
	lease := acquire(t, store, account)
	if err := errors.Join(lease.Save(t.Context(), s), lease.Release(t.Context())); err != nil {
		t.Fatalf("Save and Release: %v", err)
	}
}

// wantVersion checks that store has the session with that version.
func wantVersion(t testing.TB, store session.Store, account session.Account, version int64) {
	t.Helper()
	got, err := store.Load(t.Context(), account)
	want := numbered(version)
	if err != nil || got.Version != version || !got.AccessToken.Equal(want.AccessToken) || !got.IssuedAt.Equal(want.IssuedAt) {
		t.Errorf("Load = %+v, %v, want version %d", got, err, version)
	}
}

// wantNone checks that store has no session of the account.
func wantNone(t testing.TB, store session.Store, account session.Account) {
	t.Helper()
	if got, err := store.Load(t.Context(), account); !errors.Is(err, session.ErrNoSession) || !got.IsZero() {
		t.Errorf("Load = %+v, %v, want ErrNoSession", got, err)
	}
}

// wantError checks that neither Load nor Acquire works, for a reason that the
// error tells with all the words and without a secret.
func wantError(t *testing.T, store session.Store, reason vaultstore.Reason, words ...string) {
	t.Helper()
	var (
		loading, acquiring error
		callers            sync.WaitGroup
	)
	callers.Go(func() { _, loading = store.Load(t.Context(), admin) })
	callers.Go(func() {
		var lease session.Lock
		if lease, acquiring = store.Acquire(t.Context(), admin); acquiring == nil {
			_ = lease.Release(t.Context())
		}
	})
	callers.Wait()
	for _, asked := range []struct {
		operation string
		err       error
	}{{"Load", loading}, {"Acquire", acquiring}} {
		operation, err := asked.operation, asked.err
		wantReason(t, operation, err, reason, words...)
	}
}

func wantReason(t *testing.T, operation string, err error, reason vaultstore.Reason, words ...string) {
	t.Helper()
	var unusable *vaultstore.Error
	if !errors.As(err, &unusable) || unusable.Reason != reason || errors.Is(err, session.ErrNoSession) {
		t.Errorf("%s = %v, want the reason %q", operation, err, reason)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s = %v, want it to tell %q", operation, err, word)
		}
	}
	if strings.ContainsAny(err.Error(), "\n\r\t\x1b") {
		t.Errorf("%s = %q, want one line", operation, err)
	}
	wantNoSecret(t, err.Error())
}

// wantNoSecret looks for secrets in what people see.
func wantNoSecret(t *testing.T, text string) {
	t.Helper()
	s := numbered(1)
	for _, hidden := range []string{
		admin.Password.Reveal(), s.AccessToken.Reveal(), s.RefreshToken.Reveal(), s.DeviceToken.Reveal(), os.Getenv("VAULT_TOKEN"),
	} {
		if hidden != "" && strings.Contains(text, hidden) {
			t.Errorf("a secret shows in %q", text)
		}
	}
}

// logged is a logger with what it was told, at every level.
func logged() (*slog.Logger, *logText) {
	var l logText
	return slog.New(slog.NewTextHandler(&l, &slog.HandlerOptions{Level: slog.LevelDebug})), &l
}

// logText is written to by many.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (l *logText) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

// String is all that was written.
func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
