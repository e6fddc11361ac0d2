package keystone

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// accessRuleRoutes serve the access rules that a user's application credentials
// share. They are made with the credentials.
func (d *Dialect) accessRuleRoutes() []openstack.Route {
	const all = "/v3/users/{user}/access_rules"
	const one = all + "/{id}"
	return []openstack.Route{
		{Method: "GET", Pattern: all, Access: identity.AnyUser, Rule: "identity:list_access_rules", Handle: d.listAccessRules},
		{Method: "GET", Pattern: one, Access: identity.AnyUser, Rule: "identity:get_access_rule", Handle: d.showAccessRule},
		{Method: "DELETE", Pattern: one, Access: identity.AnyUser, Rule: "identity:delete_access_rule", Handle: d.deleteAccessRule},
	}
}

// accessRule is a rule as a credential and its tokens show it.
type accessRule struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	Path    string `json:"path"`
	Method  string `json:"method"`
}

type accessRuleBody struct {
	accessRule
	Links self `json:"links"`
}

func accessRules(rules []identity.AccessRule) []accessRule {
	var all []accessRule
	for _, r := range rules {
		all = append(all, accessRule{r.ID, r.Service, r.Path, r.Method})
	}
	return all
}

func accessRuleBodyOf(c *openstack.Call, r identity.AccessRule) accessRuleBody {
	return accessRuleBody{accessRule{r.ID, r.Service, r.Path, r.Method}, self{c.Base + "/v3/access_rules/" + r.ID}}
}

// parseAccessRules reads the rules of a new credential: new ones, or one of the
// user's by its id.
func parseAccessRules(list schema.Value) ([]identity.AccessRule, error) {
	var rules []identity.AccessRule
	for _, item := range list.Items() {
		r := identity.AccessRule{ID: item.At("id").Text(), Service: item.At("service").Text(),
			Method: item.At("method").Text(), Path: item.At("path").Text()}
		if r.ID == "" && (r.Service == "" || r.Method == "" || r.Path == "") {
			return nil, invalid("Invalid input for field 'access_rules': an access rule needs service, method and path, or the id of one that is there.")
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// listAccessRules filters by service, path and method. Rules have no names.
func (d *Dialect) listAccessRules(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	user := c.PathValue("user")
	found, err := d.identity.AccessRules(c.Context(), c.Caller, user)
	if err != nil {
		return missing(err, "user", user)
	}
	var all []accessRuleBody
	for _, r := range found {
		if f.unnamed() && f.admits("service", r.Service) && f.admits("path", r.Path) && f.admits("method", r.Method) {
			all = append(all, accessRuleBodyOf(c, r))
		}
	}
	return d.list(w, c, "access_rules", all)
}

func (d *Dialect) showAccessRule(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	r, err := d.identity.AccessRule(c.Context(), c.Caller, c.PathValue("user"), id)
	if err != nil {
		return missing(err, "Access Rule", id)
	}
	return d.one(w, c, http.StatusOK, "access_rule", accessRuleBodyOf(c, r))
}

func (d *Dialect) deleteAccessRule(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	if err := d.identity.DeleteAccessRule(c.Context(), c.Caller, c.PathValue("user"), id); err != nil {
		return refused(missing(err, "Access Rule", id), "May not delete access rule in use")
	}
	return d.empty(w, c)
}
