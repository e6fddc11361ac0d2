package compute_test

import (
	"errors"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestServerGroups(t *testing.T) {
	y, _ := newAbleYard(t)
	ctx := t.Context()
	group := func(p compute.Policy) compute.ServerGroup {
		t.Helper()
		g, err := y.service.CreateServerGroup(ctx, y.caller, compute.ServerGroup{Name: "g", Policy: p})
		y.must(err)
		return g
	}
	into := func(g compute.ServerGroup, n int) error {
		_, err := y.service.Create(ctx, y.caller, compute.CreateRequest{
			Name: "i", FlavorID: "1", ImageID: y.image(), GroupID: g.ID, Networks: []compute.NICRequest{}, MinCount: n, MaxCount: n,
		})
		return err
	}
	together, apart := group(compute.Affinity), group(compute.AntiAffinity)
	y.must(into(together, 3))
	y.must(into(apart, 1))
	refused(t, into(apart, 1), fault.NoCapacity)
	refused(t, into(compute.ServerGroup{ID: "nope"}, 1), fault.NotFound)
	var m *compute.TooMany
	if err := into(together, 8); !errors.As(err, &m) || m.Resource != compute.QuotaGroupMembers {
		t.Errorf("more members than the quota allows: %v", err)
	}
	got, err := y.service.ServerGroup(ctx, y.caller, together.ID)
	y.must(err)
	if len(got.Members) != 3 {
		t.Errorf("members: %v", got.Members)
	}
	y.do()
	_, err = y.service.Act(ctx, y.caller, got.Members[0], compute.ActionDelete)
	y.must(err)
	y.do()
	all, err := y.service.ServerGroups(ctx, y.caller, false)
	y.must(err)
	if len(all) != 2 || len(all[0].Members) != 2 || all[0].ID != together.ID {
		t.Errorf("groups: %+v", all)
	}
	other := y.caller
	other.Project.ID = "p2"
	_, err = y.service.ServerGroup(ctx, other, together.ID)
	refused(t, err, fault.NotFound)
	y.must(y.service.DeleteServerGroup(ctx, y.caller, together.ID))
	if left, err := y.service.Instance(ctx, y.caller, got.Members[1]); err != nil || left.GroupID != "" {
		t.Errorf("a member of a group that is gone: %q, %v", left.GroupID, err)
	}
	// Ten are allowed.
	for range 9 {
		group(compute.SoftAffinity)
	}
	_, err = y.service.CreateServerGroup(ctx, y.caller, compute.ServerGroup{Name: "g", Policy: compute.Affinity})
	if !errors.As(err, &m) || m.Resource != compute.QuotaGroups {
		t.Errorf("an eleventh group: %v", err)
	}
}
