package compute_test

import (
	"errors"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// TestAllOrNone makes two rules together, and then one together with something
// that fails: of the first two the driver hears once they are written, of the
// other nothing.
func TestAllOrNone(t *testing.T) {
	y, d := newWiredYard(t)
	ctx := t.Context()
	g, err := y.service.CreateSecurityGroup(ctx, y.caller, compute.GroupLabels{Name: "closed"})
	y.must(err)
	i := y.boot(compute.CreateRequest{Groups: []string{"closed"}})
	open := compute.RuleRequest{GroupID: g.ID, Rule: compute.Rule{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "tcp", From: 22, To: 22}}
	broken := errors.New("broken")

	err = y.service.AllOrNone(ctx, func(s *compute.Service) error {
		if _, err := s.CreateNetwork(ctx, y.caller, compute.NetworkLabels{Name: "lost"}); err != nil {
			return err
		}
		if _, err := s.CreateSecurityRules(ctx, y.caller, open); err != nil {
			return err
		}
		if d.admits(i.ID) {
			t.Error("the driver hears of a rule that is not written yet")
		}
		return broken
	})
	if !errors.Is(err, broken) || d.admits(i.ID) {
		t.Errorf("taken back: %v, and the rule holds: %v", err, d.admits(i.ID))
	}
	all, err := y.service.Networks(ctx, y.caller)
	y.must(err)
	for _, n := range all {
		if n.Name == "lost" {
			t.Error("a network stays")
		}
	}

	var n compute.Network
	y.must(y.service.AllOrNone(ctx, func(s *compute.Service) (err error) {
		if _, err = s.CreateSecurityRules(ctx, y.caller, open); err != nil {
			return err
		}
		n, err = s.CreateNetwork(ctx, y.caller, compute.NetworkLabels{Name: "kept"})
		return err
	}))
	if !d.admits(i.ID) {
		t.Error("the driver has not heard of the rule when it is written")
	}
	_, err = y.service.Network(ctx, y.caller, n.ID)
	y.must(err)
	y.refused(y.service.AllOrNone(ctx, func(s *compute.Service) error {
		_, err := s.CreateSecurityRules(ctx, y.caller, open)
		return err
	}), fault.Exists, "")
}
