package nova

import (
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Extensions (https://docs.openstack.org/api-ref/compute/#extensions-extensions-deprecated):
// a list from the time before microversions, in which old clients look for
// what a cloud can do.
func (d *Dialect) extensionRoutes() []openstack.Route {
	const rule = "os_compute_api:extensions"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: "/v2.1/extensions", Access: identity.AnyUser, Rule: rule, Handle: d.listExtensions},
		{Method: http.MethodGet, Pattern: "/v2.1/extensions/{alias}", Access: identity.AnyUser, Rule: rule, Handle: d.showExtension},
	}
}

// extension is one part of the API, as the list has it.
type extension struct {
	Alias       string   `json:"alias"`
	Description string   `json:"description"`
	Links       []string `json:"links"` // always empty
	Name        string   `json:"name"`
	Namespace   string   `json:"namespace"`
	Updated     string   `json:"updated"`
}

// extensionsKnown are the parts that may be served, by the end of a route that
// only they have.
var extensionsKnown = []struct{ alias, name, description, route string }{
	{"OS-SCH-HNT", "SchedulerHints", "Pass arbitrary key/value pairs to the scheduler.", "/os-server-groups"},
	{"os-admin-actions", "AdminActions", "Enable admin-only server actions", "/servers/{id}/action"},
	{"os-attach-interfaces", "AttachInterfaces", "Attach interface support.", "/os-interface"},
	{"os-availability-zone", "AvailabilityZone", "1. Add availability_zone to the Create Server API.\n           2. Add availability zones describing.\n        ", "/os-availability-zone"},
	{"os-consoles", "Consoles", "Interactive Console support.", "/servers/{id}/action"},
	{"os-floating-ip-pools", "FloatingIpPools", "Floating IPs support.", "/os-floating-ip-pools"},
	{"os-floating-ips", "FloatingIps", "Floating IPs support.", "/os-floating-ips"},
	{"flavors", "Flavors", "Flavors Extension.", "/flavors"},
	{"os-instance-actions", "InstanceActions", "View a log of actions and events taken on an instance.", "/os-instance-actions"},
	{"os-keypairs", "Keypairs", "Keypair Support.", "/os-keypairs"},
	{"limits", "Limits", "Limits support.", "/limits"},
	{"os-lock-server", "LockServer", "Enable lock/unlock server actions.", "/servers/{id}/action"},
	{"os-pause-server", "PauseServer", "Enable pause/unpause server actions.", "/servers/{id}/action"},
	{"os-quota-sets", "Quotas", "Quotas management support.", "/os-quota-sets/{project}"},
	{"os-quota-class-sets", "QuotaClasses", "Quota classes management support.", "/os-quota-class-sets/{class}"},
	{"os-security-groups", "SecurityGroups", "Security group support.", "/os-security-groups"},
	{"os-server-groups", "ServerGroups", "Server group support.", "/os-server-groups"},
	{"os-server-password", "ServerPassword", "Server password support.", "/os-server-password"},
	{"os-simple-tenant-usage", "SimpleTenantUsage", "Simple tenant usage extension.", "/os-simple-tenant-usage"},
	{"servers", "Servers", "Servers.", "/servers"},
	{"os-volumes", "Volumes", "Volumes support.", "/os-volume_attachments"},
}

// extensions returns those that are served.
func (d *Dialect) extensions() []extension {
	var served []extension
	for _, e := range extensionsKnown {
		if d.serves(e.route) {
			served = append(served, extension{
				Alias: e.alias, Description: e.description, Name: e.name,
				Namespace: "http://docs.openstack.org/compute/ext/fake_xml", Updated: "2014-12-03T00:00:00Z",
			})
		}
	}
	return served
}

func (d *Dialect) serves(route string) bool {
	for _, rt := range d.routes {
		if strings.HasSuffix(rt.Pattern, route) {
			return true
		}
	}
	return false
}

func (d *Dialect) listExtensions(w http.ResponseWriter, c *openstack.Call) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("extensions", d.extensions())})
	return nil
}

func (d *Dialect) showExtension(w http.ResponseWriter, c *openstack.Call) error {
	for _, e := range d.extensions() {
		if e.Alias == c.PathValue("alias") {
			d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("extension", e)})
			return nil
		}
	}
	return &fault.Error{Kind: fault.NotFound} // in the words for an unknown route, as in Nova
}
