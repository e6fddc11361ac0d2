package nova

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// TestFloatingIPs takes addresses, lets them lead to servers and elsewhere, and
// gives them back.
func TestFloatingIPs(t *testing.T) {
	m := newMachines(t)
	const all = "/v2.1/os-floating-ips"
	m.answers(t, "alice", "", "POST", all, "", 404, "Floating IP pool not found.")
	m.withPool(t)
	take := func(body string) (id, ip string) {
		t.Helper()
		var made struct {
			IP struct{ ID, IP string } `json:"floating_ip"`
		}
		text := m.answers(t, "alice", "2.35", "POST", all, body, 200, `"pool": "public", "fixed_ip": null, "instance_id": null}}`)
		if err := json.Unmarshal([]byte(text), &made); err != nil {
			t.Fatal(err)
		}
		return made.IP.ID, made.IP.IP
	}
	id, ip := take("")
	_, other := take(`{"pool": "public"}`)
	take(`{"pool": "` + poolNet + `"}`)
	m.answers(t, "alice", "", "POST", all, `{"pool": "x"}`, 404, "Floating IP pool not found.")
	m.answers(t, "alice", "", "POST", all, `{"pool": 5}`, 400)
	m.answers(t, "rita", "", "POST", all, "", 403, "os_compute_api:os-floating-ips:create")
	m.answers(t, "rita", "", "GET", "/v2.1/os-floating-ip-pools", "", 200, `{"floating_ip_pools": [{"name": "public"}]}`)
	m.answers(t, "carol", "", "GET", all, "", 200, `{"floating_ips": []}`)
	m.answers(t, "admin", "", "GET", all, "", 200, `{"floating_ips": []}`)
	m.answers(t, "carol", "", "GET", all+"/"+id, "", 404, "Floating IP not found for ID "+id)
	m.answers(t, "carol", "", "DELETE", all+"/"+id, "", 404, "Floating IP not found for ID "+id)
	for _, path := range []string{all, all + "/" + id, "/v2.1/os-floating-ip-pools"} {
		m.answers(t, "alice", "2.36", "GET", path, "", 404)
	}

	web := m.boot(t, "", `{"name": "web"}`)
	act := func(who, version, server, body string, status int, want ...string) {
		t.Helper()
		m.answers(t, who, version, "POST", "/v2.1/servers/"+server+"/action", body, status, want...)
	}
	add := func(ip string) string { return `{"addFloatingIp": {"address": "` + ip + `"}}` }
	remove := func(ip string) string { return `{"removeFloatingIp": {"address": "` + ip + `"}}` }
	act("alice", "", web, add(ip), 400, "Instance network is not ready yet")
	db := m.boot(t, "", `{"name": "db"}`)
	m.work(t)
	leads := func(server, ip string, want bool) {
		t.Helper()
		text := m.answers(t, "alice", "", "GET", "/v2.1/servers/"+server, "", 200)
		if strings.Contains(text, `"addr": "`+ip+`", "OS-EXT-IPS:type": "floating"`) != want {
			t.Errorf("%s leads to the server: %v: %s", ip, !want, text)
		}
	}
	act("alice", "2.43", web, add(ip), 202)
	leads(web, ip, true)
	m.answers(t, "alice", "", "GET", all+"/"+id, "", 200, `"instance_id": "`+web+`"`, `"fixed_ip": "10.77.`)
	act("alice", "", web, add(other), 400, "Unable to associate floating IP "+other+" to fixed IP 10.77.", " for instance "+web+". Error: Cannot associate floating IP")
	act("alice", "", db, remove(ip), 409, "Floating IP "+ip+" is not associated with instance "+db+".")
	act("alice", "", db, add(ip), 202) // it moves
	leads(web, ip, false)
	leads(db, ip, true)
	for body, c := range map[string]struct {
		status int
		want   string
	}{
		add("0.0.0.0"):    {404, "floating IP not found"},
		remove("0.0.0.0"): {404, "Floating IP not found for address 0.0.0.0."},
		add(""):           {400, "'' is not valid under any of the given schemas"},
		`{"addFloatingIp": {"address": "` + other + `", "fixed_address": "10.77.200.200"}}`: {400, "Specified fixed address not assigned to instance"},
		`{"addFloatingIp": {}}`:                                   {400, "'address' is a required property"},
		`{"removeFloatingIp": {"address": "` + ip + `", "x": 1}}`: {400, "('x' was unexpected)"},
	} {
		act("alice", "", db, body, c.status, c.want)
	}
	act("carol", "", db, add(ip), 404, "Instance "+db+" could not be found.")
	act("carol", "", db, remove(ip), 404, "Floating IP not found for address")
	act("rita", "", db, remove(ip), 403)
	act("alice", "2.44", db, remove(ip), 404, "The resource could not be found.")
	act("alice", "2.44", db, `{"addFloatingIp": 5}`, 404, "The resource could not be found.")
	act("alice", "", db, remove(ip), 202)
	leads(db, ip, false)
	m.answers(t, "alice", "", "DELETE", all+"/"+id, "", 202)
	m.answers(t, "alice", "", "GET", all+"/"+id, "", 404)

	if err := m.compute.SetNetworkLimits(t.Context(), people()["<token admin>"], demo, map[string]int{compute.QuotaFloatingIPs: 2}); err != nil {
		t.Fatal(err)
	}
	m.answers(t, "alice", "", "POST", all, `{"pool": "public"}`, 403, "IP allocation over quota in pool public.")
	m.answers(t, "alice", "", "POST", all, "", 403, "IP allocation over quota.")
}
