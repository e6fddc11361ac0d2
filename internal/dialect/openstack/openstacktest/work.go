package openstacktest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

// InProject is a user with a role, and those that it implies, in a project of
// the region "one".
func InProject(userID, projectID string, role identity.Role) identity.Caller {
	roles := role.Implied()
	slices.Reverse(roles)
	return identity.Caller{
		User: identity.User{ID: userID}, Region: "one", Project: identity.Project{ID: projectID},
		Scope: identity.Scope{Kind: identity.ProjectScope, ID: projectID}, Roles: roles,
	}
}

// Volumes is the part of a driver that is about volumes, with nothing to do.
type Volumes struct{}

var _ compute.VolumeSnapshotter = Volumes{}

// PutVolume succeeds.
func (Volumes) PutVolume(context.Context, compute.VolumeSpec) error { return nil }

// DeleteVolume succeeds.
func (Volumes) DeleteVolume(context.Context, string) error { return nil }

// Attach succeeds, where it was asked to.
func (Volumes) Attach(_ context.Context, _ string, v compute.PluggedVolume) (string, error) {
	return v.Device, nil
}

// Detach succeeds.
func (Volumes) Detach(context.Context, string, string) error { return nil }

// SnapshotVolume succeeds.
func (Volumes) SnapshotVolume(context.Context, string, string) error { return nil }

// DeleteVolumeSnapshot succeeds.
func (Volumes) DeleteVolumeSnapshot(context.Context, string) error { return nil }

// Work does all jobs that are due at a time on the node "node-1". None may fail.
func Work(t testing.TB, db *store.DB, s *compute.Service, at time.Time) {
	t.Helper()
	for {
		j, ok, err := db.ClaimJob(t.Context(), "node-1", "test", at, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		run := s.RunJob
		switch j.Kind {
		case compute.ImageJobKind:
			run = s.RunImageJob
		case compute.VolumeJobKind:
			run = s.RunVolumeJob
		case compute.VolumeSnapshotJobKind:
			run = s.RunVolumeSnapshotJob
		}
		if err := errors.Join(run(t.Context(), j), db.FinishJob(t.Context(), j.ID, "test")); err != nil {
			t.Fatal(err)
		}
	}
}
