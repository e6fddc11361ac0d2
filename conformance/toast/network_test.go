package toast

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// answers tells whether something accepts connections there, once that is so
// or patience is at its end.
func answers(l harness.SSH, want bool) bool {
	at := net.JoinHostPort(l.Address, strconv.Itoa(l.Port))
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", at, 300*time.Millisecond)
		if err == nil {
			// A gate that closes after accepting lets nothing through.
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			_, err = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
		if (err == nil) == want || time.Now().After(end) {
			return err == nil
		}
	}
}

// TestNetwork: a floating IP is a second address that answers SSH, and a
// security group without a rule for port 22 closes it.
func TestNetwork(t *testing.T) {
	s := harness.Start(t)
	c := newClient(t, s)
	at := c.things()
	key := filepath.Join(t.TempDir(), "web.pem")
	if err := os.WriteFile(key, []byte(c.must("POST", "keypairs", `{"keypair": {"name": "web"}}`).text("keypair", "privateKey")), 0o600); err != nil {
		t.Fatal(err)
	}
	one, two := c.create(at, "one", "web"), c.create(at, "two", "web")
	detail := func(id string) answer { return c.must("GET", "instances-detail?id="+id, "") }
	inside := detail(one).text("instances", 0, "addresses", 0, "ipAddress")
	login := harness.SSH{User: "debian", Address: inside, Key: key, KnownHosts: filepath.Join(t.TempDir(), "known"), Port: sshPort(detail(one))}

	pool := c.must("GET", "floating-ip-pools", "").text("pools", 0, "id")
	made := c.must("POST", "floating-ips", fmt.Sprintf(`{"pool": {"id": %q}}`, pool))
	id, address := made.text("floatingip", "id"), made.text("floatingip", "floatingIpAddress")
	if made.text("floatingip", "status") != "DOWN" || made.text("floatingip", "pool", "id") != pool || len(made.at("floatingip").(object)) != 4 {
		t.Errorf("made: %s", made.raw)
	}
	act := func(instance, action, parameters string) (string, string, string) {
		return "POST", "instances/" + instance + "/action", fmt.Sprintf(`{"action": %q, "parameters": {%s}}`, action, parameters)
	}
	lead := fmt.Sprintf(`"address": %q, "ipAddress": %q`, address, inside)
	for range 2 { // once more changes nothing
		if a := c.must(act(one, "addFloatingIp", lead)); a.raw != success {
			t.Errorf("added: %s", a.raw)
		}
	}
	used := c.must("GET", "floating-ips?id="+id, "")
	if used.text("floatingips", 0, "status") != "ACTIVE" || used.text("floatingips", 0, "fixedIpAddress") != inside || used.text("floatingips", 0, "portId") == "" {
		t.Errorf("in use: %s", used.raw)
	}
	var neutron struct {
		Routers []struct{ ID string } // there is but one, the deployment's own
	}
	s.Login(s.Root).Get(t, "/network/v2.0/routers", &neutron)
	if len(neutron.Routers) != 1 || used.text("floatingips", 0, "routerId") != neutron.Routers[0].ID {
		t.Errorf("it leads through %+v: %s", neutron.Routers, used.raw)
	}
	if got := detail(one).text("instances", 0, "addresses", 0, "floatingIpAddress"); got != address {
		t.Errorf("the instance shows %s", got)
	}
	outside := login
	outside.Address = address
	outside.Await(t, 10*time.Second)
	if out := outside.Run(t, "hostname"); out.Stdout != "one\n" {
		t.Errorf("by the floating IP: %+v", out)
	}
	refused := func(code, message string, method, path, body string) {
		t.Helper()
		c.refused(code, message, method, path, body)
	}
	other := detail(two).text("instances", 0, "addresses", 0, "ipAddress")
	for _, r := range []struct{ code, message, instance, action, parameters string }{
		{"22409", "Floating IP " + address + " is associated with another instance.", two, "addFloatingIp", fmt.Sprintf(`"address": %q, "ipAddress": %q`, address, other)},
		{"22404", "Floating IP 192.0.2.1 could not be found.", one, "addFloatingIp", fmt.Sprintf(`"address": "192.0.2.1", "ipAddress": %q`, inside)},
		{"22404", "Floating IP nosuch could not be found.", one, "removeFloatingIp", `"address": "nosuch"`},
		{"10400", "Specified fixed address not assigned to instance", one, "addFloatingIp", fmt.Sprintf(`"address": %q, "ipAddress": "192.0.2.1"`, address)},
		{"22409", "Floating IP " + address + " is not associated with instance " + two + ".", two, "removeFloatingIp", fmt.Sprintf(`"address": %q`, address)},
		{"-4", "Invalid parameters : parameters.address is required", one, "addFloatingIp", `"ipAddress": "x"`},
		{"-4", "Invalid parameters : parameters.ipAddress is required", one, "addFloatingIp", `"address": "x"`},
		{"-4", "Invalid parameters : parameters.address must be a string", one, "removeFloatingIp", `"address": 1`},
		{"10404", "Instance nosuch could not be found.", "nosuch", "removeFloatingIp", `"address": "x"`},
		{"24404", "Security group nosuch could not be found.", one, "addSecurityGroup", `"name": "nosuch"`},
		{"24404", "Security group nosuch not associated with the instance " + one, one, "removeSecurityGroup", `"name": "nosuch"`},
		{"-4", "Invalid parameters : parameters.name is required", one, "addSecurityGroup", ``},
		{"10404", "Instance nosuch could not be found.", "nosuch", "addSecurityGroup", `"name": "default"`},
	} {
		method, path, body := act(r.instance, r.action, r.parameters)
		refused(r.code, r.message, method, path, body)
	}
	refused("22409", "Floating IP "+address+" is in use.", "DELETE", "floating-ips?id="+id, "")

	// A group without rules for what comes in closes port 22.
	group := c.must("POST", "security-groups", `{"securityGroup": {"name": "closed", "description": "d"}}`)
	closed := group.text("securityGroup", "id")
	if rules, ok := group.at("securityGroup", "securityGroupRules").([]any); !ok || len(rules) != 2 || rules[0].(object)["direction"] != "egress" || rules[0].(object)["portRangeMin"] != nil {
		t.Errorf("group: %s", group.raw)
	}
	c.must(act(one, "addSecurityGroup", `"name": "closed"`))
	c.must(act(one, "addSecurityGroup", `"name": "closed"`))
	c.must(act(one, "removeSecurityGroup", `"name": "default"`))
	if got := fmt.Sprint(detail(one).at("instances", 0, "securityGroups")); got != "[map[name:closed]]" {
		t.Errorf("groups: %s", got)
	}
	if answers(login, false) || answers(outside, false) {
		t.Error("without a rule for port 22 the instance answers")
	}
	rule := c.must("POST", "security-group-rules", fmt.Sprintf(`{"securityGroupRule": {"direction": "ingress", "ethertype": "IPv4", "portRangeMin": "22", "portRangeMax": 22, "protocol": "tcp", "securityGroupId": %q}}`, closed))
	if rule.text("securityGroupRule", "remoteIpPrefix") != "0.0.0.0/0" || fmt.Sprint(rule.at("securityGroupRule", "portRangeMax")) != "22" || rule.at("securityGroupRule", "remoteGroupId") != nil {
		t.Errorf("rule: %s", rule.raw)
	}
	if !answers(login, true) || !answers(outside, true) {
		t.Error("with a rule for port 22 the instance does not answer")
	}
	ruleID := rule.text("securityGroupRule", "id")
	if got := c.must("GET", "security-group-rules?id="+ruleID, ""); got.text("securityGroupRules", 0, "id") != ruleID {
		t.Errorf("one rule: %s", got.raw)
	}
	same := fmt.Sprintf(`{"securityGroupRule": {"direction": "ingress", "ethertype": "IPv4", "portRangeMin": 22, "portRangeMax": 22, "protocol": "tcp", "remoteIpPrefix": "0.0.0.0/0", "securityGroupId": %q}}`, closed)
	if got := c.call("POST", "security-group-rules", same); got.code() != "24409" {
		t.Errorf("the same rule again: %s", got.raw)
	}
	c.must("DELETE", "security-group-rules?id="+ruleID, "")
	if answers(login, false) {
		t.Error("the rule is gone and the instance answers")
	}
	refused("24409", "Security Group "+closed+" in use.", "DELETE", "security-groups?id="+closed, "")
	if got := c.must("PUT", "security-groups/"+closed, `{"securityGroup": {"name": "open"}}`); fmt.Sprint(got.at("securityGroup")) != fmt.Sprint(object{"description": "d", "id": closed, "name": "open"}) {
		t.Errorf("renamed: %s", got.raw)
	}
	c.must(act(one, "addSecurityGroup", `"name": "default"`))
	c.must(act(one, "removeSecurityGroup", `"name": "open"`))
	if !answers(login, true) {
		t.Error("the default group does not let SSH in")
	}
	c.must("DELETE", "security-groups?id="+closed, "")
	refused("24404", "Security group "+closed+" could not be found.", "GET", "security-groups?id="+closed, "")
	var standard string
	for _, v := range c.must("GET", "security-groups", "").list("securityGroups") {
		if g := v.(object); g["name"] == "default" {
			standard = g["id"].(string)
		}
	}
	if got := c.call("DELETE", "security-groups?id="+standard, ""); got.code() != "24409" {
		t.Errorf("the default group goes: %s", got.raw)
	}

	const direction = `"direction": "ingress", "ethertype": "IPv4", "securityGroupId": "`
	for _, r := range []struct{ code, message, body string }{
		{"-4", "securityGroupRule is required", `{}`},
		{"-4", "securityGroupRule.direction is required", `{"securityGroupRule": {}}`},
		{"-4", "securityGroupRule.direction must be ingress or egress", `{"securityGroupRule": {"direction": "up", "ethertype": "IPv4", "securityGroupId": "x"}}`},
		{"-4", "securityGroupRule.ethertype must be IPv4 or IPv6", `{"securityGroupRule": {"direction": "ingress", "ethertype": "IPX", "securityGroupId": "x"}}`},
		{"-4", "securityGroupRule.securityGroupId is required", `{"securityGroupRule": {"direction": "ingress", "ethertype": "IPv4"}}`},
		{"-4", "securityGroupRule.protocol must be icmp, tcp, udp or null", `{"securityGroupRule": {` + direction + standard + `", "protocol": "gre"}}`},
		{"-4", "securityGroupRule.portRangeMin must be between 1 and 65535", `{"securityGroupRule": {` + direction + standard + `", "protocol": "tcp", "portRangeMin": 0}}`},
		{"-4", "securityGroupRule.portRangeMax must be between 0 and 255", `{"securityGroupRule": {` + direction + standard + `", "protocol": "icmp", "portRangeMin": 0, "portRangeMax": 256}}`},
		{"-4", "securityGroupRule.portRangeMin must be given with portRangeMax", `{"securityGroupRule": {` + direction + standard + `", "protocol": "icmp", "portRangeMax": 0}}`},
		{"-4", "securityGroupRule.portRangeMax must be an integer", `{"securityGroupRule": {` + direction + standard + `", "protocol": "tcp", "portRangeMax": "x"}}`},
		{"-4", "securityGroupRule.portRangeMin needs a protocol", `{"securityGroupRule": {` + direction + standard + `", "protocol": "null", "portRangeMin": 22, "portRangeMax": 22}}`},
		{"-4", "securityGroupRule.remoteIpPrefix must be an address range like 10.0.0.0/24", `{"securityGroupRule": {` + direction + standard + `", "remoteIpPrefix": "x"}}`},
		{"-4", "securityGroupRule.remoteIpPrefix must not be given with remoteGroupId", `{"securityGroupRule": {` + direction + standard + `", "remoteIpPrefix": "10.0.0.0/8", "remoteGroupId": "x"}}`},
		{"24404", "Security group nosuch could not be found.", `{"securityGroupRule": {` + direction + `nosuch"}}`},
	} {
		if r.code == "-4" {
			r.message = "Invalid parameters : " + r.message
		}
		refused(r.code, r.message, "POST", "security-group-rules", r.body)
	}
	refused("-4", "Invalid parameters : securityGroup.name is required", "POST", "security-groups", `{"securityGroup": {}}`)
	refused("-4", "Invalid parameters : securityGroup.description must be a string", "POST", "security-groups", `{"securityGroup": {"name": "x", "description": 1}}`)
	refused("-4", "Invalid parameters : pool.id is required", "POST", "floating-ips", `{"pool": {}}`)
	refused("22404", "Pool nosuch could not be found.", "POST", "floating-ips", `{"pool": {"id": "nosuch"}}`)
	refused("22404", "Floating IP nosuch could not be found.", "GET", "floating-ips?id=nosuch", "")
	refused("24404", "Security group rule nosuch could not be found.", "DELETE", "security-group-rules?id=nosuch", "")
	for _, path := range []string{"floating-ips", "security-groups", "security-group-rules"} {
		refused("-4", "Invalid parameters : id is required", "DELETE", path, "")
	}
	unknown := strings.Replace(at.instance("bad", "web", ""), `"default"`, `"nosuch"`, 1)
	if got := c.call("POST", "instances", unknown); got.code() != "10400" || !strings.HasPrefix(got.message(), "Security group nosuch not found for project ") {
		t.Errorf("an unknown group: %s", got.raw)
	}

	c.must(act(one, "removeFloatingIp", fmt.Sprintf(`"address": %q`, address)))
	if answers(outside, false) {
		t.Error("the floating IP answers after it was taken away")
	}
	if got := c.must("DELETE", "floating-ips?id="+id, ""); got.raw != success {
		t.Errorf("released: %s", got.raw)
	}
}
