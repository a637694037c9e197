package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// downstream calls the platform with the header that is in AUTHORIZATION, as an
// admin's program does or, with INSTANCE_ID, as a user's (PLATFORM-API.md §7), and
// prints the answer. It is here because a
// machine that has Go need not have curl.
func downstream() {
	if err := printAnswer(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "downstream:", err)
		os.Exit(1)
	}
}

func printAnswer(out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	path, instance := "/auth/permissions", os.Getenv("INSTANCE_ID")
	if instance != "" {
		path = "/v1/Management/users"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("TELEMATICS_USER_SERVICE_URL")+path, http.NoBody)
	if err != nil {
		return err
	}
	if instance != "" {
		req.Header.Set("InstanceId", instance)
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
