package compute

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// The names of the resources of volumes in quotas, as Cinder has them.
const (
	QuotaVolumes   = "volumes"
	QuotaGigabytes = "gigabytes" // GiB of all volumes together
)

// VolumeLimitsOf returns how many volumes and GiB a project may have and has:
// the caller's, or any for administrators. Without a project it returns what
// one has where nothing else is set. Faults: Forbidden.
func (s *Service) VolumeLimitsOf(ctx context.Context, c identity.Caller, projectID string) (limits, used VolumeUsage, err error) {
	if projectID != "" && projectID != c.ProjectID() && !c.Admin() {
		return limits, used, &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: projectID, Msg: "only administrators see another project's limits"}
	}
	err = s.store.Read(ctx, func(tx Tx) error {
		if limits, err = s.volumeLimits(ctx, tx, projectID); err != nil || projectID == "" {
			return err
		}
		used, err = tx.VolumeUsage(ctx, projectID)
		return err
	})
	return limits, used, err
}

func (s *Service) volumeLimits(ctx context.Context, tx Tx, projectID string) (VolumeUsage, error) {
	u := s.opt.VolumeQuota
	for _, r := range []struct {
		name  string
		limit *int
	}{{QuotaVolumes, &u.Volumes}, {QuotaGigabytes, &u.GiB}} {
		if n, ok, err := tx.Quota(ctx, projectID, r.name); err != nil {
			return u, err
		} else if ok {
			*r.limit = n
		}
	}
	return u, nil
}

// reserveVolumes refuses what the project has no room for, and keeps others
// from taking the same room until the transaction ends. Faults: Quota with a
// [QuotaExceeded].
func (s *Service) reserveVolumes(ctx context.Context, tx Tx, projectID string, more VolumeUsage) error {
	if err := tx.Lock(ctx, "volumes of "+projectID); err != nil {
		return err
	}
	limits, err := s.volumeLimits(ctx, tx, projectID)
	if err != nil {
		return err
	}
	used, err := tx.VolumeUsage(ctx, projectID)
	if err != nil {
		return err
	}
	for _, r := range []struct {
		name              string
		limit, used, more int
	}{
		{QuotaGigabytes, limits.GiB, used.GiB, more.GiB},
		{QuotaVolumes, limits.Volumes, used.Volumes, more.Volumes},
	} {
		if r.limit >= 0 && r.more > 0 && r.more > r.limit-r.used {
			q := &QuotaExceeded{Resource: r.name, Requested: r.more, Used: r.used, Limit: r.limit}
			return &fault.Error{Kind: fault.Quota, Resource: "volume", Msg: q.Error(), Err: q}
		}
	}
	return nil
}
