package toast

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var flavorRoutes = []Route{
	{Method: http.MethodGet, Path: "flavors", Access: identity.ProjectReader, about: ofFlavor, handle: (*Dialect).listFlavors},
}

// maxVolume is the largest disk in GB that is made for an instance, and a volume.
const maxVolume = 1000

// flavorType is the extra spec that says what a flavor is good at.
const flavorType = "type"

func (d *Dialect) listFlavors(c *call) (answer, error) {
	all, err := d.opt.Compute.Flavors(c.Context(), c.caller, compute.UsableFlavors)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b compute.Flavor) int {
		return cmp.Or(cmp.Compare(a.VCPUs, b.VCPUs), cmp.Compare(a.RAMMiB, b.RAMMiB), cmp.Compare(a.Name, b.Name))
	})
	out := &flavorsAnswer{Flavors: make([]flavor, len(all))}
	for k, f := range all {
		out.Flavors[k] = viewFlavor(f)
	}
	return out, nil
}

// viewFlavor tells the size of the disk that the flavor has, or else of the
// largest that an instance may ask for.
func viewFlavor(f compute.Flavor) flavor {
	v := flavor{Type: "general", Ephemeral: f.EphemeralGiB, ID: f.ID, Name: f.Name, IsPublic: !f.Private, RAM: f.RAMMiB, VCPUs: f.VCPUs, VolumeSize: f.DiskGiB}
	if t := f.ExtraSpecs[flavorType]; t == "compute" || t == "memory" {
		v.Type = t
	}
	if f.DiskGiB == 0 {
		v.MaxVolumeSize = maxVolume
	}
	return v
}
