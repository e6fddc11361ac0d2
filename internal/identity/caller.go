package identity

import (
	"slices"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Caller is who asks: what an authenticator makes of credentials, and what
// every call of the domain takes.
type Caller struct {
	User    User    // without its hashes
	Account Account // the user's
	Scope   Scope
	// Project is set in project scope; ProjectAccount is the account it is in.
	Project        Project
	ProjectAccount Account
	// ScopeAccount is set in account scope.
	ScopeAccount Account
	Roles        []Role // in the scope, implied ones included, lowest first
	// RoleNames are the names of those that administrators made.
	RoleNames map[Role]string
	// AppCredential is what the caller came with, nil for a user's own login.
	AppCredential *AppCredential

	Region    string // the region's id
	Dialect   string // "openstack", …: for the audit log
	RequestID string
}

// Has reports whether the caller has the role in the scope.
func (c Caller) Has(r Role) bool { return slices.Contains(c.Roles, r) }

// RoleName returns the name of one of the caller's roles.
func (c Caller) RoleName(r Role) string {
	if r.BuiltIn() {
		return string(r)
	}
	return c.RoleNames[r]
}

// Admin reports whether the caller is an administrator: the role admin on any
// project, on an account, or on the system.
func (c Caller) Admin() bool { return c.Has(RoleAdmin) }

// ProjectID returns the id of the project in scope, or "".
func (c Caller) ProjectID() string { return c.Project.ID }

// Audit begins an audit entry of something that the caller did.
func (c Caller) Audit(action audit.Action, resource, name string) audit.Entry {
	return audit.Entry{
		RequestID: c.RequestID, Dialect: c.Dialect, Region: c.Region,
		UserID: c.User.ID, ProjectID: c.Project.ID,
		Action: action, Resource: resource, Name: name,
	}
}

// ownOrAdmin refuses callers who are neither the user nor an administrator.
func ownOrAdmin(c Caller, userID string) error {
	if userID != c.User.ID && !c.Admin() {
		return &fault.Error{Kind: fault.Forbidden, Resource: "user", Name: userID}
	}
	return nil
}

// Access is a route's rule of who may call it. Every route of every dialect
// declares one; finer rules (one's own things, another user's) are the domain's.
type Access uint8

// The rules, weakest first.
const (
	// Public needs no credentials.
	Public Access = iota + 1
	// AnyUser needs valid credentials, in any scope or none.
	AnyUser
	// ProjectReader needs a role in a project.
	ProjectReader
	// ProjectMember needs the role member or admin in a project.
	ProjectMember
	// Administrator needs the role admin in some scope.
	Administrator
)

// String returns the rule in words.
func (a Access) String() string {
	switch a {
	case Public:
		return "public"
	case AnyUser:
		return "any user"
	case ProjectReader:
		return "project reader"
	case ProjectMember:
		return "project member"
	case Administrator:
		return "administrator"
	}
	return "undeclared"
}

// Check returns a Forbidden fault when the rule does not let the caller in, and
// for a rule that was not declared.
func (a Access) Check(c Caller) error {
	ok := false
	switch a {
	case Public, AnyUser:
		ok = true
	case ProjectReader:
		ok = c.Scope.Kind == ProjectScope && c.Has(RoleReader)
	case ProjectMember:
		ok = c.Scope.Kind == ProjectScope && c.Has(RoleMember)
	case Administrator:
		ok = c.Admin()
	}
	if ok {
		return nil
	}
	return &fault.Error{Kind: fault.Forbidden, Msg: "this needs: " + a.String()}
}
