package keystone

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// Service is one line of the catalog: a service and where it is.
type Service struct {
	Type   string // "compute"
	Name   string // "nova"
	Prefix string // where it is mounted: "/compute"
	Path   string // under the prefix: "/v2.1"; [projectSlot] stands for the token's project
}

// projectSlot is where a service's path has the project's id, as it is called
// in the endpoints of a Keystone.
const projectSlot = "%(project_id)s"

// Services are the services that a deployment has.
func Services() []Service {
	return []Service{
		{"identity", "keystone", "/identity", "/v3"},
		{"compute", "nova", "/compute", "/v2.1"},
		{"compute_legacy", "nova_legacy", "/compute", "/v2/" + projectSlot},
		{"image", "glance", "/image", ""},
		{"network", "neutron", "/network", ""},
		{"volumev3", "cinderv3", "/volume", "/v3/" + projectSlot},
	}
}

// interfaces are the audiences of an endpoint; all have the same URL here.
var interfaces = []string{"admin", "internal", "public"}

// catalog is what clients find services in. Its ids follow from the region and
// the service's type: the same in every process, after every restart.
type catalog struct {
	region   string
	fixed    string
	services []Service
}

func (s Service) needsProject() bool { return strings.Contains(s.Path, projectSlot) }

// url is the service's address for links in the answer to r, with the slot
// where the project goes.
func (k catalog) url(r *http.Request, s Service) string {
	return openstack.Base{Fixed: k.fixed, Prefix: s.Prefix}.URL(r) + s.Path
}

func (k catalog) serviceID(s Service) string { return k.id("service", s.Type) }

func (k catalog) endpointID(s Service, audience string) string {
	return k.id("endpoint", s.Type, audience)
}

func (k catalog) id(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(parts, k.region), "\x00")))
	return hex.EncodeToString(sum[:16])
}

// entries is the catalog of a token. A service that needs a project has no
// endpoints when projectID is empty.
func (k catalog) entries(r *http.Request, projectID string) []catalogEntry {
	var all []catalogEntry
	for _, s := range k.services {
		entry := catalogEntry{ID: k.serviceID(s), Type: s.Type, Name: s.Name}
		if projectID != "" || !s.needsProject() {
			entry.Endpoints = k.endpoints(s, strings.ReplaceAll(k.url(r, s), projectSlot, projectID))
		}
		all = append(all, entry)
	}
	return all
}

func (k catalog) endpoints(s Service, url string) []catalogEndpoint {
	all := make([]catalogEndpoint, len(interfaces))
	for i, audience := range interfaces {
		all[i] = catalogEndpoint{
			ID: k.endpointID(s, audience), Interface: audience, RegionID: k.region, URL: url, Region: k.region,
		}
	}
	return all
}
