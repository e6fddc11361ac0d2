package neutron

import (
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

// list returns what somebody gets for a path.
func (k desk) list(who, path string) string {
	k.Helper()
	return openstacktest.Answer(openstacktest.Serve(k.d), openstacktest.Request(k.T, who, "GET", "/v2.0/"+path, "")).Body.String()
}

func TestBulk(t *testing.T) {
	k := desk{t, service(t)}
	pool := k.pool()
	k.send("alice", "POST", "networks", `{"networks": [{"name": "one"}, {"name": "two", "description": "d"}]}`, 201,
		`{"networks":[{"id":"`, `"name":"one"`, `"name":"two"`, `"description":"d"`)
	net := k.send("alice", "POST", "networks", `{"network": {"name": "three"}}`, 201)
	k.send("alice", "POST", "subnets", `{"subnets": [{"network_id": "`+net+`", "ip_version": 4, "cidr": "10.5.0.0/29"}]}`, 201, `{"subnets":[{`)
	k.send("alice", "POST", "ports", `{"ports": [{"network_id": "`+net+`", "name": "p1"}, {"network_id": "`+net+`", "name": "p2"}]}`, 201, `"10.5.0.2"`, `"10.5.0.3"`)
	k.send("alice", "POST", "security-groups", `{"security_groups": [{"name": "g1"}, {"name": "g2"}]}`, 201, `"name":"g1"`, `"name":"g2"`)
	k.send("alice", "POST", "floatingips", `{"floatingips": [{"floating_network_id": "`+pool+`"}, {"floating_network_id": "`+pool+`"}]}`, 201, `{"floatingips":[{`)
	k.send("alice", "POST", "routers", `{"routers": [{"name": "r1"}, {"name": "r2"}]}`, 201, `"name":"r2"`)

	// All or none: what stands in the way of the last takes the first back.
	for _, c := range []struct {
		path, body string
		status     int
		why        string
	}{
		{"networks", `{"networks": [{"name": "lost"}, {"name": "x", "shared": true}]}`, 403, "create_network"},
		{"networks", `{"networks": [{"name": "lost"}, {"nonsense": 1}]}`, 400, "Unrecognized attribute(s) 'nonsense'"},
		{"ports", `{"ports": [{"network_id": "` + net + `", "name": "lost"}, {"network_id": "` + net + `", "fixed_ips": [{"ip_address": "10.5.0.3"}]}]}`, 409, "IpAddressAlreadyAllocated"},
		{"ports", `{"ports": [{"network_id": "` + net + `", "name": "lost"}, {"network_id": "` + net + `"}, {"network_id": "` + net + `"}, {"network_id": "` + net + `"}]}`, 409, "IpAddressGenerationFailure"},
		{"security-groups", `{"security_groups": [{"name": "lost"}, {"name": "default"}]}`, 409, "SecurityGroupDefaultAlreadyExists"},
		{"routers", `{"routers": [{"name": "lost"}, {"external_gateway_info": {"network_id": "` + net + `"}}]}`, 400, ""},
	} {
		k.send("alice", "POST", c.path, c.body, c.status, c.why)
		if all := k.list("alice", c.path); strings.Contains(all, `"lost"`) {
			t.Errorf("%s: something stays: %s", c.body, all)
		}
	}
	k.send("alice", "POST", "networks", `{"networks": []}`, 400, "Resources required")
	k.send("alice", "POST", "networks", `{"networks": [`+strings.Repeat("{},", mostAtOnce)+`{}]}`, 400, "at most 1000 resources")
}

func TestForAnotherProject(t *testing.T) {
	k := desk{t, service(t)}
	pool := k.pool()
	net := k.send("admin", "POST", "networks", `{"network": {"name": "given", "project_id": "`+demo+`"}}`, 201, `"tenant_id":"`+demo+`"`, `"project_id":"`+demo+`"`)
	k.send("alice", "GET", "networks/"+net, "", 200)
	k.send("admin", "POST", "subnets", `{"subnet": {"network_id": "`+net+`", "ip_version": 4, "cidr": "10.6.0.0/24", "tenant_id": "`+demo+`"}}`, 201, `"project_id":"`+demo+`"`)
	k.send("admin", "POST", "subnets", `{"subnet": {"network_id": "`+net+`", "ip_version": 4, "cidr": "10.6.0.0/24", "tenant_id": "`+owner+`"}}`, 400, "a subnet belongs to the project of its network")
	port := k.send("admin", "POST", "ports", `{"port": {"network_id": "`+net+`", "tenant_id": "`+demo+`", "project_id": "`+demo+`"}}`, 201, `"project_id":"`+demo+`"`)
	k.send("alice", "DELETE", "ports/"+port, "", 204)
	for path, body := range map[string]string{
		"security-groups": `{"security_group": {"name": "g", "project_id": "` + demo + `"}}`,
		"floatingips":     `{"floatingip": {"floating_network_id": "` + pool + `", "project_id": "` + demo + `"}}`,
		"routers":         `{"router": {"name": "r", "project_id": "` + demo + `"}}`,
	} {
		id := k.send("admin", "POST", path, body, 201, `"project_id":"`+demo+`"`)
		k.send("alice", "DELETE", path+"/"+id, "", 204)
	}
	k.send("admin", "POST", "networks", `{"networks": [{"name": "a", "project_id": "`+demo+`"}, {"name": "b"}]}`, 201, demo, "ad000000000000000000000000000001")
	k.send("admin", "POST", "networks", `{"network": {"project_id": "`+demo+`", "tenant_id": "`+owner+`"}}`, 400, "'project_id' and 'tenant_id' do not match")
	k.send("alice", "POST", "networks", `{"network": {"project_id": "`+owner+`"}}`, 400, "requires admin privileges")
	k.send("alice", "POST", "networks", `{"networks": [{}, {"tenant_id": "`+owner+`"}]}`, 400, "requires admin privileges")
}

func TestQuotasOfAll(t *testing.T) {
	k := desk{t, service(t)}
	k.send("admin", "GET", "quotas", "", 200, `{"quotas":[]}`)
	k.send("admin", "PUT", "quotas/"+demo, `{"quota": {"network": 7}}`, 200)
	k.send("admin", "GET", "quotas", "", 200, `{"quotas":[{"network":7,"subnet":100,`, `"project_id":"`+demo+`","tenant_id":"`+demo+`"}]}`)
	k.send("alice", "GET", "quotas", "", 403)
	k.send("admin", "DELETE", "quotas/"+demo, "", 204)
	k.send("admin", "GET", "quotas", "", 200, `{"quotas":[]}`)
}
