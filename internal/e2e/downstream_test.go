package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// downstream calls the platform as an admin's program does (PLATFORM-API.md §7), with
// the header that is in AUTHORIZATION, and prints the answer. It is here because a
// machine that has Go need not have curl.
func downstream() {
	if err := printPermissions(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "downstream:", err)
		os.Exit(1)
	}
}

func printPermissions(out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("TELEMATICS_USER_SERVICE_URL")+"/auth/permissions", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", os.Getenv("AUTHORIZATION"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the platform answered %s", resp.Status)
	}
	_, err = io.Copy(out, io.LimitReader(resp.Body, 1<<20))
	return err
}
