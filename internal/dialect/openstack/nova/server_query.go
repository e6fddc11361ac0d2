package nova

import (
	"regexp"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

var (
	plainText = schema.String{}
	pattern   = schema.String{Format: &schema.Format{Name: "regex", Check: plainly(func(s string) bool {
		_, err := regexp.Compile(s)
		return err == nil
	})}}
	dateTime = schema.String{Format: &schema.Format{Name: "date-time", Check: plainly(func(s string) bool {
		_, ok := parseTime(s)
		return ok
	})}}
	pageSize = schema.Digits{Min: new(int64(0))}
	sortKey  = schema.String{Enum: sortKeys}
)

// sortKeys are the columns that Nova knows, the ones it ignores last
// (nova/api/openstack/compute/schemas/servers.py).
var sortKeys = []string{
	"access_ip_v4", "access_ip_v6", "auto_disk_config", "availability_zone", "config_drive", "created_at",
	"display_description", "display_name", "host", "hostname", "image_ref", "instance_type_id", "kernel_id",
	"key_name", "launch_index", "launched_at", "locked_by", "node", "power_state", "progress", "project_id",
	"ramdisk_id", "root_device_name", "task_state", "terminated_at", "updated_at", "user_id", "uuid", "vm_state",
	"architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted",
	"deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on",
	"locked", "memory_mb", "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
}

// serverQuery is the rule for the query of GET /servers and GET /servers/detail.
var serverQuery = func() func(openstack.Microversion) schema.Parameters {
	spans := []span{
		always("user_id", plainText), always("project_id", plainText), always("tenant_id", plainText),
		always("launch_index", plainText), always("image_ref", plainText), always("image", plainText),
		always("kernel_id", pattern), always("ramdisk_id", pattern), always("hostname", pattern),
		always("key_name", pattern), always("power_state", plainText), always("vm_state", plainText),
		always("task_state", plainText), always("host", plainText), always("node", pattern),
		always("launched_at", pattern), always("terminated_at", pattern), always("availability_zone", pattern),
		always("name", pattern), always("display_name", pattern), always("description", pattern),
		always("display_description", pattern), always("locked_by", pattern), always("uuid", plainText),
		always("root_device_name", pattern), always("config_drive", pattern), always("access_ip_v4", pattern),
		always("access_ip_v6", pattern), always("auto_disk_config", pattern), always("progress", pattern),
		always("sort_key", sortKey), always("sort_dir", plainText), always("all_tenants", plainText),
		always("soft_deleted", plainText), always("deleted", plainText), always("status", plainText),
		always("changes-since", dateTime), always("ip", pattern), always("ip6", pattern),
		always("created_at", pattern), always("reservation_id", pattern), always("flavor", plainText),
		always("limit", pageSize), always("marker", plainText),
		since(26, "tags", plainText), since(26, "tags-any", plainText),
		since(26, "not-tags", plainText), since(26, "not-tags-any", plainText),
		since(66, "changes-before", dateTime),
		since(73, "locked", plainText),
	}
	all := make([]schema.Parameters, openstack.ComputeVersions.Max.Minor+1)
	for minor := range all {
		v := openstack.Microversion{}
		if minor > 0 {
			v = openstack.V(2, minor)
		}
		all[minor].Closed = v.AtLeast(openstack.V(2, 75))
		for _, s := range spans {
			if s.holds(v) {
				all[minor].Known = append(all[minor].Known, schema.Parameter{Name: s.Name, Schema: s.Schema})
			}
		}
	}
	return func(v openstack.Microversion) schema.Parameters { return all[v.Minor] }
}()

// timeLayouts are the forms of ISO 8601 that clients send; a time without a
// zone is UTC.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02", "2006-01", "20060102T150405Z0700", "20060102T150405",
}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
