package session

// A ReadOnlyError is a session that a [Manager] did not get, because it may
// ask nothing of the platform and knows none that is alive.
type ReadOnlyError struct {
	// Would is what it would have taken: [Refreshed] or [LoggedIn].
	Would Source
}

// Error tells what would have been done.
func (e *ReadOnlyError) Error() string {
	if e.Would == Refreshed {
		return "the known session has expired and would be refreshed, which a read-only run does not do"
	}
	return "no session is known and a login would be made, which a read-only run does not do"
}

// readOnlyResult hands out the newest of the known sessions that is alive,
// though another run would replace it.
func (m *Manager) readOnlyResult(req Request, known []Session) (Result, error) {
	would := LoggedIn
	for _, s := range known {
		if s.LivesFor(0, m.now()) {
			result := m.result(req, s, Reused)
			result.Notices = append(result.Notices, Notice{Kind: WouldRefresh, Duration: s.ExpiresAt.Sub(m.now())})
			return result, nil
		}
		if !s.RefreshToken.IsEmpty() {
			would = Refreshed
		}
	}
	return Result{}, &ReadOnlyError{Would: would}
}
