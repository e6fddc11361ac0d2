package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sound are bodies that each route takes, from which the bad ones are made.
var sound = map[string][]string{
	"POST /v3/auth/tokens": {
		`{"auth": {"identity": {"methods": ["password", "token"], "password": {"user": {"id": "x", "name": "nobody", "domain": {"id": "default", "name": "Default"}, "password": "p"}}, "token": {"id": "t"}},
		"scope": {"project": {"id": "p", "name": "demo", "domain": {"id": "default"}}}}}`,
	},
	"POST /v3/users": {
		`{"user": {"name": "bad-%d", "password": "p", "email": "a@b", "description": "d", "enabled": true, "domain_id": "default", "default_project_id": "@projects", "seat": {"row": [1, null]}, "options": {"lock_password": false, "ignore_lockout_failure_attempts": null, "multi_factor_auth_enabled": false, "multi_factor_auth_rules": [["password", "totp"]]}}}`,
	},
	"PATCH /v3/users/{id}": {
		`{"user": {"name": "member-%d", "password": "p", "email": "a@b", "description": "d", "default_project_id": "@projects"}}`,
	},
	"POST /v3/projects": {
		`{"project": {"name": "bad-%d", "description": "d", "enabled": true, "domain_id": "default", "parent_id": "default", "is_domain": false, "tags": ["a", "b"], "cost": 1.5, "options": {"immutable": false}}}`,
	},
	"PATCH /v3/projects/{id}": {
		`{"project": {"name": "demo-%d", "description": "d", "tags": ["a"], "cost": null, "options": {"immutable": false}}}`,
	},
	"POST /v3/users/{id}/password": {
		`{"user": {"original_password": "o", "password": "p"}}`,
	},
	"POST /v3/users/{user}/application_credentials": {
		`{"application_credential": {"name": "bad-%d", "description": "d", "secret": "s", "expires_at": "2999-01-01T00:00:00Z", "roles": [{"name": "reader"}], "unrestricted": true, "access_rules": [{"service": "compute", "method": "GET", "path": "/v2.1/**"}]}}`,
	},
	"POST /v3/domains": {
		`{"domain": {"name": "bad-%d", "description": "d", "enabled": true, "tags": ["a"], "cost": 1, "options": {"immutable": false}}}`,
	},
	"PATCH /v3/domains/{id}": {
		`{"domain": {"name": "Default-%d", "description": "d", "enabled": true}}`,
	},
	"POST /v3/roles":             {`{"role": {"name": "bad-%d", "description": "d", "domain_id": "default", "cost": 1, "options": {"immutable": false}}}`},
	"PATCH /v3/roles/{id}":       {`{"role": {"name": "bad-%d", "description": "d", "cost": 1, "options": {"immutable": false}}}`},
	"PUT /v3/projects/{id}/tags": {`{"tags": ["a", "b"]}`},
	"POST /v2.0/tokens": {
		`{"auth": {"tenantId": "t", "tenantName": "demo", "passwordCredentials": {"username": "nobody", "userId": "u", "password": "p"}}}`,
		`{"auth": {"tenantId": "t", "token": {"id": "t"}}}`,
	},
	"POST /v3/groups": {
		`{"group": {"name": "g", "description": "d", "domain_id": "default"}}`,
	},
	"POST /v2.1/os-keypairs": {
		`{"keypair": {"name": "bad-%d", "type": "ssh", "user_id": "u", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZTlnwZrZ8OxLsNU4B7eQQxN1x8S3zvwM3FfyZdTzWq c"}}`,
	},
	"POST /v2.1/flavors": {
		`{"flavor": {"name": "bad-%d", "id": null, "ram": 64, "vcpus": "1", "disk": 0, "swap": 1, "OS-FLV-EXT-DATA:ephemeral": 1, "rxtx_factor": 1.5, "os-flavor-access:is_public": "no", "description": "d"}}`,
		`{"flavor": {"name": "bad-%d", "id": "bad 1", "ram": "64", "vcpus": 1, "disk": "1", "rxtx_factor": "1.0", "os-flavor-access:is_public": true}}`,
	},
	"PUT /v2.1/flavors/{id}":                      {`{"flavor": {"description": "d"}}`},
	"POST /v2.1/flavors/{id}/action":              {`{"addTenantAccess": {"tenant": "@projects"}}`, `{"removeTenantAccess": {"tenant": "@projects"}}`},
	"POST /v2.1/flavors/{id}/os-extra_specs":      {`{"extra_specs": {"hw:cpu_policy": "shared", "n": 1.5}}`},
	"PUT /v2.1/flavors/{id}/os-extra_specs/{key}": {`{"n": "a"}`},
	"POST /v2.1/servers": {
		`{"server": {"name": "bad-%d", "flavorRef": "1", "imageRef": "@images", "key_name": "` + canary + `", "description": "d", "metadata": {"k": "v"}, "tags": ["t"], "user_data": "YQ==", "networks": [{"uuid": "@networks", "fixed_ip": "1.2.3.4", "port": null, "tag": "x"}], "min_count": 1, "max_count": 1, "availability_zone": "nova", "adminPass": "p", "config_drive": true, "return_reservation_id": false, "security_groups": [{"name": "default"}], "block_device_mapping_v2": [{"boot_index": 0, "uuid": "@images", "source_type": "image", "destination_type": "local", "delete_on_termination": true, "volume_size": 1, "device_name": "vda"}], "personality": [{"path": "/a", "contents": "YQ=="}], "hostname": "h1", "host": "h", "OS-DCF:diskConfig": "AUTO", "accessIPv4": "1.2.3.4", "trusted_image_certificates": ["a"]}, "os:scheduler_hints": {"same_host": ["a"], "query": "[]"}}`,
		`{"server": {"name": "bad-%d", "flavorRef": "1", "imageRef": "@images", "key_name": "` + canary + `", "description": "d", "metadata": {"k": "v"}, "tags": ["t"], "user_data": "YQ==", "networks": [{"uuid": "@networks"}], "min_count": 1, "max_count": 1, "availability_zone": "nova", "security_groups": [{"name": "default"}]}}`,
		`{"server": {"name": "bad-%d", "flavorRef": "1", "imageRef": "@images", "key_name": "` + canary + `", "metadata": {"k": "v"}, "min_count": 1, "max_count": 1, "block_device_mapping_v2": [{"boot_index": 0, "uuid": "@images", "source_type": "image", "destination_type": "local", "delete_on_termination": true}]}}`,
	},
	"POST /v2.1/servers/{id}/action": {
		`{"reboot": {"type": "SOFT"}}`,
		`{"os-start": null}`,
		`{"os-getConsoleOutput": {"length": 5}}`,
		`{"addFloatingIp": {"address": "10.0.0.1", "fixed_address": "10.0.0.2"}}`,
		`{"removeFloatingIp": {"address": "10.0.0.1"}}`,
		`{"rebuild": {"imageRef": "@images", "name": "` + canary + `", "adminPass": "p", "metadata": {"a": "b"}, "OS-DCF:diskConfig": "AUTO", "accessIPv4": "1.2.3.4", "preserve_ephemeral": false}}`,
		`{"rebuild": {"imageRef": "@images", "name": "` + canary + `", "personality": [{"path": "/a", "contents": "YQ=="}], "description": "d"}}`,
		`{"rebuild": {"imageRef": "@images", "name": "` + canary + `", "key_name": null, "user_data": "YQ==", "hostname": "h1", "description": null}}`,
		`{"resize": {"flavorRef": "2", "OS-DCF:diskConfig": "MANUAL"}}`,
		`{"confirmResize": null}`,
		`{"lock": {"locked_reason": "r"}}`,
		`{"unlock": null}`,
		`{"createImage": {"name": "` + canary + `-%d", "metadata": {"a": "b"}}}`,
		`{"changePassword": {"adminPass": "p"}}`,
		`{"os-resetState": {"state": "active"}}`,
	},
	"POST /v2.1/servers/{id}/os-interface": {
		`{"interfaceAttachment": {"net_id": "@networks", "fixed_ips": [{"ip_address": "127.41.9.9"}], "tag": "t"}}`,
		`{"interfaceAttachment": {"port_id": "@ports"}}`,
	},
	"POST /v2.1/os-security-groups":     {`{"security_group": {"name": "bad-%d", "description": "d"}}`},
	"PUT /v2.1/os-security-groups/{id}": {`{"security_group": {"name": "bad-%d", "description": "d"}}`},
	"POST /v2.1/os-security-group-rules": {
		`{"security_group_rule": {"parent_group_id": "@groups", "from_port": 1, "to_port": %d, "ip_protocol": "tcp", "cidr": "10.0.0.0/8", "group_id": "@groups"}}`,
	},
	"PUT /v2.0/quotas/{project}": {
		`{"quota": {"network": -1, "port": -1, "security_group": -1, "floatingip": -1, "project_id": "p", "force": true}}`,
	},
	"POST /v2.0/routers":                             {`{"router": {"name": "r", "description": "d", "admin_state_up": true, "external_gateway_info": {"network_id": "@pool", "external_fixed_ips": []}}}`},
	"PUT /v2.0/routers/{id}":                         {`{"router": {"name": "r", "admin_state_up": false, "external_gateway_info": {"network_id": "@pool", "external_fixed_ips": [{"ip_address": "127.9.0.9"}]}}}`},
	"PUT /v2.0/routers/{id}/add_router_interface":    {`{"port_id": "@ports"}`, `{"subnet_id": "@subnets"}`},
	"PUT /v2.0/routers/{id}/remove_router_interface": {`{"port_id": "@ports", "subnet_id": "@subnets"}`},
	"PUT /v2.0/networks/{id}/tags":                   {`{"tags": ["a", "b"]}`},
	"PUT /v2.0/subnets/{id}/tags":                    {`{"tags": ["a", "b"]}`},
	"PUT /v2.0/ports/{id}/tags":                      {`{"tags": ["a", "b"]}`},
	"PUT /v2.0/floatingips/{id}/tags":                {`{"tags": ["a", "b"]}`},
	"PUT /v2.0/routers/{id}/tags":                    {`{"tags": ["a", "b"]}`},
	"PUT /v2.0/security-groups/{id}/tags":            {`{"tags": ["a", "b"]}`},
	"POST /v2.0/networks":                            {`{"network": {"name": "bad-%d", "description": "d", "admin_state_up": true, "shared": false, "port_security_enabled": true, "router:external": false, "availability_zone_hints": [], "mtu": 1500}}`},
	"PUT /v2.0/networks/{id}": {
		`{"network": {"name": "bad-%d", "description": "d", "admin_state_up": true, "shared": false, "port_security_enabled": true}}`,
	},
	"POST /v2.0/subnets": {
		`{"subnet": {"network_id": "@networks", "cidr": "10.9.0.0/24", "ip_version": 4, "name": "s", "gateway_ip": "10.9.0.1", "allocation_pools": [{"start": "10.9.0.2", "end": "10.9.0.9"}], "enable_dhcp": true, "dns_nameservers": ["9.9.9.9"], "host_routes": [], "description": "d", "subnetpool_id": null}}`,
	},
	"PUT /v2.0/subnets/{id}": {
		`{"subnet": {"name": "s", "gateway_ip": "10.9.0.1", "allocation_pools": [{"start": "10.9.0.2", "end": "10.9.0.9"}], "enable_dhcp": true, "dns_nameservers": ["9.9.9.9"]}}`,
	},
	"POST /v2.0/ports": {
		`{"port": {"network_id": "@networks", "name": "p", "description": "d", "admin_state_up": true, "mac_address": "aa:bb:cc:dd:ee:ff", "fixed_ips": [{"ip_address": "127.41.9.10"}], "security_groups": [], "port_security_enabled": true, "allowed_address_pairs": [{"ip_address": "10.0.0.0/8", "mac_address": "aa:bb:cc:dd:ee:ff"}], "device_id": "d", "device_owner": "o", "extra_dhcp_opts": [], "binding:vnic_type": "normal"}}`,
		`{"port": {"network_id": "@networks"}}`,
	},
	"PUT /v2.0/ports/{id}": {
		`{"port": {"name": "p", "admin_state_up": true, "fixed_ips": [{"ip_address": "127.41.9.11"}], "security_groups": [], "allowed_address_pairs": [{"ip_address": "10.0.0.1"}], "device_id": "d"}}`,
	},
	"POST /v2.0/security-groups":     {`{"security_group": {"name": "bad-%d", "description": "d", "stateful": true, "tenant_id": "@projects"}}`},
	"PUT /v2.0/security-groups/{id}": {`{"security_group": {"name": "bad-%d", "description": "d", "stateful": false}}`},
	"POST /v2.0/security-group-rules": {
		`{"security_group_rule": {"security_group_id": "@groups", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 1, "port_range_max": %d, "remote_ip_prefix": "10.0.0.0/8", "remote_group_id": null, "description": "d", "remote_address_group_id": null}}`,
		`{"security_group_rules": [{"security_group_id": "@groups", "direction": "egress", "protocol": 6, "remote_group_id": "@groups"}]}`,
	},
	"POST /v2.0/floatingips": {
		`{"floatingip": {"floating_network_id": "@pool", "port_id": "@ports", "fixed_ip_address": null, "description": "d", "subnet_id": "", "floating_ip_address": null}}`,
	},
	"PUT /v2.0/floatingips/{id}": {`{"floatingip": {"port_id": "@ports", "fixed_ip_address": "127.41.0.1", "description": "d"}}`},
	"PUT /v2.1/servers/{id}": {
		`{"server": {"name": "` + canary + `", "description": "d", "accessIPv4": "1.2.3.4", "hostname": "h", "OS-DCF:diskConfig": "AUTO"}}`,
	},
	"POST /v2.1/servers/{id}/metadata": {
		`{"metadata": {"a": "b"}}`,
	},
	"PUT /v2.1/servers/{id}/metadata": {
		`{"metadata": {"a": "b"}}`,
	},
	"PUT /v2.1/servers/{id}/metadata/{key}": {
		`{"meta": {"a": "b"}}`,
	},
	"PUT /v2.1/servers/{id}/tags": {
		`{"tags": ["a"]}`,
	},
	"PUT /v2.1/os-quota-class-sets/{class}": {
		`{"quota_class_set": {"server_groups": 20, "key_pairs": 200, "metadata_items": 100}}`,
	},
	"POST /v2.1/os-floating-ips": {`{"pool": "public"}`},
	"PUT /v2.1/os-quota-sets/{project}": {
		`{"quota_set": {"server_groups": 20, "key_pairs": 200, "metadata_items": 100, "force": true}}`,
	},
	"POST /v2.1/os-server-groups": {
		`{"server_group": {"name": "bad-%d", "policies": ["affinity"]}}`,
		`{"server_group": {"name": "bad-%d", "policy": "anti-affinity", "rules": {"max_server_per_host": 3}}}`,
	},
	"POST /v3/{project}/volumes": {
		`{"volume": {"name": "bad-%d", "description": "d", "size": 1, "volume_type": "SSD", "availability_zone": "nova", "metadata": {"k": "v"}, "imageRef": "@images", "multiattach": false, "consistencygroup_id": null, "snapshot_id": null}}`,
		`{"volume": {"name": "bad-%d", "size": null, "source_volid": "@volumes", "multiattach": null, "group_id": null, "backup_id": null}, "OS-SCH-HNT:scheduler_hints": {"a": "b"}}`,
	},
	"POST /v3/{project}/snapshots": {
		`{"snapshot": {"volume_id": "@volumes", "name": "bad-%d", "description": "d", "metadata": {"a": "b"}, "force": true}}`,
	},
	"POST /v3/{project}/snapshots/{id}/action":        {`{"os-reset_status": {"status": "available"}}`},
	"PUT /v3/{project}/snapshots/{id}":                {`{"snapshot": {"name": "bad-%d", "description": null}}`},
	"POST /v3/{project}/snapshots/{id}/metadata":      {`{"metadata": {"a": "b"}}`},
	"PUT /v3/{project}/snapshots/{id}/metadata":       {`{"metadata": {"a": "b"}}`},
	"PUT /v3/{project}/snapshots/{id}/metadata/{key}": {`{"meta": {"a": "b"}}`},
	"PUT /v3/{project}/os-quota-sets/{target}":        {`{"quota_set": {"volumes": -1, "snapshots": -1, "gigabytes": -1, "per_volume_gigabytes": -1, "tenant_id": "t"}}`},
	"PATCH /v2/images/{id}": {
		`[{"op": "add", "path": "/k", "value": "v"}, {"op": "replace", "path": "/name", "value": "` + canary + `"}, {"op": "replace", "path": "/tags", "value": ["a"]}, {"op": "replace", "path": "/protected", "value": false}, {"op": "replace", "path": "/min_ram", "value": 1}, {"op": "remove", "path": "/k"}]`,
		`[{"add": "/k", "value": "v"}, {"remove": "/k"}]`,
	},
	"PUT /v3/{project}/volumes/{id}": {
		`{"volume": {"name": "` + canary + `", "description": "d", "metadata": {"k": "v"}}}`,
	},
	"POST /v3/{project}/volumes/{id}/action": {
		`{"os-extend": {"new_size": 2}}`,
		`{"os-set_bootable": {"bootable": true}}`,
		`{"os-reset_status": {"status": "available", "attach_status": "detached", "migration_status": null}}`,
		`{"os-set_image_metadata": {"metadata": {"a": "b"}}}`,
		`{"os-unset_image_metadata": {"key": "a"}}`,
		`{"os-update_readonly_flag": {"readonly": false}}`,
	},
	"POST /v3/{project}/volumes/{id}/metadata": {
		`{"metadata": {"a": "b"}}`,
	},
	"PUT /v3/{project}/volumes/{id}/metadata": {
		`{"metadata": {"a": "b"}}`,
	},
	"PUT /v3/{project}/volumes/{id}/metadata/{key}": {
		`{"meta": {"key": "b"}}`,
	},
	"POST /v2.1/servers/{id}/os-volume_attachments": {
		`{"volumeAttachment": {"volumeId": "@volumes", "device": "/dev/vdb", "tag": "t", "delete_on_termination": true}}`,
	},
	"PUT /v2.1/servers/{id}/os-volume_attachments/{volume}": {
		`{"volumeAttachment": {"volumeId": "@volumes", "serverId": "@servers", "id": "@volumes", "device": "/dev/vdb", "tag": "t", "delete_on_termination": true}}`,
	},
}

// odd are JSON texts to stand where another value was expected.
var odd = []string{
	`null`, `true`, `0`, `-1`, `1e400`, `1.5`, `9223372036854775808`, strings.Repeat("9", 4000), `""`, `" "`, `"a\u0000b"`, `"\u001b[2J\r\n"`,
	`"\ud800"`, `"\u202e\ufeff\uffff"`, "\"\xff\xfe\"", `"../../etc/passwd"`, `"' OR 1=1 --"`, `"%s%n%00"`,
	`"` + strings.Repeat("a", 70_000) + `"`, `"` + strings.Repeat("한", 256) + `"`,
	`[]`, `[[]]`, `[null]`, `{}`, `{"": ""}`, `{"a\u0000": "b"}`, `{"id": {"id": {}}}`, `[{"a": [1, {"b": null}]}]`,
	strings.Repeat("[", 400) + strings.Repeat("]", 400), strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), `NaN`, ``,
}

// twisted returns bodies made from a sound one: each of its values replaced by
// each odd one, each object with a member more and one twice, and none at all.
func twisted(body string) []string {
	out := []string{
		"", " ", "null", "[]", "0", `"text"`, "{", "{}", "}", `{"a"}`, "\x00", "\xef\xbb\xbf{}", body[:len(body)/2], body + "x", body + body,
		strings.ReplaceAll(body, `"`, `'`), strings.Repeat("[", 10_000), strings.Repeat(`{"server":`, 10_000),
	}
	for at := 0; at < len(body); at++ {
		switch body[at] {
		case '{':
			out = append(out, body[:at+1]+`"unknown\u0000": 1, `+body[at+1:])
		case ':', '[':
			start := at + 1 + len(body[at+1:]) - len(strings.TrimLeft(body[at+1:], " "))
			dec := json.NewDecoder(strings.NewReader(body[start:]))
			var v json.RawMessage
			if dec.Decode(&v) != nil || body[at] == ':' && start == at+1 {
				continue // a colon inside a string
			}
			for _, o := range odd {
				out = append(out, body[:start]+o+body[start+len(v):])
			}
		}
	}
	return out
}

// TestBadInput sends what no client should send to every route that reads a
// body. The answer is the service's own, never a failure of the server.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	// A changed password would end the tokens that the walk still needs.
	w.values["users"] = w.callers["reader"].User.ID
	n, every := 0, 5 // of the bad bodies, each time others
	for _, m := range w.server.dialects {
		versions := []string{""}
		if m.prefix == "/compute" {
			versions = []string{"2.1", "2.52", "2.93"}
		}
		for _, route := range m.routes {
			name := route.Method + " " + route.Pattern
			if route.Body != nil && sound[name] == nil {
				t.Errorf("%s has no sound body to twist", name)
			}
			for _, body := range sound[name] {
				for k, v := range w.values {
					body = strings.ReplaceAll(body, `"@`+k+`"`, `"`+v+`"`)
				}
				for _, version := range versions {
					for _, b := range twisted(body) {
						if n++; n%every != 0 {
							continue
						}
						w.mustCope(t, bad{
							method: route.Method, path: m.prefix + w.fillAll(route.Pattern), version: version,
							body: strings.Replace(b, "%d", strconv.Itoa(n), 1),
							who:  []string{"member", "administrator"}[n/every%2],
						})
					}
				}
			}
		}
	}
	if n/every < 2000 {
		t.Errorf("only %d requests were sent", n/every)
	}
	if status, body := w.send(t, http.MethodGet, "/compute/v2.1/servers/detail", "", "member"); status != http.StatusOK {
		t.Errorf("after all that the list is %d: %s", status, body)
	}
}

// oddTexts stand in paths and queries, where names are expected.
var oddTexts = []string{
	"%00", "a%00b", "%ff", "%0d%0aX-Evil:%201", "..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a%2Fb", "%252F", "%", "%zz",
	"'%20OR%201=1--", "%ED%82%A4", "%E2%80%AE", strings.Repeat("a", 20_000), strings.Repeat("%25", 5000), "-1", "99999999999999999999",
	"(", "*", "%28%3F%3C", "a%7B1,99999%7D", "00000000-0000-0000-0000-000000000000",
}

// parameters are those that any of the services reads, and some that none does.
var parameters = []string{
	"limit", "marker", "sort", "sort_key", "sort_dir", "page_reverse", "fields", "id", "uuid", "name", "status", "tags", "not-tags-any",
	"changes-since", "changes-before", "all_tenants", "user_id", "project_id", "domain_id", "ip", "key_name", "flavor", "image", "host",
	"enabled", "is_public", "minDisk", "visibility", "size_min", "os_hidden", "fixed_ips", "device_id", "scope.project.id", "effective",
	"%00", "%ff", "a[]", "__proto__",
}

// TestOddPaths puts odd text in every place of every route's path, and in every
// parameter of its query.
func TestOddPaths(t *testing.T) {
	w := newWorld(t)
	n := 0
	for _, m := range w.server.dialects {
		for _, route := range m.routes {
			path := w.fillAll(route.Pattern)
			if route.Method == http.MethodDelete {
				path = w.fill(route)
			}
			segments := strings.Split(path, "/")
			for k, s := range strings.Split(route.Pattern, "/") {
				if !strings.HasPrefix(s, "{") {
					continue
				}
				for _, odd := range oddTexts {
					if _, err := url.PathUnescape(odd); err != nil {
						continue // net/http refuses it before any service sees it
					}
					with := slices.Clone(segments)
					with[k] = odd
					w.mustCope(t, bad{method: route.Method, path: m.prefix + strings.Join(with, "/"), body: "{}", who: "member", version: "2.93"})
				}
			}
			for _, p := range parameters {
				if route.Method != http.MethodGet {
					break
				}
				for range 3 { // of the texts, each time others
					n++
					w.mustCope(t, bad{method: route.Method, path: m.prefix + path, query: p + "=" + oddTexts[n%len(oddTexts)], who: "administrator", version: "2.72"})
				}
			}
		}
	}
	if n < 2000 {
		t.Errorf("only %d queries were sent", n)
	}
}

// fillAll puts demo's own things in place of every wildcard.
func (w *world) fillAll(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, s := range segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		v, ok := w.values[segments[i-1]]
		if !ok {
			v = "a"
		}
		segments[i] = v
	}
	return strings.Join(segments, "/")
}

// bad is a request that no client should send. Path and query go out as they are.
type bad struct{ method, path, query, body, who, version string }

// mustCope sends a bad request, which must be refused, or taken, soon and in
// the service's own form.
func (w *world) mustCope(t *testing.T, b bad) {
	t.Helper()
	host := strings.TrimPrefix(w.url, "http://")
	req := (&http.Request{
		Method: b.method, Host: host, Header: http.Header{},
		URL: &url.URL{Scheme: "http", Host: host, Opaque: "//" + host + b.path, RawQuery: b.query},
	}).WithContext(t.Context())
	req.Header.Set("X-Auth-Token", w.tokens[b.who])
	req.Header.Set("X-Subject-Token", "kr1.x")
	req.Header.Set("OpenStack-API-Version", "compute "+b.version)
	if b.body != "" {
		req.Header.Set("Content-Type", "application/json")
		if b.method == http.MethodPatch && strings.HasPrefix(b.path, "/image/") {
			req.Header.Set("Content-Type", "application/openstack-images-v2.1-json-patch")
		}
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(b.body)), int64(len(b.body))
	}
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("%.500v: %v", b, err)
		return
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	switch {
	case err != nil, resp.StatusCode >= http.StatusInternalServerError, took > 5*time.Second:
		t.Errorf("%.500v: %d after %v: %.500s (%v)", b, resp.StatusCode, took, text, err)
	case resp.Header.Get("X-Evil") != "":
		t.Errorf("%.500v: a header of the client's own is in the answer", b)
	case resp.StatusCode >= http.StatusBadRequest && b.method != http.MethodHead && !json.Valid(text):
		t.Errorf("%.500v: %d without the service's own error: %.500s", b, resp.StatusCode, text)
	case len(text) > 0 && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && !json.Valid(text):
		t.Errorf("%.500v: %d with what is no JSON: %.500s", b, resp.StatusCode, text)
	}
}
