package compute

import "context"

// What not every driver can do is an interface of its own, found by type
// assertion. Asking for it elsewhere is an Unsupported fault.

// Pauser is a [Driver] that can freeze a running machine.
type Pauser interface {
	// Pause freezes the machine, or lets it go on. Faults: NotFound, Conflict (it does not run).
	Pause(ctx context.Context, id string, on bool) error
}

// Resizer is a [Driver] that can give a machine another size.
type Resizer interface {
	// Resize makes a stopped machine as large as spec says. Faults: NotFound.
	Resize(ctx context.Context, spec Spec) error
}

// Snapshotter is a [Driver] that can make images of machines' disks. A Spec
// whose image was made so gets a disk with that one's files.
type Snapshotter interface {
	// Snapshot copies the disk of a machine in any state, as it is at one moment,
	// and returns the image's size in bytes. An image that is there is replaced.
	Snapshot(ctx context.Context, id string, image Image) (bytes int64, err error)
	// DeleteImage removes an image's files, if there are any.
	DeleteImage(ctx context.Context, imageID string) error
}
