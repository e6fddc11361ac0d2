package nova

import (
	"context"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Projects tells which projects there are; [identity.Service] does.
type Projects interface {
	// Project returns a project to those who may see it. Faults: Forbidden,
	// NotFound.
	Project(ctx context.Context, c identity.Caller, id string) (identity.Project, error)
}

// ofProject answers for projects that are there, and refuses others, as Nova
// does after asking Keystone with the caller's token (nova/api/openstack/identity.py).
// Of those that the caller may not see nothing is told here; next does.
func (d *Dialect) ofProject(next openstack.Handler) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		id := c.PathValue("project")
		if d.opt.Projects == nil || id == c.Caller.ProjectID() {
			return next(w, c)
		}
		_, err := d.opt.Projects.Project(c.Context(), c.Caller, id)
		switch {
		case fault.Is(err, fault.NotFound):
			return fault.Invalidf("project", "Project ID %s is not a valid project.", id)
		case err != nil && !fault.Is(err, fault.Forbidden):
			return err
		}
		return next(w, c)
	}
}
