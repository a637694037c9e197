// Package vaulttest starts a real Vault for tests.
package vaulttest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// BinaryVariable names Vault's binary; make test-vault sets it.
const BinaryVariable = "TELEMATICS_TEST_VAULT"

// RootToken may do everything on a server of this package.
const RootToken = "the-root-token-of-the-tests"

// startTime is how long a server may take to start. It takes a fraction of a
// second where the machine is idle.
const startTime = 30 * time.Second

// A Server is a Vault in development mode, with a KV v2 engine at secret. What
// it holds is gone when it ends.
type Server struct {
	// Address is its URL.
	Address string
	// Root is a client that may do everything.
	Root *api.Client
	// UnsealKey unseals it when it was sealed.
	UnsealKey string

	process *exec.Cmd
}

// Start starts a server on a free port of loopback and waits until it answers.
// The error says so when the binary is not named.
func Start() (*Server, error) {
	binary := os.Getenv(BinaryVariable)
	if binary == "" {
		return nil, errors.New(BinaryVariable + " does not name Vault's binary: run make test-vault")
	}
	address, err := twoFreePorts()
	if err != nil {
		return nil, err
	}
	s := &Server{Address: "http://" + address}
	settings := api.DefaultConfig()
	settings.Address = s.Address
	if s.Root, err = api.NewClient(settings); err != nil {
		return nil, err
	}
	s.Root.SetToken(RootToken)
	// It is ended by Stop, and may outlast the test that started it.
	s.process = exec.CommandContext(context.Background(), binary, "server", "-dev", "-dev-no-store-token", //nolint:gosec // To run it is what the variable is for.
		"-dev-root-token-id="+RootToken, "-dev-listen-address="+address)
	s.process.Env = []string{"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH")}
	output, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	key := make(chan string, 1)
	go findKey(output, key)
	if err := s.ready(); err != nil {
		s.Stop()
		return nil, err
	}
	select {
	case s.UnsealKey = <-key:
		return s, nil
	case <-time.After(startTime):
		s.Stop()
		return nil, errors.New("Vault does not tell its unseal key") //nolint:staticcheck // It is a name.
	}
}

// findKey reads all that a server says, so that it need not wait, and sends its
// unseal key.
func findKey(output io.Reader, key chan<- string) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if found, ok := strings.CutPrefix(lines.Text(), "Unseal Key: "); ok {
			key <- strings.TrimSpace(found)
			break
		}
	}
	_, _ = io.Copy(io.Discard, output)
}

// Stop ends the server.
func (s *Server) Stop() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// ready waits until the engine lists what it has.
func (s *Server) ready() error {
	for deadline := time.Now().Add(startTime); ; {
		_, err := s.Root.Logical().List("secret/metadata/")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("Vault does not start: %w", err) //nolint:staticcheck // It is a name.
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// twoFreePorts returns an address whose port is free, and the next one, too:
// Vault's development server takes both.
func twoFreePorts() (string, error) {
	var config net.ListenConfig
	for range 50 {
		first, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		listening, err := netip.ParseAddrPort(first.Addr().String())
		if err != nil {
			return "", err
		}
		port := int(listening.Port())
		second, err := config.Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		_ = first.Close()
		if err == nil {
			_ = second.Close()
			return fmt.Sprintf("127.0.0.1:%d", port), nil
		}
	}
	return "", errors.New("there are no two free ports in a row")
}
