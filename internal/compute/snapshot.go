package compute

import (
	"context"
	"maps"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/job"
)

// ImageJobKind is the kind of the jobs that [Service.RunImageJob] does.
const ImageJobKind = "image"

// SnapshotRequest is the wish for an image of an instance's disk.
type SnapshotRequest struct {
	Name       string
	Properties map[string]string // written on the image
	// Still takes one of a stopped instance only.
	Still bool
}

// Snapshot makes an image of an instance's disk, as it is when the copy is
// made; the machine goes on. The image is its project's own. It is there at
// once and can be used when it is no longer [Image.Saving]; when the copy
// fails, it goes again. Faults: Forbidden (a reader), NotFound, Conflict with a
// [WrongState], Quota with a [TooMany] (properties), Unsupported.
func (s *Service) Snapshot(ctx context.Context, c identity.Caller, id string, req SnapshotRequest) (Image, error) {
	if _, ok := s.driver.(Snapshotter); !ok {
		return Image{}, s.cannot("make images of")
	}
	var image Image
	_, err := s.ask(ctx, c, id, ActionSnapshot, func(tx Tx, i *Instance) error {
		if req.Still && i.State.VM != Stopped {
			return wrongState(ActionSnapshot, i.ID, "vm_state", string(i.State.VM))
		}
		if err := s.checkMetadata(ctx, tx, i.holder(), req.Properties); err != nil {
			return err
		}
		image = i.image(s.opt.NewID(), req)
		if len(image.Properties) > 2*MaxImageProperties || propertyBytes(image.Properties) > 2*MaxPropertyBytes {
			// What it has of its image would grow with each image of an instance of an image.
			return tooMany(QuotaMetadata, 2*MaxImageProperties-len(i.Image.Properties))
		}
		image.CreatedAt, image.UpdatedAt = s.now(), s.now()
		i.SavingImageID = image.ID
		if err := tx.InsertImage(ctx, image); err != nil {
			return err
		}
		e := c.Audit(audit.Create, "image", image.ID)
		e.At, e.OwnerID, e.Detail = s.now(), image.ProjectID, image.Name
		return tx.AppendAudit(ctx, e)
	})
	return image, err
}

// image is the image that a snapshot of the instance becomes.
func (i Instance) image(id string, req SnapshotRequest) Image {
	out := i.Image // what the guest is stays
	out.ID, out.Name, out.Public, out.ProjectID = id, req.Name, false, i.ProjectID
	out.Saving, out.Node, out.InstanceID, out.SizeBytes = true, i.Node, i.ID, 0
	out.Protected, out.Hidden, out.Deactivated, out.Tags = false, false, false, nil
	out.MinDiskGiB = max(out.MinDiskGiB, i.RootGiB())
	out.Properties = maps.Clone(i.Image.Properties)
	if out.Properties == nil {
		out.Properties = map[string]string{}
	}
	base := i.Image.ID
	if from := i.Image.Properties["base_image_ref"]; from != "" {
		base = from
	}
	maps.Copy(out.Properties, map[string]string{
		"image_type": "snapshot", "base_image_ref": base, "instance_uuid": i.ID, "user_id": i.UserID,
	})
	maps.Copy(out.Properties, req.Properties)
	return out
}

// snapshot has the driver copy the disk.
func (s *Service) snapshot(ctx context.Context, i Instance) error {
	driver, ok := s.driver.(Snapshotter)
	if !ok {
		return s.cannot("make images of")
	}
	var image Image
	err := s.store.Read(ctx, func(tx Tx) (err error) { image, err = tx.Image(ctx, i.SavingImageID); return err })
	if fault.Is(err, fault.NotFound) {
		// It was deleted meanwhile, and a former attempt may have left its files.
		return driver.DeleteImage(ctx, i.SavingImageID)
	}
	if err != nil {
		return err
	}
	size, err := driver.Snapshot(ctx, i.ID, image)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		image.SizeBytes = size
		err := tx.UpdateImage(ctx, image)
		if fault.Is(err, fault.NotFound) {
			return s.discard(ctx, tx, image)
		}
		return err
	})
}

// afterSnapshot makes the image that an instance was making usable, or takes it
// away where that failed.
func (s *Service) afterSnapshot(ctx context.Context, tx Tx, instanceID string, failed bool) error {
	i, err := tx.Instance(ctx, instanceID)
	if err != nil || i.SavingImageID == "" {
		return err
	}
	image, err := tx.Image(ctx, i.SavingImageID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !image.Saving {
		return nil
	}
	if failed {
		if err := tx.DeleteImage(ctx, image.ID); err != nil {
			return err
		}
		return s.discard(ctx, tx, image)
	}
	image.Saving, image.UpdatedAt = false, s.now()
	return tx.UpdateImage(ctx, image)
}

// discard has the node that has an image's files remove them.
func (s *Service) discard(ctx context.Context, tx Tx, i Image) error {
	if i.Node == "" {
		return nil
	}
	now := s.now()
	return tx.EnqueueJob(ctx, job.Job{
		ID: s.opt.NewID(), Kind: ImageJobKind, Subject: i.ID, Node: i.Node, Action: string(ActionDelete), RunAt: now, CreatedAt: now,
	})
}

// RunImageJob removes the files of an image that was deleted.
func (s *Service) RunImageJob(ctx context.Context, j job.Job) error {
	if driver, ok := s.driver.(Snapshotter); ok {
		return driver.DeleteImage(ctx, j.Subject)
	}
	return nil
}
