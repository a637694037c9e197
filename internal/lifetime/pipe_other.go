//go:build !unix

package lifetime

import "os"

// ignorePipe does nothing: there is no such signal.
func ignorePipe() {}

// unread tells nothing: a pipe cannot be asked here without writing to it.
func unread(*os.File) bool { return false }
