package toast

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/identity"
)

var zoneRoutes = []Route{
	{Method: http.MethodGet, Path: "availability-zones", Access: identity.ProjectReader, about: ofZone, handle: (*Dialect).listZones},
}

func (d *Dialect) listZones(*call) (answer, error) {
	a := &zonesAnswer{Zones: []zone{}}
	for _, name := range slices.Sorted(slices.Values(d.opt.Compute.Zones())) {
		a.Zones = append(a.Zones, zone{Name: name, State: zoneState{Available: true}})
	}
	return a, nil
}
