package session

import "context"

// Unavailable returns a store that cannot be used for the reason cause: a
// [Manager] that is given one works in memory and says why.
func Unavailable(cause error) Store { return unavailable{cause} }

type unavailable struct{ cause error }

func (u unavailable) Load(context.Context, Account) (Session, error) { return Session{}, u.cause }
func (u unavailable) Acquire(context.Context, Account) (Lock, error) { return nil, u.cause }
