package nova

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// networksAsked returns where a new server is to get addresses; nil is the
// default network, and an empty list no network. most is how many servers are
// wanted at most.
func networksAsked(in schema.Value, most int) ([]compute.NICRequest, error) {
	if in.Kind() == schema.Text && in.Text() == "none" {
		return []compute.NICRequest{}, nil
	}
	var out []compute.NICRequest
	for _, n := range in.Items() {
		req := compute.NICRequest{PortID: n.At("port").Text()}
		fixed, id := n.At("fixed_ip"), n.At("uuid")
		switch {
		case req.PortID != "" && most > 1:
			return nil, fault.Invalidf("networks", "Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.")
		case req.PortID != "":
			out = append(out, req)
			continue
		case !id.Exists():
			return nil, fault.Invalidf("networks", "Bad network format: missing 'uuid'")
		case !isUUID(id.Text()):
			return nil, fault.Invalidf("networks", "Bad networks format: network uuid is not in proper format (%s)", id.Text())
		}
		req.NetworkID = id.Text()
		if fixed.Kind() == schema.Text {
			var err error
			if req.Addr, err = netip.ParseAddr(fixed.Text()); err != nil {
				return nil, fault.Invalidf("networks", "Invalid fixed IP address (%s)", fixed.Text())
			}
			if most > 1 {
				return nil, fault.Invalidf("networks", "Failed to launch instances: max_count cannot be greater than 1 if a specific fixed IP is requested.")
			}
		}
		out = append(out, req)
	}
	return out, nil
}

// groupsAsked returns the security groups that are asked for; nil is the default.
func groupsAsked(in schema.Value) []string {
	var out []string
	for _, g := range in.Items() {
		out = append(out, g.At("name").Text())
	}
	return out
}

// groupNames shows security groups as the answer to a creation does.
func groupNames(asked []string) []nameOnly {
	if asked == nil {
		asked = []string{compute.DefaultGroup}
	}
	out := make([]nameOnly, len(asked))
	for k, name := range asked {
		out[k] = nameOnly{name}
	}
	return out
}

// securityGroups shows the groups that a server's network interfaces are in.
func (s serverView) securityGroups() any {
	out := []nameOnly{}
	for _, g := range groupsOf(s.Instance) {
		out = append(out, nameOnly{g.Name})
	}
	return out
}

// groupsOf lists the groups of all of a server's network interfaces, each once.
func groupsOf(i compute.Instance) []compute.GroupRef {
	var out []compute.GroupRef
	for _, n := range i.NICs {
		for _, g := range n.Groups {
			if !slices.Contains(out, g) {
				out = append(out, g)
			}
		}
	}
	return out
}

// networkTrouble tells in Nova's words what is wrong with a network, port,
// address or security group that a request names. gone is the kind of fault
// that something missing makes.
func networkTrouble(err error, gone fault.Kind) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	say := func(kind fault.Kind, text string) error { return &fault.Error{Kind: kind, Msg: text, Err: err} }
	switch {
	case e.Kind == fault.NotFound && e.Resource == "network":
		return say(gone, "Network "+e.Name+" could not be found.")
	case e.Kind == fault.NotFound && e.Resource == "port":
		return say(gone, "Port id "+e.Name+" could not be found.")
	case e.Kind == fault.NotFound && e.Resource == "security group":
		return say(gone, "Unable to find security_group with name or id '"+e.Name+"'")
	case e.Kind == fault.Forbidden && e.Resource == "network":
		return say(fault.Quota, e.Msg) // no policy rule refuses, but the answer is 403, too
	case e.Kind == fault.Conflict && e.Resource == "address":
		return say(fault.Invalid, "Fixed IP address "+e.Name+" is already in use.")
	case e.Kind == fault.NoCapacity && e.Resource == "network":
		return say(fault.Invalid, "No fixed IP addresses available for network: "+e.Name)
	}
	return err
}

// interfaceBody is the body of POST …/os-interface.
func interfaceBody(v openstack.Microversion) schema.Schema {
	id := schema.String{Format: uuidFormat}
	properties := []schema.Property{
		schema.Prop("net_id", id), schema.Prop("port_id", id),
		schema.Prop("fixed_ips", schema.Array{Min: 1, Max: 1, Items: schema.Object{Closed: true, Required: []string{"ip_address"},
			Properties: []schema.Property{schema.Prop("ip_address", schema.String{})}}}),
	}
	if v.AtLeast(openstack.V(2, 49)) {
		properties = append(properties, schema.Prop("tag", schema.String{Min: 1, Max: 60, Pattern: schema.NewPattern("^[^,/]*$")}))
	}
	return schema.Object{Closed: true, Properties: []schema.Property{
		schema.Prop("interfaceAttachment", schema.Object{Closed: true, Properties: properties}),
	}}
}

// uuidFormat accepts UUIDs with or without hyphens, as Nova does.
var uuidFormat = &schema.Format{Name: "uuid", Check: func(s string) (string, bool) { return "", isUUID(s) }}

// attachInterface answers POST …/os-interface.
func (d *Dialect) attachInterface(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("interfaceAttachment")
	req := compute.NICRequest{NetworkID: in.At("net_id").Text(), PortID: in.At("port_id").Text()}
	if req.NetworkID != "" && req.PortID != "" {
		return fault.Invalidf("port_id", "Must not input both network_id and port_id")
	}
	if ips := in.At("fixed_ips").Items(); len(ips) > 0 {
		if req.NetworkID == "" {
			return fault.Invalidf("fixed_ips", "Must input network_id when request IP address")
		}
		text := ips[0].At("ip_address").Text()
		a, err := netip.ParseAddr(text)
		if err != nil {
			return fault.Invalidf("ip_address", "Invalid input for field/attribute ip_address. Value: %s. '%s' is not a 'ipv4'", text, text)
		}
		req.Addr = a
	}
	id := c.PathValue("id")
	nic, err := d.opt.Compute.AttachNIC(c.Context(), c.Caller, id, req)
	if err != nil {
		var e *fault.Error
		if errors.As(err, &e) && e.Kind == fault.Conflict && e.Resource == "port" {
			return &fault.Error{Kind: fault.Invalid, Msg: e.Msg, Err: err}
		}
		return networkTrouble(err, fault.NotFound)
	}
	all, err := d.interfaces(c)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.port == nic.PortID {
			d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("interfaceAttachment", n.view)})
			return nil
		}
	}
	return fault.Missing("port", nic.PortID) // taken away again meanwhile
}

// detachInterface answers DELETE …/os-interface/{port}.
func (d *Dialect) detachInterface(w http.ResponseWriter, c *openstack.Call) error {
	if err := d.opt.Compute.DetachNIC(c.Context(), c.Caller, c.PathValue("id"), c.PathValue("port")); err != nil {
		return networkTrouble(err, fault.NotFound)
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}

// groupAction makes the handler of addSecurityGroup or removeSecurityGroup.
func groupAction(name string, change func(*compute.Service, *openstack.Call, string) error) func(*Dialect, http.ResponseWriter, *openstack.Call) error {
	return func(d *Dialect, w http.ResponseWriter, c *openstack.Call) error {
		in := c.Input.At(name)
		if in.Kind() != schema.Map {
			return fault.Invalidf(name, "Missing parameter dict")
		}
		group := in.At("name")
		switch {
		case !group.Exists():
			return fault.Invalidf("name", "Security group not specified")
		case group.Text() == "":
			return fault.Invalidf("name", "Security group name cannot be empty")
		}
		if err := change(d.opt.Compute, c, group.Text()); err != nil {
			return networkTrouble(err, fault.NotFound)
		}
		d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
		return nil
	}
}

// showSecurityGroups answers GET …/os-security-groups: the groups of the
// server's network interfaces, with the rules about what comes in, as Nova shows
// them.
func (d *Dialect) showSecurityGroups(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	out := []openstack.Fields{}
	for _, ref := range groupsOf(i) {
		g, err := d.opt.Compute.SecurityGroup(c.Context(), c.Caller, ref.ID)
		if fault.Is(err, fault.NotFound) {
			continue // gone meanwhile
		}
		if err != nil {
			return err
		}
		out = append(out, d.ingress(c, g))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("security_groups", out)})
	return nil
}

func (d *Dialect) groupRule(c *openstack.Call, g compute.SecurityGroup, r compute.SecurityRule) openstack.Fields {
	port := func(n int) any {
		switch {
		case n != compute.AnyPort:
			return n
		case r.Protocol != "":
			return -1
		}
		return nil
	}
	group, reach := openstack.Fields{}, openstack.Fields{}
	switch {
	case r.RemoteGroupID != "":
		name := g.Name
		if r.RemoteGroupID != g.ID {
			remote, err := d.opt.Compute.SecurityGroup(c.Context(), c.Caller, r.RemoteGroupID)
			if err == nil {
				name = remote.Name
			}
		}
		group = openstack.Fields{openstack.F("name", name), openstack.F("tenant_id", g.ProjectID)}
	case r.Remote.IsValid():
		reach = openstack.Fields{openstack.F("cidr", r.Remote.String())}
	default:
		reach = openstack.Fields{openstack.F("cidr", map[compute.EtherType]string{compute.IPv4: "0.0.0.0/0", compute.IPv6: "::/0"}[r.EtherType])}
	}
	return openstack.Fields{
		openstack.F("id", r.ID), openstack.F("parent_group_id", g.ID), openstack.F("ip_protocol", orNull(r.Protocol)),
		openstack.F("from_port", port(r.From)), openstack.F("to_port", port(r.To)),
		openstack.F("group", group), openstack.F("ip_range", reach),
	}
}
