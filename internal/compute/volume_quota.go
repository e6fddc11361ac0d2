package compute

import (
	"context"
	"fmt"
	"maps"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// The names of the resources of volumes in quotas, as Cinder has them.
const (
	QuotaVolumes   = "volumes"
	QuotaSnapshots = "snapshots"
	QuotaGigabytes = "gigabytes"            // GiB of all volumes and snapshots together
	QuotaPerVolume = "per_volume_gigabytes" // GiB of one volume
)

// standardVolumeLimits are what a project may have of the resources that [Options] has
// no field for, where nothing else is set. There are no backups and groups of
// volumes: what is set for them is kept and shown.
var standardVolumeLimits = map[string]int{QuotaPerVolume: -1, "backups": 0, "backup_gigabytes": 0, "groups": 0}

// VolumeQuotas returns what a project may have of volumes, negative for no
// limit, and what it has: the caller's, or any for administrators. Without a
// project it returns what one has where nothing else is set. Faults: Forbidden.
func (s *Service) VolumeQuotas(ctx context.Context, c identity.Caller, projectID string) (limits, used map[string]int, err error) {
	if projectID != "" && projectID != c.ProjectID() && !c.Admin() {
		return nil, nil, othersLimits(projectID)
	}
	err = s.store.Read(ctx, func(tx Tx) error {
		if limits, err = s.volumeLimits(ctx, tx, projectID); err != nil {
			return err
		}
		var has VolumeUsage
		if projectID != "" {
			has, err = tx.VolumeUsage(ctx, projectID)
		}
		used = has.byName()
		return err
	})
	return limits, used, err
}

func (u VolumeUsage) byName() map[string]int {
	return map[string]int{QuotaVolumes: u.Volumes, QuotaSnapshots: u.Snapshots, QuotaGigabytes: u.GiB}
}

func (s *Service) volumeLimits(ctx context.Context, tx Tx, projectID string) (map[string]int, error) {
	limits := s.opt.VolumeQuota.byName()
	maps.Copy(limits, standardVolumeLimits)
	for name := range limits {
		if n, ok, err := tx.Quota(ctx, projectID, name); err != nil {
			return nil, err
		} else if ok {
			limits[name] = n
		}
	}
	return limits, nil
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
	usage, err := tx.VolumeUsage(ctx, projectID)
	if err != nil {
		return err
	}
	used, wanted := usage.byName(), more.byName()
	for _, name := range []string{QuotaGigabytes, QuotaVolumes, QuotaSnapshots} {
		if limit, n := limits[name], wanted[name]; limit >= 0 && n > 0 && n > limit-used[name] {
			q := &QuotaExceeded{Resource: name, Requested: n, Used: used[name], Limit: limit}
			return &fault.Error{Kind: fault.Quota, Resource: "volume", Msg: q.Error(), Err: q}
		}
	}
	return nil
}

// fitsOne refuses a volume that is larger than one of the project's may be.
// Faults: Quota with a [QuotaExceeded].
func (s *Service) fitsOne(ctx context.Context, tx Tx, projectID string, sizeGiB int) error {
	limits, err := s.volumeLimits(ctx, tx, projectID)
	if err != nil {
		return err
	}
	if limit := limits[QuotaPerVolume]; limit >= 0 && sizeGiB > limit {
		q := &QuotaExceeded{Resource: QuotaPerVolume, Requested: sizeGiB, Limit: limit}
		return &fault.Error{Kind: fault.Quota, Resource: "volume", Err: q,
			Msg: fmt.Sprintf("Requested volume size %dG is larger than maximum allowed limit %dG.", sizeGiB, limit)}
	}
	return nil
}
