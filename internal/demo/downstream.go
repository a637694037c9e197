package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	// downstreamArgument makes this command the downstream of the demo. A
	// machine that has Go need not have curl.
	downstreamArgument = "downstream"
	// answerFile is where the downstream writes what the platform answered.
	answerFile = "downstream.json"
	// permissionsPath is the method that it calls (PLATFORM-API.md §7).
	permissionsPath = "/auth/permissions"
)

// callPlatform does what the command in examples/demo does with curl: it calls
// the platform with the header's value that it finds in the environment, and
// writes the answer to a file in the current folder.
func callPlatform(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("TELEMATICS_PORTAL_URL")+permissionsPath, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", os.Getenv("AUTHORIZATION"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the platform answered %s", resp.Status)
	}
	return os.WriteFile(answerFile, answer, 0o600)
}
