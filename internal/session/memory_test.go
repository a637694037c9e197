package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/storetest"
)

func TestMemory_KeepsTheContract(t *testing.T) {
	store := session.NewMemory()
	storetest.Run(t, func(*testing.T) session.Store { return store })
}

func TestMemoryLedger_KeepsTheContract(t *testing.T) {
	var ledger session.MemoryLedger
	storetest.RunLedger(t, func(*testing.T) session.Ledger { return &ledger })
}

func TestMemory_StoresShareNothing(t *testing.T) {
	one, other := session.NewMemory(), session.NewMemory()
	save(t, one, admin, resumable(0, 1))
	if _, err := other.Load(t.Context(), admin); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("Load = %v, want ErrNoSession", err)
	}
}

func TestMemory_PrintsNoSecret(t *testing.T) {
	store := session.NewMemory()
	save(t, store, admin, resumable(0, 1))
	printed := fmt.Sprintf("%v %+v %#v", store, store, store)
	for _, text := range []string{"access-resumed", "refresh-resumed", admin.Password.Reveal()} {
		if strings.Contains(printed, text) {
			t.Errorf("a printed store shows %q", text)
		}
	}
}
