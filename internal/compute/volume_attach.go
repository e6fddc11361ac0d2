package compute

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// maxDevices is how many disks an instance has at most, its root disk included.
const maxDevices = 26

// ErrRootVolume is the detail of a Conflict fault: an instance keeps the volume
// that it boots from.
var ErrRootVolume = errors.New("cannot detach a root device volume")

// AttachRequest is a volume to be attached.
type AttachRequest struct {
	VolumeID string
	// Device is where the guest should see it, "/dev/vdc"; what is no such path
	// is left to the service, as the empty one is.
	Device              string
	Tag                 string
	DeleteOnTermination bool
}

// volumeStates are those in which an instance's volumes may change, as Nova's
// guards have them.
var volumeStates = []VMState{Active, Paused, Stopped, Resized}

func mayChangeVolumes(c identity.Caller, i Instance, verb string) error {
	if err := i.unlocked(c); err != nil {
		return err
	}
	wrong := func(attr, value string) error {
		w := &WrongState{Verb: verb, ID: i.ID, Attr: attr, Value: value}
		return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: i.ID, Msg: w.Error(), Err: w}
	}
	if !slices.Contains(volumeStates, i.State.VM) {
		return wrong("vm_state", string(i.State.VM))
	}
	if i.State.Task != Idle {
		return wrong("task_state", string(i.State.Task))
	}
	return nil
}

// AttachVolume gives a volume to an instance. It returns when the wish is on
// record; a job does the work.
//
// Faults: Forbidden (a reader), Unsupported, NotFound (instance, volume),
// Conflict with a [Locked] or [WrongState] (the instance) or a [WrongVolumeStatus], Invalid
// (zone: not the instance's), Exists (device), NoCapacity (device: it has
// [maxDevices]).
func (s *Service) AttachVolume(ctx context.Context, c identity.Caller, instanceID string, req AttachRequest) (Volume, error) {
	if _, err := s.volumes(); err != nil {
		return Volume{}, err
	}
	return s.changeAttachment(ctx, c, instanceID, req.VolumeID, audit.Attach, func(tx Tx, i Instance, v *Volume) error {
		if err := mayChangeVolumes(c, i, "attach_volume"); err != nil {
			return err
		}
		if err := s.plug(&i, v, req); err != nil {
			return err
		}
		return tx.EnqueueJob(ctx, s.volumeJob(*v, i.ID, volumeAttach))
	})
}

// plug gives the volume its place on the instance.
func (s *Service) plug(i *Instance, v *Volume, req AttachRequest) error {
	if err := v.mustBe("attach", VolumeAvailable); err != nil {
		return err
	}
	if v.ProjectID != i.ProjectID || v.Region != i.Region {
		return fault.Missing("volume", v.ID) // an administrator sees both; the project does not
	}
	if v.Zone != i.Zone {
		return fault.Invalidf("zone", "Instance and volume not in the same availability_zone. Server is in %s. Volume is in %s", i.Zone, v.Zone)
	}
	if v.Node != i.Node {
		return fault.Invalidf("node", "volume %s lies on another host than instance %s and cannot be attached to it", v.ID, i.ID)
	}
	v.Status = VolumeAttaching
	return s.place(i, v, req)
}

// place chooses the volume's device.
func (s *Service) place(i *Instance, v *Volume, req AttachRequest) error {
	device, err := i.freeDevice(req.Device)
	if err != nil {
		return err
	}
	v.Attachment = &Attachment{
		ID: s.opt.NewID(), InstanceID: i.ID, Device: device,
		DeleteOnTermination: req.DeleteOnTermination, Tag: req.Tag, At: s.now(),
	}
	i.Volumes = append(i.Volumes, v.attached())
	return nil
}

func (v Volume) attached() AttachedVolume {
	return AttachedVolume{VolumeID: v.ID, Name: v.Name, SizeGiB: v.SizeGiB, Type: v.Type, Status: v.Status, Attachment: *v.Attachment}
}

var devicePath = regexp.MustCompile(`^(/dev/)?vd[b-z]$`)

// freeDevice is the wanted device, or the first that nothing is at. The root
// disk has its device, whether it is a volume or not.
func (i Instance) freeDevice(wanted string) (string, error) {
	taken := map[string]bool{}
	for _, v := range i.Volumes {
		taken[v.Device] = true
	}
	if wanted == rootDevice || wanted == "vda" {
		if _, ok := i.RootVolume(); ok || i.State.VM != Building {
			return "", fault.Taken("device", rootDevice)
		}
		return rootDevice, nil
	}
	if devicePath.MatchString(wanted) {
		device := "/dev/" + wanted[len(wanted)-3:]
		if taken[device] {
			return "", fault.Taken("device", device)
		}
		return device, nil
	}
	for letter := 'b'; letter < 'a'+maxDevices; letter++ {
		if device := fmt.Sprintf("/dev/vd%c", letter); !taken[device] {
			return device, nil
		}
	}
	return "", &fault.Error{Kind: fault.NoCapacity, Resource: "device", Name: i.ID, Msg: fmt.Sprintf(
		"The maximum allowed number of disk devices (%d) to attach to a single instance has been exceeded.", maxDevices)}
}

// DetachVolume takes a volume away from an instance. It returns when the wish
// is on record; a job does the work.
//
// Faults: Forbidden (a reader), Unsupported, NotFound (instance, volume,
// attachment), Conflict with a [Locked], [WrongState], [WrongVolumeStatus] or [ErrRootVolume].
func (s *Service) DetachVolume(ctx context.Context, c identity.Caller, instanceID, volumeID string) (Volume, error) {
	return s.changeAttachment(ctx, c, instanceID, volumeID, audit.Detach, func(tx Tx, i Instance, v *Volume) error {
		switch {
		case v.Attachment == nil || v.Attachment.InstanceID != i.ID:
			return fault.Missing("attachment", v.ID)
		case v.Attachment.Boots():
			return &fault.Error{Kind: fault.Conflict, Resource: "volume", Name: v.ID, Msg: ErrRootVolume.Error(), Err: ErrRootVolume}
		}
		if err := mayChangeVolumes(c, i, "detach_volume"); err != nil {
			return err
		}
		if err := v.mustBe("detach", VolumeInUse); err != nil {
			return err
		}
		v.Status = VolumeDetaching
		return tx.EnqueueJob(ctx, s.volumeJob(*v, i.ID, volumeDetach))
	})
}

// KeepVolume decides whether a volume goes with the instance that has it.
// Faults: Forbidden (a reader), NotFound (instance, volume, attachment).
func (s *Service) KeepVolume(ctx context.Context, c identity.Caller, instanceID, volumeID string, keep bool) (Volume, error) {
	return s.changeAttachment(ctx, c, instanceID, volumeID, audit.Update, func(_ Tx, i Instance, v *Volume) error {
		if v.Attachment == nil || v.Attachment.InstanceID != i.ID {
			return fault.Missing("attachment", v.ID)
		}
		a := *v.Attachment
		a.DeleteOnTermination = !keep
		v.Attachment = &a
		return nil
	})
}

// changeAttachment reads an instance and a volume and writes the volume, under
// both their locks.
func (s *Service) changeAttachment(ctx context.Context, c identity.Caller, instanceID, volumeID string, a audit.Action, change func(Tx, Instance, *Volume) error) (Volume, error) {
	if err := mayChange(c); err != nil {
		return Volume{}, err
	}
	var v Volume
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "instance "+instanceID); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "volume "+volumeID); err != nil {
			return err
		}
		i, err := visibleInstance(ctx, tx, c, instanceID)
		if err != nil {
			return err
		}
		if v, err = visibleVolume(ctx, tx, c, volumeID); err != nil {
			return err
		}
		if err := change(tx, i, &v); err != nil {
			return err
		}
		v.UpdatedAt = s.now()
		if err := tx.UpdateVolume(ctx, v); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.auditVolume(c, a, v, "instance "+i.ID))
	})
	if err == nil {
		s.opt.Wake()
	}
	return v, err
}
