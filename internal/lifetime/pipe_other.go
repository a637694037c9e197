//go:build !unix

package lifetime

// ignorePipe does nothing: there is no such signal.
func ignorePipe() {}
