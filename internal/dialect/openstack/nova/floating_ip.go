package nova

import (
	"errors"
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Floating addresses as Nova showed them before they moved to the network
// service (https://docs.openstack.org/api-ref/compute/#floating-ips-os-floating-ips-deprecated).
func (d *Dialect) floatingRoutes() []openstack.Route {
	const (
		all  = "/v2.1/os-floating-ips"
		one  = all + "/{id}"
		rule = "os_compute_api:os-floating-ips:"
	)
	route := func(method, pattern string, access identity.Access, rule openstack.Rule, h openstack.Handler) openstack.Route {
		return openstack.Route{Method: method, Pattern: pattern, Access: access, Rule: rule, Handle: hiddenFrom(36, h)}
	}
	create := route(http.MethodPost, all, identity.ProjectMember, rule+"create", d.createFloatingIP)
	create.Body = unversioned(schema.Any{}) // there need be none
	return []openstack.Route{
		route(http.MethodGet, all, identity.ProjectReader, rule+"list", d.listFloatingIPs),
		route(http.MethodGet, one, identity.ProjectReader, rule+"show", d.showFloatingIP),
		create,
		route(http.MethodDelete, one, identity.ProjectMember, rule+"delete", d.deleteFloatingIP),
		route(http.MethodGet, "/v2.1/os-floating-ip-pools", identity.ProjectReader, "os_compute_api:os-floating-ip-pools", d.listFloatingPools),
	}
}

// pools are the networks that floating addresses come from, ordered by name.
func (d *Dialect) pools(c *openstack.Call) ([]compute.Network, error) {
	all, err := d.opt.Compute.Networks(c.Context(), c.Caller)
	return slices.DeleteFunc(all, func(n compute.Network) bool { return !n.External }), err
}

func floatingView(f compute.FloatingIP, pools []compute.Network) openstack.Fields {
	pool, fixed := f.NetworkID, any(nil)
	if k := slices.IndexFunc(pools, func(n compute.Network) bool { return n.ID == f.NetworkID }); k >= 0 && pools[k].Name != "" {
		pool = pools[k].Name
	}
	if f.Fixed.IsValid() {
		fixed = f.Fixed.String()
	}
	return openstack.Fields{
		openstack.F("id", f.ID), openstack.F("ip", f.Addr.String()), openstack.F("pool", pool),
		openstack.F("fixed_ip", fixed), openstack.F("instance_id", orNull(f.InstanceID)),
	}
}

func (d *Dialect) listFloatingPools(w http.ResponseWriter, c *openstack.Call) error {
	pools, err := d.pools(c)
	if err != nil {
		return err
	}
	out := make([]nameOnly, len(pools))
	for k, n := range pools {
		out[k].Name = n.Name
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("floating_ip_pools", out)})
	return nil
}

// listFloatingIPs shows the project's own to administrators, too.
func (d *Dialect) listFloatingIPs(w http.ResponseWriter, c *openstack.Call) error {
	pools, err := d.pools(c)
	if err != nil {
		return err
	}
	all, err := d.opt.Compute.FloatingIPs(c.Context(), c.Caller)
	if err != nil {
		return err
	}
	out := []openstack.Fields{}
	for _, f := range all {
		if f.ProjectID == c.Caller.ProjectID() {
			out = append(out, floatingView(f, pools))
		}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("floating_ips", out)})
	return nil
}

func (d *Dialect) writeFloatingIP(w http.ResponseWriter, c *openstack.Call, f compute.FloatingIP) error {
	pools, err := d.pools(c)
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("floating_ip", floatingView(f, pools))})
	return nil
}

func noSuchFloatingID(id string, err error) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return &fault.Error{Kind: fault.NotFound, Msg: "Floating IP not found for ID " + id, Err: err}
}

func (d *Dialect) showFloatingIP(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	f, err := d.opt.Compute.FloatingIP(c.Context(), c.Caller, id)
	if err != nil {
		return noSuchFloatingID(id, err)
	}
	return d.writeFloatingIP(w, c, f)
}

// createFloatingIP takes an address of the pool that the body names by name or
// id, or of the first one.
func (d *Dialect) createFloatingIP(w http.ResponseWriter, c *openstack.Call) error {
	pools, err := d.pools(c)
	if err != nil {
		return err
	}
	in := c.Input.At("pool")
	if in.Exists() && !in.IsNull() && in.Kind() != schema.Text {
		return fault.Invalidf("pool", "Malformed request body")
	}
	name, where := in.Text(), "."
	if name != "" {
		where = " in pool " + name + "."
		pools = slices.DeleteFunc(pools, func(n compute.Network) bool { return n.Name != name && n.ID != name })
	}
	if len(pools) == 0 {
		return &fault.Error{Kind: fault.NotFound, Msg: "Floating IP pool not found."}
	}
	f, err := d.opt.Compute.AllocateFloatingIP(c.Context(), c.Caller, compute.FloatingRequest{NetworkID: pools[0].ID})
	switch {
	case err == nil:
		return d.writeFloatingIP(w, c, f)
	case fault.Is(err, fault.Quota):
		return &fault.Error{Kind: fault.Quota, Msg: "IP allocation over quota" + where, Err: err}
	case fault.Is(err, fault.NoCapacity) && name == "":
		return &fault.Error{Kind: fault.NotFound, Msg: "No more floating IPs available.", Err: err}
	case fault.Is(err, fault.NoCapacity):
		return &fault.Error{Kind: fault.NotFound, Msg: "No more floating IPs" + where, Err: err}
	}
	return err
}

func (d *Dialect) deleteFloatingIP(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if err := d.opt.Compute.ReleaseFloatingIP(c.Context(), c.Caller, id); err != nil {
		return noSuchFloatingID(id, err)
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}

// The actions that let a floating address lead to a server, which clients did
// by the network service's ports from 2.44.
var (
	anyIP            = schema.AnyOf{ipv4, ipv6}
	addFloatingBody  = floatingBody("addFloatingIp", schema.Prop("address", anyIP), schema.Prop("fixed_address", anyIP))
	takeFloatingBody = floatingBody("removeFloatingIp", schema.Prop("address", anyIP))
)

func floatingBody(name string, properties ...schema.Property) schema.Schema {
	return only(name, schema.Object{Closed: true, Required: []string{"address"}, Properties: properties})
}

// floatingAction makes the handler of such an action.
func floatingAction(do func(d *Dialect, c *openstack.Call) error) func(*Dialect, http.ResponseWriter, *openstack.Call) error {
	return func(d *Dialect, w http.ResponseWriter, c *openstack.Call) error { return d.accepted(w, c, do(d, c)) }
}

// floatingAt finds a floating address that the caller may use.
func (d *Dialect) floatingAt(c *openstack.Call, address string) (f compute.FloatingIP, found bool, err error) {
	all, err := d.opt.Compute.FloatingIPs(c.Context(), c.Caller)
	if err != nil {
		return f, false, err
	}
	k := slices.IndexFunc(all, func(f compute.FloatingIP) bool { return f.Addr.String() == address })
	if k < 0 {
		return f, false, nil
	}
	return all[k], true, nil
}

// addFloatingIP lets an address lead to the server, wherever it led before.
func (d *Dialect) addFloatingIP(c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	in := c.Input.At("addFloatingIp")
	nic, err := fixedAsked(i, in.At("address").Text(), in.At("fixed_address").Text())
	if err != nil {
		return err
	}
	f, found, err := d.floatingAt(c, in.At("address").Text())
	if err != nil {
		return err
	}
	if !found {
		return &fault.Error{Kind: fault.NotFound, Msg: "floating IP not found"}
	}
	_, err = d.opt.Compute.EditFloatingIP(c.Context(), c.Caller, f.ID, func(_ compute.FloatingIP, l *compute.FloatingLabels) error {
		l.PortID, l.Fixed = nic.PortID, nic.Addr
		return nil
	})
	var e *fault.Error
	if errors.As(err, &e) && (e.Kind == fault.Conflict || e.Kind == fault.NotFound || e.Kind == fault.Invalid) {
		return &fault.Error{Kind: fault.Invalid, Err: err, Msg: "Unable to associate floating IP " + f.Addr.String() +
			" to fixed IP " + nic.Addr.String() + " for instance " + i.ID + ". Error: " + e.Msg}
	}
	return err
}

// fixedAsked is the interface that an address is to lead to: the one with the
// address asked for, or the first.
func fixedAsked(i compute.Instance, address, fixed string) (compute.NIC, error) {
	switch at := slices.IndexFunc(i.NICs, func(n compute.NIC) bool { return fixed == "" && n.Addr.Is4() || n.Addr.String() == fixed }); {
	case i.State.VM == compute.Building:
		return compute.NIC{}, fault.Invalidf("", "Instance network is not ready yet")
	case len(i.NICs) == 0:
		return compute.NIC{}, fault.Invalidf("", "No fixed IPs associated to instance")
	case at >= 0:
		return i.NICs[at], nil
	case fixed != "":
		return compute.NIC{}, fault.Invalidf("fixed_address", "Specified fixed address not assigned to instance")
	}
	return compute.NIC{}, fault.Invalidf("", "Unable to associate floating IP %s to any fixed IPs for instance %s. Instance has no fixed IPv4 addresses to associate.", address, i.ID)
}

// removeFloatingIP lets an address that leads to the server lead nowhere.
func (d *Dialect) removeFloatingIP(c *openstack.Call) error {
	address, id := c.Input.At("removeFloatingIp", "address").Text(), c.PathValue("id")
	f, found, err := d.floatingAt(c, address)
	if err != nil {
		return err
	}
	if !found {
		return &fault.Error{Kind: fault.NotFound, Msg: "Floating IP not found for address " + address + "."}
	}
	_, err = d.opt.Compute.EditFloatingIP(c.Context(), c.Caller, f.ID, func(f compute.FloatingIP, l *compute.FloatingLabels) error {
		if f.InstanceID != id {
			return &fault.Error{Kind: fault.Conflict, Msg: "Floating IP " + address + " is not associated with instance " + id + "."}
		}
		l.PortID = ""
		return nil
	})
	return err
}
