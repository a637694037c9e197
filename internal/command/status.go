package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/tokens"
)

// A statusReport is what status tells, as its JSON has it. It holds no secret: a
// device token, which names a user, is not in it.
type statusReport struct {
	UserServiceURL string          `json:"user_service_url"`
	Store          storeStatus     `json:"store"`
	Sessions       []sessionStatus `json:"sessions"`
	// OtherSessions are those in the store that no credentials of the environment
	// open; nil where they cannot be counted.
	OtherSessions *int         `json:"other_sessions,omitempty"`
	Logins        loginsStatus `json:"logins"`
}

type storeStatus struct {
	Kind  string `json:"kind"`
	Where string `json:"where,omitempty"`
	Error string `json:"error,omitempty"`
}

// A sessionStatus is the session of one identity of the environment.
type sessionStatus struct {
	Kind session.Kind `json:"kind"`
	// Login is an admin's email.
	Login    string `json:"login,omitempty"`
	Identity string `json:"identity"`
	Stored   bool   `json:"stored"`
	// Reason says why no session is told of, where there is more to say than that
	// none is stored.
	Reason     string    `json:"reason,omitempty"`
	IssuedAt   time.Time `json:"issued_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	Expired    bool      `json:"expired,omitempty"`
	VerifiedAt time.Time `json:"verified_at,omitzero"`
	Version    int64     `json:"version,omitempty"`
}

type loginsStatus struct {
	InWindow     int       `json:"in_window"`
	Limit        int       `json:"limit"`
	Window       string    `json:"window"`
	NextAt       time.Time `json:"next_at,omitzero"`
	BlockedUntil time.Time `json:"blocked_until,omitzero"`
	Error        string    `json:"error,omitempty"`
}

func (c *call) statusFlags(f *flag.FlagSet) { f.BoolVar(&c.asJSON, "json", false, "") }

// status tells what is stored and what the ledger holds, and asks nothing of the
// platform. A store that cannot be used is part of what it tells.
func (c *call) status(ctx context.Context) int {
	args, code, ok := c.order()
	if !ok {
		return code
	}
	report, failed := c.report(ctx, args)
	text, err := c.inWords(report), error(nil)
	if c.asJSON {
		text, err = document(report)
	}
	if err != nil {
		return exitCode(err)
	}
	if code := c.print(text); code != ExitDone {
		return code
	}
	return failed
}

// report collects what there is to tell. It returns the exit code of what failed.
func (c *call) report(ctx context.Context, args tokens.Arguments) (statusReport, int) {
	s := c.settings
	report := statusReport{UserServiceURL: s.UserServiceURL.String(), Store: storeStatus{Kind: s.Store}, Sessions: []sessionStatus{}}
	failed := ExitDone
	fails := func(err error) string {
		if failed == ExitDone {
			failed = ExitStore
		}
		return explain.Sentence(err)
	}

	var asked []tokens.Arguments
	if s.Email != "" || !s.Password.IsEmpty() {
		asked = append(asked, tokens.Arguments{Kind: session.Admin, InstanceID: args.InstanceID})
	}
	if !args.DeviceToken.IsEmpty() {
		asked = append(asked, args)
	}
	opened := 0
	for _, a := range asked {
		id, stored, err := c.opener.Stored(ctx, a)
		told := sessionStatus{Kind: id.Kind, Identity: id.Key()}
		if id.Kind == session.Admin {
			told.Login = id.Login
		}
		switch {
		case err == nil:
			opened++
			told.Stored, told.Version = true, stored.Version
			told.IssuedAt, told.ExpiresAt, told.VerifiedAt = stored.IssuedAt.UTC(), stored.ExpiresAt.UTC(), stored.VerifiedAt.UTC()
			told.Expired = !stored.LivesFor(0, c.Now())
		case exitCode(err) == ExitMissing:
			told.Reason = "Its credentials are not complete: " + err.Error() + "."
		case errors.Is(err, session.ErrNoSession):
			if err.Error() != session.ErrNoSession.Error() {
				told.Reason = explain.Sentence(err)
			}
		default:
			told.Reason = fails(err)
		}
		report.Sessions = append(report.Sessions, told)
	}

	report.Store.Where = c.opener.Place()
	if count, counted, err := c.opener.Count(); err != nil {
		report.Store.Error = fails(err)
	} else if counted {
		others := max(0, count-opened)
		report.OtherSessions = &others
	}
	report.Logins = c.logins(ctx)
	return report, failed
}

// logins tells what the ledger holds.
func (c *call) logins(ctx context.Context) loginsStatus {
	state, err := c.opener.Logins(ctx)
	if err != nil {
		return loginsStatus{Limit: c.settings.LoginLimit, Window: c.settings.LoginWindow.String(), Error: explain.Sentence(err)}
	}
	return loginsStatus{
		InWindow: state.Logins, Limit: state.Limit, Window: state.Window.String(), NextAt: utc(state.Next), BlockedUntil: utc(state.BlockedUntil),
	}
}

// utc is a time in UTC; the zero time stays what it is.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// inWords writes the report for a person, or without colour and without how long
// things are from now, for a program that reads lines.
func (c *call) inWords(r statusReport) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			b.WriteString(strings.TrimRight(fmt.Sprintf("%-10s%s", name, value), " ") + "\n")
		}
	}
	heading := func(text string) { b.WriteString("\n" + c.coloured(c.OutIsTerminal, bold, text) + "\n") }
	store := map[string]string{settings.StoreFile: "files", settings.StoreVault: "Vault", settings.StoreNone: "none: sessions are kept in memory alone"}[r.Store.Kind]
	line("platform", r.UserServiceURL)
	line("store", strings.TrimSpace(store+" "+r.Store.Where))
	line("", r.Store.Error)
	for _, s := range r.Sessions {
		heading(strings.TrimSpace(string(s.Kind) + " " + s.Login))
		switch {
		case s.Stored:
			line("  issued", c.at(s.IssuedAt))
			line("  ends", c.at(s.ExpiresAt))
			line("  checked", c.at(s.VerifiedAt))
		case s.Reason != "":
			line("  none", s.Reason)
		default:
			line("  none", "No session is stored.")
		}
	}
	if len(r.Sessions) == 0 {
		heading("sessions")
		line("  none", "No credentials are given here: set TELEMATICS_EMAIL and TELEMATICS_PASSWORD, or give --device-token.")
	}
	if others := r.OtherSessions; others != nil && *others > 0 {
		heading("others")
		line("  stored", fmt.Sprintf("%d, of credentials that are not given here", *others))
	}
	heading("logins")
	switch {
	case r.Logins.Error != "":
		line("  unknown", r.Logins.Error)
	case !r.Logins.BlockedUntil.IsZero():
		line("  blocked", "until "+c.at(r.Logins.BlockedUntil))
	default:
		line("  sent", fmt.Sprintf("%d of %d in the last %s", r.Logins.InWindow, r.Logins.Limit, r.Logins.Window))
		line("  next", c.at(r.Logins.NextAt))
	}
	return b.String()
}

// at writes a time, for a person with how far it is from now.
func (c *call) at(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case !c.OutIsTerminal:
		return explain.Time(t)
	}
	left := t.Sub(c.Now()).Round(time.Second)
	if left <= 0 {
		return fmt.Sprintf("%s (%s ago)", explain.Time(t), -left)
	}
	return fmt.Sprintf("%s (in %s)", explain.Time(t), left)
}
