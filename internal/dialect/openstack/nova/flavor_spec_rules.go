package nova

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// checkedSpecs is the microversion from which extra specs are held against what
// is known of them.
var checkedSpecs = openstack.V(2, 86)

// specRule says which values an extra spec may have. Nothing here acts on them,
// but a flavor with a wrong one would fail on the cloud that it is meant for.
type specRule struct {
	name  *regexp.Regexp            // of the whole name
	wrong func(value string) string // what is wrong with a value, "" for nothing
}

func spec(name string, wrong func(string) string) specRule { return specRule{wholly(name), wrong} }

const cpuSet = `\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`

// specRules are the extra specs that Nova 26 documents
// (https://docs.openstack.org/nova/latest/configuration/extra-specs.html). Of
// traits and resource classes, whose names are another project's, any name will do.
var specRules = []specRule{
	spec(`hide_hypervisor_id`, flag),
	spec(`group_policy`, words("isolate", "none")),
	spec(`accel:device_profile`, anyValue),
	spec(`aggregate_instance_extra_specs:.+`, anyValue),
	spec(`capabilities:(id|uuid|service_id|host|vcpus|memory_mb|local_gb|vcpus_used|memory_mb_used|local_gb_used|hypervisor_type|hypervisor_version|hypervisor_hostname|free_ram_mb|free_disk_gb|current_workload|running_vms|disk_available_least|host_ip|mapped|cpu_allocation_ratio|ram_allocation_ratio|disk_allocation_ratio|total_usable_ram_mb|total_usable_disk_gb|disk_mb_used|free_disk_mb|vcpus_total|num_instances|num_io_ops|failed_builds|aggregates|cell_uuid|updated)`, anyValue),
	spec(`capabilities:(cpu_info|metrics|stats|numa_topology|supported_hv_specs|pci_device_pools|nodename|pci_stats|supported_instances|limits|instances)(:\w+)*`, anyValue),
	spec(`hw:(cpu_realtime|hide_hypervisor_id|boot_menu|mem_encryption|pmu)`, flag),
	spec(`hw:cpu_realtime_mask`, written(`(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`)),
	spec(`hw:(cpu_dedicated_mask|numa_cpus\.\d+)`, written(cpuSet)),
	spec(`hw:cpu_policy`, words("dedicated", "shared", "mixed")),
	spec(`hw:cpu_thread_policy`, words("prefer", "isolate", "require")),
	spec(`hw:emulator_threads_policy`, words("isolate", "share")),
	spec(`hw:pci_numa_affinity_policy`, words("required", "preferred", "legacy", "socket")),
	spec(`hw:mem_page_size`, written(`(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)`)),
	spec(`hw:(numa_nodes|numa_mem\.\d+|(max_)?cpu_(sockets|cores|threads))`, wholeNumber(1, math.MaxInt)),
	spec(`hw:pmem`, written(`([a-zA-Z0-9_]+(,)?)+`)),
	spec(`hw:serial_port_count|hw_rng:rate_(bytes|period)|hw_video:ram_max_mb`, wholeNumber(0, math.MaxInt)),
	spec(`hw_rng:allowed`, flag),
	spec(`hw:tpm_model`, words("tpm-tis", "tpm-crb")),
	spec(`hw:tpm_version`, words("1.2", "2.0")),
	spec(`hw:watchdog_action`, words("none", "pause", "poweroff", "reset", "disabled")),
	spec(`os:secure_boot`, words("disabled", "required")),
	spec(`pci_passthrough:alias`, written(`[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*`)),
	spec(`powervm:(min|max)_mem`, wholeNumber(256, math.MaxInt)),
	spec(`powervm:(min|max)_vcpu`, wholeNumber(1, math.MaxInt)),
	spec(`powervm:((min|max)_)?proc_units`, written(`\d+\.\d+`)),
	spec(`powervm:(dedicated_proc|uncapped|srr_capability)`, flag),
	spec(`powervm:(shared_weight|availability_priority)`, wholeNumber(0, 255)),
	spec(`powervm:dedicated_sharing_mode`, words("share_idle_procs", "keep_idle_procs", "share_idle_procs_active", "share_idle_procs_always")),
	spec(`powervm:processor_compatibility`, words("default", "POWER6", "POWER6+", "POWER6_Enhanced", "POWER6+_Enhanced", "POWER7", "POWER8")),
	spec(`powervm:shared_proc_pool_name|vmware:(hw_version|storage_policy)`, anyValue),
	spec(`quota:cpu_(shares|period|quota)`, wholeNumber(0, math.MaxInt)),
	spec(`quota:disk_(read|write|total)_(bytes|iops)_sec`, wholeNumber(0, math.MaxInt)),
	spec(`quota:vif_(inbound|outbound)_(average|peak|burst)`, wholeNumber(0, math.MaxInt)),
	spec(`quota:(cpu|memory|disk_io|vif)_(limit|reservation|shares_share)`, wholeNumber(math.MinInt, math.MaxInt)),
	spec(`quota:(cpu|memory|disk_io|vif)_shares_level`, anyValue),
	spec(`resources([a-zA-Z0-9_-]{1,64})?:[A-Z0-9_]+`, wholeNumber(math.MinInt, math.MaxInt)),
	spec(`trait([a-zA-Z0-9_-]{1,64})?:[A-Z0-9_]+`, words("required", "forbidden")),
}

// specSpaces are what stands before the colon in those names: in these nobody
// makes up names of their own.
var specSpaces = wholly(`accel|aggregate_instance_extra_specs|capabilities|hw|hw_rng|hw_video|os|pci_passthrough|powervm|quota|vmware|(resources|trait)([a-zA-Z0-9_-]{1,64})?`)

func wholly(expression string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + expression + `)$`) }

func anyValue(string) string { return "" }

func flag(value string) string {
	if _, ok := strictTruth(value); ok {
		return ""
	}
	return fmt.Sprintf("'%s' is not a valid boolean-like value.", value)
}

// wholeNumber takes numbers from least to most.
func wholeNumber(least, most int) func(string) string {
	return func(value string) string {
		n, err := strconv.Atoi(strings.TrimSpace(value))
		switch {
		case err != nil:
			return fmt.Sprintf("'%s' is not a valid integer value.", value)
		case n > most:
			return fmt.Sprintf("'%d' is greater than the max value of '%d'.", n, most)
		case n < least:
			return fmt.Sprintf("'%d' is less than the min value of '%d'.", n, least)
		}
		return ""
	}
}

func words(allowed ...string) func(string) string {
	return func(value string) string {
		if slices.Contains(allowed, value) {
			return ""
		}
		return fmt.Sprintf("'%s' is not one of: %s.", value, strings.Join(allowed, ", "))
	}
}

// written takes what the whole of an expression matches.
func written(expression string) func(string) string {
	format := wholly(expression)
	return func(value string) string {
		if format.MatchString(value) {
			return ""
		}
		return fmt.Sprintf("'%s' is not of the format '%s'.", value, expression)
	}
}

// checkExtraSpec holds an extra spec against the rule for its name, if there is
// one. Names without a colon, or with another space before it, are anybody's.
func checkExtraSpec(v openstack.Microversion, name, value string) error {
	if !v.AtLeast(checkedSpecs) {
		return nil
	}
	for _, r := range specRules {
		if !r.name.MatchString(name) {
			continue
		}
		if wrong := r.wrong(value); wrong != "" {
			return fault.Invalidf(name, "Validation failed; %s", wrong)
		}
		return nil
	}
	if space, _, ok := strings.Cut(name, ":"); ok && specSpaces.MatchString(space) {
		return fault.Invalidf(name, "Validation failed; extra spec '%s' does not appear to be a valid extra spec.", name)
	}
	return nil
}
