package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// lockedBuffer is written to by a server while a test reads it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// running is the command while it serves.
type running struct {
	said string // what it printed on start
	logs *lockedBuffer
	stop func() int
}

// start runs the command on a free port until the test ends or it is stopped.
func start(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	logs := new(lockedBuffer)
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), writer, logs)
		_ = writer.Close()
	}()
	var said strings.Builder
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "device_token") {
			break
		}
	}
	stop := sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	t.Cleanup(func() { stop() })
	return running{said: said.String(), logs: logs, stop: stop}
}

// exported returns the variables that a shell would have after the paste.
func exported(t *testing.T, said string) map[string]string {
	t.Helper()
	values := make(map[string]string)
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !ok || !strings.HasPrefix(line, "export TELEMATICS_") {
			t.Errorf("%q is neither a comment nor an export", line)
		}
		values[name] = value
	}
	return values
}

func client(t *testing.T, address string) *userservice.Client {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return userservice.New(userservice.Config{BaseURL: base})
}

func TestPrintedSettings_LogIn(t *testing.T) {
	c := start(t)
	v := exported(t, c.said)
	if len(v) != 7 {
		t.Fatalf("it exports %d variables, want 7:\n%s", len(v), c.said)
	}
	platform := client(t, v["TELEMATICS_USER_SERVICE_URL"])

	admin := userservice.Credentials{
		Email: v["TELEMATICS_EMAIL"], Password: secret.New(v["TELEMATICS_PASSWORD"]), InstanceID: v["TELEMATICS_INSTANCE_ID"],
	}
	if _, err := platform.Authorizer(admin).Login(t.Context(), session.FormObject); err != nil {
		t.Errorf("admin: %v", err)
	}
	device := regexp.MustCompile(`device_token = "(.*)"`).FindStringSubmatch(c.said)
	if device == nil {
		t.Fatalf("it does not say the device token:\n%s", c.said)
	}
	user := userservice.Credentials{
		DeviceToken: secret.New(device[1]), InstanceID: v["TELEMATICS_INSTANCE_ID"], InstanceKey: secret.New(v["TELEMATICS_INSTANCE_KEY"]),
	}
	if _, err := platform.Authorizer(user).Login(t.Context(), session.FormObject); err != nil {
		t.Errorf("user: %v", err)
	}

	if code := c.stop(); code != 0 {
		t.Errorf("exit code %d after it was told to stop", code)
	}
	address := strings.TrimPrefix(v["TELEMATICS_USER_SERVICE_URL"], "http://")
	if connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
		_ = connection.Close()
		t.Error("it still listens after it has stopped")
	}
}

func TestMadeUpSecrets_DifferFromRunToRun(t *testing.T) {
	first, second := exported(t, start(t).said), exported(t, start(t).said)
	for _, name := range []string{"TELEMATICS_PASSWORD", "TELEMATICS_INSTANCE_KEY"} {
		if first[name] == "" || first[name] == second[name] {
			t.Errorf("%s = %q, then %q", name, first[name], second[name])
		}
	}
	if shape := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`); !shape.MatchString(first["TELEMATICS_INSTANCE_KEY"]) {
		t.Errorf("the instance key %q is no UUID", first["TELEMATICS_INSTANCE_KEY"])
	}
}

func TestArguments_SetTheAccounts(t *testing.T) {
	const password, key = "it's-given P@ssw0rd", "5ec2e7ab-1111-4000-8000-00000000c0de"
	c := start(t, "-email", "me@example.com", "-password", password, "-instance-id", "the group",
		"-instance-key", key, "-device-token", "the-device", "-access-token-lifetime", "10m")
	v := exported(t, c.said)
	if v["TELEMATICS_EMAIL"] != "me@example.com" || v["TELEMATICS_INSTANCE_ID"] != "'the group'" {
		t.Errorf("it exports %v", v)
	}
	if strings.Contains(c.said, password) || strings.Contains(c.said, key) {
		t.Errorf("it prints a secret that it was given:\n%s", c.said)
	}
	for _, want := range []string{"TELEMATICS_PASSWORD is what -password says", "TELEMATICS_INSTANCE_KEY is what -instance-key says"} {
		if !strings.Contains(c.said, want) {
			t.Errorf("it does not say %q:\n%s", want, c.said)
		}
	}

	platform := client(t, v["TELEMATICS_USER_SERVICE_URL"])
	answer, err := platform.Authorizer(userservice.Credentials{Email: "me@example.com", Password: secret.New(password)}).Login(t.Context(), session.FormObject)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.ExpiresAt.Sub(answer.IssuedAt); got != 10*time.Minute {
		t.Errorf("the token lives %s, want 10m", got)
	}
	user := userservice.Credentials{DeviceToken: secret.New("the-device"), InstanceID: "the group", InstanceKey: secret.New(key)}
	if _, err := platform.Authorizer(user).Login(t.Context(), session.FormObject); err != nil {
		t.Errorf("user: %v", err)
	}
}

func TestArguments_SetTheLoginLimit(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string // the statuses of three logins
	}{
		{"limited", []string{"-login-limit", "2", "-login-window", "1h", "-block-for", "2h"}, "200 200 429"},
		{"unlimited", []string{"-login-limit", "-1"}, "200 200 200"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, test.args...)
			v := exported(t, c.said)
			var got []string
			for range 3 {
				body := `{"loginFields":{"Email":"` + v["TELEMATICS_EMAIL"] + `"},"password":"` + v["TELEMATICS_PASSWORD"] + `"}`
				status, header := post(t, v["TELEMATICS_USER_SERVICE_URL"]+"/v1/Auth/Login", body)
				got = append(got, strconv.Itoa(status))
				if wait := header.Get("Retry-After"); status == http.StatusTooManyRequests && wait != "7200" {
					t.Errorf("Retry-After: %s, want 7200", wait)
				}
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("three logins were answered %s, want %s", got, test.want)
			}
		})
	}
}

// Each platform gets the same requests: logins in both forms, then a refresh of the
// first pair after the second login, a request to the portal, and an invalid
// refresh.
func TestArguments_SetTheOptions(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"defaults", nil, "200 200, first pair 401, portal 200, nonsense 401"},
		{"object only", []string{"-login-form", "object"}, "200 401, first pair 200, portal 401, nonsense 401"},
		{"string only", []string{"-login-form", "string", "-login-refused-by", "422"}, "422 200, first pair 401, portal 200, nonsense 401"},
		{"login keeps tokens", []string{"-login-keeps-tokens"}, "200 200, first pair 200, portal 200, nonsense 401"},
		{"refresh outlives login", []string{"-refresh-outlives-login", "-refresh-refused-by", "404"}, "200 200, first pair 200, portal 200, nonsense 404"},
		{"419 in 200", []string{"-refresh-refused-by", "419"}, "200 200, first pair 200, portal 200, nonsense 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := exported(t, start(t, test.args...).said)
			user, portal := v["TELEMATICS_USER_SERVICE_URL"], v["TELEMATICS_PORTAL_URL"]
			email, password := v["TELEMATICS_EMAIL"], v["TELEMATICS_PASSWORD"]
			object, first := pair(t, user+"/v1/Auth/Login", `{"LoginFields":{"Email":"`+email+`"},"Password":"`+password+`"}`)
			text, second := pair(t, user+"/v1/Auth/Login", `{"LoginFields":"{\"email\":\"`+email+`\"}","Password":"`+password+`"}`)
			refreshed, _ := pair(t, user+"/v1/Auth/RefreshToken", `{"AccessToken":"`+first.AccessToken.Token+`","RefreshToken":"`+first.RefreshToken+`"}`)
			if first.RefreshToken == "" {
				refreshed = http.StatusUnauthorized // there is no first pair
			}
			nonsense, _ := pair(t, user+"/v1/Auth/RefreshToken", `{"AccessToken":"x","RefreshToken":"y"}`)

			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, portal+"/auth/permissions", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+second.AccessToken.Token)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			got := fmt.Sprintf("%d %d, first pair %d, portal %d, nonsense %d", object, text, refreshed, response.StatusCode, nonsense)
			if got != test.want {
				t.Errorf("answered %s, want %s", got, test.want)
			}
		})
	}
}

// tokens is the Result of a login and of a refresh.
type tokens struct {
	AccessToken  struct{ Token string }
	RefreshToken string
}

// pair sends a body and returns the HTTP status and the tokens of the answer.
func pair(t *testing.T, address, body string) (status int, result tokens) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Result tokens }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer.Result
}

// post sends a body and returns the status and the header of the answer.
func post(t *testing.T, address, body string) (status int, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode, response.Header
}

func TestLog_HoldsNoSecret(t *testing.T) {
	c := start(t)
	v := exported(t, c.said)
	base := v["TELEMATICS_USER_SERVICE_URL"]
	post(t, base+"/v1/Auth/Login?password=QUERY-SECRET", `{"loginFields":{"Email":"x"},"password":"BODY-SECRET"}`)
	post(t, base+"/elsewhere%0Aforged", "")
	c.stop()

	logs := c.logs.String()
	for _, want := range []string{"method=POST path=/v1/Auth/Login status=401", `path="/elsewhere\nforged" status=404`, "stopping"} {
		if !strings.Contains(logs, want) {
			t.Errorf("the log does not hold %q:\n%s", want, logs)
		}
	}
	for _, secret := range []string{"QUERY-SECRET", "BODY-SECRET", v["TELEMATICS_PASSWORD"], v["TELEMATICS_INSTANCE_KEY"]} {
		if strings.Contains(logs, secret) {
			t.Errorf("the log holds %q:\n%s", secret, logs)
		}
	}
	if got := strings.Count(logs, "msg=request"); got != 2 {
		t.Errorf("%d lines for 2 requests:\n%s", got, logs)
	}
}

func TestArguments_InvalidOnesAreRefused(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"all interfaces", []string{"-listen", ":8080"}, "not an address of loopback"},
		{"all of IPv4", []string{"-listen", "0.0.0.0:0"}, "not an address of loopback"},
		{"another machine", []string{"-listen", "192.0.2.1:0"}, "not an address of loopback"},
		{"a name", []string{"-listen", "example.com:0"}, "not an address of loopback"},
		{"no port", []string{"-listen", "127.0.0.1"}, "no address such as"},
		{"an argument", []string{"serve"}, `"serve" is none`},
		{"an unknown flag", []string{"-port", "1"}, "not defined: -port"},
		{"no email", []string{"-email", ""}, "must not be empty"},
		{"no instance", []string{"-instance-id", ""}, "must not be empty"},
		{"no user", []string{"-device-token", ""}, "must not be empty"},
		{"a limit of none", []string{"-login-limit", "0"}, "allow no login at all"},
		{"a token of no life", []string{"-access-token-lifetime", "0"}, "longer than nothing"},
		{"a negative window", []string{"-login-window", "-1m"}, "longer than nothing"},
		{"a block of no length", []string{"-block-for", "0s"}, "longer than nothing"},
		{"a negative latency", []string{"-latency", "-1s"}, "must not be negative"},
		{"an unknown login form", []string{"-login-form", "xml"}, `"xml" is not any, object or string`},
		{"a login refused by success", []string{"-login-refused-by", "200"}, "200 is no status from 400 to 499"},
		{"a refresh refused by an outage", []string{"-refresh-refused-by", "503"}, "-refresh-refused-by: 503"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out, logs bytes.Buffer
			if code := run(t.Context(), test.args, &out, &logs); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if !strings.Contains(logs.String(), test.want) || !strings.Contains(logs.String(), "-access-token-lifetime") {
				t.Errorf("it says neither %q nor the flags that there are:\n%s", test.want, logs.String())
			}
			if out.Len() > 0 {
				t.Errorf("it prints settings all the same:\n%s", out.String())
			}
		})
	}
}

func TestHelp_ListsTheArguments(t *testing.T) {
	var out, logs bytes.Buffer
	if code := run(t.Context(), []string{"-help"}, &out, &logs); code != 0 || !strings.Contains(logs.String(), "-listen") {
		t.Errorf("exit code %d:\n%s", code, logs.String())
	}
}

func TestPortInUse_IsAnError(t *testing.T) {
	c := start(t)
	address := strings.TrimPrefix(exported(t, c.said)["TELEMATICS_USER_SERVICE_URL"], "http://")
	var out, logs bytes.Buffer
	if code := run(t.Context(), []string{"-listen", address}, &out, &logs); code != 1 || !strings.Contains(logs.String(), address) {
		t.Errorf("exit code %d, want 1:\n%s", code, logs.String())
	}
}

// mainVariable makes the test binary be the command.
const mainVariable = "TELEMATICS_TEST_EMULATOR"

func TestMain(m *testing.M) {
	if os.Getenv(mainVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestInterrupt_EndsTheCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("one process cannot interrupt another on Windows")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self, "-listen", "localhost:0")
	command.Env = append(os.Environ(), mainVariable+"=1")
	var logs bytes.Buffer
	command.Stderr = &logs
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil || !strings.Contains(logs.String(), "stopping") {
		t.Errorf("it ended with %v:\n%s", err, logs.String())
	}
}
