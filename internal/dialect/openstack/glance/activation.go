package glance

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// activation answers POST /v2/images/{id}/actions/deactivate and reactivate
// (https://docs.openstack.org/api-ref/image/v2/#deactivate-image): what is
// deactivated is seen, and no server or volume is made of it.
func (d *Dialect) activation(active bool, verb string) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		err := d.compute.ActivateImage(c.Context(), c.Caller, c.PathValue("id"), active)
		if errors.Is(err, compute.ErrInactive) {
			return openstack.Refused("Not allowed to " + verb + " image in status 'saving'")
		}
		if err != nil {
			return err
		}
		d.style.Empty(w, c.Request, http.StatusNoContent)
		return nil
	}
}
