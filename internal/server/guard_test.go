package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// canary is in the name of everything that others must not see.
const canary = "canary7261"

// world is a server with people of every sort and something of demo's to look at.
type world struct {
	server  *Server
	url     string
	callers map[string]identity.Caller
	tokens  map[string]string
	values  map[string]string // what stands for a wildcard in a pattern
}

// TestRoutesAreGuarded walks every route of every service without credentials,
// as a member of another project, and as a reader, a member and an
// administrator, and holds the answer against the access that is declared.
func TestRoutesAreGuarded(t *testing.T) {
	w := newWorld(t)
	n := 0
	for _, m := range w.server.dialects {
		if len(m.routes) == 0 && len(m.toast) == 0 {
			t.Errorf("%s declares no routes", m.prefix)
		}
		for _, route := range m.routes {
			n++
			t.Run(route.Method+m.prefix+route.Pattern, func(t *testing.T) {
				if route.Access < identity.Public || route.Access > identity.Administrator {
					t.Fatal("the route declares no access")
				}
				for who := range w.callers {
					w.check(t, m, route, who)
				}
			})
		}
	}
	if n < 40 {
		t.Errorf("only %d routes were walked", n)
	}
}

func (w *world) check(t *testing.T, m mounted, route openstack.Route, who string) {
	t.Helper()
	path := m.prefix + w.fill(route)
	status, body := w.call(t, route, path, who)
	caller := w.callers[who]
	switch {
	case status >= 500:
		t.Errorf("%s: %d: %s", who, status, body)
	case route.Access == identity.Public:
		if status == http.StatusForbidden {
			t.Errorf("%s: a public route answered %d", who, status)
		}
	case who == "nobody" || who == "forger":
		if status != http.StatusUnauthorized {
			t.Errorf("%s: got %d, want 401: %s", who, status, body)
		}
	case route.Access.Check(caller) != nil:
		if status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403 on a route for: %s: %s", who, status, route.Access, body)
		}
	case status == http.StatusUnauthorized:
		t.Errorf("%s: got 401 on a route for: %s: %s", who, route.Access, body)
	case who == "member" && status == http.StatusForbidden && !finer(route) && !refusesAll(route, body):
		t.Errorf("%s: got 403 on a route for: %s: %s", who, route.Access, body)
	}
	stranger := who == "nobody" || who == "forger" || who == "stranger"
	echo := status == http.StatusNotFound && strings.Contains(path, canary) // it only says what was asked for
	if stranger && strings.Contains(body, canary) && !echo {
		t.Errorf("%s sees what is demo's: %s", who, body)
	}
}

// refusesAll holds for routes that refuse everybody and say why.
func refusesAll(r openstack.Route, body string) bool {
	return strings.Contains(r.Pattern, "/members") && strings.Contains(body, "Only shared images have members.") ||
		(strings.HasPrefix(r.Pattern, "/v2/images") || strings.HasPrefix(r.Pattern, "/v2/tasks")) && strings.Contains(body, "Images cannot be uploaded")
}

// finer holds for routes on which the domain decides by whose thing it is:
// members may look at themselves and change their own images, administrators
// everyone's.
func finer(r openstack.Route) bool {
	return strings.HasPrefix(r.Pattern, "/v2/images/{id}/actions/") || strings.HasPrefix(r.Pattern, "/v3/users") || strings.HasPrefix(r.Pattern, "/v3/projects") ||
		strings.HasPrefix(r.Pattern, "/v3/auth/tokens") || strings.HasPrefix(r.Pattern, "/v3/domains")
}

// fill puts demo's own things in place of wildcards, except where a call would
// destroy them.
func (w *world) fill(r openstack.Route) string {
	segments := strings.Split(r.Pattern, "/")
	for i, s := range segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		of := segments[i-1]
		v, ok := w.values[of]
		if !ok || of != "v3" && (r.Method == http.MethodDelete || r.Method == http.MethodPut) {
			v = "00000000000000000000000000000000"
		}
		segments[i] = v
	}
	return strings.Join(segments, "/")
}

// bodies get a call past the checks that come before access: the services look
// at what a body says first. Elsewhere an empty object does.
var bodies = map[string]string{
	"POST /v2.1/servers":             `{"server": {"name": "x", "flavorRef": "1", "imageRef": "@image"}}`,
	"POST /v2.1/servers/{id}/action": `{"os-start": null}`,
	"PUT /v2.1/servers/{id}":         `{"server": {"name": "x"}}`,

	"POST /v2.1/servers/{id}/metadata":      `{"metadata": {"a": "b"}}`,
	"PUT /v2.1/servers/{id}/metadata":       `{"metadata": {"a": "b"}}`,
	"PUT /v2.1/servers/{id}/metadata/{key}": `{"meta": {"a": "b"}}`,
	"PUT /v2.1/servers/{id}/tags":           `{"tags": ["a"]}`,

	"PUT /v2.1/os-quota-sets/{project}":     `{"quota_set": {}}`,
	"PUT /v2.1/os-quota-class-sets/{class}": `{"quota_class_set": {}}`,
	"POST /v2.1/os-server-groups":           `{"server_group": {"name": "x", "policies": ["affinity"]}}`,

	"POST /v2.1/servers/{id}/os-volume_attachments":         `{"volumeAttachment": {"volumeId": "00000000-0000-4000-8000-000000000000"}}`,
	"PUT /v2.1/servers/{id}/os-volume_attachments/{volume}": `{"volumeAttachment": {"volumeId": "00000000-0000-4000-8000-000000000000"}}`,

	"POST /v2.1/flavors":                              `{"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 0}}`,
	"PUT /v2.1/flavors/{id}/os-extra_specs/{key}":     `{"a": "b"}`,
	"POST /v2.1/flavors/{id}/os-extra_specs":          `{"extra_specs": {"a": "b"}}`,
	"POST /v2.1/flavors/{id}/action":                  `{"addTenantAccess": {"tenant": "x"}}`,
	"POST /v3/{project}/snapshots":                    `{"snapshot": {"volume_id": "00000000-0000-4000-8000-000000000000"}}`,
	"PUT /v3/{project}/snapshots/{id}":                `{"snapshot": {"name": "x"}}`,
	"POST /v3/{project}/snapshots/{id}/metadata":      `{"metadata": {"a": "b"}}`,
	"PUT /v3/{project}/snapshots/{id}/metadata":       `{"metadata": {"a": "b"}}`,
	"PUT /v3/{project}/snapshots/{id}/metadata/{key}": `{"meta": {"a": "b"}}`,

	"POST /v3/{project}/volumes":                    `{"volume": {"size": 1}}`,
	"PUT /v3/{project}/volumes/{id}":                `{"volume": {"name": "x"}}`,
	"POST /v3/{project}/snapshots/{id}/action":      `{"os-none": {}}`,
	"POST /v3/{project}/volumes/{id}/action":        `{"os-set_bootable": {"bootable": false}}`,
	"POST /v3/{project}/volumes/{id}/metadata":      `{"metadata": {"a": "b"}}`,
	"PUT /v3/{project}/volumes/{id}/metadata":       `{"metadata": {"a": "b"}}`,
	"PUT /v3/{project}/volumes/{id}/metadata/{key}": `{"meta": {"a": "b"}}`,
}

func (w *world) call(t *testing.T, r openstack.Route, path, who string) (int, string) {
	t.Helper()
	body := ""
	if r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch {
		body = "{}"
		if b, ok := bodies[r.Method+" "+r.Pattern]; ok {
			body = strings.ReplaceAll(b, "@image", w.values["images"])
		}
	}
	return w.send(t, r.Method, path, body, who)
}

func newWorld(t *testing.T, more ...config.Flag) *world {
	t.Helper()
	ctx := t.Context()
	cfg, err := config.Load("", nil, append(more,
		config.Flag{Name: "test", Key: "data.dir", Value: t.TempDir()},
		config.Flag{Name: "test", Key: "listen.main", Value: "127.0.0.1:0"},
		config.Flag{Name: "test", Key: "listen.admin", Value: "127.0.0.1:0"},
		config.Flag{Name: "test", Key: "sim.network", Value: "127.41.0.0/16"},
		config.Flag{Name: "test", Key: "keypair.pool", Value: "0"})...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, Options{Config: cfg, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	listener := httptest.NewServer(s.surfaces()["main"])
	t.Cleanup(listener.Close)
	w := &world{
		server: s, url: listener.URL,
		callers: map[string]identity.Caller{"nobody": {}, "forger": {}},
		tokens:  map[string]string{"forger": "kr1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
	}
	w.people(t)
	w.things(t)
	return w
}

// people makes a token for everyone.
func (w *world) people(t *testing.T) {
	t.Helper()
	ctx, id := t.Context(), w.server.domain.Identity
	op := identity.Operator(w.server.opt.Config.Region.ID)
	find := func(name string) identity.Project {
		found, err := id.Projects(ctx, op, identity.ProjectQuery{Name: name})
		if err != nil || len(found) != 1 {
			t.Fatalf("project %s: %v, %v", name, found, err)
		}
		return found[0]
	}
	demo, admins := find(identity.DemoName), find(identity.AdminName)
	other, err := id.CreateProject(ctx, op, identity.NewProject{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		who     string
		project identity.Project
		role    identity.Role
	}{
		{"member", demo, identity.RoleMember}, {"reader", demo, identity.RoleReader},
		{"stranger", other, identity.RoleMember}, {"administrator", admins, identity.RoleAdmin},
	} {
		u, err := id.CreateUser(ctx, op, identity.NewUser{Name: p.who})
		if err != nil {
			t.Fatal(err)
		}
		scope := identity.Scope{Kind: identity.ProjectScope, ID: p.project.ID}
		if err := id.Grant(ctx, op, identity.Assignment{UserID: u.ID, Scope: scope, Role: p.role}); err != nil {
			t.Fatal(err)
		}
		token, _, caller, err := id.IssueToken(ctx, u, scope, []identity.Method{identity.ByPassword}, identity.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		w.tokens[p.who], w.callers[p.who] = token, caller
	}
}

// things makes a key pair and an instance of the member's.
func (w *world) things(t *testing.T) {
	t.Helper()
	ctx, member := t.Context(), w.callers["member"]
	status, body := w.send(t, http.MethodPost, "/compute/v2.1/os-keypairs", `{"keypair": {"name": "`+canary+`"}}`, "member")
	if status != http.StatusOK {
		t.Fatalf("no key pair: %d %s", status, body)
	}
	images, err := w.server.machines.compute.Images(ctx, member)
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.server.machines.compute.Create(ctx, member, compute.CreateRequest{
		Name: canary, FlavorID: "1", ImageID: images[0].ID, Metadata: map[string]string{canary: canary},
	})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		i, err := w.server.machines.compute.Instance(ctx, member, made[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if i.State == (compute.State{VM: compute.Active}) {
			break
		}
		if time.Now().After(end) || i.Fault != nil {
			t.Fatalf("the instance is %v: %+v", i.State, i.Fault)
		}
	}
	nic := made[0].NICs[0]
	router, err := w.server.machines.compute.CreateRouter(ctx, member, compute.RouterLabels{Name: canary})
	if err != nil {
		t.Fatal(err)
	}
	network, err := w.server.machines.compute.Network(ctx, member, nic.NetworkID)
	if err != nil {
		t.Fatal(err)
	}
	volume := w.volume(t)
	flavor, image := w.flavor(t), w.image(t, made[0].ID)
	w.values = map[string]string{
		"routers": router.ID, "subnets": network.SubnetID(), "snapshots": w.snapshot(t, volume.ID).ID,
		"os-keypairs": canary, "servers": made[0].ID, "flavors": flavor.ID, "images": image.ID,
		"networks": nic.NetworkID, "ports": nic.PortID, "users": member.User.ID, "projects": member.ProjectID(),
		"domains": identity.DefaultAccountID, "roles": identity.RoleMember.ID(), "os-quota-sets": member.ProjectID(), "os-simple-tenant-usage": member.ProjectID(),
		"quotas": member.ProjectID(), "os-interface": nic.PortID, "security-groups": nic.Groups[0].ID, "os-security-groups": nic.Groups[0].ID, "groups": nic.Groups[0].ID,
		"pool": w.pool(t), "extensions": "os-keypairs", "v2": member.ProjectID(), "ips": nic.Network,
		"v3": member.ProjectID(), "volumes": volume.ID, "types": w.server.machines.compute.VolumeTypes()[0].ID,
	}
}

// flavor makes one that only the member's project is let in to.
func (w *world) flavor(t *testing.T) compute.Flavor {
	t.Helper()
	c, admin := w.server.machines.compute, w.callers["administrator"]
	f, err := c.CreateFlavor(t.Context(), admin, compute.Flavor{
		Name: canary, VCPUs: 1, RAMMiB: 64, RXTXFactor: 1, Private: true, ExtraSpecs: map[string]string{canary: canary},
	})
	if err == nil {
		err = c.AdmitToFlavor(t.Context(), admin, f.ID, w.callers["member"].ProjectID())
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// image makes one of the member's instance, which only their project sees.
func (w *world) image(t *testing.T, instanceID string) compute.Image {
	t.Helper()
	c, member := w.server.machines.compute, w.callers["member"]
	i, err := c.Snapshot(t.Context(), member, instanceID, compute.SnapshotRequest{Name: canary, Properties: map[string]string{canary: canary}})
	for end := time.Now().Add(20 * time.Second); err == nil && i.Saving; time.Sleep(10 * time.Millisecond) {
		if i, err = c.Image(t.Context(), member, i.ID); time.Now().After(end) {
			t.Fatal("the image is not there")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// volume makes one of the member's.
func (w *world) volume(t *testing.T) compute.Volume {
	t.Helper()
	v, err := w.server.machines.compute.CreateVolume(t.Context(), w.callers["member"], compute.VolumeRequest{
		Name: canary, SizeGiB: 1, Metadata: map[string]string{canary: canary},
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// snapshot makes one of the volume, when that is there.
func (w *world) snapshot(t *testing.T, volumeID string) compute.VolumeSnapshot {
	t.Helper()
	req := compute.VolumeSnapshotRequest{VolumeID: volumeID, VolumeSnapshotLabels: compute.VolumeSnapshotLabels{Name: canary}}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, err := w.server.machines.compute.CreateVolumeSnapshot(t.Context(), w.callers["member"], req)
		if err == nil {
			return n
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// pool is the network of floating addresses.
func (w *world) pool(t *testing.T) string {
	t.Helper()
	networks, err := w.server.machines.compute.Networks(t.Context(), w.callers["member"])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range networks {
		if n.External {
			return n.ID
		}
	}
	t.Fatal("there is no pool of floating addresses")
	return ""
}

func (w *world) send(t *testing.T, method, path, body, who string) (int, string) {
	t.Helper()
	header := http.Header{}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
	if token := w.tokens[who]; token != "" {
		header.Set("X-Auth-Token", token)
		if method != http.MethodDelete {
			header.Set("X-Subject-Token", token) // but nobody revokes what the walk still needs
		}
	}
	resp, text := w.exchange(t, method, path, body, header)
	return resp.StatusCode, string(text)
}

// exchange sends a request and reads the whole answer.
func (w *world) exchange(t *testing.T, method, path, body string, header http.Header) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, text
}
