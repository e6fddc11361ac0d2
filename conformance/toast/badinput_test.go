package toast

import (
	"fmt"
	"strings"
	"testing"
)

// requests are all calls with a body, and what each of their parameters may not be.
func (n *neighbours) requests() []request {
	long := strings.Repeat("x", 256)
	quoted := func(s string) string { return `"` + s + `"` }
	invalid := func(format string, args ...any) string { return "Invalid parameters : " + fmt.Sprintf(format, args...) }
	const only = "may have only letters, digits, '-' and '.'"
	const wrongChars = "An invalid 'name' value was provided. The name must be: Only expected characters: [_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ]"
	const wrongEnds = "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace."
	const noKey = "Keypair data is invalid: failed to generate fingerprint"

	var names []bad
	for _, name := range []string{"a b", "한글", "a_b", "a/b", "a@b", `a\"b`, `a\nb`} {
		names = append(names, bad{quoted(name), "-4", invalid("instance.name " + only)})
	}
	names = append(names, bad{quoted("123456789012345678901"), "-4", invalid("instance.name must have at most 20 characters with this image")})
	var counts []bad
	for _, count := range []string{"0", `"0"`, "11", `"11"`, "-1", `"-1"`, "99999999999999999999"} {
		counts = append(counts, bad{count, "-4", invalid("instance.count must be between 1 and 10")})
	}
	sizes := func(path string) []bad {
		var all []bad
		for _, size := range []string{"0", "9", "-10", "1001", "1010", `"1010"`, "99999999999999999999"} {
			all = append(all, bad{size, "-4", invalid("%s must be between 10 and 1000", path)})
		}
		for _, size := range []string{"11", "25", `"25"`, "999"} {
			all = append(all, bad{size, "-4", invalid("%s must be a multiple of 10", path)})
		}
		return all
	}
	const whole = `"count": 1, "volume": {"size": 10, "type": "General HDD"}, `
	free := strings.Replace(n.at.instance("bad", "k", whole), `"flavor": "1"`, `"flavor": "m2.c1m2"`, 1)
	fixed := n.at.instance("bad", "k", "")
	const ours = "instance.volume must be absent: flavor m1.tiny has a disk of 1 GB"
	creation := []parameter{
		{"instance", record, nil},
		{"instance.name", word, names},
		{"instance.image", word, []bad{{`"nosuch"`, "10400", "Can not find requested image"}, {quoted(long), "10400", "Can not find requested image"}}},
		{"instance.flavor", word, []bad{{`"nosuch"`, "10400", "Flavor nosuch could not be found."}, {`"m1.tiny"`, "10400", "Flavor m1.tiny could not be found."}}},
		{"instance.networks", records, []bad{{`[{}]`, "-4", invalid("instance.networks[0].id is required")}}},
		{"instance.networks[0].id", word, []bad{{`"nosuch"`, "20004", "No accessible network"}, {quoted(n.external()), "20004", "No accessible network"}}},
		{"instance.networks[0].subnetId", someText, []bad{{`"a"`, "-4", invalid("instance.networks[0].subnetId must not be given with id")}}},
		{"instance.availabilityZone", word, []bad{{`"nosuch"`, "10400", "The requested availability zone is not available"}, {`"NOVA"`, "10400", "The requested availability zone is not available"}}},
		{"instance.keyName", word, []bad{{`"nosuch"`, "10400", "Invalid key_name provided."}, {`"K"`, "10400", "Invalid key_name provided."}, {quoted(long), "10400", "Invalid key_name provided."}}},
		{"instance.count", anInteger, counts},
		{"instance.securityGroups", records, nil},
		{"instance.securityGroups[0].name", word, []bad{{`"nosuch"`, "10400", "Security group nosuch not found for project " + n.project() + "."}}},
	}
	at := "instances/" + n.mine.instance
	act := func(name, parameters string, more ...parameter) request {
		return request{"POST", at + "/action", fmt.Sprintf(`{"action": %q, "parameters": {%s}}`, name, parameters), append([]parameter{
			{"action", word, []bad{{`"explode"`, "-4", "Invalid parameters : action"}, {quoted(strings.ToUpper(name)), "-4", "Invalid parameters : action"}}},
			{"parameters", someRecord, []bad{{``, "-4", invalid("%s is required", more[0].path)}, {`null`, "-4", invalid("%s is required", more[0].path)}, {`{}`, "-4", invalid("%s is required", more[0].path)}}},
		}, more...)}
	}
	return []request{
		{"POST", "tokens", `{"auth": {"username": "nobody", "password": "x"}}`, []parameter{
			{"auth", record, nil}, {"auth.username", text, nil}, {"auth.password", text, nil}}},
		{"POST", "instances", fixed, append([]parameter{
			{"instance.volume", someRecord, []bad{{`{"size": 10}`, "-4", invalid(ours)}, {`{"size": "10"}`, "-4", invalid(ours)}, {`{"type": "General SSD"}`, "-4", invalid(ours)}}},
		}, creation...)},
		{"POST", "instances", free, append([]parameter{
			{"instance.volume", someRecord, []bad{
				{``, "-4", invalid("instance.volume.size is required: flavor m2.c1m2 has no disk of its own")}, {`{}`, "-4", invalid("instance.volume.size is required: flavor m2.c1m2 has no disk of its own")}}},
			{"instance.volume.size", anInteger, append(sizes("instance.volume.size"),
				bad{``, "-4", invalid("instance.volume.size is required: flavor m2.c1m2 has no disk of its own")}, bad{`null`, "-4", invalid("instance.volume.size is required: flavor m2.c1m2 has no disk of its own")})},
			{"instance.volume.type", someText, []bad{{`"Fast"`, "-4", invalid("instance.volume.type must be General HDD or General SSD")}, {`"SSD"`, "-4", invalid("instance.volume.type must be General HDD or General SSD")}}},
		}, creation...)},
		{"POST", "keypairs", `{"keypair": {"name": "bad", "publicKey": "` + ed25519Line + `"}}`, []parameter{
			{"keypair", record, nil},
			{"keypair.name", text, []bad{
				{`""`, "13400", "Invalid input for field/attribute name. Value: . '' is too short"},
				{quoted(long), "13400", "Invalid input for field/attribute name. Value: " + long + ". '" + long + "' is too long"},
				{`"한글"`, "13400", wrongChars}, {`"a.b"`, "13400", wrongChars}, {`"a/b"`, "13400", wrongChars},
				{`" a"`, "13400", wrongEnds}, {`"a "`, "13400", wrongEnds}, {`"a\n"`, "13400", wrongEnds},
				{`"k"`, "13409", "Key pair 'k' already exists."},
			}},
			{"keypair.publicKey", someText, []bad{
				{`""`, "13400", noKey}, {`" "`, "13400", noKey}, {`"garbage"`, "13400", noKey}, {quoted(ed25519Line[:60]), "13400", noKey},
				{quoted(ed25519Line + strings.Repeat(" ", 16<<10)), "13400", "Keypair data is invalid: longer than 16384 bytes"},
				{`"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"`, "13400", "Keypair data is invalid: a private key was given, send the public key"},
			}},
		}},
		act("reboot", `"type": "SOFT"`, parameter{"parameters.type", word, []bad{{`"WARM"`, "-4", invalid("parameters.type must be SOFT or HARD")}}}),
		act("resize", `"flavor": "2"`, parameter{"parameters.flavor", word, []bad{
			{`"nosuch"`, "10404", "Flavor nosuch could not be found."}, {`"1"`, "10400", "When resizing, instances must change flavor!"}}}),
		act("uploadImage", `"name": "i"`, parameter{"parameters.name", word, []bad{
			{quoted(long), "-4", invalid("parameters.name must have at most 255 characters")},
			{`"i"`, "10409", "Cannot 'createImage' instance " + n.mine.instance + " while it is in vm_state active"}}}),
		act("addFloatingIp", fmt.Sprintf(`"address": %q, "ipAddress": %q`, n.mine.floatingPoint, n.mine.address),
			parameter{"parameters.address", word, []bad{{`"nosuch"`, "22404", "Floating IP nosuch could not be found."}, {`"192.0.2.1"`, "22404", "Floating IP 192.0.2.1 could not be found."}}},
			parameter{"parameters.ipAddress", word, []bad{{`"nosuch"`, "10400", "Specified fixed address not assigned to instance"}, {`"192.0.2.1"`, "10400", "Specified fixed address not assigned to instance"}}}),
		act("removeFloatingIp", fmt.Sprintf(`"address": %q`, n.mine.floatingPoint),
			parameter{"parameters.address", word, []bad{{`"nosuch"`, "22404", "Floating IP nosuch could not be found."}}}),
		act("addSecurityGroup", `"name": "mine"`,
			parameter{"parameters.name", word, []bad{{`"nosuch"`, "24404", "Security group nosuch could not be found."}, {quoted(long), "24404", "Security group " + long + " could not be found."}}}),
		act("removeSecurityGroup", `"name": "default"`,
			parameter{"parameters.name", word, []bad{{`"mine"`, "24404", "Security group mine not associated with the instance " + n.mine.instance}, {`"nosuch"`, "24404", "Security group nosuch not associated with the instance " + n.mine.instance}}}),
		{"POST", "volumes", volumeBody("v", n.at.zone, `, "description": "d", "volumeType": "General SSD", "metadata": {"a": "b"}`), []parameter{
			{"volume", record, nil},
			{"volume.name", word, []bad{{quoted(long), "-4", invalid("volume.name must have at most 255 characters")}}},
			{"volume.availabilityZone", word, []bad{{`"nosuch"`, "40400", "Availability zone 'nosuch' is invalid."}}},
			{"volume.size", integer, sizes("volume.size")},
			{"volume.description", someText, []bad{{quoted(long), "-4", invalid("volume.description must have at most 255 characters")}}},
			{"volume.volumeType", someText, []bad{{`"Fast"`, "-4", invalid("volume.volumeType must be General HDD or General SSD")}, {`"HDD"`, "-4", invalid("volume.volumeType must be General HDD or General SSD")}}},
			{"volume.metadata", someTexts, nil}, {"volume.metadata.a", someText, nil},
		}},
		{"POST", at + "/attachments", fmt.Sprintf(`{"attachment": {"volumeId": %q}}`, n.mine.volume), []parameter{
			{"attachment", record, nil},
			{"attachment.volumeId", word, []bad{
				{`"nosuch"`, "40404", "Volume nosuch could not be found."},
				{quoted(n.mine.volume), "40400", "Invalid volume: volume " + n.mine.volume + " status must be available"}}},
		}},
		{"POST", "floating-ips", `{"pool": {"id": "x"}}`, []parameter{
			{"pool", record, nil},
			{"pool.id", word, []bad{{`"nosuch"`, "22404", "Pool nosuch could not be found."}, {quoted(n.at.network), "22404", "Pool " + n.at.network + " could not be found."}}},
		}},
		n.groupRequest("POST", "security-groups"), n.groupRequest("PUT", "security-groups/"+n.mine.group),
		n.ruleRequest(),
	}
}

func (n *neighbours) groupRequest(method, path string) request {
	long := `"` + strings.Repeat("x", 256) + `"`
	return request{method, path, `{"securityGroup": {"name": "g", "description": "d"}}`, []parameter{
		{"securityGroup", record, nil},
		{"securityGroup.name", word, []bad{{`"default"`, "24409", "Default security group already exists."}, {long, "-4", "Invalid parameters : securityGroup.name must have at most 255 characters"}}},
		{"securityGroup.description", someText, []bad{{long, "-4", "Invalid parameters : securityGroup.description must have at most 255 characters"}}},
	}}
}

func (n *neighbours) ruleRequest() request {
	complaint := func(field, what string) string { return "Invalid parameters : securityGroupRule." + field + " " + what }
	var ports = func(name string) []bad {
		all := []bad{}
		for _, v := range []string{"0", "-1", "65536", `"65536"`, "99999999999999999999"} {
			all = append(all, bad{v, "-4", complaint(name, "must be between 1 and 65535")})
		}
		return all
	}
	const remote = "must be an address range like 10.0.0.0/24"
	return request{"POST", "security-group-rules", strings.Replace(ruleBody(n.mine.group), `"direction"`, `"remoteIpPrefix": "10.0.0.0/8", "description": "d", "direction"`, 1), []parameter{
		{"securityGroupRule", record, nil},
		{"securityGroupRule.direction", word, []bad{{`"up"`, "-4", complaint("direction", "must be ingress or egress")}, {`"INGRESS"`, "-4", complaint("direction", "must be ingress or egress")}}},
		{"securityGroupRule.ethertype", word, []bad{{`"ipv4"`, "-4", complaint("ethertype", "must be IPv4 or IPv6")}, {`"IPv6"`, "24400", "Conflicting value ethertype IPv6 for CIDR 10.0.0.0/8"}}},
		{"securityGroupRule.securityGroupId", word, []bad{{`"nosuch"`, "24404", "Security group nosuch could not be found."}, {`"default"`, "24404", "Security group default could not be found."}}},
		{"securityGroupRule.protocol", someText, []bad{
			{`"gre"`, "-4", complaint("protocol", "must be icmp, tcp, udp or null")}, {`"TCP"`, "-4", complaint("protocol", "must be icmp, tcp, udp or null")},
			{``, "-4", complaint("portRangeMin", "needs a protocol")}, {`null`, "-4", complaint("portRangeMin", "needs a protocol")}, {`"null"`, "-4", complaint("portRangeMin", "needs a protocol")}}},
		{"securityGroupRule.portRangeMin", anInteger, append(ports("portRangeMin"), bad{`81`, "-4", complaint("portRangeMin", "must not be greater than portRangeMax")},
			bad{``, "-4", complaint("portRangeMin", "must be given with portRangeMax")})},
		{"securityGroupRule.portRangeMax", anInteger, append(ports("portRangeMax"), bad{`79`, "-4", complaint("portRangeMin", "must not be greater than portRangeMax")},
			bad{``, "-4", complaint("portRangeMax", "must be given with portRangeMin")})},
		{"securityGroupRule.remoteIpPrefix", someText, []bad{
			{`""`, "-4", complaint("remoteIpPrefix", remote)}, {`"x"`, "-4", complaint("remoteIpPrefix", remote)}, {`"10.0.0.0/33"`, "-4", complaint("remoteIpPrefix", remote)},
			{`"fe80::1%eth0"`, "-4", complaint("remoteIpPrefix", remote)}, {`"::/0"`, "24400", "Conflicting value ethertype IPv4 for CIDR ::/0"}}},
		{"securityGroupRule.remoteGroupId", someText, []bad{{`"x"`, "-4", complaint("remoteIpPrefix", "must not be given with remoteGroupId")}}},
		{"securityGroupRule.description", someText, []bad{{`"` + strings.Repeat("x", 256) + `"`, "-4", complaint("description", "must have at most 255 characters")}}},
	}}
}

// external is the network that floating IPs come from: no instance is in it.
func (n *neighbours) external() string {
	n.Helper()
	return n.must("GET", "floating-ip-pools", "").text("pools", 0, "id")
}

// TestBadInput walks every parameter of every call: missing, of the wrong type,
// out of range, and naming what is not there. Each has its code and a message
// that names the field, and nothing changes.
func TestBadInput(t *testing.T) {
	n := newNeighbours(t)
	at := "instances/" + n.mine.instance
	looks := []look{
		{"GET", "tokens?id=%s", "", "50404", "Could not find token."},
		{"GET", "instances?id=%s", "", "10404", "Instance %s could not be found."},
		{"GET", "instances-detail?id=%s", "", "10404", "Instance %s could not be found."},
		{"DELETE", "instances?id=%s", "", "10404", "Instance %s could not be found."},
		{"POST", "instances/%s/attachments", `{"attachment": {"volumeId": "x"}}`, "10404", "Instance %s could not be found."},
		{"DELETE", "instances/%s/attachments?volumeId=x", "", "10404", "Instance %s could not be found."},
		{"DELETE", at + "/attachments?volumeId=%s", "", "40404", "Volume %s could not be found."},
		{"GET", "keypairs?name=%s", "", "13404", "Keypair %s not found for user " + n.user},
		{"DELETE", "keypairs?name=%s", "", "13404", "Keypair %s not found for user " + n.user},
		{"GET", "images?marker=%s", "", "30404", "Image %s could not be found."},
		{"DELETE", "images?id=%s", "", "30404", "Failed to find image %s to delete"},
		{"GET", "volumes?id=%s", "", "40404", "Volume %s could not be found."},
		{"DELETE", "volumes?id=%s", "", "40404", "Volume %s could not be found."},
		{"GET", "networks?id=%s", "", "20004", "No accessible network"},
		{"GET", "floating-ips?id=%s", "", "22404", "Floating IP %s could not be found."},
		{"DELETE", "floating-ips?id=%s", "", "22404", "Floating IP %s could not be found."},
		{"GET", "security-groups?id=%s", "", "24404", "Security group %s could not be found."},
		{"PUT", "security-groups/%s", `{"securityGroup": {"name": "x"}}`, "24404", "Security group %s could not be found."},
		{"DELETE", "security-groups?id=%s", "", "24404", "Security group %s could not be found."},
		{"GET", "security-group-rules?id=%s", "", "24404", "Security group rule %s could not be found."},
		{"DELETE", "security-group-rules?id=%s", "", "24404", "Security group rule %s could not be found."},
	}
	for _, action := range []string{"start", "stop", "reboot", "resize", "uploadImage", "addFloatingIp", "removeFloatingIp", "addSecurityGroup", "removeSecurityGroup"} {
		body := fmt.Sprintf(`{"action": %q, "parameters": {"type": "HARD", "flavor": "2", "name": "default", "address": "a", "ipAddress": "b"}}`, action)
		looks = append(looks, look{"POST", "instances/%s/action", body, "10404", "Instance %s could not be found."})
	}
	n.unchanged(func() {
		for _, r := range n.requests() {
			n.refusesAll(r)
		}
		for _, l := range looks {
			n.refusesNames(l)
		}
		for _, limit := range []string{"0", "1001", "-1", "x", "1.5", "%2B1", "%201", "99999999999999999999"} {
			n.refused("-4", "Invalid parameters : limit must be between 1 and 1000", "GET", "images?limit="+limit, "")
		}
		// What is in use, or the project's own, is not deleted.
		n.refused("40400", "Invalid volume: Volume status must be available or error or error_restoring and must not be attached", "DELETE", "volumes?id="+n.mine.volume, "")
		n.refused("22409", "Floating IP "+n.mine.floatingPoint+" is in use.", "DELETE", "floating-ips?id="+n.mine.floating, "")
		n.refused("30403", "You are not permitted to delete this image.", "DELETE", "images?id="+n.at.image, "")
	})
}
