package compute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// seededImages is what a new deployment offers, with the login users that the
// distributions' own cloud images have.
var seededImages = []Image{
	{Name: "debian-13", OSType: Linux, OSDistro: "debian", OSVersion: "13", AdminUser: "debian", MinDiskGiB: 1, SizeBytes: 335 << 20},
	{Name: "ubuntu-24.04", OSType: Linux, OSDistro: "ubuntu", OSVersion: "24.04", AdminUser: "ubuntu", MinDiskGiB: 1, SizeBytes: 590 << 20},
	{Name: "rocky-9", OSType: Linux, OSDistro: "rocky", OSVersion: "9", AdminUser: "rocky", MinDiskGiB: 1, SizeBytes: 640 << 20},
	{Name: "alpine-3.22", OSType: Linux, OSDistro: "alpine", OSVersion: "3.22", AdminUser: "alpine", MinDiskGiB: 1, SizeBytes: 180 << 20},
	{Name: "windows-2025", OSType: Windows, OSDistro: "windows", OSVersion: "2025", AdminUser: "Administrator", MinRAMMiB: 2048, MinDiskGiB: 20, SizeBytes: 9 << 30},
}

// seededFlavors begin with DevStack's, whose ids test suites take for granted.
var seededFlavors = []Flavor{
	{ID: "1", Name: "m1.tiny", VCPUs: 1, RAMMiB: 512, DiskGiB: 1},
	{ID: "2", Name: "m1.small", VCPUs: 1, RAMMiB: 2048, DiskGiB: 20},
	{ID: "3", Name: "m1.medium", VCPUs: 2, RAMMiB: 4096, DiskGiB: 40},
	{ID: "4", Name: "m1.large", VCPUs: 4, RAMMiB: 8192, DiskGiB: 80},
	// NHN Cloud's, by the names that scripts for TOAST look for. u2 has a disk of
	// its own; with the others instances boot from a volume of any size.
	{ID: "u2.c1m1", Name: "u2.c1m1", VCPUs: 1, RAMMiB: 1024, DiskGiB: 30},
	{ID: "u2.c1m2", Name: "u2.c1m2", VCPUs: 1, RAMMiB: 2048, DiskGiB: 30},
	{ID: "u2.c2m4", Name: "u2.c2m4", VCPUs: 2, RAMMiB: 4096, DiskGiB: 50},
	{ID: "m2.c1m2", Name: "m2.c1m2", VCPUs: 1, RAMMiB: 2048},
	{ID: "m2.c2m4", Name: "m2.c2m4", VCPUs: 2, RAMMiB: 4096},
	{ID: "m2.c4m8", Name: "m2.c4m8", VCPUs: 4, RAMMiB: 8192},
	{ID: "c2.c2m2", Name: "c2.c2m2", VCPUs: 2, RAMMiB: 2048, ExtraSpecs: goodAt("compute")},
	{ID: "c2.c4m4", Name: "c2.c4m4", VCPUs: 4, RAMMiB: 4096, ExtraSpecs: goodAt("compute")},
	{ID: "r2.c2m8", Name: "r2.c2m8", VCPUs: 2, RAMMiB: 8192, ExtraSpecs: goodAt("memory")},
	{ID: "r2.c4m16", Name: "r2.c4m16", VCPUs: 4, RAMMiB: 16384, ExtraSpecs: goodAt("memory")},
}

// goodAt are the extra specs of a flavor that is not for everything alike.
func goodAt(what string) map[string]string { return map[string]string{"type": what} }

// Seed makes the first images and flavors, each once for all time so that one
// that was deleted stays away, and those of the networks of the driver's ranges
// that are missing. Their ids follow from their names.
func (s *Service) Seed(ctx context.Context) error {
	// missing tells whether something is to be made: it never was, and nobody
	// else has made something of that id.
	missing := func(tx Tx, what, id string, look func(Tx) error) (bool, error) {
		first, err := tx.Sow(ctx, what+" "+id)
		if err != nil || !first {
			return false, err
		}
		switch err := look(tx); fault.KindOf(err) {
		case fault.NotFound:
			return true, nil
		case fault.Exists:
			return false, nil
		default:
			return false, err
		}
	}
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.Lock(ctx, "seed"); err != nil {
			return err
		}
		now := s.now()
		for _, i := range seededImages {
			i.ID, i.Public, i.CreatedAt, i.UpdatedAt = seedID("image", i.Name), true, now, now
			look := func(tx Tx) error { _, err := tx.Image(ctx, i.ID); return err }
			if absent, err := missing(tx, "image", i.ID, look); err != nil {
				return err
			} else if absent {
				if err := tx.InsertImage(ctx, i); err != nil {
					return err
				}
			}
		}
		for _, f := range seededFlavors {
			f.RXTXFactor, f.CreatedAt, f.UpdatedAt = 1, now, now
			look := func(tx Tx) error { return flavorTaken(ctx, tx, f) }
			if absent, err := missing(tx, "flavor", f.ID, look); err != nil {
				return err
			} else if absent {
				if err := tx.InsertFlavor(ctx, f); err != nil {
					return err
				}
			}
		}
		return s.seedNetworks(ctx, tx)
	})
}

// seedID makes a UUID (version 8, RFC 9562) of what it stands for.
func seedID(kind, name string) string {
	b := sha256.Sum256([]byte("keyreeve " + kind + " " + name))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Images lists the images that the caller may use, ordered by name.
func (s *Service) Images(ctx context.Context, c identity.Caller) ([]Image, error) {
	var out []Image
	err := s.store.Read(ctx, func(tx Tx) error {
		all, err := tx.Images(ctx)
		for _, i := range all {
			if i.visible(c) {
				out = append(out, i)
			}
		}
		return err
	})
	return out, err
}

// Image returns an image. Faults: NotFound.
func (s *Service) Image(ctx context.Context, c identity.Caller, id string) (Image, error) {
	return read(ctx, s.store, func(tx Tx) (Image, error) { return visibleImage(ctx, tx, c, id) })
}

func visibleImage(ctx context.Context, tx Tx, c identity.Caller, id string) (Image, error) {
	i, err := tx.Image(ctx, id)
	return visible(i, err, i.visible(c), "image", id)
}

func (i Image) visible(c identity.Caller) bool {
	return i.Public || owns(c, i.ProjectID)
}

// Zones returns the availability zones.
func (s *Service) Zones() []string { return s.driver.Info().Zones }
