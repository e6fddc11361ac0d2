package nova

import (
	"fmt"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// ownProject refuses a path with a project id that is not the token's, in
// Nova's words. Faults: Invalid.
func (at address) ownProject(c identity.Caller) error {
	if at.project == "" || at.project == c.ProjectID() {
		return nil
	}
	own := c.ProjectID()
	if own == "" {
		own = "None"
	}
	return &fault.Error{Kind: fault.Invalid, Field: "project_id", Msg: fmt.Sprintf(
		"Malformed request URL: URL's project_id '%s' doesn't match Context's project_id '%s'", at.project, own)}
}
