package cinder

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// maxPage is how many volumes one answer lists at most: osapi_max_limit.
const maxPage = 1000

// filters are the parameters that lists can be narrowed by; what no filter is
// called is ignored, as Cinder does for who is no administrator.
var filters = map[string]func(v compute.Volume, want string) bool{
	"id":                func(v compute.Volume, want string) bool { return v.ID == want },
	"name":              func(v compute.Volume, want string) bool { return v.Name == want },
	"display_name":      func(v compute.Volume, want string) bool { return v.Name == want },
	"status":            func(v compute.Volume, want string) bool { return string(v.Status) == want },
	"availability_zone": func(v compute.Volume, want string) bool { return v.Zone == want },
	"size":              func(v compute.Volume, want string) bool { return strconv.Itoa(v.SizeGiB) == want },
	"user_id":           func(v compute.Volume, want string) bool { return v.UserID == want },
	"volume_type":       func(v compute.Volume, want string) bool { return v.Type == want },
	"bootable": func(v compute.Volume, want string) bool {
		return strings.EqualFold(want, strconv.FormatBool(v.Bootable))
	},
	"project_id": func(v compute.Volume, want string) bool { return v.ProjectID == want },
	"tenant_id":  func(v compute.Volume, want string) bool { return v.ProjectID == want },
	"metadata":   hasMetadata,
	"name~":      func(v compute.Volume, want string) bool { return strings.Contains(v.Name, want) },
}

// hasMetadata takes a Python dictionary, {'key': 'value'}, as clients write it.
func hasMetadata(v compute.Volume, want string) bool {
	var asked map[string]string
	if json.Unmarshal([]byte(strings.ReplaceAll(want, "'", `"`)), &asked) != nil {
		return false
	}
	for name, value := range asked {
		if got, ok := v.Metadata[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// orders are the keys that lists can be sorted by.
var orders = map[string]func(a, b compute.Volume) int{
	"id":                func(a, b compute.Volume) int { return strings.Compare(a.ID, b.ID) },
	"name":              func(a, b compute.Volume) int { return strings.Compare(a.Name, b.Name) },
	"display_name":      func(a, b compute.Volume) int { return strings.Compare(a.Name, b.Name) },
	"status":            func(a, b compute.Volume) int { return strings.Compare(string(a.Status), string(b.Status)) },
	"availability_zone": func(a, b compute.Volume) int { return strings.Compare(a.Zone, b.Zone) },
	"size":              func(a, b compute.Volume) int { return cmp.Compare(a.SizeGiB, b.SizeGiB) },
	"created_at":        func(a, b compute.Volume) int { return a.CreatedAt.Compare(b.CreatedAt) },
	"updated_at":        func(a, b compute.Volume) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	"bootable": func(a, b compute.Volume) int {
		return strings.Compare(strconv.FormatBool(a.Bootable), strconv.FormatBool(b.Bootable))
	},
}

type order struct {
	compare func(a, b compute.Volume) int
	up      bool
}

// ordersAsked reads sort=key:dir,… or the older sort_key and sort_dir; newest
// first without them.
func ordersAsked(q schema.Query) ([]order, error) {
	var pairs []string
	if text := q.Last("sort"); text != "" {
		if q.Has("sort_key") || q.Has("sort_dir") {
			return nil, fault.Invalidf("sort", "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.")
		}
		pairs = strings.Split(text, ",")
	} else {
		pairs = []string{cmp.Or(q.Last("sort_key"), "created_at") + ":" + cmp.Or(q.Last("sort_dir"), "desc")}
	}
	var out []order
	seen := map[string]bool{}
	for _, pair := range pairs {
		key, dir, _ := strings.Cut(strings.TrimSpace(pair), ":")
		dir = cmp.Or(dir, "desc")
		compare, ok := orders[key]
		if !ok {
			return nil, fault.Invalidf("sort", "Invalid input received: Invalid sort key passed: %s.", key)
		}
		if dir != "asc" && dir != "desc" {
			return nil, fault.Invalidf("sort", "Invalid input received: Invalid sort direction %s.", dir)
		}
		if !seen[key] { // once more changes nothing
			seen[key] = true
			out = append(out, order{compare, dir == "asc"})
		}
	}
	return out, nil
}

// page is the part of a list that a request wants.
type page struct {
	marker        string
	limit, offset int
	asked         bool // a limit was given
}

func pageAsked(q schema.Query) (page, error) {
	p := page{marker: q.Last("marker"), limit: maxPage}
	for _, n := range []struct {
		name string
		into *int
	}{{"limit", &p.limit}, {"offset", &p.offset}} {
		if !q.Has(n.name) {
			continue
		}
		v, err := strconv.Atoi(q.Last(n.name))
		if err != nil {
			return p, fault.Invalidf(n.name, "%s param must be an integer", n.name)
		}
		if v < 0 {
			return p, fault.Invalidf(n.name, "%s param must be positive", n.name)
		}
		*n.into = v
	}
	p.asked = q.Has("limit")
	p.limit = min(p.limit, maxPage)
	return p, nil
}

func (d *Dialect) listVolumes(show view) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		p, err := pageAsked(c.Query)
		if err != nil {
			return err
		}
		by, err := ordersAsked(c.Query)
		if err != nil {
			return err
		}
		everybody := c.Caller.Admin() && schema.TextValue(c.Query.Last("all_tenants")).Truth()
		all, err := d.opt.Compute.Volumes(c.Context(), c.Caller, everybody)
		if err != nil {
			return err
		}
		all = filtered(all, c.Query)
		sorted(all, by)
		count := len(all)
		if all, err = p.after(all); err != nil {
			return err
		}
		some := all[:min(len(all), p.limit)]
		views := make([]openstack.Fields, len(some))
		for k, v := range some {
			views[k] = show(c, v)
		}
		out := openstack.Fields{openstack.F("volumes", views)}
		if len(some) > 0 && (p.asked && len(some) == p.limit || len(some) < len(all)) {
			path := strings.TrimPrefix(c.URL.Path, c.Folder+c.Project)
			out = append(out, openstack.F("volumes_links", openstack.NextPage(c.Self(path), c.Query, some[len(some)-1].ID)))
		}
		if c.Version.AtLeast(openstack.V(3, 45)) && schema.TextValue(c.Query.Last("with_count")).Truth() {
			out = append(out, openstack.F("count", count))
		}
		d.style.JSON(w, c.Request, c.Version, http.StatusOK, out)
		return nil
	}
}

func filtered(all []compute.Volume, q schema.Query) []compute.Volume {
	for _, name := range q.Names() {
		if match, ok := filters[name]; ok {
			want := q.Last(name)
			all = slices.DeleteFunc(all, func(v compute.Volume) bool { return !match(v, want) })
		}
	}
	return all
}

// sorted puts volumes in order; those that are equal stay newest first.
func sorted(all []compute.Volume, by []order) {
	slices.SortStableFunc(all, func(a, b compute.Volume) int {
		for _, o := range by {
			n := o.compare(a, b)
			if !o.up {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}

// after returns what comes after the marker and the offset. Faults: NotFound.
func (p page) after(all []compute.Volume) ([]compute.Volume, error) {
	if p.marker != "" {
		k := slices.IndexFunc(all, func(v compute.Volume) bool { return v.ID == p.marker })
		if k < 0 {
			return nil, fault.Missing("volume", p.marker)
		}
		all = all[k+1:]
	}
	return all[min(p.offset, len(all)):], nil
}
