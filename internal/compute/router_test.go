package compute_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

// crossing is a yard with a network of the caller's, a router, and a floating
// address that leads nowhere.
type crossing struct {
	*yard
	driver *wired
	pool   compute.Network
	inner  compute.Network
	router compute.Router
	float  compute.FloatingIP
}

func newCrossing(t *testing.T) *crossing {
	t.Helper()
	x := &crossing{}
	x.yard, x.driver = newWiredYard(t)
	x.inner = x.subnet("10.5.0.0/24")
	var err error
	if x.pool, err = x.service.Network(t.Context(), x.caller, x.yard.pool()); err != nil {
		t.Fatal(err)
	}
	if x.router, err = x.service.CreateRouter(t.Context(), x.caller, compute.RouterLabels{Name: "r", Description: "d", PoolID: x.pool.ID}); err != nil {
		t.Fatal(err)
	}
	if x.float, err = x.service.AllocateFloatingIP(t.Context(), x.caller, compute.FloatingRequest{NetworkID: x.pool.ID}); err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *crossing) add(req compute.InterfaceRequest) error {
	_, _, err := x.service.AddRouterInterface(x.Context(), x.caller, x.router.ID, req)
	return err
}

func (x *crossing) remove(req compute.InterfaceRequest) error {
	_, _, err := x.service.RemoveRouterInterface(x.Context(), x.caller, x.router.ID, req)
	return err
}

// lead lets the floating address lead to a port.
func (x *crossing) lead(portID string) (compute.FloatingIP, error) {
	return x.service.EditFloatingIP(x.Context(), x.caller, x.float.ID, func(_ compute.FloatingIP, l *compute.FloatingLabels) error {
		l.PortID = portID
		return nil
	})
}

func (x *crossing) edit(change func(*compute.RouterLabels)) error {
	_, err := x.service.EditRouter(x.Context(), x.caller, x.router.ID, func(_ compute.Router, l *compute.RouterLabels) error { change(l); return nil })
	return err
}

func (x *crossing) refused(err error, kind fault.Kind, resource string) {
	x.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || f.Resource != resource {
		x.Errorf("got %v, want a fault of kind %s about %q", err, kind, resource)
	}
}

// TestRouterLetsAddressesIn: a floating address leads to a port only through a
// router between them, which cannot go then, and stops when the router does.
func TestRouterLetsAddressesIn(t *testing.T) {
	x := newCrossing(t)
	ctx := t.Context()
	i := x.boot(compute.CreateRequest{Networks: []compute.NICRequest{{NetworkID: x.inner.ID}}})
	port := i.NICs[0].PortID
	_, err := x.lead(port)
	x.refused(err, fault.NotFound, "way from the pool")

	if err := x.add(compute.InterfaceRequest{SubnetID: x.inner.Subnet.ID}); err != nil {
		t.Fatal(err)
	}
	f, err := x.lead(port)
	if err != nil || f.RouterID != x.router.ID || len(x.driver.forwards[i.ID]) != 1 {
		t.Fatalf("%+v, %v; the driver has %v", f, err, x.driver.forwards[i.ID])
	}
	x.refused(x.remove(compute.InterfaceRequest{SubnetID: x.inner.Subnet.ID}), fault.Conflict, "router interface")
	x.refused(x.edit(func(l *compute.RouterLabels) { l.PoolID = "" }), fault.Conflict, "router gateway")
	x.refused(x.service.DeleteRouter(ctx, x.caller, x.router.ID), fault.Conflict, "router")

	if err := x.edit(func(l *compute.RouterLabels) { l.Down = true }); err != nil || len(x.driver.forwards[i.ID]) != 0 {
		t.Errorf("with the router down: %v, %v", x.driver.forwards[i.ID], err)
	}
	if err := x.edit(func(l *compute.RouterLabels) { l.Down = false }); err != nil || len(x.driver.forwards[i.ID]) != 1 {
		t.Errorf("with the router up again: %v, %v", x.driver.forwards[i.ID], err)
	}

	if f, err = x.lead(""); err != nil || f.RouterID != "" {
		t.Errorf("%+v, %v", f, err)
	}
	if err := x.remove(compute.InterfaceRequest{SubnetID: x.inner.Subnet.ID}); err != nil {
		t.Error(err)
	}
	if err := x.edit(func(l *compute.RouterLabels) { l.PoolID = "" }); err != nil {
		t.Error(err)
	}
	if err := x.service.DeleteRouter(ctx, x.caller, x.router.ID); err != nil {
		t.Error(err)
	}
	if ports, err := x.service.Ports(ctx, x.root(), compute.PortQuery{DeviceID: x.router.ID}); err != nil || len(ports) != 0 {
		t.Errorf("left over: %v, %v", ports, err)
	}
}

// TestSeededRouter: on the deployment's own network addresses lead to ports
// without anybody's doing, and nobody but administrators sees why.
func TestSeededRouter(t *testing.T) {
	x := newCrossing(t)
	ctx := t.Context()
	i := x.create()
	f, err := x.lead(i.NICs[0].PortID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = x.service.Router(ctx, x.caller, f.RouterID)
	x.refused(err, fault.NotFound, "router")
	if all, err := x.service.Routers(ctx, x.caller); err != nil || len(all) != 1 || all[0].ID != x.router.ID {
		t.Errorf("a member lists %+v, %v", all, err)
	}
	seeded, err := x.service.Router(ctx, x.root(), f.RouterID)
	if err != nil || seeded.ProjectID != "" || len(seeded.Ports) != 2 {
		t.Errorf("%+v, %v", seeded, err)
	}
	x.refused(x.service.DeleteRouter(ctx, x.root(), f.RouterID), fault.Forbidden, "router")
	// Beginning anew changes nothing.
	if err := x.service.Seed(ctx); err != nil {
		t.Error(err)
	}
}

func TestRouterInterfaces(t *testing.T) {
	x := newCrossing(t)
	ctx := t.Context()
	bySubnet := compute.InterfaceRequest{SubnetID: x.inner.Subnet.ID}
	r, p, err := x.service.AddRouterInterface(ctx, x.caller, x.router.ID, bySubnet)
	if err != nil || p.Addr != x.inner.Subnet.Gateway || p.NetworkID != x.inner.ID || len(r.Ports) != 2 || r.Revision != 2 {
		t.Fatalf("%+v, %+v, %v", r, p, err)
	}
	port, err := x.service.Port(ctx, x.caller, p.PortID)
	if err != nil || port.DeviceID != x.router.ID || port.DeviceOwner != compute.RouterInterface || port.RouterID != x.router.ID {
		t.Errorf("%+v, %v", port, err)
	}
	x.refused(x.service.DeletePort(ctx, x.caller, p.PortID), fault.Conflict, "router's port")
	for name, change := range map[string]func(*compute.PortLabels) netip.Addr{
		"device":  func(l *compute.PortLabels) netip.Addr { l.DeviceID = ""; return netip.Addr{} },
		"address": func(*compute.PortLabels) netip.Addr { return netip.MustParseAddr("10.5.0.9") },
	} {
		_, err = x.service.EditPort(ctx, x.caller, p.PortID, func(_ compute.Port, l *compute.PortLabels) (netip.Addr, error) { return change(l), nil })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	_, err = x.service.EditSubnet(ctx, x.caller, x.inner.Subnet.ID, func(_ compute.Subnet, l *compute.SubnetLabels) error { l.Gateway = netip.Addr{}; return nil })
	x.refused(err, fault.Conflict, "gateway")
	x.refused(x.service.DeleteNetwork(ctx, x.caller, x.inner.ID), fault.Conflict, "network")

	overlaps := x.subnet("10.5.0.0/25")
	bare, err := x.service.CreateNetwork(ctx, x.caller, compute.NetworkLabels{})
	if err == nil {
		bare, err = x.service.CreateSubnet(ctx, x.caller, compute.SubnetRequest{NetworkID: bare.ID, Range: netip.MustParsePrefix("10.9.0.0/24")})
	}
	if err != nil {
		t.Fatal(err)
	}
	second := x.subnet("10.6.0.0/24")
	made, err := x.service.CreatePort(ctx, x.caller, compute.PortRequest{NetworkID: second.ID})
	if err != nil {
		t.Fatal(err)
	}
	byPort := compute.InterfaceRequest{PortID: made.PortID}
	for name, c := range map[string]struct {
		err      error
		kind     fault.Kind
		resource string
	}{
		"nothing":        {x.add(compute.InterfaceRequest{}), fault.Invalid, ""},
		"both":           {x.add(compute.InterfaceRequest{SubnetID: "a", PortID: "b"}), fault.Invalid, ""},
		"twice":          {x.add(bySubnet), fault.Invalid, ""},
		"overlap":        {x.add(compute.InterfaceRequest{SubnetID: overlaps.Subnet.ID}), fault.Invalid, ""},
		"no gateway":     {x.add(compute.InterfaceRequest{SubnetID: bare.Subnet.ID}), fault.Invalid, ""},
		"external":       {x.add(compute.InterfaceRequest{SubnetID: x.pool.Subnet.ID}), fault.Invalid, ""},
		"no subnet":      {x.add(compute.InterfaceRequest{SubnetID: "x"}), fault.NotFound, "subnet"},
		"no port":        {x.add(compute.InterfaceRequest{PortID: "x"}), fault.NotFound, "port"},
		"a router's":     {x.add(compute.InterfaceRequest{PortID: p.PortID}), fault.Conflict, "attached port"},
		"port":           {x.add(byPort), 0, ""},
		"other port":     {x.remove(compute.InterfaceRequest{PortID: "x"}), fault.NotFound, "router interface"},
		"other subnet":   {x.remove(compute.InterfaceRequest{SubnetID: bare.Subnet.ID}), fault.NotFound, "router interface on subnet"},
		"none to remove": {x.remove(compute.InterfaceRequest{}), fault.Invalid, ""},
		"neither":        {x.remove(compute.InterfaceRequest{PortID: p.PortID, SubnetID: bare.Subnet.ID}), fault.Conflict, "subnet of port"},
	} {
		var f *fault.Error
		if c.kind == 0 && c.err == nil || errors.As(c.err, &f) && f.Kind == c.kind && f.Resource == c.resource {
			continue
		}
		t.Errorf("%s: %v, want %s about %q", name, c.err, c.kind, c.resource)
	}
	if err := x.remove(byPort); err != nil {
		t.Error(err)
	}
	if _, err := x.service.Port(ctx, x.caller, made.PortID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the port that was an interface stays: %v", err)
	}
}

func TestRouterGateway(t *testing.T) {
	x := newCrossing(t)
	ctx := t.Context()
	g, ok := x.router.Gateway()
	if !ok || !x.pool.Subnet.Range.Contains(g.Addr) || g.Addr == x.float.Addr {
		t.Fatalf("the gateway is %+v; %s floats", g, x.float.Addr)
	}
	// Members do not see the pool's ports.
	_, err := x.service.Port(ctx, x.caller, g.PortID)
	x.refused(err, fault.NotFound, "port")
	x.refused(x.edit(func(l *compute.RouterLabels) { l.PoolID = x.inner.ID }), fault.Invalid, "")
	x.refused(x.edit(func(l *compute.RouterLabels) { l.PoolID = "x" }), fault.NotFound, "network")
	x.refused(x.edit(func(l *compute.RouterLabels) { l.GatewayAddr = netip.MustParseAddr("10.8.0.6") }), fault.Forbidden, "router")
	_, err = x.service.CreateRouter(ctx, x.root(), compute.RouterLabels{PoolID: x.pool.ID, GatewayAddr: x.float.Addr})
	x.refused(err, fault.Conflict, "address")
	other, err := x.service.CreateRouter(ctx, x.root(), compute.RouterLabels{PoolID: x.pool.ID, GatewayAddr: netip.MustParseAddr("10.8.0.6")})
	if g, _ := other.Gateway(); err != nil || g.Addr != netip.MustParseAddr("10.8.0.6") {
		t.Errorf("%+v, %v", other, err)
	}
	_, err = x.service.Router(ctx, x.caller, other.ID)
	x.refused(err, fault.NotFound, "router")
	if err := x.service.DeleteRouter(ctx, x.root(), other.ID); err != nil {
		t.Error(err)
	}

	if err := x.db.Write(ctx, func(tx *store.Tx) error { return tx.SetQuota(ctx, "p", compute.QuotaRouters, 1) }); err != nil {
		t.Fatal(err)
	}
	_, err = x.service.CreateRouter(ctx, x.caller, compute.RouterLabels{})
	var q *compute.QuotaExceeded
	if !errors.As(err, &q) || q.Resource != "router" || q.Used != 1 {
		t.Errorf("one too many: %v", err)
	}
	reader := x.caller
	reader.Roles = []identity.Role{identity.RoleReader}
	_, err = x.service.CreateRouter(ctx, reader, compute.RouterLabels{})
	if !fault.Is(err, fault.Forbidden) {
		t.Errorf("a reader: %v", err)
	}
}
