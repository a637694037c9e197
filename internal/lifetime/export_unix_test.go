//go:build unix

package lifetime

// Unread is unread.
var Unread = unread
