package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
)

// diagnostics are messages as Terraform shows them: a message about an attribute
// points at it.
func diagnostics(said message.List) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, m := range said {
		switch {
		case m.Warning && m.Attribute != "":
			diags.AddAttributeWarning(attributePath(m.Attribute), m.Title, m.Detail)
		case m.Warning:
			diags.AddWarning(m.Title, m.Detail)
		case m.Attribute != "":
			diags.AddAttributeError(attributePath(m.Attribute), m.Title, m.Detail)
		default:
			diags.AddError(m.Title, m.Detail)
		}
	}
	return diags
}

// attributePath is where an attribute is whose name leads into nested blocks with
// dots.
func attributePath(name string) path.Path {
	at := path.Empty()
	for step := range strings.SplitSeq(name, ".") {
		at = at.AtName(step)
	}
	return at
}
