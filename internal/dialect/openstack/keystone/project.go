package keystone

import (
	"errors"
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func (d *Dialect) projectRoutes() []openstack.Route {
	return []openstack.Route{
		{Method: "GET", Pattern: "/v3/projects", Access: identity.Administrator, Rule: "identity:list_projects", Handle: d.listProjects},
		{Method: "POST", Pattern: "/v3/projects", Access: identity.Administrator, Rule: "identity:create_project", Handle: d.createProject},
		{Method: "GET", Pattern: "/v3/projects/{id}", Access: identity.AnyUser, Rule: "identity:get_project", Handle: d.showProject},
		{Method: "PATCH", Pattern: "/v3/projects/{id}", Access: identity.Administrator, Rule: "identity:update_project", Handle: d.updateProject},
		{Method: "DELETE", Pattern: "/v3/projects/{id}", Access: identity.Administrator, Rule: "identity:delete_project", Handle: d.deleteProject},
	}
}

func projectBodyOf(c *openstack.Call, p identity.Project) openstack.Fields {
	return withAttributes(openstack.Fields{
		openstack.F("id", p.ID), openstack.F("name", p.Name), openstack.F("domain_id", p.AccountID),
		openstack.F("description", p.Description), openstack.F("enabled", p.Enabled),
		openstack.F("parent_id", p.AccountID), // projects do not nest: always the domain
		openstack.F("is_domain", false), openstack.F("tags", p.Tags), openstack.F("options", values(p.Options)),
		openstack.F("links", self{c.Base + "/v3/projects/" + p.ID}),
	}, p.Attributes)
}

// chosenProjects answers with those of the projects that q selects which the
// request wants: by name, domain_id and parent_id (also inexactly), enabled,
// is_domain and tags. None is a domain here.
func (d *Dialect) chosenProjects(w http.ResponseWriter, c *openstack.Call, q identity.ProjectQuery) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	if enabled := f.flag("enabled"); enabled != nil {
		q.Enabled = enabled
	}
	q.AccountID, q.Name = f.Last("domain_id"), f.Last("name")
	if f.nothing("name", "domain_id", "parent_id") || isSet(f.flag("is_domain")) {
		return d.list(w, c, "projects", []openstack.Fields{})
	}
	found, err := d.identity.Projects(c.Context(), c.Caller, q)
	if err != nil {
		return err
	}
	var all []openstack.Fields
	for _, p := range found {
		if f.admits("name", p.Name) && f.admits("domain_id", p.AccountID) && f.admits("parent_id", p.AccountID) && f.tagged(p.Tags) {
			all = append(all, projectBodyOf(c, p))
		}
	}
	return d.list(w, c, "projects", all)
}

func (d *Dialect) listProjects(w http.ResponseWriter, c *openstack.Call) error {
	return d.chosenProjects(w, c, identity.ProjectQuery{})
}

// deleteProject removes a project that has no servers and no volumes.
func (d *Dialect) deleteProject(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if err := d.identity.DeleteProject(c.Context(), c.Caller, id); err != nil {
		return refused(immutable(missing(err, "project", id), "delete"), "")
	}
	return d.empty(w, c)
}

func (d *Dialect) showProject(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	p, err := d.identity.Project(c.Context(), c.Caller, id)
	if err != nil {
		return missing(err, "project", id)
	}
	above, below, err := around(c, p)
	if err != nil {
		return err
	}
	return d.one(w, c, http.StatusOK, "project", slices.Concat(projectBodyOf(c, p), above, below))
}

var nonBlank = schema.NewPattern(`[\S]+`)

// The schemas of keystone/resource/schema.py.
var (
	projectMembers = []schema.Property{
		schema.Prop("description", schema.String{Nullable: true}),
		schema.Prop("domain_id", idSchema(true)),
		schema.Prop("enabled", schema.Boolean{}),
		schema.Prop("is_domain", schema.Boolean{}),
		schema.Prop("parent_id", idSchema(true)),
		schema.Prop("name", schema.String{Min: 1, Max: 64, Pattern: nonBlank}),
		schema.Prop("tags", tagList),
		schema.Prop("options", immutableOption),
	}
	projectCreate = schema.Object{Properties: projectMembers, Required: []string{"name"}}
	projectUpdate = schema.Object{Properties: projectMembers}
)

// idSchema is Keystone's rule for ids.
func idSchema(nullable bool) schema.Schema {
	return schema.String{Min: 1, Max: 64, Pattern: schema.NewPattern(`^[a-zA-Z0-9-]+$`), Nullable: nullable}
}

func (d *Dialect) createProject(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "project", projectCreate)
	if err != nil {
		return err
	}
	in := domainFor(c.Caller, v)
	if err := flat(v, in); err != nil {
		return err
	}
	attrs, options, err := said(v, projectMembers)
	if err != nil {
		return err
	}
	p, err := d.identity.CreateProject(c.Context(), c.Caller, identity.NewProject{
		AccountID: in, Name: v.At("name").Text(), Description: v.At("description").Text(), Disabled: off(v.At("enabled")),
		Tags: texts(v.At("tags")), Attributes: attrs, Options: options,
	})
	if err != nil {
		return taken(missing(err, "domain", in), in)
	}
	return d.one(w, c, http.StatusCreated, "project", projectBodyOf(c, p))
}

func (d *Dialect) updateProject(w http.ResponseWriter, c *openstack.Call) error {
	v, err := readResource(c.Request, "project", projectUpdate)
	if err != nil {
		return err
	}
	id := c.PathValue("id")
	was, err := d.identity.Project(c.Context(), c.Caller, id)
	if err != nil {
		return missing(err, "project", id)
	}
	if err := errors.Join(stays(v, was.AccountID), flat(v, was.AccountID)); err != nil {
		return err
	}
	attrs, options, err := said(v, projectMembers)
	if err != nil {
		return err
	}
	p, err := d.identity.UpdateProject(c.Context(), c.Caller, id, identity.ProjectChange{
		Name: text(v.At("name")), Description: text(v.At("description")), Enabled: flag(v.At("enabled")),
		Tags: tagsIn(v), Attributes: attrs, Options: options})
	if err != nil {
		return taken(immutable(missing(err, "project", id), "update"), was.AccountID)
	}
	return d.one(w, c, http.StatusOK, "project", projectBodyOf(c, p))
}

// domainFor is the domain in which something is made: the one named, else that
// of the caller's scope, else the caller's own.
func domainFor(c identity.Caller, v schema.Value) string {
	for _, id := range []string{v.At("domain_id").Text(), c.ScopeAccount.ID, c.ProjectAccount.ID} {
		if id != "" {
			return id
		}
	}
	return c.Account.ID
}

// stays refuses to move something to another domain, as Keystone does.
func stays(v schema.Value, domainID string) error {
	if id := v.At("domain_id").Text(); id != "" && id != domainID {
		return invalid("Cannot change Domain ID.")
	}
	return nil
}

// flat refuses projects in projects, and projects that are domains: there are
// none here.
func flat(v schema.Value, domainID string) error {
	if v.At("is_domain").Bool() {
		return invalid("A project cannot act as a domain here; leave is_domain out.")
	}
	if parent := v.At("parent_id").Text(); parent != "" && parent != domainID {
		return invalid("Projects do not nest here; leave parent_id out.")
	}
	return nil
}
