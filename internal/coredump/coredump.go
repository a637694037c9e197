// Package coredump keeps the memory of the process, which holds tokens, out of
// files.
package coredump
