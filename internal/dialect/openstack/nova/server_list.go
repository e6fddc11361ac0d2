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
)

// maxPage is the most servers or flavors that one list shows (Nova's max_limit).
const maxPage = 1000

func (d *Dialect) showServer(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK,
		openstack.Fields{openstack.F("server", serverObject(c, i, inShow))})
	return nil
}

func (d *Dialect) deleteServer(w http.ResponseWriter, c *openstack.Call) error {
	if _, err := d.opt.Compute.Act(c.Context(), c.Caller, c.PathValue("id"), compute.ActionDelete); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}

func (d *Dialect) listServers(w http.ResponseWriter, c *openstack.Call) error {
	return d.list(w, c, "/servers", "os_compute_api:servers:index:get_all_tenants", serverRef)
}

func (d *Dialect) listServersInDetail(w http.ResponseWriter, c *openstack.Call) error {
	return d.list(w, c, "/servers/detail", "os_compute_api:servers:detail:get_all_tenants",
		func(c *openstack.Call, i compute.Instance) openstack.Fields { return serverObject(c, i, inList) })
}

func (d *Dialect) list(w http.ResponseWriter, c *openstack.Call, path string, everyone openstack.Rule,
	view func(*openstack.Call, compute.Instance) openstack.Fields) error {
	size := pageAsked(c)
	page, err := d.servers(c, size, everyone)
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, pageOf(c, "servers", path, page, size, serverID, view))
	return nil
}

// pageOf shows one page of a list that is called name, with a link to the next
// one where as many came as were asked for.
func pageOf[T any](c *openstack.Call, name, path string, page []T, size int, id func(T) string,
	view func(*openstack.Call, T) openstack.Fields) openstack.Fields {
	views := make([]openstack.Fields, len(page))
	for k, one := range page {
		views[k] = view(c, one)
	}
	out := openstack.Fields{openstack.F(name, views)}
	if len(page) > 0 && len(page) == size {
		out = append(out, openstack.F(name+"_links", openstack.NextPage(c.Self(path), c.Query, id(page[len(page)-1]))))
	}
	return out
}

// pageAsked returns the most items to show.
func pageAsked(c *openstack.Call) int {
	if n, err := strconv.Atoi(c.Query.Last("limit")); err == nil && n >= 0 {
		return min(n, maxPage)
	}
	return maxPage
}

// firstOf returns as much of a list as a query's limit wants, and whether it is
// full. A limit of nothing is none, and more than [maxPage] is never given.
func firstOf[T any](q schema.Query, all []T) (page []T, full bool) {
	limit, ok := schema.TextValue(q.Last("limit")).Int64()
	if !ok || limit == 0 || limit > maxPage {
		limit = maxPage
	}
	return all[:min(limit, int64(len(all)))], len(all) > 0 && int64(len(all)) >= limit
}

// servers returns the page of servers that a list's query asks for.
func (d *Dialect) servers(c *openstack.Call, size int, everyone openstack.Rule) ([]compute.Instance, error) {
	all, err := allProjects(c)
	if err != nil {
		return nil, err
	}
	if all && !c.Caller.Admin() {
		return nil, openstack.Denied(everyone)
	}
	fits, err := matching(c)
	if err != nil {
		return nil, err
	}
	by, err := orderAsked(c.Query)
	if err != nil {
		return nil, err
	}
	req := compute.ListRequest{AllProjects: all, Match: fits, After: c.Query.Last("marker"), Limit: size}
	if by != nil {
		req.After, req.Limit = "", -1
	}
	found, err := d.opt.Compute.Instances(c.Context(), c.Caller, req)
	if fault.Is(err, fault.Invalid) {
		return nil, unknownServerMarker(req.After)
	}
	if err != nil || by == nil {
		return found, err
	}
	by.Sort(found)
	marker := c.Query.Last("marker")
	found, ok := openstack.After(found, marker, serverID)
	if !ok {
		return nil, unknownServerMarker(marker)
	}
	return found[:min(size, len(found))], nil
}

func unknownServerMarker(id string) error {
	return fault.Invalidf("marker", "marker [%s] not found", id)
}

// allProjects tells whether the servers of every project are wanted. Without
// that a list has the caller's project only, whatever else it asks for.
func allProjects(c *openstack.Call) (bool, error) {
	if !c.Query.Has("all_tenants") {
		return false, nil
	}
	text := c.Query.Last("all_tenants")
	switch {
	case text == "" || truth(text):
		return true, nil
	case slices.Contains([]string{"0", "f", "false", "off", "n", "no"}, strings.ToLower(text)):
		return false, nil
	}
	return false, fault.Invalidf("all_tenants", "Invalid input received: Unrecognized value '%s', acceptable values are: "+
		"'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'", text)
}
