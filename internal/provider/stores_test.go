package provider_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func TestSessionStore_IsChosenFromBlockAndEnvironment(t *testing.T) {
	forbidding := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"errors":["permission denied"]}`)
	}))
	t.Cleanup(forbidding.Close)
	forbidden := forbidding.URL
	unusable := failure("", "Session store failed", forbidden, "secret/data/telematics/sessions/", "capabilities")
	for _, test := range []struct {
		name  string
		block config
		env   map[string]string
		want  []said // of the token
	}{
		{"files by default", nil, nil, nil},
		{"none", config{"store": "none"}, nil, nil},
		{"Vault by name", config{"store": "vault"}, map[string]string{"VAULT_ADDR": forbidden}, []said{unusable}},
		{"Vault by its block", config{"vault": config{"address": forbidden}}, nil, []said{unusable}},
		{"Vault by the environment", nil, map[string]string{"TELEMATICS_SESSION_STORE": "vault", "VAULT_ADDR": forbidden}, []said{unusable}},
		{"the block wins", config{"store": "file"}, map[string]string{"TELEMATICS_SESSION_STORE": "vault", "VAULT_ADDR": forbidden}, nil},
		{"Vault with a path of yours", config{"vault": config{"address": forbidden, "mount": "kv", "path": "here"}}, nil, []said{failure("", "Session store failed", "kv/data/here/")}},
		{"Vault with the environment's path",
			config{"vault": config{"address": forbidden}},
			map[string]string{"TELEMATICS_SESSION_VAULT_MOUNT": "kv", "TELEMATICS_SESSION_VAULT_PATH": "there"},
			[]said{failure("", "Session store failed", "kv/data/there/")},
		},
		{"a path that cannot be one", config{"vault": config{"address": forbidden, "path": "a/../b"}}, nil, []said{failure("", "Session store failed", "cannot be the path")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("VAULT_TOKEN", "a-token-of-the-test")
			p := newPlatform(t)
			env := p.environment(t).admin().onDisk()
			for variable, value := range test.env {
				env = env.with(variable, value)
			}
			block := config{}
			if test.block != nil {
				block["session"] = test.block
			}
			opened := configured(t, p, env, block).open(nil)
			wantSaid(t, opened.diagnostics, test.want...)
			wantNotSaid(t, opened.diagnostics, "a-token-of-the-test")
			// Nobody knows what a store that fails holds: no login is made.
			logins := 1
			if len(test.want) > 0 {
				logins = 0
			}
			p.wantIssued(t, logins, 0)
		})
	}
}

func TestSessionStore_IsValidated(t *testing.T) {
	for _, test := range []struct {
		name  string
		block config
		env   map[string]string
		want  said
	}{
		{"no such store", config{"store": "redis"}, nil, failure("session.store", "Invalid session.store", `"redis"`, `"file"`, `"vault"`, `"none"`)},
		{"no such store in the environment",
			nil, map[string]string{"TELEMATICS_SESSION_STORE": "redis"},
			failure("", "Invalid session.store", "TELEMATICS_SESSION_STORE"),
		},
		{"two stores",
			config{"store": "file", "vault": config{}}, nil,
			failure("session.store", "Invalid session.store", "session.vault is set as well"),
		},
		{"a negative lifetime",
			config{"min_lifetime": "-1s"}, nil,
			failure("session.min_lifetime", "Invalid session.min_lifetime", "zero or more"),
		},
		{"read_only in other words",
			nil, map[string]string{"TELEMATICS_SESSION_READ_ONLY": "maybe"},
			failure("", "Invalid session.read_only", "TELEMATICS_SESSION_READ_ONLY"),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform(t)
			env := p.environment(t).admin().onDisk()
			for variable, value := range test.env {
				env = env.with(variable, value)
			}
			block := config{}
			if test.block != nil {
				block["session"] = test.block
			}
			if test.env != nil { // told when a token is asked for
				wantSaid(t, configured(t, p, env, block).open(nil).diagnostics, test.want)
				return
			}
			wantSaid(t, start(t, env, p.clock.Now).validateProvider(block), test.want)
		})
	}
}

// A session block that is not known yet is one error, and only for a run that
// asks for a token.
func TestUnknownSessionBlock_IsOneErrorForATokenOnly(t *testing.T) {
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin().onDisk(), config{"session": unknown{}})
	opened := c.open(nil)
	if len(opened.diagnostics) != 1 || opened.diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Fatalf("diagnostics = %v, want one error", opened.diagnostics)
	}
	wantSaid(t, opened.diagnostics, failure("", "Provider configuration not known yet", "session", "TELEMATICS_SESSION_STORE"))
	p.wantIssued(t, 0, 0)
}
