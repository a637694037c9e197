package lifetime_test

import (
	"testing"
	"testing/synctest"

	"github.com/telematics-tools/terraform-provider-telematics/internal/lifetime"
)

func TestEnd_WaitsForTheWorkThatIsUnderWay(t *testing.T) {
	var g lifetime.Guard
	exits := 0
	exit := func() { exits++ }
	one, two := g.Begin(), g.Begin()
	g.End(exit)
	one()
	one() // counts once
	if exits != 0 {
		t.Fatal("it ended in the middle of the work")
	}
	two()
	g.End(exit)
	if exits != 1 {
		t.Errorf("it ended %d times, want once", exits)
	}
}

func TestEnd_WithoutWorkIsAtOnce(t *testing.T) {
	var g lifetime.Guard
	g.Begin()()
	exits := 0
	g.End(func() { exits++ })
	if exits != 1 {
		t.Errorf("it ended %d times, want once", exits)
	}
}

func TestBegin_DoesNotReturnOnceTheProcessIsToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g lifetime.Guard
		end := g.Begin()
		g.End(func() {})
		begun := make(chan struct{})
		go func() {
			g.Begin()
			close(begun)
		}()
		synctest.Wait()
		select {
		case <-begun:
			t.Error("new work was begun")
		default:
		}
		end()
	})
}
