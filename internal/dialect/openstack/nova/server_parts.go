package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// showIPs answers GET …/ips.
func (d *Dialect) showIPs(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("addresses", plainAddresses(i))})
	return nil
}

// showIPsOf answers GET …/ips/{label}: the addresses on one network.
func (d *Dialect) showIPsOf(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	for _, f := range plainAddresses(i) {
		if f.Name == c.PathValue("label") {
			d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{f})
			return nil
		}
	}
	return &fault.Error{Kind: fault.NotFound, Msg: "Instance is not a member of specified network"}
}

// plainAddresses lists the addresses by network.
func plainAddresses(i compute.Instance) openstack.Fields {
	out := openstack.Fields{}
	for _, nic := range i.NICs {
		out = byNetwork(out, nic.Network, openstack.Fields{openstack.F("version", ipVersion(nic)), openstack.F("addr", nic.Addr.String())})
	}
	for _, nic := range i.NICs {
		if nic.Floating.IsValid() {
			out = byNetwork(out, nic.Network, openstack.Fields{openstack.F("version", 4), openstack.F("addr", nic.Floating.String())})
		}
	}
	return out
}

func (d *Dialect) listInterfaces(w http.ResponseWriter, c *openstack.Call) error {
	all, err := d.interfaces(c)
	if err != nil {
		return err
	}
	views := make([]openstack.Fields, len(all))
	for k := range all {
		views[k] = all[k].view
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("interfaceAttachments", views)})
	return nil
}

func (d *Dialect) showInterface(w http.ResponseWriter, c *openstack.Call) error {
	all, err := d.interfaces(c)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.port == c.PathValue("port") {
			d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("interfaceAttachment", n.view)})
			return nil
		}
	}
	return fault.Missing("port", c.PathValue("port"))
}

// nic is a network interface of a server as os-interface shows it.
type nic struct {
	port string
	view openstack.Fields
}

func (d *Dialect) interfaces(c *openstack.Call) ([]nic, error) {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	networks, err := d.opt.Compute.Networks(c.Context(), c.Caller)
	if err != nil {
		return nil, err
	}
	subnets := map[string]string{}
	for _, n := range networks {
		subnets[n.ID] = n.SubnetID()
	}
	state := "DOWN"
	if i.State.VM == compute.Active {
		state = "ACTIVE"
	}
	var out []nic
	for _, n := range i.NICs {
		view := openstack.Fields{
			openstack.F("net_id", n.NetworkID), openstack.F("port_id", n.PortID),
			openstack.F("mac_addr", n.MAC), openstack.F("port_state", state),
			openstack.F("fixed_ips", []openstack.Fields{{
				openstack.F("subnet_id", orNull(subnets[n.NetworkID])), openstack.F("ip_address", n.Addr.String()),
			}}),
		}
		if c.Version.AtLeast(openstack.V(2, 70)) {
			view = append(view, openstack.F("tag", nil))
		}
		out = append(out, nic{n.PortID, view})
	}
	return out, nil
}

// listZones answers GET /os-availability-zone.
func (d *Dialect) listZones(w http.ResponseWriter, c *openstack.Call) error {
	return d.zones(w, c, nil)
}

// listZonesInDetail answers with the hosts: the one whose driver this process
// runs. When another was last heard of is not known here.
func (d *Dialect) listZonesInDetail(w http.ResponseWriter, c *openstack.Call) error {
	return d.zones(w, c, openstack.Fields{openstack.F(d.opt.Compute.Node(), openstack.Fields{
		openstack.F("nova-compute", openstack.Fields{
			openstack.F("available", true), openstack.F("active", true), openstack.F("updated_at", nil),
		}),
	})})
}

func (d *Dialect) zones(w http.ResponseWriter, c *openstack.Call, hosts any) error {
	var zones []openstack.Fields
	for _, z := range d.opt.Compute.Zones() {
		zones = append(zones, openstack.Fields{
			openstack.F("zoneName", z), openstack.F("zoneState", openstack.Fields{openstack.F("available", true)}), openstack.F("hosts", hosts),
		})
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("availabilityZoneInfo", zones)})
	return nil
}

// showDiagnostics answers GET …/diagnostics with what the driver sees. Before
// 2.48 its members are the driver's own.
func (d *Dialect) showDiagnostics(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	seen, err := d.opt.Compute.Observe(c.Context(), c.Caller, i.ID)
	if err != nil {
		return err
	}
	state, ok := powerNames[seen.Power]
	if !ok {
		state = "pending"
	}
	driver := d.opt.Compute.Driver().Name
	out := openstack.Fields{openstack.F("state", state)}
	if !c.Version.AtLeast(openstack.V(2, 48)) {
		d.style.JSON(w, c.Request, c.Version, http.StatusOK, append(out,
			openstack.F("driver", driver), openstack.F("memory", i.Flavor.RAMMiB<<10), // KiB, as libvirt's
			openstack.F("booted_at", micros(seen.BootedAt)), openstack.F("fault", orNull(seen.Fault))))
		return nil
	}
	nics := []openstack.Fields{}
	for _, n := range i.NICs {
		nics = append(nics, openstack.Fields{openstack.F("mac_address", n.MAC),
			openstack.F("rx_octets", nil), openstack.F("rx_errors", nil), openstack.F("rx_drop", nil), openstack.F("rx_packets", nil), openstack.F("rx_rate", nil),
			openstack.F("tx_octets", nil), openstack.F("tx_errors", nil), openstack.F("tx_drop", nil), openstack.F("tx_packets", nil), openstack.F("tx_rate", nil)})
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, append(out,
		openstack.F("driver", standardDriver), openstack.F("hypervisor", driver), openstack.F("hypervisor_os", nil), openstack.F("uptime", nil), openstack.F("config_drive", false),
		openstack.F("num_cpus", i.Flavor.VCPUs), openstack.F("num_nics", len(nics)), openstack.F("num_disks", 1),
		openstack.F("cpu_details", []string{}), openstack.F("nic_details", nics), openstack.F("disk_details", []string{}),
		openstack.F("memory_details", openstack.Fields{openstack.F("maximum", i.Flavor.RAMMiB), openstack.F("used", nil)}),
	))
	return nil
}

// standardDriver is the driver of diagnostics in their standard form, which has a
// closed list of Nova's own; what runs the machines is the hypervisor there.
const standardDriver = "libvirt"

// powerNames are the words of diagnostics; what is not named is "pending".
var powerNames = map[compute.Power]string{
	compute.PowerRunning: "running", compute.PowerPaused: "paused", compute.PowerStopped: "shutdown", compute.PowerCrashed: "crashed",
}
