package provider

import (
	"context"
	"log/slog"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// The subsystems of the provider's log. TF_LOG_PROVIDER_TELEMATICS_HTTP and
// TF_LOG_PROVIDER_TELEMATICS_SESSION set their levels.
const (
	httpSubsystem    = "http"
	sessionSubsystem = "session"
)

// withLogging returns ctx with the subsystems' loggers.
func withLogging(ctx context.Context) context.Context {
	for _, name := range []string{httpSubsystem, sessionSubsystem} {
		ctx = tflog.NewSubsystem(ctx, name, tflog.WithLevelFromEnv("TF_LOG_PROVIDER_TELEMATICS", name))
	}
	return ctx
}

// masked returns ctx with loggers that do not show these secrets. They reach no log
// because they travel as secret.String; that they are masked as well is for the day
// when somebody reveals one by mistake.
func masked(ctx context.Context, secrets ...secret.String) context.Context {
	var texts []string
	for _, s := range secrets {
		if !s.IsEmpty() {
			texts = append(texts, s.Reveal())
		}
	}
	for _, name := range []string{httpSubsystem, sessionSubsystem} {
		ctx = tflog.SubsystemMaskLogStrings(ctx, name, texts...)
	}
	return tflog.MaskLogStrings(ctx, texts...)
}

// newLogger returns a logger whose records go to a subsystem of tflog, by way
// of the context that they are logged with.
func newLogger(subsystem string) *slog.Logger { return slog.New(tflogHandler{subsystem: subsystem}) }

// tflogHandler implements [slog.Handler] on tflog.
type tflogHandler struct {
	subsystem string
	attrs     []slog.Attr
}

// Enabled implements [slog.Handler]; tflog decides by its own levels.
func (tflogHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (h tflogHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, len(h.attrs)+record.NumAttrs())
	add := func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Resolve().String()
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	record.Attrs(add)
	log := tflog.SubsystemDebug
	switch {
	case record.Level >= slog.LevelError:
		log = tflog.SubsystemError
	case record.Level >= slog.LevelWarn:
		log = tflog.SubsystemWarn
	case record.Level >= slog.LevelInfo:
		log = tflog.SubsystemInfo
	case record.Level < slog.LevelDebug:
		log = tflog.SubsystemTrace
	}
	log(ctx, h.subsystem, record.Message, fields)
	return nil
}

// WithAttrs implements [slog.Handler].
func (h tflogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

// WithGroup implements [slog.Handler]; tflog has no groups, and nobody here
// uses them.
func (h tflogHandler) WithGroup(string) slog.Handler { return h }
