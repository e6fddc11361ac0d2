package neutron

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

func (d *Dialect) noRouters(http.ResponseWriter, *openstack.Call) error {
	return &openstack.NeutronError{Status: http.StatusNotFound, Type: "HTTPNotFound",
		Msg: "Routers cannot be made here, and none is needed: every network is reachable from the pool of floating addresses."}
}
