package tokens

import (
	"context"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// Stored returns the identity that the arguments ask for and its stored session.
// Nothing is asked of the platform, and nothing is changed. The error is that of
// [session.Store], which wraps [session.ErrNoSession] where there is none that the
// credentials open; or it says which credentials are missing. It is called with
// valid settings only, as are the methods below.
func (o *Opener) Stored(ctx context.Context, args Arguments) (session.Identity, session.Session, error) {
	ctx, credentials, found := o.readCredentials(ctx, args)
	account := credentials.Account(o.config.Settings.UserServiceURL)
	for _, said := range found {
		if !said.Warning {
			return account.Identity, session.Session{}, said.Err
		}
	}
	if missing := o.missing(credentials); missing != nil {
		return account.Identity, session.Session{}, missing
	}
	if o.store == nil {
		return account.Identity, session.Session{}, session.ErrNoSession
	}
	stored, err := o.store.Load(ctx, account)
	return account.Identity, stored, err
}

// Place is where sessions are kept: a folder, or a path in Vault. It is empty where
// they are kept in memory, or nowhere.
func (o *Opener) Place() string {
	if store, has := o.store.(interface{ Path() string }); has {
		return store.Path()
	}
	return ""
}

// Count returns how many sessions are stored, of whatever identity. It is false
// where they are not counted: in Vault that takes a permission of its own.
func (o *Opener) Count() (count int, counted bool, err error) {
	files, are := o.store.(*filestore.Store)
	if !are {
		return 0, false, nil
	}
	count, err = files.Count()
	return count, err == nil, err
}

// Logins returns what the machine knows of its logins to the platform, without
// asking it: see [session.Budget.State].
func (o *Opener) Logins(ctx context.Context) (session.BudgetState, error) {
	return o.budget.State(ctx, session.CanonicalURL(o.config.Settings.UserServiceURL))
}

// Unblock forgets that the platform has blocked this machine's logins, and returns
// when the block was to end; the zero time means that none was known.
func (o *Opener) Unblock(ctx context.Context) (time.Time, message.List) {
	until, err := o.budget.Unblock(ctx, session.CanonicalURL(o.config.Settings.UserServiceURL))
	if err != nil {
		return time.Time{}, o.attempt(userservice.Credentials{}).NotDone("Block not cleared", err)
	}
	return until, nil
}
