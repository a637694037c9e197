// Package vaultstore keeps sessions in a KV v2 secrets engine of Vault or
// OpenBao, for runners that share no disk (ARCHITECTURE.md, rule 13). There is one
// secret per identity. It is encrypted with a key derived from the account's
// own credential, so that a reader of Vault cannot use it, and every write is
// check-and-set on the version that was read.
package vaultstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// Where sessions are kept, and how long a lease lasts, unless the configuration
// says otherwise.
const (
	// DefaultMount is the path of the secrets engine.
	DefaultMount = "secret"
	// DefaultPrefix is the path below the mount.
	DefaultPrefix = "telematics/sessions"
	// DefaultRequestTimeout bounds one request with its retries.
	DefaultRequestTimeout = 10 * time.Second
	// DefaultLeaseTime is how long the lease of a holder lasts that was killed.
	// One that lives renews it three times as often.
	DefaultLeaseTime = time.Minute
)

// Config is what a [Store] works with.
type Config struct {
	// Mount is the path of a KV v2 secrets engine; empty means
	// [DefaultMount].
	Mount string
	// Prefix is the path of the sessions below the mount; empty means
	// [DefaultPrefix].
	Prefix string
	// Address is Vault's URL; empty means VAULT_ADDR, as for Vault's own
	// tools.
	Address string
	// Namespace is one of Vault Enterprise or OpenBao; empty means
	// VAULT_NAMESPACE, else none.
	Namespace string
	// RequestTimeout bounds one request with its retries; zero means
	// VAULT_CLIENT_TIMEOUT, else [DefaultRequestTimeout].
	RequestTimeout time.Duration
	// LeaseTime is how long the lease of a killed holder lasts; zero means
	// [DefaultLeaseTime], and five minutes is the longest. It is written into
	// the secret, so that runners with different ones agree.
	LeaseTime time.Duration
	// Keys keep the keys that were derived; nil means that each process derives
	// its own.
	Keys sealed.Slots
	// Logger is told of secrets that cannot be used and of long waits; nil
	// discards.
	Logger *slog.Logger
	// Now is the clock that leases are measured by; nil means time.Now.
	Now func() time.Time
}

// A Store keeps sessions in Vault. It implements [session.Store]. Its errors
// other than [session.ErrNoSession], [session.ErrLockLost] and those of a context
// are [*Error].
type Store struct {
	mount     string
	prefix    string
	leaseTime time.Duration
	log       *slog.Logger
	now       func() time.Time

	// connect makes the client when it is needed for the first time.
	connect func() (*client, error)
	box     sealed.Box
}

var _ session.Store = (*Store)(nil)

// Open returns a store. It sends nothing and reads neither environment nor
// files: what is wrong with those, or with Vault, the first use says. The error
// is of a mount or a prefix that cannot be the path of a secret.
func Open(config Config) (*Store, error) {
	s := &Store{
		mount:     strings.Trim(config.Mount, "/"),
		prefix:    strings.Trim(config.Prefix, "/"),
		leaseTime: config.LeaseTime,
		log:       config.Logger,
		now:       config.Now,
	}
	if s.mount == "" {
		s.mount = DefaultMount
	}
	if s.prefix == "" {
		s.prefix = DefaultPrefix
	}
	if s.leaseTime <= 0 {
		s.leaseTime = DefaultLeaseTime
	}
	s.leaseTime = min(max(s.leaseTime, shortestLease), longestLease)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, setting := range []struct{ name, path string }{{"mount", s.mount}, {"prefix", s.prefix}} {
		if p := setting.path; path.Clean(p) != p || strings.HasPrefix(p, "..") || strings.ContainsFunc(p, unfit) {
			return nil, fmt.Errorf("the %s %q cannot be the path of a secret in Vault", setting.name, p)
		}
	}
	s.box.UseSlots(config.Keys)
	s.connect = sync.OnceValues(func() (*client, error) { return newClient(s.mount, config) })
	return s, nil
}

// unfit reports whether a character means something else in a URL or a policy.
func unfit(r rune) bool { return r < ' ' || strings.ContainsRune("?#%*+\"\\\x7f", r) }

// Path is the path of the sessions in Vault, with the mount.
func (s *Store) Path() string { return s.mount + "/" + s.prefix }

// secretPath is where the session of account is, below the mount.
func (s *Store) secretPath(account session.Account) string { return s.prefix + "/" + account.Key() }

// Load implements [session.Store]. It takes one request.
func (s *Store) Load(ctx context.Context, account session.Account) (session.Session, error) {
	if account.Password.IsEmpty() {
		return session.Session{}, session.ErrNoSession
	}
	client, err := s.connect()
	if err != nil {
		return session.Session{}, err
	}
	s.log.DebugContext(ctx, "reading the stored session", "identity", account.Key(), "store", "vault", "secret", s.secretPath(account))
	found, err := client.read(ctx, s.secretPath(account))
	if err != nil {
		return session.Session{}, err
	}
	return s.open(ctx, found, account)
}

// open returns the session in what was found. A damaged one, or one of another
// password, is told to the log: it will be replaced (ARCHITECTURE.md, rule 12).
func (s *Store) open(ctx context.Context, found secretVersion, account session.Account) (session.Session, error) {
	text, err := found.document.sealedSession()
	if err == nil && text == nil {
		return session.Session{}, session.ErrNoSession
	}
	if err == nil {
		var stored session.Session
		if stored, err = s.box.Open(text, account); err == nil {
			return stored, nil
		}
	}
	var unusable *sealed.UnusableError
	if errors.As(err, &unusable) {
		s.log.WarnContext(ctx, "the stored session cannot be used and will be replaced", "secret", found.path, "reason", unusable.Reason)
	}
	return session.Session{}, err
}

// capabilities are what a token needs on the data of the secrets: create for
// the first session of an identity, update for the next ones.
var capabilities = []string{"create", "read", "update"}

// dataPath is the path of all sessions below a prefix.
func dataPath(mount, prefix string) string { return mount + "/data/" + prefix + "/*" }
