package toast

import (
	"fmt"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// defaultGroup is the security group that every instance is in.
const defaultGroup = "default"

// putInGroups puts the instances of a request into security groups.
func (d *Dialect) putInGroups(c *call, _ *compute.CreateRequest, names []string) error {
	for _, name := range names {
		if name != defaultGroup {
			return &failure{code: ofInstance.code(http.StatusBadRequest),
				detail: fmt.Sprintf("Security group %s not found for project %s.", name, c.caller.ProjectID())}
		}
	}
	return nil
}

func viewGroups(compute.Instance) []groupName { return []groupName{{Name: defaultGroup}} }
