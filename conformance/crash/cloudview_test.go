package crash

import (
	"bufio"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// glance returns the state of each thing that is there, its path, and
// something that is under way, if anything is.
func (c *cloud) glance(t *testing.T) (found, paths map[string]string, busy string) {
	found, paths = map[string]string{}, map[string]string{}
	there := func(thing, state, path string) {
		if _, twice := found[thing]; twice {
			t.Errorf("%s is there twice", thing)
		}
		found[thing], paths[thing] = state, path
	}
	imageNames, names, addresses := map[string]string{}, map[string]string{}, map[string]string{}
	for name, id := range c.image {
		imageNames[id] = name
	}
	var servers struct {
		Servers []struct {
			nova
			Image struct{ ID string }
		}
	}
	c.Get(t, "/compute/v2.1/servers/detail?limit=1000", &servers)
	for _, s := range servers.Servers {
		names[s.ID] = s.Name
		there("image of "+s.Name, imageNames[s.Image.ID], "")
		if s.Status != "ACTIVE" || s.Task != nil {
			busy = fmt.Sprintf("server %s is %s", s.Name, s.Status)
		}
		if s.Status == "ERROR" {
			t.Fatal(busy)
		}
		for _, all := range s.Addresses {
			for _, a := range all {
				if addresses[a.Addr] != "" {
					t.Errorf("%s and %s have the address %s", s.Name, addresses[a.Addr], a.Addr)
				}
				addresses[a.Addr] = s.Name
			}
		}
	}
	var instances struct {
		Instances []struct {
			ID, Name string
			Flavor   struct{ ID string }
		}
	}
	c.Get(t, c.toast("instances-detail"), &instances)
	for _, i := range instances.Instances {
		there("server "+i.Name, i.Flavor.ID, "/compute/v2.1/servers/"+i.ID)
	}
	var volumes struct {
		Volumes []struct {
			ID, Name, Status string
			Attachments      []struct {
				ServerID string `json:"server_id"`
			}
		}
	}
	c.Get(t, c.volumes("/detail"), &volumes)
	for _, v := range volumes.Volumes {
		state := "free"
		for _, a := range v.Attachments {
			if state = "on " + names[a.ServerID]; names[a.ServerID] == "" {
				busy = fmt.Sprintf("volume %s is on %s, which is not there", v.Name, a.ServerID)
			}
		}
		if v.Status != map[bool]string{true: "available", false: "in-use"}[state == "free"] {
			busy = fmt.Sprintf("volume %s is %s and %s", v.Name, v.Status, state)
		}
		there("volume "+v.Name, state, c.volumes("/"+v.ID))
	}
	var floating struct {
		FloatingIPs []struct {
			ID, Description, Status string
			Fixed                   string `json:"fixed_ip_address"`
		}
	}
	c.Get(t, "/network/v2.0/floatingips", &floating)
	for _, f := range floating.FloatingIPs {
		state := "free"
		if f.Fixed != "" {
			state = "to " + addresses[f.Fixed]
		}
		there("address "+f.Description, state, "/network/v2.0/floatingips/"+f.ID)
	}
	var images struct {
		Images []struct{ ID, Name, Status, Visibility string }
	}
	c.Get(t, "/image/v2/images?limit=1000", &images)
	for _, i := range images.Images {
		if i.Visibility != "public" {
			there("image "+i.Name, "there", "/image/v2/images/"+i.ID)
			if i.Status != "active" {
				busy = fmt.Sprintf("image %s is %s", i.Name, i.Status)
			}
		}
	}
	return found, paths, busy
}

// settle waits until nothing is under way.
func (c *cloud) settle(t *testing.T) (found, paths map[string]string) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		found, paths, busy := c.glance(t)
		if busy == "" {
			return found, paths
		}
		if time.Now().After(end) {
			t.Fatal("after a minute ", busy)
		}
	}
}

// compare holds what there is against what was acknowledged, and goes on from it.
func (c *cloud) compare(t *testing.T) {
	t.Helper()
	found, _ := c.settle(t)
	for thing, right := range c.right {
		is, there := found[thing]
		if !there {
			is = absent
		}
		if owner, image := strings.CutPrefix(thing, "image of "); image && found["server "+owner] == "" {
			continue // it went with its server
		}
		if !slices.Contains(right, is) {
			t.Errorf("%s is %s, and should be %s", thing, is, strings.Join(right, " or "))
		}
	}
	for thing := range found {
		if owner, image := strings.CutPrefix(thing, "image of "); image && c.right["server "+owner] != nil {
			continue // of a server whose creation was not answered
		}
		if c.right[thing] == nil {
			t.Errorf("nobody asked for %s", thing)
		}
	}
	c.right = map[string][]string{}
	for thing, state := range found {
		c.right[thing] = []string{state}
	}
}

// files are the folders that the driver keeps for guests, volumes and images.
func (c *cloud) files(t *testing.T) (all []string) {
	root := filepath.Join(c.server.Dir, "sim")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && path != root && e.Name() != "volumes" {
			all = append(all, strings.TrimPrefix(path, root))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// metric reads one number of the server's own.
func metric(t *testing.T, s *harness.Server, name string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return value
		}
	}
	t.Fatalf("there is no metric %s", name)
	return ""
}
