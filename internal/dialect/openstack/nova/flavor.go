package nova

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// flavorRoutes are the sizes of servers, which everyone may see
// (https://docs.openstack.org/api-ref/compute/#flavors).
func (d *Dialect) flavorRoutes() []openstack.Route {
	const one = "/v2.1/flavors/{id}"
	const specs = "os_compute_api:os-flavor-extra-specs:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: "/v2.1/flavors", Access: identity.AnyUser, Rule: "os_compute_api:flavors:index", Query: flavorQuery, Handle: d.listFlavors},
		{Method: http.MethodGet, Pattern: "/v2.1/flavors/detail", Access: identity.AnyUser, Rule: "os_compute_api:flavors:detail", Query: flavorQuery, Handle: d.listFlavorsInDetail},
		{Method: http.MethodGet, Pattern: one, Access: identity.AnyUser, Rule: "os_compute_api:flavors:show", Handle: d.showFlavor},
		{Method: http.MethodGet, Pattern: one + "/os-extra_specs", Access: identity.AnyUser, Rule: specs + "index", Handle: d.showExtraSpecs},
		{Method: http.MethodGet, Pattern: one + "/os-extra_specs/{key}", Access: identity.AnyUser, Rule: specs + "show", Handle: d.showExtraSpec},
	}
}

// flavorQuery is the rule for the query of flavor lists.
func flavorQuery(v openstack.Microversion) schema.Parameters {
	return schema.Parameters{Closed: v.AtLeast(openstack.V(2, 75)), Known: []schema.Parameter{
		{Name: "limit", Schema: pageSize}, {Name: "marker", Schema: plainText},
		{Name: "is_public", Schema: plainText}, {Name: "minRam", Schema: plainText}, {Name: "minDisk", Schema: plainText},
		{Name: "sort_key", Schema: schema.String{Enum: flavorSortKeys}},
		{Name: "sort_dir", Schema: plainText},
	}}
}

var flavorSortKeys = []string{
	"created_at", "description", "disabled", "ephemeral_gb", "flavorid", "id", "is_public", "memory_mb",
	"name", "root_gb", "rxtx_factor", "swap", "updated_at", "vcpu_weight", "vcpus",
}

// flavorColumns are the sort keys that tell flavors apart.
var flavorColumns = map[string]func(a, b compute.Flavor) int{
	"memory_mb": func(a, b compute.Flavor) int { return a.RAMMiB - b.RAMMiB },
	"root_gb":   func(a, b compute.Flavor) int { return a.DiskGiB - b.DiskGiB },
	"vcpus":     func(a, b compute.Flavor) int { return a.VCPUs - b.VCPUs },
	"name":      func(a, b compute.Flavor) int { return strings.Compare(a.Name, b.Name) },
}

func (d *Dialect) listFlavors(w http.ResponseWriter, c *openstack.Call) error {
	return d.flavorList(w, c, "/flavors", flavorRef)
}

func (d *Dialect) listFlavorsInDetail(w http.ResponseWriter, c *openstack.Call) error {
	return d.flavorList(w, c, "/flavors/detail", flavorObject)
}

func (d *Dialect) flavorList(w http.ResponseWriter, c *openstack.Call, path string, view func(*openstack.Call, compute.Flavor) openstack.Fields) error {
	all, err := d.flavors(c)
	if err != nil {
		return err
	}
	size := pageAsked(c)
	page := all[:min(size, len(all))]
	views := make([]openstack.Fields, len(page))
	for k, f := range page {
		views[k] = view(c, f)
	}
	out := openstack.Fields{openstack.F("flavors", views)}
	if len(page) > 0 && len(page) == size {
		out = append(out, openstack.F("flavors_links", openstack.NextPage(c.Self(path), c.Query, page[len(page)-1].ID)))
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, out)
	return nil
}

// flavors returns what a list's query asks for, from its marker on.
func (d *Dialect) flavors(c *openstack.Call) ([]compute.Flavor, error) {
	ram, err := least(c, "minRam")
	if err != nil {
		return nil, err
	}
	disk, err := least(c, "minDisk")
	if err != nil {
		return nil, err
	}
	public, err := publicAsked(c)
	if err != nil {
		return nil, err
	}
	down := false
	switch dir := c.Query.Last("sort_dir"); dir {
	case "", "asc":
	case "desc":
		down = true
	default:
		return nil, fault.Invalidf("sort_dir", "Unknown sort direction, must be one of: asc, desc")
	}
	all, err := d.opt.Compute.Flavors(c.Context())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f compute.Flavor) bool {
		return !public || f.RAMMiB < ram || f.DiskGiB < disk
	})
	by := flavorColumns[c.Query.Last("sort_key")]
	slices.SortStableFunc(all, func(a, b compute.Flavor) int {
		n := 0
		if by != nil {
			n = by(a, b)
		}
		if n == 0 {
			n = strings.Compare(a.ID, b.ID)
		}
		if down {
			n = -n
		}
		return n
	})
	if marker := c.Query.Last("marker"); marker != "" {
		k := slices.IndexFunc(all, func(f compute.Flavor) bool { return f.ID == marker })
		if k < 0 {
			return nil, unknownServerMarker(marker)
		}
		all = all[k+1:]
	}
	return all, nil
}

// least reads a filter for the smallest size; none is 0.
func least(c *openstack.Call, name string) (int, error) {
	if !c.Query.Has(name) {
		return 0, nil
	}
	n, err := strconv.Atoi(c.Query.Last(name))
	if err != nil {
		return 0, fault.Invalidf(name, "Invalid %s filter [%s]", name, c.Query.Last(name))
	}
	return n, nil
}

// publicAsked tells whether public flavors are wanted: all are public. Only
// administrators can ask for the others, and for both with none.
func publicAsked(c *openstack.Call) (bool, error) {
	if !c.Caller.Admin() || !c.Query.Has("is_public") {
		return true, nil
	}
	text := strings.ToLower(strings.TrimSpace(c.Query.Last("is_public")))
	switch {
	case text == "none" || truth(text):
		return true, nil
	case slices.Contains([]string{"0", "f", "false", "off", "n", "no"}, text):
		return false, nil
	}
	return false, fault.Invalidf("is_public", "Invalid is_public filter [%s]", c.Query.Last("is_public"))
}

func (d *Dialect) showFlavor(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.Flavor(c.Context(), c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("flavor", flavorObject(c, f))})
	return nil
}

func (d *Dialect) showExtraSpecs(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.Flavor(c.Context(), c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("extra_specs", f.ExtraSpecs)})
	return nil
}

func (d *Dialect) showExtraSpec(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.Flavor(c.Context(), c.PathValue("id"))
	if err != nil {
		return err
	}
	key := c.PathValue("key")
	value, ok := f.ExtraSpecs[key]
	if !ok {
		return &fault.Error{Kind: fault.NotFound, Msg: "Flavor " + f.ID + " has no extra specs with key " + key + "."}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F(key, value)})
	return nil
}

func flavorLinks(c *openstack.Call, id string) []openstack.Link {
	return openstack.SelfAndBookmark(c.Self("/flavors/"+id), c.Bookmark("/flavors/"+id))
}

// flavorRef is a flavor in lists without detail.
func flavorRef(c *openstack.Call, f compute.Flavor) openstack.Fields {
	out := openstack.Fields{openstack.F("id", f.ID), openstack.F("name", f.Name), openstack.F("links", flavorLinks(c, f.ID))}
	if c.Version.AtLeast(openstack.V(2, 55)) {
		out = append(out, openstack.F("description", nil))
	}
	return out
}

func flavorObject(c *openstack.Call, f compute.Flavor) openstack.Fields {
	var swap any = ""
	if c.Version.AtLeast(openstack.V(2, 75)) {
		swap = 0
	}
	out := openstack.Fields{
		openstack.F("id", f.ID), openstack.F("name", f.Name), openstack.F("ram", f.RAMMiB), openstack.F("disk", f.DiskGiB),
		openstack.F("swap", swap), openstack.F("OS-FLV-EXT-DATA:ephemeral", 0), openstack.F("OS-FLV-DISABLED:disabled", false),
		openstack.F("vcpus", f.VCPUs), openstack.F("os-flavor-access:is_public", true), openstack.F("rxtx_factor", 1.0),
		openstack.F("links", flavorLinks(c, f.ID)),
	}
	if c.Version.AtLeast(openstack.V(2, 55)) {
		out = append(out, openstack.F("description", nil))
	}
	if c.Version.AtLeast(openstack.V(2, 61)) {
		out = append(out, openstack.F("extra_specs", f.ExtraSpecs))
	}
	return out
}
