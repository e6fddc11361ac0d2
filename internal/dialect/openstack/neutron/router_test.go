package neutron

import (
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

func TestRouterChanges(t *testing.T) {
	k := desk{t, service(t)}
	pool := k.pool()
	router := k.send("alice", "POST", "routers", `{"router": {"name": "r", "description": "d", "admin_state_up": false, "external_gateway_info": {"network_id": "`+pool+`"}}}`, 201,
		`"name":"r"`, `"description":"d"`, `"admin_state_up":false`, `"status":"ACTIVE"`, `"project_id":"`+demo+`"`, `"revision_number":1`, `"tags":[]`,
		`"external_gateway_info":{"network_id":"`+pool+`","external_fixed_ips":[{"subnet_id":"`, `"ip_address":"10.99.0.1"}]}`)
	one := "routers/" + router
	k.send("alice", "GET", "subnets?network_id="+pool, "", 200, `{"subnets":[]}`)
	k.send("admin", "GET", "subnets?network_id="+pool, "", 200, `"name":"public"`)
	k.send("alice", "PUT", one, `{"router": {"name": "new", "admin_state_up": true}}`, 200, `"name":"new"`, `"admin_state_up":true`, `"ip_address":"10.99.0.1"`, `"revision_number":2`)
	k.send("alice", "PUT", one, `{"router": {"external_gateway_info": {"network_id": "`+pool+`"}}}`, 200, `"ip_address":"10.99.0.1"`)
	k.send("alice", "PUT", one, `{"router": {"external_gateway_info": {}}}`, 200, `"external_gateway_info":null`)
	k.send("alice", "PUT", one, `{"router": {"external_gateway_info": {"network_id": "`+pool+`", "external_fixed_ips": [{"ip_address": "10.99.0.7"}]}}}`, 403, "update_router is disallowed by policy")
	k.send("admin", "PUT", one, `{"router": {"external_gateway_info": {"network_id": "`+pool+`", "external_fixed_ips": [{"ip_address": "10.99.0.7"}]}}}`, 200, `"ip_address":"10.99.0.7"`)
	k.send("admin", "GET", "ports?device_id="+router, "", 200, `"device_owner":"network:router_gateway"`, `"status":"ACTIVE"`)
	k.send("alice", "GET", "ports?device_id="+router, "", 200, `{"ports":[]}`)

	net := k.send("alice", "POST", "networks", `{"network": {}}`, 201)
	sub := k.send("alice", "POST", "subnets", `{"subnet": {"network_id": "`+net+`", "cidr": "10.5.0.0/24", "ip_version": 4}}`, 201)
	add, remove := one+"/add_router_interface", one+"/remove_router_interface"
	w := openstacktest.Answer(openstacktest.Serve(k.d), openstacktest.Request(t, "alice", "PUT", "/v2.0/"+add, `{"subnet_id": "`+sub+`"}`))
	for _, part := range []string{`{"id":"` + router + `","tenant_id":"` + demo + `","port_id":"`, `"network_id":"` + net + `","subnet_id":"` + sub + `","subnet_ids":["` + sub + `"]`, `"project_id":"` + demo + `"`} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), part) {
			t.Errorf("add an interface: %d %s: no %s", w.Code, w.Body, part)
		}
	}
	_, rest, _ := strings.Cut(w.Body.String(), `"port_id":"`)
	port, _, _ := strings.Cut(rest, `"`)
	k.send("alice", "GET", "ports/"+port, "", 200, `"device_id":"`+router+`","device_owner":"network:router_interface"`, `"ip_address":"10.5.0.1"`)
	k.send("alice", "DELETE", "ports/"+port, "", 409, `"type": "ServicePortInUse"`, "cannot be deleted directly via the port API: has device owner network:router_interface.")
	k.send("alice", "PUT", "subnets/"+sub, `{"subnet": {"gateway_ip": null}}`, 409, `"type": "GatewayIpInUse"`)
	k.send("alice", "DELETE", one, "", 409, `"type": "RouterInUse", "message": "Router `+router+` still has ports"`)

	server := k.send("alice", "POST", "ports", `{"port": {"network_id": "`+net+`"}}`, 201)
	float := k.send("alice", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+pool+`", "port_id": "`+server+`"}}`, 201, `"router_id":"`+router+`"`)
	k.send("alice", "PUT", remove, `{"subnet_id": "`+sub+`"}`, 409, `"type": "RouterInterfaceInUseByFloatingIP"`, "cannot be deleted, as it is required by one or more floating IPs.")
	k.send("alice", "PUT", one, `{"router": {"external_gateway_info": null}}`, 409, `"type": "RouterExternalGatewayInUseByFloatingIp"`)
	k.send("alice", "DELETE", "floatingips/"+float, "", 204)

	const none = "99999999-0000-4000-8000-000000000001"
	for _, x := range []struct {
		path, body string
		status     int
		want       string
	}{
		{add, ``, 400, "Either subnet_id or port_id must be specified"},
		{add, `{}`, 400, "Bad router request: Either subnet_id or port_id must be specified."},
		{add, `{"subnet_id": "` + sub + `", "port_id": "` + server + `"}`, 400, "Bad router request: Cannot specify both subnet-id and port-id."},
		{add, `{"subnet_id": "` + sub + `"}`, 400, "Bad router request: Router already has a port on subnet " + sub},
		{add, `{"subnet_id": "x"}`, 400, "'x' is not a valid UUID"},
		{add, `{"subnet_id": "` + none + `"}`, 404, `"type": "SubnetNotFound"`},
		{add, `{"port_id": "` + none + `"}`, 404, `"type": "PortNotFound"`},
		{add, `{"port_id": "` + port + `"}`, 409, `"type": "PortInUse"`},
		{add, `{"foo": 1}`, 400, "Unrecognized attribute(s) 'foo'"},
		{remove, `{"port_id": "` + server + `"}`, 404, `"type": "RouterInterfaceNotFound", "message": "Router ` + router + ` does not have an interface with id ` + server},
		{remove, `{"subnet_id": "` + sharedSub + `"}`, 404, `"type": "RouterInterfaceNotFoundForSubnet"`},
		{remove, `{"subnet_id": "` + sharedSub + `", "port_id": "` + port + `"}`, 409, `"type": "SubnetMismatchForPort"`},
		{"routers/" + none + "/add_router_interface", `{"subnet_id": "` + sub + `"}`, 404, `"type": "RouterNotFound"`},
		{one, `{"router": {"external_gateway_info": "x"}}`, 400, "'x' is not a dictionary"},
		{one, `{"router": {"external_gateway_info": {"enable_snat": true}}}`, 400, "Unexpected keys supplied: enable_snat"},
		{one, `{"router": {"external_gateway_info": {"network_id": "` + net + `"}}}`, 400, "Network " + net + " is not an external network"},
		{one, `{"router": {"external_gateway_info": {"network_id": "` + pool + `", "external_fixed_ips": [{"subnet_id": "` + sub + `"}]}}}`, 400, "is not a subnet of network"},
		{one, `{"router": {"routes": []}}`, 400, "Unrecognized attribute(s) 'routes'"},
	} {
		k.send("alice", "PUT", x.path, x.body, x.status, x.want)
	}
	k.send("none", "PUT", add, `{"subnet_id": "`+sub+`"}`, 403, "add_router_interface is disallowed by policy")
	k.send("alice", "PUT", remove, `{"subnet_id": "`+sub+`", "port_id": "`+port+`"}`, 200, `"port_id":"`+port+`"`)
	k.send("alice", "GET", "ports/"+port, "", 404)
	k.send("alice", "DELETE", one, "", 204)
	k.send("alice", "GET", one, "", 404, `"type": "RouterNotFound"`)
	// The deployment's own is administrators' to see, and nobody's to delete.
	seeded := ids(t, get(t, k.d, "admin", "/v2.0/routers?name=private"), "routers")
	k.send("admin", "GET", "routers/"+seeded, "", 200, `"external_fixed_ips":[]`)
	k.send("admin", "DELETE", "routers/"+seeded, "", 403, "delete_router is disallowed by policy")
	k.send("alice", "GET", "routers", "", 200, `{"routers":[]}`)
}
