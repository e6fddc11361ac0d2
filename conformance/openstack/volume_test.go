package openstack

import (
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// volumeShown is what `openstack volume show` tells.
type volumeShown struct {
	ID, Name, Status, Type, Bootable string

	Size        int
	Properties  map[string]string
	Attachments []struct {
		Server string `json:"server_id"`
		Device string
	}
}

// settled waits until a volume is in a status, and returns it.
func (c *client) settled(name, status string) volumeShown {
	c.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var v volumeShown
		c.read(&v, "volume", "show", name)
		if v.Status == status {
			return v
		}
		if time.Now().After(end) || strings.HasPrefix(v.Status, "error") {
			c.t.Fatalf("volume %s is %s, not %s", name, v.Status, status)
		}
	}
}

// said runs a command in the guest that has to succeed.
func said(t *testing.T, way harness.SSH, command string) string {
	t.Helper()
	o := way.Run(t, command)
	if o.Exit != 0 {
		t.Fatalf("%s: exit status %d\n%s%s", command, o.Exit, o.Stdout, o.Stderr)
	}
	return o.Stdout
}

// lifeOfAVolume takes a volume from one server to another, with the files on it.
func lifeOfAVolume(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.Demo)
	key := c.file("shelf.pem", c.must("keypair", "create", "shelf"))
	for _, name := range []string{"shelf-1", "shelf-2"} {
		c.must("server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "shelf", "--wait", name)
	}
	c.must("volume", "create", "--size", "1", "--type", "HDD", "--description", "d", "--property", "a=b", "shelf")
	if v := c.settled("shelf", "available"); v.Size != 1 || v.Type != "HDD" || v.Bootable != "false" || v.Properties["a"] != "b" {
		t.Errorf("volume show: %+v", v)
	}
	c.must("volume", "set", "--name", "shelf-data", "--size", "2", "--property", "c=d", "shelf")
	c.must("volume", "unset", "--property", "a", "shelf-data")
	if v := c.settled("shelf-data", "available"); v.Size != 2 || len(v.Properties) != 1 || v.Properties["c"] != "d" {
		t.Errorf("after volume set and unset: %+v", v)
	}
	var types []struct{ Name string }
	c.read(&types, "volume", "type", "list")
	if len(types) < 2 {
		t.Errorf("volume type list: %+v", types)
	}

	c.must("server", "add", "volume", "shelf-1", "shelf-data")
	v := c.settled("shelf-data", "in-use")
	if len(v.Attachments) != 1 || v.Attachments[0].Device != "/dev/vdb" {
		t.Errorf("attachments: %+v", v.Attachments)
	}
	var of []map[string]any
	c.read(&of, "server", "volume", "list", "shelf-1")
	if len(of) != 1 || of[0]["Volume ID"] != v.ID {
		t.Errorf("server volume list: %v", of)
	}
	first := c.door("shelf-1", key)
	if got := said(t, first, "lsblk | grep vdb && echo kept > /mnt/shelf-data/file"); !strings.Contains(got, " 2G ") {
		t.Errorf("the guest has %q", got)
	}
	c.refused("Volume status must be available", "volume", "delete", "shelf-data")
	c.snapshots("shelf-data", first)
	c.must("server", "reboot", "--hard", "--wait", "shelf-1")
	if got := said(t, first, "cat /mnt/shelf-data/file"); got != "kept\n" {
		t.Errorf("after a reboot the file has %q", got)
	}

	c.must("server", "remove", "volume", "shelf-1", "shelf-data")
	c.settled("shelf-data", "available")
	if o := first.Run(t, "test -e /mnt/shelf-data/file"); o.Exit != 1 {
		t.Errorf("after it was removed the file is there: %+v", o)
	}
	c.must("server", "add", "volume", "shelf-2", "shelf-data")
	c.settled("shelf-data", "in-use")
	if got := said(t, c.door("shelf-2", key), "cat /mnt/shelf-data/file"); got != "kept\n" {
		t.Errorf("on the other server the file has %q", got)
	}
	c.must("server", "delete", "--wait", "shelf-1", "shelf-2")
	c.settled("shelf-data", "available")
	c.must("volume", "delete", "shelf-data")
	c.must("keypair", "delete", "shelf")
}

// snapshots takes a snapshot of a volume that a server has, and another server
// boots with a volume of it, with the files as they were then.
func (c *client) snapshots(volume string, holder harness.SSH) {
	c.t.Helper()
	c.refused("status must be available", "volume", "snapshot", "create", "--volume", volume, "shelf-then")
	c.must("volume", "snapshot", "create", "--force", "--volume", volume, "shelf-then")
	eventually(c.t, "the snapshot is there", func() bool {
		return strings.Contains(c.must("volume", "snapshot", "show", "shelf-then", "-c", "status"), "available")
	})
	var n struct{ ID string }
	c.read(&n, "volume", "snapshot", "show", "shelf-then")
	said(c.t, holder, "echo changed > /mnt/shelf-data/file")
	c.must("server", "create", "--image", "debian-13", "--flavor", "m1.tiny", "--key-name", "shelf",
		"--block-device", "source_type=snapshot,uuid="+n.ID+",destination_type=volume,delete_on_termination=true", "--wait", "shelf-3")
	if got := said(c.t, c.door("shelf-3", holder.Key), "cat /mnt/vdb/file"); got != "kept\n" {
		c.t.Errorf("the volume of the snapshot has %q", got)
	}
	said(c.t, holder, "echo kept > /mnt/shelf-data/file")
	c.must("server", "delete", "--wait", "shelf-3")
	c.must("volume", "snapshot", "delete", "shelf-then")
	eventually(c.t, "the snapshot is gone", func() bool { return c.run("volume", "snapshot", "show", "shelf-then").Exit != 0 })
}

// bootingFromVolumes makes servers with every way that the client has to give
// them disks.
func bootingFromVolumes(t *testing.T, cloud *cloud) {
	c := cloud.client(t, cloud.Demo)
	key := c.file("disk.pem", c.must("keypair", "create", "disk"))
	server := func(name string, how ...string) shown {
		t.Helper()
		var s shown
		c.read(&s, append([]string{"server", "create", "--flavor", "m1.tiny", "--key-name", "disk", "--wait", name}, how...)...)
		if s.Status != "ACTIVE" {
			t.Fatalf("server create %v: %+v", how, s)
		}
		return s
	}
	c.must("volume", "create", "--image", "debian-13", "--size", "3", "disk-root")
	if v := c.settled("disk-root", "available"); v.Bootable != "true" {
		t.Errorf("a volume from an image: %+v", v)
	}
	if s := server("disk-1", "--volume", "disk-root"); !strings.HasPrefix(s.Image, "N/A") {
		t.Errorf("a server that boots from a volume shows the image %q", s.Image)
	}
	root := c.settled("disk-root", "in-use")
	if len(root.Attachments) != 1 || root.Attachments[0].Device != "/dev/vda" {
		t.Errorf("attachments of the root volume: %+v", root.Attachments)
	}
	c.must("server", "delete", "--wait", "disk-1")
	c.settled("disk-root", "available")

	server("disk-2", "--image", "debian-13", "--boot-from-volume", "4")
	server("disk-3", "--image", "debian-13", "--block-device-mapping", "vdb=disk-root:volume::false")
	if got := said(t, c.door("disk-3", key), "lsblk"); !strings.Contains(got, "vdb ") || !strings.Contains(got, "/mnt/disk-root") {
		t.Errorf("the guest has\n%s", got)
	}
	server("disk-4", "--image", "debian-13", "--block-device", "source_type=blank,destination_type=volume,volume_size=1,boot_index=-1,delete_on_termination=true")

	var has []map[string]any
	c.read(&has, "server", "volume", "list", "disk-4")
	if len(has) != 1 {
		t.Fatalf("server volume list: %v", has)
	}
	goes := has[0]["Volume ID"].(string)
	c.must("server", "delete", "--wait", "disk-2", "disk-3", "disk-4")
	for end := time.Now().Add(30 * time.Second); c.run("volume", "show", goes).Exit == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the volume that was to go with its server stays")
		}
	}
	c.settled("disk-root", "available")
	c.must("keypair", "delete", "disk")
}
