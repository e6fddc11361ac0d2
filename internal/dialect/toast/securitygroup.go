package toast

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var groupRoutes = []Route{
	{Method: http.MethodGet, Path: "security-groups", Access: identity.ProjectReader, about: ofSecurityGroup, handle: (*Dialect).listGroups},
	{Method: http.MethodPost, Path: "security-groups", Access: identity.ProjectMember, about: ofSecurityGroup, handle: (*Dialect).createGroup},
	{Method: http.MethodPut, Path: "security-groups/{id}", Access: identity.ProjectMember, about: ofSecurityGroup, handle: (*Dialect).updateGroup},
	{Method: http.MethodDelete, Path: "security-groups", Access: identity.ProjectMember, about: ofSecurityGroup, handle: (*Dialect).deleteGroup},
}

func viewGroup(g compute.SecurityGroup) securityGroup {
	v := securityGroup{groupLabels: viewLabels(g), Rules: []securityRule{}}
	for _, r := range g.Rules {
		v.Rules = append(v.Rules, viewRule(r))
	}
	return v
}

func viewLabels(g compute.SecurityGroup) groupLabels {
	return groupLabels{Description: g.Description, ID: g.ID, Name: g.Name}
}

func (d *Dialect) listGroups(c *call) (answer, error) {
	var all []compute.SecurityGroup
	var err error
	if id := c.query.get("id"); id != "" {
		all = make([]compute.SecurityGroup, 1)
		all[0], err = d.opt.Compute.SecurityGroup(c.Context(), c.caller, id)
	} else {
		all, err = d.opt.Compute.SecurityGroups(c.Context(), c.caller)
	}
	if err != nil {
		return nil, err
	}
	out := &groupsAnswer{Groups: make([]securityGroup, len(all))}
	for k, g := range all {
		out.Groups[k] = viewGroup(g)
	}
	return out, nil
}

// readGroup reads the body of a new or changed group. A description that is
// absent stays as it is.
func readGroup(body object) (name string, description *string, err error) {
	in := body.object("securityGroup")
	name = in.word("name")
	if s, ok := in.textIf("description"); ok {
		description = &s
	}
	in.short("name")
	in.short("description")
	return name, description, body.err()
}

func (d *Dialect) createGroup(c *call) (answer, error) {
	name, description, err := readGroup(c.body)
	if err != nil {
		return nil, err
	}
	l := compute.GroupLabels{Name: name, Stateful: true}
	if description != nil {
		l.Description = *description
	}
	g, err := d.opt.Compute.CreateSecurityGroup(c.Context(), c.caller, l)
	if err != nil {
		return nil, err
	}
	return &groupAnswer{Group: viewGroup(g)}, nil
}

func (d *Dialect) updateGroup(c *call) (answer, error) {
	name, description, err := readGroup(c.body)
	if err != nil {
		return nil, err
	}
	g, err := d.opt.Compute.EditSecurityGroup(c.Context(), c.caller, c.PathValue("id"), func(_ compute.SecurityGroup, l *compute.GroupLabels) error {
		l.Name = name
		if description != nil {
			l.Description = *description
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &labelsAnswer{Group: viewLabels(g)}, nil
}

func (d *Dialect) deleteGroup(c *call) (answer, error) {
	id, err := c.query.required("id")
	if err != nil {
		return nil, err
	}
	return done(d.opt.Compute.DeleteSecurityGroup(c.Context(), c.caller, id))
}

// viewGroups are the groups of an instance's interfaces, each once.
func viewGroups(i compute.Instance) []groupName {
	out := []groupName{}
	for _, n := range i.NICs {
		for _, g := range n.Groups {
			if !slices.Contains(out, groupName{g.Name}) {
				out = append(out, groupName{g.Name})
			}
		}
	}
	return out
}

// groupChange makes the handler of an action that changes an instance's groups.
func groupChange(action string, change func(d *Dialect, c *call, id, group string) error) func(*Dialect, *call, string, object) (answer, error) {
	return func(d *Dialect, c *call, id string, in object) (answer, error) {
		name := in.word("name")
		if err := in.err(); err != nil {
			return nil, err
		}
		if _, err := d.changeable(c, id, action); err != nil {
			return nil, err
		}
		return done(change(d, c, id, name))
	}
}

func addGroup(d *Dialect, c *call, id, group string) error {
	return d.opt.Compute.AddGroup(c.Context(), c.caller, id, group)
}

func removeGroup(d *Dialect, c *call, id, group string) error {
	err := d.opt.Compute.RemoveGroup(c.Context(), c.caller, id, group)
	if fault.Is(err, fault.NotFound) && failureOf(err, ofSecurityGroup).code == ofSecurityGroup.code(http.StatusNotFound) {
		return &failure{code: ofSecurityGroup.code(http.StatusNotFound), detail: fmt.Sprintf("Security group %s not associated with the instance %s", group, id)}
	}
	return err
}
