package provider

import (
	"log/slog"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
)

// openStores returns the store of sessions and the ledger of logins. The ledger
// is the machine's and user's, whatever the store is. Nothing is read or made
// before a session is asked for.
func (s settings) openStores(getenv func(string) string, now func() time.Time, log *slog.Logger) (session.Store, session.Ledger) {
	ledger := filestore.OpenLedger(filestore.LedgerConfig{Getenv: getenv, SessionPath: s.path, Now: now, Logger: log})
	files, unusable := filestore.Open(filestore.Config{Dir: s.path, Logger: log})
	switch {
	case s.store == storeNone:
		return nil, ledger
	case s.store == storeVault:
		return s.openVault(now, log), ledger
	case unusable != nil:
		return session.Unavailable(unusable), ledger
	default:
		return files, ledger
	}
}

// openVault returns the store in Vault.
func (s settings) openVault(now func() time.Time, log *slog.Logger) session.Store {
	config := s.vault
	config.Logger, config.Now = log, now
	store, err := vaultstore.Open(config)
	if err != nil {
		return session.Unavailable(err)
	}
	return store
}

// lockWait is how long to wait for another process that gets a session of the
// same identity: as long as it may wait for its login and for the platform, and
// ten seconds at the least, since it also works between its requests.
func (s settings) lockWait() time.Duration {
	return max(s.loginWait+5*s.requestTimeout, 10*time.Second)
}
