package provider_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// sessionName is the name of the data source.
const sessionName = "telematics_session"

// sessionRead is what the data source telematics_session came to.
type sessionRead struct {
	texts       map[string]string
	version     int64
	diagnostics diagnostics
}

// readSession reads the data source telematics_session, without arguments.
func (c *core) readSession() sessionRead {
	c.t.Helper()
	schema := c.schema.DataSourceSchemas[sessionName]
	response, err := c.server.ReadDataSource(c.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: sessionName,
		Config:   c.dynamic(schema, nil),
	})
	answered(c, response, err)
	read := sessionRead{diagnostics: response.Diagnostics}
	if len(read.diagnostics.errors()) > 0 {
		return read
	}
	read.texts = c.texts(schema, response.State)
	object, err := response.State.Unmarshal(schema.ValueType())
	if err != nil {
		c.t.Fatal(err)
	}
	attributes := map[string]tftypes.Value{}
	if err := object.As(&attributes); err != nil {
		c.t.Fatal(err)
	}
	var version big.Float
	if err := attributes["version"].As(&version); err != nil {
		c.t.Fatal(err)
	}
	read.version, _ = version.Int64()
	return read
}

// mustReadSession reads it without arguments, which must give no error and no
// warning.
func (c *core) mustReadSession() sessionRead {
	c.t.Helper()
	read := c.readSession()
	wantSaid(c.t, read.diagnostics)
	return read
}

// Each run is a process of its own; version tells whether the token is the one
// of the run before.
func TestDataSession_VersionFollowsTheToken(t *testing.T) {
	p := newPlatform(t)
	env := p.environment(t).admin().onDisk()
	run := func() (sessionRead, map[string]string) {
		c := configured(t, p, env, nil)
		return c.mustReadSession(), c.mustOpen(nil)
	}
	first, token := run()
	p.wantIssued(t, 1, 0)
	if want := map[string]string{"issued_at": token["issued_at"], "expires_at": token["expires_at"]}; first.texts["issued_at"] != want["issued_at"] || first.texts["expires_at"] != want["expires_at"] {
		t.Errorf("times = %v, want those of the token, %v", first.texts, want)
	}
	for range 3 {
		p.clock.Advance(30 * time.Minute)
		again, same := run()
		if again.version != first.version || same["access_token"] != token["access_token"] {
			t.Errorf("version %d, want %d as the token is the same", again.version, first.version)
		}
	}
	p.clock.Advance(16 * time.Minute)
	next, other := run()
	p.wantIssued(t, 1, 1)
	if next.version <= first.version || other["access_token"] == token["access_token"] {
		t.Errorf("version %d of another token, want more than %d", next.version, first.version)
	}
}

func TestDataSession_HoldsNoSecret(t *testing.T) {
	p := newPlatform(t)
	read := configured(t, p, p.environment(t).admin().onDisk(), nil).mustReadSession()
	for name, text := range read.texts {
		p.wantNoSecret(t, name, text)
	}
	if len(read.texts) != 2 {
		t.Errorf("results = %v, want the two times", read.texts)
	}
}

func TestDataSession_WithoutAStoreWarns(t *testing.T) {
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	wantSaid(t, c.readSession().diagnostics, warning("", "Version changes on every run", "session.store", "TELEMATICS_SESSION_STORE"))
	// So it is when another object has logged in before.
	c = configured(t, p, p.environment(t).admin(), nil)
	c.mustOpen(nil)
	wantSaid(t, c.readSession().diagnostics, warning("", "Version changes on every run"))
}

// A data source takes no ephemeral values. What the ephemeral resource resumes
// is known to the data source that comes after it, with or without a store.
func TestSession_KnowsWhatAnObjectBeforeItResumed(t *testing.T) {
	p := newPlatform(t)
	kept := configured(t, p, p.environment(t).admin(), nil).mustOpen(nil)
	p.wantIssued(t, 1, 0)
	p.ResetCounts()
	pair := config{"resume": config{"access_token": kept["access_token"], "refresh_token": kept["refresh_token"]}}

	var versions []int64
	for range 2 {
		p.clock.Advance(time.Minute)
		c := configured(t, p, p.environment(t).admin(), nil)
		c.mustOpen(pair)
		versions = append(versions, c.mustReadSession().version)
	}
	p.wantIssued(t, 0, 0)
	if versions[0] != versions[1] {
		t.Errorf("versions %v of one token", versions)
	}
}

func TestSession_ReadOnlyHandsOutWhatIsStored(t *testing.T) {
	p := newPlatform(t)
	env := p.environment(t).admin().onDisk()
	readOnly := config{"session": config{"read_only": true}}
	wantSaid(t, configured(t, p, env, readOnly).readSession().diagnostics,
		failure("", "Read-only run has no token", "a login would be made", "session.read_only", "TELEMATICS_SESSION_READ_ONLY"))
	first := configured(t, p, env, nil).mustReadSession()
	p.wantIssued(t, 1, 0)

	if got := configured(t, p, env, readOnly).mustReadSession(); got.version != first.version {
		t.Errorf("version %d, want %d", got.version, first.version)
	}
	p.clock.Advance(110 * time.Minute)
	stale := configured(t, p, env, readOnly).readSession()
	wantSaid(t, stale.diagnostics, warning("", "Token is about to expire", "in 10m0s", "15m0s", "would have refreshed"))
	p.clock.Advance(10 * time.Minute)
	wantSaid(t, configured(t, p, env, readOnly).readSession().diagnostics,
		failure("", "Read-only run has no token", "would be refreshed"))
	p.wantIssued(t, 1, 0)
}

func TestDataSession_ArgumentsAreValidated(t *testing.T) {
	p := newPlatform(t)
	c := start(t, p.environment(t), p.clock.Now)
	response, err := c.server.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: sessionName,
		Config:   c.dynamic(c.schema.DataSourceSchemas[sessionName], config{"resume": config{"refresh_token": "opaque"}, "min_lifetime": "-1s"}),
	})
	answered(c, response, err)
	got := diagnostics(response.Diagnostics)
	if len(got.errors()) != 2 || !strings.Contains(got.String(), "Incomplete resume pair") || !strings.Contains(got.String(), "Negative duration") {
		t.Errorf("diagnostics = %v, want half a session and a negative duration", got)
	}
}
