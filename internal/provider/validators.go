package provider

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
)

// notBlank is a text with something in it.
var notBlank = regexp.MustCompile(`\S`)

// isGiven refuses a text without anything in it.
func isGiven() validator.String { return stringvalidator.RegexMatches(notBlank, "must not be blank") }

// requiredID are the validators of an id that is part of a request's path: an
// empty one would make it the path of another method.
func requiredID() []validator.String { return []validator.String{isGiven(), uuidShaped{}} }

// uuidShaped warns of a value that is not a UUID, and refuses one that cannot be
// sent.
type uuidShaped struct{}

// Description implements [validator.Describer].
func (uuidShaped) Description(context.Context) string { return "value should be a UUID" }

// MarkdownDescription implements [validator.Describer].
func (v uuidShaped) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (uuidShaped) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if trimmed(req.ConfigValue) == "" || settings.IsUUID(trimmed(req.ConfigValue)) && !strings.ContainsFunc(text, unicode.IsControl) {
		return
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), settings.ControlCharacter)
		return
	}
	resp.Diagnostics.AddAttributeWarning(req.Path, "Unusual "+req.Path.String(), settings.NotUUID(req.Path.String()))
}

// durationText accepts a Go duration that is not negative; an empty text
// counts as not set.
type durationText struct{}

// Description implements [validator.Describer].
func (durationText) Description(context.Context) string {
	return "value must be a Go duration that is not negative, such as 15m"
}

// MarkdownDescription implements [validator.Describer].
func (v durationText) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (durationText) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if text == "" {
		return
	}
	switch d, err := time.ParseDuration(text); {
	case err != nil:
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration", fmt.Sprintf("%q is not a Go duration, such as 15m or 2h.", text))
	case d < 0:
		resp.Diagnostics.AddAttributeError(req.Path, "Negative duration", fmt.Sprintf("%q is negative: a token cannot be asked to have expired. Use 0s to take any that has not.", text))
	}
}

// kindName accepts the name of a kind of authorization.
type kindName struct{}

// Description implements [validator.Describer].
func (kindName) Description(context.Context) string { return "value must be admin or user" }

// MarkdownDescription implements [validator.Describer].
func (v kindName) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (kindName) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if text := req.ConfigValue.ValueString(); text != "" && text != "admin" && text != "user" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), fmt.Sprintf("%q is neither \"admin\" nor \"user\".", text))
	}
}

var (
	_ validator.String = kindName{}
	_ validator.String = durationText{}
	_ validator.String = uuidShaped{}
)
