package sim

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// floating is a range of the tests' own.
var floating = netip.MustParsePrefix("127.22.0.0/16")

func withFloating(o *Options) { o.Floating = floating }

// guarded is an instance whose NICs are in a security group.
func guarded(keys ...string) compute.Spec {
	s := newSpec(keys...)
	s.NICs[0].PortID, s.NICs[0].Filtered = "port-"+s.ID, true
	s.NICs[0].Groups = []compute.GroupRef{{ID: "group-" + s.ID}}
	return s
}

func lets(from string) compute.Rule {
	r := compute.Rule{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "tcp", From: 20, To: 30}
	if from != "" {
		r.Remote = netip.MustParsePrefix(from)
	}
	return r
}

func setRules(t *testing.T, d *Driver, spec compute.Spec, rules ...compute.Rule) {
	t.Helper()
	must(t, d.SetRules(ctx, spec.ID, []compute.NICRules{{PortID: spec.NICs[0].PortID, Rules: rules}}))
}

// knock connects from one address to another and wants a banner of SSH, or that
// there is none.
func knock(t *testing.T, d *Driver, from string, to netip.Addr, want bool) error {
	t.Helper()
	dialer := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.Dial("tcp", netip.AddrPortFrom(to, uint16(d.port)).String())
	if err == nil {
		defer conn.Close()
		must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
		banner := make([]byte, 4)
		_, err = conn.Read(banner)
		if err == nil && string(banner) != "SSH-" {
			err = fmt.Errorf("it says %q", banner)
		}
	}
	if want != (err == nil) {
		t.Errorf("from %s to %s: %v, want it to be let in: %v", from, to, err, want)
	}
	return err
}

func TestRules(t *testing.T) {
	k := newKey(t)
	dir := t.TempDir()
	d := newDriver(t, dir, withFloating, func(o *Options) { o.Gateway = "127.20.255.3:0" })
	spec := guarded(k.line)
	at := spec.NICs[0].Addr
	must(t, d.Create(ctx, spec))
	must(t, d.Start(ctx, spec))
	// Nothing was said yet: nobody comes in, and nothing listens.
	if err := knock(t, d, "127.0.0.1", at, false); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want that the connection is refused", err)
	}
	if o, err := d.Get(ctx, spec.ID); err != nil || o.SSH.IsValid() || o.Power != compute.PowerRunning {
		t.Errorf("got %+v, %v", o, err)
	}
	setRules(t, d, spec, lets("127.3.0.0/16"))
	_ = knock(t, d, "127.3.4.5", at, true)
	if err := knock(t, d, "127.0.0.1", at, false); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want that the connection is reset", err)
	}
	// It is said again after a reboot without being asked.
	must(t, d.Reboot(ctx, spec, true))
	_ = knock(t, d, "127.3.4.5", at, true)
	_ = knock(t, d, "127.0.0.1", at, false)

	setRules(t, d, spec, lets(""))
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	for name, rules := range map[string][]compute.Rule{
		"none":       nil,
		"egress":     {{Direction: compute.Egress, EtherType: compute.IPv4, From: compute.AnyPort, To: compute.AnyPort}},
		"IPv6":       {{Direction: compute.Ingress, EtherType: compute.IPv6, From: compute.AnyPort, To: compute.AnyPort}},
		"UDP":        {{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "udp", From: 22, To: 22}},
		"HTTP":       {{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: "tcp", From: 80, To: 80}},
		"from afar":  {lets("10.0.0.0/8")},
		"from group": {{Direction: compute.Ingress, EtherType: compute.IPv4, From: compute.AnyPort, To: compute.AnyPort, RemoteGroupID: "group-" + spec.ID}},
	} {
		setRules(t, d, spec, rules...)
		if knock(t, d, "127.0.0.1", at, false) == nil {
			t.Errorf("%s lets in", name)
		}
	}
	// Who is logged in stays.
	s, err := c.NewSession()
	must(t, err)
	if out, err := s.Output("whoami"); err != nil || string(out) != "debian\n" {
		t.Errorf("the open connection: %q, %v", out, err)
	}
	// The gateway is no way around.
	through := func() error {
		g, err := ssh.Dial("tcp", d.gateAt.String(), &ssh.ClientConfig{
			User: "debian%" + spec.ID, Auth: []ssh.AuthMethod{ssh.PublicKeys(k.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		})
		if err == nil {
			g.Close()
		}
		return err
	}
	setRules(t, d, spec, lets("10.0.0.0/8"))
	if through() == nil {
		t.Error("the gateway lets in whom the rules keep out")
	}
	setRules(t, d, spec, lets("127.0.0.0/8"))
	if err := through(); err != nil {
		t.Errorf("the gateway: %v", err)
	}
	// A member of the group comes from its own address.
	member := create(t, d, guarded())
	member.NICs[0].Groups = []compute.GroupRef{{ID: "friends"}}
	must(t, d.SetNICs(ctx, member.ID, member.NICs))
	setRules(t, d, spec, compute.Rule{Direction: compute.Ingress, EtherType: compute.IPv4, From: compute.AnyPort, To: compute.AnyPort, RemoteGroupID: "friends"})
	_ = knock(t, d, member.NICs[0].Addr.String(), at, true)
	_ = knock(t, d, "127.0.0.1", at, false)
	if err := d.SetRules(ctx, "nobody", nil); !fault.Is(err, fault.NotFound) {
		t.Errorf("rules of nobody: %v", err)
	}

	// After a restart nobody comes in before it is said again.
	must(t, d.Close())
	d = newDriver(t, dir, withFloating)
	must(t, d.Start(ctx, spec))
	_ = knock(t, d, "127.0.0.1", at, false)
	setRules(t, d, spec, lets(""))
	_ = knock(t, d, "127.0.0.1", at, true)
}

func TestForwards(t *testing.T) {
	k := newKey(t)
	d := newDriver(t, t.TempDir(), withFloating)
	a, b := create(t, d, newSpec(k.line)), create(t, d, newSpec(k.line))
	public := netip.MustParseAddr("127.22.0.1").As4()
	public[3] = a.NICs[0].Addr.As4()[3]
	at := netip.AddrFrom4(public)
	if !d.AddressFree(at) {
		t.Fatal("the address is taken before")
	}
	hostname := func() string {
		t.Helper()
		c, err := ssh.Dial("tcp", netip.AddrPortFrom(at, uint16(d.port)).String(), &ssh.ClientConfig{
			User: "debian", Auth: []ssh.AuthMethod{ssh.PublicKeys(k.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second,
		})
		must(t, err)
		defer c.Close()
		s, err := c.NewSession()
		must(t, err)
		out, err := s.Output("hostname")
		must(t, err)
		return strings.TrimSpace(string(out))
	}
	to := func(s compute.Spec) []compute.Forward {
		return []compute.Forward{{Floating: at, Fixed: s.NICs[0].Addr}}
	}
	must(t, d.SetForwards(ctx, a.ID, to(a)))
	if got := hostname(); got != a.Hostname {
		t.Errorf("it leads to %s, want %s", got, a.Hostname)
	}
	if d.AddressFree(at) {
		t.Error("the address is free while it leads somewhere")
	}
	must(t, d.Reboot(ctx, a, false))
	if got := hostname(); got != a.Hostname {
		t.Errorf("after a reboot it leads to %s", got)
	}
	// Not before the first lets go of it.
	if err := d.SetForwards(ctx, b.ID, to(b)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("two have it: %v", err)
	}
	must(t, d.SetForwards(ctx, a.ID, nil))
	must(t, d.SetForwards(ctx, b.ID, to(b)))
	if got := hostname(); got != b.Hostname {
		t.Errorf("moved, it leads to %s", got)
	}
	must(t, d.Stop(ctx, b.ID, 0))
	_ = knock(t, d, "127.0.0.1", at, false)
	must(t, d.Start(ctx, b))
	_ = knock(t, d, "127.0.0.1", at, true)
	// The rules of the NIC that it leads to hold for it, too.
	b.NICs[0].Filtered, b.NICs[0].PortID = true, "p"
	must(t, d.SetNICs(ctx, b.ID, b.NICs))
	_ = knock(t, d, "127.0.0.1", at, false)
	setRules(t, d, b, lets("127.0.0.0/8"))
	_ = knock(t, d, "127.0.0.1", at, true)
	must(t, d.Delete(ctx, b.ID))
	if !d.AddressFree(at) {
		t.Error("the address of a deleted instance is not free")
	}
}

// A network of another range is closed: a floating address is the way in.
func TestClosedNetwork(t *testing.T) {
	k := newKey(t)
	d := newDriver(t, t.TempDir(), withFloating)
	for _, c := range []struct {
		cidr string
		ok   bool
	}{{"192.168.7.0/24", true}, {"127.50.0.0/16", false}, {"0.0.0.0/0", false}} {
		if err := d.CheckRange(netip.MustParsePrefix(c.cidr)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.cidr, err)
		}
	}
	spec := newSpec(k.line)
	first := spec.NICs[0].Addr
	second := spec.NICs
	spec.NICs = []compute.NIC{{MAC: "fa:16:3e:00:00:09", Addr: netip.MustParseAddr("192.168.7.9"), Prefix: netip.MustParsePrefix("192.168.7.0/24")}}
	create(t, d, spec)
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerRunning || o.SSH.IsValid() {
		t.Errorf("got %+v", o)
	}
	public := first.As4()
	public[1] = 22
	at := netip.AddrFrom4(public)
	must(t, d.SetForwards(ctx, spec.ID, []compute.Forward{{Floating: at, Fixed: spec.NICs[0].Addr}}))
	if got := guestRun(t, d, spec, k, "ip addr", ""); !strings.Contains(got, "192.168.7.9/24") {
		t.Errorf("ip addr: %s", got)
	}
	// One more NIC, while it runs, and away again.
	must(t, d.SetNICs(ctx, spec.ID, append(spec.NICs, second...)))
	_ = knock(t, d, "127.0.0.1", first, true)
	conn, err := net.Dial("tcp", netip.AddrPortFrom(first, uint16(d.port)).String())
	must(t, err)
	defer conn.Close()
	must(t, d.SetNICs(ctx, spec.ID, spec.NICs))
	_ = knock(t, d, "127.0.0.1", first, false)
	must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	for b := make([]byte, 99); err == nil; _, err = conn.Read(b) {
	}
	if errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "timeout") {
		t.Errorf("a connection outlives its network interface: %v", err)
	}
	if err := d.SetNICs(ctx, spec.ID, []compute.NIC{{Addr: netip.MustParseAddr("127.77.0.1")}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a foreign loopback address: %v", err)
	}
}
