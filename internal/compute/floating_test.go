package compute_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func TestFloatingAddresses(t *testing.T) {
	y, d := newWiredYard(t)
	ctx := t.Context()
	a, b := y.boot(compute.CreateRequest{}), y.boot(compute.CreateRequest{})
	f, err := y.service.AllocateFloatingIP(ctx, y.caller, compute.FloatingRequest{NetworkID: y.pool(),
		FloatingLabels: compute.FloatingLabels{PortID: a.NICs[0].PortID}})
	y.must(err)
	leads := func(id string) bool { return len(d.forwards[id]) == 1 && d.forwards[id][0].Floating == f.Addr }
	if !leads(a.ID) || f.InstanceID != a.ID || f.Fixed != a.NICs[0].Addr {
		t.Fatalf("it leads to %+v: %+v", d.forwards, f)
	}
	to := func(port string) error {
		d.told = nil
		_, err := y.service.EditFloatingIP(ctx, y.caller, f.ID, func(_ compute.FloatingIP, l *compute.FloatingLabels) error { l.PortID = port; return nil })
		return err
	}
	y.must(to(b.NICs[0].PortID))
	// The first lets go of it before the second takes it.
	if !leads(b.ID) || leads(a.ID) || !slices.Equal(d.told, []string{a.ID, b.ID}) {
		t.Errorf("moved, it leads to %+v; told %v", d.forwards, d.told)
	}
	if i, err := y.service.Instance(ctx, y.caller, b.ID); err != nil || i.NICs[0].Floating != f.Addr {
		t.Errorf("the instance shows %+v, %v", i.NICs, err)
	}
	g, err := y.service.AllocateFloatingIP(ctx, y.caller, compute.FloatingRequest{NetworkID: y.pool()})
	y.must(err)
	_, err = y.service.EditFloatingIP(ctx, y.caller, g.ID, func(_ compute.FloatingIP, l *compute.FloatingLabels) error { l.PortID = b.NICs[0].PortID; return nil })
	y.refused(err, fault.Conflict, "already has a floating IP")
	y.refused(to("none"), fault.NotFound, "none")
	_, err = y.service.EditFloatingIP(ctx, y.caller, g.ID, func(_ compute.FloatingIP, l *compute.FloatingLabels) error {
		l.PortID, l.Fixed = a.NICs[0].PortID, netip.MustParseAddr("9.9.9.9")
		return nil
	})
	y.refused(err, fault.Invalid, "does not have fixed ip 9.9.9.9")
	y.must(to(""))
	if leads(b.ID) {
		t.Error("it leads somewhere still")
	}
	// It goes nowhere when its instance goes, and stays the project's.
	y.must(to(b.NICs[0].PortID))
	_, err = y.service.Act(ctx, y.caller, b.ID, compute.ActionDelete)
	y.must(err)
	y.do()
	if f, err := y.service.FloatingIP(ctx, y.caller, f.ID); err != nil || f.PortID != "" || f.Fixed.IsValid() {
		t.Errorf("after the instance: %+v, %v", f, err)
	}
	stranger := y.other("q")
	_, err = y.service.FloatingIP(ctx, stranger, f.ID)
	y.refused(err, fault.NotFound, f.ID)
	y.refused(y.service.ReleaseFloatingIP(ctx, stranger, f.ID), fault.NotFound, f.ID)
	_, err = y.service.AllocateFloatingIP(ctx, stranger, compute.FloatingRequest{NetworkID: y.pool(), FloatingLabels: compute.FloatingLabels{PortID: a.NICs[0].PortID}})
	y.refused(err, fault.NotFound, a.NICs[0].PortID)
	_, err = y.service.AllocateFloatingIP(ctx, y.caller, compute.FloatingRequest{NetworkID: a.NICs[0].NetworkID})
	y.refused(err, fault.Invalid, "is not a valid external network")
	// The pool has six addresses; the quota is looked at first.
	for range 4 {
		_, err := y.service.AllocateFloatingIP(ctx, y.caller, compute.FloatingRequest{NetworkID: y.pool()})
		y.must(err)
	}
	_, err = y.service.AllocateFloatingIP(ctx, y.caller, compute.FloatingRequest{NetworkID: y.pool()})
	y.refused(err, fault.NoCapacity, "No more IP addresses")
	y.must(y.service.ReleaseFloatingIP(ctx, y.caller, g.ID))
	admin := y.other("admins", identity.RoleAdmin)
	y.must(y.service.SetNetworkLimits(ctx, admin, "p", map[string]int{compute.QuotaFloatingIPs: 5}))
	_, err = y.service.AllocateFloatingIP(ctx, y.caller, compute.FloatingRequest{NetworkID: y.pool()})
	y.refused(err, fault.Quota, "already used 5 of 5")
	y.must(y.service.SetNetworkLimits(ctx, admin, "p", nil))
	_, err = y.service.AllocateFloatingIP(ctx, y.caller, compute.FloatingRequest{NetworkID: y.pool()})
	y.must(err)
}
