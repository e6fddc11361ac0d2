package server

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// scene is all that there is in the projects, settled: as the API shows it, and
// as the model has it. What has a name is found by "project/name".
type scene struct {
	Instances map[string]guest
	Volumes   map[string]block
	Floating  map[string]string // by address: the instance that it leads to, or ""
	Groups    map[string]bool   // whether a group lets SSH in from everywhere
	Images    map[string]bool   // those that members made
}

type guest struct {
	Runs   bool
	Flavor string
	Groups string // their names, sorted
}

type block struct {
	Size int // GB
	Type string
	On   string // the instance that has it, or ""
}

func (s scene) String() string {
	return fmt.Sprintf("instances %v\nvolumes %v\nfloating %v\ngroups %v\nimages %v", s.Instances, s.Volumes, s.Floating, s.Groups, s.Images)
}

// ids are what the API calls the things of a scene, by the names that it has for them.
type ids struct {
	instances, volumes, floating, groups, images map[string]string

	rules map[string]string // by group: its rule for SSH
	doors map[string]door   // by instance
	// floatingOf is the project that has an address.
	floatingOf map[string]int
}

func named(p int, name string) string { return fmt.Sprint(p, "/", name) }

// observe waits until nothing is under way and returns what there is.
func (y *mortal) observe(t *rapid.T) scene {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		s, busy := y.glance(t)
		if busy == "" {
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("it does not settle: %s\n%v", busy, s)
		}
	}
}

// glance returns what there is now, and something that is under way, if anything is.
func (y *mortal) glance(t *rapid.T) (s scene, busy string) {
	s = scene{map[string]guest{}, map[string]block{}, map[string]string{}, map[string]bool{}, map[string]bool{}}
	found := ids{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]door{}, map[string]int{}}
	for p := range y.members {
		is := y.glanceAt(t, p, &s, &found)
		if is != "" {
			busy = is
		}
	}
	y.ids = found
	return s, busy
}

func (y *mortal) glanceAt(t *rapid.T, p int, s *scene, found *ids) (busy string) {
	var a struct {
		Instances []struct {
			ID, Name, Status string
			Flavor           struct{ ID string }
			Metadata         map[string]string
			SecurityGroups   []struct{ Name string }
			Addresses        []struct{ IPAddress string }
		}
		Volumes []struct {
			ID, Name, Status, VolumeType string
			Size                         int
			Attachments                  []struct{ InstanceID string }
		}
		FloatingIPs []struct{ ID, FloatingIPAddress, Status, FixedIPAddress string }
		Groups      []struct {
			ID, Name string
			Rules    []struct {
				ID, Direction, EtherType string
				PortRangeMin             *int
				RemoteIPPrefix           *string
			} `json:"securityGroupRules"`
		} `json:"securityGroups"`
		Images []struct {
			ID, Name, Status string
			IsPublic         bool
		}
	}
	for _, path := range []string{"instances-detail", "volumes", "floating-ips", "security-groups", "images"} {
		y.must(p, http.MethodGet, path, "", &a)
	}
	at, names := map[string]string{}, map[string]string{}
	for _, i := range a.Instances {
		key := named(p, i.Name)
		if _, twice := s.Instances[key]; twice {
			t.Fatalf("%s is there twice", key)
		}
		if i.Status != "ACTIVE" && i.Status != "STOP" {
			busy = key + " is " + i.Status
		}
		if i.Status == "ERROR" {
			t.Fatal(busy)
		}
		var groups []string
		for _, g := range i.SecurityGroups {
			groups = append(groups, g.Name)
		}
		slices.Sort(groups)
		s.Instances[key] = guest{i.Status == "ACTIVE", i.Flavor.ID, fmt.Sprint(groups)}
		found.instances[key], names[i.ID] = i.ID, key
		if len(i.Addresses) == 1 {
			d := door{i.Addresses[0].IPAddress, 22}
			_, _ = fmt.Sscan(i.Metadata["ssh_port"], &d.port)
			found.doors[key], at[d.address] = d, key
		}
	}
	for _, v := range a.Volumes {
		key, on := named(p, v.Name), ""
		if v.Status != "available" && v.Status != "in-use" {
			busy = key + " is " + v.Status
		}
		for _, on := range v.Attachments {
			if names[on.InstanceID] == "" {
				t.Fatalf("%s is on %s, which is not there", key, on.InstanceID)
			}
		}
		if len(v.Attachments) > 0 {
			on = names[v.Attachments[0].InstanceID]
		}
		if (on != "") != (v.Status == "in-use") || len(v.Attachments) > 1 {
			busy = fmt.Sprintf("%s is %s with %v", key, v.Status, v.Attachments)
		}
		s.Volumes[key] = block{v.Size, v.VolumeType, on}
		found.volumes[key] = v.ID
	}
	for _, f := range a.FloatingIPs {
		found.floatingOf[f.FloatingIPAddress] = p
		s.Floating[f.FloatingIPAddress], found.floating[f.FloatingIPAddress] = at[f.FixedIPAddress], f.ID
		if f.FixedIPAddress != "" && at[f.FixedIPAddress] == "" || (f.FixedIPAddress == "") != (f.Status == "DOWN") {
			busy = fmt.Sprintf("%+v", f)
		}
	}
	for _, g := range a.Groups {
		key := named(p, g.Name)
		s.Groups[key], found.groups[key] = false, g.ID
		for _, r := range g.Rules {
			if r.Direction == "ingress" && r.PortRangeMin != nil && *r.PortRangeMin == 22 && r.EtherType == "IPv4" {
				s.Groups[key], found.rules[key] = true, r.ID
			}
		}
	}
	for _, i := range a.Images {
		if !i.IsPublic {
			key := named(p, i.Name)
			s.Images[key], found.images[key] = true, i.ID
			if i.Status != "active" {
				busy = key + " is " + i.Status
			}
		}
	}
	return busy
}
