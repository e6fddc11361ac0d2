package neutron

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

const pool = "22222222-0000-4000-8000-000000000001"

// desk sends requests as somebody and looks at the answers.
type desk struct {
	*testing.T
	d *Dialect
}

// send wants a status and parts of the body, and returns the id in it.
func (k desk) send(who, method, path, body string, status int, want ...string) string {
	k.Helper()
	w := openstacktest.Answer(openstacktest.Serve(k.d), openstacktest.Request(k.T, who, method, "/v2.0/"+path, body))
	if w.Code != status {
		k.Errorf("%s %s %s %s: %d, want %d: %s", who, method, path, body, w.Code, status, w.Body)
	}
	for _, part := range want {
		if !strings.Contains(w.Body.String(), part) {
			k.Errorf("%s %s %s: no %s in %s", method, path, body, part, w.Body)
		}
	}
	var got map[string]struct{ ID string }
	if json.Unmarshal(w.Body.Bytes(), &got) == nil {
		for _, one := range got {
			return one.ID
		}
	}
	return ""
}

// pool makes the deployment's own networks and returns that of floating addresses.
func (k desk) pool() string {
	k.Helper()
	if err := k.d.compute.Seed(k.Context()); err != nil {
		k.Fatal(err)
	}
	networks, err := k.d.compute.Networks(k.Context(), inProject(demo))
	if err != nil {
		k.Fatal(err)
	}
	return networks[slices.IndexFunc(networks, func(n compute.Network) bool { return n.External })].ID
}

func TestNetworkChanges(t *testing.T) {
	k := desk{t, service(t)}
	net := k.send("alice", "POST", "networks", `{"network": {"name": "own", "admin_state_up": true}}`, 201,
		`"name":"own"`, `"subnets":[]`, `"shared":false`, `"router:external":false`, `"port_security_enabled":true`, `"project_id":"`+demo+`"`)
	k.send("alice", "PUT", "networks/"+net, `{"network": {"name": "other", "description": "d", "port_security_enabled": "false"}}`, 200,
		`"name":"other"`, `"description":"d"`, `"port_security_enabled":false`, `"revision_number":2`)
	k.send("alice", "PUT", "networks/"+sharedNet, `{"network": {"name": "mine"}}`, 403, "update_network is disallowed by policy")
	k.send("alice", "PUT", "networks/"+hiddenNet, `{"network": {"name": "mine"}}`, 404, "NetworkNotFound")
	for body, reason := range map[string]string{
		``:                                       "Resource body required",
		`{"net": {}}`:                            "Unable to find 'network' in request body",
		`{"network": {"foo": 1}}`:                "Unrecognized attribute(s) 'foo'",
		`{"network": {"name": 5}}`:               "Invalid input for name. Reason: '5' is not a valid string.",
		`{"network": {"shared": "x"}}`:           "'x' cannot be converted to boolean",
		`{"network": {"mtu": 9000}}`:             "the MTU is 1500",
		`{"network": {"router:external": true}}`: "the only pool of floating addresses",
		`{"network": {"project_id": "` + owner + `"}}`:              "requires admin privileges",
		`{"network": {"name": "` + strings.Repeat("a", 256) + `"}}`: "exceeds maximum length of 255",
	} {
		k.send("alice", "POST", "networks", body, 400, `"type": "HTTPBadRequest"`, reason)
	}
	k.send("alice", "POST", "networks", `{"network": {"shared": true}}`, 403, "create_network is disallowed by policy")
	k.send("none", "POST", "networks", `{"network": {}}`, 403)

	sub := k.send("alice", "POST", "subnets", `{"subnet": {"network_id": "`+net+`", "cidr": "10.5.0.0/24", "ip_version": 4, "dns_nameservers": ["9.9.9.9"]}}`, 201,
		`"cidr":"10.5.0.0/24"`, `"gateway_ip":"10.5.0.1"`, `"allocation_pools":[{"start":"10.5.0.2","end":"10.5.0.254"}]`, `"dns_nameservers":["9.9.9.9"]`, `"enable_dhcp":true`)
	k.send("alice", "POST", "subnets", `{"subnet": {"network_id": "`+net+`", "cidr": "10.6.0.0/24", "ip_version": 4}}`, 409, `"type": "SubnetInUse"`, "has a subnet already")
	k.send("alice", "PUT", "subnets/"+sub, `{"subnet": {"gateway_ip": null, "name": "n"}}`, 200, `"gateway_ip":null`, `"start":"10.5.0.1"`, `"name":"n"`)
	k.send("alice", "PUT", "subnets/"+sub, `{"subnet": {"cidr": "10.6.0.0/24"}}`, 400, "Cannot update read-only attribute cidr")
	for body, reason := range map[string]string{
		`{"cidr": "10.6.0.0/24", "ip_version": 4}`:                                                                                                    "Required attribute 'network_id' not specified",
		`{"network_id": "` + net + `", "cidr": "10.6.0.1/24", "ip_version": 4}`:                                                                       "is not a valid IP subnet",
		`{"network_id": "` + net + `", "cidr": "fd00::/64", "ip_version": 6}`:                                                                         "addresses are IPv4",
		`{"network_id": "` + net + `", "cidr": "10.0.0.0/24", "ip_version": 4}`:                                                                       "the driver's own",
		`{"network_id": "` + net + `", "cidr": "10.6.0.0/31", "ip_version": 4}`:                                                                       "at least four addresses",
		`{"network_id": "` + net + `", "cidr": "10.6.0.0/24", "ip_version": 4, "host_routes": [{"destination": "0.0.0.0/0", "nexthop": "10.6.0.1"}]}`: "guests have no routes",
	} {
		k.send("alice", "POST", "subnets", `{"subnet": `+body+`}`, 400, reason)
	}
	port := k.send("alice", "POST", "ports", `{"port": {"network_id": "`+net+`", "fixed_ips": [{"subnet_id": "`+sub+`"}]}}`, 201,
		`"ip_address":"10.5.0.1"`, `"security_groups":[]`, `"port_security_enabled":false`)
	k.send("alice", "DELETE", "networks/"+net, "", 409, `"type": "NetworkInUse", "message": "Unable to complete operation on network `+net+`. There are one or more ports still in use on the network."`)
	k.send("alice", "DELETE", "subnets/"+sub, "", 409, `"type": "SubnetInUse"`, "IP allocation")
	k.send("alice", "DELETE", "ports/"+port, "", 204)
	k.send("alice", "DELETE", "subnets/"+sub, "", 204)
	k.send("alice", "DELETE", "networks/"+net, "", 204)
	k.send("alice", "DELETE", "networks/"+net, "", 404)
	k.send("alice", "GET", "availability_zones", "", 200, `{"availability_zones":[{"state":"available","resource":"network","name":"nova"}]}`)
}

func TestPortChanges(t *testing.T) {
	k := desk{t, service(t)}
	group := compute.DefaultGroupID(demo)
	port := k.send("alice", "POST", "ports", `{"port": {"network_id": "`+sharedNet+`", "name": "p", "fixed_ips": [{"ip_address": "10.77.9.9"}], "device_id": "x", "device_owner": "me"}}`, 201,
		`"status":"DOWN","device_id":"x","device_owner":"me"`, `"fixed_ips":[{"subnet_id":"`+sharedSub+`","ip_address":"10.77.9.9"}]`, `"security_groups":["`+group+`"]`)
	k.send("alice", "POST", "ports", `{"port": {"network_id": "`+sharedNet+`", "fixed_ips": [{"ip_address": "10.77.9.9"}]}}`, 409,
		`"type": "IpAddressAlreadyAllocated", "message": "IP address 10.77.9.9 already allocated in subnet `+sharedSub+`"`)
	k.send("alice", "PUT", "ports/"+port, `{"port": {"name": "", "security_groups": [], "allowed_address_pairs": [{"ip_address": "10.0.0.0/8"}], "fixed_ips": [{"ip_address": "10.77.9.8"}], "admin_state_up": false}}`, 200,
		`"name":""`, `"security_groups":[]`, `"allowed_address_pairs":[{"ip_address":"10.0.0.0/8","mac_address":"fa:16:3e:11:22:33"}]`, `"ip_address":"10.77.9.8"`, `"admin_state_up":false`)
	k.send("alice", "PUT", "ports/"+port, `{"port": {"port_security_enabled": false}}`, 409, `"type": "PortSecurityPortHasSecurityGroup"`)
	k.send("alice", "PUT", "ports/"+port, `{"port": {"port_security_enabled": false, "allowed_address_pairs": []}}`, 200, `"port_security_enabled":false`)
	k.send("alice", "PUT", "ports/"+port, `{"port": {"fixed_ips": []}}`, 400, "a port keeps an address here")
	bare := k.send("alice", "POST", "ports", `{"port": {"network_id": "`+sharedNet+`", "fixed_ips": []}}`, 201, `"fixed_ips":[]`)
	k.send("alice", "PUT", "ports/"+bare, `{"port": {"fixed_ips": []}}`, 200, `"fixed_ips":[]`)
	k.send("alice", "PUT", "ports/"+bare, `{"port": {"fixed_ips": [{"ip_address": "10.77.9.7"}]}}`, 200, `"ip_address":"10.77.9.7"`)
	k.send("alice", "DELETE", "ports/"+bare, "", 204)
	k.send("alice", "PUT", "ports/port-web-0", `{"port": {"device_id": ""}}`, 400, "is a server's")
	k.send("alice", "PUT", "ports/port-web-0", `{"port": {"device_id": "web-0", "description": "d"}}`, 200, `"device_id":"web-0"`, `"description":"d"`)
	k.send("alice", "PUT", "ports/port-web-0", `{"port": {"mac_address": "aa:bb:cc:dd:ee:ff"}}`, 409, `"type": "PortBound"`)
	k.send("alice", "PUT", "ports/port-other", `{"port": {"name": "x"}}`, 404, "PortNotFound")
	for body, reason := range map[string]string{
		`{"network_id": "x"}`: "'x' is not a valid UUID",
		`{"network_id": "` + sharedNet + `", "mac_address": "x"}`:                                                      "is not a valid MAC address",
		`{"network_id": "` + sharedNet + `", "security_groups": ["default"]}`:                                          "'default' is not a valid UUID",
		`{"network_id": "` + sharedNet + `", "fixed_ips": [{"ip_address": "10.77.1.1"}, {"ip_address": "10.77.1.2"}]}`: "one address",
		`{"network_id": "` + sharedNet + `", "fixed_ips": [{"subnet_id": "` + pool + `"}]}`:                            "invalid subnet",
		`{"network_id": "` + sharedNet + `", "fixed_ips": [{"ip_address": "10.1.1.1"}]}`:                               "is not a valid IP for the specified subnet",
		`{"network_id": "` + sharedNet + `", "extra_dhcp_opts": [{"opt_name": "a"}]}`:                                  "told nothing by DHCP",
		`{"network_id": "` + sharedNet + `", "status": "UP"}`:                                                          "Unrecognized attribute(s) 'status'",
	} {
		k.send("alice", "POST", "ports", `{"port": `+body+`}`, 400, reason)
	}
	k.send("alice", "POST", "ports", `{"port": {"network_id": "`+sharedNet+`", "security_groups": ["`+pool+`"]}}`, 404, "Security group "+pool+" does not exist")
	k.send("alice", "DELETE", "ports/"+port, "", 204)
	k.send("alice", "GET", "ports/"+port, "", 404)
	k.send("alice", "GET", "ports?fixed_ips=subnet_id="+sharedSub+"&fixed_ips=ip_address=10.77.0.2&fields=id", "", 200, `{"ports":[{"id":"port-web-1"}]}`)
}

func TestGroupChanges(t *testing.T) {
	k := desk{t, service(t)}
	group := k.send("alice", "POST", "security-groups", `{"security_group": {"name": "web", "description": "d"}}`, 201, `"name":"web"`, `"stateful":true`, `"direction":"egress"`)
	in := `"security_group_id": "` + group + `", "direction": "ingress"`
	rule := k.send("alice", "POST", "security-group-rules", `{"security_group_rule": {`+in+`, "protocol": "TCP", "port_range_min": "80", "port_range_max": 90, "remote_ip_prefix": "10.1.2.3/8", "description": "x"}}`, 201,
		`"ethertype":"IPv4","direction":"ingress","protocol":"tcp","port_range_min":80,"port_range_max":90,"remote_ip_prefix":"10.1.2.3/8"`, `"normalized_cidr":"10.0.0.0/8"`, `"description":"x"`)
	k.send("alice", "POST", "security-group-rules", `{"security_group_rule": {`+in+`, "protocol": "tcp", "port_range_min": 80, "port_range_max": 90, "remote_ip_prefix": "10.1.2.3/8"}}`, 409,
		`"type": "SecurityGroupRuleExists", "message": "Security group rule already exists. Rule id is `+rule+`."`)
	k.send("alice", "POST", "security-group-rules", `{"security_group_rules": [{`+in+`, "protocol": 6, "remote_ip_prefix": "10.9.9.9"}, {`+in+`, "ethertype": "ipv6", "remote_group_id": "`+group+`"}]}`, 201,
		`{"security_group_rules":[{`, `"protocol":"6"`, `"remote_ip_prefix":"10.9.9.9/32"`, `"ethertype":"IPv6"`, `"remote_group_id":"`+group+`"`)
	for body, reason := range map[string]string{
		`{"direction": "ingress"}`:                                "Required attribute 'security_group_id' not specified",
		`{` + in + `, "protocol": "bogus"}`:                       "Security group rule protocol bogus not supported",
		`{` + in + `, "port_range_min": 1, "port_range_max": 2}`:  "Must also specify protocol if port range is given.",
		`{` + in + `, "remote_ip_prefix": "x"}`:                   "is neither a valid IP address, nor is it a valid IP subnet",
		`{` + in + `, "ethertype": "IPX"}`:                        "'IPX' is not in ['IPv4', 'IPv6']",
		`{` + in + `, "remote_address_group_id": "` + pool + `"}`: "there are no address groups",
	} {
		k.send("alice", "POST", "security-group-rules", `{"security_group_rule": `+body+`}`, 400, reason)
	}
	k.send("alice", "POST", "security-group-rules", `{"security_group_rule": {"security_group_id": "`+pool+`", "direction": "ingress"}}`, 404, "Security group "+pool+" does not exist")
	k.send("alice", "POST", "security-group-rules", `{"security_group_rule": {`+in+`, "remote_group_id": "`+pool+`"}}`, 404, "SecurityGroupNotFound")
	k.send("alice", "POST", "security-group-rules", `{"security_group_rule": {`+in+`, "remote_group_id": "no id"}}`, 404, "SecurityGroupNotFound")
	k.send("alice", "POST", "security-group-rules", `{"security_group_rule": {`+in+`, "protocol": "tcp", "port_range_min": -16}}`, 400, "Invalid value for port -16")
	k.send("alice", "GET", "security-group-rules/"+rule, "", 200, `{"security_group_rule":{"id":"`+rule+`"`)
	k.send("alice", "DELETE", "security-group-rules/"+rule, "", 204)
	k.send("alice", "DELETE", "security-group-rules/"+rule, "", 404, "Security group rule "+rule+" does not exist")

	k.send("alice", "PUT", "security-groups/"+group, `{"security_group": {"name": "web2", "stateful": false}}`, 200, `"name":"web2"`, `"stateful":false`)
	byDefault := compute.DefaultGroupID(demo)
	k.send("alice", "GET", "security-groups", "", 200, byDefault)
	k.send("alice", "PUT", "security-groups/"+byDefault, `{"security_group": {"name": "x"}}`, 409, `"type": "SecurityGroupCannotUpdateDefault"`)
	k.send("alice", "DELETE", "security-groups/"+byDefault, "", 409, `"type": "SecurityGroupCannotRemoveDefault", "message": "Insufficient rights for removing default security group."`)
	k.send("alice", "POST", "security-groups", `{"security_group": {"name": "default"}}`, 409, `"type": "SecurityGroupDefaultAlreadyExists"`)
	k.send("admin", "DELETE", "security-groups/"+byDefault, "", 204)
	port := k.send("alice", "POST", "ports", `{"port": {"network_id": "`+sharedNet+`", "security_groups": ["`+group+`"]}}`, 201)
	k.send("alice", "DELETE", "security-groups/"+group, "", 409, `"type": "SecurityGroupInUse", "message": "Security Group `+group+` in use."`)
	k.send("alice", "DELETE", "ports/"+port, "", 204)
	k.send("alice", "DELETE", "security-groups/"+group, "", 204)
}

func TestFloatingChanges(t *testing.T) {
	k := desk{t, service(t)}
	pool := k.pool()
	k.send("alice", "GET", "networks?router:external=True", "", 200, `"name":"public"`)
	f := k.send("alice", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+pool+`", "description": "d"}}`, 201,
		`"floating_ip_address":"10.99.0.1"`, `"port_id":null,"fixed_ip_address":null,"status":"DOWN","description":"d"`, `"router_id":null`)
	k.send("alice", "PUT", "floatingips/"+f, `{"floatingip": {"port_id": "port-web-0"}}`, 400, "is not a valid UUID")
	port := k.send("alice", "POST", "ports", `{"port": {"network_id": "`+sharedNet+`", "fixed_ips": [{"ip_address": "10.77.9.9"}]}}`, 201)
	k.send("alice", "PUT", "floatingips/"+f, `{"floatingip": {"port_id": "`+port+`"}}`, 404, `"type": "ExternalGatewayForFloatingIPNotFound", "message": "External network `+
		pool+` is not reachable from subnet `+sharedSub+`.  Therefore, cannot associate Port `+port+` with a Floating IP."`)
	router := k.send("alice", "POST", "routers", `{"router": {"external_gateway_info": {"network_id": "`+pool+`"}}}`, 201)
	door := k.send("alice", "POST", "ports", `{"port": {"network_id": "`+sharedNet+`"}}`, 201)
	k.send("alice", "PUT", "routers/"+router+"/add_router_interface", `{"port_id": "`+door+`"}`, 200)
	k.send("alice", "PUT", "floatingips/"+f, `{"floatingip": {"port_id": "`+port+`"}}`, 200, `"router_id":"`+router+`"`, `"port_id":"`+port+`","fixed_ip_address":"10.77.9.9","status":"ACTIVE"`)
	k.send("alice", "PUT", "floatingips/"+f, `{"floatingip": {"description": ""}}`, 200, `"port_id":"`+port+`"`, `"description":""`)
	k.send("alice", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+pool+`", "port_id": "`+port+`"}}`, 409, `"type": "FloatingIPPortAlreadyAssociated"`, "already has a floating IP")
	k.send("alice", "PUT", "floatingips/"+f, `{"floatingip": {"port_id": null}}`, 200, `"port_id":null`, `"status":"DOWN"`)
	k.send("alice", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+sharedNet+`"}}`, 400, "is not a valid external network")
	k.send("alice", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+pool+`", "floating_ip_address": "10.99.0.9"}}`, 403, "create_floatingip is disallowed by policy")
	k.send("admin", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+pool+`", "floating_ip_address": "10.99.0.9"}}`, 201, `"floating_ip_address":"10.99.0.9"`)
	k.send("admin", "GET", "floatingips", "", 200, "10.99.0.9", "10.99.0.1")
	k.send("alice", "GET", "floatingips?floating_ip_address=10.99.0.9", "", 200, `{"floatingips":[]}`)
	k.send("alice", "POST", "ports", `{"port": {"network_id": "`+pool+`"}}`, 403)
	k.send("alice", "DELETE", "floatingips/"+f, "", 204)
	k.send("alice", "DELETE", "floatingips/"+f, "", 404, `"type": "FloatingIPNotFound"`)

	k.send("admin", "PUT", "quotas/"+demo, `{"quota": {"floatingip": 0, "router": 5, "rbac_policy": 5}}`, 200, `"floatingip":0`, `"router":5`, `"rbac_policy":10`)
	k.send("alice", "POST", "floatingips", `{"floatingip": {"floating_network_id": "`+pool+`"}}`, 409, `"type": "OverQuota", "message": "Quota exceeded for resources: ['floatingip']."`)
	k.send("alice", "PUT", "quotas/"+demo, `{"quota": {}}`, 403)
	k.send("admin", "PUT", "quotas/"+demo, `{"quota": {"foo": 1}}`, 400, "Unrecognized attribute(s) 'foo'")
	k.send("admin", "PUT", "quotas/"+demo, `{"quota": {"port": -2}}`, 400, "should be an integer from -1")
	k.send("alice", "GET", "quotas/"+demo+"/details", "", 200, `"port":{"limit":500,"used":2,"reserved":0}`, `"router":{"limit":5,"used":1,"reserved":0}`)
	k.send("alice", "GET", "quotas/"+demo+"/default", "", 200, `"floatingip":50`)
	k.send("admin", "DELETE", "quotas/"+demo, "", 204)
	k.send("alice", "GET", "quotas/"+demo, "", 200, `"floatingip":50`)
}

// TestRevisions changes things only while they are as the client knows them.
func TestRevisions(t *testing.T) {
	k := desk{t, service(t)}
	for _, c := range []struct{ path, name string }{{"networks", "network"}, {"security-groups", "security_group"}, {"ports", "port"}} {
		more := ""
		if c.name == "port" {
			more = `, "network_id": "` + sharedNet + `"`
		}
		id := k.send("alice", "POST", c.path, `{"`+c.name+`": {"name": "a"`+more+`}}`, 201, `"revision_number":1`)
		for _, x := range []struct {
			match  string
			status int
			want   string
		}{
			{"revision_number=1", 200, `"revision_number":2`},
			{"revision_number=1", 412, `"type": "RevisionNumberConstraintFailed", "message": "Constrained to 1, but current revision is 2"`},
			{"revision_number=2", 200, `"revision_number":3`},
			{"*", 400, "Invalid If-Match header"},
		} {
			r := openstacktest.Request(t, "alice", http.MethodPut, "/v2.0/"+c.path+"/"+id, `{"`+c.name+`": {"name": "b"}}`)
			r.Header.Set("If-Match", x.match)
			w := openstacktest.Answer(openstacktest.Serve(k.d), r)
			if w.Code != x.status || !strings.Contains(w.Body.String(), x.want) {
				t.Errorf("%s If-Match %s: %d %s", c.path, x.match, w.Code, w.Body)
			}
		}
	}
}
