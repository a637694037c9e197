package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// announce prints the variables with which the provider uses the emulator. All of
// it can be pasted into a shell: the rest is comments. Secrets that the user gave
// are not printed.
func announce(out io.Writer, url string, s settings) error {
	var b strings.Builder
	comment := func(format string, args ...any) { fmt.Fprintf(&b, "# "+format+"\n", args...) }
	export := func(name, value string) { fmt.Fprintf(&b, "export %s=%s\n", name, quote(value)) }
	secret := func(name, value, from string, madeUp bool) {
		if madeUp {
			export(name, value)
		} else {
			comment("%s is what %s says.", name, from)
		}
	}
	comment("The emulator of the telematics platform listens on %s until it is interrupted.", url)
	comment("Paste this into the shell in which Terraform or OpenTofu is to use it:")
	export("TELEMATICS_USER_SERVICE_URL", url)
	export("TELEMATICS_ACCOUNTS_URL", url)
	export("TELEMATICS_PORTAL_URL", url)
	export("TELEMATICS_EMAIL", s.admin.Email)
	secret("TELEMATICS_PASSWORD", s.admin.Password, "-password", s.madeUp.password)
	export("TELEMATICS_INSTANCE_ID", s.instance.ID)
	secret("TELEMATICS_INSTANCE_KEY", s.instance.Key, "-instance-key", s.madeUp.instanceKey)
	comment("For the token of a user: device_token = %q", s.user.DeviceToken)
	_, err := io.WriteString(out, b.String())
	return err
}

var plain = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// quote writes a value as a POSIX shell reads it.
func quote(value string) string {
	if plain.MatchString(value) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
