package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// uuidShape is what the platform's ids look like (PLATFORM-API.md §1).
var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func isUUID(text string) bool { return uuidShape.MatchString(text) }

// notUUID warns of a value that has another shape, without quoting it: keys
// are checked as well.
func notUUID(attribute string) string {
	return "The platform's ids and keys are UUIDs (8-4-4-4-12 hexadecimal digits), and the value of " + attribute +
		" is not. It is used as it is; if the platform refuses it, look for a value that was cut short or mixed up with another."
}

// uuidShaped warns of a value that is no UUID.
type uuidShaped struct{}

// Description implements [validator.Describer].
func (uuidShaped) Description(context.Context) string { return "value should be a UUID" }

// MarkdownDescription implements [validator.Describer].
func (v uuidShaped) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (uuidShaped) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if text == "" || isUUID(text) {
		return
	}
	resp.Diagnostics.AddAttributeWarning(req.Path, "Unusual "+req.Path.String(), notUUID(req.Path.String()))
}
