// Package glance speaks the OpenStack Image API v2, as Glance 25 (Zed) answers
// it: images are the ones that servers are made from. Those that were made of
// servers can be changed and deleted; none can be uploaded
// (https://docs.openstack.org/api-ref/image/v2/).
package glance

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// Options are what the dialect stands on.
type Options struct {
	Identity openstack.Tokens
	Compute  *compute.Service
	Base     openstack.Base // of this service, with the prefix "/image"
	// IdentityBase is where 401 sends clients; the zero value is "/identity" on
	// the host of Base.
	IdentityBase openstack.Base
}

// Dialect serves the image API.
type Dialect struct {
	compute *compute.Service
	style   openstack.GlanceStyle
	service openstack.PlainService
}

// New makes the dialect.
func New(opt Options) *Dialect {
	if opt.IdentityBase == (openstack.Base{}) {
		opt.IdentityBase = openstack.Base{Fixed: opt.Base.Fixed, Prefix: "/identity"}
	}
	d := &Dialect{compute: opt.Compute, style: openstack.GlanceStyle{RequestID: wire.RequestID, Identity: opt.IdentityBase}}
	d.service = openstack.PlainService{
		Name: "glance", Type: "image", Tokens: opt.Identity, Base: opt.Base, Style: d.style,
		Routes: slices.Concat(d.dataRoutes(), []openstack.Route{
			{Method: http.MethodGet, Pattern: "/", Access: identity.Public, Handle: versions(http.StatusMultipleChoices)},
			{Method: http.MethodGet, Pattern: "/versions", Access: identity.Public, Handle: versions(http.StatusOK)},
			{Method: http.MethodGet, Pattern: "/v2/images", Access: identity.ProjectReader, Rule: "get_images", Handle: d.list},
			{Method: http.MethodGet, Pattern: "/v2/images/{id}", Access: identity.ProjectReader, Rule: "get_image", Handle: d.show},
			{Method: http.MethodDelete, Pattern: "/v2/images/{id}", Access: identity.ProjectMember, Rule: "delete_image", Handle: d.delete},
			{Method: http.MethodPatch, Pattern: "/v2/images/{id}", Access: identity.ProjectMember, Rule: "modify_image", Handle: d.update},
			{Method: http.MethodGet, Pattern: "/v2/schemas/image", Access: identity.AnyUser, Rule: "get_schema", Handle: d.schema(imageSchema())},
			{Method: http.MethodGet, Pattern: "/v2/schemas/images", Access: identity.AnyUser, Rule: "get_schema", Handle: d.schema(imagesSchema())},
			{Method: http.MethodPut, Pattern: "/v2/images/{id}/tags/{tag}", Access: identity.ProjectMember, Rule: "modify_image", Handle: d.putTag},
			{Method: http.MethodDelete, Pattern: "/v2/images/{id}/tags/{tag}", Access: identity.ProjectMember, Rule: "modify_image", Handle: d.deleteTag},
			{Method: http.MethodPost, Pattern: "/v2/images/{id}/actions/deactivate", Access: identity.ProjectMember, Rule: "deactivate", Handle: d.activation(false, "deactivate")},
			{Method: http.MethodPost, Pattern: "/v2/images/{id}/actions/reactivate", Access: identity.ProjectMember, Rule: "reactivate", Handle: d.activation(true, "reactivate")},
		}),
	}
	return d
}

// Routes returns every call that is served, for tests that walk them.
func (d *Dialect) Routes() []openstack.Route { return slices.Clone(d.service.Routes) }

// Handler serves the API at the root of its prefix.
func (d *Dialect) Handler() http.Handler { return d.service.Handler() }

// Surface tells the listener how much to read, and how this service fails.
func (d *Dialect) Surface() wire.Surface { return d.service.Surface() }

// versions makes the handler that lists the API's versions.
func versions(status int) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		openstack.WriteJSON(w, status, openstack.ImageRoot(c.Base))
		return nil
	}
}
