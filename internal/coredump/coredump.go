// Package coredump keeps the memory of the process, which holds tokens, out of
// files and away from other processes.
package coredump
