package toast

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var floatingRoutes = []Route{
	{Method: http.MethodGet, Path: "floating-ip-pools", Access: identity.ProjectReader, about: ofFloatingIP, handle: (*Dialect).listPools},
	{Method: http.MethodGet, Path: "floating-ips", Access: identity.ProjectReader, about: ofFloatingIP, handle: (*Dialect).listFloatingIPs},
	{Method: http.MethodPost, Path: "floating-ips", Access: identity.ProjectMember, about: ofFloatingIP, handle: (*Dialect).createFloatingIP},
	{Method: http.MethodDelete, Path: "floating-ips", Access: identity.ProjectMember, about: ofFloatingIP, handle: (*Dialect).deleteFloatingIP},
}

// pools are the networks that floating IPs come from.
func (d *Dialect) pools(c *call) ([]named, error) {
	all, err := d.opt.Compute.Networks(c.Context(), c.caller)
	if err != nil {
		return nil, err
	}
	out := []named{}
	for _, n := range all {
		if n.External {
			out = append(out, named{ID: n.ID, Name: n.Name})
		}
	}
	return out, nil
}

func (d *Dialect) listPools(c *call) (answer, error) {
	all, err := d.pools(c)
	if err != nil {
		return nil, err
	}
	return &poolsAnswer{Pools: all}, nil
}

func viewFloatingIP(f compute.FloatingIP, pools []named) floatingIP {
	v := floatingIP{ID: f.ID, Address: f.Addr.String(), Pool: named{ID: f.NetworkID}, Status: "DOWN"}
	for _, p := range pools {
		if p.ID == f.NetworkID {
			v.Pool = p
		}
	}
	if f.PortID != "" {
		v.Status, v.floatingUse = "ACTIVE", &floatingUse{FixedAddress: f.Fixed.String(), PortID: f.PortID}
		if f.RouterID != "" {
			v.RouterID = &f.RouterID
		}
	}
	return v
}

func (d *Dialect) listFloatingIPs(c *call) (answer, error) {
	pools, err := d.pools(c)
	if err != nil {
		return nil, err
	}
	var all []compute.FloatingIP
	if id := c.query.get("id"); id != "" {
		all = make([]compute.FloatingIP, 1)
		all[0], err = d.opt.Compute.FloatingIP(c.Context(), c.caller, id)
	} else {
		all, err = d.opt.Compute.FloatingIPs(c.Context(), c.caller)
	}
	if err != nil {
		return nil, err
	}
	out := &floatingIPsAnswer{FloatingIPs: make([]floatingIP, len(all))}
	for k, f := range all {
		out.FloatingIPs[k] = viewFloatingIP(f, pools)
	}
	return out, nil
}

func (d *Dialect) createFloatingIP(c *call) (answer, error) {
	id := c.body.object("pool").word("id")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	pools, err := d.pools(c)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(pools, func(p named) bool { return p.ID == id }) {
		return nil, &failure{code: ofFloatingIP.code(http.StatusNotFound), detail: "Pool " + id + " could not be found."}
	}
	f, err := d.opt.Compute.AllocateFloatingIP(c.Context(), c.caller, compute.FloatingRequest{NetworkID: id})
	if fault.Is(err, fault.NoCapacity) {
		return nil, &failure{code: noAddress, detail: "No available IP"}
	}
	if err != nil {
		return nil, err
	}
	return &floatingIPAnswer{FloatingIP: viewFloatingIP(f, pools)}, nil
}

func (d *Dialect) deleteFloatingIP(c *call) (answer, error) {
	id, err := c.query.required("id")
	if err != nil {
		return nil, err
	}
	return done(d.opt.Compute.ReleaseIdleFloatingIP(c.Context(), c.caller, id))
}

// floatingAt finds the project's floating IP of an address.
func (d *Dialect) floatingAt(c *call, text string) (compute.FloatingIP, error) {
	all, err := d.opt.Compute.FloatingIPs(c.Context(), c.caller)
	if err != nil {
		return compute.FloatingIP{}, err
	}
	want, _ := netip.ParseAddr(text) // what is no address is nobody's
	for _, f := range all {
		if f.Addr == want {
			return f, nil
		}
	}
	return compute.FloatingIP{}, fault.Missing("floating IP", text)
}

// errAsItIs ends a change that has nothing to change.
var errAsItIs = errors.New("it is so already")

// addFloatingIP lets a floating IP lead to the interface that has an address.
func (d *Dialect) addFloatingIP(c *call, id string, in object) (answer, error) {
	address, fixed := in.word("address"), in.word("ipAddress")
	if err := in.err(); err != nil {
		return nil, err
	}
	i, err := d.changeable(c, id, "addFloatingIp")
	if err != nil {
		return nil, err
	}
	f, err := d.floatingAt(c, address)
	if err != nil {
		return nil, err
	}
	k := slices.IndexFunc(i.NICs, func(n compute.NIC) bool { return n.Addr.String() == fixed })
	if k < 0 {
		return nil, &failure{code: ofInstance.code(http.StatusBadRequest), detail: "Specified fixed address not assigned to instance"}
	}
	port := i.NICs[k].PortID
	_, err = d.opt.Compute.EditFloatingIP(c.Context(), c.caller, f.ID, func(now compute.FloatingIP, l *compute.FloatingLabels) error {
		switch now.PortID {
		case "":
			l.PortID = port
			return nil
		case port:
			return errAsItIs
		}
		return &failure{code: ofFloatingIP.code(http.StatusConflict), detail: fmt.Sprintf("Floating IP %s is associated with another instance.", address)}
	})
	if errors.Is(err, errAsItIs) {
		err = nil
	}
	return done(err)
}

func (d *Dialect) removeFloatingIP(c *call, id string, in object) (answer, error) {
	address := in.word("address")
	if err := in.err(); err != nil {
		return nil, err
	}
	if _, err := d.changeable(c, id, "removeFloatingIp"); err != nil {
		return nil, err
	}
	f, err := d.floatingAt(c, address)
	if err != nil {
		return nil, err
	}
	_, err = d.opt.Compute.EditFloatingIP(c.Context(), c.caller, f.ID, func(now compute.FloatingIP, l *compute.FloatingLabels) error {
		if now.InstanceID != id {
			return &failure{code: ofFloatingIP.code(http.StatusConflict), detail: fmt.Sprintf("Floating IP %s is not associated with instance %s.", address, id)}
		}
		l.PortID = ""
		return nil
	})
	return done(err)
}

// floatingOf is the floating IP of an interface, null when it has none.
func floatingOf(n compute.NIC) *string {
	if !n.Floating.IsValid() {
		return nil
	}
	return textIf(n.Floating.String())
}
