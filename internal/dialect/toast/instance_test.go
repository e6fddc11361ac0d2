package toast

import (
	"slices"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		vm     compute.VMState
		task   compute.Task
		status string
	}{
		{compute.Building, compute.Spawning, "BUILD"},
		{compute.Building, compute.Idle, "BUILD"},
		{compute.Active, compute.Idle, "ACTIVE"},
		{compute.Stopped, compute.PoweringOn, "POWERING_ON"},
		{compute.Active, compute.PoweringOff, "POWERING_OFF"},
		{compute.Error, compute.PoweringOff, "POWERING_OFF"},
		{compute.Stopped, compute.Idle, "STOP"},
		{compute.Active, compute.Rebooting, "REBOOTING"},
		{compute.Stopped, compute.RebootingHard, "REBOOTING"},
		{compute.Active, compute.Resizing, "RESIZING"},
		{compute.Resized, compute.Reverting, "RESIZING"},
		{compute.Active, "migrating", "MIGRATING"},
		{compute.Error, compute.Deleting, "DELETING"},
		{compute.Error, compute.Idle, "ERROR"},
		{compute.Paused, compute.Idle, "STOP"},
		{compute.Active, compute.Pausing, "ACTIVE"},
		{compute.Stopped, compute.Snapshotting, "STOP"},
	} {
		if got := status(compute.Instance{State: compute.State{VM: c.vm, Task: c.task}}); got != c.status {
			t.Errorf("%s, %s: got %s, want %s", c.vm, c.task, got, c.status)
		}
	}
	for vm, want := range map[compute.VMState]string{compute.Active: "ACTIVE", compute.Stopped: "STOP"} {
		i := compute.Instance{State: compute.State{VM: compute.Resized}, Resize: &compute.Resize{Was: vm}}
		if got := status(i); got != want {
			t.Errorf("resized from %s: got %s", vm, got)
		}
	}
}

// TestAgreement holds what a call says against images and flavors, also those
// whose disk is made as large as the call says.
func TestAgreement(t *testing.T) {
	fixed, free := compute.Flavor{Name: "u2", DiskGiB: 20}, compute.Flavor{Name: "m2"}
	linux, windows := compute.Image{OSType: compute.Linux, MinDiskGiB: 20}, compute.Image{OSType: compute.Windows}
	for _, c := range []struct {
		r      creation
		image  compute.Image
		flavor compute.Flavor
		want   string
	}{
		{creation{name: "01234567890123456789"}, linux, fixed, ""},
		{creation{name: "012345678901234567890"}, linux, fixed, "instance.name must have at most 20 characters with this image"},
		{creation{name: "012345678901"}, windows, fixed, ""},
		{creation{name: "0123456789012"}, windows, fixed, "instance.name must have at most 12 characters with this image"},
		{creation{volume: true, volumeSize: 20}, linux, fixed, "instance.volume must be absent: flavor u2 has a disk of 20 GB"},
		{creation{volume: true, volumeType: volumeTypeSSD}, linux, fixed, "instance.volume must be absent: flavor u2 has a disk of 20 GB"},
		{creation{}, linux, free, "instance.volume.size is required: flavor m2 has no disk of its own"},
		{creation{volume: true, volumeSize: 10}, linux, free, "instance.volume.size must be between 20 and 1000 with this image"},
		{creation{volume: true, volumeSize: 20}, linux, free, ""},
	} {
		got := ""
		if err := c.r.agrees(c.image, c.flavor); err != nil {
			got = err.Error()
		}
		if c.want != "" {
			c.want = "Invalid parameters : " + c.want
		}
		if got != c.want {
			t.Errorf("%+v with %s: got %q, want %q", c.r, c.flavor.Name, got, c.want)
		}
	}
}

func TestFlavorDisk(t *testing.T) {
	if v := viewFlavor(compute.Flavor{DiskGiB: 20, ExtraSpecs: map[string]string{"type": "memory"}}); v.VolumeSize != 20 || v.MaxVolumeSize != 0 || v.Type != "memory" {
		t.Errorf("with a disk: %+v", v)
	}
	if v := viewFlavor(compute.Flavor{ExtraSpecs: map[string]string{"type": "other"}}); v.VolumeSize != 0 || v.MaxVolumeSize != 1000 || v.Type != "general" {
		t.Errorf("without a disk: %+v", v)
	}
}

func TestLastBoot(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 22, 0, minute, 0, 0, time.UTC) }
	i := compute.Instance{LaunchedAt: at(1)}
	e := func(minute int, a compute.Action) compute.Event {
		return compute.Event{Action: a, FinishedAt: at(minute)}
	}
	failed, going := e(9, compute.ActionStart), e(9, compute.ActionReboot)
	failed.Failed, going.FinishedAt = true, time.Time{}
	for name, c := range map[string]struct {
		oldestFirst []compute.Event
		want        int
	}{
		"created":                {[]compute.Event{e(1, compute.ActionCreate)}, 1},
		"stopped":                {[]compute.Event{e(1, compute.ActionCreate), e(2, compute.ActionStop)}, 1},
		"started again":          {[]compute.Event{e(2, compute.ActionStop), e(3, compute.ActionStart)}, 3},
		"rebooted":               {[]compute.Event{e(2, compute.ActionReboot), e(3, compute.ActionHardReboot)}, 3},
		"resized while it ran":   {[]compute.Event{e(2, compute.ActionResize)}, 2},
		"resized while it stood": {[]compute.Event{e(2, compute.ActionStop), e(3, compute.ActionResize)}, 1},
		"failed":                 {[]compute.Event{e(2, compute.ActionStop), failed}, 1},
		"under way":              {[]compute.Event{going}, 1},
	} {
		slices.Reverse(c.oldestFirst)
		if got := lastBoot(i, c.oldestFirst); !got.Equal(at(c.want)) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := lastBoot(compute.Instance{}, nil); !got.IsZero() {
		t.Errorf("never: %v", got)
	}
}
