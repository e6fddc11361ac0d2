package compute

import (
	"context"
	"maps"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// RebuildRequest is the wish for a new disk from an image. What is nil stays as it is.
type RebuildRequest struct {
	ImageID     string
	Name        *string
	Description **string // a pointer to nil takes it away
	Hostname    *string
	AccessIPv4  *string
	AccessIPv6  *string
	AutoDisk    *bool
	Metadata    map[string]string // replaces all of it; nil leaves it
	UserData    *[]byte           // a pointer to nil takes it away
	// KeyName is looked up in Keys, the caller's view of their dialect; a pointer
	// to "" takes the key pair away.
	KeyName *string
	Keys    keypair.View
	// AdminPass becomes the default user's password; empty: none.
	AdminPass string
	Files     []File
}

// Rebuild gives an instance a new disk made from an image; its addresses stay.
// Its key pair is on the new disk from the first boot. Faults: Invalid
// (adminPass), Forbidden (a reader), NotFound (instance), Conflict with a
// [Locked] or [WrongState], NotFound (image), Conflict ([ErrInactive]), Invalid
// (flavor.ram, flavor.disk; image: another node has it), NotFound (key pair),
// Quota with a [TooMany] (metadata, files).
func (s *Service) Rebuild(ctx context.Context, c identity.Caller, id string, req RebuildRequest) (Instance, error) {
	hash, err := s.hash(req.AdminPass)
	if err != nil {
		return Instance{}, err
	}
	return s.ask(ctx, c, id, ActionRebuild, func(tx Tx, i *Instance) error {
		image, err := visibleImage(ctx, tx, c, req.ImageID)
		if err != nil {
			return err
		}
		if err := image.mustBeActive(); err != nil {
			return err
		}
		if image.Node != "" && image.Node != i.Node {
			return fault.Invalidf("image", "image %s is on another machine than the instance", image.Name)
		}
		if _, onVolume := i.RootVolume(); onVolume && image.ID != i.Image.ID {
			return fault.Invalidf("image", "Unable to rebuild with a different image for a volume-backed server.")
		}
		if err := fits(i.Flavor, image, i.RootGiB()); err != nil {
			return err
		}
		i.Image = image
		if err := s.rebind(ctx, tx, c, i, req); err != nil {
			return err
		}
		if err := s.checkMetadata(ctx, tx, i.holder(), req.Metadata); err != nil {
			return err
		}
		if err := s.checkFiles(ctx, tx, i.holder(), req.Files); err != nil {
			return err
		}
		req.put(i)
		i.Files = req.Files
		i.Password = GuestPassword{Hash: hash, Login: passwordLogin(i.Image, i.UserData)}
		return s.sealPassword(i, req.AdminPass)
	})
}

// put writes down what the request changes of what the owner says.
func (r RebuildRequest) put(i *Instance) {
	set(&i.Name, r.Name)
	set(&i.Description, r.Description)
	set(&i.Hostname, r.Hostname)
	set(&i.AccessIPv4, r.AccessIPv4)
	set(&i.AccessIPv6, r.AccessIPv6)
	set(&i.AutoDisk, r.AutoDisk)
	set(&i.UserData, r.UserData)
	if r.Metadata != nil {
		i.Metadata = maps.Clone(r.Metadata)
	}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// rebind gives the instance the request's key pair, or none, and has those it
// keeps put on the new disk.
func (s *Service) rebind(ctx context.Context, tx Tx, c identity.Caller, i *Instance, req RebuildRequest) error {
	switch {
	case req.KeyName == nil:
	case *req.KeyName == "":
		i.Bindings = nil
	default:
		k, err := tx.KeyPair(ctx, req.Keys, *req.KeyName)
		if err != nil {
			return err
		}
		i.Bindings = []Binding{bind(k, *i)}
		if err := tx.AppendAudit(ctx, s.audit(c, audit.Bind, *i, k.Name+" "+i.Bindings[0].Fingerprint)); err != nil {
			return err
		}
	}
	for k := range i.Bindings {
		i.Bindings[k].State, i.Bindings[k].Since = BindingPending, s.now()
	}
	return nil
}

// rebuild makes the machine anew. It has no disk of its own that a second
// attempt would have to spare.
func (s *Service) rebuild(ctx context.Context, i Instance) error {
	spec := i.spec()
	if err := s.driver.Delete(ctx, i.ID); err != nil {
		return err
	}
	if err := s.driver.Create(ctx, spec); err != nil || i.State.VM == Stopped {
		return err
	}
	return s.driver.Start(ctx, spec)
}
