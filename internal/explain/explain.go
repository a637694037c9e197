// Package explain puts errors and notices in words for a person at a terminal: what
// failed, what the platform said, what to do next. Every layer below adds what it
// knows, and the advice is added here (ARCHITECTURE.md, "Errors and notices").
package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// An Attempt is what is known of an attempt to get a session.
type Attempt struct {
	Settings    settings.Settings
	Credentials userservice.Credentials
	// CommandLine is true where there is no configuration: a person sets variables.
	CommandLine bool
	// Resumed is true where a pair of tokens was given.
	Resumed bool
	// AsAdmin is true where nothing but an admin's token will do.
	AsAdmin bool
	// Now is the time of the explanation.
	Now time.Time
}

// name names a setting for the person that has to set it.
func (how Attempt) name(attribute string) string {
	if how.CommandLine {
		return settings.Variable(attribute)
	}
	return settings.Name(attribute)
}

// set writes how a setting is set.
func (how Attempt) set(attribute, value string) string {
	if how.CommandLine {
		return settings.Variable(attribute) + "=" + value
	}
	return fmt.Sprintf("%s = %q", settings.Name(attribute), value)
}

// Failed says why there is no session.
func (how Attempt) Failed(err error) message.List {
	title, detail := how.failed(err)
	return message.List{{Title: title, Detail: detail, Err: err}}
}

func (how Attempt) failed(err error) (title, detail string) {
	var (
		other    *session.OwnerError
		store    *session.StoreError
		revoked  *session.RevokedError
		readOnly *session.ReadOnlyError
		opened   *session.OpenError
	)
	switch {
	case errors.As(err, &other):
		text := Sentence(other) + " Check that resume holds the session of the credentials and the device_token that are asked for."
		if errors.As(err, &opened) {
			text += " The pair in resume is spent by now."
		}
		return "Session of somebody else", text
	case errors.As(err, &store):
		return "Session store failed", how.storeFailed(store.Err)
	case errors.Is(err, session.ErrForeign), errors.Is(err, session.ErrNewerFormat):
		return "Stored session not usable", Sentence(err)
	case errors.As(err, &revoked):
		return "Credentials are used elsewhere", Sentence(revoked) + " Each login revokes the other's tokens, so this run makes no further one. " +
			"Find what else logs in (a script, a back end, a colleague) and let it share the session store, or generate credentials of its own in DataHub. " +
			"To log in all the same, once: " + settings.RenewVariable + "=login."
	case errors.As(err, &readOnly):
		return "Read-only run has no token", how.readOnly(readOnly)
	}
	if !errors.As(err, &opened) {
		opened = &session.OpenError{Login: err}
	}
	var parts []string
	if opened.Refresh != nil {
		title = "Session not refreshed"
		parts = append(parts, how.refresh(opened.Refresh))
	}
	if opened.Revoked {
		parts = append(parts, "The stored token was not handed out: the platform calls it revoked. Somebody else has logged in with the same credentials.")
	}
	if opened.Login != nil {
		var text string
		title, text = how.login(opened.Login)
		parts = append(parts, text)
	}
	return title, withoutTitle(title, strings.Join(parts, "\n\n"))
}

// TLS says what is wrong with the tls block. Its error is a [platform.TLSError].
func TLS(err error) message.List {
	var wrong *platform.TLSError
	if !errors.As(err, &wrong) {
		return message.List{{Title: "Invalid tls", Detail: Sentence(err), Err: err}}
	}
	return message.List{{Title: "Invalid " + wrong.Setting, Detail: "The value comes from " + settings.Name(wrong.Setting) + ". " + wrong.Error(), Err: err}}
}

// Unread says why a credential was not read from where a setting says that it
// lives.
func Unread(attribute string, err error) message.List {
	title := "Password not read"
	if strings.HasPrefix(attribute, "instance_key") {
		title = "Instance key not read"
	}
	if errors.Is(err, context.Canceled) {
		return message.List{{Title: "Interrupted", Detail: "The run was interrupted before there was a token.", Err: err}}
	}
	return message.List{{Title: title, Detail: "It comes from " + settings.Name(attribute) + ". " + Sentence(err), Err: err}}
}

// withoutTitle takes the title off a text that begins with it.
func withoutTitle(summary, text string) string {
	if rest, same := strings.CutPrefix(text, summary+": "); same {
		return capital(rest)
	}
	return text
}

// storeFailed explains a session store that failed. A failure that was waited for
// may pass; what helps against another one its own text says.
func (how Attempt) storeFailed(err error) string {
	again := ""
	var passing interface{ Temporary() bool }
	if errors.As(err, &passing) && passing.Temporary() {
		again = " Run again when the store can be used."
	}
	return Sentence(err) + " What is stored is not known, and a login could revoke the tokens of everybody that shares the store, so none was made." +
		again + " To go on without the store: " + how.set("session.on_failure", settings.OnFailureLogin) + "."
}

// readOnly explains what a read-only run would have done.
func (how Attempt) readOnly(err *session.ReadOnlyError) string {
	if err.Err != nil {
		return Sentence(err) + " Make the session store writable, or let a run that may write to it come before this one."
	}
	return Sentence(err) + " Let a run without " + how.name("session.read_only") + " come before this one, with the same session store: it gets a " +
		"session that this one can hand out."
}

// refresh explains why a session was not refreshed.
func (how Attempt) refresh(err error) string {
	text := Sentence(err)
	var (
		answer *userservice.Error
		known  *session.KnownFailureError
	)
	switch {
	case errors.As(err, &known):
		return text + " The stored tokens were kept. " + how.knownAdvice(known)
	case !errors.As(err, &answer):
		return text
	case !answer.Refused():
		return text + " The stored tokens were kept. " + how.refreshAdvice(answer)
	}
	text += " The refresh token is spent, expired or revoked."
	if how.Resumed {
		text += " The session in resume is of no more use: let it be null for the next run, or store the pair of a newer one."
	}
	return text
}

// refreshAdvice says what to do about a refresh that failed, and may succeed
// another time.
func (how Attempt) refreshAdvice(answer *userservice.Error) string {
	switch wait, blocked := answer.Blocked(); {
	case blocked && wait > 0:
		return fmt.Sprintf("The platform wants no more requests for now: run again after %s.", Time(how.Now.Add(wait)))
	case blocked:
		return "The platform wants no more requests for now: run again in a while."
	}
	if advice := how.requestAdvice(answer.RequestError); advice != "" {
		return advice
	}
	return "If it stays so, log in once instead: " + settings.RenewVariable + "=login."
}

// login explains why a login failed, was not possible, or was not tried.
func (how Attempt) login(err error) (summary, text string) {
	var (
		missing  *userservice.MissingCredentialsError
		answer   *userservice.Error
		held     *session.BudgetError
		known    *session.KnownFailureError
		deadline = errors.Is(err, context.DeadlineExceeded)
	)
	switch {
	case errors.As(err, &missing):
		return "Missing credentials", how.missingCredentials(missing)
	case errors.As(err, &answer):
		return "Login failed", Sentence(err) + " " + how.loginAdvice(answer)
	case errors.As(err, &held):
		return "Login held back", Sentence(err) + " " + how.heldBack(held)
	case errors.As(err, &known):
		return "Login failed", Sentence(err) + " " + how.knownAdvice(known)
	case errors.Is(err, context.Canceled):
		return "Interrupted", "The run was interrupted before there was a token."
	case deadline:
		return "Timed out", "The operation's deadline passed before there was a token." + unlessDeadline(err) + " Run again, with a longer timeout if the resource sets one."
	default:
		return "No access token", Sentence(err)
	}
}

// loginAdvice says what to do about a login that the platform, or something
// on the way to it, did not answer with a session.
func (how Attempt) loginAdvice(answer *userservice.Error) string {
	if wait, blocked := answer.Blocked(); blocked {
		if wait <= 0 {
			wait = session.DefaultBlock
		}
		return fmt.Sprintf("Logins from this address are blocked, as too many were made. Do not log in again before %s: "+
			"until then a login can only fail. Sessions that exist can still be refreshed.", Time(how.Now.Add(wait)))
	}
	if advice := how.requestAdvice(answer.RequestError); advice != "" {
		return advice
	}
	switch answer.Code() {
	case 400, 401, 415, 422:
		return strings.TrimSpace(how.checkCredentials() + " " + how.otherForm())
	case 403:
		return how.checkCredentials()
	default:
		return "Check user_service_url (" + how.Settings.UserServiceURL.String() + ")."
	}
}

// requestAdvice is RequestAdvice for a request to the user-service.
func (how Attempt) requestAdvice(failed *platform.RequestError) string {
	return RequestAdvice(failed, "user_service_url ("+how.Settings.UserServiceURL.String()+")")
}

// RequestAdvice says what to do about a request that came to nothing, whatever it
// asked for; url names the setting that leads to the service. It is empty for an
// answer of the platform's that says what is wrong with what was asked.
func RequestAdvice(failed *platform.RequestError, url string) string {
	switch failed.Kind {
	case platform.NotSendable:
		return "Look for a value with a line break at its end, as the text of a file has: trimspace takes it away."
	case platform.ProxySetting:
		return "Unset one of them."
	case platform.ProxyUnreachable:
		return "Check the proxy in HTTPS_PROXY. NO_PROXY names the hosts that are asked without it."
	case platform.ProxyRefused:
		return "Check the proxy in HTTPS_PROXY: whether it lets such requests through, and after a 407 its user name and password. " +
			"NO_PROXY names the hosts that are asked without it."
	case platform.Untrusted:
		return "Check " + url + ". If it is right, a proxy or a server of your own answers with a certificate that an authority of its own has signed: " +
			"ca_cert_file in tls names a file with the authority's certificate, which is trusted besides those of the system."
	case platform.WrongName:
		return "Check " + url + ". If it is right, and the server is one of your own, server_name in tls says which name its certificate has."
	case platform.BadCertificate:
		return "The server has to get another certificate. If it has expired, check the clock of this machine first."
	case platform.ClientUntrusted:
		return "client_cert_file and client_key_file in tls name the client's certificate and its key. Which certificate is accepted, the operator of " + url + " knows."
	case platform.NotTLS, platform.WantsTLS:
		return "Check the scheme and the port of " + url + "."
	case platform.NoHandshake:
		return "Check " + url + " and any proxy on the way: the provider speaks TLS 1.2 and newer. If the server wants to know its clients by certificates, " +
			"client_cert_file and client_key_file in tls name one."
	default:
	}
	switch {
	case failed.Temporary():
		return "Run again when the platform can be reached."
	case failed.Kind == platform.Answered:
		return ""
	default:
		return "Check " + url + " and any proxy on the way: what answered does not look like the platform."
	}
}

// knownAdvice says what to do about a request that was not sent, because it has
// just failed in another run.
func (how Attempt) knownAdvice(known *session.KnownFailureError) string {
	if known.Credentials {
		return how.checkCredentials()
	}
	return fmt.Sprintf("Check user_service_url (%s) and any proxy on the way.", how.Settings.UserServiceURL)
}

// heldBack says what to do about a login that was not sent.
func (how Attempt) heldBack(held *session.BudgetError) string {
	if held.Blocked {
		return "Until then a login can only fail, from any program at this address. Sessions that exist can still be refreshed. " +
			"Too many logins mean that the session store is off, not shared, or wiped between runs."
	}
	enough := held.Wait.Round(time.Minute)
	if enough < held.Wait {
		enough += time.Minute
	}
	return fmt.Sprintf("Run again then, or let the run wait: %s. If the platform allows more logins, raise login_limit.",
		how.set("login_wait", plainDuration(enough)))
}

// checkCredentials says which values the login was made of, and where right
// ones are found (PLATFORM-API.md §1).
func (how Attempt) checkCredentials() string {
	if !how.Credentials.DeviceToken.IsEmpty() {
		return "Check device_token, instance_id and instance_key: the login of a user is made of the user's DeviceToken and of the " +
			"InstanceID and InstanceKey of the group that the user belongs to."
	}
	return "Check email and password: they are the API authorization credentials that are generated on the Management page of " +
		"DataHub, not the login of the DataHub web page. If instance_id is set, it is the API InstanceID that comes with them."
}

// otherForm tells of the form of login that was not tried: the platform answers
// the wrong one as it answers a wrong password (PLATFORM-API.md §2).
func (how Attempt) otherForm() string {
	switch how.Settings.LoginForm {
	case session.FormObject:
		return fmt.Sprintf("If they are right, the platform may want the login in its other form: set login_format = %q or leave it out.", session.FormString)
	case session.FormString:
		return fmt.Sprintf("If they are right, the platform may want the login in its other form: set login_format = %q or leave it out.", session.FormObject)
	default:
		return ""
	}
}

// missingCredentials says which settings a login needs, and where their values
// come from.
func (how Attempt) missingCredentials(err *userservice.MissingCredentialsError) string {
	names := make([]string, len(err.Names))
	for i, name := range err.Names {
		names[i] = how.name(name)
	}
	kind, from := "an admin", "Email and password are the API authorization credentials that are generated on the Management page of DataHub; "+
		"a password may also come from password_file or password_command."
	where, asUser := "in the provider block or in the environment", "set device_token"
	if how.CommandLine {
		where, asUser = "in the environment", "give --device-token"
	}
	switch {
	case err.Kind == session.User:
		kind, from = "a user", "The two are the id and key of the user's group."
	case !how.AsAdmin:
		from += " To authorize as a user instead, " + asUser + "."
	}
	set := "Set them"
	if len(names) == 1 {
		set = "Set it"
	}
	return "To authorize as " + kind + " takes " + strings.Join(names, " and ") + ". " + set + " " + where + ". " + from
}

// NotDone says under a title why an order, a refresh or a forget, has changed no
// session.
func (how Attempt) NotDone(title string, err error) message.List {
	title, detail := how.notDone(title, err)
	return message.List{{Title: title, Detail: detail, Err: err}}
}

func (how Attempt) notDone(title string, err error) (because, detail string) {
	var (
		store  *session.StoreError
		opened *session.OpenError
	)
	switch {
	case errors.Is(err, session.ErrNoSession):
		return title, "No session that these credentials can use is stored, so there is nothing to refresh, and a refresh makes no login. The next run that needs a token makes one."
	case errors.Is(err, session.ErrReadOnlyRun):
		return title, Sentence(err) + " Do it in a run without " + how.name("session.read_only") + "."
	case errors.Is(err, session.ErrNotWritable):
		return title, Sentence(err) + " Nothing was changed. Make the session store writable."
	case errors.As(err, &store):
		return "Session store failed", Sentence(store) + " Nothing was changed. Run again when the store can be used."
	case errors.Is(err, context.Canceled):
		return title, "The run was interrupted."
	case errors.As(err, &opened) && isRefused(opened.Refresh):
		return title, how.refresh(opened.Refresh) + " No login was made: the next run that needs a token makes one."
	default:
		return how.failed(err)
	}
}

// isRefused reports whether the platform has refused a refresh token.
func isRefused(err error) bool {
	var answer *userservice.Error
	return errors.As(err, &answer) && answer.Refused()
}

// Notices turns what a session's user should know into warnings.
func (how Attempt) Notices(result session.Result, asked time.Duration) message.List {
	var said message.List
	for _, notice := range result.Notices {
		switch notice.Kind {
		case session.ShortLived:
			said.Warn("Token lives shorter than asked for",
				fmt.Sprintf("The access token ends at %s, in %s; min_lifetime asks for %s. The platform makes its tokens live %s: "+
					"lower min_lifetime below that, or the token is replaced more often than it needs to be.",
					Time(result.ExpiresAt), notice.Duration.Round(time.Second), asked, result.Lifetime()))
		case session.WaitedToLogin:
			said.Warn("Login was held back",
				fmt.Sprintf("The login waited for %s to keep within the platform's limit. Logins are rare where sessions are kept: "+
					"if it is not for new identities, the session store is off, not shared, or wiped between runs.", notice.Duration.Round(time.Second)))
		case session.ResumeSpent:
			said.Warn("Resumed session was refused",
				"The platform refused the session in resume, so a login was made, which may have revoked tokens issued before. "+
					"This happens when a plan and its apply, or two runs, resume the same pair and share no session store. "+
					"Let them share one (session in the provider block), or let plans that nobody applies run with read_only. "+
					Sentence(notice.Err))
		case session.WouldRefresh:
			said.Warn("Token is about to expire",
				fmt.Sprintf("The access token ends at %s, in %s; min_lifetime asks for %s. A run that is not read-only would have refreshed it.",
					Time(result.ExpiresAt), notice.Duration.Round(time.Second), asked))
		case session.StoreUnavailable:
			said.Warn("Session store not usable",
				"Sessions are kept in memory for this run only, so another run or provider block starts without them and may have to log in, which may "+
					"revoke this token. "+
					Sentence(notice.Err))
		case session.StoreNotWritable:
			said.Warn("Session store not writable",
				fmt.Sprintf("The access token ends at %s, in %s, and was not refreshed: the new session could not have been stored, and the stored one would "+
					"have been spent. %s", Time(result.ExpiresAt), notice.Duration.Round(time.Second), Sentence(notice.Err)))
		case session.RefreshFailed:
			said.Warn("Session not refreshed",
				fmt.Sprintf("The access token ends at %s, in %s; min_lifetime asks for %s. It was handed out as it is, because it could not be refreshed. %s",
					Time(result.ExpiresAt), notice.Duration.Round(time.Second), asked, how.refresh(notice.Err)))
		case session.SessionReplaced:
			said.Warn("Stored session was refused",
				"The platform refused to refresh the stored session, so a login was made, which may have revoked tokens issued before. "+Sentence(notice.Err))
		case session.RevokedReplaced:
			said.Warn("Revoked session was replaced",
				"The platform no longer took the stored token before its end: somebody else has logged in with the same credentials. A new session was made. "+
					"Let every program share one session store, or give each credentials of its own. "+renewBefore("before the next check is due"))
		case session.VerifyUseless:
			said.Warn("Token cannot be checked",
				"The platform calls a token dead that it has just issued, so the check tells nothing here and is left off for a day. "+
					"Switch it off with "+how.set("session.verify_after", "never")+". "+renewBefore("meanwhile"))
		case session.FormFound:
			said.Warn("Login was accepted in its other form",
				fmt.Sprintf("The platform refused the login in one form and accepted it in the other, which took two logins. Later runs on this machine know. "+
					"To save the extra login on others: %s.", how.set("login_format", string(result.LoginForm))))
		case session.RefreshedOften:
			said.Warn("Token is refreshed in nearly every run",
				fmt.Sprintf("min_lifetime asks for %s, and the platform makes its tokens live %s: a run that comes more than %s after this one refreshes the "+
					"token again. Lower min_lifetime, if that is not what you want.", asked, result.Lifetime(), notice.Duration))
		case session.ClockSkew:
			said.Warn("Clock skew", clockSkew(notice.Duration))
		}
	}
	return said
}

// renewBefore says what to do about a token that is refused at a time when no run
// checks it.
func renewBefore(when string) string {
	return "If a token is refused " + when + ", one run with " + settings.RenewVariable + "=refresh replaces it."
}

// clockSkew tells of clocks that differ by minutes. Expiry is judged by the
// local clock (PLATFORM-API.md §5).
func clockSkew(ahead time.Duration) string {
	direction := "behind"
	if ahead < 0 {
		direction = "ahead of"
	}
	return fmt.Sprintf("This machine's clock is %s %s the platform's. Whether a token has expired is judged by the local clock, so tokens are "+
		"replaced too early or handed out too late. Synchronise the clock, for example with NTP.",
		ahead.Abs().Round(time.Second), direction)
}

// Sentence makes an error's text a sentence.
func Sentence(err error) string {
	text := err.Error()
	if text == "" {
		return ""
	}
	text = capital(text)
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// capital begins a text with a capital letter.
func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// unlessDeadline is what an error tells besides that a deadline has passed.
func unlessDeadline(err error) string {
	if text := err.Error(); text != context.DeadlineExceeded.Error() {
		return " " + Sentence(err)
	}
	return ""
}

// plainDuration writes whole minutes without seconds, as a person would.
func plainDuration(d time.Duration) string { return strings.TrimSuffix(d.String(), "0s") }

// Time writes a time for a person, in RFC 3339.
func Time(t time.Time) string { return t.UTC().Format(time.RFC3339) }
