package keypair

import "github.com/keyreeve/keyreeve/internal/identity"

// View is which key pairs a caller sees in a dialect.
type View struct {
	Region string
	// UserID's private key pairs are in it.
	UserID string
	// ProjectID's shared key pairs are in it: all of them when Shared, else those
	// that UserID made. Empty: none.
	ProjectID string
	Shared    bool
	// Native wins where two in the view have the same name.
	Native OwnerKind
}

// View is the caller's own in this dialect, or what an administrator sees of another user.
func (r Rules) View(c identity.Caller, userID string) View {
	v := View{Region: c.Region, UserID: c.User.ID, ProjectID: c.ProjectID(), Shared: r.Owner == Project, Native: r.Owner}
	if userID != "" && userID != c.User.ID {
		v.UserID, v.ProjectID = userID, ""
	}
	return v
}
