package provider

import (
	"context"
	"encoding/json"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
)

// jwtClaimsFunction implements provider::telematics::jwt_claims.
type jwtClaimsFunction struct{}

var _ function.Function = jwtClaimsFunction{}

// Metadata implements [function.Function].
func (jwtClaimsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "jwt_claims"
}

// Definition implements [function.Function].
func (jwtClaimsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Reads the claims of a JSON Web Token",
		MarkdownDescription: "Returns the claims of a JSON Web Token as an object, such as `exp`, the Unix time when it ends. The signature is " +
			"**not verified**, and a token that has expired is read all the same: use it to look at a token, not to trust one.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name:                "token",
				MarkdownDescription: "The token, without a leading `Bearer`.",
			},
		},
		Return: function.DynamicReturn{},
	}
}

// Run implements [function.Function].
func (jwtClaimsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var token string
	resp.Error = req.Arguments.Get(ctx, &token)
	if resp.Error != nil {
		return
	}
	claims, err := jwt.Claims(token)
	if err != nil {
		// The CLI puts it behind a colon, and a full stop at its end.
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	value, diags := valueOf(claims)
	resp.Error = function.ConcatFuncErrors(function.FuncErrorFromDiags(ctx, diags), resp.Result.Set(ctx, types.DynamicValue(value)))
}

// maxExponent is the binary exponent up to which a number is one, about that of
// a 64-bit float. Terraform's protocol writes all the zeros of a number out, so
// that a token of a few bytes could keep it busy for minutes.
const maxExponent = 1024

// valueOf turns a JSON value into Terraform's: an object becomes an object, a
// list a tuple, and null stays null.
func valueOf(v any) (attr.Value, diag.Diagnostics) {
	var diags diag.Diagnostics
	switch v := v.(type) {
	case string:
		return types.StringValue(v), nil
	case bool:
		return types.BoolValue(v), nil
	case json.Number:
		// 512 bits are what Terraform itself gives a number.
		f, _, err := big.ParseFloat(v.String(), 10, 512, big.ToNearestEven)
		if err != nil || max(f.MantExp(nil), -f.MantExp(nil)) > maxExponent {
			// Past what a number can be; the text is better than an error.
			return types.StringValue(v.String()), nil
		}
		return types.NumberValue(f), nil
	case []any:
		elements, kinds := make([]attr.Value, len(v)), make([]attr.Type, len(v))
		for i, element := range v {
			value, d := valueOf(element)
			diags.Append(d...)
			elements[i], kinds[i] = value, value.Type(context.Background())
		}
		tuple, d := types.TupleValue(kinds, elements)
		diags.Append(d...)
		return tuple, diags
	case map[string]any:
		attributes, kinds := make(map[string]attr.Value, len(v)), make(map[string]attr.Type, len(v))
		for name, element := range v {
			value, d := valueOf(element)
			diags.Append(d...)
			attributes[name], kinds[name] = value, value.Type(context.Background())
		}
		object, d := types.ObjectValue(kinds, attributes)
		diags.Append(d...)
		return object, diags
	default:
		return types.DynamicNull(), nil
	}
}
