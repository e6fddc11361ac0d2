package compute

import "time"

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
}

// OSType tells families of guests apart.
type OSType string

// The families.
const (
	Linux   OSType = "linux"
	Windows OSType = "windows"
)
