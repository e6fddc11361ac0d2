package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// quotaClassRoutes are the limits of classes of projects. Every project is of
// the class "default"; others can be kept, as in Nova, and rule nobody
// (https://docs.openstack.org/api-ref/compute/#quota-class-sets-os-quota-class-sets).
func (d *Dialect) quotaClassRoutes() []openstack.Route {
	const one, rule = "/v2.1/os-quota-class-sets/{class}", "os_compute_api:os-quota-class-sets:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: one, Access: identity.Administrator, Rule: rule + "show", Handle: d.showQuotaClass},
		{Method: http.MethodPut, Pattern: one, Access: identity.Administrator, Rule: rule + "update", Body: quotaClassBody, Handle: d.updateQuotaClass},
	}
}

// quotaClassSpans are the microversions that show a resource in classes, where
// these are not all.
var quotaClassSpans = map[string]span{
	"fixed_ips":                   {until: openstack.V(2, 50)},
	"floating_ips":                {until: openstack.V(2, 50)},
	"security_group_rules":        {until: openstack.V(2, 50)},
	"security_groups":             {until: openstack.V(2, 50)},
	"server_group_members":        {since: openstack.V(2, 50)},
	"server_groups":               {since: openstack.V(2, 50)},
	"injected_file_content_bytes": {until: openstack.V(2, 57)},
	"injected_file_path_bytes":    {until: openstack.V(2, 57)},
	"injected_files":              {until: openstack.V(2, 57)},
}

// quotaClassBody is the schema of PUT (nova/api/openstack/compute/schemas/quota_classes.py),
// which takes the limits of server groups at every version.
var quotaClassBody = atVersion(func(v openstack.Microversion) schema.Schema {
	var spans []span
	for _, r := range quotaResources {
		spans = append(spans, span{until: quotaClassSpans[r.name].until, Property: schema.Prop(r.name, quotaLimit)})
	}
	return object(v, []string{"quota_class_set"}, ever("quota_class_set", object(v, nil, spans...)))
})

// holderOf is whose limits a class has: those of the class "default" hold for
// every project without its own. No project has an id with a space.
func holderOf(class string) compute.Holder {
	if class == "default" {
		return compute.Holder{}
	}
	return compute.Holder{ProjectID: "class " + class}
}

func (d *Dialect) showQuotaClass(w http.ResponseWriter, c *openstack.Call) error {
	class := c.PathValue("class")
	return d.writeQuotaClass(w, c, openstack.Fields{openstack.F("id", class)})
}

func (d *Dialect) updateQuotaClass(w http.ResponseWriter, c *openstack.Call) error {
	limits := limitsAsked(c.Input.At("quota_class_set"))
	if err := d.opt.Compute.SetQuotas(c.Context(), c.Caller, holderOf(c.PathValue("class")), limits, true); err != nil {
		return err
	}
	return d.writeQuotaClass(w, c, nil)
}

func (d *Dialect) writeQuotaClass(w http.ResponseWriter, c *openstack.Call, set openstack.Fields) error {
	a, err := d.allowanceOf(c, holderOf(c.PathValue("class")))
	if err != nil {
		return err
	}
	for _, r := range quotaResources {
		if quotaClassSpans[r.name].holds(c.Version) {
			set = append(set, openstack.F(r.name, a.limits[r.name]))
		}
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("quota_class_set", set)})
	return nil
}
