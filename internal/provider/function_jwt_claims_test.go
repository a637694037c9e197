package provider_test

import (
	"encoding/base64"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// jwtOf puts a token together from its claims.
func jwtOf(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("a signature"))
}

// jwtClaims calls the function.
func (c *core) jwtClaims(token string) *tfprotov6.CallFunctionResponse {
	c.t.Helper()
	argument, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, token))
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := c.server.CallFunction(c.t.Context(), &tfprotov6.CallFunctionRequest{
		Name: "jwt_claims", Arguments: []*tfprotov6.DynamicValue{&argument},
	})
	return answered(c, response, err)
}

// number is a number as a test writes it, in Terraform's precision.
type number string

// plain turns one of Terraform's values into Go's: an object into a map, a
// tuple or a list into a slice.
func (c *core) plain(v tftypes.Value) any {
	c.t.Helper()
	if v.IsNull() {
		return nil
	}
	as := func(into any) {
		if err := v.As(into); err != nil {
			c.t.Fatal(err)
		}
	}
	switch kind := v.Type(); {
	case kind.Is(tftypes.String):
		var text string
		as(&text)
		return text
	case kind.Is(tftypes.Bool):
		var is bool
		as(&is)
		return is
	case kind.Is(tftypes.Number):
		var n big.Float
		as(&n)
		return number(n.Text('g', -1))
	case kind.Is(tftypes.Tuple{}), kind.Is(tftypes.List{}):
		var elements []tftypes.Value
		as(&elements)
		list := make([]any, len(elements))
		for i, element := range elements {
			list[i] = c.plain(element)
		}
		return list
	case kind.Is(tftypes.Object{}):
		var elements map[string]tftypes.Value
		as(&elements)
		object := make(map[string]any, len(elements))
		for name, element := range elements {
			object[name] = c.plain(element)
		}
		return object
	default:
		c.t.Fatalf("a value of the type %s", kind)
		return nil
	}
}

func TestJWTClaims_AreReadUnverified(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil) // it needs no configuration
	tests := []struct {
		name   string
		claims string
		want   map[string]any
	}{
		{"no claims", `{}`, map[string]any{}},
		{"texts and truths", `{"sub":"me","admin":true,"locked":false,"http://schemas/role":"Ädmin"}`, map[string]any{"sub": "me", "admin": true, "locked": false, "http://schemas/role": "Ädmin"}},
		{"numbers", `{"exp":1772604367,"f":-0.1,"big":12345678901234567890123}`, map[string]any{"exp": number("1.772604367e+09"), "f": number("-0.1"), "big": number("1.2345678901234567890123e+22")}},
		{"a number with zeros", `{"n":1e3,"zero":0}`, map[string]any{"n": number("1000"), "zero": number("0")}},
		{"a number past what a number can be is a text",
			`{"n":1e999999999999,"long":1e100000000,"short":-1e-100000000,"most":1e308}`,
			map[string]any{"n": "1e999999999999", "long": "1e100000000", "short": "-1e-100000000", "most": number("1e+308")},
		},
		{"lists of all kinds", `{"l":["a",1,true,null,["b"],{"k":"v"}],"none":[]}`, map[string]any{
			"l": []any{"a", number("1"), true, nil, []any{"b"}, map[string]any{"k": "v"}}, "none": []any{},
		}},
		{"objects in objects", `{"o":{"k":{"deep":null}}}`, map[string]any{"o": map[string]any{"k": map[string]any{"deep": nil}}}},
		{"null", `{"nothing":null}`, map[string]any{"nothing": nil}},
		{"an expired token", `{"exp":1}`, map[string]any{"exp": number("1")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			response := c.jwtClaims(jwtOf(test.claims))
			if response.Error != nil {
				t.Fatal(response.Error.Text)
			}
			result, err := response.Result.Unmarshal(tftypes.DynamicPseudoType)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.plain(result); !reflect.DeepEqual(got, test.want) {
				t.Errorf("claims = %#v, want %#v", got, test.want)
			}
		})
	}
}

func TestJWTClaims_OfSomethingElseIsAnError(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil)
	for _, test := range []struct {
		name  string
		token string
	}{
		{"an opaque token", "an-opaque-token-of-the-platform"},
		{"nothing", ""},
		{"a header", "Bearer " + jwtOf(`{}`)},
		{"a token cut short", strings.TrimSuffix(jwtOf(`{"sub":"somebody"}`), ".YSBzaWduYXR1cmU")},
		{"claims that are none", jwtOf(`["somebody-whom-you-know"]`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			failed := c.jwtClaims(test.token).Error
			if failed == nil {
				t.Fatal("there is no error")
			}
			if failed.FunctionArgument == nil || *failed.FunctionArgument != 0 {
				t.Error("the error is not on the argument")
			}
			if !strings.HasPrefix(failed.Text, "not a JSON Web Token: want three base64url parts") || strings.HasSuffix(failed.Text, ".") {
				t.Errorf("error = %q", failed.Text)
			}
			for _, part := range strings.Split(test.token, ".") {
				if len(part) > 5 && strings.Contains(failed.Text, part) {
					t.Errorf("%q quotes the token", failed.Text)
				}
			}
		})
	}
}

func TestAccJWTClaims(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		// No provider block and no credentials.
		ProtoV6ProviderFactories: factories(p, p.environment(t)),
		Steps: []resource.TestStep{
			{
				Config: required + `
					locals {
						claims = provider::telematics::jwt_claims("` + jwtOf(`{"sub":"me","exp":1772604367,"f":0.1,"l":["a",1,null],"o":{"k":true},"n":null}`) + `")
					}
					output "claims" {
						value = local.claims
					}
					output "used" {
						value = [local.claims.exp + 1, local.claims.f == 0.1, local.claims.l[1], local.claims.o.k, local.claims.n == null, can(local.claims.absent)]
					}`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("claims", knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"sub": knownvalue.StringExact("me"),
						"exp": knownvalue.Int64Exact(1772604367),
						"o":   knownvalue.ObjectExact(map[string]knownvalue.Check{"k": knownvalue.Bool(true)}),
						"n":   knownvalue.Null(),
					})),
					statecheck.ExpectKnownOutputValue("used", knownvalue.TupleExact([]knownvalue.Check{
						knownvalue.Int64Exact(1772604368), knownvalue.Bool(true), knownvalue.Int64Exact(1), knownvalue.Bool(true),
						knownvalue.Bool(true), knownvalue.Bool(false),
					})),
				},
			},
			{
				Config:      required + `output "claims" { value = provider::telematics::jwt_claims("an-opaque-token") }`,
				ExpectError: words("Invalid function argument", "not a JSON Web Token: want three base64url parts separated by dots"),
			},
		},
	})
}
