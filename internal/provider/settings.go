package provider

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// Defaults of the provider block.
const (
	defaultUserServiceURL = userservice.DefaultURL
	defaultRequestTimeout = session.DefaultRequestTimeout
	defaultMinLifetime    = 15 * time.Minute
)

// settings are what the provider block and the environment come to.
type settings struct {
	instanceID     string
	instanceKey    secret.String
	email          string
	password       secret.String
	userServiceURL *url.URL
	loginFormat    userservice.LoginFormat
	requestTimeout time.Duration
	loginLimit     int
	loginWindow    time.Duration
	loginWait      time.Duration
	session        sessionSettings

	// unknown holds the settings whose values are not known yet. They fail a
	// run only when it asks for a token that needs them.
	unknown map[setting]bool
}

// resolveSettings reads the provider block and the environment. Its errors and
// warnings point at the attribute, and name the variable where the value came
// from there.
func resolveSettings(model providerModel, getenv func(string) string) (settings, diag.Diagnostics) {
	r := settingsReader{getenv: getenv, unknown: map[setting]bool{}}
	s := settings{
		instanceID:     r.id(settingInstanceID, model.InstanceID),
		instanceKey:    secret.New(r.id(settingInstanceKey, model.InstanceKey)),
		email:          r.text(settingEmail, model.Email),
		password:       secret.New(r.text(settingPassword, model.Password)),
		userServiceURL: r.url(settingUserServiceURL, model.UserServiceURL, defaultUserServiceURL),
		loginFormat:    r.loginFormat(settingLoginFormat, model.LoginFormat),
		requestTimeout: r.duration(settingRequestTimeout, model.RequestTimeout, defaultRequestTimeout),
		loginLimit:     r.count(settingLoginLimit, model.LoginLimit, session.DefaultLoginLimit),
		loginWindow:    r.duration(settingLoginWindow, model.LoginWindow, session.DefaultLoginWindow),
		loginWait:      r.durationFrom(settingLoginWait, model.LoginWait, session.DefaultLoginWait, 0, "of zero or more"),
		session:        r.session(model.Session),
	}
	s.unknown = r.unknown
	return s, r.diags
}

// settingsReader reads settings one by one and collects what is wrong with
// them.
type settingsReader struct {
	getenv  func(string) string
	unknown map[setting]bool
	diags   diag.Diagnostics
}

// text returns the value of s, or the empty text when it is not set or not
// known.
func (r *settingsReader) text(s setting, attribute types.String) string {
	text, unknown := s.value(attribute, r.getenv)
	if unknown {
		r.unknown[s] = true
	}
	return text
}

// wrong reports that the value of s cannot be used.
func (r *settingsReader) wrong(s setting, attribute types.String, what string) {
	r.diags.AddAttributeError(s.path(), "Invalid "+s.attribute, r.origin(s, attribute)+what)
}

// origin tells where a value came from, when that is not the attribute.
func (r *settingsReader) origin(s setting, attribute types.String) string {
	if attribute.ValueString() != "" {
		return ""
	}
	return "The value comes from the environment variable " + s.variable + ". "
}

// id reads a UUID. Another shape is a warning: the platform is the judge.
func (r *settingsReader) id(s setting, attribute types.String) string {
	text := r.text(s, attribute)
	if text != "" && !isUUID(text) {
		r.diags.AddAttributeWarning(s.path(), "Unusual "+s.attribute,
			r.origin(s, attribute)+notUUID(s.attribute))
	}
	return text
}

// url reads the base URL of a service.
func (r *settingsReader) url(s setting, attribute types.String, byDefault string) *url.URL {
	text := r.text(s, attribute)
	if text == "" {
		text = byDefault
	}
	parsed, err := url.Parse(text)
	switch {
	case err != nil || parsed.Host == "" || parsed.Hostname() == "":
		// The parser's error quotes the text, which may hold a password.
		r.wrong(s, attribute, "It is not a URL with a scheme and a host, such as "+byDefault+".")
		return nil
	case parsed.User != nil:
		r.wrong(s, attribute, "It must not hold a user name or a password; those are sent in the clear of logs and proxies.")
		return nil
	case parsed.RawQuery != "" || parsed.Fragment != "":
		r.wrong(s, attribute, "It must not have a query or a fragment: the provider adds paths to it, such as /v1/Auth/Login.")
		return nil
	case parsed.Scheme == "http" && !isLoopback(parsed.Hostname()):
		r.wrong(s, attribute, "Plain http would send passwords in the clear. Use https; http is accepted only for this machine "+
			"(localhost or a loopback address).")
		return nil
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		r.wrong(s, attribute, "Its scheme must be https.")
		return nil
	}
	// One spelling per service, so that it is one identity to the session
	// store.
	parsed.Host = strings.ToLower(parsed.Host)
	parsed.Path = strings.TrimRight(parsed.Path, "/")
	return parsed
}

// isLoopback reports whether host is this machine by name or by address.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// loginFormat reads the dialect of the login (PLATFORM-API.md §2).
func (r *settingsReader) loginFormat(s setting, attribute types.String) userservice.LoginFormat {
	switch format := userservice.LoginFormat(r.text(s, attribute)); format {
	case "":
		return userservice.FormatObject
	case userservice.FormatObject, userservice.FormatString:
		return format
	default:
		r.wrong(s, attribute, fmt.Sprintf("It must be %q or %q.", userservice.FormatObject, userservice.FormatString))
		return userservice.FormatObject
	}
}

// duration reads a Go duration that is longer than zero.
func (r *settingsReader) duration(s setting, attribute types.String, byDefault time.Duration) time.Duration {
	return r.durationFrom(s, attribute, byDefault, 1, "above zero")
}

// durationFrom reads a Go duration that is least or longer.
func (r *settingsReader) durationFrom(s setting, attribute types.String, byDefault, least time.Duration, bound string) time.Duration {
	text := r.text(s, attribute)
	if text == "" {
		return byDefault
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least {
		r.wrong(s, attribute, fmt.Sprintf("%q is not a Go duration %s, such as 30s or 2m.", text, bound))
		return byDefault
	}
	return d
}

// count reads a number above zero.
func (r *settingsReader) count(s setting, attribute types.Int64, byDefault int) int {
	text := types.StringNull()
	switch {
	case attribute.IsUnknown():
		text = types.StringUnknown()
	case !attribute.IsNull():
		text = types.StringValue(attribute.String())
	}
	number := r.text(s, text)
	if number == "" {
		return byDefault
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		r.wrong(s, text, fmt.Sprintf("%q is not a number above zero.", number))
		return byDefault
	}
	return n
}

// validatedConfig passes what ValidateConfig saw of the provider block to the
// validation of its objects. It is safe for concurrent use.
type validatedConfig struct {
	mu       sync.Mutex
	settings settings
}

func (v *validatedConfig) set(s settings) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.settings = s
}

// mayHave reports whether the provider block or the environment hold a value
// for a setting, or may hold one, as its value is not known yet.
func (v *validatedConfig) mayHave(s setting, has func(settings) bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.settings.unknown[s] || has(v.settings)
}
