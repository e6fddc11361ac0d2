package compute

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// NICRequest is where an instance gets an address: from a network, or with a
// port that is there.
type NICRequest struct {
	NetworkID string     // empty: the default network
	Addr      netip.Addr // of that network; not valid: any
	PortID    string     // then the others are not looked at
}

// plan is a NIC to be made: the port that there is, or where one is to be.
type plan struct {
	port    *Port
	network Network
	addr    netip.Addr
}

// plans looks up what NICs are asked for. nil asks for the default network.
// Faults: Invalid (networks: too many; a port without an address; a network
// without addresses), NotFound (network, port), Forbidden (external), Conflict
// (the port is in use).
func (s *Service) plans(ctx context.Context, tx Tx, c identity.Caller, reqs []NICRequest) ([]plan, error) {
	if reqs == nil {
		reqs = []NICRequest{{}}
	}
	if len(reqs) > maxNICs {
		return nil, fault.Invalidf("networks", "an instance has at most %d networks", maxNICs)
	}
	var out []plan
	for k, req := range reqs {
		p := plan{addr: req.Addr}
		if req.PortID != "" {
			port, err := lockedPort(ctx, tx, c, req.PortID)
			if err != nil {
				return nil, err
			}
			again := slices.ContainsFunc(reqs[:k], func(o NICRequest) bool { return o.PortID == req.PortID })
			if port.InstanceID != "" || port.DeviceID != "" || again {
				return nil, &fault.Error{Kind: fault.Conflict, Resource: "port", Name: req.PortID, Msg: "Port " + req.PortID + " is still in use."}
			}
			if !port.Addr.IsValid() {
				return nil, fault.Invalidf("networks", "Port %s requires a FixedIP in order to be used.", req.PortID)
			}
			p.port, req.NetworkID = &port, port.NetworkID
		}
		if req.NetworkID == "" {
			req.NetworkID = seedID("network", defaultNetwork)
		}
		var err error
		if p.network, err = visibleNetwork(ctx, tx, c, req.NetworkID); err != nil {
			return nil, err
		}
		if p.network.External {
			return nil, &fault.Error{Kind: fault.Forbidden, Resource: "network", Name: p.network.ID,
				Msg: "It is not allowed to create an interface on external network " + p.network.ID}
		}
		if p.network.Subnet == nil {
			return nil, fault.Invalidf("networks", "Network %s requires a subnet in order to boot instances on.", p.network.ID)
		}
		out = append(out, p)
	}
	return out, nil
}

// nics makes the NICs of one instance. New ports are in the groups; ports that
// are there keep theirs.
func (s *Service) nics(ctx context.Context, tx Tx, plans []plan, groups []GroupRef, taken map[netip.Addr]bool) ([]NIC, error) {
	var out []NIC
	for _, p := range plans {
		if p.port != nil {
			out = append(out, p.port.NIC)
			continue
		}
		n := NIC{
			PortID: s.opt.NewID(), NetworkID: p.network.ID, Network: p.network.Name, MAC: s.opt.NewMAC(),
			Filtered: !p.network.Unfiltered,
		}
		if n.Filtered {
			n.Groups = groups
		}
		var err error
		if n.Addr, n.Prefix, err = s.give(ctx, tx, p.network, p.addr, taken); err != nil {
			return nil, err
		}
		taken[n.Addr] = true
		out = append(out, n)
	}
	return out, nil
}

// What is done to an instance's NICs has Nova's names for it.
const (
	ActionAttachNIC Action = "attach_interface"
	ActionDetachNIC Action = "detach_interface"
)

// pluggable are the states in which NICs come and go, as Nova's guards have them.
var pluggable = []VMState{Active, Paused, Stopped}

// AttachNIC gives an instance one more NIC, at once where it runs. Faults:
// NotFound (instance, network, port), Forbidden, Conflict (a [Locked] or [WrongState]; the
// port is in use; the address is taken), Invalid, NoCapacity, Unsupported.
func (s *Service) AttachNIC(ctx context.Context, c identity.Caller, instanceID string, req NICRequest) (NIC, error) {
	var nic NIC
	err := s.changeNICs(ctx, c, instanceID, ActionAttachNIC, func(tx Tx, i Instance) (string, error) {
		if len(i.NICs) >= maxNICs {
			return "", fault.Invalidf("networks", "an instance has at most %d networks", maxNICs)
		}
		plans, err := s.plans(ctx, tx, c, []NICRequest{req})
		if err != nil {
			return "", err
		}
		p := Port{ProjectID: i.ProjectID, CreatedAt: s.now(), UpdatedAt: s.now(), Revision: 1}
		if plans[0].port != nil {
			p = *plans[0].port
			p.InstanceID, p.UpdatedAt, p.Revision = i.ID, s.now(), p.Revision+1
			nic = p.NIC
			return p.PortID, tx.UpdatePort(ctx, p)
		}
		if err := s.lockGroups(ctx, tx, i.ProjectID); err != nil {
			return "", err
		}
		groups, err := findGroups(ctx, tx, i.ProjectID, nil)
		if err != nil {
			return "", err
		}
		nics, err := s.nics(ctx, tx, plans, groups, map[netip.Addr]bool{})
		if err != nil {
			return "", err
		}
		p.NIC, p.InstanceID = nics[0], i.ID
		nic = p.NIC
		return p.PortID, tx.InsertPort(ctx, p)
	})
	return nic, err
}

// DetachNIC takes a NIC away from an instance, at once where it runs: its port
// goes, or waits for another where it lives on its own. Faults: NotFound
// (instance; port: the instance does not have it), Forbidden, Conflict with a
// [Locked] or [WrongState], Unsupported.
func (s *Service) DetachNIC(ctx context.Context, c identity.Caller, instanceID, portID string) error {
	return s.changeNICs(ctx, c, instanceID, ActionDetachNIC, func(tx Tx, i Instance) (string, error) {
		if !slices.ContainsFunc(i.NICs, func(n NIC) bool { return n.PortID == portID }) {
			return "", fault.Missing("port", portID)
		}
		p, err := tx.Port(ctx, portID)
		if err != nil {
			return "", err
		}
		if !p.Kept {
			return portID, tx.DeletePort(ctx, portID)
		}
		p.InstanceID, p.UpdatedAt, p.Revision = "", s.now(), p.Revision+1
		return portID, tx.UpdatePort(ctx, p)
	})
}

// changeNICs changes the NICs of an instance whose state allows it.
func (s *Service) changeNICs(ctx context.Context, c identity.Caller, instanceID string, a Action, change func(Tx, Instance) (portID string, err error)) error {
	if err := mayChange(c); err != nil {
		return err
	}
	if _, ok := s.driver.(Plugger); !ok {
		return &fault.Error{Kind: fault.Unsupported, Resource: "instance", Name: instanceID, Msg: "network interfaces cannot be changed here: the driver cannot"}
	}
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		i, err := lockedInstance(ctx, tx, c, instanceID)
		if err != nil {
			return err
		}
		if err := i.unlocked(c); err != nil {
			return err
		}
		if err := i.State.allow(i.ID, string(a), pluggable); err != nil {
			return err
		}
		portID, err := change(tx, i)
		if err != nil {
			return err
		}
		if touched, err = s.wiringOf(ctx, tx, i.ID); err != nil {
			return err
		}
		e := s.event(c, i, s.opt.NewID(), a)
		e.FinishedAt = e.StartedAt
		if err := tx.InsertEvent(ctx, e); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.audit(c, audit.Update, i, string(a)+" "+portID))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return err
}

// allow refuses with a [WrongState] what may be done only in some states and
// while nothing else is.
func (s State) allow(id, verb string, states []VMState) error {
	w := &WrongState{Verb: verb, ID: id}
	switch {
	case !slices.Contains(states, s.VM):
		w.Attr, w.Value = "vm_state", string(s.VM)
	case s.Task != Idle:
		w.Attr, w.Value = "task_state", string(s.Task)
	default:
		return nil
	}
	return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: id, Msg: w.Error(), Err: w}
}

// AddGroup puts all filtered NICs of an instance into a security group of its
// project, by name or id; where they are already, nothing changes. Faults:
// NotFound (instance, security group), Forbidden, Conflict (a name that means
// several; an instance whose NICs are all open; a [Locked]), Unsupported.
func (s *Service) AddGroup(ctx context.Context, c identity.Caller, instanceID, group string) error {
	return s.regroup(ctx, c, instanceID, group, func(p *Port, g GroupRef) bool {
		if slices.Contains(p.Groups, g) {
			return true
		}
		p.Groups = append(p.Groups, g)
		slices.SortFunc(p.Groups, GroupRef.compare)
		return true
	})
}

// RemoveGroup takes an instance's NICs out of a security group. Faults: as
// [Service.AddGroup]; NotFound also for a group that none of them is in.
func (s *Service) RemoveGroup(ctx context.Context, c identity.Caller, instanceID, group string) error {
	return s.regroup(ctx, c, instanceID, group, func(p *Port, g GroupRef) bool {
		k := slices.Index(p.Groups, g)
		if k < 0 {
			return false
		}
		p.Groups = slices.Delete(p.Groups, k, k+1)
		return true
	})
}

func (s *Service) regroup(ctx context.Context, c identity.Caller, instanceID, group string, change func(*Port, GroupRef) (found bool)) error {
	if err := s.mayFilter(c); err != nil {
		return err
	}
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		i, err := lockedInstance(ctx, tx, c, instanceID)
		if err != nil {
			return err
		}
		if err := i.unlocked(c); err != nil {
			return err
		}
		if err := s.lockGroups(ctx, tx, i.ProjectID); err != nil {
			return err
		}
		refs, err := findGroups(ctx, tx, i.ProjectID, []string{group})
		if err != nil {
			return err
		}
		found, filtered := false, false
		for _, n := range i.NICs {
			if !n.Filtered {
				continue
			}
			filtered = true
			p, err := tx.Port(ctx, n.PortID)
			if err != nil {
				return err
			}
			if !change(&p, refs[0]) {
				continue
			}
			found = true
			p.UpdatedAt, p.Revision = s.now(), p.Revision+1
			if err := tx.UpdatePort(ctx, p); err != nil {
				return err
			}
		}
		switch {
		case !filtered:
			return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: i.ID, Msg: "The instance has no network interface that security groups decide about."}
		case !found:
			return &fault.Error{Kind: fault.NotFound, Msg: fmt.Sprintf("Security group %s not associated with the instance %s", group, i.ID)}
		}
		if touched, err = s.wiringOf(ctx, tx, i.ID); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.audit(c, audit.Update, i, "security group "+refs[0].ID))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return err
}
