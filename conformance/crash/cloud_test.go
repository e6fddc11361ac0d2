package crash

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// absent is the state of what is not there.
const absent = "absent"

// cloud is what clients know of volumes, floating IPs, images and servers, by
// names such as "volume r01-2": the states that are right. It is one state of
// what was answered, and two of what was asked and not answered.
type cloud struct {
	*harness.Session
	server  *harness.Server
	project string
	appkey  string
	image   map[string]string // ids by name
	network string
	outside string // the network of floating IPs

	mu    sync.Mutex
	right map[string][]string
	acks  int
}

func newCloud(t *testing.T, s *harness.Server) *cloud {
	t.Helper()
	c := &cloud{Session: s.Login(s.Demo), server: s, image: map[string]string{}, right: map[string][]string{}}
	var creds struct {
		Demo struct{ ProjectID, AppKey string }
	}
	if err := json.Unmarshal([]byte(s.Run("", "credentials", "--format", "json")), &creds); err != nil {
		t.Fatal(err)
	}
	c.project, c.appkey = creds.Demo.ProjectID, creds.Demo.AppKey
	var images struct{ Images []struct{ ID, Name string } }
	c.Get(t, "/image/v2/images", &images)
	for _, i := range images.Images {
		c.image[i.Name] = i.ID
	}
	var networks struct {
		Networks []struct {
			ID       string
			External bool `json:"router:external"`
		}
	}
	c.Get(t, "/network/v2.0/networks", &networks)
	for _, n := range networks.Networks {
		if n.External {
			c.outside = n.ID
		} else {
			c.network = n.ID
		}
	}
	_, text := newKey("k")
	if _, ok := c.send(t, http.MethodPost, c.toast("keypairs"), object{"keypair": object{"name": "k", "publicKey": text}}); !ok {
		t.Fatal("no key pair was made")
	}
	return c
}

// toast is the path of a TOAST call; the other paths are OpenStack's.
func (c *cloud) toast(path string) string { return "/compute/v1.0/appkeys/" + c.appkey + "/" + path }

func (c *cloud) volumes(path string) string { return "/volume/v3/" + c.project + "/volumes" + path }

// send tells whether a call was answered, and whether it succeeded.
func (c *cloud) send(t *testing.T, method, path string, body any) (answer object, ok bool) {
	got, err := c.Do(t.Context(), method, path, body)
	if err != nil {
		return nil, false
	}
	answer = object{}
	if len(got.Body) > 0 && json.Unmarshal(got.Body, &answer) != nil {
		return nil, false
	}
	if header, is := answer["header"].(object); is {
		if header["resultCode"] == -2.0 || header["resultCode"] == -6.0 {
			t.Errorf("%s %s: %s", method, path, got.Body)
		}
		return answer, header["isSuccessful"] == true
	}
	if got.Status >= http.StatusInternalServerError {
		t.Errorf("%s %s: %d %s", method, path, got.Status, got.Body)
	}
	return answer, got.Status < http.StatusMultipleChoices
}

// try brings a thing into a state. It returns nil when there was no answer: the
// client is at its end then. What is refused stays as it was.
func (c *cloud) try(t *testing.T, thing, state, method, path string, body any) (answer object, ok bool) {
	c.mu.Lock()
	before := c.right[thing]
	if len(before) == 0 {
		before = []string{absent}
	}
	c.right[thing] = append(slices.Clone(before), state)
	c.mu.Unlock()
	answer, ok = c.send(t, method, path, body)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ok:
		c.right[thing] = []string{state}
		c.acks++
	case answer != nil:
		c.right[thing] = before
	}
	return answer, ok
}

// id reads an id out of an answer's only object.
func id(answer object) string {
	for _, v := range answer {
		if fields, is := v.(object); is && fields["id"] != nil {
			return fmt.Sprint(fields["id"])
		}
	}
	return ""
}

// steps runs calls one after another until one is not answered or stop is
// closed. One that is refused, because what was asked before is still under
// way, is asked again a few times.
func steps(stop <-chan struct{}, all ...func() (object, bool)) bool {
	for _, step := range all {
		for range 20 {
			answer, ok := step()
			if answer == nil && !ok {
				return false
			}
			select {
			case <-stop:
				return false
			default:
			}
			if ok {
				break
			}
			time.Sleep(3 * time.Millisecond)
		}
	}
	return true
}

// keepVolumes makes volumes, attaches them to a server, and takes half of them
// away again; by OpenStack's calls and TOAST's in turn.
func (c *cloud) keepVolumes(t *testing.T, stop <-chan struct{}, round, server, serverID string) {
	for n := range 4 {
		name, volume := fmt.Sprintf("%s-%d", round, n), ""
		thing := "volume " + name
		attachments := "/compute/v2.1/servers/" + serverID + "/os-volume_attachments"
		create := func() (a object, ok bool) {
			if n%2 == 0 {
				a, ok = c.try(t, thing, "free", http.MethodPost, c.volumes(""), object{"volume": object{"name": name, "size": 10}})
			} else {
				a, ok = c.try(t, thing, "free", http.MethodPost, c.toast("volumes"), object{"volume": object{"name": name, "size": 10, "availabilityZone": "nova"}})
			}
			delete(a, "header")
			volume = id(a)
			return a, ok
		}
		attach := func() (object, bool) {
			if n%2 == 0 {
				return c.try(t, thing, "on "+server, http.MethodPost, attachments, object{"volumeAttachment": object{"volumeId": volume}})
			}
			return c.try(t, thing, "on "+server, http.MethodPost, c.toast("instances/"+serverID+"/attachments"), object{"attachment": object{"volumeId": volume}})
		}
		detach := func() (object, bool) {
			if n%2 == 0 {
				return c.try(t, thing, "free", http.MethodDelete, attachments+"/"+volume, nil)
			}
			return c.try(t, thing, "free", http.MethodDelete, c.toast("instances/"+serverID+"/attachments?volumeId="+volume), nil)
		}
		remove := func() (object, bool) {
			if n%2 == 0 {
				return c.try(t, thing, absent, http.MethodDelete, c.volumes("/"+volume), nil)
			}
			return c.try(t, thing, absent, http.MethodDelete, c.toast("volumes?id="+volume), nil)
		}
		if !steps(stop, create, attach) || n >= 2 && !steps(stop, detach, remove) {
			return
		}
	}
}

// keepAddresses takes floating IPs, leads them to a server and gives half of
// them back.
func (c *cloud) keepAddresses(t *testing.T, stop <-chan struct{}, round, server, serverID, inside string) {
	for n := range 4 {
		name := fmt.Sprintf("%s-%d", round, n)
		thing, address, floating := "address "+name, "", ""
		create := func() (object, bool) {
			a, ok := c.try(t, thing, "free", http.MethodPost, "/network/v2.0/floatingips", object{"floatingip": object{"floating_network_id": c.outside, "description": name}})
			if ok {
				floating, address = id(a), fmt.Sprint(a["floatingip"].(object)["floating_ip_address"])
			}
			return a, ok
		}
		action := func(what string) (object, bool) {
			state := map[string]string{"addFloatingIp": "to " + server, "removeFloatingIp": "free"}[what]
			return c.try(t, thing, state, http.MethodPost, c.toast("instances/"+serverID+"/action"),
				object{"action": what, "parameters": object{"address": address, "ipAddress": inside}})
		}
		lead := func() (object, bool) { return action("addFloatingIp") }
		take := func() (object, bool) {
			if n%2 == 0 {
				return action("removeFloatingIp")
			}
			return c.try(t, thing, "free", http.MethodPut, "/network/v2.0/floatingips/"+floating, object{"floatingip": object{"port_id": nil}})
		}
		remove := func() (object, bool) {
			return c.try(t, thing, absent, http.MethodDelete, "/network/v2.0/floatingips/"+floating, nil)
		}
		if !steps(stop, create, lead, take) || n > 0 && !steps(stop, remove) || n == 0 && !steps(stop, lead) {
			return
		}
	}
}

// keepImages makes images of a server and removes every second one.
func (c *cloud) keepImages(t *testing.T, stop <-chan struct{}, round, serverID string) {
	for n := range 2 {
		name := fmt.Sprintf("%s-%d", round, n)
		thing, image := "image "+name, ""
		create := func() (object, bool) {
			a, ok := c.try(t, thing, "there", http.MethodPost, "/compute/v2.1/servers/"+serverID+"/action", object{"createImage": object{"name": name}})
			if ok {
				image = fmt.Sprint(a["image_id"])
			}
			return a, ok
		}
		remove := func() (object, bool) {
			return c.try(t, thing, absent, http.MethodDelete, "/image/v2/images/"+image, nil)
		}
		if !steps(stop, create) || n > 0 && !steps(stop, remove) {
			return
		}
	}
}

// changeServer makes a server with TOAST's call, gives it more, writes it anew
// with OpenStack's, and in every second round deletes it.
func (c *cloud) changeServer(t *testing.T, stop <-chan struct{}, round string, stays bool) {
	thing, image, server := "server "+round, "image of "+round, ""
	create := func() (object, bool) {
		a, ok := c.try(t, thing, "2", http.MethodPost, c.toast("instances"), object{"instance": object{
			"name": round, "image": c.image["debian-13"], "flavor": "2", "networks": []object{{"id": c.network}},
			"availabilityZone": "nova", "keyName": "k", "securityGroups": []object{{"name": "default"}}}})
		if ok {
			server = id(object{"instance": a["instance"]})
			c.mu.Lock()
			c.right[image] = []string{"debian-13"}
			c.mu.Unlock()
		}
		return a, ok
	}
	resize := func() (object, bool) {
		return c.try(t, thing, "3", http.MethodPost, c.toast("instances/"+server+"/action"), object{"action": "resize", "parameters": object{"flavor": "3"}})
	}
	rebuild := func() (object, bool) {
		return c.try(t, image, "alpine-3.22", http.MethodPost, "/compute/v2.1/servers/"+server+"/action", object{"rebuild": object{"imageRef": c.image["alpine-3.22"]}})
	}
	remove := func() (object, bool) {
		a, ok := c.try(t, thing, absent, http.MethodDelete, c.toast("instances?id="+server), nil)
		if ok {
			c.mu.Lock()
			delete(c.right, image)
			c.mu.Unlock()
		}
		return a, ok
	}
	if steps(stop, create, resize, rebuild) && !stays {
		steps(stop, remove)
	}
}

// TestKillCloud kills the server at random moments while volumes, floating IPs,
// images and servers are made, changed and removed, by OpenStack's calls and by
// TOAST's. After each start whatever was acknowledged is so or becomes so,
// nothing stays under way, and at the end nothing is left of what was removed.
func TestKillCloud(t *testing.T) {
	const rounds = 25
	random := seeded(t)
	s := harness.Start(t, append(roomy, "KEYREEVE_COMPUTE_QUOTA_VOLUMES=1000", "KEYREEVE_COMPUTE_QUOTA_GIGABYTES=100000")...)
	c := newCloud(t, s)
	before := c.files(t)
	var fixed []string
	for _, name := range []string{"one", "two", "three"} {
		a, ok := c.try(t, "server "+name, "1", http.MethodPost, c.toast("instances"), object{"instance": object{
			"name": name, "image": c.image["debian-13"], "flavor": "1", "networks": []object{{"id": c.network}},
			"availabilityZone": "nova", "keyName": "k", "securityGroups": []object{{"name": "default"}}}})
		if !ok {
			t.Fatalf("%s is not made: %v", name, a)
		}
		c.right["image of "+name] = []string{"debian-13"}
		fixed = append(fixed, id(object{"instance": a["instance"]}))
	}
	c.compare(t)
	var address struct {
		Server struct {
			Addresses map[string][]struct{ Addr string }
		}
	}
	c.Get(t, "/compute/v2.1/servers/"+fixed[1], &address)
	inside := address.Server.Addresses["private"][0].Addr

	for round := range rounds {
		name := fmt.Sprintf("r%02d", round)
		stop := make(chan struct{})
		var clients sync.WaitGroup
		clients.Go(func() { c.keepVolumes(t, stop, name, "one", fixed[0]) })
		clients.Go(func() { c.keepAddresses(t, stop, name, "two", fixed[1], inside) })
		clients.Go(func() { c.keepImages(t, stop, name, fixed[2]) })
		clients.Go(func() { c.changeServer(t, stop, name, round%2 == 0) })
		time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
		s.Kill()
		close(stop)
		clients.Wait()
		if random.IntN(3) == 0 { // while it takes up what was under way
			s.Begin()
			time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
			s.Kill()
		}
		s.Launch()
		if c.compare(t); t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d kills and more; %d changes were acknowledged; at the end there are %d things", rounds, c.acks, len(c.right))

	// Everything goes, and nothing stays behind.
	for _, kind := range []string{"server ", "volume ", "address ", "image "} {
		_, paths := c.settle(t)
		for _, thing := range slices.Sorted(maps.Keys(paths)) {
			if strings.HasPrefix(thing, kind) && paths[thing] != "" {
				if a, ok := c.try(t, thing, absent, http.MethodDelete, paths[thing], nil); !ok {
					t.Errorf("removing %s: %v", thing, a)
				}
			}
		}
	}
	c.compare(t)
	var left []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if left = c.files(t); slices.Equal(left, before) {
			break
		}
	}
	if !slices.Equal(left, before) {
		t.Errorf("the driver keeps %v, at first it had %v", left, before)
	}
	if n := metric(t, s, "keyreeve_jobs_pending"); n != "0" {
		t.Errorf("%s jobs are pending", n)
	}
}
