package storetest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/store"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func port(id, project, net, at string) compute.Port {
	p := compute.Port{ProjectID: project, Name: "name " + id, CreatedAt: epoch, UpdatedAt: epoch, Revision: 1}
	p.PortID, p.NetworkID, p.Network, p.MAC, p.Kept, p.Filtered = id, net, "network "+net, "fa:16:3e:00:00:01", true, true
	if at != "" {
		p.Addr, p.Prefix = addr(at), netip.MustParsePrefix("127.8.0.0/24")
	}
	return p
}

func group(id, project, name string, rules ...compute.Rule) compute.SecurityGroup {
	g := compute.SecurityGroup{ID: id, ProjectID: project, Name: name, Description: "d", Stateful: true, CreatedAt: epoch, UpdatedAt: epoch, Revision: 1}
	for k, r := range rules {
		g.Rules = append(g.Rules, compute.SecurityRule{ID: id + "-" + string(rune('a'+k)), GroupID: id, ProjectID: project, Rule: r, Description: "x", CreatedAt: epoch})
	}
	return g
}

var (
	letsOut = compute.Rule{Direction: compute.Egress, EtherType: compute.IPv4, From: compute.AnyPort, To: compute.AnyPort}
	letsSSH = compute.Rule{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "tcp", From: 22, To: 22, Remote: netip.MustParsePrefix("10.1.2.3/8")}
)

func testNetworks(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	n := network("n1")
	n.Subnet.Gateway, n.Subnet.DNS = addr("127.8.0.1"), []string{"9.9.9.9"}
	n.Subnet.Pools = []compute.AddressPool{{From: addr("127.8.0.2"), To: addr("127.8.0.9")}, {From: addr("127.8.0.20"), To: addr("127.8.0.30")}}
	n.Tags, n.Subnet.Tags = []string{"a", "b"}, []string{"s"}
	bare := compute.Network{ID: "n2", Name: "bare", External: true, Unfiltered: true}
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertNetwork(ctx, n); err != nil {
			return err
		}
		if err := tx.InsertNetwork(ctx, bare); err != nil {
			return err
		}
		return tx.InsertPort(ctx, port("a", "p1", "n1", "127.8.0.2"))
	})
	want := func(w compute.Network) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Network(ctx, w.ID)
			same(t, got, w)
			return err
		})
	}
	want(n)
	want(bare)
	n.Name, n.Description, n.Shared, n.Subnet, n.Revision, n.Tags = "renamed", "d", false, nil, 7, []string{"c"}
	bare.Subnet = &compute.Subnet{ID: "s9", ProjectID: "p9", Range: netip.MustParsePrefix("10.0.0.0/24"), Revision: 3}
	write(t, db, func(tx *store.Tx) error {
		if err := tx.UpdateNetwork(ctx, n); err != nil {
			return err
		}
		return tx.UpdateNetwork(ctx, bare)
	})
	want(n)
	want(bare)
	read(t, db, func(tx *store.Tx) error {
		p, err := tx.Port(ctx, "a")
		if p.Network != "renamed" {
			t.Errorf("the port's network is %q", p.Network)
		}
		return err
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateNetwork(ctx, network("n9")) }), fault.NotFound)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteNetwork(ctx, "n2") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteNetwork(ctx, "n2") }), fault.NotFound)
	// Its subnet is gone with it: the id is free.
	n.Subnet = &compute.Subnet{ID: "s9", Range: netip.MustParsePrefix("10.0.0.0/24")}
	write(t, db, func(tx *store.Tx) error { return tx.UpdateNetwork(ctx, n) })
	read(t, db, func(tx *store.Tx) error {
		u, err := tx.NetworkUsage(ctx, "p1")
		same(t, u, map[string]int{"router": 0, "network": 1, "subnet": 0, "port": 1, "floatingip": 0, "security_group": 0, "security_group_rule": 0})
		return err
	})
}

func testPorts(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	full := port("b", "p1", "n1", "127.8.0.7")
	full.Description, full.Pairs = "d", []compute.AddressPair{{Address: "10.0.0.0/8", MAC: "aa:bb:cc:dd:ee:ff"}, {Address: "::1"}}
	full.DeviceID, full.DeviceOwner, full.CreatedAt, full.Down, full.Tags = "dev", "me", epoch.Add(time.Second), true, []string{"t"}
	full.Groups = []compute.GroupRef{{ID: "g1", Name: "a name"}, {ID: "g2", Name: "z"}}
	none := port("a", "p2", "n1", "")
	write(t, db, func(tx *store.Tx) error {
		for _, g := range []compute.SecurityGroup{group("g2", "p1", "z"), group("g1", "p1", "a name")} {
			if err := tx.InsertSecurityGroup(ctx, g); err != nil {
				return err
			}
		}
		for _, p := range []compute.Port{full, none, port("c", "p2", "n1", "")} {
			if err := tx.InsertPort(ctx, p); err != nil {
				return err
			}
		}
		return tx.InsertInstance(ctx, instance("i1", epoch, nic("n1", "127.8.0.1"), full.NIC, nic("n1", "127.8.0.2")))
	})
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertPort(ctx, port("d", "p1", "n1", "127.8.0.1")) }), fault.Exists)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertInstance(ctx, instance("i2", epoch, full.NIC)) }), fault.Conflict)
	// The instance has it now, in its place.
	full.InstanceID, full.Zone, full.Revision, full.UpdatedAt = "i1", "nova", 2, epoch
	addresses := func(want ...string) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			i, err := tx.Instance(ctx, "i1")
			var got []string
			for _, n := range i.NICs {
				got = append(got, n.Addr.String())
			}
			same(t, got, want)
			return err
		})
	}
	list := func(q compute.PortQuery, want ...string) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			all, err := tx.Ports(ctx, q)
			var got []string
			for _, p := range all {
				if p.Kept {
					got = append(got, p.PortID)
				}
			}
			same(t, got, want)
			return err
		})
	}
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Port(ctx, "b")
		same(t, got, full)
		return err
	})
	addresses("127.8.0.1", "127.8.0.7", "127.8.0.2")
	list(compute.PortQuery{}, "b", "c", "a")
	list(compute.PortQuery{ProjectID: "p2"}, "c", "a")
	list(compute.PortQuery{ProjectID: "p1", DeviceID: "i1", NetworkID: "n1"}, "b")
	list(compute.PortQuery{DeviceID: "dev"}, "b")
	list(compute.PortQuery{NetworkID: "n9"})

	// Taken away, those after it move up; given again, it is the last.
	full.InstanceID, full.Zone, full.Name, full.Groups, full.Filtered, full.Down, full.Tags = "", "", "other", nil, false, false, nil
	write(t, db, func(tx *store.Tx) error { return tx.UpdatePort(ctx, full) })
	addresses("127.8.0.1", "127.8.0.2")
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Port(ctx, "b")
		same(t, got, full)
		return err
	})
	full.InstanceID = "i1"
	fresh := port("e", "p1", "n1", "127.8.0.9")
	fresh.InstanceID = "i1"
	write(t, db, func(tx *store.Tx) error {
		if err := tx.UpdatePort(ctx, full); err != nil {
			return err
		}
		return tx.InsertPort(ctx, fresh)
	})
	addresses("127.8.0.1", "127.8.0.2", "127.8.0.7", "127.8.0.9")
	write(t, db, func(tx *store.Tx) error { return tx.DeletePort(ctx, "b") })
	addresses("127.8.0.1", "127.8.0.2", "127.8.0.9")
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeletePort(ctx, "b") }), fault.NotFound)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdatePort(ctx, full) }), fault.NotFound)

	// The instance goes, and its own ports with it; the others wait for another.
	write(t, db, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, "i1") })
	list(compute.PortQuery{}, "e", "c", "a")
	read(t, db, func(tx *store.Tx) error {
		all, err := tx.Ports(ctx, compute.PortQuery{})
		if len(all) != 3 || all[0].InstanceID != "" {
			t.Errorf("left over: %+v", all)
		}
		return err
	})
}

func testSecurityGroups(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	g, h := group("g1", "p1", "web", letsOut, letsSSH), group("g2", "p2", "db")
	h.CreatedAt, g.Tags = epoch.Add(time.Second), []string{"t"}
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertSecurityGroup(ctx, g); err != nil {
			return err
		}
		return tx.InsertSecurityGroup(ctx, h)
	})
	wants := func(project string, want ...compute.SecurityGroup) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.SecurityGroups(ctx, project)
			same(t, got, want)
			return err
		})
	}
	wants("", g, h)
	wants("p1", g)
	again := g.Rules[1]
	again.ID = "other"
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertSecurityRule(ctx, again) }), fault.Exists)
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertSecurityGroup(ctx, g) }), fault.Exists)
	again.Remote, again.RemoteGroupID = netip.Prefix{}, "g2"
	g.Name, g.Description, g.Stateful, g.Revision, g.UpdatedAt, g.Tags = "n", "", false, 4, epoch.Add(time.Hour), []string{"u", "v"}
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertSecurityRule(ctx, again); err != nil {
			return err
		}
		if err := tx.UpdateSecurityGroup(ctx, g); err != nil {
			return err
		}
		a, b := port("a", "p1", "n1", "127.8.0.1"), port("b", "p1", "n1", "127.8.0.2")
		a.Groups, b.Groups = []compute.GroupRef{{ID: "g1"}}, []compute.GroupRef{{ID: "g1"}}
		if err := tx.InsertPort(ctx, a); err != nil {
			return err
		}
		b.Kept = false
		i := instance("i1", epoch, b.NIC)
		b.NIC.PortID, b.NIC.Addr = "c", addr("127.8.0.3")
		i.NICs = append(i.NICs, b.NIC)
		return tx.InsertInstance(ctx, i)
	})
	g.Rules = append(g.Rules, again)
	wants("p1", g)
	read(t, db, func(tx *store.Tx) error {
		r, err := tx.SecurityRule(ctx, "other")
		same(t, r, again)
		if err != nil {
			return err
		}
		placed, ports, err := tx.Guarded(ctx, "g1", "g2")
		same(t, placed, []compute.Placed{{ID: "i1", Node: "n1"}})
		if ports != 3 {
			t.Errorf("%d ports are in the groups, want 3", ports)
		}
		return err
	})
	if err := db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteSecurityGroup(ctx, "g1") }); err == nil {
		t.Error("a group that ports are in was removed")
	}
	// The rule that lets a group in goes with that group.
	write(t, db, func(tx *store.Tx) error { return tx.DeleteSecurityGroup(ctx, "g2") })
	g.Rules = g.Rules[:2]
	wants("", g)
	write(t, db, func(tx *store.Tx) error { return tx.DeleteSecurityRule(ctx, "g1-a") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteSecurityRule(ctx, "g1-a") }), fault.NotFound)
	g.Rules = g.Rules[1:]
	wants("", g)
}

func testFloatingIPs(t *testing.T, s suite) {
	db := s.open(t)
	ctx := t.Context()
	f := compute.FloatingIP{ID: "f1", ProjectID: "p1", NetworkID: "pub", Addr: addr("127.9.0.1"), Description: "d", CreatedAt: epoch, UpdatedAt: epoch, Revision: 1}
	f.Tags = []string{"t"}
	g := f
	g.ID, g.ProjectID, g.Addr, g.CreatedAt = "f2", "p2", addr("127.9.0.2"), epoch.Add(time.Second)
	write(t, db, func(tx *store.Tx) error {
		if err := tx.InsertFloatingIP(ctx, f); err != nil {
			return err
		}
		if err := tx.InsertFloatingIP(ctx, g); err != nil {
			return err
		}
		n := nic("n1", "127.8.0.1")
		n.PortID = "a"
		return tx.InsertInstance(ctx, instance("i1", epoch, n))
	})
	wants := func(project string, want ...compute.FloatingIP) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.FloatingIPs(ctx, project)
			same(t, got, want)
			return err
		})
	}
	wants("", g, f)
	wants("p1", f)
	twin := f
	twin.ID = "f3"
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertFloatingIP(ctx, twin) }), fault.Exists)
	next := func(from, want string) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			a, err := tx.NextFloatingIP(ctx, "pub", addr(from), addr("127.9.0.6"))
			if want == "" {
				refused(t, err, fault.NoCapacity)
				return nil
			}
			same(t, a.String(), want)
			return err
		})
	}
	next("127.9.0.1", "127.9.0.3")
	next("127.9.0.3", "127.9.0.3")
	// Ports on the pool take addresses of it, too.
	write(t, db, func(tx *store.Tx) error {
		for _, p := range []compute.Port{port("q1", "", "pub", "127.9.0.3"), port("q2", "", "pub", "127.9.0.5"), port("q3", "", "other", "127.9.0.4")} {
			if err := tx.InsertPort(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	next("127.9.0.1", "127.9.0.4")
	next("127.9.0.3", "127.9.0.4")
	next("127.9.0.5", "127.9.0.6")
	h := f
	h.ID, h.ProjectID, h.Addr = "f4", "p3", addr("127.9.0.4")
	write(t, db, func(tx *store.Tx) error { return tx.InsertFloatingIP(ctx, h) })
	next("127.9.0.1", "127.9.0.6")
	h.ID, h.Addr = "f5", addr("127.9.0.6")
	write(t, db, func(tx *store.Tx) error { return tx.InsertFloatingIP(ctx, h) })
	next("127.9.0.1", "")
	write(t, db, func(tx *store.Tx) error {
		if err := tx.DeleteFloatingIP(ctx, "f4"); err != nil {
			return err
		}
		return tx.DeleteFloatingIP(ctx, "f5")
	})

	f.PortID, f.Description, f.Revision, f.RouterID, f.Tags = "a", "", 2, "r1", nil
	write(t, db, func(tx *store.Tx) error { return tx.UpdateFloatingIP(ctx, f) })
	f.Fixed, f.InstanceID = addr("127.8.0.1"), "i1"
	wants("p1", f)
	through := func(router string, want ...compute.FloatingIP) {
		t.Helper()
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.FloatingIPsThrough(ctx, router)
			same(t, got, want)
			return err
		})
	}
	through("r1", f)
	through("r2")
	read(t, db, func(tx *store.Tx) error {
		i, err := tx.Instance(ctx, "i1")
		same(t, i.NICs[0].Floating, f.Addr)
		same(t, i.NICs[0].Cut, false)
		return err
	})
	write(t, db, func(tx *store.Tx) error { return tx.InsertRouter(ctx, compute.Router{ID: "r1", Down: true}) })
	read(t, db, func(tx *store.Tx) error {
		i, err := tx.Instance(ctx, "i1")
		same(t, i.NICs[0].Cut, true)
		return err
	})
	g.PortID = "a"
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.UpdateFloatingIP(ctx, g) }), fault.Exists)
	// The port goes with its instance, and the address leads nowhere.
	write(t, db, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, "i1") })
	f.PortID, f.Fixed, f.InstanceID, f.RouterID = "", netip.Addr{}, "", ""
	wants("p1", f)
	through("r1")
	write(t, db, func(tx *store.Tx) error { return tx.DeleteFloatingIP(ctx, "f1") })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DeleteFloatingIP(ctx, "f1") }), fault.NotFound)
	next("127.9.0.1", "127.9.0.1")
}
