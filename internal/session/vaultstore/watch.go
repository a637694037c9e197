package vaultstore

import "time"

const (
	// shortestLease leaves time to renew a lease.
	shortestLease = 100 * time.Millisecond
	// longestLease bounds what is believed of a lease that somebody wrote.
	longestLease = 5 * time.Minute
	// serverSlack is how much longer than its time a lease must have stood by
	// the server's clock to be taken as abandoned at first sight. The time of
	// a version and that of an answer may come from two servers, whose clocks
	// differ.
	serverSlack = time.Minute
)

// A watch tells whether somebody's lease still stands. Clocks of different
// machines disagree, so it goes by its own alone: a lease that has not been
// renewed for as long as it stands, from the moment that the watch first saw
// it, has ended. Whoever wrote it did so before that moment and hence knows
// that it has ended, too.
type watch struct {
	version int
	write   string
	since   time.Time
}

// stands reports whether the lease in found, read at now, must be respected.
func (w *watch) stands(found secretVersion, now time.Time) bool {
	lease := found.document.Lease
	if lease == nil {
		return false
	}
	if w.since.IsZero() || w.version != found.version || w.write != found.document.Write {
		*w = watch{version: found.version, write: found.document.Write, since: now}
	}
	stands := min(time.Duration(lease.For), longestLease)
	return found.age < stands+serverSlack && now.Sub(w.since) < stands
}
