package neutron

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// exceptions are Neutron's names for what stands in the way, by the kind of
// fault and the thing it is about, where they are not [openstack.NeutronStyle]'s
// (neutron_lib.exceptions). In their texts stand the name of the thing and the
// domain's words.
var exceptions = map[fault.Kind]map[string]struct{ kind, format string }{
	fault.NotFound: {
		"security group":      {"SecurityGroupNotFound", "Security group {name} does not exist"},
		"security group rule": {"SecurityGroupRuleNotFound", "Security group rule {name} does not exist"},
		"way from the pool":   {"ExternalGatewayForFloatingIPNotFound", "{msg}"},
		"router interface":    {"RouterInterfaceNotFound", "{msg}"},

		"router interface on subnet": {"RouterInterfaceNotFoundForSubnet", "{msg}"},
	},
	fault.Exists: {
		"security group":      {"SecurityGroupDefaultAlreadyExists", "{msg}"},
		"security group rule": {"SecurityGroupRuleExists", "{msg}"},
	},
	fault.Conflict: {
		"network":                {"NetworkInUse", "Unable to complete operation on network {name}. {msg}"},
		"subnet":                 {"SubnetInUse", "Unable to complete operation on subnet {name}: {msg}"},
		"port":                   {"PortBound", "{msg}"},
		"attached port":          {"PortInUse", "{msg}"},
		"router's port":          {"ServicePortInUse", "{msg}"},
		"router":                 {"RouterInUse", "{msg}"},
		"router interface":       {"RouterInterfaceInUseByFloatingIP", "{msg}"},
		"router gateway":         {"RouterExternalGatewayInUseByFloatingIp", "{msg}"},
		"subnet of port":         {"SubnetMismatchForPort", "{msg}"},
		"gateway":                {"GatewayIpInUse", "{msg}"},
		"address":                {"IpAddressAlreadyAllocated", "{msg}"},
		"floating IP":            {"FloatingIPPortAlreadyAssociated", "{msg}"},
		"port security":          {"PortSecurityPortHasSecurityGroup", "{msg}"},
		"security group":         {"SecurityGroupInUse", "{msg}"},
		"default security group": {"SecurityGroupCannotUpdateDefault", "{msg}"},
	},
}

// named gives a fault of the domain its name in Neutron. Errors of Neutron's
// own, and faults that need no other name, stay as they are.
func named(err error, method string) error {
	var own *openstack.NeutronError
	var e *fault.Error
	if err == nil || errors.As(err, &own) || !errors.As(err, &e) {
		return err
	}
	x, ok := exceptions[e.Kind][e.Resource]
	if !ok {
		return err
	}
	if x.kind == "SecurityGroupCannotUpdateDefault" && method == http.MethodDelete {
		x.kind = "SecurityGroupCannotRemoveDefault"
	}
	status := http.StatusConflict
	if e.Kind == fault.NotFound {
		status = http.StatusNotFound
	}
	text := strings.NewReplacer("{name}", e.Name, "{msg}", e.Msg).Replace(x.format)
	return &openstack.NeutronError{Status: status, Type: x.kind, Msg: text, Err: err}
}

// expected refuses a change that the header If-Match makes depend on another
// revision than the thing has (extension revision-if-match).
func expected(c *openstack.Call, revision int) error {
	header := c.Header.Get("If-Match")
	if header == "" {
		return nil
	}
	name, number, _ := strings.Cut(header, "=")
	n, err := strconv.Atoi(number)
	if name != "revision_number" || err != nil {
		return bad("Invalid If-Match header: %s. It looks like revision_number=1.", header)
	}
	if n != revision {
		return &openstack.NeutronError{Status: http.StatusPreconditionFailed, Type: "RevisionNumberConstraintFailed",
			Msg: fmt.Sprintf("Constrained to %d, but current revision is %d", n, revision)}
	}
	return nil
}
