package compute

import "context"

// VolumeDriver is a [Driver] that has volumes. Its calls are idempotent as
// those of Driver are: making what is there and taking away what is gone
// succeed. The service never has two calls under way for one volume or for one
// instance.
type VolumeDriver interface {
	// PutVolume makes the volume, or makes it larger when it is there. A volume is
	// never made smaller.
	PutVolume(ctx context.Context, v VolumeSpec) error
	// DeleteVolume removes the volume and its data.
	DeleteVolume(ctx context.Context, id string) error
	// Attach gives a volume to an instance, at once where it runs. It returns
	// where the guest sees it. Faults: NotFound, Conflict when another instance
	// has it.
	Attach(ctx context.Context, instanceID string, v PluggedVolume) (device string, err error)
	// Detach takes a volume away from an instance, at once where it runs.
	Detach(ctx context.Context, instanceID, volumeID string) error
}

// VolumeSnapshotter is a [VolumeDriver] that can keep what a volume holds at one
// moment. Its calls are idempotent: a snapshot that is there is not made anew.
type VolumeSnapshotter interface {
	VolumeDriver
	// SnapshotVolume makes a snapshot of a volume, which somebody may be using.
	// Faults: NotFound (the volume).
	SnapshotVolume(ctx context.Context, id, volumeID string) error
	// DeleteVolumeSnapshot removes the snapshot; volumes made of it stay.
	DeleteVolumeSnapshot(ctx context.Context, id string) error
}

// VolumeSpec is everything a driver needs to know of a volume.
type VolumeSpec struct {
	ID      string // UUID
	Name    string
	Zone    string
	Type    string
	SizeGiB int
	Image   Image // what it begins with; none without an ID
	// SourceID is the volume, and SnapshotID the snapshot that it begins as a copy
	// of; both may be empty.
	SourceID, SnapshotID string
}

// PluggedVolume is a volume as an instance has it.
type PluggedVolume struct {
	ID      string
	Name    string
	Device  string // "/dev/vdb"
	SizeGiB int
	Boot    bool // it is the root disk
}

func (v Volume) spec() VolumeSpec {
	return VolumeSpec{ID: v.ID, Name: v.Name, Zone: v.Zone, Type: v.Type, SizeGiB: v.SizeGiB, Image: v.Image, SourceID: v.SourceID, SnapshotID: v.SnapshotID}
}
