package cinder

import (
	"strconv"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// volumeList is what lists of volumes can be narrowed and sorted by.
func (d *Dialect) volumeList() listing[compute.Volume] {
	return listing[compute.Volume]{
		member: "volumes", resource: "volume",
		id: volumeID, filters: volumeFilters, columns: volumeColumns,
		all: func(c *openstack.Call, everybody bool) ([]compute.Volume, error) {
			return d.opt.Compute.Volumes(c.Context(), c.Caller, everybody)
		},
	}
}

// What filters and columns look at.
func volumeID(v compute.Volume) string       { return v.ID }
func volumeName(v compute.Volume) string     { return v.Name }
func volumeStatus(v compute.Volume) string   { return string(v.Status) }
func volumeZone(v compute.Volume) string     { return v.Zone }
func volumeProject(v compute.Volume) string  { return v.ProjectID }
func volumeBootable(v compute.Volume) string { return strconv.FormatBool(v.Bootable) }

var volumeFilters = map[string]func(compute.Volume, string) bool{
	"id":                is(volumeID),
	"name":              is(volumeName),
	"display_name":      is(volumeName),
	"status":            is(volumeStatus),
	"availability_zone": is(volumeZone),
	"size":              is(func(v compute.Volume) string { return strconv.Itoa(v.SizeGiB) }),
	"user_id":           is(func(v compute.Volume) string { return v.UserID }),
	"volume_type":       is(func(v compute.Volume) string { return v.Type }),
	"snapshot_id":       is(func(v compute.Volume) string { return v.SnapshotID }),
	"source_volid":      is(func(v compute.Volume) string { return v.SourceID }),
	"bootable":          func(v compute.Volume, want string) bool { return strings.EqualFold(want, volumeBootable(v)) },
	"project_id":        is(volumeProject),
	"tenant_id":         is(volumeProject),
	"metadata":          hasMetadata(func(v compute.Volume) map[string]string { return v.Metadata }),
	"name~":             func(v compute.Volume, want string) bool { return strings.Contains(v.Name, want) },
}

var volumeColumns = openstack.Columns[compute.Volume]{
	"id":                openstack.By(volumeID),
	"name":              openstack.By(volumeName),
	"display_name":      openstack.By(volumeName),
	"status":            openstack.By(volumeStatus),
	"availability_zone": openstack.By(volumeZone),
	"size":              openstack.By(func(v compute.Volume) int { return v.SizeGiB }),
	"created_at":        byTime(func(v compute.Volume) time.Time { return v.CreatedAt }),
	"updated_at":        byTime(func(v compute.Volume) time.Time { return v.UpdatedAt }),
	"bootable":          openstack.By(volumeBootable),
}

func byTime[T any](of func(T) time.Time) func(a, b T) int {
	return func(a, b T) int { return of(a).Compare(of(b)) }
}
