package sim

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestTakenAddress(t *testing.T) {
	d := newDriver(t, t.TempDir())
	spec := newSpec()
	ln, err := net.Listen("tcp", netip.AddrPortFrom(spec.NICs[0].Addr, uint16(testPort)).String())
	must(t, err)
	defer ln.Close()
	if d.AddressFree(spec.NICs[0].Addr) {
		t.Fatal("a taken address is free")
	}
	must(t, d.Create(ctx, spec))
	if err := d.Start(ctx, spec); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "another program") {
		t.Fatalf("got %v", err)
	}
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerStopped {
		t.Fatalf("got %+v", o)
	}
}

func TestWindowsHasNoSSH(t *testing.T) {
	d := newDriver(t, t.TempDir())
	spec := newSpec()
	spec.Image.OSType = compute.Windows
	spec.Access.User = ""
	create(t, d, spec)
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerRunning || o.SSH.IsValid() || len(o.HostKeys) != 0 {
		t.Fatalf("got %+v", o)
	}
	if _, err := d.SetAccess(ctx, spec.ID, compute.GuestAccess{User: "x"}, true); !fault.Is(err, fault.Unsupported) {
		t.Fatalf("got %v", err)
	}
	must(t, d.Stop(ctx, spec.ID, 0))
}

// A server may have no network: it runs, its disk and keys are made, and
// nobody reaches it until it boots with an address.
func TestNoNetwork(t *testing.T) {
	k := newKey(t)
	dir := t.TempDir()
	d := newDriver(t, dir, func(o *Options) { o.Gateway = "127.20.255.2:0" })
	spec := newSpec(k.line)
	nics := spec.NICs
	spec.NICs = nil
	create(t, d, spec)
	o, err := d.Get(ctx, spec.ID)
	must(t, err)
	if o.Power != compute.PowerRunning || o.SSH.IsValid() || len(o.HostKeys) == 0 || o.BootedAt.IsZero() {
		t.Fatalf("got %+v", o)
	}
	if log, err := d.Console(ctx, spec.ID, 0); err != nil || !strings.Contains(log, "no network to listen on") || strings.Contains(log, "listening") {
		t.Errorf("console %q, %v", log, err)
	}
	if !d.AddressFree(nics[0].Addr) {
		t.Error("it has an address")
	}
	_, err = ssh.Dial("tcp", d.gateAt.String(), &ssh.ClientConfig{
		User: "debian%" + spec.ID, Auth: []ssh.AuthMethod{ssh.PublicKeys(k.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err == nil {
		t.Error("the gateway leads to a server without a network")
	}
	other := newKey(t)
	if applied, err := d.SetAccess(ctx, spec.ID, compute.GuestAccess{User: "debian", AuthorizedKeys: []string{other.line}}, true); !applied || err != nil {
		t.Errorf("set access: %v, %v", applied, err)
	}
	must(t, d.Reboot(ctx, spec, true))
	must(t, d.Stop(ctx, spec.ID, 0))
	must(t, d.Close())

	d = newDriver(t, dir)
	spec.NICs = nics
	must(t, d.Start(ctx, spec))
	if got := guestRun(t, d, spec, other, "whoami", ""); got != "debian\n" {
		t.Errorf("with an address: %q", got)
	}
	spec.NICs = nil
	must(t, d.Reboot(ctx, spec, false))
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerRunning || o.SSH.IsValid() {
		t.Errorf("after it lost its address: %+v", o)
	}
	if err := bindable(netip.AddrPortFrom(nics[0].Addr, uint16(testPort))); err != nil {
		t.Error(err)
	}
}

func TestGateway(t *testing.T) {
	k := newKey(t)
	dir := t.TempDir()
	d := newDriver(t, dir, func(o *Options) { o.Gateway = "127.20.255.1:0" })
	spec, other := create(t, d, newSpec(k.line)), create(t, d, newSpec())
	stopped := newSpec(k.line)
	must(t, d.Create(ctx, stopped))
	try := func(user string) (string, error) {
		c, err := ssh.Dial("tcp", d.gateAt.String(), &ssh.ClientConfig{
			User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(k.signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		})
		if err != nil {
			return "", err
		}
		defer c.Close()
		s, err := c.NewSession()
		if err != nil {
			return "", err
		}
		out, err := s.Output("hostname")
		return string(out), err
	}
	for _, user := range []string{"debian%" + spec.ID, "debian%" + spec.Name} {
		if got, err := try(user); err != nil || got != spec.Hostname+"\n" {
			t.Errorf("%s: %q, %v", user, got, err)
		}
	}
	for _, user := range []string{"debian", "debian%", "%" + spec.ID, "debian%" + other.ID, "debian%" + stopped.ID, "debian%nope", "root%" + spec.ID} {
		if got, err := try(user); err == nil {
			t.Errorf("%s got in: %q", user, got)
		}
	}
}

func TestPortIsChosen(t *testing.T) {
	net1 := netip.MustParsePrefix("127.21.0.0/16")
	port, err := choosePort(net1, 0)
	must(t, err)
	if port != 22 && port != highPort {
		t.Fatalf("port %d", port)
	}
	if got := lastHost(net1); got != netip.MustParseAddr("127.21.255.254") {
		t.Fatalf("last host %v", got)
	}
	// Somebody on 22 already, such as a host's own sshd.
	ln, err := net.Listen("tcp", "127.21.255.254:22")
	if err == nil {
		defer ln.Close()
	}
	if port, err := choosePort(net1, 0); err != nil || port != highPort {
		t.Fatalf("port %d, %v", port, err)
	}
	d := newDriver(t, t.TempDir(), func(o *Options) { o.Zones = []string{"a", "b"}; o.Log = slog.Default() })
	if i := d.Info(); i.Name != "sim" || i.SSHPort != testPort || i.Network != network || len(i.Zones) != 2 {
		t.Fatalf("got %+v", i)
	}
}
