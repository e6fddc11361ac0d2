package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// quotaLimit is a limit that is to be set; -1 is none.
var quotaLimit = schema.Digits{Pattern: schema.NewPattern("^-?[0-9]+$"), Min: new(int64(-1)), Max: new(int64(1<<31 - 1))}

// quotaBody is the schema of PUT /os-quota-sets/{project}
// (nova/api/openstack/compute/schemas/quota_sets.py).
var quotaBody = atVersion(func(v openstack.Microversion) schema.Schema {
	spans := []span{ever("force", schema.Flag{})}
	for _, r := range quotaResources {
		spans = append(spans, span{until: r.until, Property: schema.Prop(r.name, quotaLimit)})
	}
	return object(v, []string{"quota_set"}, ever("quota_set", object(v, nil, spans...)))
})

// noUserQuotas refuses limits of one user in a project, which Nova has too.
func noUserQuotas(c *openstack.Call) error {
	if c.Query.First("user_id") == "" {
		return nil
	}
	return fault.Invalidf("user_id", "Limits of single users are not kept here. Leave user_id out to set the project's.")
}

// limitsAsked are the limits in a body, by the names of their resources.
func limitsAsked(in schema.Value) map[string]int {
	limits := map[string]int{}
	for _, r := range quotaResources {
		if n, ok := in.At(r.name).Int64(); ok {
			limits[r.name] = int(n)
		}
	}
	return limits
}

func (d *Dialect) updateQuotas(w http.ResponseWriter, c *openstack.Call) error {
	if err := noUserQuotas(c); err != nil {
		return err
	}
	in := c.Input.At("quota_set")
	project := c.PathValue("project")
	err := d.opt.Compute.SetQuotas(c.Context(), c.Caller, project, limitsAsked(in), in.At("force").Truth())
	var used *compute.InUse
	if errors.As(err, &used) {
		return &fault.Error{Kind: fault.Invalid, Field: used.Resource, Msg: used.Error(), Err: err}
	}
	if err != nil {
		return err
	}
	a, err := d.allowanceOf(c, project)
	if err != nil {
		return err
	}
	return d.writeQuotas(w, c, false, func(q func(allowance) quota) any { return q(a).Limit })
}

func (d *Dialect) deleteQuotas(w http.ResponseWriter, c *openstack.Call) error {
	if err := noUserQuotas(c); err != nil {
		return err
	}
	var names []string
	for _, r := range quotaResources {
		names = append(names, r.name)
	}
	return d.accepted(w, c, d.opt.Compute.ClearQuotas(c.Context(), c.Caller, c.PathValue("project"), names))
}
