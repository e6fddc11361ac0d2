package compute

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestBegin(t *testing.T) {
	for _, c := range []struct {
		name string
		from State
		do   Action
		want State
		text string // of the refusal
	}{
		{"start a stopped one", State{VM: Stopped}, ActionStart, State{Stopped, PoweringOn}, ""},
		{"start a running one", State{VM: Active}, ActionStart, State{VM: Active}, "Cannot 'start' instance i while it is in vm_state active"},
		{"stop a stopped one", State{VM: Stopped}, ActionStop, State{VM: Stopped}, "Cannot 'stop' instance i while it is in vm_state stopped"},
		{"stop a broken one", State{VM: Error}, ActionStop, State{Error, PoweringOff}, ""},
		{"reboot while stopping", State{Active, PoweringOff}, ActionReboot, State{Active, PoweringOff}, "Cannot 'reboot' instance i while it is in task_state powering-off"},
		{"soft reboot of a stopped one", State{VM: Stopped}, ActionReboot, State{VM: Stopped}, "Cannot 'reboot' instance i while it is in vm_state stopped"},
		{"hard reboot of a stopped one", State{VM: Stopped}, ActionHardReboot, State{Stopped, RebootingHard}, ""},
		{"hard reboot while rebooting", State{Active, Rebooting}, ActionHardReboot, State{Active, RebootingHard}, ""},
		{"hard reboot twice", State{Active, RebootingHard}, ActionHardReboot, State{Active, RebootingHard}, ""},
		{"soft reboot while rebooting hard", State{Active, RebootingHard}, ActionReboot, State{Active, RebootingHard}, "Cannot 'reboot' instance i while it is in task_state rebooting_hard"},
		{"hard reboot while stopping", State{Active, PoweringOff}, ActionHardReboot, State{Active, PoweringOff}, "Cannot 'reboot' instance i while it is in task_state powering-off"},
		{"delete while building", State{Building, Spawning}, ActionDelete, State{Building, Deleting}, ""},
		{"stop while deleting", State{Active, Deleting}, ActionStop, State{Active, Deleting}, "Cannot 'stop' instance i while it is in task_state deleting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.from.Begin("i", c.do)
			if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if c.text == "" && err != nil {
				t.Fatal(err)
			}
			if c.text == "" {
				return
			}
			var w *WrongState
			if !errors.As(err, &w) || w.Error() != c.text || !fault.Is(err, fault.Conflict) {
				t.Errorf("got %v, want the conflict %q", err, c.text)
			}
		})
	}
}

// TestTransitionsNeverStick: whatever is asked in whatever order, and however
// jobs end, an instance is never busy with a task that has no job, and a
// deletion is never lost.
func TestTransitionsNeverStick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := State{VM: Building, Task: Spawning}
		pending := []Action{ActionCreate}
		deleted := false
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				a := rapid.SampledFrom([]Action{ActionStart, ActionStop, ActionReboot, ActionHardReboot, ActionDelete,
					ActionRebuild, ActionResize, ActionRevert, ActionPause, ActionUnpause, ActionSnapshot, ActionPassword}).Draw(t, "action")
				next, err := s.Begin("i", a)
				if err != nil {
					if next != s {
						t.Fatalf("a refused %s changed %v to %v", a, s, next)
					}
					return
				}
				s, pending = next, append(pending, a)
				deleted = deleted || a == ActionDelete
			},
			"job ends": func(t *rapid.T) {
				if len(pending) == 0 {
					t.Skip()
				}
				a := pending[0]
				pending = pending[1:]
				s = s.Finish(a, rapid.Bool().Draw(t, "failed"))
			},
			"": func(t *rapid.T) {
				if deleted && s.Task != Deleting {
					t.Fatalf("a deletion was lost: %v", s)
				}
				if len(pending) == 0 && s.Task != Idle && s.Task != Deleting {
					t.Fatalf("busy with %s and nothing to do", s.Task)
				}
			},
		})
	})
}

func TestHostname(t *testing.T) {
	for name, want := range map[string]string{
		"web-1": "web-1", "Web Server_1.local": "web-server-1-local", "서버": "server-42", "-x-": "x",
	} {
		if got := Hostname(name, "42"); got != want {
			t.Errorf("Hostname(%q) = %q, want %q", name, got, want)
		}
	}
}
