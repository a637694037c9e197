//go:build !unix

package coredump_test

import (
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/coredump"
)

func TestDisable_WithoutALimitIsNoError(t *testing.T) {
	if err := coredump.Disable(); err != nil {
		t.Error(err)
	}
}
