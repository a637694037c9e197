package vaultstore

import (
	"fmt"
	"strings"
)

// capabilities are what a token needs on the data of the secrets: create for
// the first session of an identity, update for the next ones.
var capabilities = []string{"create", "read", "update"}

// Policy returns the policy that a token needs to keep sessions below a
// prefix, in the language of Vault's policies; empty ones mean the defaults.
// The second rule may be left out: it lets the store ask Vault, when it stores
// the first session of an identity, to keep no version but the newest.
func Policy(mount, prefix string) string {
	if mount = strings.Trim(mount, "/"); mount == "" {
		mount = DefaultMount
	}
	if prefix = strings.Trim(prefix, "/"); prefix == "" {
		prefix = DefaultPrefix
	}
	return fmt.Sprintf(`path %q {
  capabilities = ["%s"]
}

path %q {
  capabilities = ["create", "update"]
}
`, dataPath(mount, prefix), strings.Join(capabilities, `", "`), mount+"/metadata/"+prefix+"/*")
}

// dataPath is the path of all sessions below a prefix.
func dataPath(mount, prefix string) string { return mount + "/data/" + prefix + "/*" }
