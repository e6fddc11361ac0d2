package compute

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// DefaultGroup is the name of the security group that every project has, and
// that what does not name one is in.
const DefaultGroup = "default"

// SecurityGroup is a set of rules about what ports let in and out.
type SecurityGroup struct {
	ID          string // UUID
	ProjectID   string
	Name        string // up to 255 characters; only "default" is taken
	Description string
	Stateful    bool // what others ask for; answers always come in here
	Rules       []SecurityRule
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Revision    int
	Tags        []string
}

// GroupRef is a security group as ports name it.
type GroupRef struct{ ID, Name string }

// GroupLabels are what can be changed of a security group.
type GroupLabels struct {
	Name        string
	Description string
	Stateful    bool
	Tags        []string
}

// DefaultGroupID returns the id of a project's default group, which follows
// from the project's.
func DefaultGroupID(projectID string) string { return seedID("security group", projectID) }

// defaultGroup is what every project begins with: everything goes out, what is
// in the group comes in, and so does SSH, so that key pairs can be used.
func (s *Service) defaultGroup(projectID string) SecurityGroup {
	id := DefaultGroupID(projectID)
	g := s.newGroup(id, projectID, GroupLabels{Name: DefaultGroup, Description: "Default security group", Stateful: true})
	for _, r := range []Rule{
		{Direction: Ingress, EtherType: IPv4, From: AnyPort, To: AnyPort, RemoteGroupID: id},
		{Direction: Ingress, EtherType: IPv6, From: AnyPort, To: AnyPort, RemoteGroupID: id},
		{Direction: Ingress, EtherType: IPv4, Protocol: "tcp", From: 22, To: 22, Remote: netip.MustParsePrefix("0.0.0.0/0")},
	} {
		g.Rules = append(g.Rules, s.newRule(g, r, ""))
	}
	return g
}

// newGroup is a group that lets everything out.
func (s *Service) newGroup(id, projectID string, l GroupLabels) SecurityGroup {
	now := s.now()
	g := SecurityGroup{
		ID: id, ProjectID: projectID, Name: l.Name, Description: l.Description, Stateful: l.Stateful,
		CreatedAt: now, UpdatedAt: now, Revision: 1,
	}
	for _, family := range []EtherType{IPv4, IPv6} {
		g.Rules = append(g.Rules, s.newRule(g, Rule{Direction: Egress, EtherType: family, From: AnyPort, To: AnyPort}, ""))
	}
	return g
}

// lockGroups keeps others from changing a project's groups and who is in them,
// and makes the default one if it is missing.
func (s *Service) lockGroups(ctx context.Context, tx Tx, projectID string) error {
	if err := tx.Lock(ctx, "security groups of "+projectID); err != nil {
		return err
	}
	_, err := tx.SecurityGroup(ctx, DefaultGroupID(projectID))
	if fault.Is(err, fault.NotFound) {
		err = tx.InsertSecurityGroup(ctx, s.defaultGroup(projectID))
	}
	return err
}

// SecurityGroups lists the groups of projects, or of the caller's without any,
// oldest first. Administrators may name any, and "" for all. A project that has
// none yet gets its default group.
func (s *Service) SecurityGroups(ctx context.Context, c identity.Caller, projects ...string) ([]SecurityGroup, error) {
	if len(projects) == 0 || !c.Admin() {
		projects = []string{c.ProjectID()}
	}
	var out []SecurityGroup
	for _, p := range projects {
		if p == "" && !c.Admin() {
			continue
		}
		own := p
		if own == "" {
			own = c.ProjectID()
		}
		if err := s.ensureDefault(ctx, own); err != nil {
			return nil, err
		}
		err := s.store.Read(ctx, func(tx Tx) error {
			some, err := tx.SecurityGroups(ctx, p)
			out = append(out, some...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) ensureDefault(ctx context.Context, projectID string) error {
	if projectID == "" {
		return nil
	}
	err := s.store.Read(ctx, func(tx Tx) error {
		_, err := tx.SecurityGroup(ctx, DefaultGroupID(projectID))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = s.store.Write(ctx, func(tx Tx) error { return s.lockGroups(ctx, tx, projectID) })
	}
	return err
}

// SecurityGroup returns a group by its id. Faults: NotFound.
func (s *Service) SecurityGroup(ctx context.Context, c identity.Caller, id string) (SecurityGroup, error) {
	if id == DefaultGroupID(c.ProjectID()) {
		if err := s.ensureDefault(ctx, c.ProjectID()); err != nil {
			return SecurityGroup{}, err
		}
	}
	return read(ctx, s.store, func(tx Tx) (SecurityGroup, error) { return visibleSecurityGroup(ctx, tx, c, id) })
}

func visibleSecurityGroup(ctx context.Context, tx Tx, c identity.Caller, id string) (SecurityGroup, error) {
	g, err := tx.SecurityGroup(ctx, id)
	return visible(g, err, owns(c, g.ProjectID), "security group", id)
}

// findGroups resolves ids and names to groups of a project, each once, with the
// default group for nil. The caller has locked the project's groups. Faults:
// NotFound, Conflict where a name means several.
func findGroups(ctx context.Context, tx Tx, projectID string, wanted []string) ([]GroupRef, error) {
	if wanted == nil {
		wanted = []string{DefaultGroupID(projectID)}
	}
	all, err := tx.SecurityGroups(ctx, projectID)
	if err != nil {
		return nil, err
	}
	var out []GroupRef
	for _, w := range wanted {
		var found []GroupRef
		for _, g := range all {
			if g.ID == w {
				found = []GroupRef{{g.ID, g.Name}}
				break
			}
			if g.Name == w {
				found = append(found, GroupRef{g.ID, g.Name})
			}
		}
		switch {
		case len(found) == 0:
			return nil, fault.Missing("security group", w)
		case len(found) > 1:
			return nil, &fault.Error{Kind: fault.Conflict, Resource: "security group", Name: w,
				Msg: fmt.Sprintf("Multiple security_group matches found for name '%s', use an ID to be more specific.", w)}
		case !slices.Contains(out, found[0]):
			out = append(out, found[0])
		}
	}
	slices.SortFunc(out, GroupRef.compare)
	return out, nil
}

// compare orders groups as ports have them.
func (g GroupRef) compare(o GroupRef) int {
	if n := strings.Compare(g.Name, o.Name); n != 0 {
		return n
	}
	return strings.Compare(g.ID, o.ID)
}

// CreateSecurityGroup makes a group that lets everything out and nothing in.
// Faults: Forbidden, Unsupported, Invalid (name), Exists (a second default
// group), Quota with a [QuotaExceeded].
func (s *Service) CreateSecurityGroup(ctx context.Context, c identity.Caller, l GroupLabels) (SecurityGroup, error) {
	if err := s.mayFilter(c); err != nil {
		return SecurityGroup{}, err
	}
	if err := l.check(); err != nil {
		return SecurityGroup{}, err
	}
	if l.Name == DefaultGroup {
		return SecurityGroup{}, &fault.Error{Kind: fault.Exists, Resource: "security group", Name: l.Name, Msg: "Default security group already exists."}
	}
	g := s.newGroup(s.opt.NewID(), c.ProjectID(), l)
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := s.lockGroups(ctx, tx, g.ProjectID); err != nil {
			return err
		}
		if err := s.room(ctx, tx, g.ProjectID, QuotaSecurityGroups, 1); err != nil {
			return err
		}
		if err := s.room(ctx, tx, g.ProjectID, QuotaSecurityRules, len(g.Rules)); err != nil {
			return err
		}
		if err := tx.InsertSecurityGroup(ctx, g); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Create, "security group", g.ID, g.ProjectID, g.Name))
	})
	return g, err
}

// mayFilter lets members change what security groups let through, where the
// driver follows.
func (s *Service) mayFilter(c identity.Caller) error {
	if err := member(c, "security group"); err != nil {
		return err
	}
	if _, ok := s.driver.(RuleSetter); !ok {
		return &fault.Error{Kind: fault.Unsupported, Resource: "security group", Msg: "security groups are not enforced here: the driver cannot"}
	}
	return nil
}

// check refuses a name that cannot be shown in one line.
func (l GroupLabels) check() error {
	if strings.ContainsFunc(l.Name, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return fault.Invalidf("name", "Invalid input for name. Reason: '%q' has control characters.", l.Name)
	}
	return nil
}

// EditSecurityGroup lets edit change what is said about a group in one
// transaction; edit sees the group as it is. Faults: NotFound, Forbidden,
// Conflict (the default group's name), and what edit says.
func (s *Service) EditSecurityGroup(ctx context.Context, c identity.Caller, id string, edit func(SecurityGroup, *GroupLabels) error) (SecurityGroup, error) {
	if err := s.mayFilter(c); err != nil {
		return SecurityGroup{}, err
	}
	var g SecurityGroup
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if g, err = s.lockedGroup(ctx, tx, c, id); err != nil {
			return err
		}
		l := GroupLabels{g.Name, g.Description, g.Stateful, g.Tags}
		if err := edit(g, &l); err != nil {
			return err
		}
		if err := l.check(); err != nil {
			return err
		}
		if g.Name == DefaultGroup && l.Name != g.Name {
			return &fault.Error{Kind: fault.Conflict, Resource: "default security group", Name: id, Msg: "Updating default security group not allowed."}
		}
		if l.Name == DefaultGroup && g.Name != l.Name {
			return &fault.Error{Kind: fault.Exists, Resource: "security group", Name: l.Name, Msg: "Default security group already exists."}
		}
		g.Name, g.Description, g.Stateful, g.Tags = l.Name, l.Description, l.Stateful, l.Tags
		g.UpdatedAt, g.Revision = s.now(), g.Revision+1
		if err := tx.UpdateSecurityGroup(ctx, g); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Update, "security group", g.ID, g.ProjectID, g.Name))
	})
	return g, err
}

// lockedGroup returns a group of the caller's that nobody else changes until
// the transaction ends. Faults: NotFound.
func (s *Service) lockedGroup(ctx context.Context, tx Tx, c identity.Caller, id string) (SecurityGroup, error) {
	if id == DefaultGroupID(c.ProjectID()) {
		if err := s.lockGroups(ctx, tx, c.ProjectID()); err != nil {
			return SecurityGroup{}, err
		}
	}
	g, err := visibleSecurityGroup(ctx, tx, c, id)
	if err != nil {
		return g, err
	}
	if err := tx.Lock(ctx, "security groups of "+g.ProjectID); err != nil {
		return g, err
	}
	return visibleSecurityGroup(ctx, tx, c, id)
}

// DeleteSecurityGroup removes a group that no port is in, and the rules that
// let it in. Faults: NotFound, Forbidden, Conflict (in use; the default group,
// for others than administrators, who find it made anew).
func (s *Service) DeleteSecurityGroup(ctx context.Context, c identity.Caller, id string) error {
	if err := s.mayFilter(c); err != nil {
		return err
	}
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		touched = nil
		g, err := s.lockedGroup(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if g.Name == DefaultGroup && !c.Admin() {
			return &fault.Error{Kind: fault.Conflict, Resource: "default security group", Name: id, Msg: "Insufficient rights for removing default security group."}
		}
		if _, ports, err := tx.Guarded(ctx, id); err != nil {
			return err
		} else if ports > 0 {
			return &fault.Error{Kind: fault.Conflict, Resource: "security group", Name: id, Msg: "Security Group " + id + " in use."}
		}
		if touched, err = s.trusting(ctx, tx, g); err != nil {
			return err
		}
		if err := tx.DeleteSecurityGroup(ctx, id); err != nil {
			return err
		}
		if err := s.enqueueWiring(ctx, tx, touched); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, s.networkAudit(c, audit.Delete, "security group", g.ID, g.ProjectID, g.Name))
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return err
}

// trusting returns the instances that other groups' rules open to this one.
func (s *Service) trusting(ctx context.Context, tx Tx, g SecurityGroup) ([]Placed, error) {
	all, err := tx.SecurityGroups(ctx, g.ProjectID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, o := range all {
		if o.ID != g.ID && slices.ContainsFunc(o.Rules, func(r SecurityRule) bool { return r.RemoteGroupID == g.ID }) {
			ids = append(ids, o.ID)
		}
	}
	if ids == nil {
		return nil, nil
	}
	placed, _, err := tx.Guarded(ctx, ids...)
	return placed, err
}
