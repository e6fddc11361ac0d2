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
var flavorColumns = openstack.Columns[compute.Flavor]{
	"memory_mb": openstack.By(func(f compute.Flavor) int { return f.RAMMiB }),
	"root_gb":   openstack.By(func(f compute.Flavor) int { return f.DiskGiB }),
	"vcpus":     openstack.By(func(f compute.Flavor) int { return f.VCPUs }),
	"name":      openstack.By(func(f compute.Flavor) string { return f.Name }),
	"swap":      openstack.By(func(f compute.Flavor) int { return f.SwapMiB }),

	"ephemeral_gb": openstack.By(func(f compute.Flavor) int { return f.EphemeralGiB }),
	"rxtx_factor":  openstack.By(func(f compute.Flavor) float64 { return f.RXTXFactor }),
	"is_public":    func(a, b compute.Flavor) int { return boolCompare(b.Private, a.Private) },
	"description":  openstack.By(func(f compute.Flavor) string { return textOf(f.Description) }),
	"created_at":   func(a, b compute.Flavor) int { return a.CreatedAt.Compare(b.CreatedAt) },
	"updated_at":   func(a, b compute.Flavor) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
}

// idOfFlavor is what markers name.
func idOfFlavor(f compute.Flavor) string { return f.ID }

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
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, pageOf(c, "flavors", path, all[:min(size, len(all))], size, idOfFlavor, view))
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
	which, err := flavorsAsked(c)
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
	all, err := d.opt.Compute.Flavors(c.Context(), c.Caller, which)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f compute.Flavor) bool {
		return f.RAMMiB < ram || f.DiskGiB < disk
	})
	var order openstack.Order[compute.Flavor]
	key := c.Query.Last("sort_key")
	if column, ok := flavorColumns[key]; ok {
		order.Then(key, column, down)
	}
	order.Then("flavorid", openstack.By(idOfFlavor), down)
	order.Sort(all)
	marker := c.Query.Last("marker")
	all, ok := openstack.After(all, marker, idOfFlavor)
	if !ok {
		return nil, unknownServerMarker(marker)
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

// flavorsAsked tells which flavors are wanted: those that the caller may use.
// Only administrators can ask for private ones, and for all with none.
func flavorsAsked(c *openstack.Call) (compute.FlavorRange, error) {
	if !c.Caller.Admin() || !c.Query.Has("is_public") {
		return compute.UsableFlavors, nil
	}
	text := c.Query.Last("is_public")
	if strings.EqualFold(text, "none") {
		return compute.AllFlavors, nil
	}
	switch public, ok := strictTruth(text); {
	case !ok:
		return 0, fault.Invalidf("is_public", "Invalid is_public filter [%s]", text)
	case public:
		return compute.UsableFlavors, nil
	}
	return compute.PrivateFlavors, nil
}

// strictTruth reads the words that oslo.utils' strict bool_from_string takes.
func strictTruth(text string) (value, ok bool) {
	if truth(text) {
		return true, true
	}
	return false, slices.Contains([]string{"0", "f", "false", "off", "n", "no"}, strings.ToLower(strings.TrimSpace(text)))
}

func (d *Dialect) showFlavor(w http.ResponseWriter, c *openstack.Call) error {
	f, err := d.opt.Compute.Flavor(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.writeFlavor(w, c, f)
}

func (d *Dialect) writeFlavor(w http.ResponseWriter, c *openstack.Call, f compute.Flavor) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("flavor", flavorObject(c, f))})
	return nil
}

func flavorLinks(c *openstack.Call, id string) []openstack.Link {
	return openstack.SelfAndBookmark(c.Self("/flavors/"+id), c.Bookmark("/flavors/"+id))
}

// flavorRef is a flavor in lists without detail.
func flavorRef(c *openstack.Call, f compute.Flavor) openstack.Fields {
	out := openstack.Fields{openstack.F("id", f.ID), openstack.F("name", f.Name), openstack.F("links", flavorLinks(c, f.ID))}
	if c.Version.AtLeast(describedFlavors) {
		out = append(out, openstack.F("description", f.Description))
	}
	return out
}

func flavorObject(c *openstack.Call, f compute.Flavor) openstack.Fields {
	var swap any = f.SwapMiB
	if f.SwapMiB == 0 && !c.Version.AtLeast(openstack.V(2, 75)) {
		swap = ""
	}
	out := openstack.Fields{
		openstack.F("id", f.ID), openstack.F("name", f.Name), openstack.F("ram", f.RAMMiB), openstack.F("disk", f.DiskGiB),
		openstack.F("swap", swap), openstack.F("OS-FLV-EXT-DATA:ephemeral", f.EphemeralGiB), openstack.F("OS-FLV-DISABLED:disabled", false),
		openstack.F("vcpus", f.VCPUs), openstack.F("os-flavor-access:is_public", !f.Private), openstack.F("rxtx_factor", f.RXTXFactor),
		openstack.F("links", flavorLinks(c, f.ID)),
	}
	if c.Version.AtLeast(describedFlavors) {
		out = append(out, openstack.F("description", f.Description))
	}
	if c.Version.AtLeast(openstack.V(2, 61)) {
		out = append(out, openstack.F("extra_specs", f.ExtraSpecs))
	}
	return out
}

// boolCompare puts false before true.
func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
