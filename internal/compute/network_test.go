package compute_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// wired is a scripted driver whose networks can be changed, and that remembers
// what it was told last of each instance.
type wired struct {
	*scripted
	nics     map[string][]compute.NIC
	rules    map[string][]compute.NICRules
	forwards map[string][]compute.Forward
	told     []string // instances, in the order in which they were told of floating addresses
}

func (d *wired) CheckRange(netip.Prefix) error { return nil }
func (d *wired) FloatingRange() netip.Prefix   { return netip.MustParsePrefix("10.8.0.0/29") }

func (d *wired) SetNICs(_ context.Context, id string, nics []compute.NIC) error {
	if err := d.fail["wire"]; err != nil {
		return err
	}
	d.nics[id] = nics
	return nil
}

func (d *wired) SetRules(_ context.Context, id string, rules []compute.NICRules) error {
	d.rules[id] = rules
	return nil
}

func (d *wired) SetForwards(_ context.Context, id string, forwards []compute.Forward) error {
	d.forwards[id] = forwards
	d.told = append(d.told, id)
	return nil
}

// admits tells whether what the driver was told lets SSH in.
func (d *wired) admits(id string) bool {
	for _, set := range d.rules[id] {
		for _, r := range set.Rules {
			if r.Admits(netip.MustParseAddr("127.0.0.1"), 22, func(string, netip.Addr) bool { return false }) {
				return true
			}
		}
	}
	return false
}

func newWiredYard(t *testing.T) (*yard, *wired) {
	d := &wired{nics: map[string][]compute.NIC{}, rules: map[string][]compute.NICRules{}, forwards: map[string][]compute.Forward{}}
	return newYardOn(t, func(s *scripted) compute.Driver { d.scripted = s; return d }), d
}

// other is a member of another project, admin an administrator of a third.
func (y *yard) other(project string, more ...identity.Role) identity.Caller {
	c := y.caller
	c.Project.ID, c.Scope.ID, c.Roles = project, project, append(slices.Clone(c.Roles), more...)
	return c
}

func (y *yard) boot(req compute.CreateRequest) compute.Instance {
	y.Helper()
	images, err := y.service.Images(y.Context(), y.caller)
	if err != nil {
		y.Fatal(err)
	}
	req.Name, req.FlavorID, req.ImageID = "i", "1", images[0].ID
	made, err := y.service.Create(y.Context(), y.caller, req)
	if err != nil {
		y.Fatal(err)
	}
	y.do()
	return y.want(made[0].ID, compute.Active, compute.Idle)
}

func (y *yard) refused(err error, kind fault.Kind, text string) {
	y.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), text) {
		y.Errorf("got %v, want a fault of kind %q with %q", err, kind, text)
	}
}

// pool is the network of floating addresses, and subnet makes a network of the
// caller's with a range.
func (y *yard) pool() string {
	all, err := y.service.Networks(y.Context(), y.caller)
	y.must(err)
	k := slices.IndexFunc(all, func(n compute.Network) bool { return n.External })
	return all[k].ID
}

func (y *yard) subnet(cidr string) compute.Network {
	y.Helper()
	n, err := y.service.CreateNetwork(y.Context(), y.caller, compute.NetworkLabels{Name: "own " + cidr})
	y.must(err)
	reach := netip.MustParsePrefix(cidr)
	n, err = y.service.CreateSubnet(y.Context(), y.caller, compute.SubnetRequest{NetworkID: n.ID, Range: reach,
		SubnetLabels: compute.SubnetLabels{Gateway: reach.Addr().Next()}})
	y.must(err)
	return n
}

func TestGroupsDecide(t *testing.T) {
	y, d := newWiredYard(t)
	ctx := t.Context()
	i := y.boot(compute.CreateRequest{})
	if !d.admits(i.ID) || len(i.NICs[0].Groups) != 1 || i.NICs[0].Groups[0].Name != "default" {
		t.Fatalf("the default group: %+v, %+v", d.rules[i.ID], i.NICs[0].Groups)
	}
	g, err := y.service.CreateSecurityGroup(ctx, y.caller, compute.GroupLabels{Name: "web"})
	y.must(err)
	if len(g.Rules) != 2 || g.Rules[0].Direction != compute.Egress {
		t.Errorf("a new group has %+v", g.Rules)
	}
	y.must(y.service.AddGroup(ctx, y.caller, i.ID, "web"))
	y.must(y.service.AddGroup(ctx, y.caller, i.ID, g.ID)) // again, by its id
	y.must(y.service.RemoveGroup(ctx, y.caller, i.ID, "default"))
	y.refused(y.service.RemoveGroup(ctx, y.caller, i.ID, "default"), fault.NotFound, "not associated with the instance")
	y.refused(y.service.AddGroup(ctx, y.caller, i.ID, "none"), fault.NotFound, "none")
	// The driver knows before any job has run.
	if d.admits(i.ID) {
		t.Error("the default group is gone and SSH comes in")
	}
	rule := compute.RuleRequest{GroupID: g.ID, Rule: compute.Rule{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "tcp", From: 22, To: 22}}
	made, err := y.service.CreateSecurityRules(ctx, y.caller, rule)
	y.must(err)
	if !d.admits(i.ID) {
		t.Error("the rule counts only later")
	}
	_, err = y.service.CreateSecurityRules(ctx, y.caller, compute.RuleRequest{GroupID: g.ID, Rule: compute.Rule{Direction: compute.Egress, EtherType: compute.IPv4, Protocol: "udp", From: 1, To: 2}}, rule)
	y.refused(err, fault.Exists, made[0].ID)
	if after, err := y.service.SecurityGroup(ctx, y.caller, g.ID); err != nil || len(after.Rules) != 3 || after.Revision != 2 {
		t.Errorf("all or none: %+v, %v", after, err)
	}
	y.refused(y.service.DeleteSecurityGroup(ctx, y.caller, g.ID), fault.Conflict, "in use")
	y.must(y.service.DeleteSecurityRule(ctx, y.caller, made[0].ID))
	if d.admits(i.ID) {
		t.Error("the rule is gone and SSH comes in")
	}
	// Jobs on record say the same again, whoever dies in between.
	clear(d.rules)
	y.do()
	if _, told := d.rules[i.ID]; !told || d.admits(i.ID) {
		t.Errorf("after the jobs: %+v", d.rules)
	}

	// Two of a name are told apart by id only.
	twin, err := y.service.CreateSecurityGroup(ctx, y.caller, compute.GroupLabels{Name: "web"})
	y.must(err)
	y.refused(y.service.AddGroup(ctx, y.caller, i.ID, "web"), fault.Conflict, "Multiple security_group matches")
	// A rule that lets a group in goes with that group.
	_, err = y.service.CreateSecurityRules(ctx, y.caller, compute.RuleRequest{GroupID: g.ID, Rule: compute.Rule{
		Direction: compute.Ingress, EtherType: compute.IPv4, From: compute.AnyPort, To: compute.AnyPort, RemoteGroupID: twin.ID}})
	y.must(err)
	y.must(y.service.DeleteSecurityGroup(ctx, y.caller, twin.ID))
	if got := len(d.rules[i.ID][0].Rules); got != 2 {
		t.Errorf("%d rules are left, want the two about what goes out", got)
	}
}

func TestGroupRefusals(t *testing.T) {
	y, _ := newWiredYard(t)
	ctx := t.Context()
	g, err := y.service.CreateSecurityGroup(ctx, y.caller, compute.GroupLabels{Name: "web"})
	y.must(err)
	byDefault := compute.DefaultGroupID("p")
	for text, r := range map[string]compute.Rule{
		"is not in ['ingress', 'egress']":           {Direction: "in", EtherType: compute.IPv4, From: -1, To: -1},
		"is not in ['IPv4', 'IPv6']":                {Direction: compute.Ingress, EtherType: "IPX", From: -1, To: -1},
		"protocol 256 not supported":                {Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "256", From: -1, To: -1},
		"Must also specify protocol":                {Direction: compute.Ingress, EtherType: compute.IPv4, From: 1, To: 2},
		"port_range_min must be <= port_range_max":  {Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "tcp", From: 3, To: 2},
		"Invalid value for port 0":                  {Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "udp", From: 0, To: 2},
		"only supported for TCP, UDP":               {Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "gre", From: 1, To: 2},
		"It must be 0 to 255":                       {Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "icmp", From: 300, To: -1},
		"ICMP type (port-range-min) is missing":     {Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "icmp", From: -1, To: 3},
		"Only remote_ip_prefix or remote_group_id":  {Direction: compute.Ingress, EtherType: compute.IPv4, From: -1, To: -1, Remote: netip.MustParsePrefix("10.0.0.0/8"), RemoteGroupID: g.ID},
		"Conflicting value ethertype IPv6 for CIDR": {Direction: compute.Ingress, EtherType: compute.IPv6, From: -1, To: -1, Remote: netip.MustParsePrefix("10.0.0.0/8")},
	} {
		_, err := y.service.CreateSecurityRules(ctx, y.caller, compute.RuleRequest{GroupID: g.ID, Rule: r})
		y.refused(err, fault.Invalid, text)
	}
	_, err = y.service.CreateSecurityGroup(ctx, y.caller, compute.GroupLabels{Name: "default"})
	y.refused(err, fault.Exists, "Default security group already exists")
	_, err = y.service.CreateSecurityGroup(ctx, y.caller, compute.GroupLabels{Name: "a\nb"})
	y.refused(err, fault.Invalid, "control characters")
	_, err = y.service.EditSecurityGroup(ctx, y.caller, byDefault, func(_ compute.SecurityGroup, l *compute.GroupLabels) error { l.Name = "x"; return nil })
	y.refused(err, fault.Conflict, "Updating default security group not allowed")
	y.refused(y.service.DeleteSecurityGroup(ctx, y.caller, byDefault), fault.Conflict, "Insufficient rights")
	// An administrator may, and it is made anew.
	admin := y.other("admins", identity.RoleAdmin)
	y.must(y.service.DeleteSecurityGroup(ctx, admin, byDefault))
	if all, err := y.service.SecurityGroups(ctx, y.caller); err != nil || len(all) != 2 {
		t.Errorf("groups %+v, %v", all, err)
	}
	// Others see nothing of it, readers change nothing.
	stranger := y.other("q")
	_, err = y.service.SecurityGroup(ctx, stranger, g.ID)
	y.refused(err, fault.NotFound, g.ID)
	y.refused(y.service.DeleteSecurityGroup(ctx, stranger, g.ID), fault.NotFound, g.ID)
	y.refused(y.service.DeleteSecurityRule(ctx, stranger, g.Rules[0].ID), fault.NotFound, "")
	reader := y.caller
	reader.Roles = []identity.Role{identity.RoleReader}
	_, err = y.service.CreateSecurityGroup(ctx, reader, compute.GroupLabels{Name: "x"})
	y.refused(err, fault.Forbidden, "")
	if all, err := y.service.SecurityGroups(ctx, stranger, "p"); err != nil || len(all) != 1 || all[0].ProjectID != "q" {
		t.Errorf("a stranger lists %+v, %v", all, err)
	}
	// The quota counts the default group and every rule.
	y.must(y.service.SetNetworkLimits(ctx, admin, "p", map[string]int{compute.QuotaSecurityGroups: 2, compute.QuotaSecurityRules: 8}))
	_, err = y.service.CreateSecurityGroup(ctx, y.caller, compute.GroupLabels{Name: "more"})
	y.refused(err, fault.Quota, "Requested 1, but already used 2 of 2")
	one := func(port int) compute.RuleRequest {
		return compute.RuleRequest{GroupID: g.ID, Rule: compute.Rule{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "tcp", From: port, To: port}}
	}
	_, err = y.service.CreateSecurityRules(ctx, y.caller, one(1))
	y.must(err)
	_, err = y.service.CreateSecurityRules(ctx, y.caller, one(2))
	y.refused(err, fault.Quota, "already used 8 of 8")
	y.refused(y.service.SetNetworkLimits(ctx, y.caller, "p", nil), fault.Forbidden, "")
	// A driver that enforces nothing promises nothing.
	plain := newYard(t)
	_, err = plain.service.CreateSecurityGroup(ctx, plain.caller, compute.GroupLabels{Name: "x"})
	y.refused(err, fault.Unsupported, "not enforced")
}

func TestNetworksOfProjects(t *testing.T) {
	y, _ := newWiredYard(t)
	ctx := t.Context()
	n := y.subnet("10.1.2.0/29")
	if got := n.Subnet.GivenOut(); len(got) != 1 || got[0].From.String() != "10.1.2.2" || got[0].To.String() != "10.1.2.6" {
		t.Errorf("given out: %v", got)
	}
	_, err := y.service.CreateSubnet(ctx, y.caller, compute.SubnetRequest{NetworkID: n.ID, Range: netip.MustParsePrefix("10.2.0.0/24")})
	y.refused(err, fault.Conflict, "has a subnet already")
	stranger := y.other("q")
	_, err = y.service.Network(ctx, stranger, n.ID)
	y.refused(err, fault.NotFound, n.ID)
	y.refused(y.service.DeleteNetwork(ctx, stranger, n.ID), fault.NotFound, n.ID)
	all, err := y.service.Networks(ctx, y.caller)
	y.must(err)
	for _, own := range all {
		if own.ProjectID == "" {
			y.refused(y.service.DeleteNetwork(ctx, y.caller, own.ID), fault.Forbidden, "")
			y.refused(y.service.DeleteNetwork(ctx, y.other("x", identity.RoleAdmin), own.ID), fault.Forbidden, "deployment's own")
		}
	}
	_, err = y.service.CreateNetwork(ctx, y.caller, compute.NetworkLabels{Name: "x", Shared: true})
	y.refused(err, fault.Forbidden, "")
	for field, l := range map[string]compute.SubnetLabels{
		"Gateway is not valid": {Gateway: netip.MustParseAddr("10.9.0.1")},
		"spans beyond":         {Pools: []compute.AddressPool{{From: netip.MustParseAddr("10.1.2.1"), To: netip.MustParseAddr("10.1.2.7")}}},
		"is not valid.":        {Pools: []compute.AddressPool{{From: netip.MustParseAddr("10.1.2.3"), To: netip.MustParseAddr("10.1.2.2")}}},
		"conflicts with":       {Gateway: netip.MustParseAddr("10.1.2.2"), Pools: []compute.AddressPool{{From: netip.MustParseAddr("10.1.2.1"), To: netip.MustParseAddr("10.1.2.3")}}},
		"Found overlapping":    {Pools: []compute.AddressPool{{From: netip.MustParseAddr("10.1.2.1"), To: netip.MustParseAddr("10.1.2.3")}, {From: netip.MustParseAddr("10.1.2.3"), To: netip.MustParseAddr("10.1.2.4")}}},
	} {
		_, err := y.service.EditSubnet(ctx, y.caller, n.Subnet.ID, func(_ compute.Subnet, to *compute.SubnetLabels) error { *to = l; return nil })
		y.refused(err, fault.Invalid, field)
	}

	// The five addresses that it has, in a server and in ports.
	i := y.boot(compute.CreateRequest{Networks: []compute.NICRequest{{NetworkID: n.ID, Addr: netip.MustParseAddr("10.1.2.4")}}})
	if got := i.NICs[0].Addr.String(); got != "10.1.2.4" {
		t.Errorf("the address is %s", got)
	}
	for _, c := range []struct {
		addr string
		kind fault.Kind
		text string
	}{{"10.1.2.4", fault.Conflict, "already allocated"}, {"10.1.2.1", fault.Conflict, "already allocated"}, {"10.1.2.7", fault.Invalid, "is not a valid IP"}, {"10.1.3.1", fault.Invalid, "is not a valid IP"}} {
		_, err := y.service.CreatePort(ctx, y.caller, compute.PortRequest{NetworkID: n.ID, Addr: netip.MustParseAddr(c.addr)})
		y.refused(err, c.kind, c.text)
	}
	var last compute.Port
	for range 4 {
		last, err = y.service.CreatePort(ctx, y.caller, compute.PortRequest{NetworkID: n.ID, PortLabels: compute.PortLabels{Filtered: true}})
		y.must(err)
	}
	_, err = y.service.CreatePort(ctx, y.caller, compute.PortRequest{NetworkID: n.ID})
	y.refused(err, fault.NoCapacity, "No more IP addresses")
	y.refused(y.service.DeleteSubnet(ctx, y.caller, n.Subnet.ID), fault.Conflict, "IP allocation")
	y.refused(y.service.DeleteNetwork(ctx, y.caller, n.ID), fault.Conflict, "ports still in use")
	y.must(y.service.DeletePort(ctx, y.caller, last.PortID))
	_, err = y.service.Port(ctx, y.caller, last.PortID)
	y.refused(err, fault.NotFound, last.PortID)

	limits, used, err := y.service.NetworkLimits(ctx, y.caller, "p")
	y.must(err)
	if limits[compute.QuotaPorts] != 500 || used[compute.QuotaPorts] != 3 || used[compute.QuotaNetworks] != 1 || used[compute.QuotaSubnets] != 1 {
		t.Errorf("limits %v, used %v", limits, used)
	}
	_, _, err = y.service.NetworkLimits(ctx, stranger, "p")
	y.refused(err, fault.Forbidden, "")
}

func TestPortsOfInstances(t *testing.T) {
	y, d := newWiredYard(t)
	ctx := t.Context()
	n := y.subnet("10.1.2.0/24")
	p, err := y.service.CreatePort(ctx, y.caller, compute.PortRequest{NetworkID: n.ID, PortLabels: compute.PortLabels{Name: "mine", Filtered: true}})
	y.must(err)
	i := y.boot(compute.CreateRequest{Networks: []compute.NICRequest{{PortID: p.PortID}, {}}})
	if len(i.NICs) != 2 || i.NICs[0].PortID != p.PortID || !i.NICs[0].Kept || i.NICs[1].Kept {
		t.Fatalf("NICs %+v", i.NICs)
	}
	if p, err = y.service.Port(ctx, y.caller, p.PortID); err != nil || p.InstanceID != i.ID || !p.Up || p.Name != "mine" {
		t.Errorf("port %+v, %v", p, err)
	}
	images, err := y.service.Images(ctx, y.caller)
	y.must(err)
	for text, c := range map[string]struct {
		kind fault.Kind
		nics []compute.NICRequest
	}{
		"is still in use": {fault.Conflict, []compute.NICRequest{{PortID: p.PortID}}},
		"nowhere":         {fault.NotFound, []compute.NICRequest{{NetworkID: "nowhere"}}},
		"no-port":         {fault.NotFound, []compute.NICRequest{{PortID: "no-port"}}},
		"not allowed to create an interface on external network": {fault.Forbidden, []compute.NICRequest{{NetworkID: y.pool()}}},
	} {
		_, err := y.service.Create(ctx, y.caller, compute.CreateRequest{Name: "x", FlavorID: "1", ImageID: images[0].ID, Networks: c.nics})
		y.refused(err, c.kind, text)
	}
	// A port that lives on its own is freed, one of the instance's goes.
	y.must(y.service.DetachNIC(ctx, y.caller, i.ID, p.PortID))
	if len(d.nics[i.ID]) != 1 || d.nics[i.ID][0].PortID != i.NICs[1].PortID {
		t.Errorf("the driver knows %+v", d.nics[i.ID])
	}
	y.refused(y.service.DetachNIC(ctx, y.caller, i.ID, p.PortID), fault.NotFound, p.PortID)
	y.must(y.service.DetachNIC(ctx, y.caller, i.ID, i.NICs[1].PortID))
	_, err = y.service.Port(ctx, y.caller, i.NICs[1].PortID)
	y.refused(err, fault.NotFound, "")
	nic, err := y.service.AttachNIC(ctx, y.caller, i.ID, compute.NICRequest{PortID: p.PortID})
	y.must(err)
	if nic.Addr != p.Addr || len(d.nics[i.ID]) != 1 {
		t.Errorf("attached %+v; the driver knows %+v", nic, d.nics[i.ID])
	}
	fresh, err := y.service.AttachNIC(ctx, y.caller, i.ID, compute.NICRequest{NetworkID: n.ID, Addr: netip.MustParseAddr("10.1.2.77")})
	y.must(err)
	if fresh.Addr.String() != "10.1.2.77" || len(fresh.Groups) != 1 {
		t.Errorf("attached %+v", fresh)
	}
	// What changes of a port reaches the driver.
	_, err = y.service.EditPort(ctx, y.caller, p.PortID, func(_ compute.Port, l *compute.PortLabels) (netip.Addr, error) {
		l.Groups, l.Down = []string{}, true
		return netip.MustParseAddr("10.1.2.99"), nil
	})
	y.must(err)
	if got := d.nics[i.ID][0]; got.Addr.String() != "10.1.2.99" || !got.Down || len(d.rules[i.ID][0].Rules) != 0 {
		t.Errorf("the driver knows %+v, %+v", got, d.rules[i.ID])
	}
	_, err = y.service.EditPort(ctx, y.caller, p.PortID, func(_ compute.Port, l *compute.PortLabels) (netip.Addr, error) {
		l.Filtered, l.Groups = false, []string{"default"}
		return netip.Addr{}, nil
	})
	y.refused(err, fault.Conflict, "Port security must be enabled")
	_, err = y.service.EditPort(ctx, y.other("q"), p.PortID, nil)
	y.refused(err, fault.NotFound, p.PortID)
	// Only in some states, and while nothing else is done.
	_, err = y.service.Act(ctx, y.caller, i.ID, compute.ActionStop)
	y.must(err)
	_, err = y.service.AttachNIC(ctx, y.caller, i.ID, compute.NICRequest{})
	y.refused(err, fault.Conflict, "Cannot 'attach_interface' instance "+i.ID+" while it is in task_state powering-off")
	y.do()
	y.must(y.service.DetachNIC(ctx, y.caller, i.ID, fresh.PortID))
	events, err := y.service.Events(ctx, y.caller, i.ID)
	y.must(err)
	if len(events) == 0 || events[0].Action != compute.ActionDetachNIC || events[0].FinishedAt.IsZero() {
		t.Errorf("events %+v", events)
	}
	// A lock keeps everybody but administrators from it.
	y.must(y.service.Lock(ctx, y.caller, i.ID, ""))
	y.refused(y.service.DetachNIC(ctx, y.other("p"), i.ID, p.PortID), fault.Conflict, "")
	y.must(y.service.Unlock(ctx, y.caller, i.ID))
	// The instance goes, the port stays.
	_, err = y.service.Act(ctx, y.caller, i.ID, compute.ActionDelete)
	y.must(err)
	y.do()
	if p, err := y.service.Port(ctx, y.caller, p.PortID); err != nil || p.InstanceID != "" {
		t.Errorf("after the instance: %+v, %v", p, err)
	}
}

// A driver that cannot be told is told again, and holds nothing else up for ever.
func TestWiringIsTriedAgain(t *testing.T) {
	y, d := newWiredYard(t)
	i := y.boot(compute.CreateRequest{})
	d.fail["wire"] = busy
	y.must(y.service.AddGroup(t.Context(), y.caller, i.ID, "default"))
	tries := 1
	for errors.Is(y.run(), busy) {
		if tries++; tries > 20 {
			t.Fatal("it is tried for ever")
		}
	}
	if tries < 3 {
		t.Errorf("it was tried %d times", tries)
	}
	delete(d.fail, "wire")
	if _, err := y.service.Act(t.Context(), y.caller, i.ID, compute.ActionReboot); err != nil {
		t.Fatal(err)
	}
	clear(d.rules)
	y.do()
	if !d.admits(i.ID) {
		t.Error("its next boot does not tell the driver")
	}
	// A boot whose wiring fails is no boot.
	d.fail["wire"] = fmt.Errorf("no more bridges")
	if _, err := y.service.Act(t.Context(), y.caller, i.ID, compute.ActionReboot); err != nil {
		t.Fatal(err)
	}
	y.do()
	y.want(i.ID, compute.Error, compute.Idle)
}
