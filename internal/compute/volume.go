package compute

import (
	"fmt"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Volume is a disk of its own: it outlives the instances that it is attached to.
type Volume struct {
	ID          string // UUID
	Region      string
	ProjectID   string
	UserID      string // who made it
	Name        string // up to 255 characters, may be empty
	Description string
	SizeGiB     int
	Status      VolumeStatus
	Type        string // the name of a [VolumeType]
	Zone        string
	Node        string // the node whose driver keeps it
	// Bootable is whether an instance may have it as its root disk.
	Bootable bool
	// Image is what it was made from, as it was then; without an ID it began blank.
	Image Image
	// SourceID is the volume that it is a copy of, or empty.
	SourceID string
	// SnapshotID is the snapshot that it was made of, or empty; it may be gone.
	SnapshotID string
	Metadata   map[string]string
	Attachment *Attachment // nil while no instance has it
	Fault      string      // why it is in an error state
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// VolumeStatus is what a volume is and what is being done to it; its names are
// Cinder's (https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes).
type VolumeStatus string

// The statuses.
const (
	VolumeCreating       VolumeStatus = "creating"
	VolumeAvailable      VolumeStatus = "available"
	VolumeAttaching      VolumeStatus = "attaching"
	VolumeInUse          VolumeStatus = "in-use"
	VolumeDetaching      VolumeStatus = "detaching"
	VolumeExtending      VolumeStatus = "extending"
	VolumeDeleting       VolumeStatus = "deleting"
	VolumeError          VolumeStatus = "error"
	VolumeErrorExtending VolumeStatus = "error_extending"
	// VolumeMaintenance is an administrator's word: nothing is done with the volume.
	VolumeMaintenance VolumeStatus = "maintenance"
)

// Attachment is a volume's place on an instance.
type Attachment struct {
	ID         string // UUID
	InstanceID string
	Device     string // "/dev/vdb"; "/dev/vda" is the root disk
	// DeleteOnTermination is whether the volume goes with the instance.
	DeleteOnTermination bool
	Tag                 string
	At                  time.Time
}

// rootDevice is where an instance's root disk is.
const rootDevice = "/dev/vda"

// Boots tells whether the volume is the instance's root disk.
func (a Attachment) Boots() bool { return a.Device == rootDevice }

// AttachedVolume is what an instance knows of a volume that it has.
type AttachedVolume struct {
	VolumeID string
	Name     string
	SizeGiB  int
	Type     string
	Status   VolumeStatus
	Attachment
}

// RootVolume returns the volume that the instance boots from, false when its
// root disk is its own.
func (i Instance) RootVolume() (AttachedVolume, bool) {
	k := slices.IndexFunc(i.Volumes, func(v AttachedVolume) bool { return v.Boots() })
	if k < 0 {
		return AttachedVolume{}, false
	}
	return i.Volumes[k], true
}

// RootGiB is the size of the root disk: the flavor's, or its volume's, or with a
// flavor that has none what the image needs.
func (i Instance) RootGiB() int {
	if v, ok := i.RootVolume(); ok {
		return v.SizeGiB
	}
	return i.Image.rootGiB(i.Flavor)
}

// rootGiB is the size of a root disk with the image's files in a flavor.
func (i Image) rootGiB(f Flavor) int {
	if f.DiskGiB == 0 {
		return max(i.MinDiskGiB, 1)
	}
	return f.DiskGiB
}

// plugged are the instance's volumes as its driver has to give them to the guest.
func (i Instance) plugged() []PluggedVolume {
	var out []PluggedVolume
	for _, v := range i.Volumes {
		if v.Status != VolumeDetaching {
			out = append(out, v.plug())
		}
	}
	return out
}

func (v AttachedVolume) plug() PluggedVolume {
	return PluggedVolume{ID: v.VolumeID, Name: v.Name, Device: v.Device, SizeGiB: v.SizeGiB, Boot: v.Boots()}
}

// VolumeType is a kind of volumes.
type VolumeType struct {
	ID          string // UUID
	Name        string
	Description string
}

// defaultVolumeType is the type of volumes whose maker names none.
const defaultVolumeType = "SSD"

var volumeTypes = []VolumeType{
	{seedID("volume type", defaultVolumeType), defaultVolumeType, "On solid-state disks"},
	{seedID("volume type", "HDD"), "HDD", "On spinning disks"},
}

// VolumeTypes are the kinds of volumes, the default first. A driver with one
// kind of storage treats them alike.
func (s *Service) VolumeTypes() []VolumeType { return slices.Clone(volumeTypes) }

// TypeID is the id of the volume's type.
func (v Volume) TypeID() string { return seedID("volume type", v.Type) }

// volumeType finds a type by its name or id; empty is the default. Faults:
// NotFound.
func volumeType(wanted string) (VolumeType, error) {
	for _, t := range volumeTypes {
		if wanted == "" || wanted == t.Name || wanted == t.ID {
			return t, nil
		}
	}
	return VolumeType{}, fault.Missing("volume type", wanted)
}

// WrongVolumeStatus is the detail of a Conflict fault about a volume: what was
// asked and what stands in its way.
type WrongVolumeStatus struct {
	Verb   string // "attach", "detach", "extend", "delete", "copy", "snapshot", "reset"
	ID     string
	Status VolumeStatus
	// Snapshots is whether it is its snapshots that stand in the way.
	Snapshots bool
}

// Error says it in a sentence.
func (e *WrongVolumeStatus) Error() string {
	if e.Snapshots {
		return fmt.Sprintf("cannot %s volume %s while it has snapshots", e.Verb, e.ID)
	}
	return fmt.Sprintf("cannot %s volume %s while it is %s", e.Verb, e.ID, e.Status)
}

// mustBe refuses, with a Conflict and a [WrongVolumeStatus], what the volume's
// status does not allow.
func (v Volume) mustBe(verb string, allowed ...VolumeStatus) error {
	if slices.Contains(allowed, v.Status) {
		return nil
	}
	w := &WrongVolumeStatus{Verb: verb, ID: v.ID, Status: v.Status}
	return &fault.Error{Kind: fault.Conflict, Resource: "volume", Name: v.ID, Msg: w.Error(), Err: w}
}

func (v Volume) visible(c identity.Caller) bool {
	return sees(c, v.Region, v.ProjectID)
}
