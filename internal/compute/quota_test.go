package compute_test

import (
	"errors"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func TestQuotasAreSet(t *testing.T) {
	y, _ := newAbleYard(t)
	ctx := t.Context()
	y.create()
	set := func(c identity.Caller, name string, n int, force bool) error {
		return y.service.SetQuotas(ctx, c, compute.Holder{ProjectID: "p"}, map[string]int{name: n}, force)
	}
	refused(t, set(y.caller, compute.QuotaInstances, 5, false), fault.Forbidden)
	var used *compute.OutOfBounds
	if err := set(y.root(), compute.QuotaInstances, 0, false); !errors.As(err, &used) ||
		used.Error() != "Quota limit 0 for instances must be greater than or equal to already used and reserved 1." {
		t.Errorf("less than is used: %v", err)
	}
	y.must(set(y.root(), compute.QuotaInstances, 0, true))
	_, err := y.service.Create(ctx, y.caller, compute.CreateRequest{Name: "i", FlavorID: "1", ImageID: y.image()})
	refused(t, err, fault.Quota)
	y.must(set(y.root(), compute.QuotaMetadata, 1, false))
	_, err = y.service.Create(ctx, y.caller, compute.CreateRequest{Name: "i", FlavorID: "1", ImageID: y.image(), Metadata: map[string]string{"a": "", "b": ""}})
	var m *compute.TooMany
	if !errors.As(err, &m) || m.Limit != 1 {
		t.Errorf("two entries where one is allowed: %v", err)
	}
	y.must(y.service.ClearQuotas(ctx, y.root(), compute.Holder{ProjectID: "p"}, []string{compute.QuotaInstances, compute.QuotaMetadata}))
	y.create()
}

// TestUserQuotas: what one user in a project may have bounds that user alone,
// beside what bounds the project.
func TestUserQuotas(t *testing.T) {
	y, _ := newAbleYard(t)
	ctx := t.Context()
	project, user := compute.Holder{ProjectID: "p"}, compute.Holder{ProjectID: "p", UserID: y.caller.User.ID}
	set := func(of compute.Holder, name string, n int) error {
		t.Helper()
		return y.service.SetQuotas(ctx, y.root(), of, map[string]int{name: n}, false)
	}
	make := func(c identity.Caller, flavor string, least, most int) (int, error) {
		made, err := y.service.Create(ctx, c, compute.CreateRequest{Name: "i", FlavorID: flavor, ImageID: y.image(), MinCount: least, MaxCount: most})
		return len(made), err
	}
	over := func(err error, want string) {
		t.Helper()
		var q *compute.QuotaExceeded
		if !errors.As(err, &q) || q.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	colleague := y.caller
	colleague.User.ID = "colleague"

	y.must(set(project, compute.QuotaInstances, 5))
	y.must(set(user, compute.QuotaInstances, 2))
	y.must(set(user, compute.QuotaRAM, 2000))
	if n, err := make(colleague, "1", 1, 1); err != nil || n != 1 {
		t.Errorf("a colleague makes %d, %v", n, err)
	}
	_, err := make(y.caller, "3", 1, 1)
	over(err, "Quota exceeded for ram: Requested 4096, but already used 0 of 2000 ram")
	if n, err := make(y.caller, "1", 1, 4); err != nil || n != 2 {
		t.Errorf("of four, %d were made, %v", n, err)
	}
	_, err = make(y.caller, "1", 1, 1)
	over(err, "Quota exceeded for instances: Requested 1, but already used 2 of 2 instances")
	if n, err := make(colleague, "1", 2, 2); err != nil || n != 2 {
		t.Errorf("a colleague makes %d more, %v", n, err)
	}
	_, err = make(colleague, "1", 1, 1)
	over(err, "Quota exceeded for instances: Requested 1, but already used 5 of 5 instances")

	limits, used, err := y.service.Quotas(ctx, y.caller, user)
	y.must(err)
	if limits[compute.QuotaInstances] != 2 || used[compute.QuotaInstances] != 2 || limits[compute.QuotaRAM] != 2000 ||
		limits[compute.QuotaMetadata] != 128 || used[compute.QuotaCores] == 0 {
		t.Errorf("the user has %v of %v", used, limits)
	}
	// Who resizes does not matter, but whose the instance is.
	y.do()
	mine, err := y.service.Instances(ctx, y.caller, compute.ListRequest{Limit: -1, Match: func(i compute.Instance) bool { return i.UserID == y.caller.User.ID }})
	y.must(err)
	_, err = y.service.Resize(ctx, colleague, mine[0].ID, compute.ResizeRequest{FlavorID: "2"})
	over(err, "Quota exceeded for ram: Requested 1536, but already used 1024 of 2000 ram")

	// Metadata and server groups are bounded too.
	y.must(set(user, compute.QuotaMetadata, 1))
	_, err = y.service.Edit(ctx, y.caller, mine[0].ID, func(l *compute.Labels) error {
		l.Metadata = map[string]string{"a": "", "b": ""}
		return nil
	})
	refused(t, err, fault.Quota)
	y.must(set(user, compute.QuotaGroups, 0))
	_, err = y.service.CreateServerGroup(ctx, y.caller, compute.ServerGroup{Name: "g", Policy: compute.Affinity})
	refused(t, err, fault.Quota)
	g, err := y.service.CreateServerGroup(ctx, colleague, compute.ServerGroup{Name: "g", Policy: compute.Affinity})
	y.must(err)
	y.must(set(project, compute.QuotaInstances, -1))
	y.must(set(user, compute.QuotaInstances, -1))
	y.must(set(user, compute.QuotaGroupMembers, 1))
	join := func(c identity.Caller) error {
		_, err := y.service.Create(ctx, c, compute.CreateRequest{Name: "i", FlavorID: "1", ImageID: y.image(), GroupID: g.ID})
		return err
	}
	y.must(join(colleague))
	y.must(join(y.caller))
	refused(t, join(y.caller), fault.Quota)
	y.must(join(colleague))

	y.must(y.service.ClearQuotas(ctx, y.root(), project, []string{compute.QuotaInstances, compute.QuotaRAM}))
	if n, err := make(y.caller, "1", 1, 1); err != nil || n != 1 {
		t.Errorf("without limits %d are made, %v", n, err)
	}
	refused(t, y.service.SetQuotas(ctx, y.caller, user, map[string]int{compute.QuotaRAM: 1}, true), fault.Forbidden)
	refused(t, y.service.ClearQuotas(ctx, y.caller, user, []string{compute.QuotaRAM}), fault.Forbidden)
}

// TestQuotaBounds: users' limits are parts of the project's, as in Nova.
func TestQuotaBounds(t *testing.T) {
	y, _ := newAbleYard(t)
	y.create()
	y.create()
	project := compute.Holder{ProjectID: "p"}
	me, other := compute.Holder{ProjectID: "p", UserID: y.caller.User.ID}, compute.Holder{ProjectID: "p", UserID: "other"}
	for _, x := range []struct {
		of    compute.Holder
		name  string
		n     int
		force bool
		want  string // of the refusal
	}{
		{project, compute.QuotaInstances, 1, false, "Quota limit 1 for instances must be greater than or equal to already used and reserved 2."},
		{project, compute.QuotaInstances, 10, false, ""},
		{me, compute.QuotaInstances, 11, false, "Quota limit 11 for instances must be less than or equal to 10."},
		{me, compute.QuotaInstances, -1, false, "Quota limit -1 for instances must be less than or equal to 10."},
		{me, compute.QuotaInstances, 1, false, "Quota limit 1 for instances must be greater than or equal to already used and reserved 2."},
		{other, compute.QuotaInstances, 0, false, ""},
		{other, compute.QuotaInstances, 6, false, ""},
		{me, compute.QuotaInstances, 5, false, "Quota limit 5 for instances must be less than or equal to 4."},
		{me, compute.QuotaInstances, 4, false, ""},
		{other, compute.QuotaInstances, 7, false, "Quota limit 7 for instances must be less than or equal to 6."},
		{other, compute.QuotaInstances, 5, false, ""},
		{project, compute.QuotaInstances, 8, false, "Quota limit 8 for instances must be greater than or equal to already used and reserved 9."},
		{project, compute.QuotaInstances, 9, false, ""},
		{project, compute.QuotaInstances, -1, false, ""},
		{me, compute.QuotaInstances, -1, false, ""}, // of a project without limit
		{project, compute.QuotaInstances, 3, false, ""},
		{project, compute.QuotaInstances, 1, true, ""},
		{other, compute.QuotaInstances, 100, true, ""},
		// What is not counted, or not here, is bounded by the project's alone.
		{other, "key_pairs", 101, false, "Quota limit 101 for key_pairs must be less than or equal to 100."},
		{other, "key_pairs", 100, false, ""},
		{me, compute.QuotaMetadata, 129, false, "Quota limit 129 for metadata_items must be less than or equal to 128."},
		{me, "fixed_ips", 1000, false, ""},
	} {
		err := y.service.SetQuotas(t.Context(), y.root(), x.of, map[string]int{x.name: x.n}, x.force)
		var bounds *compute.OutOfBounds
		switch {
		case x.want == "" && err != nil, x.want != "" && (!errors.As(err, &bounds) || bounds.Error() != x.want):
			t.Errorf("%+v %s %d: %v, want %q", x.of, x.name, x.n, err, x.want)
		}
	}
}
