package compute

import (
	"context"
	"hash/fnv"
	"slices"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// actionWire tells the driver of an instance's NICs, rules and floating
// addresses as they are by then. It changes no state, and nobody asks for it by
// name.
const actionWire Action = "wire"

// enqueueWiring puts a job on record for each instance whose driver has to hear
// of a change.
func (s *Service) enqueueWiring(ctx context.Context, tx Tx, instances []Placed) error {
	for _, p := range instances {
		if err := tx.EnqueueJob(ctx, s.jobFor(Instance{ID: p.ID, Node: p.Node}, actionWire)); err != nil {
			return err
		}
	}
	return nil
}

// mostAtOnce is how many instances hear of a change before the call that made
// it returns.
const mostAtOnce = 100

// rewire tells this node's driver at once what the jobs on record will tell
// it, in the order given: a rule that was taken away must not let in whoever
// comes right after. What fails here, and other nodes' instances, are the jobs'.
func (s *Service) rewire(ctx context.Context, instances []Placed) {
	if s.after != nil {
		s.after.touched = append(s.after.touched, instances...)
		return
	}
	for k, p := range instances {
		if p.Node == s.opt.Node && k < mostAtOnce {
			_ = s.wire(ctx, p.ID) // the job says what goes wrong, and tries again
		}
	}
	if len(instances) > 0 {
		s.opt.Wake()
	}
}

// wire makes the driver's idea of an instance's network that of the store. An
// instance that is gone, or not made yet, needs none.
func (s *Service) wire(ctx context.Context, id string) error {
	rules, filters := s.driver.(RuleSetter)
	forwards, floats := s.driver.(Forwarder)
	plugger, plugs := s.driver.(Plugger)
	if !filters && !floats && !plugs {
		return nil
	}
	// One at a time: what is read last is what the driver hears last.
	h := fnv.New32a()
	h.Write([]byte(id))
	turn := &s.wiring[h.Sum32()%uint32(len(s.wiring))]
	turn.Lock()
	defer turn.Unlock()
	var i Instance
	var sets []NICRules
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		if i, err = tx.Instance(ctx, id); err == nil && filters {
			sets, err = rulesOf(ctx, tx, i.NICs)
		}
		return err
	})
	if err == nil && plugs {
		err = plugger.SetNICs(ctx, id, i.NICs)
	}
	if err == nil && filters {
		err = rules.SetRules(ctx, id, sets)
	}
	if err == nil && floats {
		err = forwards.SetForwards(ctx, id, i.forwards())
	}
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// rulesOf sums up the rules of each NIC's groups.
func rulesOf(ctx context.Context, tx Tx, nics []NIC) ([]NICRules, error) {
	var out []NICRules
	groups := map[string][]SecurityRule{}
	for _, n := range nics {
		if !n.Filtered {
			continue
		}
		set := NICRules{PortID: n.PortID}
		for _, ref := range n.Groups {
			rules, known := groups[ref.ID]
			if !known {
				g, err := tx.SecurityGroup(ctx, ref.ID)
				if err != nil && !fault.Is(err, fault.NotFound) {
					return nil, err
				}
				rules = g.Rules
				groups[ref.ID] = rules
			}
			for _, r := range rules {
				if !slices.Contains(set.Rules, r.Rule) {
					set.Rules = append(set.Rules, r.Rule)
				}
			}
		}
		out = append(out, set)
	}
	return out, nil
}

func (i Instance) forwards() []Forward {
	var out []Forward
	for _, n := range i.NICs {
		if n.Floating.IsValid() && !n.Cut {
			out = append(out, Forward{Floating: n.Floating, Fixed: n.Addr})
		}
	}
	return out
}
