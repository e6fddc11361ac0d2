package keystone

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

func (d *Dialect) assignmentRoutes() []openstack.Route {
	return []openstack.Route{{Method: "GET", Pattern: "/v3/role_assignments", Access: identity.Administrator,
		Rule: "identity:list_role_assignments", Handle: d.listAssignments}}
}

type assignmentBody struct {
	Links assignmentLinks `json:"links"`
	Scope assignmentScope `json:"scope"`
	User  assignmentRef   `json:"user"`
	Role  assignmentRef   `json:"role"`
}

type assignmentLinks struct {
	Assignment string `json:"assignment"`
}

type assignmentScope struct {
	Project *assignmentRef `json:"project,omitempty"`
	Domain  *assignmentRef `json:"domain,omitempty"`
	System  *tokenSystem   `json:"system,omitempty"`
}

// assignmentRef has more than an id when names are asked for.
type assignmentRef struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Domain *ref   `json:"domain,omitempty"`
}

// listAssignments filters by user.id, role.id, scope.project.id,
// scope.domain.id and scope.system; a group.id and inherited roles, which there
// are none of, select nothing. With include_subtree a domain's id as the project
// selects all of its projects. With effective
// the roles that a given one implies are listed too, with include_names
// everything has its name.
func (d *Dialect) listAssignments(w http.ResponseWriter, c *openstack.Call) error {
	f, err := readFilter(c.Request)
	if err != nil {
		return err
	}
	q := identity.AssignmentQuery{UserID: f.Last("user.id")}
	subtree := isSet(f.flag("include_subtree"))
	if subtree && !f.Has("scope.project.id") {
		return invalid("scope.project.id must be specified if include_subtree is also specified")
	}
	scopes := 0
	for _, s := range []struct {
		param string
		scope identity.Scope
	}{
		{"scope.project.id", identity.Scope{Kind: identity.ProjectScope, ID: f.Last("scope.project.id")}},
		{"scope.domain.id", identity.Scope{Kind: identity.AccountScope, ID: f.Last("scope.domain.id")}},
		{"scope.system", identity.Scope{Kind: identity.SystemScope}},
	} {
		if f.Has(s.param) {
			q.Scope, scopes = s.scope, scopes+1
		}
	}
	// Nothing is in two scopes at once.
	if scopes > 1 || f.Has("group.id") || f.Has("scope.OS-INHERIT:inherited_to") || f.nothing("user.id") {
		return d.list(w, c, "role_assignments", []assignmentBody{})
	}
	found, err := d.assignments(c, q, subtree)
	if err != nil {
		return err
	}
	names, err := d.namesFor(c, isSet(f.flag("include_names")))
	if err != nil {
		return err
	}
	var all []assignmentBody
	for _, e := range effective(found, isSet(f.flag("effective"))) {
		if !f.admits("role.id", e.Role.ID()) {
			continue
		}
		body, err := names.assignment(e)
		if err != nil {
			return err
		}
		all = append(all, body)
	}
	return d.list(w, c, "role_assignments", all)
}

// assignments lists what q selects; below a project that is a domain's id, with
// subtree, those in all of the domain's projects, which is what is below it.
func (d *Dialect) assignments(c *openstack.Call, q identity.AssignmentQuery, subtree bool) ([]identity.Assignment, error) {
	top := q.Scope.ID
	if !subtree {
		return d.identity.Assignments(c.Context(), c.Caller, q)
	}
	below, err := d.identity.Projects(c.Context(), c.Caller, identity.ProjectQuery{AccountID: top})
	if err != nil {
		return nil, err
	}
	q.Scope = identity.Scope{}
	found, err := d.identity.Assignments(c.Context(), c.Caller, q)
	return slices.DeleteFunc(found, func(a identity.Assignment) bool {
		return a.Scope.Kind != identity.ProjectScope || a.Scope.ID != top &&
			!slices.ContainsFunc(below, func(p identity.Project) bool { return p.ID == a.Scope.ID })
	}), err
}

func isSet(flag *bool) bool { return flag != nil && *flag }

// effected is an assignment, and the role that was given for it to hold.
type effected struct {
	identity.Assignment
	given identity.Role
}

// effective adds what the given roles imply, each once, when implied is true.
// The role itself stands before the roles that imply it.
func effective(found []identity.Assignment, implied bool) []effected {
	var all []effected
	seen := map[identity.Assignment]bool{}
	add := func(a identity.Assignment, given identity.Role) {
		if !seen[a] {
			seen[a] = true
			all = append(all, effected{a, given})
		}
	}
	for _, a := range found {
		add(a, a.Role)
	}
	if !implied {
		return all
	}
	for _, a := range found {
		for _, r := range a.Role.Implied() {
			add(identity.Assignment{UserID: a.UserID, Scope: a.Scope, Role: r}, a.Role)
		}
	}
	return all
}

// assignmentNames writes assignments, and looks names up once each if they are
// wanted.
type assignmentNames struct {
	d     *Dialect
	c     *openstack.Call
	wants bool
	known map[identity.Scope]assignmentRef // users under the zero kind
	roles map[identity.Role]identity.RoleRecord
}

func (d *Dialect) namesFor(c *openstack.Call, wants bool) (*assignmentNames, error) {
	n := &assignmentNames{d, c, wants, map[identity.Scope]assignmentRef{}, map[identity.Role]identity.RoleRecord{}}
	if !wants {
		return n, nil
	}
	found, err := d.identity.RoleRecords(c.Context(), c.Caller)
	for _, r := range found {
		n.roles[r.Role] = r
	}
	return n, err
}

func (n *assignmentNames) assignment(e effected) (assignmentBody, error) {
	var err error
	body := assignmentBody{Role: assignmentRef{ID: e.Role.ID(), Name: n.roles[e.Role].Name}}
	if in := n.roles[e.Role].AccountID; in != "" {
		domain, err := n.ref(identity.Scope{Kind: identity.AccountScope, ID: in})
		if err != nil {
			return assignmentBody{}, err
		}
		body.Role.Domain = &ref{domain.ID, domain.Name}
	}
	if body.User, err = n.ref(identity.Scope{ID: e.UserID}); err != nil {
		return assignmentBody{}, err
	}
	in, place := assignmentRef{}, "/v3/system"
	switch e.Scope.Kind {
	case identity.ProjectScope:
		in, err = n.ref(e.Scope)
		body.Scope.Project, place = &in, "/v3/projects/"+e.Scope.ID
	case identity.AccountScope:
		in, err = n.ref(e.Scope)
		body.Scope.Domain, place = &in, "/v3/domains/"+e.Scope.ID
	case identity.SystemScope:
		body.Scope.System = &tokenSystem{All: true}
	}
	body.Links.Assignment = n.c.Base + place + "/users/" + e.UserID + "/roles/" + e.given.ID()
	return body, err
}

// ref names a project, an account or, without a kind, a user.
func (n *assignmentNames) ref(s identity.Scope) (assignmentRef, error) {
	if !n.wants {
		return assignmentRef{ID: s.ID}, nil
	}
	if known, ok := n.known[s]; ok {
		return known, nil
	}
	found, err := n.find(s)
	// What went away since the assignments were read keeps its bare id.
	if err != nil && !fault.Is(err, fault.NotFound) {
		return assignmentRef{}, err
	}
	n.known[s] = found
	return found, nil
}

func (n *assignmentNames) find(s identity.Scope) (assignmentRef, error) {
	found := assignmentRef{ID: s.ID}
	var in string
	switch s.Kind {
	case identity.ProjectScope:
		p, err := n.d.identity.Project(n.c.Context(), n.c.Caller, s.ID)
		if err != nil {
			return found, err
		}
		found.Name, in = p.Name, p.AccountID
	case identity.AccountScope:
		a, err := n.d.identity.Account(n.c.Context(), n.c.Caller, s.ID)
		found.Name = a.Name
		return found, err
	default:
		u, err := n.d.identity.User(n.c.Context(), n.c.Caller, s.ID)
		if err != nil {
			return found, err
		}
		found.Name, in = u.Name, u.AccountID
	}
	domain, err := n.ref(identity.Scope{Kind: identity.AccountScope, ID: in})
	found.Domain = &ref{domain.ID, domain.Name}
	return found, err
}
