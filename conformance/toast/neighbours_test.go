package toast

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// belongings are one of everything that a project has and calls can name.
type belongings struct {
	instance, address       string
	volume, image           string
	network, subnet         string
	group, groupName, rule  string
	floating, floatingPoint string // its id and its address
}

// neighbours are two projects on one server, each with belongings of its own.
// The calls are made in the first.
type neighbours struct {
	*client
	other        *client
	at           things
	user         string // the caller's id
	mine, theirs belongings
	login        harness.SSH // to the first project's instance
}

// newNeighbours makes both. The key pair "k" is the caller's, "theirs" the
// other project's user's, and "colleague" that of somebody in the same project.
func newNeighbours(t *testing.T) *neighbours {
	t.Helper()
	s := harness.Start(t)
	n := &neighbours{client: newClient(t, s)}
	n.at = n.things()
	n.user = n.must("GET", "tokens?id="+n.token, "").text("access", "user", "id")
	made := strings.Fields(s.Run("", "project", "create", "elsewhere"))
	session := s.Login(s.AddUser("stranger", "elsewhere", "member"))
	n.other = &client{TB: t, server: s, AppKey: made[len(made)-1], token: session.Token}

	n.login = harness.SSH{User: "debian", Key: filepath.Join(t.TempDir(), "k.pem"), KnownHosts: filepath.Join(t.TempDir(), "known")}
	private := n.must("POST", "keypairs", `{"keypair": {"name": "k"}}`).text("keypair", "privateKey")
	if err := os.WriteFile(n.login.Key, []byte(private), 0o600); err != nil {
		t.Fatal(err)
	}
	upload := func(c *client, name string) {
		c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": %q, "publicKey": %q}}`, name, ed25519Line))
	}
	upload(n.other, "theirs")
	colleague := s.Login(s.AddUser("colleague", s.Demo.Project, "member"))
	upload(&client{TB: t, server: s, AppKey: n.AppKey, token: colleague.Token}, "colleague")

	n.mine = n.client.belongings(n.at, s.Login(s.Demo), "k", "mine")
	n.theirs = n.other.belongings(n.at, session, "theirs", "theirs")
	shown := n.must("GET", "instances-detail?id="+n.mine.instance, "")
	n.login.Address, n.login.Port = n.mine.address, sshPort(shown)
	n.login.Await(t, 10*time.Second)
	return n
}

// belongings makes one of everything: an instance with an attached volume, a
// floating IP and a group of its own, the image of another instance, and a network.
func (c *client) belongings(at things, session *harness.Session, keyName, name string) belongings {
	c.Helper()
	b := belongings{groupName: name}
	model := c.create(at, "model", keyName)
	c.action(model, `{"action": "stop"}`)
	c.await(model, "STOP")
	b.image = c.action(model, fmt.Sprintf(`{"action": "uploadImage", "parameters": {"name": %q}}`, name)).text("createdImage", "id")
	c.must("DELETE", "instances?id="+model, "")
	c.gone(model)

	b.instance = c.create(at, name, keyName)
	b.address = c.must("GET", "instances-detail?id="+b.instance, "").text("instances", 0, "addresses", 0, "ipAddress")
	b.volume = c.must("POST", "volumes", volumeBody(name, at.zone, "")).text("volume", "id")
	c.volume(b.volume, "available")
	c.must("POST", "instances/"+b.instance+"/attachments", fmt.Sprintf(`{"attachment": {"volumeId": %q}}`, b.volume))
	c.volume(b.volume, "in-use")

	b.group = c.must("POST", "security-groups", fmt.Sprintf(`{"securityGroup": {"name": %q}}`, name)).text("securityGroup", "id")
	b.rule = c.must("POST", "security-group-rules", ruleBody(b.group)).text("securityGroupRule", "id")
	pool := c.must("GET", "floating-ip-pools", "").text("pools", 0, "id")
	got := c.must("POST", "floating-ips", fmt.Sprintf(`{"pool": {"id": %q}}`, pool))
	b.floating, b.floatingPoint = got.text("floatingip", "id"), got.text("floatingip", "floatingIpAddress")
	c.action(b.instance, fmt.Sprintf(`{"action": "addFloatingIp", "parameters": {"address": %q, "ipAddress": %q}}`, b.floatingPoint, b.address))

	b.network, b.subnet = c.network(session, name, "10.9.8.0/24")
	return b
}

// network makes a network with a subnet, for which this API has no calls.
func (c *client) network(session *harness.Session, name, cidr string) (network, subnet string) {
	c.Helper()
	post := func(kind string, body object) string {
		answer, err := session.Do(c.Context(), "POST", "/network/v2.0/"+kind+"s", object{kind: body})
		var made map[string]struct{ ID string }
		if err == nil {
			err = json.Unmarshal(answer.Body, &made)
		}
		if err != nil || answer.Status != 201 {
			c.Fatalf("%s: %v: %s", kind, err, answer.Body)
		}
		return made[kind].ID
	}
	network = post("network", object{"name": name})
	return network, post("subnet", object{"network_id": network, "ip_version": 4, "cidr": cidr})
}

func ruleBody(group string) string {
	return fmt.Sprintf(`{"securityGroupRule": {"direction": "ingress", "ethertype": "IPv4", "portRangeMin": 80, "portRangeMax": 80, "protocol": "tcp", "securityGroupId": %q}}`, group)
}

// everything is all that a project's member can list.
func (c *client) everything() string {
	c.Helper()
	var all strings.Builder
	for _, path := range []string{"availability-zones", "flavors", "keypairs", "images", "networks", "subnets", "floating-ip-pools", "floating-ips",
		"security-groups", "security-group-rules", "instances", "instances-detail", "volumes"} {
		fmt.Fprintln(&all, c.must("GET", path, "").raw)
	}
	return all.String()
}

// state is everything in both projects, and what the first one's guest tells.
func (n *neighbours) state() string {
	n.Helper()
	guest := n.login.Run(n, "hostname; nproc; free; df; lsblk; mount; ip addr; ls -la; cat .ssh/authorized_keys")
	if guest.Exit != 0 {
		n.Fatalf("the guest: %+v", guest)
	}
	return n.everything() + n.other.everything() + guest.Stdout
}

// unchanged runs something that must not change anything.
func (n *neighbours) unchanged(do func()) {
	n.Helper()
	before := n.state()
	do()
	after := n.state()
	if after == before {
		return
	}
	was := strings.Split(before, "\n")
	for k, line := range strings.Split(after, "\n") {
		if k >= len(was) || was[k] != line {
			n.Errorf("something changed: %s", line)
		}
	}
}

// TestElsewhere names what is another project's in every parameter of every
// call. It is as if it were not there, and nothing changes.
func TestElsewhere(t *testing.T) {
	n := newNeighbours(t)
	mine, theirs := n.mine, n.theirs
	instance := func(old, new string) string {
		body := strings.Replace(n.at.instance("bad", "k", ""), old, new, 1)
		if body == n.at.instance("bad", "k", "") {
			t.Fatalf("%s is not in %s", old, body)
		}
		return body
	}
	project := n.project()
	action := func(name, parameters string) string {
		return fmt.Sprintf(`{"action": %q, "parameters": {%s}}`, name, parameters)
	}
	at := "instances/" + mine.instance
	type refusal struct{ code, message, method, path, body string }
	all := []refusal{
		{"10400", "Can not find requested image", "POST", "instances", instance(n.at.image, theirs.image)},
		{"20004", "No accessible network", "POST", "instances", instance(n.at.network, theirs.network)},
		{"20004", "No accessible network", "POST", "instances", instance(`{"id": "`+n.at.network+`"}`, `{"subnetId": "`+theirs.subnet+`"}`)},
		{"20004", "No accessible network", "POST", "instances", instance(`[{"id": "`+n.at.network+`"}`, `[{"id": "`+n.at.network+`"}, {"id": "`+theirs.network+`"}`)},
		{"10400", "Invalid key_name provided.", "POST", "instances", instance(`"k"`, `"theirs"`)},
		{"10400", "Invalid key_name provided.", "POST", "instances", instance(`"k"`, `"colleague"`)},
		{"10400", "Security group theirs not found for project " + project + ".", "POST", "instances", instance(`"default"`, `"theirs"`)},
		{"10400", "Security group " + theirs.group + " not found for project " + project + ".", "POST", "instances", instance(`"default"`, `"`+theirs.group+`"`)},

		{"13404", "Keypair theirs not found for user " + n.user, "GET", "keypairs?name=theirs", ""},
		{"13404", "Keypair theirs not found for user " + n.user, "DELETE", "keypairs?name=theirs", ""},
		{"13404", "Keypair colleague not found for user " + n.user, "GET", "keypairs?name=colleague", ""},
		{"13404", "Keypair colleague not found for user " + n.user, "DELETE", "keypairs?name=colleague", ""},

		{"40404", "Volume " + theirs.volume + " could not be found.", "POST", at + "/attachments", `{"attachment": {"volumeId": "` + theirs.volume + `"}}`},
		{"40404", "Volume " + theirs.volume + " could not be found.", "DELETE", at + "/attachments?volumeId=" + theirs.volume, ""},
		{"22404", "Floating IP " + theirs.floatingPoint + " could not be found.", "POST", at + "/action",
			action("addFloatingIp", `"address": "`+theirs.floatingPoint+`", "ipAddress": "`+mine.address+`"`)},
		{"10400", "Specified fixed address not assigned to instance", "POST", at + "/action",
			action("addFloatingIp", `"address": "`+mine.floatingPoint+`", "ipAddress": "`+theirs.address+`"`)},
		{"22404", "Floating IP " + theirs.floatingPoint + " could not be found.", "POST", at + "/action", action("removeFloatingIp", `"address": "`+theirs.floatingPoint+`"`)},
		{"24404", "Security group theirs could not be found.", "POST", at + "/action", action("addSecurityGroup", `"name": "theirs"`)},
		{"24404", "Security group " + theirs.group + " could not be found.", "POST", at + "/action", action("addSecurityGroup", `"name": "`+theirs.group+`"`)},
		{"24404", "Security group theirs not associated with the instance " + mine.instance, "POST", at + "/action", action("removeSecurityGroup", `"name": "theirs"`)},

		{"30404", "Image " + theirs.image + " could not be found.", "GET", "images?marker=" + theirs.image, ""},
		{"30404", "Failed to find image " + theirs.image + " to delete", "DELETE", "images?id=" + theirs.image, ""},
		{"20004", "No accessible network", "GET", "networks?id=" + theirs.network, ""},
		{"22404", "Pool " + theirs.network + " could not be found.", "POST", "floating-ips", `{"pool": {"id": "` + theirs.network + `"}}`},

		{"24404", "Security group " + theirs.group + " could not be found.", "PUT", "security-groups/" + theirs.group, `{"securityGroup": {"name": "taken"}}`},
		{"24404", "Security group " + theirs.group + " could not be found.", "POST", "security-group-rules", ruleBody(theirs.group)},
		{"24404", "Security group " + theirs.group + " could not be found.", "POST", "security-group-rules",
			strings.Replace(ruleBody(mine.group), `"direction"`, `"remoteGroupId": "`+theirs.group+`", "direction"`, 1)},

		{"50404", "Could not find token.", "GET", "tokens?id=" + n.other.token, ""},
	}
	for _, look := range []struct{ code, message, path, id string }{
		{"10404", "Instance %s could not be found.", "instances?id=", theirs.instance},
		{"40404", "Volume %s could not be found.", "volumes?id=", theirs.volume},
		{"22404", "Floating IP %s could not be found.", "floating-ips?id=", theirs.floating},
		{"24404", "Security group %s could not be found.", "security-groups?id=", theirs.group},
		{"24404", "Security group rule %s could not be found.", "security-group-rules?id=", theirs.rule},
	} {
		for _, method := range []string{"GET", "DELETE"} {
			all = append(all, refusal{look.code, fmt.Sprintf(look.message, look.id), method, look.path + look.id, ""})
		}
	}
	missing := "Instance " + theirs.instance + " could not be found."
	all = append(all, refusal{"10404", missing, "GET", "instances-detail?id=" + theirs.instance, ""})
	at = "instances/" + theirs.instance
	for _, body := range []string{
		action("start", ""), action("stop", ""), action("reboot", `"type": "SOFT"`), action("reboot", `"type": "HARD"`),
		action("resize", `"flavor": "2"`), action("uploadImage", `"name": "i"`),
		action("addFloatingIp", `"address": "`+mine.floatingPoint+`", "ipAddress": "`+theirs.address+`"`),
		action("removeFloatingIp", `"address": "`+theirs.floatingPoint+`"`),
		action("addSecurityGroup", `"name": "mine"`), action("removeSecurityGroup", `"name": "default"`),
	} {
		all = append(all, refusal{"10404", missing, "POST", at + "/action", body})
	}
	all = append(all,
		refusal{"10404", missing, "POST", at + "/attachments", `{"attachment": {"volumeId": "` + mine.volume + `"}}`},
		refusal{"10404", missing, "DELETE", at + "/attachments?volumeId=" + theirs.volume, ""})

	n.unchanged(func() {
		for _, r := range all {
			n.refused(r.code, r.message, r.method, r.path, r.body)
		}
		// Their appkey with our token, and ours with theirs.
		for _, r := range all {
			for _, who := range []struct{ token, appkey string }{{n.token, n.other.AppKey}, {n.other.token, n.AppKey}} {
				if strings.HasPrefix(r.path, "tokens") {
					continue
				}
				if got := n.as(who.token, who.appkey, r.method, r.path, r.body); got.code() != "-3" || got.message() != "Permission denied : invalid appkey" {
					t.Errorf("%s %s between projects: %s", r.method, r.path, got.raw)
				}
			}
		}
	})
}

// project is the id of the caller's project, which this API tells only in messages.
func (n *neighbours) project() string {
	n.Helper()
	got := n.call("POST", "instances", strings.Replace(n.at.instance("bad", "k", ""), `"default"`, `"nosuch"`, 1)).message()
	id, ok := strings.CutPrefix(got, "Security group nosuch not found for project ")
	if !ok {
		n.Fatal(got)
	}
	return strings.TrimSuffix(id, ".")
}
