package server

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/cinder"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/glance"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/keystone"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/neutron"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/nova"
	"github.com/keyreeve/keyreeve/internal/dialect/toast"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// mounted is a dialect's service on the main listener.
type mounted struct {
	prefix  string
	title   string
	surface wire.Surface
	handler http.Handler
	routes  []openstack.Route // OpenStack's
	toast   []toast.Route     // TOAST's
}

// services builds every dialect that the main listener serves.
func (s *Server) services() []mounted { return append(s.openstackServices(), s.toastService()) }

func (s *Server) toastService() mounted {
	cfg := s.opt.Config
	d := toast.New(toast.Options{
		Identity: s.domain.Identity, KeyPairs: s.domain.KeyPairs, Compute: s.machines.compute,
		WeakKeys: s.weakKeys(cfg.TOAST), KeyPairQuota: cfg.Keypair.Quota,
	})
	surface := d.Surface()
	surface.Timeout = cfg.Limits.RequestTimeout.Duration
	return mounted{prefix: "/compute/v1.0", title: "TOAST Compute v1.0", surface: surface, handler: d.Handler(), toast: d.Routes()}
}

// openstackServices builds OpenStack's services over the domain.
func (s *Server) openstackServices() []mounted {
	cfg := s.opt.Config
	base := func(prefix string) openstack.Base { return openstack.Base{Fixed: cfg.Public.Base, Prefix: prefix} }
	k := keystone.New(keystone.Options{
		Identity: s.domain.Identity, Base: base("/identity"), Fixed: cfg.Public.Base, Region: cfg.Region.OpenStack,
	})
	n := nova.New(nova.Options{
		Identity: s.domain.Identity, KeyPairs: s.domain.KeyPairs, Compute: s.machines.compute, Base: base("/compute"), IdentityBase: base("/identity"),
		WeakKeys: s.weakKeys(cfg.OpenStack), KeyPairQuota: cfg.Keypair.Quota, Projects: s.domain.Identity,
	})
	g := glance.New(glance.Options{Identity: s.domain.Identity, Compute: s.machines.compute, Base: base("/image")})
	w := neutron.New(neutron.Options{Identity: s.domain.Identity, Compute: s.machines.compute, Base: base("/network")})
	v := cinder.New(cinder.Options{Identity: s.domain.Identity, Compute: s.machines.compute, Base: base("/volume"), IdentityBase: base("/identity")})
	type service interface {
		Handler() http.Handler
		Routes() []openstack.Route
		Surface() wire.Surface
	}
	var all []mounted
	for _, m := range []struct {
		prefix, title string
		service       service
	}{
		{"/identity", "OpenStack Identity (Keystone v3)", k},
		{"/compute", "OpenStack Compute (Nova 2.1 to 2.93)", n},
		{"/image", "OpenStack Image (Glance v2)", g},
		{"/network", "OpenStack Network (Neutron v2.0)", w},
		{"/volume", "OpenStack Block Storage (Cinder 3.0 to 3.66)", v},
	} {
		surface := m.service.Surface()
		surface.Timeout = cfg.Limits.RequestTimeout.Duration
		all = append(all, mounted{prefix: m.prefix, title: m.title, surface: surface, handler: m.service.Handler(), routes: m.service.Routes()})
	}
	return all
}
