package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// explanation is what is known of the attempt when an error is explained.
type explanation struct {
	settings    settings
	credentials userservice.Credentials
	resumed     bool
	asAdmin     bool // nothing else will do
	now         time.Time
}

// explain turns an error into a diagnostic for a person at a terminal: what
// failed, what the platform said, what to do next.
func explain(err error, how explanation) diag.Diagnostics {
	var (
		summary string
		parts   []string
	)
	var (
		diags    diag.Diagnostics
		opened   *session.OpenError
		readOnly *session.ReadOnlyError
	)
	var (
		other   *session.OwnerError
		store   *session.StoreError
		revoked *session.RevokedError
	)
	switch {
	case errors.As(err, &other):
		text := sentence(other) + " Check that resume holds the session of the credentials and the device_token that are asked for."
		if errors.As(err, &opened) {
			text += " The pair in resume is spent by now."
		}
		diags.AddError("Session of somebody else", text)
		return diags
	case errors.As(err, &store):
		diags.AddError("Session store failed", storeFailed(store.Err))
		return diags
	case errors.Is(err, session.ErrForeign), errors.Is(err, session.ErrNewerFormat):
		diags.AddError("Stored session not usable", sentence(err))
		return diags
	case errors.As(err, &revoked):
		diags.AddError("Credentials are used elsewhere", sentence(revoked)+" Each login revokes the other's tokens, so this run makes no further one. "+
			"Find what else logs in (a script, a back end, a colleague) and let it share the session store, or generate credentials of its own in DataHub. "+
			"To log in all the same, once: "+renewVariable+"=login.")
		return diags
	}
	if errors.As(err, &readOnly) {
		diags.AddError("Read-only run has no token", how.readOnly(readOnly))
		return diags
	}
	if !errors.As(err, &opened) {
		opened = &session.OpenError{Login: err}
	}
	if opened.Refresh != nil {
		summary = "Session not refreshed"
		parts = append(parts, how.refresh(opened.Refresh))
	}
	if opened.Revoked {
		parts = append(parts, "The stored token was not handed out: the platform calls it revoked. Somebody else has logged in with the same credentials.")
	}
	if opened.Login != nil {
		var text string
		summary, text = how.login(opened.Login)
		parts = append(parts, text)
	}
	diags.AddError(summary, withoutTitle(summary, strings.Join(parts, "\n\n")))
	return diags
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
func storeFailed(err error) string {
	again := ""
	var passing interface{ Temporary() bool }
	if errors.As(err, &passing) && passing.Temporary() {
		again = " Run again when the store can be used."
	}
	return sentence(err) + " What is stored is not known, and a login could revoke the tokens of everybody that shares the store, so none was made." +
		again + " To go on without the store: " + settingName("session.on_failure") + " = \"" + onFailureLogin + "\"."
}

// readOnly explains what a read-only run would have done.
func (how explanation) readOnly(err *session.ReadOnlyError) string {
	if err.Err != nil {
		return sentence(err) + " Make the session store writable, or let a run that may write to it come before this one."
	}
	return sentence(err) + " Let a run without " + settingName("session.read_only") + " come before this one, with the same session store: it gets a " +
		"session that this one can hand out."
}

// refresh explains why a session was not refreshed.
func (how explanation) refresh(err error) string {
	text := sentence(err)
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
	if how.resumed {
		text += " The session in resume is of no more use: let it be null for the next run, or store the pair of a newer one."
	}
	return text
}

// refreshAdvice says what to do about a refresh that failed, and may succeed
// another time.
func (how explanation) refreshAdvice(answer *userservice.Error) string {
	switch wait, blocked := answer.Blocked(); {
	case blocked && wait > 0:
		return fmt.Sprintf("The platform wants no more requests for now: run again after %s.", timeText(how.now.Add(wait)))
	case blocked:
		return "The platform wants no more requests for now: run again in a while."
	}
	if advice := how.requestAdvice(answer.RequestError); advice != "" {
		return advice
	}
	return "If it stays so, log in once instead: " + renewVariable + "=login."
}

// login explains why a login failed, was not possible, or was not tried.
func (how explanation) login(err error) (summary, text string) {
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
		return "Login failed", sentence(err) + " " + how.loginAdvice(answer)
	case errors.As(err, &held):
		return "Login held back", sentence(err) + " " + how.heldBack(held)
	case errors.As(err, &known):
		return "Login failed", sentence(err) + " " + how.knownAdvice(known)
	case errors.Is(err, context.Canceled):
		return "Interrupted", "The run was interrupted before there was a token."
	case deadline:
		return "Timed out", "The operation's deadline passed before there was a token." + unlessDeadline(err) + " Run again, with a longer timeout if the resource sets one."
	default:
		return "No access token", sentence(err)
	}
}

// loginAdvice says what to do about a login that the platform, or something
// on the way to it, did not answer with a session.
func (how explanation) loginAdvice(answer *userservice.Error) string {
	if wait, blocked := answer.Blocked(); blocked {
		if wait <= 0 {
			wait = session.DefaultBlock
		}
		return fmt.Sprintf("Logins from this address are blocked, as too many were made. Do not log in again before %s: "+
			"until then a login can only fail. Sessions that exist can still be refreshed.", timeText(how.now.Add(wait)))
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
		return "Check user_service_url (" + how.settings.userServiceURL.String() + ")."
	}
}

// requestAdvice is adviceFor a request to the user-service.
func (how explanation) requestAdvice(failed *platform.RequestError) string {
	return adviceFor(failed, "user_service_url ("+how.settings.userServiceURL.String()+")")
}

// adviceFor says what to do about a request that came to nothing, whatever it
// asked for; url names the setting that leads to the service. It is empty for an
// answer of the platform's that says what is wrong with what was asked.
func adviceFor(failed *platform.RequestError, url string) string {
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
		return "Check " + url + ". If it is right, a proxy or a server of your own may answer with a certificate of its own: add the authority that signed it " +
			"to those that this machine trusts."
	case platform.NotTLS, platform.WantsTLS:
		return "Check the scheme and the port of " + url + "."
	case platform.NoHandshake:
		return "Check " + url + " and any proxy on the way: the provider speaks TLS 1.2 and newer."
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
func (how explanation) knownAdvice(known *session.KnownFailureError) string {
	if known.Credentials {
		return how.checkCredentials()
	}
	return fmt.Sprintf("Check user_service_url (%s) and any proxy on the way.", how.settings.userServiceURL)
}

// heldBack says what to do about a login that was not sent.
func (how explanation) heldBack(held *session.BudgetError) string {
	if held.Blocked {
		return "Until then a login can only fail, from any program at this address. Sessions that exist can still be refreshed. " +
			"Too many logins mean that the session store is off, not shared, or wiped between runs."
	}
	enough := held.Wait.Round(time.Minute)
	if enough < held.Wait {
		enough += time.Minute
	}
	return fmt.Sprintf("Run again then, or let the run wait: %s = %q. If the platform allows more logins, raise login_limit.",
		settingName("login_wait"), plainDuration(enough))
}

// checkCredentials says which values the login was made of, and where right
// ones are found (PLATFORM-API.md §1).
func (how explanation) checkCredentials() string {
	if !how.credentials.DeviceToken.IsEmpty() {
		return "Check device_token, instance_id and instance_key: the login of a user is made of the user's DeviceToken and of the " +
			"InstanceID and InstanceKey of the group that the user belongs to."
	}
	return "Check email and password: they are the API authorization credentials that are generated on the Management page of " +
		"DataHub, not the login of the DataHub web page. If instance_id is set, it is the API InstanceID that comes with them."
}

// otherForm tells of the form of login that was not tried: the platform answers
// the wrong one as it answers a wrong password (PLATFORM-API.md §2).
func (how explanation) otherForm() string {
	switch how.settings.loginForm {
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
func (how explanation) missingCredentials(err *userservice.MissingCredentialsError) string {
	names := make([]string, len(err.Names))
	for i, name := range err.Names {
		names[i] = settingName(name)
	}
	kind, from := "an admin", "Email and password are the API authorization credentials that are generated on the Management page of DataHub."
	switch {
	case err.Kind == session.User:
		kind, from = "a user", "The two are the id and key of the user's group."
	case !how.asAdmin:
		from += " To authorize as a user instead, set device_token."
	}
	set := "Set them"
	if len(names) == 1 {
		set = "Set it"
	}
	return "To authorize as " + kind + " takes " + strings.Join(names, " and ") + ". " + set + " in the provider block or in the environment. " + from
}

// notices turns what a session's user should know into warnings.
func (how explanation) notices(result session.Result, asked time.Duration) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, notice := range result.Notices {
		switch notice.Kind {
		case session.ShortLived:
			diags.AddWarning("Token lives shorter than asked for",
				fmt.Sprintf("The access token ends at %s, in %s; min_lifetime asks for %s. The platform makes its tokens live %s: "+
					"lower min_lifetime below that, or the token is replaced more often than it needs to be.",
					timeText(result.ExpiresAt), notice.Duration.Round(time.Second), asked, result.Lifetime()))
		case session.WaitedToLogin:
			diags.AddWarning("Login was held back",
				fmt.Sprintf("The login waited for %s to keep within the platform's limit. Logins are rare where sessions are kept: "+
					"if it is not for new identities, the session store is off, not shared, or wiped between runs.", notice.Duration.Round(time.Second)))
		case session.ResumeSpent:
			diags.AddWarning("Resumed session was refused",
				"The platform refused the session in resume, so a login was made, which may have revoked tokens issued before. "+
					"This happens when a plan and its apply, or two runs, resume the same pair and share no session store. "+
					"Let them share one (session in the provider block), or let plans that nobody applies run with read_only. "+
					sentence(notice.Err))
		case session.WouldRefresh:
			diags.AddWarning("Token is about to expire",
				fmt.Sprintf("The access token ends at %s, in %s; min_lifetime asks for %s. A run that is not read-only would have refreshed it.",
					timeText(result.ExpiresAt), notice.Duration.Round(time.Second), asked))
		case session.StoreUnavailable:
			diags.AddWarning("Session store not usable",
				"Sessions are kept in memory for this run only, so another run or provider block starts without them and may have to log in, which may "+
					"revoke this token. "+
					sentence(notice.Err))
		case session.StoreNotWritable:
			diags.AddWarning("Session store not writable",
				fmt.Sprintf("The access token ends at %s, in %s, and was not refreshed: the new session could not have been stored, and the stored one would "+
					"have been spent. %s", timeText(result.ExpiresAt), notice.Duration.Round(time.Second), sentence(notice.Err)))
		case session.RefreshFailed:
			diags.AddWarning("Session not refreshed",
				fmt.Sprintf("The access token ends at %s, in %s; min_lifetime asks for %s. It was handed out as it is, because it could not be refreshed. %s",
					timeText(result.ExpiresAt), notice.Duration.Round(time.Second), asked, how.refresh(notice.Err)))
		case session.SessionReplaced:
			diags.AddWarning("Stored session was refused",
				"The platform refused to refresh the stored session, so a login was made, which may have revoked tokens issued before. "+sentence(notice.Err))
		case session.RevokedReplaced:
			diags.AddWarning("Revoked session was replaced",
				"The platform no longer took the stored token before its end: somebody else has logged in with the same credentials. A new session was made. "+
					"Let every program share one session store, or give each credentials of its own. "+renewBefore("before the next check is due"))
		case session.VerifyUseless:
			diags.AddWarning("Token cannot be checked",
				"The platform calls a token dead that it has just issued, so the check tells nothing here and is left off for a day. "+
					"Switch it off with "+settingName("session.verify_after")+" = \"never\". "+renewBefore("meanwhile"))
		case session.FormFound:
			diags.AddWarning("Login was accepted in its other form",
				fmt.Sprintf("The platform refused the login in one form and accepted it in the other, which took two logins. Later runs on this machine know. "+
					"To save the extra login on others: %s = %q.", settingName("login_format"), result.LoginForm))
		case session.RefreshedOften:
			diags.AddWarning("Token is refreshed in nearly every run",
				fmt.Sprintf("min_lifetime asks for %s, and the platform makes its tokens live %s: a run that comes more than %s after this one refreshes the "+
					"token again. Lower min_lifetime, if that is not what you want.", asked, result.Lifetime(), notice.Duration))
		case session.ClockSkew:
			diags.AddWarning("Clock skew", clockSkew(notice.Duration))
		}
	}
	return diags
}

// renewBefore says what to do about a token that is refused at a time when no run
// checks it.
func renewBefore(when string) string {
	return "If a token is refused " + when + ", one run with " + renewVariable + "=refresh replaces it."
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

// sentence makes an error's text a sentence.
func sentence(err error) string {
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
		return " " + sentence(err)
	}
	return ""
}

// plainDuration writes whole minutes without seconds, as a person would.
func plainDuration(d time.Duration) string { return strings.TrimSuffix(d.String(), "0s") }

// timeText writes a time for a person.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }
