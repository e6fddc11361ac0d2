package cinder

import (
	"strconv"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// snapshotList is what lists of snapshots can be narrowed and sorted by.
func (d *Dialect) snapshotList() listing[compute.VolumeSnapshot] {
	return listing[compute.VolumeSnapshot]{
		member: "snapshots", resource: "snapshot",
		id: snapshotID, filters: snapshotFilters, columns: snapshotColumns,
		all: func(c *openstack.Call, everybody bool) ([]compute.VolumeSnapshot, error) {
			return d.opt.Compute.VolumeSnapshots(c.Context(), c.Caller, everybody)
		},
	}
}

// What filters and columns look at.
func snapshotID(n compute.VolumeSnapshot) string      { return n.ID }
func snapshotName(n compute.VolumeSnapshot) string    { return n.Name }
func snapshotStatus(n compute.VolumeSnapshot) string  { return string(n.Status) }
func snapshotVolume(n compute.VolumeSnapshot) string  { return n.VolumeID }
func snapshotProject(n compute.VolumeSnapshot) string { return n.ProjectID }

var snapshotFilters = map[string]func(compute.VolumeSnapshot, string) bool{
	"id":           is(snapshotID),
	"name":         is(snapshotName),
	"display_name": is(snapshotName),
	"status":       is(snapshotStatus),
	"volume_id":    is(snapshotVolume),
	"user_id":      is(func(n compute.VolumeSnapshot) string { return n.UserID }),
	"volume_size":  is(func(n compute.VolumeSnapshot) string { return strconv.Itoa(n.SizeGiB) }),
	"project_id":   is(snapshotProject),
	"tenant_id":    is(snapshotProject),
	"metadata":     hasMetadata(func(n compute.VolumeSnapshot) map[string]string { return n.Metadata }),
	"name~":        func(n compute.VolumeSnapshot, want string) bool { return strings.Contains(n.Name, want) },
}

var snapshotColumns = openstack.Columns[compute.VolumeSnapshot]{
	"id":           openstack.By(snapshotID),
	"name":         openstack.By(snapshotName),
	"display_name": openstack.By(snapshotName),
	"status":       openstack.By(snapshotStatus),
	"volume_id":    openstack.By(snapshotVolume),
	"volume_size":  openstack.By(func(n compute.VolumeSnapshot) int { return n.SizeGiB }),
	"created_at":   byTime(func(n compute.VolumeSnapshot) time.Time { return n.CreatedAt }),
	"updated_at":   byTime(func(n compute.VolumeSnapshot) time.Time { return n.UpdatedAt }),
}
