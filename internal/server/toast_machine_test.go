package server

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// yard is a server that can be started again on its data folder.
type yard struct {
	*world
	t        *testing.T
	cfg      config.Config
	listener *httptest.Server
	appkey   string
	token    string
}

func newYard(t *testing.T, more ...config.Flag) *yard {
	t.Helper()
	flags := append([]config.Flag{
		{Name: "test", Key: "data.dir", Value: t.TempDir()},
		{Name: "test", Key: "listen.main", Value: "127.0.0.1:0"}, {Name: "test", Key: "listen.admin", Value: "127.0.0.1:0"},
		{Name: "test", Key: "sim.network", Value: "127.42.0.0/16"}, {Name: "test", Key: "keypair.pool", Value: "0"},
		{Name: "test", Key: "compute.quota_instances", Value: "1000"}, {Name: "test", Key: "compute.quota_cores", Value: "10000"},
		{Name: "test", Key: "compute.quota_ram_mib", Value: "100000000"},
	}, more...)
	cfg, err := config.Load("", nil, flags...)
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{t: t, cfg: cfg, world: &world{}}
	y.open()
	t.Cleanup(func() { y.close() })
	secrets, err := y.server.domain.Dir.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	y.appkey = secrets.Demo.AppKey
	if _, y.token = y.toastLogin(t, y.appkey, secrets.Demo.TOASTID, secrets.Demo.APIPassword); y.token == "" {
		t.Fatal("no token")
	}
	return y
}

func (y *yard) open() {
	s, err := Open(context.Background(), Options{Config: y.cfg, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		y.t.Fatal(err)
	}
	y.server, y.listener = s, httptest.NewServer(s.surfaces()["main"])
	y.url = y.listener.URL
}

func (y *yard) close() {
	y.listener.Close()
	if err := y.server.Close(context.Background()); err != nil {
		y.t.Error(err)
	}
}

func (y *yard) call(method, path, body string) toastAnswer {
	return y.toast(y.t, method, toastPrefix+y.appkey+"/"+path, body, y.token)
}

// shown is what the API tells of an instance.
type shown struct {
	ID, Name, Status string
	Flavor           struct{ ID string }
}

func (y *yard) details(query string) []shown {
	var a struct{ Instances []shown }
	if err := json.Unmarshal([]byte(y.call(http.MethodGet, "instances-detail"+query, "").text), &a); err != nil {
		y.t.Fatal(err)
	}
	return a.Instances
}

// modelled is an instance as the model has it, settled.
type modelled struct {
	name    string
	runs    bool
	flavor  int // the flavors' disks and ids grow together
	deleted bool
}

// TestTOASTMachine does random legal and illegal things to instances, with the
// server ending and starting in between, and wants of every answer and every
// state what a model says.
func TestTOASTMachine(t *testing.T) {
	y := newYard(t)
	run := 0
	if got := y.call(http.MethodPost, "keypairs", `{"keypair": {"name": "k", "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1"}}`); !got.Header.IsSuccessful {
		t.Fatal(got.text)
	}
	operator := identity.Operator(y.cfg.Region.ID)
	images, err := y.server.machines.compute.Images(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	nets, err := y.server.machines.compute.Networks(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	// Machines take their time: fewer runs than rapid's own, unless more are asked for.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("15"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	rapid.Check(t, func(t *rapid.T) {
		run++
		model := map[string]*modelled{}
		var ids []string
		made := 0

		settle := func(t *rapid.T, id string) {
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
				i, err := y.server.machines.compute.Instance(context.Background(), operator, id)
				gone := err != nil
				if gone == model[id].deleted && (gone || i.State.Task == compute.Idle) {
					return
				}
				if time.Now().After(end) {
					t.Fatalf("%s does not settle: %v, %v", id, i.State, err)
				}
			}
		}
		// some is an instance that is or was there.
		some := func(t *rapid.T) string {
			if len(ids) == 0 {
				t.Skip("no instance yet")
			}
			return rapid.SampledFrom(ids).Draw(t, "instance")
		}
		// act asks for an action and wants success, or this failure of an instance that is there.
		act := func(t *rapid.T, id, body string, code int, message string, then func(*modelled)) {
			m := model[id]
			got := y.call(http.MethodPost, "instances/"+id+"/action", body)
			if m.deleted {
				code, message = 10404, "Instance "+id+" could not be found."
			}
			if got.Header.ResultCode != code || code != 0 && got.Header.ResultMessage != message {
				t.Fatalf("%s of %+v: got %s, want %d %q", body, m, got.text, code, message)
			}
			if code == 0 {
				then(m)
				settle(t, id)
			}
		}
		conflict := func(id, verb string, m *modelled) string {
			state := "stopped"
			if m.runs {
				state = "active"
			}
			return fmt.Sprintf("Cannot '%s' instance %s while it is in vm_state %s", verb, id, state)
		}
		unless := func(allowed bool, code int) int {
			if allowed {
				return 0
			}
			return code
		}

		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				made++
				flavor := rapid.IntRange(1, 3).Draw(t, "flavor")
				name := fmt.Sprintf("i%d-%d", run, made)
				got := y.call(http.MethodPost, "instances", fmt.Sprintf(`{"instance": {"name": %q, "image": %q, "flavor": "%d", "networks": [{"id": %q}],
					"availabilityZone": "nova", "keyName": "k", "securityGroups": [{"name": "default"}]}}`, name, images[0].ID, flavor, nets[0].ID))
				var a struct{ Instance shown }
				if err := json.Unmarshal([]byte(got.text), &a); err != nil || a.Instance.Status != "BUILD" || a.Instance.Name != name {
					t.Fatalf("created: %s", got.text)
				}
				ids = append(ids, a.Instance.ID)
				model[a.Instance.ID] = &modelled{name: name, runs: true, flavor: flavor}
				settle(t, a.Instance.ID)
			},
			"start": func(t *rapid.T) {
				id := some(t)
				m := model[id]
				act(t, id, `{"action": "start"}`, unless(!m.runs, 10409), conflict(id, "start", m), func(m *modelled) { m.runs = true })
			},
			"stop": func(t *rapid.T) {
				id := some(t)
				m := model[id]
				act(t, id, `{"action": "stop"}`, unless(m.runs, 10409), conflict(id, "stop", m), func(m *modelled) { m.runs = false })
			},
			"reboot": func(t *rapid.T) {
				id, kind := some(t), rapid.SampledFrom([]string{"SOFT", "HARD"}).Draw(t, "type")
				m := model[id]
				act(t, id, fmt.Sprintf(`{"action": "reboot", "parameters": {"type": %q}}`, kind), unless(m.runs || kind == "HARD", 10409),
					conflict(id, "reboot", m), func(m *modelled) { m.runs = true })
			},
			"resize": func(t *rapid.T) {
				id, flavor := some(t), rapid.IntRange(1, 4).Draw(t, "flavor")
				m := model[id]
				act(t, id, fmt.Sprintf(`{"action": "resize", "parameters": {"flavor": "%d"}}`, flavor), unless(flavor > m.flavor, 10400),
					"When resizing, instances must change flavor!", func(m *modelled) { m.flavor = flavor })
			},
			"uploadImage": func(t *rapid.T) {
				id := some(t)
				m := model[id]
				act(t, id, `{"action": "uploadImage", "parameters": {"name": "copy"}}`, unless(!m.runs, 10409), conflict(id, "createImage", m), func(*modelled) {})
			},
			"delete": func(t *rapid.T) {
				id := some(t)
				got := y.call(http.MethodDelete, "instances?id="+id, "")
				if want := unless(!model[id].deleted, 10404); got.Header.ResultCode != want {
					t.Fatalf("deleted: %s, want %d", got.text, want)
				}
				model[id].deleted = true
				settle(t, id)
			},
			"restart": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "patience") > 0 {
					t.Skip("the server goes on")
				}
				y.close()
				y.open()
			},
			"": func(t *rapid.T) {
				listed := y.details("")
				for id, m := range model {
					k := slices.IndexFunc(listed, func(s shown) bool { return s.ID == id })
					if (k < 0) != m.deleted {
						t.Fatalf("%+v is listed: %v", m, k >= 0)
					}
					if m.deleted {
						continue
					}
					want := shown{ID: id, Name: m.name, Status: "STOP"}
					want.Flavor.ID = fmt.Sprint(m.flavor)
					if m.runs {
						want.Status = "ACTIVE"
					}
					if listed[k] != want {
						t.Fatalf("shown %+v, want %+v", listed[k], want)
					}
				}
			},
		})
		for id, m := range model {
			if !m.deleted {
				y.call(http.MethodDelete, "instances?id="+id, "")
				m.deleted = true
				settle(t, id)
			}
		}
	})
}
