package neutron

import (
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// ports are the network interfaces of the servers that the caller may see:
// their project's, and everyone's for administrators.
func (d *Dialect) ports(c *openstack.Call, id string) ([]openstack.Fields, error) {
	instances, err := d.behind(c, id)
	if err != nil || len(instances) == 0 {
		return nil, err
	}
	networks, err := d.compute.Networks(c.Context(), c.Caller)
	if err != nil {
		return nil, err
	}
	subnets := map[string]string{}
	for _, n := range networks {
		subnets[n.ID] = n.SubnetID
	}
	var out []openstack.Fields
	for _, i := range instances {
		for _, nic := range i.NICs {
			out = append(out, port(i, nic, subnets[nic.NetworkID]))
		}
	}
	return out, nil
}

// behind returns the servers whose ports are wanted: the one that has port id,
// the ones that the query names, or all.
func (d *Dialect) behind(c *openstack.Call, id string) ([]compute.Instance, error) {
	req := compute.ListRequest{AllProjects: c.Caller.Admin(), Limit: -1}
	switch servers := c.Query.All("device_id"); {
	case id != "":
		req.Limit = 1
		req.Match = func(i compute.Instance) bool {
			return slices.ContainsFunc(i.NICs, func(n compute.NIC) bool { return n.PortID == id })
		}
	case servers != nil:
		var some []compute.Instance
		for _, server := range servers {
			i, err := d.compute.Instance(c.Context(), c.Caller, server)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			some = append(some, i)
		}
		return some, nil
	}
	return d.compute.Instances(c.Context(), c.Caller, req)
}

func port(i compute.Instance, nic compute.NIC, subnetID string) openstack.Fields {
	status := "DOWN"
	if i.State.VM == compute.Active {
		status = "ACTIVE"
	}
	return openstack.Fields{
		openstack.F("id", nic.PortID), openstack.F("name", ""), openstack.F("network_id", nic.NetworkID),
		openstack.F("tenant_id", i.ProjectID), openstack.F("mac_address", nic.MAC), openstack.F("admin_state_up", true),
		openstack.F("status", status), openstack.F("device_id", i.ID), openstack.F("device_owner", "compute:"+i.Zone),
		openstack.F("fixed_ips", []openstack.Fields{{openstack.F("subnet_id", subnetID), openstack.F("ip_address", nic.Addr.String())}}),
		openstack.F("allowed_address_pairs", []string{}), openstack.F("extra_dhcp_opts", []string{}),
		openstack.F("security_groups", []string{openstack.DefaultGroupID(i.ProjectID)}), openstack.F("description", ""),
		openstack.F("binding:vnic_type", "normal"), openstack.F("port_security_enabled", true), openstack.F("tags", []string{}),
		openstack.F("created_at", stamp(i.CreatedAt)), openstack.F("updated_at", stamp(i.UpdatedAt)),
		openstack.F("revision_number", 1), openstack.F("project_id", i.ProjectID),
	}
}
