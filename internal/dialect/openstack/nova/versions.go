package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// versionRoutes tell which versions there are. Nobody needs a token for that.
func (d *Dialect) versionRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: "/", Access: identity.Public, Handle: d.versions},
		{Method: http.MethodGet, Pattern: "/v2.1", Access: identity.Public, Handle: d.version},
		{Method: http.MethodGet, Pattern: "/v2.1/", Access: identity.Public, Handle: d.version},
	}
}

func (d *Dialect) versions(w http.ResponseWriter, c *openstack.Call) error {
	openstack.WriteJSON(w, http.StatusOK, openstack.ComputeRoot(c.Base))
	return nil
}

func (d *Dialect) version(w http.ResponseWriter, c *openstack.Call) error {
	doc, _ := openstack.ComputeVersion(c.Base, c.Folder[1:])
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, doc)
	return nil
}
