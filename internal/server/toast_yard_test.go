package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keyreeve/keyreeve/internal/config"
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
