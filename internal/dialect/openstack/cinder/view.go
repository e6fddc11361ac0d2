package cinder

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// volumeField is one member of a volume's object.
type volumeField struct {
	name  string
	since openstack.Microversion
	admin bool // shown to administrators only
	read  bool // not in the answer to a creation or a change
	when  func(compute.Volume) bool
	value func(*openstack.Call, compute.Volume) any
}

func always(value any) func(*openstack.Call, compute.Volume) any {
	return func(*openstack.Call, compute.Volume) any { return value }
}

func of(get func(compute.Volume) any) func(*openstack.Call, compute.Volume) any {
	return func(_ *openstack.Call, v compute.Volume) any { return get(v) }
}

// volumeFields are the members of a volume's object in their order, by the
// microversions that have them
// (https://docs.openstack.org/cinder/latest/contributor/api_microversion_history.html).
var volumeFields = []volumeField{
	{name: "id", value: of(func(v compute.Volume) any { return v.ID })},
	{name: "status", value: of(func(v compute.Volume) any { return string(v.Status) })},
	{name: "size", value: of(func(v compute.Volume) any { return v.SizeGiB })},
	{name: "availability_zone", value: of(func(v compute.Volume) any { return v.Zone })},
	{name: "created_at", value: of(func(v compute.Volume) any { return stamp(v.CreatedAt) })},
	{name: "updated_at", value: of(func(v compute.Volume) any { return stamp(v.UpdatedAt) })},
	{name: "name", value: of(func(v compute.Volume) any { return v.Name })},
	{name: "description", value: of(func(v compute.Volume) any { return orNull(v.Description) })},
	{name: "volume_type", value: of(func(v compute.Volume) any { return v.Type })},
	{name: "snapshot_id", value: of(func(v compute.Volume) any { return orNull(v.SnapshotID) })},
	{name: "source_volid", value: of(func(v compute.Volume) any { return orNull(v.SourceID) })},
	{name: "metadata", value: of(func(v compute.Volume) any { return v.Metadata })},
	{name: "links", value: func(c *openstack.Call, v compute.Volume) any { return links(c, v.ID) }},
	{name: "user_id", value: of(func(v compute.Volume) any { return v.UserID })},
	{name: "bootable", value: of(func(v compute.Volume) any { return strconv.FormatBool(v.Bootable) })},
	{name: "encrypted", value: always(false)},
	{name: "replication_status", value: always(nil)},
	{name: "consistencygroup_id", value: always(nil)},
	{name: "multiattach", value: always(false)},
	{name: "attachments", value: attachments},
	{name: "migration_status", admin: true, value: always(nil)},
	{name: "volume_image_metadata", read: true, when: func(v compute.Volume) bool { return v.Image.ID != "" || len(v.Image.Properties) > 0 }, value: of(imageMetadata)},
	{name: "os-vol-tenant-attr:tenant_id", read: true, value: of(func(v compute.Volume) any { return v.ProjectID })},
	{name: "os-vol-host-attr:host", read: true, admin: true, value: of(host)},
	{name: "os-vol-mig-status-attr:migstat", read: true, admin: true, value: always(nil)},
	{name: "os-vol-mig-status-attr:name_id", read: true, admin: true, value: always(nil)},
	{name: "group_id", since: openstack.V(3, 13), value: always(nil)},
	{name: "provider_id", since: openstack.V(3, 21), admin: true, value: always(nil)},
	{name: "service_uuid", since: openstack.V(3, 48), value: always(nil)},
	{name: "shared_targets", since: openstack.V(3, 48), value: always(false)},
	{name: "cluster_name", since: openstack.V(3, 61), admin: true, value: always(nil)},
	{name: "volume_type_id", since: openstack.V(3, 63), value: of(func(v compute.Volume) any { return v.TypeID() })},
	{name: "consumes_quota", since: openstack.V(3, 65), value: always(true)},
}

// detail shows a volume in full at the call's microversion; where it was just
// made or changed, without what Cinder's extensions add to reading.
func detail(c *openstack.Call, v compute.Volume) openstack.Fields {
	reading := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
	out := make(openstack.Fields, 0, len(volumeFields))
	for _, f := range volumeFields {
		if c.Version.AtLeast(f.since) && (!f.admin || c.Caller.Admin()) && (!f.read || reading) && (f.when == nil || f.when(v)) {
			out = append(out, openstack.F(f.name, f.value(c, v)))
		}
	}
	return out
}

// summary shows a volume in lists without detail.
func summary(c *openstack.Call, v compute.Volume) openstack.Fields {
	return openstack.Fields{openstack.F("id", v.ID), openstack.F("links", links(c, v.ID)), openstack.F("name", v.Name)}
}

func links(c *openstack.Call, id string) []openstack.Link {
	path := "/volumes/" + id
	return openstack.SelfAndBookmark(c.Self(path), c.Bookmark(path))
}

// attachments shows where a volume is, once it is there. Which host that is,
// is for administrators.
func attachments(c *openstack.Call, v compute.Volume) any {
	a := v.Attachment
	if a == nil || v.Status == compute.VolumeAttaching || v.Status == compute.VolumeCreating {
		return []string{}
	}
	var host any
	if c.Caller.Admin() {
		host = orNull(v.Node)
	}
	return []openstack.Fields{{
		openstack.F("id", v.ID), openstack.F("attachment_id", a.ID), openstack.F("volume_id", v.ID), openstack.F("server_id", a.InstanceID),
		openstack.F("host_name", host), openstack.F("device", a.Device), openstack.F("attached_at", stamp(a.At)),
	}}
}

// imageMetadata is what a volume knows of its image, and what was written on it
// since, which counts; all values are text.
func imageMetadata(v compute.Volume) any {
	i, out := v.Image, openstack.Fields{}
	if i.ID != "" {
		out = ofImage(i)
	}
	for _, name := range slices.Sorted(maps.Keys(i.Properties)) {
		out = slices.DeleteFunc(out, func(f openstack.Field) bool { return f.Name == name })
		out = append(out, openstack.F(name, i.Properties[name]))
	}
	return out
}

func ofImage(i compute.Image) openstack.Fields {
	out := openstack.Fields{
		openstack.F("image_id", i.ID), openstack.F("image_name", i.Name),
		openstack.F("min_disk", strconv.Itoa(i.MinDiskGiB)), openstack.F("min_ram", strconv.Itoa(i.MinRAMMiB)),
		openstack.F("size", strconv.FormatInt(i.SizeBytes, 10)), openstack.F("os_type", string(i.OSType)),
	}
	for _, m := range []struct{ name, value string }{
		{"os_distro", i.OSDistro}, {"os_version", i.OSVersion}, {"os_admin_user", i.AdminUser},
	} {
		if m.value != "" {
			out = append(out, openstack.F(m.name, m.value))
		}
	}
	return out
}

// host is where a volume lies, as Cinder writes it: the host, its storage and
// the part of that.
func host(v compute.Volume) any {
	if v.Node == "" {
		return nil
	}
	return v.Node + "@volumes#volumes"
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// stamp writes a time as Cinder does, without a zone.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }
