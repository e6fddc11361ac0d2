package openstack

import (
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// networking walks networks, ports, security groups and floating addresses with
// the openstack command, and sees with the system's ssh what they do.
func networking(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.Demo)
	key := c.newKey("net", "-t", "ed25519")
	c.must("keypair", "create", "--public-key", key+".pub", "net")
	c.must("server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "net", "--network", "private", "--wait", "net-1")
	way := c.door("net-1", key)
	letsIn(t, way) // the default group lets SSH in

	// A group without rules about what comes in keeps everybody out, at once.
	var group struct{ ID, Name string }
	c.read(&group, "security", "group", "create", "--description", "closed", "closed")
	c.must("server", "add", "security", "group", "net-1", "closed")
	c.must("server", "remove", "security", "group", "net-1", "default")
	keepsOut(t, way, "Connection refused")
	c.refused("in use", "security", "group", "delete", "closed")
	var rule struct {
		ID           string
		RemotePrefix string `json:"remote_ip_prefix"`
	}
	c.read(&rule, "security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "--remote-ip", "10.0.0.0/8", "closed")
	if o := way.Run(t, "whoami"); o.Exit != 255 || !strings.Contains(o.Stderr, "reset") && !strings.Contains(o.Stderr, "closed") {
		t.Errorf("from outside of the rule's range: exit status %d, %s", o.Exit, o.Stderr)
	}
	c.refused("already exists", "security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "--remote-ip", "10.0.0.0/8", "closed")
	c.must("security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "--remote-ip", "127.0.0.0/8", "closed")
	letsIn(t, way)
	var rules []map[string]any
	c.read(&rules, "security", "group", "rule", "list", "closed")
	if len(rules) != 4 { // two let everything out
		t.Errorf("security group rule list: %+v", rules)
	}
	c.must("security", "group", "rule", "delete", rule.ID)
	c.must("security", "group", "set", "--name", "open", "closed")
	var groups []struct{ ID, Name string }
	c.read(&groups, "security", "group", "list")
	if len(groups) < 2 {
		t.Errorf("security group list: %+v", groups)
	}

	// A floating address is another way in, under the same rules.
	var f struct {
		ID      string
		Address string `json:"floating_ip_address"`
	}
	c.read(&f, "floating", "ip", "create", "public")
	c.must("server", "add", "floating", "ip", "net-1", f.Address)
	var s shown
	c.read(&s, "server", "show", "net-1")
	if !strings.Contains(strings.Join(s.Addresses["private"], " "), f.Address) {
		t.Errorf("server show: %+v", s.Addresses)
	}
	public := way
	public.Address, public.KnownHosts = f.Address, c.file("known_hosts_public", "")
	letsIn(t, public)
	c.must("server", "remove", "floating", "ip", "net-1", f.Address)
	keepsOut(t, public, "Connection refused")

	// A network of one's own is closed but for the floating address.
	c.must("network", "create", "inner")
	c.must("subnet", "create", "--network", "inner", "--subnet-range", "10.5.0.0/24", "inner")
	c.must("router", "create", "inner")
	c.must("router", "set", "--external-gateway", "public", "inner")
	c.must("router", "add", "subnet", "inner", "inner")
	c.must("port", "create", "--network", "inner", "--fixed-ip", "ip-address=10.5.0.7", "--security-group", "open", "inner-port")
	c.must("server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "net", "--port", "inner-port", "--wait", "net-2")
	c.must("floating", "ip", "set", "--port", "inner-port", f.Address)
	public.KnownHosts = c.file("known_hosts_inner", "")
	letsIn(t, public)
	if o := public.Run(t, "ip addr"); !strings.Contains(o.Stdout, "10.5.0.7/24") {
		t.Errorf("ip addr: %s", o.Stdout)
	}
	c.refused("ports still in use", "network", "delete", "inner")
	var ports []map[string]any
	c.read(&ports, "port", "list", "--server", "net-2")
	if len(ports) != 1 {
		t.Errorf("port list: %+v", ports)
	}
	// A router that is switched off lets nothing through.
	c.must("router", "set", "--disable", "inner")
	keepsOut(t, public, "Connection refused")
	c.must("router", "set", "--enable", "inner")
	letsIn(t, public)
	// Its address survives a restart of the server, and leads there again.
	c.must("server", "reboot", "--wait", "net-2")
	eventually(t, "net-2 lets in again", func() bool { return public.Run(t, "true").Exit == 0 })
	c.must("floating", "ip", "unset", "--port", f.Address)
	keepsOut(t, public, "Connection refused")
	c.must("floating", "ip", "delete", f.Address)

	// One more network interface, while it runs.
	c.must("server", "add", "network", "net-1", "inner")
	c.read(&s, "server", "show", "net-1")
	if len(s.Addresses["inner"]) != 1 {
		t.Errorf("server show with two networks: %+v", s.Addresses)
	}
	c.must("server", "remove", "network", "net-1", "inner")
	c.must("server", "delete", "--wait", "net-1", "net-2")
	c.must("port", "delete", "inner-port")
	c.must("router", "remove", "subnet", "inner", "inner")
	c.must("router", "delete", "inner")
	c.must("subnet", "delete", "inner")
	c.must("network", "delete", "inner")
	c.must("security", "group", "delete", "open")
	c.must("quota", "show")
	c.must("keypair", "delete", "net")
	var pool struct {
		External bool `json:"router:external"`
	}
	c.read(&pool, "network", "show", "public")
	if !pool.External {
		t.Error("network show: the pool is not external")
	}
}

// networksAreKept restarts the server: rules and floating addresses hold again.
func TestNetworksAreKept(t *testing.T) {
	c := &cloud{Server: harness.Start(t), python: startPython(t)}
	o := c.client(t, c.Demo)
	key := o.newKey("kept", "-t", "ed25519")
	o.must("keypair", "create", "--public-key", key+".pub", "kept")
	o.must("server", "create", "--image", "alpine-3.22", "--flavor", "m1.tiny", "--key-name", "kept", "--wait", "kept-1")
	var f struct {
		Address string `json:"floating_ip_address"`
	}
	o.read(&f, "floating", "ip", "create", "public")
	o.must("server", "add", "floating", "ip", "kept-1", f.Address)
	o.must("security", "group", "create", "narrow")
	way := o.door("kept-1", key)
	way.Address = f.Address
	letsIn(t, way)
	c.Kill()
	c.Launch()
	eventually(t, "kept-1 lets in again", func() bool { return way.Run(t, "true").Exit == 0 })
	o = o.again(c, c.Demo)
	o.must("server", "add", "security", "group", "kept-1", "narrow")
	o.must("server", "remove", "security", "group", "kept-1", "default")
	keepsOut(t, way, "Connection refused")
	c.Kill()
	c.Launch()
	o = o.again(c, c.Demo)
	eventually(t, "kept-1 is ACTIVE", func() bool { return strings.Contains(o.must("server", "show", "kept-1", "-c", "status"), "ACTIVE") })
	keepsOut(t, way, "Connection refused")
}

// again is the same person after the server came up at another address.
func (c *client) again(cloud *cloud, a harness.Account) *client {
	return &client{t: c.t, dir: c.dir, env: harness.Environ(c.dir, cloud.OpenStackEnv(a)...), python: c.python}
}
