//go:build !soak

package e2e_test

// mostKills is how many kills a script gets.
const mostKills = 4
