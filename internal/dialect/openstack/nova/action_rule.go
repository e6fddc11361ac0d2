package nova

import "github.com/keyreeve/keyreeve/internal/dialect/openstack"

// actionRule stands on the route that all actions share.
const actionRule openstack.Rule = "os_compute_api:servers:action"

// ruleOf is the policy rule that a refusal names: among actions that of the one
// which was asked for.
func ruleOf(rt openstack.Route, c *openstack.Call) openstack.Rule {
	if asked := c.Input.Members(); rt.Rule == actionRule && len(asked) == 1 {
		if a, known := actions[asked[0].Name]; known {
			return a.rule
		}
	}
	return rt.Rule
}
