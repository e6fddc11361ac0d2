package nova

import (
	"regexp/syntax"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

var (
	plainText = schema.String{}
	pattern   = schema.String{Format: &schema.Format{Name: "regex", Check: plainly(isPattern)}}
	dateTime  = schema.String{Format: &schema.Format{Name: "date-time", Check: plainly(func(s string) bool {
		_, ok := parseTime(s)
		return ok
	})}}
	pageSize = schema.Digits{Min: new(int64(0))}
	sortKey  = schema.String{Enum: sortKeys}
)

// maxPattern bounds the size of a regular expression: four times the longest
// value that is compared with one. Without a bound a short text with repetitions
// inside each other takes hundreds of megabytes.
const maxPattern = 1024

// isPattern takes the regular expressions that are worth compiling.
func isPattern(s string) bool {
	re, err := syntax.Parse(s, syntax.Perl)
	return err == nil && patternSize(re) <= maxPattern
}

// patternSize is about how many steps a compiled expression has: repetitions
// are written out in it. [syntax.Parse] allows a thousand of them inside each
// other, so the size of what it took is far from overflowing.
func patternSize(re *syntax.Regexp) int {
	size := 1
	if re.Op == syntax.OpLiteral {
		size = len(re.Rune)
	}
	for _, sub := range re.Sub {
		size += patternSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(1, re.Min, re.Max)
	}
	return size
}

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
		ever("user_id", plainText), ever("project_id", plainText), ever("tenant_id", plainText),
		ever("launch_index", plainText), ever("image_ref", plainText), ever("image", plainText),
		ever("kernel_id", pattern), ever("ramdisk_id", pattern), ever("hostname", pattern),
		ever("key_name", pattern), ever("power_state", plainText), ever("vm_state", plainText),
		ever("task_state", plainText), ever("host", plainText), ever("node", pattern),
		ever("launched_at", pattern), ever("terminated_at", pattern), ever("availability_zone", pattern),
		ever("name", pattern), ever("display_name", pattern), ever("description", pattern),
		ever("display_description", pattern), ever("locked_by", pattern), ever("uuid", plainText),
		ever("root_device_name", pattern), ever("config_drive", pattern), ever("access_ip_v4", pattern),
		ever("access_ip_v6", pattern), ever("auto_disk_config", pattern), ever("progress", pattern),
		ever("sort_key", sortKey), ever("sort_dir", plainText), ever("all_tenants", plainText),
		ever("soft_deleted", plainText), ever("deleted", plainText), ever("status", plainText),
		ever("changes-since", dateTime), ever("ip", pattern), ever("ip6", pattern),
		ever("created_at", pattern), ever("reservation_id", pattern), ever("flavor", plainText),
		ever("limit", pageSize), ever("marker", plainText),
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
