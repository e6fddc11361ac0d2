package compute

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// ImageLabels are what the owner of an image may write on it.
type ImageLabels struct {
	Name       string
	MinRAMMiB  int
	MinDiskGiB int
	Properties map[string]string
	Public     bool
	Protected  bool
	Hidden     bool
	Tags       []string
}

// ErrProtected is in the Forbidden fault about an image that cannot be deleted
// as long as it is protected.
var ErrProtected = &fault.Error{Kind: fault.Forbidden, Resource: "image", Msg: "it is protected"}

// ownImage is an image that the caller may change: their project's, or any for
// administrators. Faults: Forbidden (a reader, a public image), NotFound.
func ownImage(ctx context.Context, tx Tx, c identity.Caller, id string) (Image, error) {
	i, err := visibleImage(ctx, tx, c, id)
	if err != nil {
		return i, err
	}
	if !c.Admin() && (i.ProjectID == "" || i.ProjectID != c.ProjectID()) {
		return i, &fault.Error{Kind: fault.Forbidden, Resource: "image", Name: id, Msg: "only its owner may change it"}
	}
	return i, mayChange(c)
}

// EditImage lets edit change what is written on an image in one transaction; it
// may run more than once. Its tags are put in order, each once. Faults: Forbidden
// (a reader, another's image; making one public, which administrators do),
// NotFound, Invalid (the name of a property), Quota with a [TooMany] (tags,
// properties), and what edit says.
func (s *Service) EditImage(ctx context.Context, c identity.Caller, id string, edit func(*ImageLabels) error) (Image, error) {
	var i Image
	err := s.changeImage(ctx, c, id, audit.Update, func(tx Tx, image Image) error {
		l := ImageLabels{
			Name: image.Name, MinRAMMiB: image.MinRAMMiB, MinDiskGiB: image.MinDiskGiB, Properties: maps.Clone(image.Properties),
			Public: image.Public, Protected: image.Protected, Hidden: image.Hidden, Tags: slices.Clone(image.Tags),
		}
		if l.Properties == nil {
			l.Properties = map[string]string{}
		}
		if err := edit(&l); err != nil {
			return err
		}
		if l.Public && !image.Public && !c.Admin() {
			return &fault.Error{Kind: fault.Forbidden, Resource: "image", Name: id, Msg: "only administrators make images public"}
		}
		slices.Sort(l.Tags)
		if l.Tags = slices.Compact(l.Tags); len(l.Tags) > MaxImageTags {
			return tooMany("image tags", MaxImageTags)
		}
		if err := checkProperties(image.Properties, l.Properties); err != nil {
			return err
		}
		i = image
		i.Name, i.MinRAMMiB, i.MinDiskGiB, i.Properties, i.UpdatedAt = l.Name, l.MinRAMMiB, l.MinDiskGiB, l.Properties, s.now()
		i.Public, i.Protected, i.Hidden, i.Tags = l.Public, l.Protected, l.Hidden, l.Tags
		return tx.UpdateImage(ctx, i)
	})
	return i, err
}

// checkProperties holds changed properties against their bounds. What an image
// was made with may be over them: it stays, and grows no more. Faults: Invalid
// (name), Quota with a [TooMany].
func checkProperties(was, now map[string]string) error {
	for name := range now {
		if utf8.RuneCountInString(name) > MaxPropertyName {
			return fault.Invalidf("properties", "the name of a property has at most %d characters", MaxPropertyName)
		}
	}
	if len(now) > max(MaxImageProperties, len(was)) {
		return tooMany("image properties", MaxImageProperties)
	}
	if size := propertyBytes(now); size > max(MaxPropertyBytes, propertyBytes(was)) {
		return tooMany("bytes of image properties", MaxPropertyBytes)
	}
	return nil
}

func propertyBytes(p map[string]string) int {
	size := 0
	for name, value := range p {
		size += len(name) + len(value)
	}
	return size
}

// ActivateImage lets an image be used, or no more; instances made from it stay.
// Faults: Forbidden (a reader, another's image), NotFound, Conflict with
// [ErrInactive] (it is not complete yet).
func (s *Service) ActivateImage(ctx context.Context, c identity.Caller, id string, active bool) error {
	return s.changeImage(ctx, c, id, audit.Update, func(tx Tx, i Image) error {
		if i.Saving {
			return i.mustBeActive()
		}
		if i.Deactivated == !active {
			return nil
		}
		i.Deactivated, i.UpdatedAt = !active, s.now()
		return tx.UpdateImage(ctx, i)
	})
}

// DeleteImage takes an image away. Instances made from it stay. Faults:
// Forbidden (a reader, another's image; with [ErrProtected]), NotFound.
func (s *Service) DeleteImage(ctx context.Context, c identity.Caller, id string) error {
	err := s.changeImage(ctx, c, id, audit.Delete, func(tx Tx, i Image) error {
		if i.Protected {
			return &fault.Error{Kind: fault.Forbidden, Resource: "image", Name: id, Msg: ErrProtected.Msg, Err: ErrProtected}
		}
		if err := tx.DeleteImage(ctx, id); err != nil {
			return err
		}
		return s.discard(ctx, tx, i)
	})
	if err == nil {
		s.opt.Wake()
	}
	return err
}

func (s *Service) changeImage(ctx context.Context, c identity.Caller, id string, a audit.Action, change func(Tx, Image) error) error {
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "image "+id); err != nil {
			return err
		}
		i, err := ownImage(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if err := change(tx, i); err != nil {
			return err
		}
		e := c.Audit(a, "image", id)
		e.At, e.OwnerID, e.Detail = s.now(), i.ProjectID, i.Name
		return tx.AppendAudit(ctx, e)
	})
}
