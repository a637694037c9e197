package tokens

import (
	"context"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

// Stored returns the identity that the arguments ask for and its stored session.
// Nothing is asked of the platform, and nothing is changed. The error is that of
// [session.Store], which wraps [session.ErrNoSession] where there is none that the
// credentials open; or it says which credentials are missing. It is called with
// valid settings only, as are the methods below.
func (o *Opener) Stored(ctx context.Context, args Arguments) (session.Identity, session.Session, error) {
	credentials := o.Credentials(args)
	account := credentials.Account(o.config.Settings.UserServiceURL)
	if missing := credentials.Missing(); missing != nil {
		return account.Identity, session.Session{}, missing
	}
	if o.store == nil {
		return account.Identity, session.Session{}, session.ErrNoSession
	}
	stored, err := o.store.Load(ctx, account)
	return account.Identity, stored, err
}

// Files returns the folder of the sessions, and how many are stored there, of
// whatever identity. Both are zero where sessions are not kept in files.
func (o *Opener) Files() (folder string, count int, err error) {
	files, are := o.store.(*filestore.Store)
	if !are {
		return "", 0, nil
	}
	count, err = files.Count()
	return files.Path(), count, err
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
		return time.Time{}, o.attempt(o.Credentials(Arguments{})).NotDone("Block not cleared", err)
	}
	return until, nil
}
