package nova

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Security groups as Nova showed them before they moved to the network service
// (https://docs.openstack.org/api-ref/compute/#security-groups-os-security-groups-deprecated).
// Clients still look groups up here that are to be put on a server.
func (d *Dialect) securityGroupRoutes() []openstack.Route {
	const (
		groups = "/v2.1/os-security-groups"
		rules  = "/v2.1/os-security-group-rules"
		rule   = "os_compute_api:os-security-groups:"
	)
	any := unversioned(schema.Any{})
	route := func(method, pattern, name string, h openstack.Handler) openstack.Route {
		r := openstack.Route{Method: method, Pattern: pattern, Access: identity.ProjectMember, Rule: openstack.Rule(rule + name), Handle: hiddenFrom(36, h)}
		switch method {
		case http.MethodGet:
			r.Access = identity.ProjectReader
		case http.MethodPost, http.MethodPut:
			r.Body = any
		}
		return r
	}
	return []openstack.Route{
		route(http.MethodGet, groups, "get", d.listSecurityGroups),
		route(http.MethodGet, groups+"/{id}", "show", d.showSecurityGroup),
		route(http.MethodPost, groups, "create", d.createSecurityGroup),
		route(http.MethodPut, groups+"/{id}", "update", d.updateSecurityGroup),
		route(http.MethodDelete, groups+"/{id}", "delete", d.deleteSecurityGroup),
		route(http.MethodPost, rules, "rule:create", d.createSecurityRule),
		route(http.MethodDelete, rules+"/{id}", "rule:delete", d.deleteSecurityRule),
	}
}

// hiddenFrom makes a handler that is gone from a microversion on.
func hiddenFrom(minor int, h openstack.Handler) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		if c.Version.AtLeast(openstack.V(2, minor)) {
			return errHidden
		}
		return h(w, c)
	}
}

// securityGroupID reads the id in the path.
func securityGroupID(c *openstack.Call) (string, error) {
	id := c.PathValue("id")
	if !isUUID(id) {
		return "", fault.Invalidf("id", "Security group id should be uuid")
	}
	return id, nil
}

// groupTrouble tells in Nova's words what is wrong with a group or a rule. What
// the network service answers with 409 is 400 here.
func groupTrouble(err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case fault.NotFound:
		return &fault.Error{Kind: fault.NotFound, Msg: "Security group " + e.Name + " not found.", Err: err}
	case fault.Conflict, fault.Exists:
		return &fault.Error{Kind: fault.Invalid, Msg: e.Msg, Err: err}
	case fault.Quota:
		return &fault.Error{Kind: fault.Quota, Msg: "Quota exceeded, too many security groups or rules.", Err: err}
	}
	return err
}

// ingress shows a group with the rules about what comes in.
func (d *Dialect) ingress(c *openstack.Call, g compute.SecurityGroup) openstack.Fields {
	rules := []openstack.Fields{}
	for _, r := range g.Rules {
		if r.Direction == compute.Ingress {
			rules = append(rules, d.groupRule(c, g, r))
		}
	}
	return openstack.Fields{
		openstack.F("id", g.ID), openstack.F("description", g.Description), openstack.F("name", g.Name),
		openstack.F("tenant_id", g.ProjectID), openstack.F("rules", rules),
	}
}

func (d *Dialect) listSecurityGroups(w http.ResponseWriter, c *openstack.Call) error {
	var projects []string
	if c.Caller.Admin() && c.Query.Has("all_tenants") {
		projects = []string{""}
	}
	all, err := d.opt.Compute.SecurityGroups(c.Context(), c.Caller, projects...)
	if err != nil {
		return err
	}
	out := make([]openstack.Fields, len(all))
	for k, g := range all {
		out[k] = d.ingress(c, g)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("security_groups", out)})
	return nil
}

func (d *Dialect) writeSecurityGroup(w http.ResponseWriter, c *openstack.Call, g compute.SecurityGroup, err error) error {
	if err != nil {
		return groupTrouble(err)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("security_group", d.ingress(c, g))})
	return nil
}

func (d *Dialect) showSecurityGroup(w http.ResponseWriter, c *openstack.Call) error {
	id, err := securityGroupID(c)
	if err != nil {
		return err
	}
	g, err := d.opt.Compute.SecurityGroup(c.Context(), c.Caller, id)
	return d.writeSecurityGroup(w, c, g, err)
}

// securityLabels reads the body of a creation or a change.
func securityLabels(c *openstack.Call, l compute.GroupLabels) (compute.GroupLabels, error) {
	in := c.Input.At("security_group")
	if in.Kind() != schema.Map {
		return l, fault.Invalidf("", "Malformed request body")
	}
	for _, m := range []struct {
		name string
		text *string
	}{{"name", &l.Name}, {"description", &l.Description}} {
		v := in.At(m.name)
		if !v.Exists() || v.IsNull() {
			continue
		}
		if v.Kind() != schema.Text {
			return l, fault.Invalidf(m.name, "%s is not a string or unicode", m.name)
		}
		if n := utf8.RuneCountInString(v.Text()); n > 255 {
			return l, fault.Invalidf(m.name, "%s has %d characters, more than 255.", m.name, n)
		}
		*m.text = v.Text()
	}
	if l.Name == "" {
		return l, fault.Invalidf("name", "Security group name cannot be empty.")
	}
	return l, nil
}

func (d *Dialect) createSecurityGroup(w http.ResponseWriter, c *openstack.Call) error {
	l, err := securityLabels(c, compute.GroupLabels{Stateful: true})
	if err != nil {
		return err
	}
	g, err := d.opt.Compute.CreateSecurityGroup(c.Context(), c.Caller, l)
	return d.writeSecurityGroup(w, c, g, err)
}

func (d *Dialect) updateSecurityGroup(w http.ResponseWriter, c *openstack.Call) error {
	id, err := securityGroupID(c)
	if err != nil {
		return err
	}
	g, err := d.opt.Compute.EditSecurityGroup(c.Context(), c.Caller, id, func(_ compute.SecurityGroup, l *compute.GroupLabels) (err error) {
		*l, err = securityLabels(c, *l)
		return err
	})
	return d.writeSecurityGroup(w, c, g, err)
}

func (d *Dialect) deleteSecurityGroup(w http.ResponseWriter, c *openstack.Call) error {
	id, err := securityGroupID(c)
	if err != nil {
		return err
	}
	if err := d.opt.Compute.DeleteSecurityGroup(c.Context(), c.Caller, id); err != nil {
		return groupTrouble(err)
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}

// createSecurityRule answers POST /os-security-group-rules: Nova's rules are about
// what comes in, from a range or from a group.
func (d *Dialect) createSecurityRule(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("security_group_rule")
	if in.Kind() != schema.Map {
		return fault.Invalidf("", "Malformed request body")
	}
	port := func(name string) (int, error) {
		v := in.At(name)
		n, ok := v.Int64()
		switch {
		case !v.Exists() || v.IsNull() || ok && n == -1:
			return compute.AnyPort, nil
		case !ok || n < 0 || n > 65535:
			return 0, fault.Invalidf(name, "Invalid port range %s", v.String())
		}
		return int(n), nil
	}
	r := compute.Rule{Direction: compute.Ingress, EtherType: compute.IPv4, Protocol: strings.ToLower(in.At("ip_protocol").Text()), RemoteGroupID: in.At("group_id").Text()}
	var err error
	if r.From, err = port("from_port"); err != nil {
		return err
	}
	if r.To, err = port("to_port"); err != nil {
		return err
	}
	if cidr := in.At("cidr").Text(); cidr != "" {
		if r.Remote, err = netip.ParsePrefix(cidr); err != nil {
			return fault.Invalidf("cidr", "Invalid cidr %s.", cidr)
		}
	} else if r.RemoteGroupID == "" {
		r.Remote = netip.MustParsePrefix("0.0.0.0/0")
	}
	if r.Remote.IsValid() && !r.Remote.Addr().Is4() {
		r.EtherType = compute.IPv6
	}
	parent := in.At("parent_group_id").Text()
	if !isUUID(parent) {
		return fault.Invalidf("parent_group_id", "Security group id should be uuid")
	}
	made, err := d.opt.Compute.CreateSecurityRules(c.Context(), c.Caller, compute.RuleRequest{GroupID: parent, Rule: r})
	if err != nil {
		return groupTrouble(err)
	}
	g, err := d.opt.Compute.SecurityGroup(c.Context(), c.Caller, parent)
	if err != nil {
		return groupTrouble(err)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("security_group_rule", d.groupRule(c, g, made[0]))})
	return nil
}

func (d *Dialect) deleteSecurityRule(w http.ResponseWriter, c *openstack.Call) error {
	id, err := securityGroupID(c)
	if err != nil {
		return err
	}
	if err := d.opt.Compute.DeleteSecurityRule(c.Context(), c.Caller, id); err != nil {
		return groupTrouble(err)
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}
