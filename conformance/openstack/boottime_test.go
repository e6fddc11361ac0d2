package openstack

import (
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/keypairs"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// killedInReboot kills the server's process while a guest takes its time to
// boot: afterwards it still does, comes up and lets its key in. Meanwhile
// nobody else waits.
func killedInReboot(t *testing.T, _ *cloud) {
	ctx := t.Context()
	slow := &cloud{Server: harness.Start(t, "KEYREEVE_SIM_BOOT_TIME=5s"), python: startPython(t)}
	var compute *gophercloud.ServiceClient
	login := func() {
		slow.demo = slow.Login(slow.Demo)
		compute = slow.gopher(t, slow.Demo, "2.90")
	}
	login()
	key, err := keypairs.Create(ctx, compute, keypairs.CreateOpts{Name: "slow"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	create := func(name string) string {
		t.Helper()
		made, err := servers.Create(ctx, compute, keypairs.CreateOptsExt{
			CreateOptsBuilder: servers.CreateOpts{Name: name, ImageRef: slow.imageID(t, "alpine-3.22"), FlavorRef: "1", Networks: "auto"},
			KeyName:           key.Name,
		}, nil).Extract()
		if err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	status := func(name string) string { return slow.servers(t)[name].Status }
	ids := []string{create("slow-1"), create("slow-2")}
	if s := status("slow-1"); s != "BUILD" {
		t.Errorf("a new server is %s", s)
	}
	eventually(t, "both are up", func() bool { return status("slow-1") == "ACTIVE" && status("slow-2") == "ACTIVE" })

	if err := servers.Reboot(ctx, compute, ids[0], servers.RebootOpts{Type: servers.HardReboot}).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	if err := servers.Delete(ctx, compute, ids[1]).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other is gone", func() bool { return status("slow-2") == "" })
	if s := status("slow-1"); s != "HARD_REBOOT" {
		t.Errorf("the one that reboots is %s", s)
	}
	slow.Kill()
	slow.Launch()
	login()
	if s := status("slow-1"); s != "HARD_REBOOT" {
		t.Errorf("after the kill it is %s", s)
	}
	eventually(t, "it is up", func() bool { return status("slow-1") == "ACTIVE" })
	c := slow.client(t, slow.Demo)
	letsIn(t, c.door("slow-1", c.file("id", key.PrivateKey)))
}
