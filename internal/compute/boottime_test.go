package compute_test

import (
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

const bootTime = time.Minute

// slow is a driver whose guests are seen booting for a minute.
type slow struct{ *scripted }

func (d slow) Info() compute.DriverInfo {
	i := d.scripted.Info()
	i.BootTime = bootTime
	return i
}

func newSlowYard(t *testing.T) *yard {
	return newYardOn(t, func(s *scripted) compute.Driver { return slow{s} })
}

// due runs what is due after so much of the boot time, and returns how much that was.
func (y *yard) due(since time.Time, after time.Duration) int {
	y.Helper()
	n := 0
	for {
		j, ok, err := y.db.ClaimJob(y.Context(), "node", "me", since.Add(after), time.Minute)
		if err != nil {
			y.Fatal(err)
		}
		if !ok {
			return n
		}
		if err := y.service.RunJob(y.Context(), j); err != nil {
			y.Fatal(err)
		}
		if err := y.db.FinishJob(y.Context(), j.ID, "me"); err != nil {
			y.Fatal(err)
		}
		n++
	}
}

// TestBootTime shows what is being done for as long as guests take to boot,
// also when the process is another one by the end.
func TestBootTime(t *testing.T) {
	y := newSlowYard(t)
	ctx := t.Context()
	began := y.now
	i := y.create()
	y.want(i.ID, compute.Building, compute.Spawning)
	if y.due(began, bootTime) != 0 {
		t.Fatal("it was built before its time")
	}
	if y.due(y.now, bootTime) != 1 {
		t.Fatal("it was not built in time")
	}
	y.want(i.ID, compute.Active, compute.Idle)

	pass := "secret"
	for _, c := range []struct {
		what string
		ask  func() error
		task compute.Task
	}{
		{"reboot", func() error { _, err := y.service.Act(ctx, y.caller, i.ID, compute.ActionReboot); return err }, compute.Rebooting},
		{"hard reboot", func() error { _, err := y.service.Act(ctx, y.caller, i.ID, compute.ActionHardReboot); return err }, compute.RebootingHard},
		{"rebuild", func() error {
			_, err := y.service.Rebuild(ctx, y.caller, i.ID, compute.RebuildRequest{ImageID: y.image()})
			return err
		}, compute.Rebuilding},
		{"password", func() error { return y.service.ChangePassword(ctx, y.caller, i.ID, pass) }, compute.SettingPassword},
	} {
		began := y.now
		if err := c.ask(); err != nil {
			t.Fatal(c.what, err)
		}
		// Another process on the same database.
		y.use(slow{y.driver}, compute.Usage{Instances: -1, VCPUs: -1, RAMMiB: -1})
		if y.due(began, bootTime) != 0 {
			t.Errorf("%s: done before its time", c.what)
		}
		y.want(i.ID, compute.Active, c.task)
		if y.due(y.now, bootTime) != 1 {
			t.Errorf("%s: not done in time", c.what)
		}
		y.want(i.ID, compute.Active, compute.Idle)
	}

	began = y.now
	if _, err := y.service.Act(ctx, y.caller, i.ID, compute.ActionStop); err != nil {
		t.Fatal(err)
	}
	if y.due(y.now, 0) != 1 {
		t.Error("stopping takes no boot")
	}
	if _, err := y.service.Act(ctx, y.caller, i.ID, compute.ActionStart); err != nil {
		t.Fatal(err)
	}
	if y.due(began, bootTime) != 0 || y.due(y.now, bootTime) != 1 {
		t.Error("start: not in its time")
	}
}

// TestBootTimeHoldsNobodyUp: other instances go on, and deletion waits for nothing.
func TestBootTimeHoldsNobodyUp(t *testing.T) {
	y := newSlowYard(t)
	ctx := t.Context()
	first, second := y.create(), y.create()
	y.due(y.now, bootTime)
	if _, err := y.service.Act(ctx, y.caller, first.ID, compute.ActionReboot); err != nil {
		t.Fatal(err)
	}
	if _, err := y.service.Act(ctx, y.caller, second.ID, compute.ActionStop); err != nil {
		t.Fatal(err)
	}
	if y.due(y.now, 0) != 1 {
		t.Error("the other instance waits")
	}
	y.want(second.ID, compute.Stopped, compute.Idle)

	starts := y.driver.starts
	if _, err := y.service.Act(ctx, y.caller, first.ID, compute.ActionDelete); err != nil {
		t.Fatal(err)
	}
	if y.due(y.now, 0) != 2 { // the reboot, which is of no use any more, and the deletion
		t.Error("the deletion waits")
	}
	if _, err := y.service.Instance(ctx, y.caller, first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("after its deletion: %v", err)
	}
	if y.driver.starts != starts {
		t.Error("it was rebooted all the same")
	}
}
