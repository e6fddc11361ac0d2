package glance

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Glance's own numbers of images in one answer.
const (
	defaultPage = 25
	maxPage     = 1000
)

// list answers GET /v2/images
// (https://docs.openstack.org/api-ref/image/v2/#list-images).
func (d *Dialect) list(w http.ResponseWriter, c *openstack.Call) error {
	size, err := pageAsked(c.Query)
	if err != nil {
		return err
	}
	fits, err := matching(c.Query)
	if err != nil {
		return err
	}
	order, err := orderAsked(c.Query)
	if err != nil {
		return err
	}
	all, err := d.compute.Images(c.Context(), c.Caller)
	if err != nil {
		return err
	}
	order.Sort(all)
	marker := c.Query.Last("marker")
	all, ok := openstack.After(all, marker, imageID)
	if !ok {
		return fault.Invalidf("marker", "No image found with ID %s", marker)
	}
	views := []openstack.Fields{}
	last, more := "", false
	for _, i := range all {
		v := view(i)
		if !fits(v) {
			continue
		}
		if len(views) == size {
			more = true
			break
		}
		views, last = append(views, v), i.ID
	}
	out := openstack.Fields{openstack.F("images", views), openstack.F("first", "/v2/images"+query(c.Query, ""))}
	if more && size > 0 {
		out = append(out, openstack.F("next", "/v2/images"+query(c.Query, last)))
	}
	d.style.JSON(w, c.Request, http.StatusOK, append(out, openstack.F("schema", "/v2/schemas/images")))
	return nil
}

// query writes a request's query again, with another marker or none.
func query(q schema.Query, marker string) string {
	var pairs []string
	for _, name := range q.Names() {
		if name != "marker" {
			pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(q.Last(name)))
		}
	}
	if marker != "" {
		pairs = append(pairs, "marker="+url.QueryEscape(marker))
	}
	if pairs == nil {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

func pageAsked(q schema.Query) (int, error) {
	if !q.Has("limit") {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(q.Last("limit"))
	switch {
	case err != nil:
		return 0, fault.Invalidf("limit", "limit param must be an integer")
	case n < 0:
		return 0, fault.Invalidf("limit", "limit param must be positive")
	}
	return min(n, maxPage), nil
}

// columns are the keys by which images are sorted.
var columns = openstack.Columns[compute.Image]{
	"name":             openstack.By(func(i compute.Image) string { return i.Name }),
	"id":               openstack.By(imageID),
	"size":             openstack.By(func(i compute.Image) int64 { return i.SizeBytes }),
	"created_at":       func(a, b compute.Image) int { return a.CreatedAt.Compare(b.CreatedAt) },
	"updated_at":       func(a, b compute.Image) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	"status":           openstack.By(statusOf),
	"container_format": same,
	"disk_format":      same,
}

func imageID(i compute.Image) string { return i.ID }

func same(compute.Image, compute.Image) int { return 0 }

// orderAsked reads sort=key:dir,key, or the older sort_key and sort_dir. The
// default is newest first.
func orderAsked(q schema.Query) (*openstack.Order[compute.Image], error) {
	keys, dirs := q.All("sort_key"), q.All("sort_dir")
	if q.Has("sort") {
		if keys != nil || dirs != nil {
			return nil, fault.Invalidf("sort", "Old and new sorting syntax cannot be combined")
		}
		for part := range strings.SplitSeq(q.Last("sort"), ",") {
			key, dir, _ := strings.Cut(strings.TrimSpace(part), ":")
			keys, dirs = append(keys, key), append(dirs, cmp.Or(dir, "desc"))
		}
	}
	if len(dirs) > 1 && len(dirs) != len(keys) {
		return nil, fault.Invalidf("sort_dir", "Number of sort dirs does not match the number of sort keys")
	}
	order := new(openstack.Order[compute.Image])
	for k, key := range append(slices.Clone(keys), "created_at", "id") {
		dir := "desc"
		switch {
		case k < len(dirs):
			dir = dirs[k]
		case len(dirs) > 0:
			dir = dirs[0]
		}
		by, ok := columns[key]
		if !ok {
			return nil, fault.Invalidf("sort_key", "Invalid sort key: %s. It must be one of the following: container_format, created_at, disk_format, id, name, size, status, updated_at.", key)
		}
		if dir != "asc" && dir != "desc" {
			return nil, fault.Invalidf("sort_dir", "Invalid sort direction: %s", dir)
		}
		order.Then(key, by, dir == "desc")
	}
	return order, nil
}
