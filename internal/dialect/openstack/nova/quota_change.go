package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
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
	in, of := c.Input.At("quota_set"), quotaHolder(c)
	if err := d.opt.Compute.SetQuotas(c.Context(), c.Caller, of, limitsAsked(in), in.At("force").Truth()); err != nil {
		return err
	}
	return d.limitsOf(w, c, of, false)
}

func (d *Dialect) deleteQuotas(w http.ResponseWriter, c *openstack.Call) error {
	var names []string
	for _, r := range quotaResources {
		names = append(names, r.name)
	}
	return d.accepted(w, c, d.opt.Compute.ClearQuotas(c.Context(), c.Caller, quotaHolder(c), names))
}
