package provider_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/telematics-tools/terraform-provider-telematics/internal/provider"
)

// The tests of this file and others named TestAcc… start a real CLI, and run
// when TF_ACC is set. They prove what the tests in process cannot: that the
// CLI makes of the provider's answers what they are meant to be.

// required is the block that an own function of a provider needs. The CLI looks
// for the provider where the testing framework says that it is.
var required = fmt.Sprintf(`
	terraform {
		required_providers {
			telematics = { source = %q }
		}
	}
`, host()+"/hashicorp/telematics")

// host is the registry that the CLI takes short addresses to be of.
func host() string {
	if host := os.Getenv(resource.EnvTfAccProviderHost); host != "" {
		return host
	}
	return "registry.terraform.io"
}

// factories serve the provider with an environment, and the echo provider,
// which writes into state what it is configured with.
func factories(p *platform, env environment) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"telematics": func() (tfprotov6.ProviderServer, error) {
			// Each run of the CLI gets one that knows nothing of the last.
			return providerserver.NewProtocol6(provider.New("1.2.3", provider.Options{Getenv: env.get, Now: p.clock.Now})())(), nil
		},
		"echo": echoprovider.NewProviderServer(),
	}
}

// withEphemeral skips a test on a CLI that knows no ephemeral resources.
var withEphemeral = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)}

// words matches an error that has all texts in this order. The CLI breaks
// lines where it likes, and draws a line at their left.
func words(texts ...string) *regexp.Regexp {
	var patterns []string
	for _, text := range texts {
		var quoted []string
		for _, word := range strings.Fields(text) {
			quoted = append(quoted, regexp.QuoteMeta(word))
		}
		patterns = append(patterns, strings.Join(quoted, `[\s│╷╵]+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(patterns, `.*`))
}

// echo hands a value to the echo provider.
func echo(value string) string {
	return "\nprovider \"echo\" {\n\tdata = " + value + "\n}\nresource \"echo\" \"seen\" {}\n"
}

func TestAccEphemeralAccessToken(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	config := `
		ephemeral "telematics_access_token" "admin" {}
		ephemeral "telematics_access_token" "user" {
			device_token = "` + deviceToken + `"
		}
		ephemeral "telematics_access_token" "other" {
			device_token = "` + otherDevice + `"
			instance_id  = "` + otherID + `"
			instance_key = "` + otherKey + `"
			min_lifetime = "1m"
			resume       = { access_token = "", refresh_token = null }
		}` + echo(`{
			admin = ephemeral.telematics_access_token.admin
			user  = ephemeral.telematics_access_token.user
			other = ephemeral.telematics_access_token.other
		}`)
	// What is applied was planned before, and every plan opens the tokens.
	seen := func(name string, results map[string]knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("echo.seen", tfjsonpath.New("data").AtMapKey(name), knownvalue.ObjectPartial(results))
	}
	accepted := knownvalue.StringFunc(func(token string) error {
		if !p.Accepts(strings.TrimPrefix(token, "Bearer ")) {
			return fmt.Errorf("the platform does not accept the token")
		}
		return nil
	})
	results := func(device knownvalue.Check) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{
			"access_token": accepted, "authorization": accepted, "refresh_token": knownvalue.NotNull(), "source": knownvalue.StringExact("reused"),
			"device_token": device, "issued_at": knownvalue.StringExact(firstIssued), "expires_at": knownvalue.StringExact(firstExpires),
		}
	}
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   withEphemeral,
		ProtoV6ProviderFactories: factories(p, p.environment(t).admin().user().onDisk()),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					seen("admin", results(knownvalue.Null())),
					seen("user", results(knownvalue.StringExact(deviceToken))),
					seen("other", results(knownvalue.StringExact(otherDevice))),
				},
			},
		},
	})
	p.wantIssued(t, 3, 0)
}

func TestAccAccessTokenDataSource(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	const address = "data.telematics_access_token.admin"
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(p, p.environment(t).with("TELEMATICS_PASSWORD", adminPassword).onDisk()),
		Steps: []resource.TestStep{{
			Config: `
				provider "telematics" {
					email   = "` + adminEmail + `"
					session = { min_lifetime = "20m" }
				}
				data "telematics_access_token" "admin" {}
				output "ends" {
					value = data.telematics_access_token.admin.expires_at
				}`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectSensitiveValue(address, tfjsonpath.New("access_token")),
				statecheck.ExpectSensitiveValue(address, tfjsonpath.New("refresh_token")),
				statecheck.ExpectSensitiveValue(address, tfjsonpath.New("authorization")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("access_token"), knownvalue.StringRegexp(regexp.MustCompile(`^eyJ`))),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("device_token"), knownvalue.Null()),
				statecheck.ExpectKnownOutputValue("ends", knownvalue.StringExact(firstExpires)),
			},
		}},
	})
	p.wantIssued(t, 1, 0)
}

// What the CLI shows of errors, on which attribute, and in which order it
// validates and configures.
func TestAccErrors(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	const admin = `ephemeral "telematics_access_token" "admin" {}`
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   withEphemeral,
		ProtoV6ProviderFactories: factories(p, p.environment(t)),
		Steps: []resource.TestStep{
			{
				Config:      "provider \"telematics\" {\n\tinstance_id = \"" + instanceID + "\"\n}\n" + `ephemeral "telematics_access_token" "user" { device_token = "` + deviceToken + `" }` + echo("ephemeral.telematics_access_token.user.source"),
				ExpectError: words("Missing credentials", `ephemeral "telematics_access_token" "user"`, "instance_key (environment variable TELEMATICS_INSTANCE_KEY)"),
			},
			{
				Config:      "provider \"telematics\" {\n\tuser_service_url = \"http://example.com\"\n}\n" + admin,
				ExpectError: words("Invalid user_service_url", "user_service_url =", "Plain http would send passwords in the clear"),
			},
			{
				Config:      admin + echo("ephemeral.telematics_access_token.admin.source"),
				ExpectError: words("Missing credentials", "email (environment variable TELEMATICS_EMAIL)"),
			},
			{
				// Known after apply only.
				Config: `
					resource "terraform_data" "email" {
						input = "` + adminEmail + `"
					}
					provider "telematics" {
						email    = terraform_data.email.output
						password = "` + adminPassword + `"
					}
					` + admin,
				ExpectError: words("Provider configuration not known yet", "the provider's email depends on values that are known only after apply", "TELEMATICS_EMAIL"),
			},
			{
				// The same is no error to a run that asks for no token.
				Config: `
					resource "terraform_data" "email" {
						input = "` + adminEmail + `"
					}
					provider "telematics" {
						email    = terraform_data.email.output
						password = "` + adminPassword + `"
					}
					data "telematics_access_token" "none" {
						count = 0
					}`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("terraform_data.email", tfjsonpath.New("output"), knownvalue.StringExact(adminEmail)),
				},
			},
		},
	})
	p.wantIssued(t, 0, 0)
}
