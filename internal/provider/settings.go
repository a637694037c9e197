package provider

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
)

// settingAttributes returns the attributes of the block whose name and a dot
// the prefix is; it is empty for the provider block.
func settingAttributes(prefix string) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, s := range settings.All() {
		rest, inside := strings.CutPrefix(s.Attribute, prefix)
		name, _, nested := strings.Cut(rest, ".")
		if _, known := attributes[name]; known {
			continue // a block is described by the first of its settings
		}
		described := s.Description
		if s.Variable != "" {
			described += " May be set by the environment variable `" + s.Variable + "`."
		}
		switch {
		case !inside:
		case nested:
			attributes[name] = schema.SingleNestedAttribute{
				MarkdownDescription: settings.DescribeBlock(prefix + name),
				Optional:            true,
				Attributes:          settingAttributes(prefix + name + "."),
			}
		case s.Kind == settings.Number:
			attributes[name] = schema.NumberAttribute{MarkdownDescription: described, Optional: true}
		case s.Kind == settings.Flag:
			attributes[name] = schema.BoolAttribute{MarkdownDescription: described, Optional: true}
		case s.Kind == settings.List:
			attributes[name] = schema.ListAttribute{MarkdownDescription: described, Optional: true, ElementType: types.StringType}
		default:
			attributes[name] = schema.StringAttribute{MarkdownDescription: described, Optional: true, Sensitive: s.Sensitive}
		}
	}
	return attributes
}

// readSettings reads the provider block and the environment, as [settings.Read]
// says.
func readSettings(ctx context.Context, config tfsdk.Config, getenv func(string) string) (settings.Settings, diag.Diagnostics) {
	block := &providerBlock{ctx: ctx, config: config}
	read, said := settings.Read(block, getenv)
	return read, append(block.diags, diagnostics(said)...)
}

// providerBlock implements [settings.Block] for the time of one reading.
type providerBlock struct {
	ctx    context.Context
	config tfsdk.Config
	diags  diag.Diagnostics
}

// Value implements [settings.Block].
func (b *providerBlock) Value(s settings.Setting) (value string, unknown bool) {
	if b.isNull(s.Attribute) {
		return "", false
	}
	at := attributePath(s.Attribute)
	switch s.Kind {
	case settings.Number:
		var n types.Number
		b.diags.Append(b.config.GetAttribute(b.ctx, at, &n)...)
		if n.IsNull() || n.IsUnknown() {
			return "", n.IsUnknown()
		}
		return n.ValueBigFloat().Text('f', -1), false
	case settings.Flag:
		var f types.Bool
		b.diags.Append(b.config.GetAttribute(b.ctx, at, &f)...)
		if f.IsNull() || f.IsUnknown() {
			return "", f.IsUnknown()
		}
		return strconv.FormatBool(f.ValueBool()), false
	case settings.List:
		var l types.List
		b.diags.Append(b.config.GetAttribute(b.ctx, at, &l)...)
		return listText(l)
	default:
		var t types.String
		b.diags.Append(b.config.GetAttribute(b.ctx, at, &t)...)
		return t.ValueString(), t.IsUnknown()
	}
}

// Nested implements [settings.Block].
func (b *providerBlock) Nested(name string) (set, unknown bool) {
	if b.isNull(name) {
		return false, false
	}
	var nested types.Object
	b.diags.Append(b.config.GetAttribute(b.ctx, attributePath(name), &nested)...)
	return !nested.IsNull(), nested.IsUnknown()
}

// isNull reports whether an attribute, or a block around it, is null. Most are, in
// each run, and to look is much quicker than to convert them.
func (b *providerBlock) isNull(attribute string) bool {
	value := b.config.Raw
	for name := range strings.SplitSeq(attribute, ".") {
		var object map[string]tftypes.Value
		if value.IsNull() {
			return true
		}
		if !value.IsKnown() || value.As(&object) != nil {
			return false
		}
		value = object[name]
	}
	return value.IsNull()
}

// listText is a list of texts in JSON. An empty list counts as not set.
func listText(l types.List) (value string, unknown bool) {
	if l.IsUnknown() || len(l.Elements()) == 0 {
		return "", l.IsUnknown()
	}
	words := make([]*string, 0, len(l.Elements()))
	for _, element := range l.Elements() {
		word, _ := element.(types.String)
		if word.IsUnknown() {
			return "", true
		}
		words = append(words, word.ValueStringPointer())
	}
	encoded, err := json.Marshal(words)
	if err != nil {
		return "", false // texts can always be encoded
	}
	return string(encoded), false
}
