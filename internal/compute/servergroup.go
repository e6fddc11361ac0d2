package compute

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Policy says how the members of a [ServerGroup] are spread over nodes; its
// names are Nova's.
type Policy string

// The policies. The soft ones are wishes: an instance is made here all the same.
const (
	Affinity         Policy = "affinity"      // all on one node
	AntiAffinity     Policy = "anti-affinity" // no more than PerNode on one
	SoftAffinity     Policy = "soft-affinity"
	SoftAntiAffinity Policy = "soft-anti-affinity"
)

// ServerGroup is a project's name for instances that belong together.
type ServerGroup struct {
	ID        string // UUID
	ProjectID string
	UserID    string // who made it
	Name      string
	Policy    Policy
	// PerNode is how many members of an [AntiAffinity] group one node may have; 0 means 1.
	PerNode   int
	CreatedAt time.Time
	Members   []string // instances' ids, oldest first
}

// ServerGroups lists the server groups of the caller's project, oldest first,
// or those of all projects for administrators. Faults: Forbidden.
func (s *Service) ServerGroups(ctx context.Context, c identity.Caller, allProjects bool) ([]ServerGroup, error) {
	projectID := c.ProjectID()
	switch {
	case allProjects && c.Admin():
		projectID = ""
	case allProjects:
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "instance group", Msg: "only administrators list all projects"}
	case projectID == "":
		return nil, nil
	}
	return read(ctx, s.store, func(tx Tx) ([]ServerGroup, error) { return tx.ServerGroups(ctx, projectID) })
}

// ServerGroup returns a server group of the caller's project, or any for
// administrators. Faults: NotFound.
func (s *Service) ServerGroup(ctx context.Context, c identity.Caller, id string) (ServerGroup, error) {
	return read(ctx, s.store, func(tx Tx) (ServerGroup, error) { return visibleGroup(ctx, tx, c, id) })
}

func visibleGroup(ctx context.Context, tx Tx, c identity.Caller, id string) (ServerGroup, error) {
	g, err := tx.ServerGroup(ctx, id)
	return visible(g, err, owns(c, g.ProjectID), "instance group", id)
}

// CreateServerGroup makes an empty server group in the caller's project: name,
// policy and PerNode are g's. Faults: Forbidden (a reader), Quota.
func (s *Service) CreateServerGroup(ctx context.Context, c identity.Caller, g ServerGroup) (ServerGroup, error) {
	if err := mayChange(c); err != nil {
		return ServerGroup{}, err
	}
	if c.ProjectID() == "" {
		return ServerGroup{}, &fault.Error{Kind: fault.Forbidden, Resource: "instance group", Msg: "a server group needs a project"}
	}
	g.ID, g.ProjectID, g.UserID, g.Members = s.opt.NewID(), c.ProjectID(), c.User.ID, nil
	err := s.store.Write(ctx, func(tx Tx) error {
		g.CreatedAt = s.now()
		if err := tx.Lock(ctx, "server groups of "+g.ProjectID); err != nil {
			return err
		}
		has, err := tx.ServerGroups(ctx, g.ProjectID)
		if err != nil {
			return err
		}
		for _, of := range []Holder{{ProjectID: g.ProjectID}, {g.ProjectID, g.UserID}} {
			most, err := s.limit(ctx, tx, of, QuotaGroups)
			if err != nil {
				return err
			}
			if most >= 0 && countGroups(has, of.UserID) >= most {
				return tooMany(QuotaGroups, most)
			}
		}
		if err := tx.InsertServerGroup(ctx, g); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, groupEntry(c, audit.Create, g, g.CreatedAt))
	})
	return g, err
}

// DeleteServerGroup takes a server group away; its members stay. Faults:
// Forbidden (a reader), NotFound.
func (s *Service) DeleteServerGroup(ctx context.Context, c identity.Caller, id string) error {
	return s.store.Write(ctx, func(tx Tx) error {
		g, err := visibleGroup(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if err := mayChange(c); err != nil {
			return err
		}
		if err := tx.DeleteServerGroup(ctx, id); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, groupEntry(c, audit.Delete, g, s.now()))
	})
}

func groupEntry(c identity.Caller, a audit.Action, g ServerGroup, at time.Time) audit.Entry {
	e := c.Audit(a, "server group", g.ID)
	e.At, e.OwnerID, e.Detail = at, g.ProjectID, g.Name
	return e
}

// join makes n new instances like i members of their group, if they have one:
// affinity puts them where the others are, and anti-affinity refuses what one
// node may not have.
func (s *Service) join(ctx context.Context, tx Tx, i *Instance, n int) error {
	if i.GroupID == "" {
		return nil
	}
	if err := tx.Lock(ctx, "server groups of "+i.ProjectID); err != nil {
		return err
	}
	g, err := tx.ServerGroup(ctx, i.GroupID)
	if err == nil && g.ProjectID != i.ProjectID {
		err = fault.Missing("instance group", i.GroupID)
	}
	if err != nil {
		return err
	}
	most, err := s.limit(ctx, tx, i.holder(), QuotaGroupMembers)
	if err != nil {
		return err
	}
	var nodes []string
	own := n // of those that this user makes, as Nova counts
	for _, id := range g.Members {
		m, err := tx.Instance(ctx, id)
		if err != nil {
			return err
		}
		nodes = append(nodes, m.Node)
		if m.UserID == i.UserID {
			own++
		}
	}
	if most >= 0 && own > most {
		return tooMany(QuotaGroupMembers, most)
	}
	return g.place(i, nodes, n)
}

// place applies the policy to n instances beside members on nodes.
func (g ServerGroup) place(i *Instance, nodes []string, n int) error {
	here := n
	for _, node := range nodes {
		if node == i.Node {
			here++
		}
	}
	full := &fault.Error{Kind: fault.NoCapacity, Resource: "instance group", Name: g.ID, Msg: "its policy " + string(g.Policy) + " allows no node"}
	switch g.Policy {
	case Affinity:
		if len(nodes) > 0 && nodes[0] != i.Node {
			if i.Image.Node != "" {
				return full
			}
			i.Node = nodes[0]
		}
	case AntiAffinity:
		if here > max(g.PerNode, 1) {
			return full
		}
	}
	return nil
}

// countGroups counts server groups, with a user's id those that the user made.
func countGroups(all []ServerGroup, userID string) int {
	n := 0
	for _, g := range all {
		if userID == "" || g.UserID == userID {
			n++
		}
	}
	return n
}
