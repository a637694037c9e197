package tokens

import (
	"log/slog"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
)

// openStores returns the store of sessions and the ledger of logins. The ledger
// is the machine's and user's, whatever the store is. Nothing is read or made
// before a session is asked for.
func openStores(s settings.Settings, getenv func(string) string, now func() time.Time, log *slog.Logger) (session.Store, session.Ledger) {
	ledger := filestore.OpenLedger(filestore.LedgerConfig{Getenv: getenv, SessionPath: s.Path, Now: now, Logger: log})
	keys := filestore.OpenKeySlots(filestore.KeySlotsConfig{Getenv: getenv, SessionPath: s.Path})
	files, unusable := filestore.Open(filestore.Config{Dir: s.Path, Keys: keys, Logger: log})
	switch {
	case s.Store == settings.StoreNone:
		return nil, ledger
	case s.Store == settings.StoreVault:
		return openVault(s, keys, now, log), ledger
	case unusable != nil:
		return session.Unavailable(unusable), ledger
	default:
		return files, ledger
	}
}

// openVault returns the store in Vault.
func openVault(s settings.Settings, keys *filestore.KeySlots, now func() time.Time, log *slog.Logger) session.Store {
	config := s.Vault
	config.Keys, config.Logger, config.Now = keys, log, now
	store, err := vaultstore.Open(config)
	if err != nil {
		return session.Unavailable(err)
	}
	return store
}

// lockWait is how long to wait for another process that gets a session of the
// same identity: as long as it may wait for its login and for the platform, and
// ten seconds at the least, since it also works between its requests.
func lockWait(s settings.Settings) time.Duration {
	return max(s.LoginWait+5*s.RequestTimeout, 10*time.Second)
}
