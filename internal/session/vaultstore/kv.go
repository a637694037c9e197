package vaultstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/cliconfig"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// Bounds of the client's own retries, which are for 5xx and for connections
// that fail: that Vault cannot be reached is told in seconds.
const (
	maxRetries   = 2
	minRetryWait = 200 * time.Millisecond
	maxRetryWait = time.Second
)

// maxAnswer is how much of an answer is read. Vault's own limit of a secret is
// one MiB.
const maxAnswer = 4 << 20

// A client reads and writes versions of secrets in one KV v2 engine.
type client struct {
	vault   *api.Client
	timeout time.Duration
	// known means that the mount is of the right kind.
	known atomic.Bool
	// where fills in the errors.
	where Error
}

// newClient finds Vault and the token in the way of Vault's own tools. It
// sends nothing.
func newClient(mount string, config Config) (*client, error) {
	c := &client{where: Error{Mount: mount, Namespace: config.Namespace}}
	settings := api.DefaultConfig()
	if settings.Error != nil {
		return nil, c.failed(Misconfigured, "its environment variables: "+networkSaid(settings.Error), settings.Error)
	}
	// An agent's address goes before the server's where both are the
	// environment's, as with Vault's own tools.
	if config.Address != "" && config.Address != settings.Address {
		settings.Address, settings.AgentAddress = config.Address, ""
	}
	address := settings.Address
	if settings.AgentAddress != "" {
		address = settings.AgentAddress
	}
	shown, err := shownAddress(address)
	if err != nil {
		return nil, c.failed(Misconfigured, "its address is not a URL such as https://vault.example.com:8200", err)
	}
	c.where.Address = shown
	switch {
	case config.RequestTimeout > 0:
		settings.Timeout = config.RequestTimeout
	case os.Getenv(api.EnvVaultClientTimeout) == "":
		settings.Timeout = DefaultRequestTimeout
	}
	c.timeout = settings.Timeout
	settings.MaxRetries = min(settings.MaxRetries, maxRetries)
	settings.MinRetryWait, settings.MaxRetryWait = minRetryWait, maxRetryWait
	settings.Backoff = nil // one that does not wait for as long as an answer says
	// On Vault Enterprise a standby may answer from before a write. With this
	// it does not from before a write of this client's, which is all that a
	// holder of a lease needs.
	settings.ReadYourWrites = true
	settings.Logger = nil

	if c.vault, err = api.NewClient(settings); err != nil {
		return nil, c.failed(Misconfigured, networkSaid(err), err)
	}
	// VAULT_WRAP_TTL is for people at a terminal.
	c.vault.SetWrappingLookupFunc(func(string, string) string { return "" })
	if config.Namespace != "" {
		c.vault.SetNamespace(config.Namespace)
	}
	c.where.Namespace = c.vault.Namespace()
	if c.vault.Token() == "" {
		// Where there is none, an agent may add its own.
		token, err := helpersToken()
		if err != nil {
			return nil, c.failed(NoToken, networkSaid(err), err)
		}
		c.vault.SetToken(token)
	}
	return c, nil
}

// helpersToken returns the token that "vault login" has left, in ~/.vault-token
// or with the helper that ~/.vault names; empty when there is none.
func helpersToken() (string, error) {
	// Without a home the helper panics.
	if _, err := os.UserHomeDir(); err != nil {
		return "", nil //nolint:nilerr // Nothing can be left there.
	}
	helper, err := cliconfig.DefaultTokenHelper()
	if err != nil {
		return "", err
	}
	return helper.Get()
}

// shownAddress is the address without what may be a password.
func shownAddress(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	switch {
	case u.Scheme == "unix":
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	default:
		return "", errors.New("it has no scheme or no host")
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), nil
}

// secretVersion is what is at a path.
type secretVersion struct {
	path string
	// version is what to give as cas to replace it; zero when there was never
	// anything.
	version int
	// document is the zero document when the secret is deleted, or never was.
	document document
	// age is how long ago it was written, by the server's clock, or zero when
	// the server does not tell.
	age time.Duration
}

// kvAnswer is Vault's answer to a read of KV v2.
type kvAnswer struct {
	Data struct {
		Data     json.RawMessage `json:"data"`
		Metadata *struct {
			Version     int       `json:"version"`
			CreatedTime time.Time `json:"created_time"`
		} `json:"metadata"`
	} `json:"data"`
	Errors []string `json:"errors"`
}

// shownPath is the path of a secret as the log shows it.
func (c *client) shownPath(path string) string { return c.where.Mount + "/" + path }

// read returns the newest version of a secret. A secret that is not the store's,
// or is of a newer format, is an error, so that it is not written over.
func (c *client) read(ctx context.Context, path string) (secretVersion, error) {
	found := secretVersion{path: c.shownPath(path)}
	resp, err := c.vault.Logical().ReadRawWithContext(ctx, c.where.Mount+"/data/"+path)
	if resp != nil && resp.Body != nil {
		defer func() { _ = resp.Body.Close() }()
	}
	if err != nil && (resp == nil || resp.StatusCode != http.StatusNotFound) {
		return found, c.explain(ctx, reading, path, err)
	}
	var answer kvAnswer
	if err := c.decode(ctx, path, resp.Body, &answer); err != nil {
		return found, err
	}
	metadata := answer.Data.Metadata
	switch {
	case metadata != nil:
		c.known.Store(true)
		found.version = metadata.Version
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			found.age = max(0, date.Sub(metadata.CreatedTime))
		}
	case resp.StatusCode != http.StatusNotFound:
		return found, c.at(path, NotKV2, "it has no versions", nil)
	case len(answer.Errors) > 0:
		if err := c.checkMount(ctx, path); err != nil {
			return found, err
		}
		return found, c.at(path, NoMount, said(answer.Errors), err)
	default:
		return found, c.checkMount(ctx, path)
	}
	if len(answer.Data.Data) == 0 || string(answer.Data.Data) == "null" {
		return found, nil // deleted or destroyed: what is there has a version and nothing else
	}
	var reason Reason
	switch found.document, reason = decode(answer.Data.Data); reason {
	case Foreign:
		return found, c.at(path, Foreign, "", nil)
	case NewerFormat:
		return found, c.at(path, NewerFormat, "format "+clean(found.document.Format), nil)
	}
	return found, nil
}

// checkMount tells a KV v2 engine that has nothing at a path from a KV v1
// engine, which takes a check-and-set write for the contents of a secret. Any
// token that may use the mount may ask.
func (c *client) checkMount(ctx context.Context, path string) error {
	if c.known.Load() {
		return nil
	}
	resp, err := c.vault.Logical().ReadRawWithContext(ctx, "sys/internal/ui/mounts/"+c.where.Mount)
	if resp != nil && resp.Body != nil {
		defer func() { _ = resp.Body.Close() }()
	}
	var answer struct {
		Data struct {
			Path    string            `json:"path"`
			Type    string            `json:"type"`
			Options map[string]string `json:"options"`
		} `json:"data"`
	}
	var refused *api.ResponseError
	switch {
	case errors.As(err, &refused) && refused.StatusCode < http.StatusInternalServerError:
		// A policy forbids the question. The first write will tell.
		return nil
	case err != nil:
		return c.explain(ctx, reading, path, err)
	}
	if err := c.decode(ctx, path, resp.Body, &answer); err != nil {
		return err
	}
	mount := answer.Data
	switch {
	case mount.Type == "kv" && mount.Options["version"] == "2" && strings.HasSuffix("/"+c.where.Mount+"/", "/"+strings.TrimLeft(mount.Path, "/")):
		c.known.Store(true)
		return nil
	case mount.Type == "kv" && mount.Options["version"] == "2":
		return c.at(path, NoMount, "the engine is mounted at "+clean(mount.Path), nil)
	case mount.Type == "kv" || mount.Type == "generic":
		return c.at(path, NotKV2, "it is version 1", nil)
	default:
		return c.at(path, NotKV2, "it is of type "+clean(mount.Type), nil)
	}
}

// write replaces version cas of a secret and returns the version that it
// makes. It returns [session.ErrLockLost] when that version is not the newest.
// An error that passes leaves open whether something was written; with any other
// nothing was.
func (c *client) write(ctx context.Context, path string, cas int, d document) (int, error) {
	body, err := json.Marshal(map[string]any{"data": d, "options": map[string]int{"cas": cas}})
	if err != nil {
		return 0, err
	}
	answer, err := c.vault.Logical().WriteBytesWithContext(ctx, c.where.Mount+"/data/"+path, body)
	var refused *api.ResponseError
	switch {
	case errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest && strings.Contains(said(refused.Errors), "did not match the current version"):
		return 0, session.ErrLockLost
	case err != nil:
		return 0, c.explain(ctx, writing, path, err)
	}
	if answer != nil {
		if number, ok := answer.Data["version"].(json.Number); ok {
			if version, err := number.Int64(); err == nil {
				return int(version), nil
			}
		}
	}
	return 0, c.at(path, NotKV2, "it answered a write without a version", nil)
}

// keepOneVersion asks Vault to forget what is replaced. A policy that does not
// allow it is no hindrance: old versions are sealed, and spent.
func (c *client) keepOneVersion(ctx context.Context, path string) error {
	_, err := c.vault.Logical().WriteBytesWithContext(ctx, c.where.Mount+"/metadata/"+path, []byte(`{"max_versions":1}`))
	return err
}

// remove deletes a secret with all its versions.
func (c *client) remove(ctx context.Context, path string) error {
	_, err := c.vault.Logical().DeleteWithContext(ctx, c.where.Mount+"/metadata/"+path)
	if err != nil {
		return c.explain(ctx, "delete", path, err)
	}
	return nil
}

// decode decodes the answer about a secret, one JSON document of bounded length.
func (c *client) decode(ctx context.Context, path string, from io.Reader, into any) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	err := json.NewDecoder(io.LimitReader(from, maxAnswer)).Decode(into)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax), errors.As(err, &mismatch), errors.Is(err, io.EOF):
		return c.at(path, Refused, "what answers is not Vault", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("the answer was cut off: %w", err)
	}
	return c.explain(ctx, reading, path, err)
}
