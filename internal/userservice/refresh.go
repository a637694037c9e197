package userservice

import (
	"context"
	"net/http"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// refreshPath is the path of the refresh (PLATFORM-API.md §3).
const refreshPath = "/v1/Auth/RefreshToken"

// maxRefreshAttempts bounds the requests of one refresh, which the platform
// does not count.
const maxRefreshAttempts = 4

// Refresh trades a pair of tokens for a new one. The access token may have
// expired; the refresh token is to be taken as spent from the moment the
// request is sent (PLATFORM-API.md §3). It retries when there was no answer,
// and on 429 and 5xx.
//
// An error of the platform's, or of the way to it, is an [*Error]; one with
// code 400 or 401 means that the refresh token is no longer good.
func (c *Client) Refresh(ctx context.Context, accessToken, refreshToken secret.String) (Answer, error) {
	body, err := encode(struct {
		AccessToken  string
		RefreshToken string
	}{accessToken.Reveal(), refreshToken.Reveal()})
	if err != nil {
		return Answer{}, err
	}
	return c.do(ctx, call{
		operation:   "refresh",
		path:        refreshPath,
		header:      http.Header{"Content-Type": {"application/json"}},
		body:        body,
		secrets:     []secret.String{accessToken, refreshToken},
		maxAttempts: maxRefreshAttempts,
		retries: func(e *Error) bool {
			return e.unanswered() || e.platformFailed() || e.Code() == http.StatusTooManyRequests
		},
	})
}
