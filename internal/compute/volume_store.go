package compute

import "context"

// VolumeTx is the part of [Tx] that is about volumes.
type VolumeTx interface {
	// Volume returns a volume with its attachment.
	Volume(ctx context.Context, id string) (Volume, error)
	// Volumes returns volumes with their attachments, newest first.
	Volumes(ctx context.Context, q VolumeQuery) ([]Volume, error)
	// InsertVolume writes the volume and its attachment. Exists when the instance
	// has another volume at that device.
	InsertVolume(ctx context.Context, v Volume) error
	// UpdateVolume writes everything of the volume, its attachment and its image
	// too, but when, by whom and of what volume or snapshot it was made.
	UpdateVolume(ctx context.Context, v Volume) error
	// DeleteVolume removes the volume and its attachment.
	DeleteVolume(ctx context.Context, id string) error
	// VolumeUsage sums up a project's volumes and snapshots.
	VolumeUsage(ctx context.Context, projectID string) (VolumeUsage, error)

	VolumeSnapshot(ctx context.Context, id string) (VolumeSnapshot, error)
	// VolumeSnapshots returns snapshots, newest first.
	VolumeSnapshots(ctx context.Context, q VolumeSnapshotQuery) ([]VolumeSnapshot, error)
	InsertVolumeSnapshot(ctx context.Context, n VolumeSnapshot) error
	// UpdateVolumeSnapshot writes the snapshot's name, description, metadata,
	// status and fault.
	UpdateVolumeSnapshot(ctx context.Context, n VolumeSnapshot) error
	DeleteVolumeSnapshot(ctx context.Context, id string) error
}

// VolumeQuery selects volumes; empty fields select all.
type VolumeQuery struct {
	Region     string
	ProjectID  string
	InstanceID string // that has them
	SnapshotID string // that they were made of
}

// VolumeSnapshotQuery selects snapshots; empty fields select all.
type VolumeSnapshotQuery struct {
	Region    string
	ProjectID string
	VolumeID  string
}

// VolumeUsage is what volumes and their snapshots take together.
type VolumeUsage struct {
	Volumes   int
	Snapshots int
	GiB       int // of both
}
