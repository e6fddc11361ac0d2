package compute

import (
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// owns holds for what is the caller's project's, and for administrators.
func owns(c identity.Caller, projectID string) bool {
	return projectID != "" && projectID == c.ProjectID() || c.Admin()
}

// sees is owns for what is in a region.
func sees(c identity.Caller, region, projectID string) bool {
	return region == c.Region && owns(c, projectID)
}

// listed is the project whose things the caller lists, "" for everyone's, which
// administrators do. It is false where there are none: without a project.
func listed(c identity.Caller) (projectID string, some bool) {
	if c.Admin() {
		return "", true
	}
	return c.ProjectID(), c.ProjectID() != ""
}

// visible hands on what was looked up where the caller sees it: what they may
// not see does not exist. Faults: NotFound, and err.
func visible[T any](one T, err error, seen bool, kind, id string) (T, error) {
	if err == nil && !seen {
		err = fault.Missing(kind, id)
	}
	if err != nil {
		var none T
		return none, err
	}
	return one, nil
}
