package compute

import (
	"context"
	"fmt"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Resize is what an instance was before it got another flavor.
type Resize struct {
	Flavor Flavor
	Was    VMState // [Active] or [Stopped]
	// Confirmed is whether nobody needs to confirm it any more.
	Confirmed bool
}

// settled is the state that the instance's machine is in, for one that waits
// for its resize to be confirmed the one it had before.
func (i Instance) settled() VMState {
	if i.State.VM == Resized && i.Resize != nil {
		return i.Resize.Was
	}
	return i.State.VM
}

// Claim is what the instance counts for in its project's quota: while it may
// still go back to its former flavor, the larger of both.
func (i Instance) Claim() Usage {
	u := Usage{Instances: 1, VCPUs: i.Flavor.VCPUs, RAMMiB: i.Flavor.RAMMiB}
	if i.Resize != nil {
		u.VCPUs, u.RAMMiB = max(u.VCPUs, i.Resize.Flavor.VCPUs), max(u.RAMMiB, i.Resize.Flavor.RAMMiB)
	}
	return u
}

// ResizeRequest is the wish for another flavor.
type ResizeRequest struct {
	FlavorID string
	// AutoConfirm keeps the new flavor without anybody confirming it.
	AutoConfirm bool
	// AutoDisk is the instance's from now on; nil leaves it.
	AutoDisk *bool
}

// ErrSameFlavor is in the Invalid fault about a resize that changes nothing.
var ErrSameFlavor = fault.Invalidf("flavor", "the instance has that flavor already")

// Resize gives an instance another flavor: its machine is stopped and, when it
// ran, started again with the new size. Faults: Forbidden (a reader), NotFound
// (instance, flavor), Conflict with a [Locked] or [WrongState], Invalid
// ([ErrSameFlavor]; flavor.ram, flavor.disk: too small for the image, or for
// the disk that is there), Quota with a [QuotaExceeded], Unsupported.
func (s *Service) Resize(ctx context.Context, c identity.Caller, id string, req ResizeRequest) (Instance, error) {
	if _, ok := s.driver.(Resizer); !ok {
		return Instance{}, s.cannot("resize")
	}
	return s.ask(ctx, c, id, ActionResize, func(tx Tx, i *Instance) error {
		f, err := visibleFlavor(ctx, tx, c, req.FlavorID)
		if err != nil {
			return err
		}
		if f.ID == i.Flavor.ID {
			return ErrSameFlavor
		}
		_, onVolume := i.RootVolume()
		disk := f.DiskGiB
		if onVolume {
			disk = i.RootGiB() // which no flavor changes
		}
		if !onVolume && f.DiskGiB == 0 && i.Flavor.DiskGiB != 0 {
			return fault.Invalidf("disk", "Resize to zero disk flavor is not allowed.")
		}
		if !onVolume && f.DiskGiB < i.Flavor.DiskGiB {
			return fault.Invalidf("disk", "the disk has %d GiB and cannot shrink to the %d of flavor %s", i.Flavor.DiskGiB, f.DiskGiB, f.Name)
		}
		if err := fits(f, i.Image, disk); err != nil {
			return err
		}
		more := Usage{VCPUs: max(0, f.VCPUs-i.Flavor.VCPUs), RAMMiB: max(0, f.RAMMiB-i.Flavor.RAMMiB)}
		if _, err := s.reserve(ctx, tx, i.holder(), 1, 1, more); err != nil {
			return err
		}
		i.Resize = &Resize{Flavor: i.Flavor, Was: i.State.VM, Confirmed: req.AutoConfirm}
		i.Flavor = f
		if req.AutoDisk != nil {
			i.AutoDisk = *req.AutoDisk
		}
		return nil
	})
}

// fits tells whether an image runs in a flavor, on a disk of that size. Faults: Invalid (flavor.ram, flavor.disk).
func fits(f Flavor, i Image, diskGiB int) error {
	if f.RAMMiB < i.MinRAMMiB {
		return fault.Invalidf("flavor.ram", "flavor %s has %d MiB of memory; image %s needs %d", f.Name, f.RAMMiB, i.Name, i.MinRAMMiB)
	}
	if diskGiB < i.MinDiskGiB {
		return fault.Invalidf("flavor.disk", "flavor %s has %d GiB of disk; image %s needs %d", f.Name, diskGiB, i.Name, i.MinDiskGiB)
	}
	return nil
}

// Confirm keeps the new flavor of a [Resized] instance, at once. Faults:
// Forbidden (a reader), NotFound, Conflict with a [Locked] or [WrongState].
func (s *Service) Confirm(ctx context.Context, c identity.Caller, id string) error {
	return s.note(ctx, c, id, ActionConfirm, audit.Confirm, func(i *Instance) error {
		if err := i.unlocked(c); err != nil {
			return err
		}
		if _, err := i.State.Begin(id, ActionConfirm); err != nil {
			return err
		}
		i.State = State{VM: i.settled()}
		i.Resize = nil
		return nil
	})
}

// remake gives a machine the size of its flavor, stopped, and starts it if it
// was running before the wish for that.
func (s *Service) remake(ctx context.Context, i Instance, was VMState) error {
	r, ok := s.driver.(Resizer)
	if !ok {
		return s.cannot("resize")
	}
	if err := s.driver.Stop(ctx, i.ID, s.opt.StopGrace); err != nil {
		return err
	}
	spec := i.spec()
	if err := r.Resize(ctx, spec); err != nil || was != Active {
		return err
	}
	return s.driver.Start(ctx, spec)
}

// reverted is the instance as it was before its resize.
func (i Instance) reverted() Instance {
	if i.Resize != nil {
		i.Flavor = i.Resize.Flavor
	}
	return i
}

// afterResize says what a resize or its reversal came to.
func (i *Instance) afterResize(a Action, failed bool) {
	r := i.Resize
	if r == nil {
		return
	}
	switch {
	case failed || a == ActionRevert:
		i.Flavor, i.Resize = r.Flavor, nil
	case r.Confirmed:
		i.Resize = nil
	default:
		return
	}
	if !failed {
		i.State.VM = r.Was
	}
}

// cannot says that the driver cannot do something.
func (s *Service) cannot(what string) error {
	return &fault.Error{Kind: fault.Unsupported, Resource: "action", Name: what,
		Msg: fmt.Sprintf("the %s driver cannot %s instances", s.driver.Info().Name, what)}
}
