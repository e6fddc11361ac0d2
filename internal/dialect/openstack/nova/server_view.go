package nova

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// form is one of the answers that show a server.
type form uint8

const (
	inShow form = 1 << iota
	inList
	inUpdate  // the short answer of PUT and rebuild below 2.75
	inRebuild // the full answer of rebuild, which has the user data under another name

	everywhere = inShow | inList | inUpdate | inRebuild
	full       = inShow | inList | inRebuild
)

// serverView is a server as one answer shows it.
type serverView struct {
	*openstack.Call
	compute.Instance
	form form
}

// serverField is one member of a server's object.
type serverField struct {
	name         string
	since, until openstack.Microversion // until is the first without it; zero: it stays
	in           form
	admin        bool // shown to administrators only
	when         func(serverView) bool
	value        func(serverView) any
}

// serverFields are the members of a server's object in their order, by the
// microversions that have them
// (https://docs.openstack.org/nova/latest/reference/api-microversion-history.html).
// The zero version is the legacy API under /v2, which shows what 2.1 does.
var serverFields = []serverField{
	{name: "id", in: everywhere, value: func(s serverView) any { return s.ID }},
	{name: "name", in: everywhere, value: func(s serverView) any { return s.Name }},
	{name: "status", in: everywhere, value: func(s serverView) any { return status(s.State) }},
	{name: "tenant_id", in: everywhere, value: func(s serverView) any { return s.ProjectID }},
	{name: "user_id", in: everywhere, value: func(s serverView) any { return s.UserID }},
	{name: "metadata", in: everywhere, value: func(s serverView) any { return s.Metadata }},
	{name: "hostId", in: everywhere, value: func(s serverView) any { return hostID(s.Instance) }},
	{name: "image", in: everywhere, value: serverView.image},
	{name: "flavor", until: openstack.V(2, 47), in: everywhere, value: serverView.flavorLink},
	{name: "flavor", since: openstack.V(2, 47), in: everywhere, value: serverView.flavor},
	{name: "created", in: everywhere, value: func(s serverView) any { return seconds(s.CreatedAt) }},
	{name: "updated", in: everywhere, value: func(s serverView) any { return seconds(s.UpdatedAt) }},
	{name: "addresses", in: everywhere, value: serverView.addresses},
	{name: "accessIPv4", in: everywhere, value: func(s serverView) any { return s.AccessIPv4 }},
	{name: "accessIPv6", in: everywhere, value: func(s serverView) any { return canonical(s.AccessIPv6) }},
	{name: "links", in: everywhere, value: func(s serverView) any { return serverLinks(s.Call, s.ID) }},
	{name: "OS-DCF:diskConfig", in: everywhere, value: func(s serverView) any { return diskConfigOf(s.AutoDisk) }},
	{name: "fault", in: everywhere, when: faulty, value: serverView.fault},
	{name: "progress", in: everywhere, when: progresses, value: constant(0)},

	{name: "OS-EXT-AZ:availability_zone", in: full, value: func(s serverView) any { return s.Zone }},
	{name: "config_drive", in: full, value: constant("")},
	{name: "key_name", in: full, value: func(s serverView) any { return orNull(s.KeyName()) }},
	{name: "OS-SRV-USG:launched_at", in: full, value: func(s serverView) any { return micros(s.LaunchedAt) }},
	{name: "OS-SRV-USG:terminated_at", in: full, value: constant(nil)},
	{name: "security_groups", in: inShow | inRebuild, when: grouped, value: serverView.securityGroups},
	{name: "OS-EXT-STS:task_state", in: full, value: func(s serverView) any { return orNull(string(s.State.Task)) }},
	{name: "OS-EXT-STS:vm_state", in: full, value: func(s serverView) any { return string(s.State.VM) }},
	{name: "OS-EXT-STS:power_state", in: full, value: func(s serverView) any { return powerStates[s.Power()] }},
	{name: "os-extended-volumes:volumes_attached", in: full, value: serverView.volumes},

	{name: "OS-EXT-SRV-ATTR:host", in: full, admin: true, value: func(s serverView) any { return orNull(s.Node) }},
	{name: "OS-EXT-SRV-ATTR:instance_name", in: full, admin: true, value: func(s serverView) any { return instanceName(s.ID) }},
	{name: "OS-EXT-SRV-ATTR:hypervisor_hostname", in: full, admin: true, value: func(s serverView) any { return orNull(s.Node) }},
	{name: "OS-EXT-SRV-ATTR:reservation_id", since: openstack.V(2, 3), in: full, admin: true, value: func(s serverView) any { return s.ReservationID }},
	{name: "OS-EXT-SRV-ATTR:launch_index", since: openstack.V(2, 3), in: full, admin: true, value: func(s serverView) any { return s.LaunchIndex }},
	{name: "OS-EXT-SRV-ATTR:hostname", since: openstack.V(2, 3), until: openstack.V(2, 90), in: full, admin: true, value: serverView.hostname},
	{name: "OS-EXT-SRV-ATTR:kernel_id", since: openstack.V(2, 3), in: full, admin: true, value: constant("")},
	{name: "OS-EXT-SRV-ATTR:ramdisk_id", since: openstack.V(2, 3), in: full, admin: true, value: constant("")},
	{name: "OS-EXT-SRV-ATTR:root_device_name", since: openstack.V(2, 3), in: full, admin: true, value: constant("/dev/vda")},
	{name: "OS-EXT-SRV-ATTR:user_data", since: openstack.V(2, 3), in: inShow | inList, admin: true, value: serverView.userData},

	{name: "locked", since: openstack.V(2, 9), in: everywhere, value: func(s serverView) any { return s.Lock != nil }},
	{name: "locked_reason", since: openstack.V(2, 73), in: everywhere, value: serverView.lockedReason},
	// Whether another node is up is not known here.
	{name: "host_status", since: openstack.V(2, 16), in: full, admin: true, value: constant("UNKNOWN")},
	{name: "description", since: openstack.V(2, 19), in: everywhere, value: func(s serverView) any { return s.Description }},
	{name: "tags", since: openstack.V(2, 26), in: everywhere, value: func(s serverView) any { return s.Tags }},
	{name: "trusted_image_certificates", since: openstack.V(2, 63), in: everywhere, value: constant(nil)},
	{name: "OS-EXT-SRV-ATTR:hostname", since: openstack.V(2, 90), in: full, value: serverView.hostname},
	{name: "server_groups", since: openstack.V(2, 71), in: inShow | inUpdate | inRebuild, value: serverView.serverGroups},
	{name: "security_groups", in: inList, when: grouped, value: serverView.securityGroups},
}

// serverObject shows a server in one form at the call's microversion.
func serverObject(c *openstack.Call, i compute.Instance, in form) openstack.Fields {
	s := serverView{Call: c, Instance: i, form: in}
	out := make(openstack.Fields, 0, len(serverFields))
	for _, f := range serverFields {
		if f.in&in == 0 || !within(c.Version, f.since, f.until) || f.admin && !c.Caller.Admin() || f.when != nil && !f.when(s) {
			continue
		}
		out = append(out, openstack.F(f.name, f.value(s)))
	}
	return out
}

// serverRef is a server in lists without detail.
func serverRef(c *openstack.Call, i compute.Instance) openstack.Fields {
	return openstack.Fields{openstack.F("id", i.ID), openstack.F("name", i.Name), openstack.F("links", serverLinks(c, i.ID))}
}

func serverLinks(c *openstack.Call, id string) []openstack.Link {
	path := "/servers/" + id
	return openstack.SelfAndBookmark(c.Self(path), c.Bookmark(path))
}

func constant(value any) func(serverView) any { return func(serverView) any { return value } }

// canonical writes an address as RFC 5952 has it, whatever was given.
func canonical(address string) string {
	if a, err := netip.ParseAddr(address); err == nil {
		return a.String()
	}
	return address
}

// nameOnly is a security group as servers show it.
type nameOnly struct {
	Name string `json:"name"`
}

func (s serverView) image() any {
	if _, ok := s.RootVolume(); ok {
		return ""
	}
	return openstack.Fields{
		openstack.F("id", s.Image.ID),
		openstack.F("links", openstack.Bookmark(s.Bookmark("/images/"+s.Image.ID))),
	}
}

// volumes are the ids of what is attached.
func (s serverView) volumes() any {
	out := make([]openstack.Fields, len(s.Volumes))
	for k, v := range s.Volumes {
		out[k] = openstack.Fields{openstack.F("id", v.VolumeID)}
		if s.Version.AtLeast(openstack.V(2, 3)) {
			out[k] = append(out[k], openstack.F("delete_on_termination", v.DeleteOnTermination))
		}
	}
	return out
}

func (s serverView) flavorLink() any {
	return openstack.Fields{
		openstack.F("id", s.Flavor.ID),
		openstack.F("links", openstack.Bookmark(s.Bookmark("/flavors/"+s.Flavor.ID))),
	}
}

// flavor is the flavor as it was when the server was made.
func (s serverView) flavor() any {
	f := s.Flavor
	return openstack.Fields{
		openstack.F("vcpus", f.VCPUs), openstack.F("ram", f.RAMMiB), openstack.F("disk", f.DiskGiB),
		openstack.F("ephemeral", f.EphemeralGiB), openstack.F("swap", f.SwapMiB),
		openstack.F("original_name", f.Name), openstack.F("extra_specs", f.ExtraSpecs),
	}
}

// addresses lists the addresses by network. A server that is being built shows
// none yet, as in Nova.
func (s serverView) addresses() any {
	out := openstack.Fields{}
	if !built(s) {
		return out
	}
	show := func(nic compute.NIC, addr netip.Addr, kind string) {
		a := openstack.Fields{openstack.F("version", ipVersion(nic)), openstack.F("addr", addr.String())}
		if s.form != inUpdate {
			a = append(a, openstack.F("OS-EXT-IPS:type", kind), openstack.F("OS-EXT-IPS-MAC:mac_addr", nic.MAC))
		}
		out = byNetwork(out, nic.Network, a)
	}
	for _, nic := range s.NICs {
		show(nic, nic.Addr, "fixed")
	}
	for _, nic := range s.NICs {
		if nic.Floating.IsValid() {
			show(nic, nic.Floating, "floating")
		}
	}
	return out
}

// byNetwork adds an address to its network's list.
func byNetwork(all openstack.Fields, network string, address openstack.Fields) openstack.Fields {
	for k := range all {
		if all[k].Name == network {
			all[k].Value = append(all[k].Value.([]openstack.Fields), address)
			return all
		}
	}
	return append(all, openstack.F(network, []openstack.Fields{address}))
}

func ipVersion(nic compute.NIC) int {
	if nic.Addr.Is4() {
		return 4
	}
	return 6
}

func (s serverView) fault() any {
	f := s.Fault
	out := openstack.Fields{
		openstack.F("code", f.Code), openstack.F("created", seconds(f.At)), openstack.F("message", f.Message),
	}
	if f.Details != "" && (s.Caller.Admin() || f.Code != 500) {
		out = append(out, openstack.F("details", f.Details))
	}
	return out
}

func (s serverView) hostname() any { return s.HostLabel() }

func (s serverView) lockedReason() any {
	if s.Lock == nil {
		return nil
	}
	return orNull(s.Lock.Reason)
}

func (s serverView) serverGroups() any {
	if s.GroupID == "" {
		return []string(nil)
	}
	return []string{s.GroupID}
}

// diskConfigOf is the word for whether a guest grows its disk by itself.
func diskConfigOf(auto bool) string {
	if auto {
		return "AUTO"
	}
	return "MANUAL"
}

func (s serverView) userData() any {
	if len(s.UserData) == 0 {
		return nil
	}
	return base64.StdEncoding.EncodeToString(s.UserData)
}

func built(s serverView) bool { return s.State.VM != compute.Building }

// grouped tells whether there are security groups to show: Nova has no member
// for an empty list.
func grouped(s serverView) bool { return built(s) && len(groupsOf(s.Instance)) > 0 }
func faulty(s serverView) bool  { return s.State.VM == compute.Error && s.Fault != nil }

func progresses(s serverView) bool {
	switch status(s.State) {
	case "ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE":
		return true
	}
	return false
}

// hostID tells servers of one project on different hosts apart and says
// nothing of the host, as in Nova.
func hostID(i compute.Instance) string {
	if i.State.VM == compute.Building {
		return ""
	}
	return hostOf(i.ProjectID, i.Node)
}

func hostOf(projectID, node string) string {
	if node == "" {
		return ""
	}
	sum := sha256.Sum224([]byte(projectID + node))
	return hex.EncodeToString(sum[:])
}

// instanceName is what a hypervisor would call the machine in Nova's default template.
func instanceName(id string) string { return "instance-" + id[:min(8, len(id))] }

// statuses are the words for states (nova/api/openstack/common.py).
var statuses = map[compute.VMState]string{
	compute.Building: "BUILD", compute.Active: "ACTIVE", compute.Stopped: "SHUTOFF",
	compute.Paused: "PAUSED", compute.Resized: "VERIFY_RESIZE", compute.Error: "ERROR",
}

// busyStatuses are the words for states in which something is being done that
// has a word of its own.
var busyStatuses = map[compute.State]string{
	{VM: compute.Active, Task: compute.Rebooting}:       "REBOOT",
	{VM: compute.Active, Task: compute.RebootingHard}:   "HARD_REBOOT",
	{VM: compute.Active, Task: compute.SettingPassword}: "PASSWORD",
	{VM: compute.Active, Task: compute.Rebuilding}:      "REBUILD",
	{VM: compute.Stopped, Task: compute.Rebuilding}:     "REBUILD",
	{VM: compute.Error, Task: compute.Rebuilding}:       "REBUILD",
	{VM: compute.Active, Task: compute.Resizing}:        "RESIZE",
	{VM: compute.Stopped, Task: compute.Resizing}:       "RESIZE",
	{VM: compute.Resized, Task: compute.Reverting}:      "REVERT_RESIZE",
}

func status(s compute.State) string {
	if text, ok := busyStatuses[s]; ok {
		return text
	}
	if text, ok := statuses[s.VM]; ok {
		return text
	}
	return "UNKNOWN"
}

// powerStates are Nova's numbers; what is not named is 0, no state.
var powerStates = map[compute.Power]int{
	compute.PowerRunning: 1, compute.PowerPaused: 3, compute.PowerStopped: 4, compute.PowerCrashed: 6,
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// seconds writes a time as most of Nova's fields have it.
func seconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// micros writes a time as Nova's database has it; null for none.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000")
}
