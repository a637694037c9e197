package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/leakscan"
)

// account is who logs in. The platform knows nobody else.
const account = "api-login@example.com"

// demo is one showing.
type demo struct {
	cli           string
	provider      string
	configuration string
	out           io.Writer

	steps    int
	scratch  string
	platform *emulator.Platform
	url      string
	password string
}

// run shows everything, and leaves nothing behind: no process, no file.
func (d *demo) run(ctx context.Context) (err error) {
	stop, err := d.startPlatform(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if d.scratch, err = os.MkdirTemp("", "telematics-demo-"); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(d.scratch))
		if err == nil {
			d.step("The emulator has stopped and the scratch folder is gone.")
		}
	}()

	for _, part := range []func(context.Context) error{d.introduce, d.plan, d.apply, d.lookDownstream, d.lookForSecrets, d.count} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step begins a step of the showing.
func (d *demo) step(format string, args ...any) {
	d.steps++
	d.say("")
	d.say("%d. "+format, append([]any{d.steps}, args...)...)
}

// say is a line of a step.
func (d *demo) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, format+"\n", args...)
}

// startPlatform serves the emulator on a free port of loopback. It is stopped
// by what is returned.
func (d *demo) startPlatform(ctx context.Context) (stop func(), err error) {
	d.password = rand.Text()
	d.platform = emulator.New(emulator.Options{})
	d.platform.AddAdmin(emulator.Admin{Email: account, Password: d.password})
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.url = "http://" + listener.Addr().String()
	server := &http.Server{Handler: d.platform, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	return func() {
		d.platform.Close()
		_ = server.Close()
		<-done
	}, nil
}

func (d *demo) introduce(ctx context.Context) error {
	d.step("An emulator of the telematics platform listens on %s.", d.url)
	d.say("   It knows one account, %s, with a password made up for this run.", account)
	if err := d.prepare(); err != nil {
		return err
	}
	version, err := d.version(ctx)
	if err != nil {
		return err
	}
	d.step("%s uses the provider that was just built, in a scratch folder.", version)
	d.say("   It is given %s, and the account in environment variables.", d.configuration)
	d.say("   It warns of a development override: the provider comes from this folder, not from a registry.")
	return nil
}

func (d *demo) plan(ctx context.Context) error {
	d.step("Plan, and save the plan to a file. The provider logs in: a plan opens ephemeral resources, too.")
	return d.terraform(ctx, "plan", "-out=saved.tfplan")
}

func (d *demo) apply(ctx context.Context) error {
	d.step("Apply the saved plan. The downstream gets the Bearer token and calls the platform with it.")
	return d.terraform(ctx, "apply", "saved.tfplan")
}

func (d *demo) lookDownstream(context.Context) error {
	answer, err := os.ReadFile(filepath.Join(d.scratch, answerFile))
	if err != nil {
		return fmt.Errorf("the downstream got no answer: %w", err)
	}
	d.step("The downstream asked GET %s. The platform took the token and answered:", permissionsPath)
	d.say("   %s", strings.TrimSpace(string(answer)))
	return nil
}

func (d *demo) lookForSecrets(context.Context) error {
	secrets := d.platform.Secrets()
	files, found, err := leakscan.Tree(d.scratch, secrets)
	if err != nil {
		return err
	}
	read := make(map[string]bool, len(files))
	for _, file := range files {
		read[file.Name] = true
	}
	for _, name := range []string{"terraform.tfstate", "saved.tfplan", "saved.tfplan!tfplan", transcriptFile} {
		if !read[name] {
			return fmt.Errorf("%s is not among the files that were searched for secrets", name)
		}
	}
	d.step("Looking for the password and for every token that the platform issued, %d secrets in all,", len(secrets))
	d.say("   as text, JSON, base64 and hex, in state, in the saved plan and in everything else that the runs left:")
	for _, file := range files {
		d.say("   %8d bytes  %s", file.Size, file.Name)
	}
	if len(found) > 0 {
		lines := []error{errors.New("secrets were found")}
		for _, finding := range found {
			lines = append(lines, errors.New(finding.String()))
		}
		return errors.Join(lines...)
	}
	d.say("   No secret is in any of them.")
	return nil
}

func (d *demo) count(context.Context) error {
	counts := d.platform.Counts()
	if counts.Permissions == 0 {
		return errors.New("the downstream never called the platform")
	}
	d.step("The platform counted: logins %d, refreshes %d, calls with the token %d.", counts.Login, counts.Refresh, counts.Permissions)
	if counts.Login > 1 {
		d.say("   That is a login for each run of the CLI that opened the token: plan, and apply.")
	} else {
		d.say("   Plan and apply shared one session.")
	}
	return nil
}
