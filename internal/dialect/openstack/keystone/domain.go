package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func (d *Dialect) domainRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/domains", Access: identity.Administrator, Rule: "identity:list_domains", Handle: d.listDomains},
		{Method: "GET", Pattern: "/v3/domains/{id}", Access: identity.AnyUser, Rule: "identity:get_domain", Handle: d.showDomain},
		{Method: "POST", Pattern: "/v3/domains", Access: identity.Administrator, Rule: "identity:create_domain", Handle: d.createDomain},
		{Method: "PATCH", Pattern: "/v3/domains/{id}", Access: identity.Administrator, Rule: "identity:update_domain", Handle: d.updateDomain},
		{Method: "DELETE", Pattern: "/v3/domains/{id}", Access: identity.Administrator, Rule: "identity:delete_domain", Handle: d.deleteDomain},
	}
}

func domainBodyOf(c *openstack.Call, a identity.Account) openstack.Fields {
	return withAttributes(openstack.Fields{
		openstack.F("id", a.ID), openstack.F("name", a.Name), openstack.F("description", a.Description),
		openstack.F("enabled", a.Enabled), openstack.F("tags", a.Tags), openstack.F("options", values(a.Options)),
		openstack.F("links", self{c.Base + "/v3/domains/" + a.ID}),
	}, a.Attributes)
}

func domainBodies(c *openstack.Call, found []identity.Account) []openstack.Fields {
	all := make([]openstack.Fields, len(found))
	for i, a := range found {
		all[i] = domainBodyOf(c, a)
	}
	return all
}

// listDomains filters by name (also inexactly) and enabled.
func (d *Dialect) listDomains(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	found, err := d.identity.Accounts(c.Context(), c.Caller)
	if err != nil {
		return err
	}
	enabled := f.flag("enabled")
	var chosen []identity.Account
	for _, a := range found {
		if f.admits("name", a.Name) && (enabled == nil || *enabled == a.Enabled) {
			chosen = append(chosen, a)
		}
	}
	return d.list(w, c, "domains", domainBodies(c, chosen))
}

func (d *Dialect) showDomain(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	a, err := d.identity.Account(c.Context(), c.Caller, id)
	if err != nil {
		return missing(err, "domain", id)
	}
	return d.one(w, c, http.StatusOK, "domain", domainBodyOf(c, a))
}

// The schemas of keystone/resource/schema.py.
var (
	domainMembers = []schema.Property{
		schema.Prop("enabled", schema.Boolean{}),
		schema.Prop("description", schema.String{Nullable: true}),
		schema.Prop("name", schema.String{Min: 1, Max: 64, Pattern: nonBlank}),
		schema.Prop("explicit_domain_id", idSchema(false)),
		schema.Prop("tags", tagList),
		schema.Prop("options", immutableOption),
	}
	domainCreate = schema.Object{Properties: domainMembers, Required: []string{"name"}}
	domainUpdate = schema.Object{Properties: domainMembers}
)

func (d *Dialect) createDomain(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "domain", domainCreate)
	if err != nil {
		return err
	}
	if v.At("explicit_domain_id").Exists() {
		return invalid("The id of a domain cannot be chosen here; leave explicit_domain_id out.")
	}
	attrs, options, err := said(v, domainMembers)
	if err != nil {
		return err
	}
	a, err := d.identity.CreateAccount(c.Context(), c.Caller, identity.NewAccount{
		Name: v.At("name").Text(), Description: v.At("description").Text(), Disabled: off(v.At("enabled")),
		Tags: texts(v.At("tags")), Attributes: attrs, Options: options,
	})
	if err != nil {
		return err
	}
	return d.one(w, c, http.StatusCreated, "domain", domainBodyOf(c, a))
}

func (d *Dialect) updateDomain(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "domain", domainUpdate)
	if err != nil {
		return err
	}
	attrs, options, err := said(v, domainMembers)
	if err != nil {
		return err
	}
	id := c.PathValue("id")
	a, err := d.identity.UpdateAccount(c.Context(), c.Caller, id, identity.AccountChange{
		Name: text(v.At("name")), Description: text(v.At("description")), Enabled: flag(v.At("enabled")),
		Tags: tagsIn(v), Attributes: attrs, Options: options})
	if err != nil {
		return refused(immutable(missing(err, "domain", id), "update"), "")
	}
	return d.one(w, c, http.StatusOK, "domain", domainBodyOf(c, a))
}

// deleteDomain removes a domain that was disabled before, with all that is in it.
func (d *Dialect) deleteDomain(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if err := d.identity.DeleteAccount(c.Context(), c.Caller, id); err != nil {
		return refused(immutable(missing(err, "domain", id), "delete"), "")
	}
	return d.empty(w, c)
}
