package compute_test

import (
	"fmt"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// TestSupersededEventsEnd: what something stronger takes over from has ended,
// and is not under way for ever.
func TestSupersededEventsEnd(t *testing.T) {
	for name, asked := range map[string]struct {
		actions []compute.Action // one upon the other
		reset   bool
		want    string // of the events, newest first
	}{
		"soft reboot, then hard":             {[]compute.Action{compute.ActionReboot, compute.ActionHardReboot}, false, "hard reboot done, reboot failed, create done"},
		"soft reboot, then hard, then again": {[]compute.Action{compute.ActionReboot, compute.ActionHardReboot, compute.ActionHardReboot}, false, "hard reboot done, hard reboot done, reboot failed, create done"},
		"pause, then hard reboot":            {[]compute.Action{compute.ActionPause, compute.ActionHardReboot}, false, "hard reboot done, pause failed, create done"},
		"stop, then reset":                   {[]compute.Action{compute.ActionStop}, true, "reset state done, stop failed, create done"},
		"nothing upon another":               {[]compute.Action{compute.ActionReboot}, false, "reboot done, create done"},
	} {
		t.Run(name, func(t *testing.T) {
			y, _ := newAbleYard(t)
			i := y.create()
			y.do()
			for _, a := range asked.actions {
				_, err := y.service.Act(t.Context(), y.caller, i.ID, a)
				y.must(err)
			}
			if asked.reset {
				y.must(y.service.ResetState(t.Context(), y.root(), i.ID, compute.Active))
			}
			y.do()
			events, err := y.service.Events(t.Context(), y.root(), i.ID)
			y.must(err)
			got := ""
			for k, e := range events {
				if k > 0 {
					got += ", "
				}
				got += fmt.Sprint(e.Action, " ", map[bool]string{true: "failed", false: "done"}[e.Failed])
				if e.FinishedAt.IsZero() {
					t.Errorf("%s is under way for ever", e.Action)
				}
			}
			if got != asked.want {
				t.Errorf("%s, want %s", got, asked.want)
			}
		})
	}
}

// TestDeletionEndsWhatItSupersedes: also an instance that is never made has no
// event that is under way.
func TestDeletionEndsWhatItSupersedes(t *testing.T) {
	y, _ := newAbleYard(t)
	i := y.create()
	_, err := y.service.Act(t.Context(), y.caller, i.ID, compute.ActionDelete)
	y.must(err)
	y.do()
	events, err := y.service.History(t.Context(), y.caller, i.ID)
	y.must(err)
	if len(events) != 2 {
		t.Fatalf("events %+v", events)
	}
	for _, e := range events {
		if e.FinishedAt.IsZero() || e.Failed != (e.Action == compute.ActionCreate) {
			t.Errorf("%+v", e)
		}
	}
}
