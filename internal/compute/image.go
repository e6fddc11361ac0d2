package compute

import (
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Image is what an instance's disk is made from.
type Image struct {
	ID        string // UUID
	Name      string
	OSType    OSType
	OSDistro  string // "debian", "ubuntu", … as in OpenStack's os_distro
	OSVersion string
	// AdminUser is the login user that keys are put on (os_admin_user).
	AdminUser string
	MinRAMMiB int
	// MinDiskGiB is the smallest flavor disk it fits on.
	MinDiskGiB int
	SizeBytes  int64
	Public     bool
	ProjectID  string // owner
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Properties map[string]string
	// Saving is whether its files are still being copied: it cannot be used yet.
	Saving bool
	// Node is the only node whose driver has its files; empty: every one.
	Node string
	// InstanceID is the instance that it was made of, or "".
	InstanceID string
	Protected  bool // it cannot be deleted
	Hidden     bool // lists leave it out unless it is asked for
	// Deactivated is whether it cannot be used until it is activated again.
	Deactivated bool
	Tags        []string // at most [MaxImageTags] of up to 255 characters each, in order
}

// Bounds of what is written on an image.
const (
	// MaxImageTags is how many tags an image has at most.
	MaxImageTags = 128
	// MaxImageProperties is how many properties it has at most, but for those that it was made with.
	MaxImageProperties = 128
	// MaxPropertyName is how many characters the name of a property has at most.
	MaxPropertyName = 255
	// MaxPropertyBytes bounds the names and values of its properties together:
	// every list of images has them.
	MaxPropertyBytes = 64 << 10
)

// ErrInactive is in the Conflict fault about an image that cannot be used: its
// files are not all there yet, or somebody has deactivated it.
var ErrInactive = &fault.Error{Kind: fault.Conflict, Resource: "image", Msg: "it is not active"}

// mustBeActive refuses to use an image that is not, with [ErrInactive].
func (i Image) mustBeActive() error {
	why := "its files are still being copied"
	switch {
	case i.Deactivated:
		why = "it is deactivated"
	case !i.Saving:
		return nil
	}
	return &fault.Error{Kind: fault.Conflict, Resource: "image", Name: i.ID, Msg: why, Err: ErrInactive}
}

// OSType tells families of guests apart.
type OSType string

// The families.
const (
	Linux   OSType = "linux"
	Windows OSType = "windows"
)
