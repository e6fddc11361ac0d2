package nova

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/store"
)

const poolNet = "22222222-0000-4000-8000-000000000001"

// withPool adds a pool of floating addresses, and a router to it.
func (m *machines) withPool(t *testing.T) {
	t.Helper()
	m.write(t, func(tx *store.Tx) error {
		return tx.InsertNetwork(t.Context(), compute.Network{ID: poolNet, Name: "public", External: true,
			Subnet: &compute.Subnet{ID: "s", Range: netip.MustParsePrefix("10.99.0.0/24")}})
	})
	openstacktest.Route(t, m.db, sharedNet, poolNet)
}

// port makes a port of demo's and returns its id and address.
func (m *machines) port(t *testing.T) compute.Port {
	t.Helper()
	c := people()["<token alice>"]
	p, err := m.compute.CreatePort(t.Context(), c, compute.PortRequest{NetworkID: sharedNet, PortLabels: compute.PortLabels{Filtered: true}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (m *machines) bootWith(t *testing.T, members string) (id, answer string) {
	t.Helper()
	w := m.call(t, "alice", "2.37", "POST", "/v2.1/servers", `{"server": {"name": "n", "flavorRef": "1", "imageRef": "`+cirros+`", `+members+`}}`)
	var made struct{ Server struct{ ID string } }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 202 {
		t.Fatalf("%s: %d %s", members, w.Code, w.Body)
	}
	m.work(t)
	return made.Server.ID, w.Body.String()
}

func (m *machines) answers(t *testing.T, who, version, method, path, body string, status int, want ...string) string {
	t.Helper()
	w := m.call(t, who, version, method, path, body)
	for _, part := range want {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s %s %s: no %s in %s", method, path, body, part, w.Body)
		}
	}
	if w.Code != status {
		t.Errorf("%s %s %s: %d, want %d: %s", method, path, body, w.Code, status, w.Body)
	}
	return w.Body.String()
}

func TestServerOnPorts(t *testing.T) {
	m := newMachines(t)
	m.withPool(t)
	p := m.port(t)
	id, _ := m.bootWith(t, `"networks": [{"port": "`+p.PortID+`"}, {"uuid": "`+sharedNet+`", "fixed_ip": "10.77.5.5"}]`)
	at := "/v2.1/servers/" + id
	m.answers(t, "alice", "", "GET", at, "", 200, `"addr": "`+p.Addr.String()+`", "OS-EXT-IPS:type": "fixed"`, `"addr": "10.77.5.5"`)
	for body, c := range map[string]struct {
		status int
		want   string
	}{
		`"networks": [{"port": "` + p.PortID + `"}]`:                                           {409, "Port " + p.PortID + " is still in use."},
		`"networks": [{"uuid": "` + sharedNet + `", "fixed_ip": "10.77.5.5"}]`:                 {400, "Fixed IP address 10.77.5.5 is already in use."},
		`"networks": [{"uuid": "` + sharedNet + `", "fixed_ip": "10.1.1.1"}]`:                  {400, "IP address 10.1.1.1 is not a valid IP"},
		`"networks": [{"uuid": "` + poolNet + `"}]`:                                            {403, "It is not allowed to create an interface on external network " + poolNet},
		`"networks": [{"port": "` + p.PortID + `"}], "max_count": 2`:                           {400, "Unable to launch multiple instances with a single configured port ID."},
		`"networks": [{"uuid": "` + sharedNet + `", "fixed_ip": "10.77.5.6"}], "min_count": 2`: {400, "max_count cannot be greater than 1 if a specific fixed IP"},
	} {
		m.answers(t, "alice", "2.37", "POST", "/v2.1/servers", `{"server": {"name": "n", "flavorRef": "1", "imageRef": "`+cirros+`", `+body+`}}`, c.status, c.want)
	}

	// One more while it runs.
	const os = "/os-interface"
	made := m.answers(t, "alice", "2.70", "POST", at+os, `{"interfaceAttachment": {"net_id": "`+sharedNet+`", "fixed_ips": [{"ip_address": "10.77.6.6"}]}}`,
		200, `"ip_address": "10.77.6.6"`, `"port_state": "ACTIVE"`, `"tag": null`, `"net_id": "`+sharedNet+`"`)
	var nic struct {
		InterfaceAttachment struct {
			Port string `json:"port_id"`
		} `json:"interfaceAttachment"`
	}
	if err := json.Unmarshal([]byte(made), &nic); err != nil {
		t.Fatal(err)
	}
	for body, c := range map[string]struct {
		status int
		want   string
	}{
		`{"interfaceAttachment": {"net_id": "` + sharedNet + `", "port_id": "` + p.PortID + `"}}`: {400, "Must not input both network_id and port_id"},
		`{"interfaceAttachment": {"fixed_ips": [{"ip_address": "10.77.6.7"}]}}`:                   {400, "Must input network_id when request IP address"},
		`{"interfaceAttachment": {"port_id": "` + p.PortID + `"}}`:                                {400, "is still in use"},
		`{"interfaceAttachment": {"port_id": "00000000-0000-4000-8000-000000000000"}}`:            {404, "Port id 00000000-0000-4000-8000-000000000000 could not be found."},
		`{"interfaceAttachment": {"net_id": "00000000-0000-4000-8000-000000000000"}}`:             {404, "Network 00000000-0000-4000-8000-000000000000 could not be found."},
		`{"interfaceAttachment": {"net_id": "` + poolNet + `"}}`:                                  {403, "external network"},
		`{"interfaceAttachment": {"net_id": "x"}}`:                                                {400, "Invalid input for field/attribute net_id. Value: x. 'x' is not a 'uuid'"},
		`{"interfaceAttachment": {"foo": 1}}`:                                                     {400, "Additional properties are not allowed ('foo' was unexpected)"},
	} {
		m.answers(t, "alice", "", "POST", at+os, body, c.status, c.want)
	}
	m.answers(t, "carol", "", "POST", at+os, `{}`, 404, "could not be found")
	m.answers(t, "rita", "", "POST", at+os, `{}`, 403, "os_compute_api:os-attach-interfaces:create")
	m.answers(t, "alice", "", "DELETE", at+os+"/"+nic.InterfaceAttachment.Port, "", 202)
	m.answers(t, "alice", "", "DELETE", at+os+"/"+nic.InterfaceAttachment.Port, "", 404, "could not be found")
	m.answers(t, "alice", "", "POST", at+"/action", `{"os-stop": null}`, 202)
	m.answers(t, "alice", "", "DELETE", at+os+"/"+p.PortID, "", 409, "Cannot 'detach_interface' instance "+id+" while it is in task_state powering-off")

	// A floating address is shown beside the fixed one that it leads to.
	m.work(t)
	_, err := m.compute.AllocateFloatingIP(t.Context(), people()["<token alice>"], compute.FloatingRequest{NetworkID: poolNet, FloatingLabels: compute.FloatingLabels{PortID: p.PortID}})
	if err != nil {
		t.Fatal(err)
	}
	m.answers(t, "alice", "", "GET", at, "", 200, `"OS-EXT-IPS:type": "floating", "OS-EXT-IPS-MAC:mac_addr": "`+p.MAC+`"`)
	m.answers(t, "alice", "", "GET", at+"/ips", "", 200, `{"version": 4, "addr": "10.99.0.1"}`)
}

func TestServerGroups(t *testing.T) {
	m := newMachines(t)
	const groups = "/v2.1/os-security-groups"
	made := m.answers(t, "alice", "", "POST", groups, `{"security_group": {"name": "web", "description": "d"}}`, 200, `"name": "web", "tenant_id": "`+demo+`", "rules": []`)
	var g struct {
		Group struct{ ID string } `json:"security_group"`
	}
	if err := json.Unmarshal([]byte(made), &g); err != nil {
		t.Fatal(err)
	}
	rule := m.answers(t, "alice", "", "POST", "/v2.1/os-security-group-rules",
		`{"security_group_rule": {"parent_group_id": "`+g.Group.ID+`", "from_port": 80, "to_port": "90", "ip_protocol": "TCP", "cidr": "10.0.0.0/8"}}`,
		200, `"ip_protocol": "tcp", "from_port": 80, "to_port": 90, "group": {}, "ip_range": {"cidr": "10.0.0.0/8"}`)
	var r struct {
		Rule struct{ ID string } `json:"security_group_rule"`
	}
	if err := json.Unmarshal([]byte(rule), &r); err != nil {
		t.Fatal(err)
	}
	m.answers(t, "alice", "", "GET", groups, "", 200, `"name": "default"`, r.Rule.ID)
	m.answers(t, "alice", "", "GET", groups+"/web", "", 400, "Security group id should be uuid")
	m.answers(t, "carol", "", "GET", groups+"/"+g.Group.ID, "", 404, "Security group "+g.Group.ID+" not found.")
	m.answers(t, "alice", "2.36", "GET", groups, "", 404)
	m.answers(t, "alice", "", "PUT", groups+"/"+g.Group.ID, `{"security_group": {"name": "web2", "description": ""}}`, 200, `"name": "web2"`)
	m.answers(t, "alice", "", "PUT", groups+"/"+g.Group.ID, `{"security_group": {"name": ""}}`, 400, "Security group name cannot be empty.")
	// A name is kept as it is, white space and all, as the network service keeps it.
	m.answers(t, "alice", "", "POST", groups, `{"security_group": {"name": " a b ", "description": " d "}}`, 200, `"name": " a b "`, `"description": " d "`)
	m.answers(t, "alice", "", "POST", groups, `{"security_group": {"name": "`+strings.Repeat("ü", 256)+`"}}`, 400, "name has 256 characters, more than 255.")
	m.answers(t, "alice", "", "POST", groups, `{"security_group": {"name": "n", "description": 5}}`, 400, "description is not a string or unicode")

	closed, _ := m.bootWith(t, `"networks": "none"`)
	at := "/v2.1/servers/" + closed
	m.answers(t, "admin", "2.48", "GET", at+"/diagnostics", "", 200, `"num_nics": 0`, `"nic_details": []`)
	m.answers(t, "alice", "", "POST", at+"/action", `{"addSecurityGroup": {"name": "web2"}}`, 409, "no network interface")
	id, answer := m.bootWith(t, `"networks": [{"uuid": "`+sharedNet+`"}], "security_groups": [{"name": "web2"}, {"name": "default"}]`)
	if !strings.Contains(answer, `"security_groups": [{"name": "web2"}, {"name": "default"}]`) {
		t.Errorf("the answer shows %s", answer)
	}
	at = "/v2.1/servers/" + id
	m.answers(t, "alice", "", "GET", at, "", 200, `"security_groups": [{"name": "default"}, {"name": "web2"}]`)
	m.answers(t, "alice", "", "GET", "/v2.1/servers/detail", "", 200, `"security_groups": [{"name": "default"}, {"name": "web2"}]`)
	m.answers(t, "alice", "", "GET", at+"/os-security-groups", "", 200, `"id": "`+compute.DefaultGroupID(demo)+`"`, r.Rule.ID, `"group": {"name": "default", "tenant_id": "`+demo+`"}, "ip_range": {}`)
	act := func(body string, status int, want ...string) {
		t.Helper()
		m.answers(t, "alice", "", "POST", at+"/action", body, status, want...)
	}
	act(`{"removeSecurityGroup": {"name": "default"}}`, 202)
	act(`{"removeSecurityGroup": {"name": "default"}}`, 404, "Security group default not associated with the instance "+id)
	act(`{"addSecurityGroup": {"name": "`+g.Group.ID+`"}}`, 202)
	act(`{"addSecurityGroup": {"name": "none"}}`, 404, "Unable to find security_group with name or id 'none'")
	act(`{"addSecurityGroup": null}`, 400, "Missing parameter dict")
	act(`{"addSecurityGroup": {}}`, 400, "Security group not specified")
	act(`{"addSecurityGroup": {"name": ""}}`, 400, "Security group name cannot be empty")
	m.answers(t, "rita", "", "POST", at+"/action", `{"addSecurityGroup": {"name": "web2"}}`, 403)
	m.answers(t, "alice", "", "DELETE", groups+"/"+g.Group.ID, "", 400, "in use")
	act(`{"addSecurityGroup": {"name": "default"}}`, 202)
	act(`{"removeSecurityGroup": {"name": "web2"}}`, 202)
	m.answers(t, "alice", "", "DELETE", "/v2.1/os-security-group-rules/"+r.Rule.ID, "", 202)
	m.answers(t, "alice", "", "DELETE", groups+"/"+g.Group.ID, "", 202)
	// A server without any has no such member.
	act(`{"removeSecurityGroup": {"name": "default"}}`, 202)
	for _, path := range []string{at, "/v2.1/servers/detail?name=^n$"} {
		if text := m.answers(t, "alice", "2.93", "GET", path, "", 200); strings.Contains(text, `"security_groups"`) {
			t.Errorf("%s shows security groups where there are none: %s", path, text)
		}
	}
	m.answers(t, "alice", "", "GET", at+"/os-security-groups", "", 200, `{"security_groups": []}`)
}
