package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// serverRoutes are the calls on servers: readers of a project see them, members
// change them (https://docs.openstack.org/api-ref/compute/#servers-servers).
func (d *Dialect) serverRoutes() []openstack.Route {
	const (
		all  = "/v2.1/servers"
		one  = all + "/{id}"
		rule = "os_compute_api:servers:"
		meta = "os_compute_api:server-metadata:"
		tags = "os_compute_api:os-server-tags:"
	)
	any := unversioned(schema.Any{})
	reads := func(pattern string, rule openstack.Rule, h openstack.Handler) openstack.Route {
		return openstack.Route{Method: http.MethodGet, Pattern: pattern, Access: identity.ProjectReader, Rule: rule, Handle: h}
	}
	changes := func(method, pattern string, rule openstack.Rule, body func(openstack.Microversion) schema.Schema, h openstack.Handler) openstack.Route {
		return openstack.Route{Method: method, Pattern: pattern, Access: identity.ProjectMember, Rule: rule, Body: body, Handle: h}
	}
	lists := func(pattern string, rule openstack.Rule, h openstack.Handler) openstack.Route {
		r := reads(pattern, rule, h)
		r.Query = serverQuery
		return r
	}
	action := changes(http.MethodPost, one+"/action", rule+"action", any, d.actOnServer)
	action.Resolve = serverAction
	return []openstack.Route{
		lists(all, rule+"index", d.listServers),
		lists(all+"/detail", rule+"detail", d.listServersInDetail),
		reads(one, rule+"show", d.showServer),
		changes(http.MethodPost, all, rule+"create", serverCreate, d.createServer),
		changes(http.MethodPut, one, rule+"update", serverUpdate, d.updateServer),
		changes(http.MethodDelete, one, rule+"delete", nil, d.deleteServer),
		action,

		reads(one+"/metadata", meta+"index", d.showMetadata),
		changes(http.MethodPost, one+"/metadata", meta+"create", metadataBody, d.mergeMetadata),
		changes(http.MethodPut, one+"/metadata", meta+"update_all", metadataBody, d.replaceMetadata),
		reads(one+"/metadata/{key}", meta+"show", d.showMetadataEntry),
		changes(http.MethodPut, one+"/metadata/{key}", meta+"update", metaBody, d.putMetadataEntry),
		changes(http.MethodDelete, one+"/metadata/{key}", meta+"delete", nil, d.deleteMetadataEntry),

		reads(one+"/tags", tags+"index", hiddenBelow(26, d.showTags)),
		changes(http.MethodPut, one+"/tags", tags+"update_all", tagsBody, hiddenBelow(26, d.replaceTags)),
		changes(http.MethodDelete, one+"/tags", tags+"delete_all", nil, hiddenBelow(26, d.deleteTags)),
		reads(one+"/tags/{tag}", tags+"show", hiddenBelow(26, d.showTag)),
		changes(http.MethodPut, one+"/tags/{tag}", tags+"update", nil, hiddenBelow(26, d.putTag)),
		changes(http.MethodDelete, one+"/tags/{tag}", tags+"delete", nil, hiddenBelow(26, d.deleteTag)),

		reads(one+"/ips", "os_compute_api:ips:index", d.showIPs),
		reads(one+"/ips/{label}", "os_compute_api:ips:show", d.showIPsOf),
		reads(one+"/os-interface", "os_compute_api:os-attach-interfaces:list", d.listInterfaces),
		reads(one+"/os-interface/{port}", "os_compute_api:os-attach-interfaces:show", d.showInterface),
		changes(http.MethodPost, one+"/os-interface", "os_compute_api:os-attach-interfaces:create", interfaceBody, d.attachInterface),
		changes(http.MethodDelete, one+"/os-interface/{port}", "os_compute_api:os-attach-interfaces:delete", nil, d.detachInterface),
		reads(one+"/os-security-groups", "os_compute_api:os-security-groups:list", d.showSecurityGroups),
		reads(one+"/os-server-password", "os_compute_api:os-server-password:show", d.showPassword),
		changes(http.MethodDelete, one+"/os-server-password", "os_compute_api:os-server-password:clear", nil, d.clearPassword),
		{Method: http.MethodGet, Pattern: one + "/diagnostics", Access: identity.Administrator,
			Rule: "os_compute_api:os-server-diagnostics", Handle: d.showDiagnostics},
		{Method: http.MethodGet, Pattern: "/v2.1/os-availability-zone", Access: identity.AnyUser,
			Rule: "os_compute_api:os-availability-zone:list", Handle: d.listZones},
		{Method: http.MethodGet, Pattern: "/v2.1/os-availability-zone/detail", Access: identity.Administrator,
			Rule: "os_compute_api:os-availability-zone:detail", Handle: d.listZonesInDetail},
	}
}
