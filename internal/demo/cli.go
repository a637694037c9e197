package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/cliconfig"
)

// transcriptFile is where the output of the CLI is kept, to be searched for
// secrets like the rest.
const transcriptFile = "output.txt"

// prepare puts the configuration into the scratch folder, and a configuration
// of the CLI that makes it take the provider from where it was built.
func (d *demo) prepare() error {
	text, err := os.ReadFile(d.configuration)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.scratch, "main.tf"), text, 0o600); err != nil {
		return err
	}
	provider, err := filepath.Abs(d.provider)
	if err != nil {
		return err
	}
	if _, err := os.Stat(provider); err != nil {
		return fmt.Errorf("the provider is not built: %w", err)
	}
	return cliconfig.WriteOverride(d.cliConfig(), filepath.Dir(provider))
}

func (d *demo) cliConfig() string { return filepath.Join(d.scratch, "cli.tfrc") }

// version is the first line of what the CLI says about itself.
func (d *demo) version(ctx context.Context) (string, error) {
	out, err := d.command(ctx, "version").Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", d.cli, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line), nil
}

// terraform runs the CLI, and shows the command and its output as they are.
func (d *demo) terraform(ctx context.Context, args ...string) (err error) {
	transcript, err := os.OpenFile(filepath.Join(d.scratch, transcriptFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, transcript.Close()) }()
	d.say("   $ %s %s", filepath.Base(d.cli), strings.Join(args, " "))
	cmd := d.command(ctx, append([]string{args[0], "-no-color", "-input=false"}, args[1:]...)...)
	reader, writer := io.Pipe()
	cmd.Stdout = io.MultiWriter(writer, transcript)
	cmd.Stderr = cmd.Stdout
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		lines := bufio.NewScanner(reader)
		for lines.Scan() {
			d.say("   | %s", lines.Text())
		}
		// Whatever is no line is not shown, and must not hold up the CLI.
		_, _ = io.Copy(io.Discard, reader)
	}()
	err = cmd.Run()
	_ = writer.Close()
	<-shown
	if err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(d.cli), args[0], err)
	}
	return nil
}

// command is the CLI in the scratch folder. Of the machine's own settings of
// the CLI and of the provider nothing reaches it, nor does it write into the
// user's caches. When the demo is interrupted, so is it, once.
func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.cli, args...)
	cmd.Dir = d.scratch
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "TELEMATICS_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	self, err := os.Executable()
	if err != nil {
		cmd.Err = err
	}
	cmd.Env = append(cmd.Env,
		"HOME="+d.scratch,
		"XDG_CACHE_HOME="+filepath.Join(d.scratch, "cache"),
		"LocalAppData="+filepath.Join(d.scratch, "cache"),
		"CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1",
		"TF_CLI_CONFIG_FILE="+d.cliConfig(),
		"TF_VAR_downstream_command="+strconv.Quote(self)+" "+downstreamArgument,
		"TELEMATICS_USER_SERVICE_URL="+d.url,
		"TELEMATICS_PORTAL_URL="+d.url,
		"TELEMATICS_EMAIL="+account,
		"TELEMATICS_PASSWORD="+d.password,
	)
	return cmd
}
