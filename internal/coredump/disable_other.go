//go:build !unix

package coredump

// Disable does nothing: a crash of a Go program writes no dump here unless the
// administrator has set the system up for it.
func Disable() error { return nil }
