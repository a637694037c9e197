package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/hashicorp/go-uuid"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// settings are what the arguments say.
type settings struct {
	listen   string
	options  emulator.Options
	admin    emulator.Admin
	instance emulator.Instance
	user     emulator.User
	// madeUp are the secrets that no argument gave. The user has to be told
	// them.
	madeUp struct{ password, instanceKey bool }
}

// parse reads the arguments. When it returns an error, the user has been told it,
// with a list of the arguments.
func parse(args []string, usage io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("telematics-emulator", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:8080", "the `address` to listen on, which must be one of loopback; port 0 is a free one")
	flags.StringVar(&s.admin.Email, "email", emulator.AdminEmail, "the API login of the admin")
	flags.StringVar(&s.admin.Password, "password", "", "the API `password` of the admin (default: made up)")
	flags.StringVar(&s.instance.ID, "instance-id", emulator.InstanceID, "the `id` of the user group, which is the API InstanceID, too")
	flags.StringVar(&s.instance.Key, "instance-key", "", "the `key` of the user group (default: made up)")
	flags.StringVar(&s.user.DeviceToken, "device-token", emulator.DeviceToken, "the device `token` of the one user in the group")
	flags.DurationVar(&s.options.AccessTokenLifetime, "access-token-lifetime", 2*time.Hour, "how long an access token lives")
	flags.IntVar(&s.options.LoginLimit, "login-limit", 5, "how many logins there may be in a window; a negative number is no limit")
	flags.DurationVar(&s.options.LoginWindow, "login-window", time.Minute, "the window of the limit")
	flags.DurationVar(&s.options.BlockFor, "block-for", time.Hour, "how long an address is blocked that exceeds the limit")
	loginForm := flags.String("login-form", "any", "the `form` of a login's fields that is accepted: any, object or string")
	flags.IntVar(&s.options.LoginRefusedBy, "login-refused-by", 401, "the `status` by which a login is refused; 419 comes inside HTTP 200")
	flags.IntVar(&s.options.RefreshRefusedBy, "refresh-refused-by", 401, "the `status` by which a refresh is refused; 419 comes inside HTTP 200")
	flags.BoolVar(&s.options.LoginKeepsTokens, "login-keeps-tokens", false, "a login does not revoke the tokens before it")
	flags.BoolVar(&s.options.RefreshOutlivesLogin, "refresh-outlives-login", false, "a login revokes access tokens only, so that they can be refreshed after it")
	flags.BoolVar(&s.options.RefreshOmitsDeviceToken, "refresh-omits-device-token", false, "the answer to a refresh has no DeviceToken")
	flags.DurationVar(&s.options.Latency, "latency", 0, "how long every answer is held back")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if err := errors.Join(s.check(flags.Args()), s.setLoginForm(*loginForm)); err != nil {
		_, _ = fmt.Fprintln(usage, "telematics-emulator:", err)
		flags.Usage()
		return settings{}, err
	}
	return s, s.makeUp()
}

// check refuses values that the emulator would misunderstand.
func (s *settings) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("there is nothing but flags, and %q is none", rest[0])
	}
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		return fmt.Errorf("-listen: %q is no address such as 127.0.0.1:8080", s.listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("-listen: %q is not an address of loopback; passwords would travel over it unencrypted", s.listen)
	}
	switch {
	case s.admin.Email == "" || s.instance.ID == "" || s.user.DeviceToken == "":
		return errors.New("-email, -instance-id and -device-token must not be empty")
	case s.options.LoginLimit == 0:
		return errors.New("-login-limit: 0 would allow no login at all; a negative number means no limit")
	case s.options.AccessTokenLifetime <= 0 || s.options.LoginWindow <= 0 || s.options.BlockFor <= 0:
		return errors.New("-access-token-lifetime, -login-window and -block-for must be longer than nothing")
	case s.options.Latency < 0:
		return errors.New("-latency must not be negative")
	}
	for _, f := range []struct {
		name   string
		status int
	}{{"-login-refused-by", s.options.LoginRefusedBy}, {"-refresh-refused-by", s.options.RefreshRefusedBy}} {
		if f.status < 400 || f.status > 499 {
			return fmt.Errorf("%s: %d is no status from 400 to 499", f.name, f.status)
		}
	}
	return nil
}

// setLoginForm restricts the logins of both kinds to a form.
func (s *settings) setLoginForm(form string) error {
	switch f := emulator.LoginForm(form); f {
	case emulator.ObjectForm, emulator.StringForm:
		s.options.AdminForm, s.options.UserForm = f, f
	case "any":
	default:
		return fmt.Errorf("-login-form: %q is not any, object or string", form)
	}
	return nil
}

// makeUp fills in the secrets that were not given, and what belongs together.
func (s *settings) makeUp() (err error) {
	if s.admin.Password == "" {
		s.admin.Password, s.madeUp.password = rand.Text(), true
	}
	if s.instance.Key == "" {
		s.madeUp.instanceKey = true
		s.instance.Key, err = uuid.GenerateUUID()
	}
	s.admin.InstanceID = s.instance.ID
	s.user.InstanceID = s.instance.ID
	return err
}
