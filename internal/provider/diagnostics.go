package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// explanation is what is known of the attempt when an error is explained.
type explanation struct {
	settings    settings
	credentials userservice.Credentials
	resumed     bool
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
	if opened.Login != nil {
		var text string
		summary, text = how.login(opened.Login)
		parts = append(parts, text)
	}
	diags.AddError(summary, strings.Join(parts, "\n\n"))
	return diags
}

// readOnly explains what a read-only run would have done.
func (how explanation) readOnly(err *session.ReadOnlyError) string {
	return sentence(err) + " Let a run without " + settingName("session.read_only") + " come before this one, with the same session store: it gets a " +
		"session that this one can hand out."
}

// refresh explains why a session was not refreshed.
func (how explanation) refresh(err error) string {
	var answer *userservice.Error
	switch {
	case errors.Is(err, session.ErrOtherUser), errors.Is(err, session.ErrNotAdmin):
		return sentence(err) + " Check that resume and device_token are of the same user. The pair in resume is spent by now."
	case !errors.As(err, &answer):
		return sentence(err)
	}
	text := sentence(err)
	switch wait, blocked := answer.Blocked(); {
	case blocked && wait > 0:
		return text + fmt.Sprintf(" The platform wants no more requests for now: run again after %s.", timeText(how.now.Add(wait)))
	case blocked:
		return text + " The platform wants no more requests for now: run again in a while."
	case answer.Temporary():
		return text + " The stored tokens were kept. Run again when the platform can be reached."
	case answer.Refused():
		text += " The refresh token is spent, expired or revoked."
		if how.resumed {
			text += " The session in resume is of no more use: let it be null for the next run, or store the pair of a newer one."
		}
		return text
	default:
		return text + " " + how.checkURL()
	}
}

// login explains why a login failed, was not possible, or was not tried.
func (how explanation) login(err error) (summary, text string) {
	var (
		missing  *userservice.MissingCredentialsError
		answer   *userservice.Error
		held     *session.BudgetError
		deadline = errors.Is(err, context.DeadlineExceeded)
	)
	switch {
	case errors.As(err, &missing):
		return "Missing credentials", missingCredentials(missing)
	case errors.As(err, &answer):
		return "Login failed", sentence(err) + " " + how.loginAdvice(answer)
	case errors.As(err, &held):
		return "Login held back", sentence(err) + " " + how.heldBack(held)
	case errors.Is(err, session.ErrOtherUser):
		return "Session of another user", sentence(err) + " Check that resume holds the session of this device_token."
	case errors.Is(err, context.Canceled):
		return "Interrupted", "The run was interrupted before there was a token."
	case deadline:
		return "Timed out", "The operation's deadline passed before there was a token. " + sentence(err)
	default:
		return "No access token", sentence(err)
	}
}

// loginAdvice says what to do about a login that the platform, or something
// on the way to it, did not answer with a session.
func (how explanation) loginAdvice(answer *userservice.Error) string {
	switch wait, blocked := answer.Blocked(); {
	case blocked:
		if wait <= 0 {
			wait = session.DefaultBlock
		}
		return fmt.Sprintf("Logins from this address are blocked, as too many were made. Do not log in again before %s: "+
			"until then a login can only fail. Sessions that exist can still be refreshed.", timeText(how.now.Add(wait)))
	case answer.Temporary():
		return "Run again when the platform can be reached."
	}
	switch answer.Code() {
	case 400, 401, 415, 422:
		return how.checkCredentials() + " " + how.otherDialect()
	case 403:
		return how.checkCredentials()
	default:
		return how.checkURL()
	}
}

// heldBack says what to do about a login that was not sent.
func (how explanation) heldBack(held *session.BudgetError) string {
	if held.Blocked {
		return "Until then a login can only fail, from any program at this address. Sessions that exist can still be refreshed. " +
			"Too many logins mean that the session store is off, not shared, or wiped between runs."
	}
	return "Run again then, or raise " + settingName("login_wait") + ", so that the run waits. If the platform allows more, raise " +
		"login_limit" + "."
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

// otherDialect tells of the login_format that was not used: the platform
// answers the wrong one as it answers a wrong password (PLATFORM-API.md §2).
func (how explanation) otherDialect() string {
	other := userservice.FormatString
	if how.settings.loginFormat == userservice.FormatString {
		other = userservice.FormatObject
	}
	return fmt.Sprintf("If they are right, the platform may want the login in its other form: set login_format = %q. "+
		"It is not tried by itself, because each try counts against the login limit.", other)
}

// checkURL says that something other than the platform may have answered.
func (how explanation) checkURL() string {
	return fmt.Sprintf("Check user_service_url (%s) and any proxy on the way: what answered does not look like the platform's user-service.",
		how.settings.userServiceURL)
}

// missingCredentials says which settings a login needs, and where their values
// come from.
func missingCredentials(err *userservice.MissingCredentialsError) string {
	names := make([]string, len(err.Names))
	for i, name := range err.Names {
		names[i] = settingName(name)
	}
	kind, from := "an admin", "They are the API authorization credentials that are generated on the Management page of DataHub. "+
		"To authorize as a user instead, set device_token."
	if err.Kind == session.User {
		kind, from = "a user", "They are the id and key of the user's group."
	}
	return "To authorize as " + kind + " takes " + strings.Join(names, " and ") + ". Set them in the provider block or in the environment. " + from
}

// explainNotices turns what a session's user should know into warnings.
func explainNotices(result session.Result, asked time.Duration) diag.Diagnostics {
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
					"many of them mean that the session store is off, not shared, or wiped between runs.", notice.Duration.Round(time.Second)))
		case session.ResumeSpent:
			diags.AddWarning("Resumed session was refused",
				"The platform refused the session in resume, so a login was made, which revoked all tokens issued before. "+
					"This happens when a plan and its apply, or two runs, resume the same pair and share no session store. "+
					"Let them share one (session in the provider block), or let plans that nobody applies run with read_only. "+
					sentence(notice.Err))
		case session.WouldRefresh:
			diags.AddWarning("Token is about to expire",
				fmt.Sprintf("The access token ends at %s, in %s; min_lifetime asks for %s. A run that is not read-only would have refreshed it.",
					timeText(result.ExpiresAt), notice.Duration.Round(time.Second), asked))
		case session.StoreUnavailable:
			diags.AddWarning("Session store not usable",
				"Sessions are kept in memory for this run only, so the next run starts without them and may have to log in. "+
					sentence(notice.Err))
		case session.ClockSkew:
			diags.AddWarning("Clock skew", clockSkew(notice.Duration))
		}
	}
	return diags
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
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// timeText writes a time for a person.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }
