package keystone

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// tagRoutes are of the tags of projects
// (https://docs.openstack.org/api-ref/identity/v3/#project-tags).
func (d *Dialect) tagRoutes() []openstack.Route {
	const all = "/v3/projects/{id}/tags"
	const one = all + "/{tag}"
	return []openstack.Route{
		{Method: "GET", Pattern: all, Access: identity.AnyUser, Rule: "identity:list_project_tags", Handle: d.listTags},
		{Method: "PUT", Pattern: all, Access: identity.Administrator, Rule: "identity:update_project_tags", Handle: d.replaceTags},
		{Method: "DELETE", Pattern: all, Access: identity.Administrator, Rule: "identity:delete_project_tags", Handle: d.deleteTags},
		{Method: "GET", Pattern: one, Access: identity.AnyUser, Rule: "identity:get_project_tag", Handle: d.checkTag},
		{Method: "PUT", Pattern: one, Access: identity.Administrator, Rule: "identity:create_project_tag", Handle: d.addTag},
		{Method: "DELETE", Pattern: one, Access: identity.Administrator, Rule: "identity:delete_project_tag", Handle: d.deleteTag},
	}
}

// Keystone's rules for the tags of projects and domains
// (keystone/common/validation/parameter_types.py).
var (
	tagRule = schema.String{Min: 1, Max: 255, Pattern: schema.NewPattern(`^[^,/]*$`)}
	tagList = schema.Array{Max: identity.MaxTags, Unique: true, Items: tagRule}
)

// tagsIn reads the tags of a change: nil when it says nothing of them.
func tagsIn(v schema.Value) *[]string {
	if !v.At("tags").Exists() {
		return nil
	}
	return new(texts(v.At("tags")))
}

// tagged holds tags against the four parameters about them, each of which lists
// tags with commas between: all of them, any of them, not all, not any.
func (f filter) tagged(tags []string) bool {
	for _, rule := range []struct {
		param    string
		any, not bool
	}{{"tags", false, false}, {"tags-any", true, false}, {"not-tags", false, true}, {"not-tags-any", true, true}} {
		for _, given := range f.All(rule.param) {
			has := func(tag string) bool { return slices.Contains(tags, tag) }
			wanted := strings.Split(given, ",")
			matches := slices.ContainsFunc(wanted, has)
			if !rule.any {
				matches = !slices.ContainsFunc(wanted, func(tag string) bool { return !has(tag) })
			}
			if matches == rule.not {
				return false
			}
		}
	}
	return true
}

func (d *Dialect) tagged(c *openstack.Call) (identity.Project, error) {
	id := c.PathValue("id")
	p, err := d.identity.Project(c.Context(), c.Caller, id)
	return p, missing(err, "project", id)
}

// tags answers with a project's tags.
func (d *Dialect) tags(w http.ResponseWriter, c *openstack.Call, p identity.Project) error {
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{
		openstack.F("links", self{c.Base + c.URL.EscapedPath()}), openstack.F("tags", p.Tags)})
	return nil
}

func (d *Dialect) listTags(w http.ResponseWriter, c *openstack.Call) error {
	p, err := d.tagged(c)
	if err != nil {
		return err
	}
	return d.tags(w, c, p)
}

func (d *Dialect) checkTag(w http.ResponseWriter, c *openstack.Call) error {
	p, err := d.tagged(c)
	if err != nil {
		return err
	}
	if tag := c.PathValue("tag"); !slices.Contains(p.Tags, tag) {
		return fault.Missing("project tag", tag)
	}
	return d.empty(w, c)
}

// retag changes a project's tags; doing is "create", "update" or "delete".
func (d *Dialect) retag(c *openstack.Call, doing string, change func([]string) ([]string, error)) (identity.Project, error) {
	id := c.PathValue("id")
	p, err := d.identity.TagProject(c.Context(), c.Caller, id, change)
	switch {
	case errors.Is(err, identity.ErrImmutable):
		return p, refused(err, "Cannot "+doing+" project tags for "+id+
			`, project is immutable. Set "immutable" option to false before creating project tags.`)
	case fault.Is(err, fault.NotFound) && !isTag(err):
		return p, missing(err, "project", id)
	}
	return p, err
}

func isTag(err error) bool {
	var e *fault.Error
	return errors.As(err, &e) && e.Resource == "project tag"
}

func (d *Dialect) replaceTags(w http.ResponseWriter, c *openstack.Call) error {
	body, err := readObject(c.Request)
	if err != nil {
		return err
	}
	if err := schema.Validate(schema.Object{Required: []string{"tags"}, Properties: []schema.Property{schema.Prop("tags", tagList)}}, body); err != nil {
		return err
	}
	p, err := d.retag(c, "update", func([]string) ([]string, error) { return texts(body.At("tags")), nil })
	if err != nil {
		return err
	}
	return d.tags(w, c, p)
}

func (d *Dialect) deleteTags(w http.ResponseWriter, c *openstack.Call) error {
	if _, err := d.retag(c, "update", func([]string) ([]string, error) { return nil, nil }); err != nil {
		return err
	}
	return d.empty(w, c)
}

// addTag answers 201 with the tag's place, whether or not it was there.
func (d *Dialect) addTag(w http.ResponseWriter, c *openstack.Call) error {
	tag := c.PathValue("tag")
	if err := schema.Validate(tagRule, schema.TextValue(tag)); err != nil {
		return err
	}
	p, err := d.retag(c, "create", func(tags []string) ([]string, error) { return append(tags, tag), nil })
	if err != nil {
		return err
	}
	w.Header().Set("Location", c.Base+"/v3/projects/"+p.ID+"/tags/"+url.PathEscape(tag))
	d.style.Empty(w, c.Request, http.StatusCreated)
	return nil
}

func (d *Dialect) deleteTag(w http.ResponseWriter, c *openstack.Call) error {
	tag := c.PathValue("tag")
	_, err := d.retag(c, "delete", func(tags []string) ([]string, error) {
		i := slices.Index(tags, tag)
		if i < 0 {
			return nil, fault.Missing("project tag", tag)
		}
		return slices.Delete(tags, i, i+1), nil
	})
	if err != nil {
		return err
	}
	return d.empty(w, c)
}
